//! The pool of connections: who waits for one, for how long, and what the pool looks like.
//!
//! The driver tells nobody who waits for a connection. So our work stands in a line of its own in front of the pool,
//! with as many places as the pool has connections; whoever is through need not wait at the pool any more.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alita_runtime::Clock;
use sea_orm::sqlx::sqlite::SqliteConnection;
use sea_orm::sqlx::{self, Connection};
use sea_orm::{ConnAcquireErr, ConnectOptions, DatabaseConnection, DbBackend, DbErr};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{Db, DbConfig};

/// What the pool of connections looks like, and what waiting for it has cost so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolFigures {
    /// The most connections that are open at the same time.
    pub max_open: u32,
    /// Connections that are open.
    pub open: u32,
    /// Open connections that nobody uses.
    pub idle: u32,
    /// Connections that were opened and are open no more: too old, too long idle, or broken.
    pub closed: u64,
    /// Who waits now.
    pub waiting: usize,
    /// For how long there has been somebody waiting.
    pub waiting_for: Duration,
    /// How many had to wait so far.
    pub wait_count: u64,
    /// How long all of them waited together.
    pub wait_duration: Duration,
}

/// The line in front of the pool.
#[derive(Debug)]
pub(crate) struct Line {
    clock: Clock,
    places: Semaphore,
    max_open: u32,
    patience: Duration,
    opened: Arc<AtomicU64>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: usize,
    since: Option<Duration>,
    wait_count: u64,
    wait_duration: Duration,
    /// The longest wait since somebody last asked for it.
    longest: Duration,
}

impl Line {
    pub(crate) fn new(config: &DbConfig, clock: Clock, opened: Arc<AtomicU64>) -> Self {
        // A database in memory has one connection, whatever the configuration says.
        let max_open =
            if config.is_embedded() && config.file().is_none() { 1 } else { config.max_connections };
        Self {
            clock,
            places: Semaphore::new(usize::try_from(max_open).unwrap_or(Semaphore::MAX_PERMITS)),
            max_open,
            patience: config.acquire_timeout,
            opened,
            state: Mutex::default(),
        }
    }

    /// Waits for a place, as long as one would wait for a connection.
    pub(crate) async fn stand(&self) -> Result<SemaphorePermit<'_>, DbErr> {
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        let waiting = Waiting::begin(self);
        let place = tokio::time::timeout(self.patience, self.places.acquire()).await;
        drop(waiting);
        match place {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)),
            Err(_) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits; counted however the wait ends.
struct Waiting<'a> {
    line: &'a Line,
    began: Duration,
}

impl<'a> Waiting<'a> {
    fn begin(line: &'a Line) -> Self {
        let began = line.clock.instant();
        let mut state = line.state();
        state.waiting += 1;
        state.since.get_or_insert(began);
        drop(state);
        Self { line, began }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let waited = self.line.clock.instant().saturating_sub(self.began);
        metrics::histogram!("alita_db_pool_wait_seconds").record(waited);
        let mut state = self.line.state();
        state.waiting -= 1;
        if state.waiting == 0 {
            state.since = None;
        }
        state.wait_count += 1;
        state.wait_duration += waited;
        state.longest = state.longest.max(waited);
    }
}

/// Lets every connection that is opened be counted, and closes one that cannot be used again.
///
/// Both in one place, for the driver keeps only the last options that it was given.
pub(crate) fn look_after(options: &mut ConnectOptions) -> Arc<AtomicU64> {
    let opened = Arc::new(AtomicU64::new(0));
    let (sqlite, postgres) = (Arc::clone(&opened), Arc::clone(&opened));
    options
        .map_sqlx_sqlite_pool_opts(move |pool| {
            let opened = Arc::clone(&sqlite);
            pool.after_connect(move |_, _| {
                opened.fetch_add(1, Ordering::Relaxed);
                Box::pin(std::future::ready(Ok(())))
            })
            .after_release(|connection, _| Box::pin(is_outside_of_a_transaction(connection)))
        })
        .map_sqlx_postgres_pool_opts(move |pool| {
            let opened = Arc::clone(&postgres);
            pool.after_connect(move |_, _| {
                opened.fetch_add(1, Ordering::Relaxed);
                Box::pin(std::future::ready(Ok(())))
            })
        });
    opened
}

/// Whether a connection may be used again.
///
/// SQLite rolls back by itself when the disk is full or breaks. The driver then cannot roll back any more, believes for
/// ever to be in a transaction, and refuses to begin another one on this connection.
async fn is_outside_of_a_transaction(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // An ordinary rollback may still stand in line.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

impl Db {
    /// What the pool of connections looks like, and what waiting for it has cost so far.
    #[must_use]
    pub fn pool(&self) -> PoolFigures {
        let line = &self.inner.line;
        let (open, idle) = open_and_idle(self.connection());
        let opened = line.opened.load(Ordering::Relaxed);
        let state = line.state();
        let now = line.clock.instant();
        PoolFigures {
            max_open: line.max_open,
            open,
            idle,
            closed: opened.saturating_sub(u64::from(open)),
            waiting: state.waiting,
            waiting_for: state.since.map_or(Duration::ZERO, |since| now.saturating_sub(since)),
            wait_count: state.wait_count,
            wait_duration: state.wait_duration,
        }
    }

    /// The longest wait for a connection since this was asked last.
    #[must_use]
    pub fn take_longest_wait(&self) -> Duration {
        std::mem::take(&mut self.inner.line.state().longest)
    }

    /// Forgets which rows were written of late, where that keeps nothing from being written again any more; says how
    /// many such marks are left.
    pub fn sweep_memory(&self) -> usize {
        let inner = &self.inner;
        inner.users.sweep() + inner.chats.sweep() + inner.channels.sweep()
    }
}

fn open_and_idle(connection: &DatabaseConnection) -> (u32, u32) {
    let (open, idle) = match connection.get_database_backend() {
        DbBackend::Sqlite => {
            let pool = connection.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle())
        }
        DbBackend::Postgres => {
            let pool = connection.get_postgres_connection_pool();
            (pool.size(), pool.num_idle())
        }
        _ => (0, 0),
    };
    // The driver counts both without a lock, so they may belong to different moments.
    (open, u32::try_from(idle).unwrap_or(u32::MAX).min(open))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use futures_util::poll;

    use super::*;

    fn line(max: u32) -> (Line, Clock) {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let mut config = DbConfig::new("postgres://nowhere/alita");
        config.max_connections = max;
        config.acquire_timeout = Duration::from_millis(20);
        (Line::new(&config, clock.clone(), Arc::default()), clock)
    }

    #[tokio::test]
    async fn who_waits_is_counted_and_gives_up_as_at_the_pool() {
        let (line, clock) = line(1);
        let place = line.stand().await.expect("nobody is there");
        assert_eq!(line.state().wait_count, 0);
        let mut second = Box::pin(line.stand());
        assert!(poll!(second.as_mut()).is_pending());
        clock.advance(Duration::from_secs(3));
        {
            let state = line.state();
            assert_eq!((state.waiting, state.since), (1, Some(Duration::ZERO)));
        }
        drop(place);
        drop(second.await.expect("a place came free"));
        {
            let state = line.state();
            assert_eq!((state.waiting, state.since, state.wait_count), (0, None, 1));
            assert_eq!(
                (state.wait_duration, state.longest),
                (Duration::from_secs(3), Duration::from_secs(3))
            );
        }
        let _place = line.stand().await.expect("nobody is there");
        let refused = line.stand().await.expect_err("nobody leaves");
        assert!(matches!(refused, DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)), "{refused}");
        assert_eq!(line.state().waiting, 0);
    }
}
