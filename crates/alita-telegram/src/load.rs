//! How much waits to leave, and what can be done when that is too much.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::Client;
use crate::client::Inner;
use crate::throttle::Priority;

/// What waits, and what is remembered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Load {
    /// Calls that people wait for.
    pub urgent: usize,
    /// Calls that stand back behind them.
    pub bulk: usize,
    /// Chats whose limits are remembered.
    pub chats: usize,
}

/// The calls that wait for the outgoing limits and for a connection.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    urgent: AtomicUsize,
    bulk: AtomicUsize,
    /// Raised when everything that can be left out is to be left out.
    drops: watch::Sender<u64>,
}

impl Queue {
    fn depth(&self, priority: Priority) -> &AtomicUsize {
        match priority {
            Priority::Urgent => &self.urgent,
            Priority::Bulk => &self.bulk,
        }
    }

    /// Waits as one of the queue; `None` when it was told to leave it.
    pub(crate) async fn wait<F: Future>(&self, priority: Priority, turn: F) -> Option<F::Output> {
        let _place = Place::take(self, priority);
        if priority == Priority::Urgent {
            return Some(turn.await);
        }
        let mut drops = self.drops.subscribe();
        tokio::select! {
            biased;
            turn = turn => Some(turn),
            // The sender lives in this very queue, so the wait cannot fail.
            _ = drops.changed() => {
                metrics::counter!("alita_telegram_suppressed_total", "reason" => "overload").increment(1);
                None
            }
        }
    }
}

/// A call's place in the queue; it leaves on every way out.
struct Place<'a> {
    queue: &'a Queue,
    priority: Priority,
}

impl<'a> Place<'a> {
    fn take(queue: &'a Queue, priority: Priority) -> Self {
        queue.depth(priority).fetch_add(1, Ordering::Relaxed);
        metrics::gauge!("alita_telegram_queue_depth", "priority" => priority.name()).increment(1.0);
        Self { queue, priority }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.queue.depth(self.priority).fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("alita_telegram_queue_depth", "priority" => self.priority.name()).decrement(1.0);
    }
}

impl Inner {
    pub(crate) fn succeeded(&self) {
        *self.last_success.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

impl Client {
    /// What waits for the limits, and how many chats' limits are remembered.
    #[must_use]
    pub fn load(&self) -> Load {
        let Queue { urgent, bulk, .. } = &self.inner.queue;
        Load {
            urgent: urgent.load(Ordering::Relaxed),
            bulk: bulk.load(Ordering::Relaxed),
            chats: self.inner.throttle.len(),
        }
    }

    /// Leaves out every [bulk](Client::bulk) call that is waiting now; says how many those are.
    ///
    /// Each ends with [`Error::Overloaded`](crate::Error::Overloaded).
    pub fn drop_bulk(&self) -> usize {
        let waiting = self.inner.queue.bulk.load(Ordering::Relaxed);
        self.inner.queue.drops.send_modify(|drops| *drops += 1);
        waiting
    }

    /// Forgets the limits of chats that rested; says how many are still remembered.
    pub fn sweep(&self) -> usize {
        self.inner.throttle.sweep()
    }

    /// How long ago Telegram last did what it was asked for, polls included; `None` before the first time.
    #[must_use]
    pub fn since_last_success(&self) -> Option<Duration> {
        let last = *self.inner.last_success.lock().unwrap_or_else(PoisonError::into_inner);
        last.map(|last| last.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures_util::poll;

    use super::*;

    #[tokio::test]
    async fn what_can_be_left_out_is_left_out_and_the_rest_waits_on() {
        let queue = Queue::default();
        let mut urgent = std::pin::pin!(queue.wait(Priority::Urgent, pending::<()>()));
        let mut bulk = std::pin::pin!(queue.wait(Priority::Bulk, pending::<()>()));
        assert!(poll!(urgent.as_mut()).is_pending() && poll!(bulk.as_mut()).is_pending());
        queue.drops.send_modify(|drops| *drops += 1);
        assert_eq!(bulk.await, None);
        assert!(poll!(urgent.as_mut()).is_pending());
        assert_eq!(queue.urgent.load(Ordering::Relaxed), 1);
        assert_eq!(queue.bulk.load(Ordering::Relaxed), 0);
        assert_eq!(queue.wait(Priority::Bulk, async { 5 }).await, Some(5), "who comes later is not meant");
    }
}
