//! What must happen later, and survives a restart: durable jobs.
//!
//! A [`Job`] is a value with a name. [`Jobs::schedule`] writes it into a [`JobStore`] with the time when it is due,
//! and the [`Runner`] hands it to the function that was registered under its name. Of several instances on one store
//! exactly one gets it; when that one dies in the middle, its lease ends and another one begins again. So a job may
//! run twice, and its function is written so that this does no harm.
//!
//! Nothing here knows where jobs are kept: a database implements [`JobStore`], and [`MemoryStore`] is for tests and
//! for programs whose jobs need not survive.

mod backoff;
mod handlers;
mod memory;
mod runner;
mod store;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Notify;

pub use self::backoff::Backoff;
pub use self::handlers::{Failure, Handlers, Run};
pub use self::memory::MemoryStore;
pub use self::runner::{Runner, Tuning};
pub use self::store::{Claim, Counts, Due, End, JobId, JobStore, Subject};

use crate::{BoxError, Clock};

/// Something to be done later.
///
/// Its value is stored as JSON and may be read by a later release: add fields with a default, and give a job whose
/// meaning changes another name.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// The name under which it is stored. It never changes.
    const NAME: &'static str;

    /// How often it is begun before it is put aside as a dead letter; with the usual pauses the default takes about
    /// two hours.
    const ATTEMPTS: u32 = 20;
}

/// Why something about a job could not be stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The value has no JSON.
    #[error("the job `{name}` could not be written as JSON")]
    Unwritable {
        /// The name of the job.
        name: &'static str,
        /// What the writer said.
        source: serde_json::Error,
    },
    /// The store refused or did not answer.
    #[error("the store of jobs did not do as it was asked")]
    Store(#[source] BoxError),
}

impl Error {
    /// What a store answers when it fails.
    #[must_use]
    pub fn store(error: impl Into<BoxError>) -> Self {
        Self::Store(error.into())
    }
}

/// A job as it goes into the store.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[must_use]
pub struct Order {
    /// [`Job::NAME`].
    pub name: &'static str,
    /// The job itself.
    pub value: Value,
    /// When it is to run.
    pub due: DateTime<Utc>,
    /// Of all jobs that wait, one has this key.
    pub key: Option<String>,
    /// Whether it takes the place of a job with the same key; otherwise that one stays, and this one is left out.
    pub is_replacing: bool,
    /// What it is about.
    pub subject: Option<Subject>,
}

impl Order {
    /// A job for a time.
    ///
    /// # Errors
    ///
    /// [`Error::Unwritable`].
    pub fn new<J: Job>(job: &J, due: DateTime<Utc>) -> Result<Self, Error> {
        let value =
            serde_json::to_value(job).map_err(|source| Error::Unwritable { name: J::NAME, source })?;
        Ok(Self { name: J::NAME, value, due, key: None, is_replacing: false, subject: None })
    }

    /// Stored only if no job with this key waits; the key also cancels it.
    pub fn once(mut self, key: impl Into<String>) -> Self {
        (self.key, self.is_replacing) = (Some(key.into()), false);
        self
    }

    /// Takes the place of a job with this key that waits, even of one that runs at this moment; the key also
    /// cancels it.
    pub fn instead_of(mut self, key: impl Into<String>) -> Self {
        (self.key, self.is_replacing) = (Some(key.into()), true);
        self
    }

    /// What it is about; the job hears the id that this has by then.
    pub fn about(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }
}

/// Schedules jobs; clones are the same.
#[derive(Clone, Debug)]
pub struct Jobs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<dyn JobStore>,
    clock: Clock,
    /// The earliest job that was scheduled here since the runner looked into the store.
    soonest: Mutex<Option<DateTime<Utc>>>,
    wake: Notify,
}

impl Jobs {
    /// Jobs that are kept in this store.
    #[must_use]
    pub fn new(store: Arc<dyn JobStore>, clock: Clock) -> Self {
        Self(Arc::new(Inner { store, clock, soonest: Mutex::default(), wake: Notify::new() }))
    }

    /// The order for a job that is due when `wait` has passed.
    ///
    /// # Errors
    ///
    /// [`Error::Unwritable`].
    pub fn after<J: Job>(&self, wait: Duration, job: &J) -> Result<Order, Error> {
        Order::new(job, later(self.0.clock.now(), wait))
    }

    /// Stores a job, in one statement, and says whether it was stored: one whose key is taken is left out.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then it may not have been stored.
    pub async fn schedule(&self, order: &Order) -> Result<bool, Error> {
        let is_stored = self.0.store.schedule(order, self.0.clock.now()).await?;
        self.expect(order.due);
        Ok(is_stored)
    }

    /// Takes back the job with this key, and says whether there was one; one that runs already runs to its end.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then the job may still run.
    pub async fn cancel(&self, key: &str) -> Result<bool, Error> {
        self.0.store.cancel(key).await
    }

    /// Lets the runner of this process know that something was stored by another way, so that it is not late.
    pub fn expect(&self, due: DateTime<Utc>) {
        let mut soonest = self.0.soonest.lock().unwrap_or_else(PoisonError::into_inner);
        if soonest.is_none_or(|other| due < other) {
            *soonest = Some(due);
            self.0.wake.notify_one();
        }
    }

    /// Who runs the jobs in this process, with these functions.
    pub fn runner(&self, handlers: Handlers) -> Runner {
        Runner::new(self.clone(), handlers)
    }

    fn soonest(&self) -> Option<DateTime<Utc>> {
        *self.0.soonest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_soonest(&self) {
        *self.0.soonest.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// A time that is so much later, or the end of time.
fn later(now: DateTime<Utc>, wait: Duration) -> DateTime<Utc> {
    let wait = TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX);
    now.checked_add_signed(wait).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
