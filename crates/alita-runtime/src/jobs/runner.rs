//! Takes jobs that are due out of the store, runs them, and writes down how they ended.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use metrics::{counter, gauge, histogram};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::handlers::Handler;
use super::{Backoff, Claim, End, Failure, Handlers, Jobs, Order, Run, later};
use crate::{TaskSet, guarded};

/// The name of the runner's own task, and of those in which jobs run.
const NAME: &str = "jobs";

/// A job that this program does not know is tried so often: while a new release is rolled out, an instance that
/// knows it may be just beside us.
const ATTEMPTS_OF_STRANGERS: u32 = 6;

/// The label of jobs that this program does not know.
const STRANGER: &str = "unknown";

/// The least pause between two looks of which the first brought nothing.
const BREATH: Duration = Duration::from_millis(50);

/// What is written down of an error has at most so many characters.
const WHY: usize = 500;

/// How the runner works; the defaults are what the bot uses.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Tuning {
    /// How often the store is asked for jobs that others have scheduled.
    pub poll: Duration,
    /// How long a claim holds when nothing is heard of its holder any more.
    pub lease: Duration,
    /// How long a job may take. It must be shorter than the lease.
    pub limit: Duration,
    /// How many jobs run at once.
    pub workers: usize,
    /// How long running jobs may go on after the task set was told to close.
    pub grace: Duration,
    /// How often jobs are counted for the metrics.
    pub count: Duration,
    /// The pauses after failures.
    pub backoff: Backoff,
    /// Where chance comes from: a number between 0 and 1.
    pub chance: fn() -> f64,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(500),
            lease: Duration::from_secs(90),
            limit: Duration::from_secs(60),
            workers: 16,
            grace: Duration::from_secs(20),
            count: Duration::from_secs(30),
            backoff: Backoff::default(),
            chance: fastrand::f64,
        }
    }
}

/// Runs the jobs of a store; from [`Jobs::runner`].
#[must_use = "a runner that is not started runs nothing"]
pub struct Runner(Inner);

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Runner").field(&self.0.handlers).finish()
    }
}

struct Inner {
    jobs: Jobs,
    handlers: Handlers,
    tuning: Tuning,
    workers: Arc<Semaphore>,
    /// A worker became free while jobs were left over.
    freed: Notify,
    is_hungry: AtomicBool,
}

impl Runner {
    pub(super) fn new(jobs: Jobs, handlers: Handlers) -> Self {
        let tuning = Tuning::default();
        Self(Inner {
            jobs,
            handlers,
            workers: Arc::new(Semaphore::new(tuning.workers)),
            tuning,
            freed: Notify::new(),
            is_hungry: AtomicBool::new(false),
        })
    }

    /// Works otherwise than usual.
    pub fn tuned(mut self, tuning: Tuning) -> Self {
        self.0.workers = Arc::new(Semaphore::new(tuning.workers.clamp(1, Semaphore::MAX_PERMITS)));
        self.0.tuning = tuning;
        self
    }

    /// Works as tasks of this set until it is closed: then it claims nothing more, lets the jobs that run come to
    /// their end, and gives back those that do not.
    pub fn start(self, tasks: &TaskSet) {
        let (inner, tasks_of_jobs) = (Arc::new(self.0), tasks.clone());
        tasks.spawn(NAME, async move { inner.go(&tasks_of_jobs).await });
    }
}

impl Inner {
    async fn go(self: Arc<Self>, tasks: &TaskSet) {
        let cancelled = tasks.cancelled();
        let (mut chores, mut was_well) = (Chores::of(&self), true);
        while !cancelled.is_cancelled() {
            let look = guarded(NAME, async {
                self.do_chores(&mut chores).await?;
                self.begin_due(tasks).await
            })
            .await;
            let next = match look {
                Ok(Ok(next)) => {
                    was_well = true;
                    next
                }
                Ok(Err(error)) => {
                    if std::mem::replace(&mut was_well, false) {
                        tracing::warn!(%error, "jobs cannot be looked for; they run when the store is back");
                    }
                    None
                }
                Err(_panicked) => None,
            };
            let _ = cancelled.run_until_cancelled(self.rest(next)).await;
        }
    }

