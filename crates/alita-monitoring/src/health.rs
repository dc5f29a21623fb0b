//! Is the bot well? Named checks, asked at most once a second, each for a limited time.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alita_runtime::{Clock, TaskSet, guarded};
use futures_util::future::{BoxFuture, join_all};
use serde::Serialize;
use tokio::sync::oneshot;

/// How long a check may take before it counts as failed.
const CHECK_LIMIT: Duration = Duration::from_secs(2);

/// How long an answer is given again, so that a flood of probes reaches nothing behind us.
const FRESH: Duration = Duration::from_secs(1);

/// How the bot is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It works, and every check says so.
    Healthy,
    /// It works, but something beside it does not, or it has too much to do.
    Degraded,
    /// It does not work: something that it needs fails, or it is still starting or already stopping.
    Unhealthy,
}

/// Where the schema of the database stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Migrations {
    /// It was not looked at yet.
    #[default]
    Pending,
    /// Every step is applied.
    Ok,
    /// Some step is missing, and the bot works without it.
    Degraded,
}

/// What `/health` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How the bot is doing.
    pub status: Status,
    /// Each check by name: did it succeed?
    pub checks: Checks,
    /// The version of the bot.
    pub version: &'static str,
    /// How long it has been running, as `1h2m3s`.
    pub uptime: String,
    /// Where its updates come from.
    pub mode: &'static str,
    /// Does it still open its doors?
    pub starting: bool,
    /// Does it take no new work any more?
    pub stopping: bool,
    /// Where the schema of the database stands.
    pub migrations: Migrations,
    /// How many seconds ago Telegram last did what it was asked for.
    pub telegram: Option<u64>,
    /// What was done last against too much load, and when.
    pub remediation: Option<String>,
}

impl Report {
    /// Can the bot work? What is only beside it may be missing.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.status != Status::Unhealthy
    }

    /// Can it work, and does everything beside it, too?
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.is_ready() && self.checks.values().all(|works| *works)
    }
}

/// What `/livez` answers: nothing that would have to be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Liveness {
    /// Does everything run that nothing can start again but a new process?
    pub alive: bool,
    /// What the checks said when they were last asked.
    pub checks: Checks,
}

/// Answers by the names of the checks.
pub type Checks = BTreeMap<&'static str, bool>;

type Probe = Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;
type Sign = Box<dyn Fn() -> bool + Send + Sync>;
type Since = Box<dyn Fn() -> Option<Duration> + Send + Sync>;

/// The bot's health; clones are the same.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    clock: Clock,
    version: &'static str,
    probes: Mutex<Vec<Check>>,
    signs: Mutex<Vec<(&'static str, Sign)>>,
    facts: Mutex<Facts>,
    /// Held while the checks are asked, so that many callers cause one question.
    last: Arc<tokio::sync::Mutex<Option<(Duration, Checks)>>>,
    /// Those who ask the checks: whoever wanted to know may leave, the question goes on.
    asking: TaskSet,
    /// What was answered last, for those who must not wait.
    known: Mutex<Checks>,
}

#[derive(Clone)]
struct Check {
    name: &'static str,
    probe: Probe,
    is_needed: bool,
}

