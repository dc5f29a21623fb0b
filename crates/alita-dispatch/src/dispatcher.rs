//! Who is handled when: order within a sender, fairness between chats, a limit for all.

use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use alita_model::ChatId;
use alita_runtime::guarded;
use alita_runtime::jobs::Handlers;
use alita_telegram::types::CallbackQuery;
use alita_telegram::{Ack, Delivery};
use foldhash::quality::RandomState;
use futures_util::FutureExt;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::unconstrained;
use tracing::{Instrument, Span};

use crate::app::App;
use crate::asks::{AskLimits, Asks};
use crate::permits::{Permit, Permits};
use crate::pipeline;
use crate::router::Router;
use crate::services::Services;
use crate::tally::{InFlight, Tally};
use crate::view::{Event, View};

/// How the work of a lane is called.
const LANE: &str = "lane";

/// The updates of one sender in one chat that nobody handles yet, and a bell for a new one.
#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<Waiting>,
    news: Arc<Notify>,
}

/// An update that waits for its turn.
#[derive(Debug)]
struct Waiting {
    view: Arc<View>,
    ack: Ack,
    /// When it came, on our clock.
    arrived: Duration,
    /// When it is given back instead of waiting on, by the clock's [`instant`](alita_runtime::Clock::instant).
    until: Option<Duration>,
    /// In which span it came, and by which way.
    came: Span,
    source: &'static str,
}

/// Takes deliveries and handles them.
///
/// - Updates of one sender in one chat are handled in the order of their arrival.
/// - At most `limit` updates are handled at once, and one chat holds at most a quarter of that.
/// - A delivery is acknowledged when its handling has ended, and only then.
/// - A delivery that may not wait is given back when its turn does not come in time.
#[derive(Debug, Clone)]
pub struct Dispatcher<A: App>(Arc<Inner<A>>);

#[derive(Debug)]
struct Inner<A: App> {
    services: Arc<Services<A>>,
    router: Arc<Router<A>>,
    lanes: Mutex<HashMap<(ChatId, i64), Lane, RandomState>>,
    chats: Mutex<HashMap<ChatId, Weak<Semaphore>, RandomState>>,
    permits: Permits,
    share: usize,
}

impl<A: App> Dispatcher<A> {
    /// A dispatcher that handles at most `limit` updates at once, and hears people as often as `asks` says.
    #[must_use]
    pub fn new(services: Services<A>, mut router: Router<A>, limit: usize, asks: AskLimits) -> Self {
        let limit = limit.max(1);
        router.asks = Some(Asks::new(asks, &services.clock));
        let permits = Permits::new(limit, services.clock.clone());
        let services = Arc::new(services);
        follow_groups(&services);
        Self(Arc::new(Inner {
            services,
            router: Arc::new(router),
            lanes: Mutex::default(),
            chats: Mutex::default(),
            permits,
            share: (limit / 4).max(1),
        }))
    }

    /// What handlers reach through their context.
    #[must_use]
    pub fn services(&self) -> &Services<A> {
        &self.0.services
    }

    /// Everything that is declared.
    #[must_use]
    pub fn router(&self) -> &Router<A> {
        &self.0.router
    }

    /// What the jobs of all modules do, for the runner.
    pub fn job_handlers(&self) -> Handlers {
        let jobs = self.0.router.jobs().iter();
        jobs.fold(Handlers::new(), |handlers, job| job.register(handlers, &self.0.services))
    }

    /// Takes a delivery and handles it as far as it need not wait; the rest goes on in a task, however long that takes.
    pub fn take(&self, delivery: Delivery) {
        self.queue(delivery, None);
    }

    /// Takes a delivery whose handling has to begin within `wait`; else it is given back: its ack is dropped.
    ///
    /// So whoever hands it in feels that the bot is full, and may hand it in again later. What the same sender said
    /// after it is given back with it, so that the order stays.
    pub fn take_within(&self, delivery: Delivery, wait: Duration) {
        self.queue(delivery, Some(self.0.services.clock.instant().saturating_add(wait)));
    }

