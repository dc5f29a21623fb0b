//! Stops asking a Redis that does not answer.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// So many failures...
const FAILURES: u32 = 5;
/// ...within this time...
const WINDOW: Duration = Duration::from_secs(10);
/// ...and nobody is asked for this long.
const PAUSE: Duration = Duration::from_secs(5);

/// Counts failures; times are what the clock says has passed.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    failures: u32,
    since: Duration,
    closed_until: Duration,
}

impl Breaker {
    /// May Redis be asked?
    pub(crate) fn lets_through(&self, now: Duration) -> bool {
        now >= self.lock().closed_until
    }

    /// Redis answered, or came back: everybody may ask again.
    pub(crate) fn succeeded(&self) {
        *self.lock() = Counted::default();
    }

    /// Redis did not answer; returns whether this failure began a pause.
    pub(crate) fn failed(&self, now: Duration) -> bool {
        let mut counted = self.lock();
        if now < counted.closed_until {
            return false;
        }
        if now.saturating_sub(counted.since) > WINDOW {
            counted.failures = 0;
        }
        if counted.failures == 0 {
            counted.since = now;
        }
        counted.failures += 1;
        let pause = counted.failures >= FAILURES;
        if pause {
            // After the pause a single failure begins the next one.
            counted.failures = FAILURES - 1;
            counted.closed_until = now + PAUSE;
            counted.since = counted.closed_until;
        }
        pause
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn five_failures_in_ten_seconds_begin_a_pause_of_five() {
        let breaker = Breaker::default();
        assert_eq!(
            [0, 1, 2, 3, 10].map(|second| breaker.failed(at(second))),
            [false, false, false, false, true]
        );
        assert!(!breaker.lets_through(at(14)) && breaker.lets_through(at(15)));
        assert!(breaker.failed(at(15)), "still down: the next pause begins at once");
        breaker.succeeded();
        assert!(breaker.lets_through(at(15)) && !breaker.failed(at(15)));
    }

    #[test]
    fn rare_failures_begin_none() {
        let breaker = Breaker::default();
        assert!((0..50).all(|n| !breaker.failed(at(n * 4))));
    }
}
