//! Statistics in the background: a look each half minute, and a line in the log each five minutes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use alita_runtime::{Clock, Pause, TaskSet};

use super::reading::{Look, Reading, megabytes};

const SAMPLE: Duration = Duration::from_secs(30);
const POOL: Duration = Duration::from_secs(60);
const REPORT: Duration = Duration::from_secs(5 * 60);

/// They are already being collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the background statistics are already running")]
pub struct AlreadyRunning;

/// The collector; clones are the same.
#[derive(Clone)]
pub struct Stats(Arc<Inner>);

struct Inner {
    clock: Clock,
    look: Look,
    pause: Pause,
    is_running: AtomicBool,
    latest: Mutex<Option<Reading>>,
}

impl std::fmt::Debug for Stats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stats").field("latest", &self.latest()).finish_non_exhaustive()
    }
}

impl Stats {
    /// A collector that reads through `look`, and leaves out its turns while `pause` is on.
    #[must_use]
    pub fn new(clock: Clock, look: Look, pause: Pause) -> Self {
        let (is_running, latest) = (AtomicBool::new(false), Mutex::default());
        Self(Arc::new(Inner { clock, look, pause, is_running, latest }))
    }

    /// Begins to collect, with the first look at once; ends with the task set, and then says its last line.
    ///
    /// # Errors
    ///
    /// [`AlreadyRunning`] the second time.
    pub fn start(&self, tasks: &TaskSet) -> Result<(), AlreadyRunning> {
        if self.0.is_running.swap(true, Ordering::AcqRel) {
            return Err(AlreadyRunning);
        }
        let clock = &self.0.clock;
        let stats = self.clone();
        tasks.at_once_and_every("stats sample", clock, SAMPLE, move || {
            let stats = stats.clone();
            async move { stats.sample().await }
        });
        let stats = self.clone();
        tasks.every("stats pool", clock, POOL, move || {
            stats.tell_pool();
            std::future::ready(())
        });
        let stats = self.clone();
        tasks.every("stats report", clock, REPORT, move || {
            stats.tell("background statistics");
            std::future::ready(())
        });
        let (stats, cancelled) = (self.clone(), tasks.cancelled());
        tasks.spawn("stats end", async move {
            cancelled.cancelled().await;
            stats.tell("background statistics end");
            stats.0.is_running.store(false, Ordering::Release);
        });
        Ok(())
    }

    /// What was seen last.
    #[must_use]
    pub fn latest(&self) -> Option<Reading> {
        self.0.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn sample(&self) {
        if self.0.pause.is_on() {
            return;
        }
        let reading = Reading::take(&self.0.look, &self.0.clock).await;
        metrics::gauge!("alita_scheduler_lag_seconds").set(reading.lag.as_secs_f64());
        tracing::debug!(
            tasks = reading.tasks,
            resident_mb = megabytes(reading.resident),
            lag_ms = reading.lag.as_millis(),
            handled = reading.handled,
            "a look at ourselves"
        );
        *self.0.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
    }

    fn tell_pool(&self) {
        if let Some(pool) = self.latest().map(|reading| reading.pool).filter(|_| !self.0.pause.is_on()) {
            tracing::debug!(open = pool.open, idle = pool.idle, waiting = pool.waiting, "the database pool");
        }
    }

    fn tell(&self, message: &'static str) {
        let Some(reading) = self.latest() else { return };
        let errors = &reading.errors;
        let (hits, misses) = reading.restricted;
        tracing::info!(
            tasks = reading.tasks,
            allocated_mb = reading.allocated.map(megabytes),
            resident_mb = megabytes(reading.resident),
            peak_mb = megabytes(reading.peak),
            lag_ms = reading.lag.as_millis(),
            cpus = reading.cpus,
            handled = reading.handled,
            errors = reading.errors_total(),
            ?errors,
            restricted_hits = hits,
            restricted_misses = misses,
            db_open = reading.pool.open,
            db_idle = reading.pool.idle,
            uptime_hours = self.0.clock.instant().as_secs() / 3_600,
            "{message}"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use chrono::DateTime;

    use super::*;

    #[tokio::test]
    async fn the_first_look_is_at_once_and_a_second_start_is_refused() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let looks = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&looks);
        let look: Look = Arc::new(move || {
            let handled = count.fetch_add(1, Ordering::Relaxed) + 1;
            Reading { handled, resident: 5 << 20, ..Reading::default() }
        });
        let (tasks, pause) = (TaskSet::new(), Pause::new());
        let stats = Stats::new(clock.clone(), look, pause.clone());
        stats.start(&tasks).expect("the first start");
        assert_eq!(stats.start(&tasks), Err(AlreadyRunning));
        // The nap of the first look, and the three waits.
        turn(&clock, 3).await;
        clock.advance(Duration::from_millis(150));
        turn(&clock, 3).await;
        let seen = stats.latest().expect("a reading");
        assert_eq!((seen.handled, seen.resident, seen.lag), (1, 5 << 20, Duration::from_millis(50)));
        assert!(seen.cpus > 0);

        pause.set(true);
        clock.advance(SAMPLE);
        turn(&clock, 3).await;
        assert_eq!(looks.load(Ordering::Relaxed), 1, "a turn was left out");
        pause.set(false);
        clock.advance(SAMPLE);
        turn(&clock, 3).await;
        clock.advance(Duration::from_millis(100));
        turn(&clock, 3).await;
        assert_eq!(stats.latest().map(|reading| reading.handled), Some(2));
        assert!(tasks.close(Duration::from_secs(5)).await.is_empty());
        assert!(!stats.0.is_running.load(Ordering::Acquire));
    }

    /// Lets the tasks work until so many of them sleep.
    async fn turn(clock: &Clock, sleepers: usize) {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(clock.sleepers(), sleepers);
    }
}