    fn queue(&self, delivery: Delivery, until: Option<Duration>) {
        let source = delivery.source();
        self.0.router.meters().received(delivery.kind(), source);
        let arrived = self.0.services.clock.instant();
        let Delivery { update, update_id, ack, span: came, .. } = delivery;
        let Some(view) = View::of(Arc::unwrap_or_clone(update)) else {
            tracing::debug!(update_id, "nobody looks at this kind of update");
            ack.done();
            return;
        };
        describe(&came, &view);
        let key = view.order_key();
        let waiting = Waiting { view: Arc::new(view), ack, arrived, until, came, source };
        let mut lanes = self.0.lanes();
        if let Some(lane) = lanes.get_mut(&key) {
            lane.waiting.push_back(waiting);
            lane.news.notify_one();
            return;
        }
        lanes.insert(key, Lane::default());
        drop(lanes);
        self.open_lane(key, waiting);
    }

    /// Handles an update here and now as far as it goes without waiting; the rest goes on in a task.
    ///
    /// Most updates need no answer and nothing that is not in memory: to make a task for each and to wake another
    /// thread for it would cost more than to handle it.
    fn open_lane(&self, key: (ChatId, i64), first: Waiting) {
        let inner = Arc::clone(&self.0);
        // Each update in the lane has a span of its own.
        let mut lane = Box::pin(async move { inner.run_lane(key, first).await });
        // Whoever takes many updates in a row would use up its share of the scheduler's patience with the first few.
        let begun = unconstrained(guarded(LANE, lane.as_mut())).now_or_never();
        if begun.is_none() {
            self.0.services.tasks.spawn_in(Span::none(), LANE, lane);
        }
    }

    /// How many senders have updates that are not handled yet.
    #[must_use]
    pub fn busy_lanes(&self) -> usize {
        self.0.lanes().len()
    }

    /// Forgets the shares of chats that nobody speaks in, and who has not asked of late; says how many are left.
    pub fn sweep(&self) -> usize {
        let asks = self.0.router.asks.as_ref().map_or(0, Asks::sweep);
        let mut chats = self.0.chats.lock().unwrap_or_else(PoisonError::into_inner);
        chats.retain(|_, share| share.strong_count() > 0);
        chats.shrink_to_fit();
        chats.len() + asks
    }

    pub(crate) fn known_chats(&self) -> usize {
        self.0.chats.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(crate) fn permits(&self) -> &Permits {
        &self.0.permits
    }

    pub(crate) fn tally(&self) -> &Tally {
        self.0.router.tally()
    }
}

/// A call that had to follow its group into a supergroup takes everything of the group along. Its service message
/// does the same, but may come later.
fn follow_groups<A: App>(services: &Arc<Services<A>>) {
    // The client is one of the services: it must not hold them all.
    let weak = Arc::downgrade(services);
    services.client.on_migration(move |old, new| {
        let Some(services) = weak.upgrade() else { return };
        let tasks = services.tasks.clone();
        tasks.spawn("migration", async move { services.migrated(old, new).await });
    });
}

/// Gives an update back: whoever handed it in feels that it was not handled.
fn turn_away(update_id: i64, ack: Ack) {
    tracing::debug!(update_id, "waited too long for its turn");
    metrics::counter!("alita_updates_dropped_total", "reason" => "overload").increment(1);
    drop(ack);
}

/// The span of all that is done for one update. Ids are fields and never part of a name.
fn root(came: &Span, source: &'static str, view: &View) -> Span {
    tracing::debug_span!(
        parent: came,
        "dispatcher.processUpdate",
        update_id = view.update_id,
        kind = view.event.kind().name(),
        bot.working_mode = source,
        chat.id = view.place.id.get(),
        user.id = sender_id(view),
        message.text_length = text_length(view),
        callback_query.id = press(view).map(|query| query.id.as_str()),
        callback_query.from_id = press(view).and(sender_id(view)),
    )
}

/// Fills in what the span of a request has left open until its update is read.
fn describe(came: &Span, view: &View) {
    if came.is_disabled() {
        return;
    }
    match &view.event {
        Event::Message(_) | Event::EditedMessage(_) => {
            came.record("message.chat_id", view.place.id.get());
            came.record("message.from_id", sender_id(view));
            came.record("message.text_length", text_length(view));
        }
        Event::CallbackQuery(query) => {
            came.record("callback_query.id", query.id.as_str());
            came.record("callback_query.from_id", sender_id(view));
        }
        _ => {}
    }
}

fn sender_id(view: &View) -> Option<i64> {
    view.sender.user().map(|someone| someone.id.get())
}

fn press(view: &View) -> Option<&CallbackQuery> {
    match &view.event {
        Event::CallbackQuery(query) => Some(query),
        _ => None,
    }
}

/// How long what somebody wrote is, as Telegram counts it.
fn text_length(view: &View) -> Option<usize> {
    let (Event::Message(message) | Event::EditedMessage(message)) = &view.event else { return None };
    let text = message.text.as_ref().or(message.caption.as_ref())?;
    Some(text.encode_utf16().count())
}

impl<A: App> Inner<A> {
    fn lanes(&self) -> MutexGuard<'_, HashMap<(ChatId, i64), Lane, RandomState>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lane is there while one of its updates is handled, so that a new one knows that it has to wait.
    async fn run_lane(&self, key: (ChatId, i64), first: Waiting) {
        let mut next = Some(first);
        while let Some(Waiting { view, ack, arrived, until, came, source }) = next {
            let permits = tokio::select! {
                biased;
                permits = self.permits_for(key.0) => Some(permits),
                () = self.reached(until) => None,
            };
            if let Some(permits) = permits {
                self.begin(&view, arrived);
                let in_flight = InFlight::begin(self.router.tally(), self.router.meters());
                let span = root(&came, source, &view);
                let handling = pipeline::handle(Arc::clone(&self.services), Arc::clone(&self.router), view);
                tokio::select! {
                    biased;
                    // Whatever panics: a lane that nobody runs any more would hold its sender for ever.
                    _panic = guarded(LANE, handling).instrument(span) => {}
                    () = self.watch_patience(key), if until.is_some() => {}
                }
                drop(in_flight);
                ack.done();
                drop(permits);
            } else {
                // Those behind it leave the lane first, so that none of them is one that was handed in again.
                let behind = self.empty(key);
                turn_away(view.update_id, ack);
                behind.into_iter().for_each(|waiting| turn_away(waiting.view.update_id, waiting.ack));
            }
            next = self.next_in(key);
        }
    }

