//! What is seen at one moment.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::Duration;

use alita_runtime::Clock;

use crate::process;

/// So long does a task sleep whose waking is timed.
const NAP: Duration = Duration::from_millis(100);

/// What is seen at one moment. Whoever reads fills in what they know; 0 and `None` mean that nobody knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Tasks that are alive.
    pub tasks: usize,
    /// Bytes of memory that belong to the process.
    pub resident: u64,
    /// The most that these have been.
    pub peak: u64,
    /// Bytes that are in use by us, as the allocator counts them.
    pub allocated: Option<u64>,
    /// How late a task was woken.
    pub lag: Duration,
    /// Processors that may be used.
    pub cpus: usize,
    /// Updates that were handled so far.
    pub handled: u64,
    /// Faults so far, by class.
    pub errors: BTreeMap<&'static str, u64>,
    /// Looks whether a chat lets the bot write: those that said no, and those that said yes.
    pub restricted: (u64, u64),
    /// Updates that are being handled, and how many may be.
    pub in_flight: (usize, usize),
    /// For how long as many were handled as may be.
    pub saturated_for: Duration,
    /// Calls that wait to leave for Telegram.
    pub telegram_queue: usize,
    /// The pool of database connections.
    pub pool: Pool,
    /// What takes room, by name: tasks of a kind, entries of a map, calls in a queue.
    pub consumers: Vec<(String, u64)>,
}

/// The pool of database connections at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// The most connections that are open at the same time.
    pub max_open: u32,
    /// Connections that are open.
    pub open: u32,
    /// Open connections that nobody uses.
    pub idle: u32,
    /// Who waits for one.
    pub waiting: usize,
    /// For how long there has been somebody waiting.
    pub waiting_for: Duration,
    /// The longest wait since the pool was last looked at.
    pub longest_wait: Duration,
}

impl Pool {
    /// Connections that somebody uses.
    #[must_use]
    pub const fn used(&self) -> u32 {
        self.open.saturating_sub(self.idle)
    }
}

/// Reads what only the joined program knows; called from a task, so it must be quick.
pub type Look = Arc<dyn Fn() -> Reading + Send + Sync>;

impl Reading {
    /// Reads everything, what the system says of the process included.
    pub(crate) async fn take(look: &Look, clock: &Clock) -> Self {
        let began = clock.instant();
        clock.sleep(NAP).await;
        let lag = clock.instant().saturating_sub(began).saturating_sub(NAP);
        let mut reading = look();
        let process = process::read();
        reading.lag = reading.lag.max(lag);
        reading.cpus = std::thread::available_parallelism().map_or(reading.cpus, usize::from);
        // A reading that was handed in counts; else the system knows.
        for (known, told) in [(&mut reading.resident, process.resident), (&mut reading.peak, process.peak)] {
            if *known == 0 {
                *known = told.map_or(0, whole);
            }
        }
        reading
    }

    /// The names and sizes of the five that take the most room.
    pub(crate) fn largest(&self) -> impl Display {
        let mut consumers = self.consumers.clone();
        consumers.sort_by(|(_, one), (_, other)| other.cmp(one));
        consumers.truncate(5);
        Largest(consumers)
    }

    pub(crate) fn errors_total(&self) -> u64 {
        self.errors.values().sum()
    }
}

struct Largest(Vec<(String, u64)>);

impl Display for Largest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, size)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{name} {size}")?;
        }
        Ok(())
    }
}

/// The system tells whole kilobytes, far below what a float holds exactly.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "never negative, never that large"
)]
const fn whole(bytes: f64) -> u64 {
    bytes as u64
}

/// Bytes as people say them.
pub(crate) const fn megabytes(bytes: u64) -> u64 {
    bytes >> 20
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_largest_are_told() {
        let sizes = [("a", 1), ("b", 60), ("c", 5), ("d", 4), ("e", 3), ("f", 2)];
        let consumers = sizes.map(|(name, size)| (name.to_owned(), size)).to_vec();
        let reading = Reading { consumers, ..Reading::default() };
        assert_eq!(reading.largest().to_string(), "b 60, c 5, d 4, e 3, f 2");
    }
}
