//! How many updates are handled at once: a limit that can be lowered while every permit is in use.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alita_runtime::Clock;
use tokio::sync::Semaphore;

/// Permits to handle an update; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Permits(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    free: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limit: usize,
    /// Permits that are in use and beyond the limit: they vanish when they come back.
    owed: usize,
    /// Since when no permit has been free.
    full_since: Option<Duration>,
}

impl Permits {
    pub(crate) fn new(limit: usize, clock: Clock) -> Self {
        let limit = limit.clamp(1, Semaphore::MAX_PERMITS);
        let state = State { limit, owed: 0, full_since: None };
        let inner = Self(Arc::new(Inner { clock, free: Semaphore::new(limit), state: Mutex::new(state) }));
        metrics::gauge!("alita_dispatcher_permits").set(as_gauge(limit));
        inner
    }

    /// Waits for a permit.
    pub(crate) async fn acquire(&self) -> Permit {
        // The semaphore is never closed, so this only waits.
        if let Ok(permit) = self.0.free.acquire().await {
            permit.forget();
        }
        let mut state = self.0.state();
        if self.0.free.available_permits() == 0 && state.full_since.is_none() {
            state.full_since = Some(self.0.clock.instant());
        }
        drop(state);
        Permit(Arc::clone(&self.0))
    }

    /// The limit that is in force.
    pub(crate) fn limit(&self) -> usize {
        self.0.state().limit
    }

    /// Changes the limit; what is being handled is not disturbed.
    pub(crate) fn set_limit(&self, limit: usize) {
        let limit = limit.clamp(1, Semaphore::MAX_PERMITS);
        let mut state = self.0.state();
        if limit < state.limit {
            let surplus = state.limit - limit;
            state.owed += surplus - self.0.free.forget_permits(surplus);
        } else {
            let more = limit - state.limit;
            let kept = more.min(state.owed);
            state.owed -= kept;
            self.0.free.add_permits(more - kept);
        }
        state.limit = limit;
        metrics::gauge!("alita_dispatcher_permits").set(as_gauge(limit));
    }

    /// For how long no permit has been free.
    pub(crate) fn full_for(&self) -> Duration {
        let since = self.0.state().full_since;
        since.map_or(Duration::ZERO, |since| self.0.clock.instant().saturating_sub(since))
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to handle one update; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Permit(Arc<Inner>);

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if state.owed > 0 {
            state.owed -= 1;
            return;
        }
        self.0.free.add_permits(1);
        if self.0.free.available_permits() > 0 {
            state.full_since = None;
        }
    }
}

fn as_gauge(limit: usize) -> f64 {
    f64::from(u32::try_from(limit).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use futures_util::poll;

    use super::*;

    fn permits(limit: usize) -> (Permits, Clock) {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        (Permits::new(limit, clock.clone()), clock)
    }

    #[tokio::test]
    async fn a_lower_limit_holds_as_soon_as_permits_come_back() {
        let (permits, _) = permits(3);
        let (first, second, third) =
            (permits.acquire().await, permits.acquire().await, permits.acquire().await);
        permits.set_limit(1);
        drop((first, second));
        let mut next = std::pin::pin!(permits.acquire());
        assert!(poll!(next.as_mut()).is_pending(), "one is still in use, and one is the limit");
        drop(third);
        let next = next.await;
        permits.set_limit(2);
        let more = permits.acquire().await;
        assert!(poll!(std::pin::pin!(permits.acquire())).is_pending());
        drop((next, more));
        assert_eq!((permits.limit(), permits.0.free.available_permits()), (2, 2));
    }

    #[tokio::test]
    async fn a_limit_that_comes_back_before_the_permits_do_owes_nothing() {
        let (permits, _) = permits(4);
        let held = [permits.acquire().await, permits.acquire().await, permits.acquire().await];
        permits.set_limit(1);
        permits.set_limit(4);
        drop(held);
        assert_eq!(permits.0.free.available_permits(), 4);
    }

    #[tokio::test]
    async fn it_knows_for_how_long_it_has_been_full() {
        let (permits, clock) = permits(1);
        assert_eq!(permits.full_for(), Duration::ZERO);
        let held = permits.acquire().await;
        let mut waiting = std::pin::pin!(permits.acquire());
        assert!(poll!(waiting.as_mut()).is_pending());
        clock.advance(Duration::from_secs(40));
        drop(held);
        let held = waiting.await;
        clock.advance(Duration::from_secs(30));
        assert_eq!(permits.full_for(), Duration::from_secs(70), "nobody found a free one in between");
        drop(held);
        assert_eq!(permits.full_for(), Duration::ZERO);
    }
}
