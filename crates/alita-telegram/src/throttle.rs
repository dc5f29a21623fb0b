//! The outgoing limits: token buckets with two queues each, and pauses where Telegram asked for them.
//!
//! A call takes from its chat's buckets, then from the global one. In each bucket the calls of one priority stand
//! in line, so at most one urgent and one bulk call look at a bucket at a time, and bulk stands back while
//! anything urgent waits.

use std::collections::{HashMap, HashSet, VecDeque};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::{Instant, sleep, sleep_until};

use crate::Limits;
use crate::method::Traffic;

/// Who goes first when the outgoing limits bite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Priority {
    /// Moderation, captcha, answers to people. Waits for up to 60 s.
    #[default]
    Urgent,
    /// Notes, filters, greetings, fan-out. Waits for up to 15 s, behind everything urgent.
    Bulk,
}

impl Priority {
    /// How long a call may stand in the queue, and wait for `retry_after`, all in all.
    pub(crate) const fn patience(self) -> Duration {
        match self {
            Self::Urgent => Duration::from_secs(60),
            Self::Bulk => Duration::from_secs(15),
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::Bulk => "bulk",
        }
    }
}

const CHAT_BURST: u32 = 3;
/// How often a bulk call looks again while urgent ones wait.
const STAND_BACK: Duration = Duration::from_millis(50);
/// A lane that rested this long is full again, so forgetting it changes nothing.
const LANE_REST: Duration = Duration::from_secs(60);
/// This many chats that answer 429 within this time mean that the bot as a whole is too fast.
const CHATS_FOR_GLOBAL: usize = 3;
const WINDOW_FOR_GLOBAL: Duration = Duration::from_secs(2);

/// Governor on tokio's time, which a test can turn.
#[derive(Clone, Debug)]
struct TokioClock(Instant);

impl GovernorClock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

#[derive(Debug)]
struct Bucket {
    clock: TokioClock,
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>,
    urgent: tokio::sync::Mutex<()>,
    bulk: tokio::sync::Mutex<()>,
    urgent_waiting: AtomicUsize,
}

impl Bucket {
    fn new(quota: Quota) -> Self {
        let clock = TokioClock(Instant::now());
        Self {
            limiter: RateLimiter::direct_with_clock(quota, clock.clone()),
            clock,
            urgent: tokio::sync::Mutex::new(()),
            bulk: tokio::sync::Mutex::new(()),
            urgent_waiting: AtomicUsize::new(0),
        }
    }

    fn per_second(rate: u32, burst: Option<u32>) -> Option<Self> {
        let rate = NonZeroU32::new(rate)?;
        let burst = burst.and_then(NonZeroU32::new).map_or(rate, |burst| burst.max(rate));
        Some(Self::new(Quota::per_second(rate).allow_burst(burst)))
    }

    fn per_minute(rate: u32) -> Option<Self> {
        NonZeroU32::new(rate).map(|rate| Self::new(Quota::per_minute(rate)))
    }

    async fn take(&self, priority: Priority) {
        let _counted = (priority == Priority::Urgent).then(|| Counted::new(&self.urgent_waiting));
        let _front = match priority {
            Priority::Urgent => self.urgent.lock().await,
            Priority::Bulk => self.bulk.lock().await,
        };
        loop {
            if priority == Priority::Bulk && self.urgent_waiting.load(Ordering::Acquire) > 0 {
                sleep(STAND_BACK).await;
                continue;
            }
            match self.limiter.check() {
                Ok(()) => return,
                Err(until) => sleep(until.wait_time_from(self.clock.now())).await,
            }
        }
    }
}

/// Counts down again however the wait ends.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The buckets of one chat.
#[derive(Debug)]
struct Lane {
    second: Option<Bucket>,
    minute: Option<Bucket>,
}

