//! How the bot looks at itself and what it can do about it: the parts that `alita-monitoring` cannot know, joined.

// Only Linux says how much memory a process has.
#[cfg(all(test, target_os = "linux"))]
mod tests;

use std::sync::Arc;

use alita_cache::Cache;
use alita_db::Db;
use alita_dispatch::{Dispatcher, Figures};
use alita_modules::AlitaApp;
use alita_monitoring::http::DbMetrics;
use alita_monitoring::watch::reading::Look;
use alita_monitoring::watch::{Hands, Limits, Pool, Reading, Remedy, Stats, pool};
use alita_monitoring::{Health, Metrics};
use alita_runtime::{CancellationToken, Clock, Pause, TaskSet};
use alita_telegram::Client;
use tokio::runtime::Handle;

use crate::allocator;
use crate::config::Config;
use crate::notices::Notices;

/// The parts of the bot that are looked at.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) cache: Cache,
    pub(crate) db: Db,
    pub(crate) client: Client,
    pub(crate) dispatcher: Dispatcher<AlitaApp>,
    /// The updates in handling.
    pub(crate) handling: TaskSet,
    /// Everything that goes on beside them.
    pub(crate) tasks: TaskSet,
    /// Asks the jobs that can wait to wait.
    pub(crate) pause: Pause,
    /// Cancelled when the bot shall leave and be started again.
    pub(crate) leave: CancellationToken,
    pub(crate) notices: Notices,
}

/// What `/health`, `/readyz` and `/livez` look at.
pub(crate) fn health(health: &Health, db: &Db, cache: &Cache) {
    let (db, listener, redis) = (db.clone(), cache.clone(), cache.clone());
    health.check("database", move || {
        let db = db.clone();
        async move { db.ping().await.is_ok() }
    });
    if cache.is_redis_up().is_some() {
        health.check_beside("redis", move || {
            let cache = redis.clone();
            async move { cache.probe().await.unwrap_or(false) }
        });
    }
    health.critical("cache listener", move || listener.is_listener_alive());
}

/// The token, as far as Telegram told without being asked.
pub(crate) fn token(health: &Health, client: &Client) {
    let client = client.clone();
    health.check("telegram", move || std::future::ready(!client.is_rejected()));
}

/// The gauges that are set when somebody reads the metrics.
pub(crate) fn gauges(metrics: &Metrics, db: &Db) {
    let db = db.clone();
    metrics.observe(move || {
        let pool = db.pool();
        let used = pool.open.saturating_sub(pool.idle);
        let waiting = u32::try_from(pool.waiting).unwrap_or(u32::MAX);
        for (state, count) in [("open", pool.open), ("used", used), ("idle", pool.idle), ("waiting", waiting)]
        {
            metrics::gauge!("alita_db_pool_connections", "state" => state).set(count);
        }
        if let Some(bytes) = allocator::allocated() {
            metrics::gauge!("alita_memory_bytes", "kind" => "allocated").set(as_float(bytes));
        }
        if let Ok(runtime) = Handle::try_current() {
            let tasks = u32::try_from(runtime.metrics().num_alive_tasks()).unwrap_or(u32::MAX);
            metrics::gauge!("alita_tasks").set(tasks);
        }
    });
}

/// Whole kilobytes are exact enough for a graph.
fn as_float(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes >> 10).unwrap_or(u32::MAX)) * 1024.0
}

/// What `/db_metrics` answers.
pub(crate) fn db_metrics(db: &Db) -> impl Fn() -> Option<DbMetrics> + Send + Sync + use<> {
    let db = db.clone();
    move || {
        let pool = db.pool();
        Some(DbMetrics {
            open_connections: pool.open,
            in_use: pool.open.saturating_sub(pool.idle),
            idle: pool.idle,
            wait_count: pool.wait_count,
            wait_duration: u64::try_from(pool.wait_duration.as_nanos()).unwrap_or(u64::MAX),
            max_idle_closed: 0,
            max_lifetime_closed: pool.closed,
            max_open: pool.max_open,
            waiting: u64::try_from(pool.waiting).unwrap_or(u64::MAX),
        })
    }
}