    /// The next update of a lane; a lane without one is gone.
    fn next_in(&self, key: (ChatId, i64)) -> Option<Waiting> {
        let mut lanes = self.lanes();
        let next = lanes.get_mut(&key).and_then(|lane| lane.waiting.pop_front());
        if next.is_none() {
            lanes.remove(&key);
        }
        next
    }

    /// How long an update waited for us, and, for a message, how old it is.
    fn begin(&self, view: &View, arrived: Duration) {
        let waited = self.services.clock.instant().saturating_sub(arrived);
        self.router.meters().waited(waited);
        if let Event::Message(message) = &view.event {
            let now = u64::try_from(self.services.clock.now().timestamp()).unwrap_or_default();
            let age = u32::try_from(now.saturating_sub(message.date)).unwrap_or(u32::MAX);
            self.router.meters().aged(age);
        }
    }

    async fn permits_for(&self, chat: ChatId) -> (Option<OwnedSemaphorePermit>, Permit) {
        let of_chat = self.of_chat(chat).acquire_owned().await.ok();
        let of_all = self.permits.acquire().await;
        (of_chat, of_all)
    }

    /// Gives back those of a lane that have waited too long while the one before them is handled. Never ends.
    async fn watch_patience(&self, key: (ChatId, i64)) {
        loop {
            let first = {
                let lanes = self.lanes();
                let lane = lanes.get(&key);
                lane.map(|lane| (lane.waiting.front().and_then(|first| first.until), Arc::clone(&lane.news)))
            };
            let Some((until, news)) = first else { return pending().await };
            tokio::select! {
                () = self.reached(until) => {
                    self.empty(key).into_iter().for_each(|waiting| turn_away(waiting.view.update_id, waiting.ack));
                }
                () = news.notified() => {}
            }
        }
    }

    /// Takes out everything that waits in a lane. Whoever came later may wait longer, but not overtake.
    fn empty(&self, key: (ChatId, i64)) -> VecDeque<Waiting> {
        self.lanes().get_mut(&key).map(|lane| std::mem::take(&mut lane.waiting)).unwrap_or_default()
    }

    /// Returns when the clock has reached `until`; never without one.
    async fn reached(&self, until: Option<Duration>) {
        let Some(until) = until else { return pending().await };
        self.services.clock.limit_until(until).await;
    }

    /// The share of a chat lives as long as one of its updates is waiting or handled.
    fn of_chat(&self, chat: ChatId) -> Arc<Semaphore> {
        let mut chats = self.chats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = chats.get(&chat).and_then(Weak::upgrade) {
            return share;
        }
        let share = Arc::new(Semaphore::new(self.share));
        if chats.len() > 1_000 {
            chats.retain(|_, share| share.strong_count() > 0);
        }
        chats.insert(chat, Arc::downgrade(&share));
        share
    }
}