#[derive(Debug, Default)]
struct Lanes {
    by_chat: HashMap<i64, (Arc<Lane>, Instant)>,
    tidy_at: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Scope {
    AllMessages,
    Chat(Traffic, i64),
}

#[derive(Debug, Default)]
struct Pauses {
    until: HashMap<Scope, Instant>,
    recent: VecDeque<(Instant, i64, Duration)>,
}

#[derive(Debug)]
pub(crate) struct Throttle {
    limits: Limits,
    messages: Option<Bucket>,
    others: Option<Bucket>,
    lanes: Mutex<Lanes>,
    pauses: Mutex<Pauses>,
}

impl Throttle {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            messages: Bucket::per_second(limits.global_per_second, None),
            others: Bucket::per_second(limits.global_per_second, None),
            lanes: Mutex::default(),
            pauses: Mutex::default(),
        }
    }

    /// Returns when a call may leave.
    pub(crate) async fn acquire(&self, traffic: Traffic, chat: Option<i64>, priority: Priority) {
        self.wait_out_pauses(traffic, chat).await;
        match traffic {
            Traffic::Messages => {
                if let Some(lane) = chat.and_then(|chat| self.lane(chat)) {
                    for bucket in [&lane.second, &lane.minute].into_iter().flatten() {
                        bucket.take(priority).await;
                    }
                }
                if let Some(bucket) = &self.messages {
                    bucket.take(priority).await;
                }
            }
            Traffic::Other => {
                if let Some(bucket) = &self.others {
                    bucket.take(priority).await;
                }
            }
        }
        // A pause may have begun while this call stood in line.
        self.wait_out_pauses(traffic, chat).await;
    }

    /// Telegram said 429: nothing of this kind goes to this chat for a while; `true` when nothing goes to any chat.
    pub(crate) fn pause(&self, traffic: Traffic, chat: i64, duration: Duration, jitter: Duration) -> bool {
        let now = Instant::now();
        let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        pauses.until.retain(|_, until| *until > now);
        pauses.extend(Scope::Chat(traffic, chat), now + duration + jitter);
        if traffic == Traffic::Messages {
            pauses.recent.retain(|(at, ..)| now.duration_since(*at) <= WINDOW_FOR_GLOBAL);
            pauses.recent.push_back((now, chat, duration));
            let chats: HashSet<i64> = pauses.recent.iter().map(|(_, chat, _)| *chat).collect();
            if chats.len() >= CHATS_FOR_GLOBAL {
                let longest = pauses.recent.iter().map(|(.., wait)| *wait).max().unwrap_or(duration);
                pauses.extend(Scope::AllMessages, now + longest + jitter);
                return true;
            }
        }
        false
    }

    /// Forgets the chats that rested; says how many are left.
    pub(crate) fn sweep(&self) -> usize {
        let now = Instant::now();
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner).until.retain(|_, until| *until > now);
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.tidy(now);
        lanes.by_chat.shrink_to_fit();
        lanes.by_chat.len()
    }

    /// How many chats are remembered.
    pub(crate) fn len(&self) -> usize {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).by_chat.len()
    }

    /// For how long nothing of this kind goes to this chat, because Telegram asked for that.
    pub(crate) fn rest(&self, traffic: Traffic, chat: Option<i64>) -> Duration {
        let until = self.paused_until(traffic, chat);
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }

    async fn wait_out_pauses(&self, traffic: Traffic, chat: Option<i64>) {
        while let Some(until) = self.paused_until(traffic, chat) {
            sleep_until(until).await;
        }
    }

    fn paused_until(&self, traffic: Traffic, chat: Option<i64>) -> Option<Instant> {
        let pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        if pauses.until.is_empty() {
            return None;
        }
        let all = (traffic == Traffic::Messages).then_some(Scope::AllMessages);
        let chat = chat.map(|chat| Scope::Chat(traffic, chat));
        let now = Instant::now();
        [all, chat]
            .into_iter()
            .flatten()
            .filter_map(|scope| pauses.until.get(&scope))
            .copied()
            .filter(|until| *until > now)
            .max()
    }

    fn lane(&self, chat: i64) -> Option<Arc<Lane>> {
        if self.limits.chat_per_second == 0 && self.limits.group_per_minute == 0 {
            return None;
        }
        let now = Instant::now();
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.by_chat.len() >= lanes.tidy_at.max(1024) {
            lanes.tidy(now);
            lanes.tidy_at = lanes.by_chat.len() * 2;
        }
        let (lane, used) = lanes.by_chat.entry(chat).or_insert_with(|| {
            let minute = if chat < 0 { Bucket::per_minute(self.limits.group_per_minute) } else { None };
            let second = Bucket::per_second(self.limits.chat_per_second, Some(CHAT_BURST));
            (Arc::new(Lane { second, minute }), now)
        });
        *used = now;
        Some(Arc::clone(lane))
    }
}

impl Lanes {
    /// A lane that somebody holds is in use, whatever its age.
    fn tidy(&mut self, now: Instant) {
        self.by_chat
            .retain(|_, (lane, used)| Arc::strong_count(lane) > 1 || now.duration_since(*used) < LANE_REST);
    }
}

