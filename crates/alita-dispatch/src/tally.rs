//! What was handled and what went wrong, for whoever reports it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::app::App;
use crate::dispatcher::Dispatcher;
use crate::meters::Meters;

/// What kind of fault ended a handler; the words are labels of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FaultClass {
    /// Telegram said no, as it does every day.
    TelegramExpected,
    /// Telegram said something else, or nothing.
    Telegram,
    /// The database.
    Database,
    /// Redis.
    Cache,
    /// Anything else: a fault of ours.
    Internal,
}

impl FaultClass {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::TelegramExpected, Self::Telegram, Self::Database, Self::Cache, Self::Internal];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TelegramExpected => "telegram_expected",
            Self::Telegram => "telegram",
            Self::Database => "database",
            Self::Cache => "cache",
            Self::Internal => "internal",
        }
    }
}

/// Counts of one dispatcher.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) in_flight: AtomicUsize,
    handled: AtomicU64,
    /// Looks whether a chat lets the bot write: those that said no, and those that said yes.
    pub(crate) restricted: (AtomicU64, AtomicU64),
    faults: [AtomicU64; FaultClass::ALL.len()],
}

impl Tally {
    pub(crate) fn handled(&self) {
        self.handled.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self, class: FaultClass) {
        for (count, _) in self.faults.iter().zip(FaultClass::ALL).filter(|(_, other)| *other == class) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// An update that is being handled; it is counted however that ends.
#[derive(Debug)]
pub(crate) struct InFlight<'a>(&'a Tally, &'a Meters);

impl<'a> InFlight<'a> {
    pub(crate) fn begin(tally: &'a Tally, meters: &'a Meters) -> Self {
        tally.in_flight.fetch_add(1, Ordering::Relaxed);
        meters.in_flight().increment(1.0);
        Self(tally, meters)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.0.handled();
        self.1.in_flight().decrement(1.0);
    }
}

/// How busy a dispatcher is, and what it has done since it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Figures {
    /// Updates that were handled.
    pub handled: u64,
    /// Handlers that failed, by the class of their fault.
    pub faults: BTreeMap<&'static str, u64>,
    /// Looks whether a chat lets the bot write: those that said no, and those that said yes.
    pub restricted: (u64, u64),
    /// Updates that are being handled.
    pub in_flight: usize,
    /// How many may be handled at once.
    pub permits: usize,
    /// For how long no permit has been free.
    pub full_for: Duration,
    /// Senders with updates that are not handled yet.
    pub lanes: usize,
    /// Chats whose share of the permits is remembered.
    pub chats: usize,
}

impl<A: App> Dispatcher<A> {
    /// How busy it is, and what it has done.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let tally = self.tally();
        let counts = tally.faults.iter().map(|count| count.load(Ordering::Relaxed));
        Figures {
            handled: tally.handled.load(Ordering::Relaxed),
            faults: FaultClass::ALL.iter().map(|class| class.as_str()).zip(counts).collect(),
            restricted: (
                tally.restricted.0.load(Ordering::Relaxed),
                tally.restricted.1.load(Ordering::Relaxed),
            ),
            in_flight: tally.in_flight.load(Ordering::Relaxed),
            permits: self.permits().limit(),
            full_for: self.permits().full_for(),
            lanes: self.busy_lanes(),
            chats: self.known_chats(),
        }
    }

    /// How many updates may be handled at once; what is being handled is not disturbed.
    pub fn set_permits(&self, limit: usize) {
        self.permits().set_limit(limit);
    }
}
