//! The order of leaving: what was opened last is closed first.

use std::error::Error;
use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use crate::{Clock, guarded};

/// Any error; it is only written to the log.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// All steps together get no more than this, unless [`Shutdown::with_total`] says otherwise.
const TOTAL: Duration = Duration::from_secs(60);

/// Runs the registered steps one after the other, the last registered first; clones are the same shutdown.
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    total: Duration,
    steps: Mutex<Steps>,
    report: OnceCell<Report>,
}

#[derive(Debug, Default)]
struct Steps {
    waiting: Vec<Step>,
    began_at: Option<Duration>,
}

struct Step {
    name: &'static str,
    limit: Duration,
    run: Box<dyn FnOnce() -> BoxFuture<'static, Result<(), BoxError>> + Send>,
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Step").field("name", &self.name).field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// How the steps went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Steps that ran out of time, and those for which no time was left.
    pub unfinished: Vec<&'static str>,
    /// Steps that answered with an error or panicked.
    pub failed: Vec<&'static str>,
}

impl Report {
    /// Did every step end in time and without an error?
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.unfinished.is_empty() && self.failed.is_empty()
    }
}

/// What the process should end with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// Every step ended in time.
    Clean,
    /// Some steps failed or ran out of time.
    Incomplete(Report),
    /// The operator would not wait.
    Forced,
}

impl Exit {
    /// The exit code of the process: 0 when everything was put away, else 1.
    #[must_use]
    pub fn code(&self) -> u8 {
        u8::from(*self != Self::Clean)
    }
}

impl Shutdown {
    /// A shutdown of 60 seconds without any steps yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self::with_total(clock, TOTAL)
    }

    /// A shutdown whose steps together get no more than `total`.
    #[must_use]
    pub fn with_total(clock: Clock, total: Duration) -> Self {
        Self(Arc::new(Inner { clock, total, steps: Mutex::default(), report: OnceCell::new() }))
    }

    /// Adds a step; register it before you start what it stops.
    ///
    /// Returns `false`, with a warning in the log, when the shutdown has already begun.
    pub fn register<F, Fut>(&self, name: &'static str, limit: Duration, step: F) -> bool
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        let mut steps = self.0.steps.lock().unwrap_or_else(PoisonError::into_inner);
        if steps.began_at.is_some() {
            tracing::warn!(step = name, "the shutdown has begun, the step was not registered");
            return false;
        }
        steps.waiting.push(Step { name, limit, run: Box::new(|| step().boxed()) });
        true
    }

    /// Runs all steps; whoever calls it again waits for the first and gets the same report.
    pub async fn run(&self) -> Report {
        self.0.report.get_or_init(|| self.0.run_steps()).await.clone()
    }

    /// Runs all steps, but gives up as soon as `force` comes, for example a second signal.
    pub async fn run_or_forced(&self, force: impl Future) -> Exit {
        tokio::select! {
            report = self.run() => if report.is_clean() { Exit::Clean } else { Exit::Incomplete(report) },
            _ = force => {
                tracing::warn!("shutdown was forced");
                Exit::Forced
            }
        }
    }
}

impl Inner {
    async fn run_steps(&self) -> Report {
        let mut report = Report::default();
        while let Some((step, left)) = self.next_step() {
            let limit = step.limit.min(left);
            if limit.is_zero() {
                tracing::error!(step = step.name, "no time was left for this step");
                report.unfinished.push(step.name);
                continue;
            }
            tracing::info!(step = step.name, "shutting down");
            // The first await makes even a panic before the step's first await land in the guard.
            let work = guarded(step.name, ready(()).then(|()| (step.run)()));
            tokio::select! {
                biased;
                ended = work => match ended {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => {
                        tracing::error!(step = step.name, error = %error, "the step failed");
                        report.failed.push(step.name);
                    }
                    Err(_panicked) => report.failed.push(step.name),
                },
                () = self.clock.limit(limit) => {
                    tracing::error!(step = step.name, ?limit, "the step ran out of time and was dropped");
                    report.unfinished.push(step.name);
                }
            }
        }
        report
    }

    /// The step to run now, and the time left for it and all after it.
    fn next_step(&self) -> Option<(Step, Duration)> {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.instant();
        let began_at = *steps.began_at.get_or_insert(now);
        let left = self.total.saturating_sub(now.saturating_sub(began_at));
        steps.waiting.pop().map(|step| (step, left))
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use chrono::DateTime;

    use super::*;

    type Log = Arc<Mutex<Vec<&'static str>>>;

    fn manual() -> Clock {
        Clock::manual(DateTime::UNIX_EPOCH)
    }

    fn note(shutdown: &Shutdown, log: &Log, name: &'static str) {
        let log = Arc::clone(log);
        shutdown.register(name, Duration::from_secs(10), move || async move {
            log.lock().expect("not poisoned").push(name);
            Ok(())
        });
    }

    #[tokio::test]
    async fn the_last_registered_goes_first_and_a_failure_stops_nobody() {
        let (shutdown, log) = (Shutdown::new(manual()), Log::default());
        note(&shutdown, &log, "database");
        shutdown.register("broken", Duration::from_secs(10), || async { Err("no".into()) });
        let panics = || -> std::future::Ready<Result<(), BoxError>> { panic!("at once") };
        shutdown.register("panics", Duration::from_secs(10), panics);
        note(&shutdown, &log, "source");

        let report = shutdown.run().await;
        assert_eq!(*log.lock().expect("not poisoned"), ["source", "database"]);
        assert_eq!(report.failed, ["panics", "broken"]);
        assert!(report.unfinished.is_empty() && !report.is_clean());
        assert_eq!(shutdown.run().await, report, "the second caller gets the same report");
        assert!(!shutdown.register("late", Duration::from_secs(1), || async { Ok(()) }));
    }

    #[tokio::test]
    async fn steps_are_capped_by_their_limit_and_by_what_is_left() {
        let clock = manual();
        let (shutdown, log) = (Shutdown::new(clock.clone()), Log::default());
        shutdown.register("never begun", Duration::from_secs(10), || async { Ok(()) });
        shutdown.register("gets only 30", Duration::from_secs(100), pending);
        shutdown.register("hangs", Duration::from_secs(30), pending);
        note(&shutdown, &log, "quick");

        let mut run = std::pin::pin!(shutdown.run());
        assert!(futures_util::poll!(run.as_mut()).is_pending());
        assert_eq!(*log.lock().expect("not poisoned"), ["quick"]);
        clock.advance(Duration::from_secs(30));
        assert!(futures_util::poll!(run.as_mut()).is_pending());
        clock.advance(Duration::from_secs(30));
        assert_eq!(run.await.unfinished, ["hangs", "gets only 30", "never begun"]);
    }

    #[tokio::test]
    async fn a_second_signal_forces_the_end() {
        let shutdown = Shutdown::new(manual());
        shutdown.register("hangs", Duration::from_secs(10), pending);
        let exit = shutdown.run_or_forced(ready(())).await;
        assert_eq!((exit.code(), exit), (1, Exit::Forced));

        let clean = Shutdown::new(manual()).run_or_forced(pending::<()>()).await;
        assert_eq!((clean.code(), clean), (0, Exit::Clean));
    }
}