impl Pauses {
    fn extend(&mut self, scope: Scope, until: Instant) {
        let entry = self.until.entry(scope).or_insert(until);
        *entry = (*entry).max(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: i64 = -1_001_234_567_890;

    async fn seconds_for(throttle: &Throttle, calls: usize, chat: impl Fn(usize) -> i64) -> f64 {
        let start = Instant::now();
        for call in 0..calls {
            throttle.acquire(Traffic::Messages, Some(chat(call)), Priority::Urgent).await;
        }
        start.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn a_chat_gets_three_at_once_then_one_a_second() {
        let throttle = Throttle::new(Limits::default());
        assert!(seconds_for(&throttle, 3, |_| 7).await < 0.01);
        let more = seconds_for(&throttle, 2, |_| 7).await;
        assert!((1.9..2.1).contains(&more), "{more}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_gets_twenty_a_minute() {
        let throttle = Throttle::new(Limits { chat_per_second: 0, ..Limits::default() });
        assert!(seconds_for(&throttle, 20, |_| GROUP).await < 0.01);
        let next = seconds_for(&throttle, 1, |_| GROUP).await;
        assert!((2.9..3.1).contains(&next), "{next}");
        assert!(seconds_for(&throttle, 1, |_| GROUP - 1).await < 0.01);
    }

    #[tokio::test(start_paused = true)]
    async fn all_chats_together_get_thirty_a_second() {
        let throttle = Throttle::new(Limits::default());
        let time = seconds_for(&throttle, 60, |call| 1 + i64::try_from(call).unwrap()).await;
        assert!((0.9..1.1).contains(&time), "{time}");
    }

    #[tokio::test(start_paused = true)]
    async fn other_calls_have_a_bucket_of_their_own() {
        let throttle = Throttle::new(Limits::default());
        seconds_for(&throttle, 30, i64_from).await;
        let start = Instant::now();
        throttle.acquire(Traffic::Other, Some(1), Priority::Urgent).await;
        assert!(start.elapsed() < Duration::from_millis(10));
    }

    fn i64_from(call: usize) -> i64 {
        i64::try_from(call).unwrap() + 1
    }

    #[tokio::test(start_paused = true)]
    async fn urgent_overtakes_bulk() {
        let throttle =
            Throttle::new(Limits { global_per_second: 0, group_per_minute: 0, chat_per_second: 1 });
        seconds_for(&throttle, 3, |_| 7).await;
        let order = Mutex::new(Vec::new());
        let call = |name: &'static str, priority| {
            let (throttle, order) = (&throttle, &order);
            async move {
                throttle.acquire(Traffic::Messages, Some(7), priority).await;
                order.lock().unwrap().push(name);
            }
        };
        tokio::join!(
            call("bulk 1", Priority::Bulk),
            call("bulk 2", Priority::Bulk),
            call("urgent 1", Priority::Urgent),
            call("urgent 2", Priority::Urgent),
        );
        assert_eq!(*order.lock().unwrap(), ["urgent 1", "urgent 2", "bulk 1", "bulk 2"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_one_chat_and_one_kind_of_call() {
        let throttle = Throttle::new(Limits::none());
        throttle.pause(Traffic::Messages, 7, Duration::from_secs(9), Duration::ZERO);
        let start = Instant::now();
        throttle.acquire(Traffic::Messages, Some(8), Priority::Urgent).await;
        throttle.acquire(Traffic::Other, Some(7), Priority::Urgent).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        throttle.acquire(Traffic::Messages, Some(7), Priority::Urgent).await;
        assert!(start.elapsed() >= Duration::from_secs(9));
    }

    #[tokio::test(start_paused = true)]
    async fn three_throttled_chats_pause_all_messages_for_the_longest_wait() {
        let throttle = Throttle::new(Limits::none());
        for (chat, seconds) in [(1, 3), (2, 8), (2, 1), (3, 2)] {
            throttle.pause(Traffic::Messages, chat, Duration::from_secs(seconds), Duration::ZERO);
        }
        let start = Instant::now();
        throttle.acquire(Traffic::Messages, Some(99), Priority::Urgent).await;
        assert!(start.elapsed() >= Duration::from_secs(8));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_given_up_leaves_no_trace() {
        let throttle =
            Throttle::new(Limits { global_per_second: 0, group_per_minute: 0, chat_per_second: 1 });
        seconds_for(&throttle, 3, |_| 7).await;
        let wait = throttle.acquire(Traffic::Messages, Some(7), Priority::Urgent);
        assert!(tokio::time::timeout(Duration::from_millis(100), wait).await.is_err());
        let start = Instant::now();
        throttle.acquire(Traffic::Messages, Some(7), Priority::Bulk).await;
        assert!(start.elapsed() < Duration::from_millis(950));
    }

    #[tokio::test(start_paused = true)]
    async fn rested_lanes_are_forgotten() {
        let throttle = Throttle::new(Limits { global_per_second: 0, ..Limits::default() });
        seconds_for(&throttle, 1024, i64_from).await;
        tokio::time::advance(LANE_REST + Duration::from_secs(1)).await;
        seconds_for(&throttle, 1, |_| 5_000).await;
        assert_eq!(throttle.lanes.lock().unwrap().by_chat.len(), 1);
    }
}
