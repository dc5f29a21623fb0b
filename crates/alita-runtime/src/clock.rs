//! The one place that asks for the time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use tokio::sync::watch;

/// Tells the time and waits for it; cheap to clone, and every clone is the same clock.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    System { made: Instant },
    Manual { start: Arc<Mutex<DateTime<Utc>>>, elapsed: Arc<watch::Sender<Duration>>, dues: Dues },
}

/// When the sleepers of a manual clock want to be woken.
type Dues = Arc<Mutex<Vec<Duration>>>;

impl Clock {
    /// The clock of the machine.
    #[must_use]
    pub fn system() -> Self {
        Self(Kind::System { made: Instant::now() })
    }

    /// A clock that stands at `start` until [`Clock::advance`] turns it.
    #[must_use]
    pub fn manual(start: DateTime<Utc>) -> Self {
        let elapsed = Arc::new(watch::Sender::new(Duration::ZERO));
        let start = Arc::new(Mutex::new(start));
        Self(Kind::Manual { start, elapsed, dues: Dues::default() })
    }

    /// The time now, cut to microseconds.
    ///
    /// PostgreSQL keeps no more than that, so a time that was written and read again compares equal.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let now = match &self.0 {
            Kind::System { .. } => system_now(),
            Kind::Manual { start, elapsed, .. } => {
                let passed = TimeDelta::from_std(*elapsed.borrow()).unwrap_or(TimeDelta::MAX);
                let start = *start.lock().unwrap_or_else(PoisonError::into_inner);
                start.checked_add_signed(passed).unwrap_or(DateTime::<Utc>::MAX_UTC)
            }
        };
        now.trunc_subsecs(6)
    }

    /// Waits until `duration` has passed on this clock.
    pub async fn sleep(&self, duration: Duration) {
        match &self.0 {
            Kind::System { .. } => tokio::time::sleep(duration).await,
            Kind::Manual { elapsed, dues, .. } => {
                let due = elapsed.borrow().saturating_add(duration);
                let _bed = Bed::take(dues, due);
                reached(elapsed, due).await;
            }
        }
    }

    /// Waits as [`Clock::sleep`] does, but beside something that is going on and may take no longer: that is no
    /// sleeper, for the work may end before the clock is turned.
    pub async fn limit(&self, duration: Duration) {
        self.limit_until(self.instant().saturating_add(duration)).await;
    }

    /// Waits as [`Clock::limit`] does, until [`Clock::instant`] is at least `due`.
    pub async fn limit_until(&self, due: Duration) {
        match &self.0 {
            Kind::System { made } => tokio::time::sleep(due.saturating_sub(made.elapsed())).await,
            Kind::Manual { elapsed, .. } => reached(elapsed, due).await,
        }
    }

    /// Turns a manual clock forward and wakes whoever is due; a system clock is not moved.
    pub fn advance(&self, duration: Duration) {
        match &self.0 {
            Kind::System { .. } => debug_assert!(false, "only a manual clock can be advanced"),
            Kind::Manual { elapsed, .. } => {
                elapsed.send_modify(|passed| *passed = passed.saturating_add(duration));
            }
        }
    }

    /// Sets the time of a manual clock forward or back, as a correction over the network does. No time passes by it:
    /// nobody wakes up, and [`Clock::instant`] stays where it is. A system clock is not moved.
    pub fn correct(&self, by: TimeDelta) {
        match &self.0 {
            Kind::System { .. } => debug_assert!(false, "only a manual clock can be corrected"),
            Kind::Manual { start, .. } => {
                let mut start = start.lock().unwrap_or_else(PoisonError::into_inner);
                *start = start.checked_add_signed(by).unwrap_or(*start);
            }
        }
    }

    /// How many tasks sleep until a manual clock is turned further; 0 for a system clock.
    ///
    /// A test that waits for work to end need not wait for these.
    #[must_use]
    pub fn sleepers(&self) -> usize {
        match &self.0 {
            Kind::System { .. } => 0,
            Kind::Manual { elapsed, dues, .. } => {
                let now = *elapsed.borrow();
                dues.lock().unwrap_or_else(PoisonError::into_inner).iter().filter(|due| **due > now).count()
            }
        }
    }

    /// The time that has passed since the clock was made; it never goes back.
    #[must_use]
    pub fn instant(&self) -> Duration {
        match &self.0 {
            Kind::System { made } => made.elapsed(),
            Kind::Manual { elapsed, .. } => *elapsed.borrow(),
        }
    }
}

/// Waits until a manual clock shows at least `due`.
async fn reached(elapsed: &watch::Sender<Duration>, due: Duration) {
    // The sender lives as long as the clock that waits, so the wait cannot fail.
    let _ = elapsed.subscribe().wait_for(|passed| *passed >= due).await;
}

/// A sleeper's entry among the dues; it leaves however the sleep ends.
struct Bed<'a> {
    dues: &'a Dues,
    due: Duration,
}

impl<'a> Bed<'a> {
    fn take(dues: &'a Dues, due: Duration) -> Self {
        dues.lock().unwrap_or_else(PoisonError::into_inner).push(due);
        Self { dues, due }
    }
}

impl Drop for Bed<'_> {
    fn drop(&mut self) {
        let mut dues = self.dues.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = dues.iter().position(|due| *due == self.due) {
            dues.swap_remove(at);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else asks")]
fn system_now() -> DateTime<Utc> {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 123_456_789).expect("a valid time")
    }

    #[test]
    fn a_manual_clock_stands_until_it_is_turned() {
        let clock = Clock::manual(start());
        assert_eq!(clock.now(), clock.now());
        clock.clone().advance(Duration::from_secs(90));
        assert_eq!(clock.now(), (start() + TimeDelta::seconds(90)).trunc_subsecs(6));
        assert_eq!(clock.instant(), Duration::from_secs(90));
    }

    #[test]
    fn time_is_cut_to_microseconds() {
        assert_eq!(Clock::manual(start()).now().timestamp_subsec_nanos(), 123_456_000);
        assert_eq!(Clock::system().now().timestamp_subsec_nanos() % 1000, 0);
    }

    #[test]
    fn turning_it_too_far_stays_at_the_end_of_time() {
        let clock = Clock::manual(start());
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), DateTime::<Utc>::MAX_UTC.trunc_subsecs(6));
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_its_time_has_come_and_not_before() {
        let clock = Clock::manual(start());
        let mut sleep = std::pin::pin!(clock.sleep(Duration::from_secs(10)));
        assert!(futures_util::poll!(sleep.as_mut()).is_pending());
        clock.advance(Duration::from_secs(9));
        assert!(futures_util::poll!(sleep.as_mut()).is_pending());
        assert_eq!(clock.sleepers(), 1);
        clock.advance(Duration::from_secs(1));
        assert_eq!(clock.sleepers(), 0);
        sleep.await;
    }

    #[tokio::test]
    async fn a_limit_is_no_sleeper() {
        let clock = Clock::manual(start());
        let mut limit = std::pin::pin!(clock.limit(Duration::from_secs(10)));
        assert!(futures_util::poll!(limit.as_mut()).is_pending());
        assert_eq!(clock.sleepers(), 0);
        clock.advance(Duration::from_secs(10));
        limit.await;
    }
}
