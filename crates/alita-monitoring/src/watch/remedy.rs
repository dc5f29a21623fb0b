//! What is done about too much load: the highest tier that applies, one action a minute, each at most every five.
//!
//! | Tier | When, twice in a row | What |
//! |---|---|---|
//! | 0 | more than 80 % of the tasks or 50 % of the memory; the dispatcher full for 60 s, somebody waiting 30 s for a connection, 5000 calls waiting for Telegram | a warning with figures |
//! | 1 | more than 60 % of the memory, or a lag of 50 ms | maps are swept, free memory goes back to the system |
//! | 2 | more memory than the threshold | caches are halved, a quarter of the permits is taken away, queued bulk calls are dropped, work that can wait is paused |
//! | 3 | more than 150 % of the tasks or 160 % of the memory | a critical line, `/health` says degraded, and, where that is wished for, the bot leaves |
//!
//! What tier 2 took away comes back after five minutes in which neither tier 2 nor tier 3 applied.

mod ladder;
#[cfg(test)]
pub(super) mod tests;

use std::sync::Arc;
use std::time::Duration;

use alita_runtime::{Clock, TaskSet};

use super::reading::{Look, Reading, megabytes};
use crate::Health;

use ladder::Ladder;
pub use ladder::{Action, Limits};

const PERIOD: Duration = Duration::from_secs(60);

/// A task that is woken this late is worth a line of its own.
const LONG_LAG: Duration = Duration::from_millis(100);

/// Tier 2 leaves at least so many permits.
const FEWEST_PERMITS: usize = 10;

/// What can be done, and only the joined program can do.
pub trait Hands: Send + Sync + 'static {
    /// Gives up the room of what has expired.
    fn sweep(&self);
    /// Lets the allocator give back what nobody uses.
    fn give_memory_back(&self);
    /// Drops half of what can be loaded again; says how much that was.
    fn shrink(&self) -> u64;
    /// How many updates may be handled at once.
    fn permits(&self) -> usize;
    /// Changes how many updates may be handled at once.
    fn set_permits(&self, permits: usize);
    /// Drops the calls that nobody waits for; says how many.
    fn drop_queued(&self) -> usize;
    /// Asks work that can wait to wait, or to go on.
    fn pause(&self, is_on: bool);
    /// Begins an orderly shutdown, if that is wished for.
    fn leave(&self);
}

/// Remediation.
pub struct Remedy {
    clock: Clock,
    health: Health,
    hands: Arc<dyn Hands>,
    ladder: Ladder,
    /// How many permits there were before some were taken away.
    permits: Option<usize>,
}

impl std::fmt::Debug for Remedy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remedy").field("ladder", &self.ladder).finish_non_exhaustive()
    }
}

impl Remedy {
    /// Remediation by these hands; what it does is told in `health`.
    #[must_use]
    pub fn new(clock: Clock, limits: Limits, health: Health, hands: Arc<dyn Hands>) -> Self {
        Self { clock, health, hands, ladder: Ladder::new(limits), permits: None }
    }

    /// Looks and acts once a minute until the task set closes.
    pub fn start(self, tasks: &TaskSet, look: Look) {
        let clock = self.clock.clone();
        let remedy = Arc::new(tokio::sync::Mutex::new(self));
        tasks.every("remediation", &clock.clone(), PERIOD, move || {
            let (look, clock, remedy) = (Arc::clone(&look), clock.clone(), Arc::clone(&remedy));
            async move {
                let reading = Reading::take(&look, &clock).await;
                remedy.lock().await.attend(&reading);
            }
        });
    }

    /// Judges one reading and does what is called for.
    pub fn attend(&mut self, reading: &Reading) -> Option<Action> {
        if reading.lag > LONG_LAG {
            tracing::warn!(lag_ms = reading.lag.as_millis(), "tasks are woken late");
        }
        let now = self.clock.instant();
        let action = self.ladder.climb(reading, now);
        if let Some(action) = action {
            self.tell(action, reading);
            self.act(action);
        } else if self.ladder.is_calm(now) && (self.permits.is_some() || self.ladder.was_critical()) {
            self.restore();
            return Some(Action::Restore);
        }
        action
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::GiveMemoryBack => {
                self.hands.sweep();
                self.hands.give_memory_back();
            }
            Action::ShedLoad => self.shed(),
            Action::Critical => {
                self.health.set_overloaded(true);
                self.hands.leave();
            }
            _ => {}
        }
    }

    fn shed(&mut self) {
        let permits = self.hands.permits();
        self.permits.get_or_insert(permits);
        let fewer = (permits - permits / 4).max(FEWEST_PERMITS).min(permits);
        self.hands.set_permits(fewer);
        self.hands.pause(true);
        let calls = self.hands.drop_queued();
        self.hands.sweep();
        let values = self.hands.shrink();
        self.hands.give_memory_back();
        tracing::warn!(values, calls, permits = fewer, "load was shed");
    }

    fn restore(&mut self) {
        if let Some(permits) = self.permits.take() {
            self.hands.set_permits(permits);
            self.hands.pause(false);
        }
        self.ladder.recovered();
        self.health.set_overloaded(false);
        self.note(Action::Restore);
        tracing::info!("the load is calm again, what was taken away is back");
    }

    fn tell(&self, action: Action, reading: &Reading) {
        self.note(action);
        let (action, tier) = (action.as_str(), action.tier());
        let largest = reading.largest();
        macro_rules! line {
            ($level:ident, $message:literal) => {
                tracing::$level!(
                    action, tier, tasks = reading.tasks,
                    resident_mb = megabytes(reading.resident),
                    allocated_mb = reading.allocated.map(megabytes),
                    lag_ms = reading.lag.as_millis(),
                    in_flight = reading.in_flight.0, permits = reading.in_flight.1,
                    telegram_queue = reading.telegram_queue, pool_waiting = reading.pool.waiting,
                    %largest, $message
                )
            };
        }
        if tier == 3 {
            line!(error, "critical load, a restart is advised");
        } else {
            line!(warn, "too much load");
        }
    }

    fn note(&self, action: Action) {
        metrics::counter!("alita_remediation_actions_total", "action" => action.as_str()).increment(1);
        self.health.remedied(action.as_str());
    }
}
