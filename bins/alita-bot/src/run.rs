//! `run`: opens the doors in order, handles updates until a signal, and closes the doors in reverse.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use alita_cache::Cache;
use alita_db::Db;
use alita_dispatch::Dispatcher;
use alita_modules::AlitaApp;
use alita_monitoring::{Access, Health, LogConfig, Metrics, Migrations, Redactor, http, logs};
use alita_runtime::{CancellationToken, Clock, Exit, Pause, Shutdown, Signals, TaskSet};
use alita_telegram::{Client, Polling, PollingConfig, UpdateSource};
use anyhow::Context;
use tokio::sync::Mutex;

use crate::config::Config;
use crate::notices::Notices;
use crate::watch::Parts;
use crate::{compose, profiles, watch};

/// How long a handler may go on after the signal.
const DRAIN: Duration = Duration::from_secs(30);

/// What a supervisor sees when the bot wants to be started again.
const START_ME_AGAIN: u8 = 70;

/// How long every other step of the shutdown may take.
const STEP: Duration = Duration::from_secs(10);

/// Runs the bot; the exit code says whether everything was put away in the end.
pub(crate) async fn run(config: Config) -> ExitCode {
    let clock = Clock::system();
    if let Err(error) = watch_ourselves(&config, &clock) {
        eprintln!("{error:#}");
        return ExitCode::from(1);
    }
    let mut signals = match Signals::install() {
        Ok(signals) => signals,
        Err(error) => {
            tracing::error!(%error, "signals cannot be received");
            return ExitCode::from(1);
        }
    };
    let shutdown = Shutdown::with_total(clock.clone(), config.shutdown_limit);
    let leave = CancellationToken::new();
    let outcome = tokio::select! {
        outcome = serve(&config, &clock, &shutdown, &leave) => outcome,
        () = leave.cancelled() => {
            tracing::error!("shutting down to be started again, as REMEDIATION_EXIT wants");
            Ok(())
        }
        signal = signals.next() => {
            tracing::info!(?signal, "shutting down");
            Ok(())
        }
    };
    let exit = shutdown.run_or_forced(signals.next()).await;
    match (&outcome, &exit) {
        (Err(error), _) => {
            // Whoever started it by hand sees one clear line, whatever the log's format.
            eprintln!("{error:#}");
            tracing::error!(error = format!("{error:#}"), "the bot stops");
            ExitCode::from(1)
        }
        (Ok(()), Exit::Clean) if leave.is_cancelled() => ExitCode::from(START_ME_AGAIN),
        (Ok(()), Exit::Clean) => ExitCode::SUCCESS,
        (Ok(()), exit) => {
            tracing::error!(?exit, "not everything was put away");
            ExitCode::from(exit.code())
        }
    }
}

fn watch_ourselves(config: &Config, clock: &Clock) -> anyhow::Result<()> {
    let redactor = Redactor::new();
    redactor.register(&config.token);
    redactor.register_url(&config.database_url);
    if let Some(token) = &config.metrics_token {
        redactor.register(token);
    }
    if let Some(place) = &config.redis {
        redactor.register_url(&place.address.clone().into());
        if let Some(password) = &place.password {
            redactor.register(&password.clone().into());
        }
    }
    let log = LogConfig {
        format: config.log_format,
        filter: config.log_filter.clone(),
        source_location: config.is_debug,
        ..LogConfig::new(clock.clone())
    };
    logs::install(&log, &redactor).context("LOG_LEVEL")
}

