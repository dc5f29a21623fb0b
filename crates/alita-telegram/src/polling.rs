//! Long polling that loses nothing: Telegram is told only of updates whose handling has ended.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use frankenstein::AsyncTelegramApi;
use frankenstein::methods::{DeleteWebhookParams, GetUpdatesParams};
use frankenstein::types::AllowedUpdate;
use tokio::time::{Instant, sleep, timeout};

use crate::backlog::{Backlog, Kept};
use crate::batch::{self, Received};
use crate::delivery::{Delivery, read_update};
use crate::watermark::Watermark;
use crate::{Client, Error, Refusal, RefusalKind};

/// Telegram: a batch has at most this many.
const BATCH: u32 = 100;
/// How long to wait before asking again when nothing new came at once.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long to wait for a batch to be finished before the next one is asked for.
const BREATH: Duration = Duration::from_millis(20);
/// After this many conflicts in a row somebody else polls for good.
const MAX_CONFLICTS: u32 = 6;
const FINISH_LIMIT: Duration = Duration::from_secs(10);
/// How long the backlog may take at the end; what it does not hear comes again after the next start.
const FORGET_LIMIT: Duration = Duration::from_secs(2);
/// How long a question is held while something is kept, which may end at any moment.
const QUICK: Duration = Duration::from_secs(1);
/// A batch with so few new updates in it is crowded by those that wait.
const FEW: usize = 25;
/// How long batches may be crowded before those that wait are set aside.
const CROWDED: Duration = Duration::from_secs(1);
/// So many may be set aside at once; more than that is no crowd but an outage.
const MOST_ASIDE: usize = 2_000;

/// How a [`Polling`] asks.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PollingConfig {
    /// The kinds of update to receive. Telegram: some kinds come only when they are named.
    pub allowed_updates: Vec<AllowedUpdate>,
    /// How long the server may hold a question that it cannot answer yet.
    pub timeout: Duration,
    /// Whether updates from before the start are thrown away.
    pub drop_pending_updates: bool,
    /// The first wait after a failure; it doubles up to thirty times this.
    pub retry_base: Duration,
    /// Where updates are kept that take long. Without one a hundred of them hold up all that come after.
    pub backlog: Option<Arc<dyn Backlog>>,
}

impl PollingConfig {
    /// Asks for these kinds, 50 seconds at a time, and keeps what is pending.
    #[must_use]
    pub fn new(allowed_updates: impl Into<Vec<AllowedUpdate>>) -> Self {
        Self {
            allowed_updates: allowed_updates.into(),
            timeout: Duration::from_secs(50),
            drop_pending_updates: false,
            retry_base: Duration::from_secs(1),
            backlog: None,
        }
    }
}

/// Asks Telegram for updates.
///
/// **Invariant:** the offset never passes an update whose [`Ack`](crate::Ack) is not done and that is not kept in the
/// [`Backlog`], so a process that dies loses nothing; and no update is in hand twice.
#[derive(Debug)]
pub struct Polling {
    client: Client,
    config: PollingConfig,
    ready: VecDeque<Delivery>,
    watermark: Arc<Watermark>,
    /// The offset that Telegram heard last.
    confirmed: Option<i64>,
    is_webhook_removed: bool,
    is_backlog_read: bool,
    crowded_since: Option<Instant>,
    /// The answers that hold what is not finished, each with the highest number in it.
    answers: VecDeque<(i64, Bytes)>,
    /// May be kept, although nobody said so: the writing was cut off.
    doubtful: BTreeSet<i64>,
    failures: u32,
    conflicts: u32,
}

impl Polling {
    /// Prepares to ask; the first [`next`](Polling::next) removes a webhook and begins.
    #[must_use]
    pub fn new(client: Client, config: PollingConfig) -> Self {
        Self {
            client,
            config,
            ready: VecDeque::new(),
            watermark: Arc::default(),
            confirmed: None,
            is_webhook_removed: false,
            is_backlog_read: false,
            crowded_since: None,
            answers: VecDeque::new(),
            doubtful: BTreeSet::new(),
            failures: 0,
            conflicts: 0,
        }
    }