/// What is told to us, not asked for.
#[derive(Default)]
struct Facts {
    phase: Phase,
    mode: &'static str,
    migrations: Migrations,
    telegram: Option<Since>,
    is_overloaded: bool,
    /// What was done last against too much load, and when.
    remedy: Option<(&'static str, Duration)>,
}

impl Facts {
    /// Everything answers, but not all is as it should be.
    fn is_impaired(&self) -> bool {
        self.is_overloaded || self.migrations == Migrations::Degraded
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
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
            signs: Mutex::default(),
            facts: Mutex::default(),
            last: Arc::default(),
            asking: TaskSet::new(),
            known: Mutex::default(),
        }))
    }

    /// Adds a check that answers whether something works that the bot cannot do without.
    ///
    /// A check that takes longer than two seconds or panics counts as failed.
    pub fn check<F, Fut>(&self, name: &'static str, probe: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        self.add(name, true, Arc::new(move || Box::pin(probe())));
    }

    /// As [`Health::check`], for something without which the bot works on, only not as well.
    pub fn check_beside<F, Fut>(&self, name: &'static str, probe: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        self.add(name, false, Arc::new(move || Box::pin(probe())));
    }

    fn add(&self, name: &'static str, is_needed: bool, probe: Probe) {
        lock(&self.0.probes).push(Check { name, probe, is_needed });
    }

    /// Adds a sign of life of something that nothing can start again but a new process. It must not wait.
    pub fn critical(&self, name: &'static str, sign: impl Fn() -> bool + Send + Sync + 'static) {
        lock(&self.0.signs).push((name, Box::new(sign)));
    }

    /// Says where updates come from (`polling`, `webhook`).
    pub fn set_mode(&self, mode: &'static str) {
        self.facts().mode = mode;
    }

    /// Says where the schema of the database stands.
    pub fn set_migrations(&self, migrations: Migrations) {
        self.facts().migrations = migrations;
    }

    /// Says whom to ask how long ago Telegram last did what it was asked for.
    pub fn set_telegram(&self, since: impl Fn() -> Option<Duration> + Send + Sync + 'static) {
        self.facts().telegram = Some(Box::new(since));
    }

    /// Everything is open: updates are being handled.
    pub fn started(&self) {
        self.facts().phase = Phase::Running;
    }

    /// The bot is on its way out.
    pub fn stopping(&self) {
        self.facts().phase = Phase::Stopping;
    }

    /// The load is, or is no longer, more than what can be done about it.
    pub(crate) fn set_overloaded(&self, is_overloaded: bool) {
        self.facts().is_overloaded = is_overloaded;
    }

    /// Something was done against too much load.
    pub(crate) fn remedied(&self, what: &'static str) {
        self.facts().remedy = Some((what, self.0.clock.instant()));
    }

    /// Asks the checks, or repeats their answers of the last second.
    pub async fn report(&self) -> Report {
        let checks = self.checks().await;
        let needed = lock(&self.0.probes)
            .iter()
            .filter(|check| check.is_needed)
            .map(|check| check.name)
            .collect::<Vec<_>>();
        let now = self.0.clock.instant();
        let facts = self.facts();
        let works = |name: &&'static str| checks.get(name).copied().unwrap_or(false);
        let status = match facts.phase {
            Phase::Running if !needed.iter().all(works) => Status::Unhealthy,
            Phase::Running if facts.is_impaired() || checks.values().any(|works| !works) => Status::Degraded,
            Phase::Running => Status::Healthy,
            Phase::Starting | Phase::Stopping => Status::Unhealthy,
        };
        Report {
            status,
            version: self.0.version,
            uptime: duration_text(now),
            mode: facts.mode,
            starting: facts.phase == Phase::Starting,
            stopping: facts.phase == Phase::Stopping,
            migrations: facts.migrations,
            telegram: facts.telegram.as_ref().and_then(|since| since()).map(|since| since.as_secs()),
            remediation: facts
                .remedy
                .map(|(what, at)| format!("{what}, {} ago", duration_text(now.saturating_sub(at)))),
            checks,
        }
    }

    /// Looks for the signs of life; asks nobody who could let it wait.
    #[must_use]
    pub fn liveness(&self) -> Liveness {
        let signs = lock(&self.0.signs);
        let dead = signs.iter().filter(|(_, sign)| !sign()).map(|(name, _)| *name);
        let is_dead =
            dead.inspect(|name| tracing::error!(task = name, "a critical task is dead")).count() > 0;
        Liveness { alive: !is_dead, checks: lock(&self.0.known).clone() }
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        lock(&self.0.facts)
    }

    async fn checks(&self) -> Checks {
        let mut last = Arc::clone(&self.0.last).lock_owned().await;
        if let Some((asked, checks)) = &*last
            && self.0.clock.instant() < *asked + FRESH
        {
            return checks.clone();
        }
        let (tell, told) = oneshot::channel();
        let inner = Arc::clone(&self.0);
        self.0.asking.spawn("health checks", async move {
            let checks = inner.ask_all().await;
            *last = Some((inner.clock.instant(), checks.clone()));
            // Whoever wanted to know may have left.
            let _ = tell.send(checks);
        });
        told.await.unwrap_or_default()
    }
}

impl Inner {
    async fn ask_all(&self) -> Checks {
        let probes = lock(&self.probes).clone();
        let asked = probes.into_iter().map(|Check { name, probe, .. }| self.ask(name, probe));
        let checks: Checks = join_all(asked).await.into_iter().collect();
        lock(&self.known).clone_from(&checks);
        checks
    }

