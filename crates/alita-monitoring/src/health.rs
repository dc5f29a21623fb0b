//! Is the bot well? Named checks, asked at most once a second, each for a limited time.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use alita_runtime::{Clock, guarded};
use futures_util::future::{BoxFuture, join_all};
use serde::Serialize;

/// How long a check may take before it counts as failed.
const CHECK_LIMIT: Duration = Duration::from_secs(2);

/// How long an answer is given again, so that a flood of probes reaches nothing behind us.
const FRESH: Duration = Duration::from_secs(1);

/// How the bot is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Not everything has been opened yet.
    Starting,
    /// It works, and every check says so.
    Ok,
    /// It works, but a check fails.
    Degraded,
    /// It takes no new work and finishes what it has.
    Stopping,
}

/// What `/health` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How the bot is doing.
    pub status: Status,
    /// Each check by name: did it succeed?
    pub checks: BTreeMap<&'static str, bool>,
    /// The version of the bot.
    pub version: &'static str,
    /// How long it has been running, as `1h2m3s`.
    pub uptime: String,
}

type Probe = Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;
type Checks = BTreeMap<&'static str, bool>;

/// The bot's health; clones are the same.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    clock: Clock,
    version: &'static str,
    probes: Mutex<Vec<(&'static str, Probe)>>,
    phase: Mutex<Phase>,
    /// Held while the checks are asked, so that many callers cause one question.
    last: tokio::sync::Mutex<Option<(Duration, Checks)>>,
}

#[derive(Clone, Copy)]
enum Phase {
    Starting,
    Running,
    Stopping,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").field("version", &self.0.version).finish_non_exhaustive()
    }
}

impl Health {
    /// A bot that is starting, with no checks yet.
    #[must_use]
    pub fn new(clock: Clock, version: &'static str) -> Self {
        Self(Arc::new(Inner {
            clock,
            version,
            probes: Mutex::default(),
            phase: Mutex::new(Phase::Starting),
            last: tokio::sync::Mutex::default(),
        }))
    }

    /// Adds a check that answers whether something works.
    ///
    /// A check that takes longer than two seconds or panics counts as failed.
    pub fn check<F, Fut>(&self, name: &'static str, probe: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        let probe: Probe = Arc::new(move || Box::pin(probe()));
        self.0.probes.lock().unwrap_or_else(PoisonError::into_inner).push((name, probe));
    }

    /// Everything is open: updates are being handled.
    pub fn started(&self) {
        self.enter(Phase::Running);
    }

    /// The bot is on its way out.
    pub fn stopping(&self) {
        self.enter(Phase::Stopping);
    }

    /// Asks the checks, or repeats their answers of the last second.
    pub async fn report(&self) -> Report {
        let checks = self.checks().await;
        let status = match *self.0.phase.lock().unwrap_or_else(PoisonError::into_inner) {
            Phase::Starting => Status::Starting,
            Phase::Stopping => Status::Stopping,
            Phase::Running if checks.values().all(|works| *works) => Status::Ok,
            Phase::Running => Status::Degraded,
        };
        let uptime = duration_text(self.0.clock.instant());
        Report { status, checks, version: self.0.version, uptime }
    }

    fn enter(&self, phase: Phase) {
        *self.0.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }

    async fn checks(&self) -> Checks {
        let mut last = self.0.last.lock().await;
        if let Some((asked, checks)) = &*last
            && self.0.clock.instant() < *asked + FRESH
        {
            return checks.clone();
        }
        let probes = self.0.probes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let checks: Checks = join_all(probes.into_iter().map(|(name, probe)| self.ask(name, probe)))
            .await
            .into_iter()
            .collect();
        *last = Some((self.0.clock.instant(), checks.clone()));
        checks
    }

    async fn ask(&self, name: &'static str, probe: Probe) -> (&'static str, bool) {
        let works = tokio::select! {
            answer = guarded("health", async { probe().await }) => answer.unwrap_or(false),
            () = self.0.clock.limit(CHECK_LIMIT) => false,
        };
        if !works {
            tracing::warn!(check = name, "a health check failed");
        }
        (name, works)
    }
}

fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use chrono::DateTime;

    use super::*;

    fn health() -> (Health, Clock) {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        (Health::new(clock.clone(), "1.2.3"), clock)
    }

    #[tokio::test]
    async fn starting_ok_degraded_stopping() {
        let (health, clock) = health();
        let database = Arc::new(AtomicBool::new(true));
        let seen = Arc::clone(&database);
        health.check("database", move || {
            let works = seen.load(Ordering::Relaxed);
            async move { works }
        });
        assert_eq!(health.report().await.status, Status::Starting);
        health.started();
        assert_eq!(health.report().await.status, Status::Ok);

        database.store(false, Ordering::Relaxed);
        assert_eq!(health.report().await.status, Status::Ok, "the answer of the last second is given again");
        clock.advance(FRESH);
        let report = health.report().await;
        assert_eq!((report.status, report.checks["database"]), (Status::Degraded, false));

        health.stopping();
        assert_eq!(health.report().await.status, Status::Stopping);
    }

    #[tokio::test]
    async fn a_check_that_hangs_or_panics_has_failed() {
        let (health, clock) = health();
        health.check("hangs", std::future::pending);
        health.check("panics", || async { [true].get(1).copied().expect("nothing there") });
        health.check("works", || async { true });
        let mut report = std::pin::pin!(health.report());
        assert!(futures_util::poll!(report.as_mut()).is_pending());
        clock.advance(CHECK_LIMIT);
        let expected = BTreeMap::from([("hangs", false), ("panics", false), ("works", true)]);
        assert_eq!(report.await.checks, expected);
    }

    #[tokio::test]
    async fn a_flood_of_probes_asks_once() {
        let (health, _clock) = health();
        let asked = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&asked);
        health.check("database", move || {
            count.fetch_add(1, Ordering::Relaxed);
            async {
                tokio::task::yield_now().await;
                true
            }
        });
        join_all((0..50).map(|_| health.report())).await;
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn uptime_reads_as_people_say_it() {
        let table = [(0, "0s"), (59, "59s"), (60, "1m0s"), (3723, "1h2m3s"), (90_000, "25h0m0s")];
        for (seconds, text) in table {
            assert_eq!(duration_text(Duration::from_secs(seconds)), text);
        }
    }
}
