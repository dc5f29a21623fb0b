//! `run`: opens the doors in order, handles updates until a signal, and closes the doors in reverse.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use alita_cache::Cache;
use alita_db::Db;
use alita_dispatch::Dispatcher;
use alita_modules::AlitaApp;
use alita_monitoring::{Access, Health, LogConfig, Metrics, Redactor, Traces, Troubles, http, logs};
use alita_runtime::{CancellationToken, Clock, Exit, Pause, RollCall, Shutdown, Signals, TaskSet};
use alita_telegram::{Client, Polling, PollingConfig, UpdateSource};
use anyhow::{Context, bail};
use tokio::sync::{Mutex, oneshot};

use crate::backlog::InDatabase;
use crate::config::{Config, Shown, Source};
use crate::notices::Notices;
use crate::supervised::Supervised;
use crate::watch::Parts;
use crate::webhook::{self, Hook};
use crate::{activity, allocator, compose, profiles, watch};

/// How long a handler may go on after the signal.
const DRAIN: Duration = Duration::from_secs(30);

/// How often what nobody needs any more is swept away.
const AN_HOUR: Duration = Duration::from_secs(60 * 60);

/// What a supervisor sees when the bot wants to be started again.
const START_ME_AGAIN: u8 = 70;

/// How long every other step of the shutdown may take.
const STEP: Duration = Duration::from_secs(10);

/// How long spans that have not left yet may take; a little less than their step, which then knows what happened.
const FLUSH: Duration = Duration::from_secs(9);

/// Runs the bot; the exit code says whether everything was put away in the end.
pub(crate) async fn run(config: Config) -> ExitCode {
    let clock = Clock::system();
    let (traces, troubles) = match watch_ourselves(&config, &clock) {
        Ok(both) => both,
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::from(1);
        }
    };
    let mut signals = match Signals::install() {
        Ok(signals) => signals,
        Err(error) => {
            tracing::error!(%error, "signals cannot be received");
            return ExitCode::from(1);
        }
    };
    let shutdown = Shutdown::with_total(clock.clone(), config.shutdown_limit);
    if let Some(traces) = traces {
        // The first to be registered is the last to be closed: until then everybody may still make spans.
        shutdown.register("traces", STEP, || async move {
            if let Err(error) = traces.close(FLUSH).await {
                // A collector that is down is no reason to leave with an error.
                tracing::warn!(
                    error = format!("{:#}", anyhow::Error::from(error)),
                    "the last spans were lost"
                );
            }
            Ok(())
        });
    }
    let supervised = Supervised::by(config.supervisor);
    let leave = CancellationToken::new();
    let roll_call = signals.roll_call();
    let outcome = tokio::select! {
        outcome = serve(&config, &clock, &shutdown, (&leave, &supervised, &roll_call, troubles.as_ref())) => outcome,
        () = leave.cancelled() => {
            tracing::error!("shutting down to be started again, as REMEDIATION_EXIT wants");
            Ok(())
        }
        signal = signals.next() => {
            tracing::info!(?signal, "shutting down");
            Ok(())
        }
    };
    supervised.stopping();
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

/// Opens the log; the traces, if they go anywhere; and the collection of internal errors, if somebody is told of them.
fn watch_ourselves(config: &Config, clock: &Clock) -> anyhow::Result<(Option<Traces>, Option<Troubles>)> {
    let redactor = Redactor::new();
    for secret in &config.secrets {
        secret.register(&redactor);
    }
    let troubles = config.message_dump.map(|_| Troubles::new(redactor.clone(), clock.clone()));
    let log = LogConfig {
        format: config.log_format,
        filter: config.log_filter.clone(),
        source_location: config.is_debug,
        troubles: troubles.clone(),
        ..LogConfig::new(clock.clone())
    };
    let traces = Traces::open(&compose::traces(config), &redactor);
    match &traces {
        Ok(Some(traces)) => logs::install_with_traces(&log, &redactor, traces),
        _ => logs::install(&log, &redactor),
    }
    .context("LOG_LEVEL")?;
    say_how_we_are_set(config);
    let traces = traces.unwrap_or_else(|error| {
        tracing::warn!(error = format!("{:#}", anyhow::Error::from(error)), "going on without traces");
        None
    });
    Ok((traces, troubles))
}

