//! So many requests a second, then 429.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use alita_runtime::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

/// Governor on our clock, which a test can turn.
#[derive(Clone, Debug)]
struct OurClock(Clock);

impl governor::clock::Clock for OurClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.instant()
    }
}

/// The limit of one route.
pub(super) struct Rate(RateLimiter<NotKeyed, InMemoryState, OurClock, NoOpMiddleware<Duration>>);

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rate")
    }
}

impl Rate {
    pub(super) fn per_second(most: NonZeroU32, clock: &Clock) -> Self {
        Self(RateLimiter::direct_with_clock(Quota::per_second(most), OurClock(clock.clone())))
    }

    /// May one more be answered now?
    pub(super) fn allows(&self) -> bool {
        self.0.check().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn ten_a_second_and_then_one_each_tenth() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let rate = Rate::per_second(NonZeroU32::new(10).expect("not zero"), &clock);
        assert_eq!((0..30).filter(|_| rate.allows()).count(), 10);
        clock.advance(Duration::from_millis(100));
        assert_eq!((0..30).filter(|_| rate.allows()).count(), 1);
    }
}