/// Begins to look and, where it is wished for, to act.
pub(crate) fn start(config: &Config, parts: Parts, health: &Health, clock: &Clock) -> anyhow::Result<()> {
    let watching = config.watching;
    let tasks = parts.tasks.clone();
    if watching.collects || config.pool.is_watched {
        let db = parts.db.clone();
        let told = if config.pool.is_watched { pool::Told::Everybody } else { pool::Told::Debuggers };
        pool::watch_pool(&tasks, clock, told, move || Pool {
            longest_wait: db.take_longest_wait(),
            ..figures_of(&db)
        });
    }
    let look = look(parts.clone());
    if watching.collects {
        Stats::new(clock.clone(), Arc::clone(&look), parts.pause.clone()).start(&tasks)?;
    }
    if watching.remediates {
        let megabytes = |megabytes: u32| u64::from(megabytes) << 20;
        let limits = Limits {
            tasks: watching.max_tasks.into(),
            memory: megabytes(watching.max_memory_mb),
            cleanup: megabytes(watching.memory_cleanup_mb),
        };
        let hands = OurHands { parts, leaves: watching.exits_when_critical };
        Remedy::new(clock.clone(), limits, health.clone(), Arc::new(hands)).start(&tasks, look);
    }
    Ok(())
}

fn look(parts: Parts) -> Look {
    Arc::new(move || {
        let Figures { handled, faults, in_flight, permits, full_for, restricted, .. } =
            parts.dispatcher.figures();
        let load = parts.client.load();
        Reading {
            tasks: Handle::try_current().map_or(0, |runtime| runtime.metrics().num_alive_tasks()),
            allocated: allocator::allocated(),
            handled,
            errors: faults,
            restricted,
            in_flight: (in_flight, permits),
            saturated_for: full_for,
            telegram_queue: load.urgent + load.bulk,
            pool: figures_of(&parts.db),
            consumers: consumers(&parts),
            ..Reading::default()
        }
    })
}

fn figures_of(db: &Db) -> Pool {
    let pool = db.pool();
    Pool {
        max_open: pool.max_open,
        open: pool.open,
        idle: pool.idle,
        waiting: pool.waiting,
        waiting_for: pool.waiting_for,
        ..Pool::default()
    }
}

/// Everything that can grow, by name.
fn consumers(parts: &Parts) -> Vec<(String, u64)> {
    let tasks = parts.handling.counts().into_iter().chain(parts.tasks.counts());
    let tasks = tasks.map(|(name, count)| (format!("tasks of {name}"), wide(count)));
    let cached = parts.cache.sizes().into_iter().map(|(name, count)| (format!("cached {name}"), count));
    let (load, figures) = (parts.client.load(), parts.dispatcher.figures());
    let others = [
        ("urgent calls", load.urgent),
        ("bulk calls", load.bulk),
        ("chats with limits", load.chats),
        ("busy senders", figures.lanes),
        ("busy chats", figures.chats),
    ];
    tasks.chain(cached).chain(others.map(|(name, count)| (name.to_owned(), wide(count)))).collect()
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// What the joined bot can do about too much load.
struct OurHands {
    parts: Parts,
    leaves: bool,
}

impl Hands for OurHands {
    fn sweep(&self) {
        self.parts.cache.sweep();
        let marks = self.parts.db.sweep_memory();
        let (chats, limits) = (self.parts.dispatcher.sweep(), self.parts.client.sweep());
        tracing::info!(marks, chats, limits, "what has expired was swept away");
    }

    fn give_memory_back(&self) {
        allocator::give_back();
    }

    fn shrink(&self) -> u64 {
        self.parts.cache.shrink()
    }

    fn permits(&self) -> usize {
        self.parts.dispatcher.figures().permits
    }

    fn set_permits(&self, permits: usize) {
        self.parts.dispatcher.set_permits(permits);
    }

    fn drop_queued(&self) -> usize {
        self.parts.client.drop_bulk()
    }

    fn pause(&self, is_on: bool) {
        self.parts.pause.set(is_on);
    }

    fn leave(&self) {
        let notices = self.parts.notices.clone();
        self.parts.tasks.spawn("critical notice", async move {
            notices.tell("The load of the bot is critical, a restart is advised. See its log.").await;
        });
        if self.leaves {
            self.parts.leave.cancel();
        }
    }
}