/// What an operator should know first: what is questionable, and what differs from the defaults.
fn say_how_we_are_set(config: &Config) {
    for warning in &config.warnings {
        tracing::warn!(target: logs::NEVER_LEFT_OUT, "{warning}");
    }
    let is_said = |shown: &&Shown| shown.source != Source::Default;
    let settings =
        config.shown.iter().filter(is_said).map(|shown| format!("{}={}", shown.variable, shown.value));
    tracing::info!(
        settings = settings.collect::<Vec<_>>().join(" "),
        "what is set; everything else is as usual"
    );
}

/// Opens every door, registers how to close it, and then handles updates until it is dropped.
async fn serve(
    config: &Config,
    clock: &Clock,
    shutdown: &Shutdown,
    (leave, supervised, roll_call, troubles): (&CancellationToken, &Supervised, &RollCall, Option<&Troubles>),
) -> anyhow::Result<()> {
    let metrics = Metrics::install(clock.clone())?;
    metrics.build_info(env!("CARGO_PKG_VERSION"), webhook::mode_name(&config.origin));
    let health = Health::new(clock.clone(), env!("CARGO_PKG_VERSION"));
    health.set_mode(webhook::mode_name(&config.origin));
    supervised.attend(&health, clock);
    let tasks = TaskSet::new();
    metrics.keep_up(&tasks);
    roll_call.add("tasks", &tasks);

    let cache = compose::cache(config, clock).await?;
    let db = compose::database(config, &cache, clock, &health).await?;
    close_last(shutdown, &db, &cache);
    let behind = db.clone();
    shutdown.register("activity", STEP, || async move {
        activity::close(&behind).await;
        Ok(())
    });
    watch::health(&health, &db, &cache);
    watch::gauges(&metrics, &db);
    let (hook, pushed) = webhook::prepare(config, &cache)?.unzip();
    let routes = routes(config, clock, (&health, &metrics, &db), (hook.as_ref(), &tasks));
    serve_http(config, shutdown, routes, &tasks).await?;
    let pause = Pause::new();
    activity::watch(config.activity, &db, (clock, &tasks), &pause);
    let beside = tasks.clone();
    shutdown.register("tasks", STEP, move || async move { unfinished(&beside.close(STEP).await) });

    let client = compose::client(config, &cache, clock)?;
    let me = compose::introduce(&client, clock).await?;
    tracing::info!(bot = me.username, "this is who we are");
    let handling = TaskSet::new();
    roll_call.add("updates", &handling);
    let dispatcher = compose::dispatcher(config, (&cache, &db, &client), (clock, &handling), me).await?;
    let source = pushed.unwrap_or_else(|| source(config, &client, &dispatcher));
    let source = Arc::new(Mutex::new(source));
    run_jobs(&dispatcher, &db, &handling);
    if let Some(hook) = &hook {
        hook.keep_claims(shutdown, &tasks, clock);
    }
    let notices = Notices::new(&client, config.message_dump);
    leave_in_order(shutdown, handling.clone(), Arc::clone(&source));
    tell_the_end(shutdown, &notices);
    if let Some(hook) = &hook {
        hook.leave_first(shutdown, Arc::clone(&source));
    }
    say_no_first(shutdown, &health);
    let leave = leave.clone();
    let telegram = client.clone();
    health.set_telegram(move || telegram.since_last_success());
    watch::token(&health, &client);
    if let Some(troubles) = troubles {
        notices.tell_of(troubles, &tasks, clock);
    }
    let (dispatched, beside) = (dispatcher.clone(), tasks.clone());
    let parts = Parts {
        cache,
        db,
        client: client.clone(),
        dispatcher: dispatched,
        handling,
        tasks: beside,
        pause,
        leave,
        notices,
    };
    watch::start(config, parts, &health, clock)?;

    alita_modules::introduce(&dispatcher, webhook::mode(&config.origin), config.message_dump).await;
    if let Some(hook) = &hook {
        let updates = dispatcher.router().allowed_updates();
        hook.open(&client, updates, (config.max_updates, config.drops_pending_updates), clock).await?;
        hook.watch(&client, (&tasks, clock), &health);
    }
    // Starting takes more memory than waiting does.
    allocator::give_back();
    health.started();
    let taking = take_updates(source, dispatcher, hook.is_some().then_some(webhook::WAIT));
    tokio::select! {
        biased;
        // Whoever waits behind a webhook for updates would never hear of it.
        () = client.rejected() => bail!("BOT_TOKEN: Telegram does not know this token any more"),
        ended = taking => ended,
    }
}