    /// The next update. Waits as long as it takes, through every trouble that may pass.
    ///
    /// May be dropped at any moment and called again without losing an update.
    ///
    /// # Errors
    ///
    /// Only when there is no point in going on: the token is not valid, or another process keeps polling with it.
    pub async fn next(&mut self) -> Result<Delivery, Error> {
        loop {
            if let Some(delivery) = self.ready.pop_front() {
                return Ok(delivery);
            }
            self.tidy_backlog().await;
            if !self.ready.is_empty() {
                continue;
            }
            // What is still in hand would come again with the next batch, so most batches are finished first.
            let _elapsed = timeout(BREATH, self.watermark.caught_up()).await;
            let started = Instant::now();
            match self.ask().await {
                Ok(batch) => {
                    (self.failures, self.conflicts) = (0, 0);
                    let was_empty = batch.is_empty();
                    let is_full = batch.updates.len() >= BATCH as usize;
                    self.take_in(batch);
                    self.see_whether_crowded(is_full && self.ready.len() < FEW).await;
                    if !self.ready.is_empty() {
                        continue;
                    }
                    // What is in hand comes again at once, and a server may not hold questions: never a hot loop.
                    if !was_empty {
                        let _elapsed = timeout(PATIENCE, self.watermark.moved()).await;
                    } else if started.elapsed() < PATIENCE {
                        sleep(PATIENCE).await;
                    }
                }
                Err(error) => {
                    let wait = self.judge(error)?;
                    sleep(wait).await;
                }
            }
        }
    }

    /// Confirms what was handled with one last question. Call it when nothing is being handled any more; what is
    /// unfinished then comes again after the next start.
    ///
    /// # Errors
    ///
    /// When the question did not reach Telegram: what was handled since the last one will come again.
    pub async fn finish(mut self) -> Result<(), Error> {
        self.ready.clear();
        let confirmed = self.confirm().await;
        let _elapsed = timeout(FORGET_LIMIT, self.forget_finished()).await;
        confirmed
    }

    async fn confirm(&self) -> Result<(), Error> {
        let offset = self.watermark.offset();
        if offset == self.confirmed {
            return Ok(());
        }
        let params = GetUpdatesParams::builder().maybe_offset(offset).limit(1).timeout(0).build();
        match timeout(FINISH_LIMIT, self.client.poll(&params)).await {
            Ok(result) => result.map(drop),
            Err(_) => Err(Error::WaitedTooLong { method: "getUpdates".to_owned(), waited: FINISH_LIMIT }),
        }
    }

    async fn ask(&mut self) -> Result<Batch, Error> {
        if !self.is_webhook_removed {
            let drop_pending = self.config.drop_pending_updates;
            let params = DeleteWebhookParams::builder().drop_pending_updates(drop_pending).build();
            self.client.delete_webhook(&params).await?;
            self.is_webhook_removed = true;
        }
        let asked = self.watermark.offset();
        let hold =
            if self.watermark.aside() == 0 { self.config.timeout } else { self.config.timeout.min(QUICK) };
        let seconds = u32::try_from(hold.as_secs()).unwrap_or(u32::MAX);
        let params = GetUpdatesParams::builder()
            .maybe_offset(asked)
            .limit(BATCH)
            .timeout(seconds)
            .allowed_updates(self.config.allowed_updates.clone())
            .build();
        let answer = self.client.poll(&params).await?;
        let updates = batch::read(&answer)?;
        self.confirmed = asked;
        Ok(Batch { asked, updates, answer })
    }

    /// Sorts a batch: new ones become ready, known ones are passed over, unreadable ones are logged and done with.
    fn take_in(&mut self, batch: Batch) {
        let last = batch.updates.last().map(|(id, _)| *id);
        for (id, update) in batch.updates {
            if !self.watermark.admit(id, batch.asked) {
                continue;
            }
            match update {
                Ok(update) => self.ready.push_back(Delivery::polled(update, &self.watermark)),
                Err(error) => {
                    if let Error::UnreadableUpdate { keys, reason, .. } = &error {
                        tracing::warn!(update_id = id, ?keys, reason, "an update could not be read");
                    }
                    metrics::counter!("alita_updates_dropped_total", "reason" => "decode").increment(1);
                    self.watermark.done(id);
                }
            }
        }
        if let Some(last) = last.filter(|_| !self.ready.is_empty() && self.config.backlog.is_some()) {
            let offset = self.watermark.offset().unwrap_or(i64::MIN);
            self.answers.retain(|(last, _)| *last >= offset);
            self.answers.push_back((last, batch.answer));
        }
    }

