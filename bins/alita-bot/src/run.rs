//! `run`: opens the doors in order, handles updates until a signal, and closes the doors in reverse.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use alita_cache::Cache;
use alita_db::Db;
use alita_dispatch::Dispatcher;
use alita_modules::AlitaApp;
use alita_monitoring::{Access, Health, LogConfig, Metrics, Redactor, http, logs};
use alita_runtime::{Clock, Exit, Shutdown, Signals, TaskSet};
use alita_telegram::{Client, Polling, PollingConfig, UpdateSource};
use anyhow::Context;
use tokio::sync::Mutex;

use crate::compose;
use crate::config::{Config, Origin};
use crate::webhook::{self, Hook};

/// How long a handler may go on after the signal.
const DRAIN: Duration = Duration::from_secs(30);

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
    let outcome = tokio::select! {
        outcome = serve(&config, &clock, &shutdown) => outcome,
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
    if let Origin::Webhook(place) = &config.origin {
        redactor.register(&place.secret);
        place.previous_secret.iter().for_each(|secret| redactor.register(secret));
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
async fn serve(config: &Config, clock: &Clock, shutdown: &Shutdown) -> anyhow::Result<()> {
    let metrics = Metrics::install(clock.clone())?;
    metrics.build_info(env!("CARGO_PKG_VERSION"), webhook::mode(&config.origin));
    let health = Health::new(clock.clone(), env!("CARGO_PKG_VERSION"));
    let tasks = TaskSet::new();
    metrics.keep_up(&tasks);

    let cache = compose::cache(config, clock).await?;
    let db = compose::database(config, &cache, clock).await?;
    close_last(shutdown, &db, &cache);
    watch_health(&health, &db, &cache);
    let (hook, pushed) = webhook::prepare(config, &cache)?.unzip();
    serve_http(config, shutdown, &health, &metrics, &tasks, hook.as_ref()).await?;
    sweep_regularly(&tasks, clock, &db);
    let closing = tasks.clone();
    shutdown.register("tasks", STEP, move || async move { unfinished(&closing.close(STEP).await) });

    let client = compose::client(config, &cache)?;
    let me = compose::introduce(&client, clock).await?;
    tracing::info!(bot = me.username, "this is who we are");
    let handling = TaskSet::new();
    let dispatcher = compose::dispatcher(config, (&cache, &db, &client), (clock, &handling), me).await?;
    let source = pushed.unwrap_or_else(|| source(config, &client, &dispatcher));
    let source = Arc::new(Mutex::new(source));
    if let Some(hook) = &hook {
        hook.keep_claims(shutdown, &tasks, clock);
    }
    leave_in_order(shutdown, &health, handling, Arc::clone(&source));
    if let Some(hook) = &hook {
        hook.leave_first(shutdown, &health, Arc::clone(&source));
    }

    alita_modules::introduce(&dispatcher, config.message_dump).await;
    if let Some(hook) = &hook {
        let updates = dispatcher.router().allowed_updates();
        hook.open(&client, updates, (config.max_updates, config.drops_pending_updates), clock).await?;
        hook.watch(&client, (&tasks, clock), &health);
    }
    health.started();
    let mut source = source.lock().await;
    while let Some(delivery) = source.next().await? {
        if hook.is_some() {
            dispatcher.take_within(delivery, webhook::WAIT);
        } else {
            dispatcher.take(delivery);
        }
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

fn close_last(shutdown: &Shutdown, db: &Db, cache: &Cache) {
    let (db, cache) = (db.clone(), cache.clone());
    shutdown.register("database", STEP, || async move { db.close().await.map_err(Into::into) });
    shutdown.register("cache", STEP, || async move {
        cache.close().await;
        Ok(())
    });
}

fn watch_health(health: &Health, db: &Db, cache: &Cache) {
    let (db, cache) = (db.clone(), cache.clone());
    health.check("database", move || {
        let db = db.clone();
        async move { db.ping().await.is_ok() }
    });
    if cache.is_redis_up().is_some() {
        health.check("redis", move || {
            let cache = cache.clone();
            async move { cache.ping().await.is_ok() }
        });
    }
}

async fn serve_http(
    config: &Config,
    shutdown: &Shutdown,
    health: &Health,
    metrics: &Metrics,
    tasks: &TaskSet,
    hook: Option<&Hook>,
) -> anyhow::Result<()> {
    let server = http::Server::bind(config.http).await.context("HTTP_PORT")?;
    let access = config.metrics_token.clone().map_or(Access::Private, Access::Token);
    let routes = http::standard_routes(health, metrics, access);
    let routes = hook.iter().fold(routes, |routes, hook| hook.routed(routes));
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
            if let Err(error) = db.sweep().await {
                tracing::warn!(%error, "old records could not be swept away");
            }
        }
    });
}

fn unfinished(names: &[&'static str]) -> Result<(), alita_runtime::BoxError> {
    if names.is_empty() { Ok(()) } else { Err(format!("unfinished: {}", names.join(", ")).into()) }
}