/// Takes updates until the source ends, or until nobody waits for that any more.
///
/// A task of its own, for it has to run on a worker: the main thread is none, and would have to be woken by one for
/// every batch of updates.
async fn take_updates(
    source: Arc<Mutex<UpdateSource>>,
    dispatcher: Dispatcher<AlitaApp>,
    wait: Option<Duration>,
) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let _stop_when_dropped = stop.clone().drop_guard();
    let (tell, told) = oneshot::channel();
    let tasks = dispatcher.services().tasks.clone();
    let taking = async move {
        let mut source = source.lock().await;
        while let Some(delivery) = source.next().await? {
            alita_modules::take(&dispatcher, delivery, wait);
        }
        Ok(())
    };
    tasks.spawn("updates", async move {
        if let Some(ended) = stop.run_until_cancelled_owned(taking).await {
            let _nobody_waits = tell.send(ended);
        }
    });
    told.await.context("taking updates")?
}

fn source(config: &Config, client: &Client, dispatcher: &Dispatcher<AlitaApp>) -> UpdateSource {
    let mut polling = PollingConfig::new(dispatcher.router().allowed_updates());
    polling.drop_pending_updates = config.drops_pending_updates;
    polling.backlog = Some(Arc::new(InDatabase(dispatcher.services().app.db().clone())));
    UpdateSource::Polling(Box::new(Polling::new(client.clone(), polling)))
}

/// When no new updates are fetched any more: handlers come to their end, then Telegram hears how far we came.
fn leave_in_order(shutdown: &Shutdown, handling: TaskSet, source: Arc<Mutex<UpdateSource>>) {
    shutdown.register("confirmation of what was handled", STEP, move || async move {
        match Arc::into_inner(source) {
            Some(source) => source.into_inner().finish().await.map_err(Into::into),
            None => Err("the source is still in use".into()),
        }
    });
    shutdown.register("updates in handling", DRAIN, move || async move {
        unfinished(&handling.close(DRAIN).await)
    });
}

/// Whoever sends traffic by `/readyz` hears that we leave before anything is closed. Register it last of all.
fn say_no_first(shutdown: &Shutdown, health: &Health) {
    let health = health.clone();
    shutdown.register("readiness", STEP, || async move {
        health.stopping();
        Ok(())
    });
}

/// The log chat hears of the stop before the handlers come to their end, while all that it takes still works.
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

/// Everything that answers on the one port.
fn routes(
    config: &Config,
    clock: &Clock,
    (health, metrics, db): (&Health, &Metrics, &Db),
    (hook, tasks): (Option<&Hook>, &TaskSet),
) -> http::Router {
    let access = who_reads_metrics(config);
    let routes = http::standard_routes(health, metrics, &access)
        .and(http::db_metrics(&access, clock, watch::db_metrics(db)))
        .and(profiles::routes(config, &access, clock, &tasks.cancelled()));
    hook.iter().fold(routes, |routes, hook| hook.routed(routes))
}

/// Says it once when nobody has decided who may.
fn who_reads_metrics(config: &Config) -> Access {
    match &config.metrics_token {
        Some(token) => Access::Token(token.clone()),
        None if config.metrics_are_public => Access::Public,
        None => {
            if !config.http.ip().is_loopback() {
                tracing::warn!(
                    "METRICS_AUTH_TOKEN is not set: whoever reaches the port from a private network, also through a \
                     proxy that does not say for whom it asks, may read the metrics"
                );
            }
            Access::Private
        }
    }
}

async fn serve_http(
    config: &Config,
    shutdown: &Shutdown,
    routes: http::Router,
    tasks: &TaskSet,
) -> anyhow::Result<()> {
    let server = http::Server::bind(config.http).await.context("HTTP_PORT or HTTP_BIND")?;
    let running = server.serve(routes, tasks);
    shutdown.register("http", STEP, || async move { running.stop(STEP).await.map_err(Into::into) });
    Ok(())
}

/// Runs what is to happen later, beside the updates and for as long as they are handled.
fn run_jobs(dispatcher: &Dispatcher<AlitaApp>, db: &Db, handling: &TaskSet) {
    let db = db.clone();
    // What was written down against a redelivery is of no use after Telegram's day.
    let handlers = dispatcher.job_handlers().every("sweep", AN_HOUR, move |_run| {
        let db = db.clone();
        async move {
            db.sweep().await?;
            Ok(())
        }
    });
    dispatcher.services().jobs.runner(handlers).start(handling);
}

fn unfinished(names: &[&'static str]) -> Result<(), alita_runtime::BoxError> {
    if names.is_empty() { Ok(()) } else { Err(format!("unfinished: {}", names.join(", ")).into()) }
}