    /// What has to be done once, until it has been done, and what has to be done now and then.
    async fn do_chores(&self, chores: &mut Chores) -> Result<(), super::Error> {
        let (store, clock) = (&self.jobs.0.store, &self.jobs.0.clock);
        if !chores.has_recovered {
            let free = store.recover(clock.now()).await?;
            chores.has_recovered = true;
            if free > 0 {
                tracing::warn!(jobs = free, "a process ended in the middle of jobs; they run again");
            }
        }
        while let Some((name, period)) = chores.unplanted.last().copied() {
            let now = clock.now();
            let order = Order {
                name,
                value: serde_json::Value::Null,
                due: later(now, period),
                key: Some(format!("every:{name}")),
                is_replacing: false,
                subject: None,
            };
            store.schedule(&order, now).await?;
            chores.unplanted.pop();
        }
        if chores.counted.is_none_or(|at| clock.instant().saturating_sub(at) >= self.tuning.count) {
            chores.counted = Some(clock.instant());
            let counts = store.counts().await?;
            gauge!("alita_jobs_waiting").set(as_f64(counts.waiting));
            gauge!("alita_jobs_dead").set(as_f64(counts.dead));
        }
        Ok(())
    }

    /// Begins what is due, as far as workers are free, and says when there is something next.
    async fn begin_due(self: &Arc<Self>, tasks: &TaskSet) -> Result<Option<DateTime<Utc>>, super::Error> {
        // Whoever schedules from here on is heard after the look.
        self.jobs.take_soonest();
        let free = self.workers.available_permits();
        if free == 0 {
            self.is_hungry.store(true, Ordering::SeqCst);
            return Ok(None);
        }
        let now = self.jobs.0.clock.now();
        let due = self.jobs.0.store.claim(now, self.tuning.lease, free).await?;
        self.is_hungry.store(due.claims.len() >= free, Ordering::SeqCst);
        for claim in due.claims {
            let Ok(worker) = Arc::clone(&self.workers).acquire_owned().await else { break };
            let (inner, cancelled) = (Arc::clone(self), tasks.cancelled());
            let span = tracing::info_span!("job", job.name = claim.name, job.id = claim.id.get());
            tasks.spawn(NAME, async move { inner.run(claim, worker, &cancelled).await }.instrument(span));
        }
        Ok(due.next)
    }

    /// Waits until it is worth looking again: a job is due, one was scheduled for earlier, a worker became free
    /// while jobs were left, or some time has passed.
    async fn rest(&self, next: Option<DateTime<Utc>>) {
        let clock = &self.jobs.0.clock;
        let began = clock.now();
        let latest = later(began, self.tuning.poll);
        let earliest = later(began, BREATH.min(self.tuning.poll));
        loop {
            let soonest = [next, self.jobs.soonest()].into_iter().flatten().min();
            let until = soonest.map_or(latest, |due| due.clamp(earliest, latest));
            // Nothing is left when the time has come, or when somebody has turned the machine's clock.
            let Ok(left) = (until - clock.now()).to_std() else { return };
            tokio::select! {
                () = clock.sleep(left.min(self.tuning.poll)) => return,
                () = self.freed.notified() => return,
                () = self.jobs.0.wake.notified() => {}
            }
        }
    }

    async fn run(&self, claim: Claim, worker: OwnedSemaphorePermit, cancelled: &CancellationToken) {
        let clock = &self.jobs.0.clock;
        let handler = self.handlers.get(&claim.name);
        let name = handler.map_or(STRANGER, |handler| handler.name);
        let late = (clock.now() - claim.due).to_std().unwrap_or_default();
        histogram!("alita_job_delay_seconds", "job" => name).record(late.as_secs_f64());
        let end = match handler {
            Some(handler) => self.try_it(handler, &claim, cancelled).await,
            None => self.end_of_stranger(&claim),
        };
        let result = match &end {
            End::Done | End::Repeat { .. } => "done",
            End::Retry { .. } => "retried",
            End::Release => "released",
            End::Bury { .. } => "buried",
        };
        counter!("alita_jobs_total", "job" => name, "result" => result).increment(1);
        match self.jobs.0.store.end(&claim, end, clock.now()).await {
            Ok(true) => tracing::debug!(result, "a job has ended"),
            Ok(false) => tracing::debug!(result, "a job has ended that was cancelled or replaced meanwhile"),
            Err(error) => {
                tracing::warn!(%error, result, "how a job ended could not be stored; it runs again");
            }
        }
        drop(worker);
        if self.is_hungry.swap(false, Ordering::SeqCst) {
            self.freed.notify_one();
        }
    }

