//! What happened so far.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a cache has done since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Questions sent to Redis.
    pub redis_round_trips: u64,
    /// Values found in the process.
    pub l1_hits: u64,
    /// Values not found in the process.
    pub l1_misses: u64,
    /// Times a loader ran.
    pub loads: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counting {
    pub(crate) redis_round_trips: Count,
    pub(crate) l1_hits: Count,
    pub(crate) l1_misses: Count,
    pub(crate) loads: Count,
}

#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counting {
    pub(crate) fn read(&self) -> Counters {
        Counters {
            redis_round_trips: self.redis_round_trips.get(),
            l1_hits: self.l1_hits.get(),
            l1_misses: self.l1_misses.get(),
            loads: self.loads.get(),
        }
    }
}
