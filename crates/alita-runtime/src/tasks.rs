//! Background work: named, guarded, counted, and waited for at the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use crate::{Clock, guarded};

/// A set of background tasks; clones are the same set.
#[derive(Clone, Debug, Default)]
pub struct TaskSet(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    running: watch::Sender<BTreeMap<u64, &'static str>>,
    next: AtomicU64,
    /// Asks the tasks to end by themselves.
    cancelled: CancellationToken,
    /// Drops what has not ended by itself.
    cut: CancellationToken,
}

impl TaskSet {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a task under a name; a panic ends it alone, and after [`TaskSet::close`] nothing is started any more.
    ///
    /// It may outlive its cause, so its span is no child of the cause's span; it links to it.
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let cause = Span::current();
        let span = if cause.is_none() {
            // What is started at the very beginning has no cause and runs to the end: that is no span.
            Span::none()
        } else {
            tracing::debug_span!(parent: None, "task", otel.name = format!("task {name}"), task = name)
        };
        span.follows_from(&cause);
        self.spawn_in(span, name, task);
    }

    /// Starts a task as [`TaskSet::spawn`] does, as a part of this span.
    #[expect(clippy::disallowed_methods, reason = "this is the task set that everybody else uses")]
    pub fn spawn_in<F>(&self, span: Span, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if self.0.cut.is_cancelled() {
            tracing::warn!(task = name, "the task set is closed, the task was not started");
            return;
        }
        let place = Place::take(&self.0, name);
        let cut = self.0.cut.clone();
        tokio::spawn(async move {
            let _place = place;
            // Both a panic (counted and logged by the guard) and being cut off are an end like any other.
            let _ = cut.run_until_cancelled(guarded(name, task).instrument(span)).await;
        });
    }

    /// Starts a task that works once every `period` of the clock until the set is closed; a panicking tick is
    /// followed by the next one.
    ///
    /// When a tick last succeeded is a metric, so that somebody notices work that only fails.
    pub fn every<F, Fut>(&self, name: &'static str, clock: &Clock, period: Duration, tick: F)
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output: Ticked> + Send,
    {
        self.tick(name, clock, period, false, tick);
    }

    /// As [`TaskSet::every`], with the first tick at once.
    pub fn at_once_and_every<F, Fut>(&self, name: &'static str, clock: &Clock, period: Duration, tick: F)
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output: Ticked> + Send,
    {
        self.tick(name, clock, period, true, tick);
    }

    fn tick<F, Fut>(&self, name: &'static str, clock: &Clock, period: Duration, mut is_due: bool, mut tick: F)
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output: Ticked> + Send,
    {
        let (clock, cancelled) = (clock.clone(), self.cancelled());
        metrics::gauge!("alita_background_task_period_seconds", "task" => name).set(period.as_secs_f64());
        // The start counts as a success: whoever never succeeds is noticed, too.
        succeeded(name, &clock);
        self.spawn_in(Span::none(), name, async move {
            loop {
                if !is_due && cancelled.run_until_cancelled(clock.sleep(period)).await.is_none() {
                    return;
                }
                is_due = false;
                if guarded(name, async { tick().await }).await.is_ok_and(|end| end.is_success()) {
                    succeeded(name, &clock);
                }
            }
        });
    }

    /// The token that is cancelled when the set closes; a long task watches it and ends.
    #[must_use]
    pub fn cancelled(&self) -> CancellationToken {
        self.0.cancelled.clone()
    }

    /// Waits until no task is running.
    pub async fn idle(&self) {
        // The sender lives in this very set, so the wait cannot fail.
        let _ = self.0.running.subscribe().wait_for(BTreeMap::is_empty).await;
    }

    /// How many tasks are running.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.running.borrow().len()
    }

    /// How many tasks are running under each name.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for name in self.0.running.borrow().values() {
            *counts.entry(*name).or_default() += 1;
        }
        counts
    }

    /// Is no task running?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Asks the tasks to end, waits at most `limit`, then cuts off the rest and says their names.
    ///
    /// Tasks may still start others while it waits. Dropping this call cuts off the rest as well.
    pub async fn close(&self, limit: Duration) -> Vec<&'static str> {
        let cut = CutOnDrop(&self.0);
        self.0.cancelled.cancel();
        match tokio::time::timeout(limit, self.idle()).await {
            Ok(()) => Vec::new(),
            Err(_elapsed) => cut.0.running.borrow().values().copied().collect(),
        }
    }
}

/// How a tick of [`TaskSet::every`] ended: with nothing to tell, or with a yes or a no.
pub trait Ticked {
    /// Has the tick done what it is for?
    fn is_success(&self) -> bool;
}

impl Ticked for () {
    fn is_success(&self) -> bool {
        true
    }
}

impl Ticked for bool {
    fn is_success(&self) -> bool {
        *self
    }
}

impl<T, E> Ticked for Result<T, E> {
    fn is_success(&self) -> bool {
        self.is_ok()
    }
}

fn succeeded(name: &'static str, clock: &Clock) {
    let now = u32::try_from(clock.now().timestamp()).unwrap_or(u32::MAX);
    metrics::gauge!("alita_background_task_last_success_seconds", "task" => name).set(now);
}

