//! Which function runs which job.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::{Job, JobId, Subject};
use crate::BoxError;

/// What a job hears of itself beside its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Run {
    /// Its number in the store.
    pub id: JobId,
    /// What it is about.
    pub subject: Option<Subject>,
    /// How often it was begun, this time included.
    pub attempt: u32,
}

impl Run {
    pub(super) const fn new(id: JobId, subject: Option<Subject>, attempt: u32) -> Self {
        Self { id, subject, attempt }
    }
}

/// A job did not do what it is for. Every error turns into a passing failure with `?`.
#[derive(Debug)]
pub enum Failure {
    /// It may go well another time.
    Passing(BoxError),
    /// It will never go well.
    Final(BoxError),
}

impl Failure {
    /// It will never go well, so it is put aside for the operator at once.
    #[must_use]
    pub fn final_for(error: impl Into<BoxError>) -> Self {
        Self::Final(error.into())
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Passing(Box::new(error))
    }
}

type Work = Arc<dyn Fn(Value, Run) -> BoxFuture<'static, Result<(), Failure>> + Send + Sync>;

/// A registered function.
#[derive(Clone)]
pub(super) struct Handler {
    pub(super) name: &'static str,
    pub(super) attempts: u32,
    /// A job that comes again by itself.
    pub(super) period: Option<Duration>,
    pub(super) work: Work,
}

/// The functions of all jobs, by name.
#[derive(Default)]
#[must_use]
pub struct Handlers(BTreeMap<&'static str, Handler>);

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Handlers {
    /// No functions yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers what a job does. It may be called twice for the same job, and then does no harm.
    pub fn on<J, F, Fut>(self, work: F) -> Self
    where
        J: Job,
        F: Fn(J, Run) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let work = Arc::new(work);
        self.insert(Handler {
            name: J::NAME,
            attempts: J::ATTEMPTS.max(1),
            period: None,
            work: Arc::new(move |value, run| {
                let work = Arc::clone(&work);
                async move {
                    let job = serde_json::from_value(value).map_err(Failure::final_for)?;
                    work(job, run).await
                }
                .boxed()
            }),
        })
    }

    /// Registers what happens again and again, once in a period however many instances there are.
    ///
    /// The first time is a period after the first start; a run that fails is tried again, and given up until the
    /// next period.
    pub fn every<F, Fut>(self, name: &'static str, period: Duration, work: F) -> Self
    where
        F: Fn(Run) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let work = move |_: Value, run: Run| work(run).boxed();
        self.insert(Handler { name, attempts: PERIODIC_ATTEMPTS, period: Some(period), work: Arc::new(work) })
    }

    fn insert(mut self, handler: Handler) -> Self {
        let name = handler.name;
        if self.0.insert(name, handler).is_some() {
            tracing::error!(job = name, "two functions are registered for this job; the second one counts");
            debug_assert!(false, "two functions are registered for the job {name}");
        }
        self
    }

    pub(super) fn get(&self, name: &str) -> Option<&Handler> {
        self.0.get(name)
    }

    /// What comes again by itself, and how often.
    pub(super) fn periodic(&self) -> impl Iterator<Item = (&'static str, Duration)> {
        self.0.values().filter_map(|handler| Some((handler.name, handler.period?)))
    }
}

/// A minute of trying; then the next period is soon enough.
const PERIODIC_ATTEMPTS: u32 = 6;