    /// When those that wait have crowded the batches for a while, they are kept, and the offset passes them.
    async fn see_whether_crowded(&mut self, is_crowded: bool) {
        if !is_crowded {
            self.crowded_since = None;
            return;
        }
        let since = *self.crowded_since.get_or_insert_with(Instant::now);
        // What is kept already must be known, or it would be kept twice.
        let is_due = self.is_backlog_read && since.elapsed() >= CROWDED;
        let Some(backlog) = self.config.backlog.clone().filter(|_| is_due) else { return };
        self.crowded_since = None;
        let in_hand = self.watermark.in_hand();
        if in_hand.is_empty() || self.watermark.aside() + in_hand.len() > MOST_ASIDE {
            return;
        }
        let kept = self.texts(&in_hand);
        let ids: Vec<i64> = kept.iter().map(|kept| kept.update_id).collect();
        self.doubtful.extend(&ids);
        if let Err(error) = backlog.keep(kept.clone()).await {
            tracing::warn!(%error, "updates that take long hold up others, for they could not be kept");
            return;
        }
        for Kept { update_id, json } in kept {
            self.watermark.set_aside(update_id, json);
        }
        self.doubtful.retain(|id| !ids.contains(id));
        metrics::counter!("alita_telegram_updates_set_aside_total").increment(ids.len() as u64);
        tracing::info!(updates = ids.len(), "updates that take long were set aside");
    }

    /// These updates as they came.
    fn texts(&self, ids: &[i64]) -> Vec<Kept> {
        let raw = self.answers.iter().flat_map(|(_, answer)| batch::raw(answer));
        let wanted = raw.filter(|(id, _)| ids.contains(id));
        // One may have come with several answers.
        let texts: BTreeMap<i64, &str> = wanted.collect();
        texts.into_iter().map(|(id, json)| Kept::new(id, json.to_owned())).collect()
    }

    /// What earlier processes kept is handed out first, what was given back again, and what is finished is forgotten.
    async fn tidy_backlog(&mut self) {
        let Some(backlog) = self.config.backlog.clone() else { return };
        if !self.is_backlog_read {
            match backlog.all().await {
                Ok(kept) => self.resume(kept),
                Err(error) => {
                    tracing::warn!(%error, "what was set aside could not be read, and is asked for again")
                }
            }
        }
        self.forget_finished().await;
        for json in self.watermark.take_returned() {
            // It was read before.
            if let Ok(update) = read_update(json.as_bytes()) {
                self.ready.push_back(Delivery::polled(update, &self.watermark));
            }
        }
    }

    fn resume(&mut self, kept: Vec<Kept>) {
        self.is_backlog_read = true;
        for Kept { update_id, json } in kept {
            match read_update(json.as_bytes()) {
                Ok(update) if self.watermark.resume(update_id, json) => {
                    if self.config.drop_pending_updates {
                        self.watermark.done(update_id);
                    } else {
                        self.ready.push_back(Delivery::polled(update, &self.watermark));
                    }
                }
                Ok(_in_hand) => {}
                Err(error) => {
                    tracing::warn!(update_id, %error, "what was set aside cannot be read any more");
                    self.doubtful.insert(update_id);
                }
            }
        }
    }

    async fn forget_finished(&mut self) {
        let mut finished = self.watermark.finished();
        finished.extend(self.watermark.gone(&self.doubtful));
        let Some(backlog) = self.config.backlog.as_ref().filter(|_| !finished.is_empty()) else { return };
        match backlog.forget(finished.clone()).await {
            Ok(()) => {
                self.watermark.forgotten(&finished);
                self.doubtful.retain(|id| !finished.contains(id));
            }
            Err(error) => tracing::warn!(%error, "what was set aside and is finished is still kept"),
        }
    }

    /// How long to wait after a failure, or the failure itself when waiting will not help.
    fn judge(&mut self, error: Error) -> Result<Duration, Error> {
        let base = self.config.retry_base;
        if error.kind() == Some(RefusalKind::Unauthorized) || matches!(error, Error::Config(_)) {
            return Err(error);
        }
        if error.kind() == Some(RefusalKind::Conflict) {
            self.conflicts += 1;
            if self.conflicts >= MAX_CONFLICTS {
                return Err(error);
            }
            tracing::warn!(conflicts = self.conflicts, "somebody else polls with this token");
            return Ok(base * 5);
        }
        if let Error::Refused(Refusal { retry_after: Some(wait), .. }) = &error {
            return Ok(*wait);
        }
        let wait = base * 2_u32.pow(self.failures.min(5)).min(30);
        self.failures = self.failures.saturating_add(1);
        tracing::warn!(%error, failures = self.failures, "updates could not be fetched");
        Ok(wait + base.mul_f64(fastrand::f64() / 2.0))
    }
}

/// What one question brought.
struct Batch {
    asked: Option<i64>,
    updates: Vec<Received>,
    answer: Bytes,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.updates.is_empty()
    }
}
