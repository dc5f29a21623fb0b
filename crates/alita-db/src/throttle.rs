//! Remembers what was written of late, so that the same fact is written once in five minutes.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use alita_runtime::Clock;
use foldhash::quality::RandomState;

/// How long a mark keeps the same fact from being written again.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5 * 60);

/// How many marks one generation holds; there are two.
const CAPACITY: usize = 50_000;

/// How long a fact that was written need not be written again as a whole: until then only its time moves on.
///
/// Another process may have written something else meanwhile, so it is written again some day.
const WHOLE: Duration = Duration::from_secs(60 * 60);

/// Marks by key: which fact was written, and when.
///
/// **Invariant:** never more than two full generations; when the newer one is full, the older one is forgotten.
#[derive(Debug)]
pub(crate) struct Throttle<K> {
    clock: Clock,
    hasher: RandomState,
    marks: Mutex<Marks<K>>,
}

#[derive(Debug)]
struct Marks<K> {
    newer: HashMap<K, Mark, RandomState>,
    older: HashMap<K, Mark, RandomState>,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    fact: u64,
    at: Duration,
    /// When it was last written as a whole.
    written: Duration,
}

impl<K: Copy + Eq + Hash> Throttle<K> {
    pub(crate) fn new(clock: Clock) -> Self {
        let marks = Marks { newer: HashMap::default(), older: HashMap::default() };
        Self { clock, hasher: RandomState::default(), marks: Mutex::new(marks) }
    }

    /// The right to write this fact down, or `None` when it was written less than [`INTERVAL`] ago.
    ///
    /// Of many who ask at the same time one gets it.
    pub(crate) fn claim(&self, key: K, fact: &(impl Hash + ?Sized)) -> Option<Claim<'_, K>> {
        let now = self.clock.instant();
        let mut mark = Mark { fact: self.hasher.hash_one(fact), at: now, written: now };
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let last = marks.newer.get(&key).or_else(|| marks.older.get(&key));
        let same = last.filter(|last| last.fact == mark.fact);
        if same.is_some_and(|last| now < last.at + INTERVAL) {
            return None;
        }
        let known = same.filter(|last| now < last.written + WHOLE);
        if let Some(last) = known {
            mark.written = last.written;
        }
        let is_refresh = known.is_some();
        if marks.newer.len() >= CAPACITY {
            marks.older = mem::take(&mut marks.newer);
        }
        marks.newer.insert(key, mark);
        Some(Claim { throttle: self, key, is_refresh, is_done: false })
    }

    /// Forgets the marks that keep nothing from being written any more; says how many are left.
    pub(crate) fn sweep(&self) -> usize {
        let now = self.clock.instant();
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let Marks { newer, older } = &mut *marks;
        for generation in [&mut *newer, &mut *older] {
            generation.retain(|_, mark| now < mark.at + INTERVAL);
            generation.shrink_to_fit();
        }
        newer.len() + older.len()
    }

    /// Lets the next one write, whatever was written before.
    pub(crate) fn forget(&self, key: &K) {
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        marks.newer.remove(key);
        marks.older.remove(key);
    }
}

/// The right to write one fact down. Dropped without [`Claim::done`], the next one may try again.
#[derive(Debug)]
pub(crate) struct Claim<'a, K: Copy + Eq + Hash> {
    throttle: &'a Throttle<K>,
    key: K,
    is_refresh: bool,
    is_done: bool,
}

impl<K: Copy + Eq + Hash> Claim<'_, K> {
    /// Gives the claim back when something else has to be written than the time; else `note` takes the time, unless
    /// it has no room for it.
    pub(crate) fn or_behind(self, note: impl FnOnce() -> bool) -> Option<Self> {
        if self.is_refresh && note() {
            self.done();
            return None;
        }
        Some(self)
    }

    pub(crate) fn done(mut self) {
        self.is_done = true;
    }
}

impl<K: Copy + Eq + Hash> Drop for Claim<'_, K> {
    fn drop(&mut self) {
        if !self.is_done {
            self.throttle.forget(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_fact_is_written_once_until_it_changes_or_time_passes() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let throttle = Throttle::new(clock.clone());
        throttle.claim(1, "Ada").expect("the first").done();
        assert!(throttle.claim(1, "Ada").is_none());
        throttle.claim(2, "Ada").expect("another key").done();
        throttle.claim(1, "Ada L.").expect("another fact").done();
        clock.advance(INTERVAL);
        assert!(throttle.claim(1, "Ada L.").expect("time has passed").or_behind(|| true).is_none());
        assert!(throttle.claim(1, "Ada L.").is_none(), "the time was noted");
        clock.advance(INTERVAL);
        throttle
            .claim(1, "Ada L.")
            .expect("more time")
            .or_behind(|| false)
            .expect("there was no room")
            .done();
        throttle
            .claim(1, "Ada")
            .expect("a fact")
            .or_behind(|| true)
            .expect("a changed fact is written")
            .done();
        clock.advance(WHOLE);
        throttle.claim(1, "Ada").expect("much time").or_behind(|| true).expect("it is written again").done();
        drop(throttle.claim(3, "Bob").expect("the first"));
        assert!(throttle.claim(3, "Bob").is_some(), "a failed write leaves no mark");
    }

    #[test]
    fn marks_that_have_served_are_swept() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let throttle = Throttle::new(clock.clone());
        throttle.claim(1, "Ada").expect("the first").done();
        clock.advance(INTERVAL / 2);
        throttle.claim(2, "Bob").expect("the first").done();
        clock.advance(INTERVAL / 2);
        assert_eq!(throttle.sweep(), 1);
        assert!(throttle.claim(2, "Bob").is_none() && throttle.claim(1, "Ada").is_some());
    }

    #[test]
    fn marks_are_bounded() {
        let throttle = Throttle::new(Clock::manual(DateTime::UNIX_EPOCH));
        for key in 0..CAPACITY * 3 {
            throttle.claim(key, "").expect("each key is new").done();
        }
        let marks = throttle.marks.lock().unwrap();
        assert!(marks.newer.len() + marks.older.len() <= 2 * CAPACITY);
    }
}
