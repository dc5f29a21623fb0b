//! Where jobs are kept: what the runner asks of a store.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Error, Order};

/// The number of a stored job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(i64);

impl JobId {
    /// The job with this number.
    #[must_use]
    pub const fn new(id: i64) -> Self {
        Self(id)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for JobId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// The id of what a job is about, for example of a group. The store changes it when the thing gets another id while
/// the job waits, so it does not stand in the job itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject(i64);

impl Subject {
    /// The thing with this id.
    #[must_use]
    pub const fn new(id: i64) -> Self {
        Self(id)
    }

    /// The id.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// A job in the hands of the one who runs it.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Its number.
    pub id: JobId,
    /// Which turn of the job this is. It is another one whenever the job is claimed or replaced, so whoever holds an
    /// old claim ends nothing any more.
    pub turn: i64,
    /// Its name, which this program may not know.
    pub name: String,
    /// The job as it was stored.
    pub value: Value,
    /// What it is about.
    pub subject: Option<Subject>,
    /// When it was to run.
    pub due: DateTime<Utc>,
    /// How often it was begun, this time included.
    pub attempt: u32,
}

/// What a look into the store brings.
#[derive(Clone, Debug, Default)]
pub struct Due {
    /// Jobs that are ours until the lease ends.
    pub claims: Vec<Claim>,
    /// When the next one is due, if the store knows.
    pub next: Option<DateTime<Utc>>,
}

/// How a claim ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It is done and gone.
    Done,
    /// It failed and is tried again.
    Retry {
        /// When.
        due: DateTime<Utc>,
        /// Why it failed.
        why: String,
    },
    /// It is done and comes again, as if it were new.
    Repeat {
        /// When.
        due: DateTime<Utc>,
    },
    /// Nobody finished it, and it is no fault of its own: it is due at once, and the attempt does not count.
    Release,
    /// It is put aside until an operator looks at it.
    Bury {
        /// Why.
        why: String,
    },
}

/// How many jobs there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// They wait for their time, or run.
    pub waiting: u64,
    /// They were put aside.
    pub dead: u64,
}

/// Keeps jobs. Every call is whole or not at all, also when several instances call at once.
#[async_trait]
pub trait JobStore: fmt::Debug + Send + Sync + 'static {
    /// Stores a job and says whether it did, see [`Order::once`] and [`Order::instead_of`].
    async fn schedule(&self, order: &Order, now: DateTime<Utc>) -> Result<bool, Error>;

    /// Takes back the waiting job with this key, and says whether there was one.
    async fn cancel(&self, key: &str) -> Result<bool, Error>;

    /// Claims at most `limit` jobs that are due and that nobody holds, the oldest first, until `lease` has passed.
    async fn claim(&self, now: DateTime<Utc>, lease: Duration, limit: usize) -> Result<Due, Error>;

    /// Ends a claim; `false` when it was no longer the job's turn, and then nothing was changed.
    async fn end(&self, claim: &Claim, end: End, now: DateTime<Utc>) -> Result<bool, Error>;

    /// How many jobs there are.
    async fn counts(&self) -> Result<Counts, Error>;

    /// Called once, before anything is claimed: where only one process can use the store, whatever is claimed was
    /// claimed by one that is dead, and is free again. Says how many jobs that were.
    async fn recover(&self, now: DateTime<Utc>) -> Result<u64, Error>;
}