/// A running task's entry in the list; it leaves on every way out, panics and cut-offs included.
struct Place {
    inner: Arc<Inner>,
    id: u64,
}

impl Place {
    fn take(inner: &Arc<Inner>, name: &'static str) -> Self {
        let id = inner.next.fetch_add(1, Ordering::Relaxed);
        inner.running.send_modify(|running| {
            running.insert(id, name);
        });
        Self { inner: Arc::clone(inner), id }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.inner.running.send_modify(|running| {
            running.remove(&self.id);
        });
    }
}

struct CutOnDrop<'a>(&'a Inner);

impl Drop for CutOnDrop<'_> {
    fn drop(&mut self) {
        for task in self.0.running.borrow().values() {
            tracing::warn!(task, "the task did not end in time and was cut off");
        }
        self.0.cut.cancel();
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::AtomicU32;

    use chrono::DateTime;
    use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
    use tokio::sync::mpsc::UnboundedReceiver;

    use super::*;

    #[tokio::test]
    async fn a_panic_ends_its_task_alone() {
        let tasks = TaskSet::new();
        let (sender, receiver) = tokio::sync::oneshot::channel();
        tasks.spawn("broken", async { assert_eq!(1 + 1, 3, "arithmetic") });
        tasks.spawn("sound", async move { sender.send(5).expect("somebody listens") });
        tasks.idle().await;
        assert_eq!(receiver.await, Ok(5));
        assert!(tasks.is_empty());
    }

    #[tokio::test]
    async fn closing_waits_for_those_who_listen_and_cuts_off_the_others() {
        let tasks = TaskSet::new();
        let token = tasks.cancelled();
        tasks.spawn("listens", async move { token.cancelled().await });
        let (held, dropped) = tokio::sync::oneshot::channel::<()>();
        tasks.spawn("deaf", async move {
            let _held = held;
            pending::<()>().await;
        });
        assert_eq!(tasks.len(), 2);
        assert_eq!(tasks.close(Duration::from_millis(20)).await, ["deaf"]);
        dropped.await.expect_err("the deaf task was dropped");
        tasks.idle().await;

        tasks.spawn("late", pending());
        assert!(tasks.is_empty());
    }

    #[tokio::test]
    async fn a_dropped_close_cuts_off_too() {
        let tasks = TaskSet::new();
        tasks.spawn("deaf", pending());
        {
            let mut close = std::pin::pin!(tasks.close(Duration::from_secs(60)));
            assert!(futures_util::poll!(close.as_mut()).is_pending());
        }
        tasks.idle().await;
    }

    /// The gauge of the last success, and nothing else.
    #[derive(Debug, Default)]
    struct LastSuccess(Arc<AtomicU64>);

    impl metrics::Recorder for LastSuccess {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
            Counter::noop()
        }

        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            if key.name() == "alita_background_task_last_success_seconds" {
                // A gauge over an atomic holds the bits of a float.
                return Gauge::from_arc(Arc::clone(&self.0));
            }
            Gauge::noop()
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    /// Turns the clock until the next tick has told something.
    async fn next_of<T>(ticks: &mut UnboundedReceiver<T>, clock: &Clock) -> Option<T> {
        let turn = async {
            loop {
                // The task may not have begun its wait yet: turn the clock until it has.
                clock.advance(Duration::from_secs(30));
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            seen = ticks.recv() => seen,
            () = turn => None,
        }
    }

    #[tokio::test]
    async fn a_tick_that_fails_is_no_success() {
        let recorder = LastSuccess::default();
        let gauge = Arc::clone(&recorder.0);
        let _here = metrics::set_default_local_recorder(&recorder);
        let clock = Clock::manual(DateTime::from_timestamp(1_000, 0).expect("a time"));
        let tasks = TaskSet::new();
        let (ticked, mut ticks) = tokio::sync::mpsc::unbounded_channel();
        let (mut count, at) = (0, clock.clone());
        tasks.every("tick", &clock, Duration::from_secs(30), move || {
            count += 1;
            let works = count == 3;
            ticked.send((works, at.now().timestamp())).expect("somebody listens");
            async move { works }
        });
        let mut last_success = 1_000;
        for _ in 0..5 {
            let (works, at) = next_of(&mut ticks, &clock).await.expect("it ticks");
            if works {
                last_success = at;
            }
            let expected = f64::from(u32::try_from(last_success).expect("a time"));
            assert_eq!(gauge.load(Ordering::Relaxed), expected.to_bits(), "{works} at {at}");
        }
        assert!(last_success > 1_000);
    }

    #[tokio::test]
    async fn a_panicking_tick_is_followed_by_the_next() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let tasks = TaskSet::new();
        let (ticked, mut ticks) = tokio::sync::mpsc::unbounded_channel();
        let count = AtomicU32::new(0);
        tasks.every("tick", &clock, Duration::from_secs(30), move || {
            let n = count.fetch_add(1, Ordering::Relaxed);
            ticked.send(n).expect("somebody listens");
            async move { assert_ne!(n, 0, "the first tick breaks") }
        });
        for expected in 0..3 {
            assert_eq!(next_of(&mut ticks, &clock).await, Some(expected));
        }
        assert!(tasks.close(Duration::from_secs(5)).await.is_empty());
    }
}