    /// Runs the job's function, and says how its claim ends.
    async fn try_it(&self, handler: &Handler, claim: &Claim, cancelled: &CancellationToken) -> End {
        if claim.attempt > handler.attempts && handler.period.is_none() {
            let why = format!("it was begun {} times and never ended", handler.attempts);
            return self.end_of_failure(handler, claim, Failure::final_for(why));
        }
        let run = Run::new(claim.id, claim.subject, claim.attempt);
        let clock = &self.jobs.0.clock;
        let work = guarded(handler.name, async { (handler.work)(claim.value.clone(), run).await });
        let grace = async {
            cancelled.cancelled().await;
            clock.limit(self.tuning.grace).await;
        };
        let failure = tokio::select! {
            biased;
            outcome = work => match outcome {
                Ok(Ok(())) => return self.end_of_success(handler),
                Ok(Err(failure)) => failure,
                Err(panicked) => panicked.into(),
            },
            () = clock.limit(self.tuning.limit) => {
                Failure::Passing(format!("it took longer than {:?}", self.tuning.limit).into())
            }
            () = grace => return End::Release,
        };
        self.end_of_failure(handler, claim, failure)
    }

    fn end_of_success(&self, handler: &Handler) -> End {
        match handler.period {
            Some(period) => End::Repeat { due: later(self.jobs.0.clock.now(), period) },
            None => End::Done,
        }
    }

    fn end_of_failure(&self, handler: &Handler, claim: &Claim, failure: Failure) -> End {
        let (is_final, why) = match failure {
            Failure::Passing(error) => (claim.attempt >= handler.attempts, words(error.as_ref())),
            Failure::Final(error) => (true, words(error.as_ref())),
        };
        match handler.period {
            _ if !is_final => self.retry(claim, why),
            Some(period) => {
                tracing::error!(error = why, "a regular job failed; it is left out until its next time");
                End::Repeat { due: later(self.jobs.0.clock.now(), period) }
            }
            None => {
                tracing::error!(attempt = claim.attempt, error = why, "a job is put aside");
                End::Bury { why }
            }
        }
    }

    fn end_of_stranger(&self, claim: &Claim) -> End {
        let why = format!("this release knows no job `{}`", claim.name);
        if claim.attempt < ATTEMPTS_OF_STRANGERS {
            return self.retry(claim, why);
        }
        tracing::error!(error = why, "a job is put aside");
        End::Bury { why }
    }

    fn retry(&self, claim: &Claim, why: String) -> End {
        let pause = self.tuning.backoff.pause(claim.attempt, (self.tuning.chance)());
        tracing::warn!(attempt = claim.attempt, ?pause, error = why, "a job failed and is tried again");
        End::Retry { due: later(self.jobs.0.clock.now(), pause), why }
    }
}

/// What the runner does beside looking for jobs.
struct Chores {
    has_recovered: bool,
    /// Jobs that come again by themselves, as far as their first time is not stored yet.
    unplanted: Vec<(&'static str, Duration)>,
    counted: Option<Duration>,
}

impl Chores {
    fn of(inner: &Inner) -> Self {
        Self { has_recovered: false, unplanted: inner.handlers.periodic().collect(), counted: None }
    }
}

/// An error with its causes, not too long to be stored.
fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    causes.collect::<Vec<_>>().join(": ").chars().take(WHY).collect()
}

/// Gauges are floating point; so many jobs that this matters there will never be.
fn as_f64(count: u64) -> f64 {
    u32::try_from(count).unwrap_or(u32::MAX).into()
}