/// Opens every door, registers how to close it, and then handles updates until it is dropped.
async fn serve(
    config: &Config,
    clock: &Clock,
    shutdown: &Shutdown,
    leave: &CancellationToken,
) -> anyhow::Result<()> {
    let metrics = Metrics::install(clock.clone())?;
    metrics.build_info(env!("CARGO_PKG_VERSION"), "polling");
    let health = Health::new(clock.clone(), env!("CARGO_PKG_VERSION"));
    health.set_mode("polling");
    let tasks = TaskSet::new();
    metrics.keep_up(&tasks);

    let cache = compose::cache(config, clock).await?;
    let db = compose::database(config, &cache, clock).await?;
    close_last(shutdown, &db, &cache);
    health.set_migrations(Migrations::Ok);
    watch::health(&health, &db, &cache);
    watch::gauges(&metrics, &db);
    serve_http(config, (clock, shutdown), &health, &metrics, &tasks, &db).await?;
    sweep_regularly(&tasks, clock, &db);
    let beside = tasks.clone();
    shutdown.register("tasks", STEP, move || async move { unfinished(&beside.close(STEP).await) });

    let client = compose::client(config)?;
    let me = compose::introduce(&client, clock).await?;
    tracing::info!(bot = me.username, "this is who we are");
    let handling = TaskSet::new();
    let dispatcher = compose::dispatcher(config, (&cache, &db, &client), (clock, &handling), me).await?;
    let source = Arc::new(Mutex::new(source(config, &client, &dispatcher)));
    leave_in_order(shutdown, &health, handling.clone(), Arc::clone(&source));
    let (pause, leave) = (Pause::new(), leave.clone());
    let telegram = client.clone();
    health.set_telegram(move || telegram.since_last_success());
    let notices = Notices::new(&client, config.message_dump);
    tell_the_end(shutdown, &notices);
    let dispatched = dispatcher.clone();
    let parts = Parts { cache, db, client, dispatcher: dispatched, handling, tasks, pause, leave, notices };
    watch::start(config, parts, &health, clock)?;

    alita_modules::introduce(&dispatcher, config.message_dump).await;
    health.started();
    let mut source = source.lock().await;
    while let Some(delivery) = source.next().await? {
        dispatcher.take(delivery);
    }
    Ok(())
}

fn source(config: &Config, client: &Client, dispatcher: &Dispatcher<AlitaApp>) -> UpdateSource {
    let mut polling = PollingConfig::new(dispatcher.router().allowed_updates());
    polling.drop_pending_updates = config.drops_pending_updates;
    UpdateSource::Polling(Polling::new(client.clone(), polling))
}

/// When no new updates are fetched any more: handlers come to their end, then Telegram hears how far we came.
fn leave_in_order(shutdown: &Shutdown, health: &Health, handling: TaskSet, source: Arc<Mutex<UpdateSource>>) {
    shutdown.register("confirmation of what was handled", STEP, move || async move {
        match Arc::into_inner(source) {
            Some(source) => source.into_inner().finish().await.map_err(Into::into),
            None => Err("the source is still in use".into()),
        }
    });
    let health = health.clone();
    shutdown.register("updates in handling", DRAIN, move || async move {
        health.stopping();
        unfinished(&handling.close(DRAIN).await)
    });
}

/// The log chat hears of the stop first of all, while everything else still works.
fn tell_the_end(shutdown: &Shutdown, notices: &Notices) {
    let notices = notices.clone();
    shutdown.register("notice of the stop", STEP, || async move {
        notices.tell("The bot stops.").await;
        Ok(())
    });
}

fn close_last(shutdown: &Shutdown, db: &Db, cache: &Cache) {
    let (db, cache) = (db.clone(), cache.clone());
    shutdown.register("database", STEP, || async move { db.close().await.map_err(Into::into) });
    shutdown.register("cache", STEP, || async move {
        cache.close().await;
        Ok(())
    });
}

async fn serve_http(
    config: &Config,
    (clock, shutdown): (&Clock, &Shutdown),
    health: &Health,
    metrics: &Metrics,
    tasks: &TaskSet,
    db: &Db,
) -> anyhow::Result<()> {
    let server = http::Server::bind(config.http).await.context("HTTP_PORT")?;
    let access = match &config.metrics_token {
        Some(token) => Access::Token(token.clone()),
        None if config.metrics_are_public => {
            tracing::warn!(
                "METRICS_PUBLIC is set and METRICS_AUTH_TOKEN is not: everybody can read the metrics"
            );
            Access::Public
        }
        None => Access::Private,
    };
    let routes = http::standard_routes(health, metrics, &access)
        .and(http::db_metrics(&access, clock, watch::db_metrics(db)))
        .and(profiles::routes(config, &access, clock, &tasks.cancelled()));
    let running = server.serve(routes, tasks);
    shutdown.register("http", STEP, || async move { running.stop(STEP).await.map_err(Into::into) });
    Ok(())
}

/// What was written down against a redelivery is of no use after Telegram's day.
fn sweep_regularly(tasks: &TaskSet, clock: &Clock, db: &Db) {
    let db = db.clone();
    tasks.every("sweep", clock, Duration::from_secs(60 * 60), move || {
        let db = db.clone();
        async move {
            let swept = db.sweep().await;
            if let Err(error) = &swept {
                tracing::warn!(%error, "old records could not be swept away");
            }
            swept
        }
    });
}

fn unfinished(names: &[&'static str]) -> Result<(), alita_runtime::BoxError> {
    if names.is_empty() { Ok(()) } else { Err(format!("unfinished: {}", names.join(", ")).into()) }
}