    async fn ask(&self, name: &'static str, probe: Probe) -> (&'static str, bool) {
        let works = tokio::select! {
            answer = guarded("health", async { probe().await }) => answer.unwrap_or(false),
            () = self.clock.limit(CHECK_LIMIT) => false,
        };
        if !works {
            tracing::warn!(check = name, "a health check failed");
        }
        (name, works)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

    fn flag(health: &Health, name: &'static str, is_needed: bool) -> Arc<AtomicBool> {
        let works = Arc::new(AtomicBool::new(true));
        let seen = Arc::clone(&works);
        let probe = move || std::future::ready(seen.load(Ordering::Relaxed));
        if is_needed {
            health.check(name, probe)
        } else {
            health.check_beside(name, probe)
        }
        works
    }

    #[tokio::test]
    async fn from_the_start_to_the_end() {
        let (health, clock) = health();
        let (database, redis) = (flag(&health, "database", true), flag(&health, "redis", false));
        let starting = health.report().await;
        assert_eq!(
            (starting.status, starting.starting, starting.is_ready()),
            (Status::Unhealthy, true, false)
        );
        health.started();
        let up = health.report().await;
        assert_eq!((up.status, up.is_well(), up.telegram), (Status::Healthy, true, None));

        redis.store(false, Ordering::Relaxed);
        assert_eq!(
            health.report().await.status,
            Status::Healthy,
            "the answer of the last second is given again"
        );
        clock.advance(FRESH);
        let report = health.report().await;
        assert_eq!(
            (report.status, report.checks["redis"], report.is_ready(), report.is_well()),
            (Status::Degraded, false, true, false)
        );
        database.store(false, Ordering::Relaxed);
        clock.advance(FRESH);
        let report = health.report().await;
        assert_eq!((report.status, report.is_ready()), (Status::Unhealthy, false));

        health.stopping();
        let stopping = health.report().await;
        assert_eq!((stopping.status, stopping.stopping), (Status::Unhealthy, true));
    }

    #[tokio::test]
    async fn what_is_told_is_reported() {
        let (health, clock) = health();
        health.set_mode("polling");
        health.set_migrations(Migrations::Ok);
        health.set_telegram(|| Some(Duration::from_millis(7_900)));
        health.started();
        health.remedied("give_memory_back");
        health.set_overloaded(true);
        clock.advance(Duration::from_secs(61));
        let report = health.report().await;
        assert_eq!((report.status, report.is_well()), (Status::Degraded, true));
        assert_eq!((report.mode, report.migrations, report.telegram), ("polling", Migrations::Ok, Some(7)));
        assert_eq!(report.remediation.as_deref(), Some("give_memory_back, 1m1s ago"));
    }

    #[tokio::test]
    async fn whoever_asks_for_life_waits_for_nobody() {
        let (health, _clock) = health();
        let redis = flag(&health, "redis", false);
        redis.store(false, Ordering::Relaxed);
        health.report().await;
        health.check("hangs", std::future::pending);
        let checks = BTreeMap::from([("redis", false)]);
        assert_eq!(health.liveness(), Liveness { alive: true, checks: checks.clone() });
        health.critical("listener", || false);
        assert_eq!(health.liveness(), Liveness { alive: false, checks });
    }

    #[tokio::test]
    async fn a_check_that_hangs_or_panics_has_failed() {
        let (health, clock) = health();
        health.check("hangs", std::future::pending);
        health.check("panics", || async { [true].get(1).copied().expect("nothing there") });
        health.check("works", || async { true });
        let mut report = std::pin::pin!(health.report());
        assert!(futures_util::poll!(report.as_mut()).is_pending());
        // The checks begin to run.
        tokio::task::yield_now().await;
        clock.advance(CHECK_LIMIT);
        let expected = BTreeMap::from([("hangs", false), ("panics", false), ("works", true)]);
        assert_eq!(report.await.checks, expected);
    }

    /// A check that takes a moment; says how often it was asked.
    fn counting_check(health: &Health) -> Arc<AtomicU32> {
        let asked = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&asked);
        health.check("database", move || {
            count.fetch_add(1, Ordering::Relaxed);
            async {
                tokio::task::yield_now().await;
                true
            }
        });
        asked
    }

    #[tokio::test]
    async fn a_flood_of_probes_asks_once() {
        let (health, _clock) = health();
        let asked = counting_check(&health);
        join_all((0..50).map(|_| health.report())).await;
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn whoever_leaves_before_the_answer_leaves_it_to_the_next() {
        let (health, _clock) = health();
        let asked = counting_check(&health);
        for _ in 0..50 {
            let mut impatient = Box::pin(health.report());
            let _pending = futures_util::poll!(impatient.as_mut());
            tokio::task::yield_now().await;
        }
        assert!(health.report().await.checks["database"]);
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
