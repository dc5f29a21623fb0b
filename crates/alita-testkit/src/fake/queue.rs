//! Updates that the bot has not confirmed yet.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use serde_json::Value;

/// Kinds that come only when they are asked for.
const ONLY_ON_DEMAND: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

#[derive(Debug)]
pub(crate) struct Queue {
    updates: VecDeque<Update>,
    /// How many updates wait in each lane.
    lanes: HashMap<i64, usize>,
    /// How many updates are on their way to a webhook.
    under_way: usize,
    next_id: i64,
    /// What the bot asked for; empty is the default set.
    allowed: Vec<String>,
    /// What the bot did not ask for has been thrown away below this.
    sifted: i64,
    /// Everything below is confirmed.
    confirmed: i64,
    /// What a webhook took.
    delivered: HashSet<i64>,
    /// Every poll has a number, and only the newest is served.
    pub(crate) poll: u64,
}

#[derive(Debug)]
struct Update {
    id: i64,
    kind: String,
    /// Written once, because an update may be handed out many times.
    text: String,
    /// Updates of one lane are sent to a webhook one after the other.
    lane: i64,
    is_under_way: bool,
    /// How often a webhook did not take it, and from when on it may be sent again.
    failures: u32,
    due: Duration,
}

/// An update on its way to a webhook.
#[derive(Debug, Clone)]
pub(crate) struct Parcel {
    pub(crate) id: i64,
    pub(crate) text: String,
    /// How often it was on its way before.
    pub(crate) failures: u32,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            updates: VecDeque::new(),
            lanes: HashMap::new(),
            under_way: 0,
            next_id: 100_000_001,
            allowed: Vec::new(),
            sifted: i64::MIN,
            confirmed: 0,
            delivered: HashSet::new(),
            poll: 0,
        }
    }
}

impl Queue {
    pub(crate) fn push(&mut self, kind: &str, content: &Value) -> i64 {
        let id = self.next_id;
        let text = format!("{{\"update_id\":{id},\"{kind}\":{content}}}");
        self.store(id, kind, lane(id, kind, content), text)
    }

    /// Any text; what is JSON with an `update_id` keeps it.
    pub(crate) fn push_raw(&mut self, text: &str) -> i64 {
        let update: Value = serde_json::from_str(text).unwrap_or_default();
        let kind = update.as_object().and_then(|fields| fields.keys().find(|key| *key != "update_id"));
        let kind = kind.cloned().unwrap_or_default();
        if let Some(id) = update["update_id"].as_i64() {
            return self.store(id, &kind, lane(id, &kind, &update[&kind]), text.to_owned());
        }
        let id = self.next_id;
        let lane = lane(id, &kind, &update[&kind]);
        let text = match update {
            Value::Object(mut fields) => {
                fields.insert("update_id".to_owned(), id.into());
                Value::Object(fields).to_string()
            }
            _ => text.to_owned(),
        };
        self.store(id, &kind, lane, text)
    }

    fn store(&mut self, id: i64, kind: &str, lane: i64, text: String) -> i64 {
        self.next_id = self.next_id.max(id.saturating_add(1));
        let at = self.updates.partition_point(|update| update.id <= id);
        let kind = kind.to_owned();
        let update = Update { id, kind, text, lane, is_under_way: false, failures: 0, due: Duration::ZERO };
        self.updates.insert(at, update);
        *self.lanes.entry(lane).or_default() += 1;
        self.sifted = self.sifted.min(id);
        id
    }

    /// An update has left.
    fn has_left(&mut self, update: &Update) {
        self.under_way -= usize::from(update.is_under_way);
        if let Some(count) = self.lanes.get_mut(&update.lane) {
            *count -= 1;
            if *count == 0 {
                self.lanes.remove(&update.lane);
            }
        }
    }

    /// What is to be sent to a webhook now, so that no more than `most` are under way, and how long until more may be.
    pub(crate) fn take_parcels(&mut self, most: usize, now: Duration) -> (Vec<Parcel>, Option<Duration>) {
        self.sift();
        let mut free = most.saturating_sub(self.under_way);
        let (mut parcels, mut next) = (Vec::new(), None::<Duration>);
        let mut busy = HashSet::new();
        for update in &mut self.updates {
            if free == 0 {
                return (parcels, None);
            }
            // Behind the first of every lane there is nothing to find, however many wait.
            if busy.len() == self.lanes.len() {
                break;
            }
            // The first of a lane holds up those behind it, whether it is under way or waits for another attempt.
            if !busy.insert(update.lane) || update.is_under_way {
                continue;
            }
            if update.due > now {
                let wait = update.due - now;
                next = Some(next.map_or(wait, |next| next.min(wait)));
                continue;
            }
            update.is_under_way = true;
            self.under_way += 1;
            free -= 1;
            parcels.push(Parcel { id: update.id, text: update.text.clone(), failures: update.failures });
        }
        (parcels, next)
    }

    /// A webhook took it.
    pub(crate) fn delivered(&mut self, id: i64) {
        self.delivered.insert(id);
        if let Ok(at) = self.updates.binary_search_by_key(&id, |update| update.id)
            && let Some(update) = self.updates.remove(at)
        {
            self.has_left(&update);
        }
    }

    /// A webhook did not take it; it is sent again when that is due.
    pub(crate) fn returned(&mut self, id: i64, due: Duration) {
        if let Ok(at) = self.updates.binary_search_by_key(&id, |update| update.id) {
            let update = &mut self.updates[at];
            self.under_way -= usize::from(update.is_under_way);
            (update.is_under_way, update.due) = (false, due);
            update.failures += 1;
        }
    }

    /// The kinds that the bot asked for; empty is the default set.
    pub(crate) fn allowed(&self) -> &[String] {
        &self.allowed
    }

    pub(crate) fn allow(&mut self, kinds: &Value) {
        let names = kinds.as_array().into_iter().flatten().filter_map(Value::as_str);
        self.allowed = names.map(str::to_owned).collect();
        self.sifted = i64::MIN;
    }

    /// What the bot did not ask for is thrown away here and not when it happens, so that nothing depends on
    /// whether a bot that is just starting has asked already.
    fn drop_unwanted(&mut self, among: usize) {
        let is_wanted = |update: &Update| is_allowed(&self.allowed, &update.kind);
        if !self.updates.iter().take(among).all(is_wanted) {
            self.keep_wanted();
        }
    }

    /// [`drop_unwanted`](Self::drop_unwanted) among all, of which only those are looked at that came since.
    fn sift(&mut self) {
        let new = self.updates.partition_point(|update| update.id < self.sifted);
        let is_wanted = |update: &Update| is_allowed(&self.allowed, &update.kind);
        if !self.updates.range(new..).all(is_wanted) {
            self.keep_wanted();
        }
        self.sifted = self.next_id;
    }

    fn keep_wanted(&mut self) {
        let updates = std::mem::take(&mut self.updates);
        let is_wanted = |update: &Update| is_allowed(&self.allowed, &update.kind);
        let (wanted, unwanted): (VecDeque<_>, VecDeque<_>) = updates.into_iter().partition(is_wanted);
        self.updates = wanted;
        unwanted.iter().for_each(|update| self.has_left(update));
    }

    /// The beginning of a `getUpdates`: confirms what lies below a positive offset.
    pub(crate) fn begin_poll(&mut self, offset: i64, allowed: Option<Vec<String>>) -> u64 {
        if let Some(allowed) = allowed {
            self.allowed = allowed;
            self.sifted = i64::MIN;
        }
        if offset > 0 {
            self.confirm(offset);
        } else if offset < 0 {
            // Telegram: a negative offset keeps only so many from the end.
            let keep = usize::try_from(-offset).unwrap_or(usize::MAX);
            let drop = self.updates.len().saturating_sub(keep);
            if let Some(update) = self.updates.get(drop) {
                self.confirm(update.id);
            }
        }
        self.poll += 1;
        self.poll
    }

    fn confirm(&mut self, below: i64) {
        self.confirmed = self.confirmed.max(below);
        while let Some(update) = self.updates.pop_front_if(|update| update.id < below) {
            self.has_left(&update);
        }
    }

    /// Up to `limit` updates as a JSON array, and their ids; `None` while there is nothing.
    pub(crate) fn batch(&mut self, limit: usize) -> Option<(String, Vec<i64>)> {
        self.drop_unwanted(limit);
        if self.updates.is_empty() {
            return None;
        }
        let mut text = String::with_capacity(1024);
        let mut ids = Vec::new();
        for update in self.updates.iter().take(limit) {
            text.push(if ids.is_empty() { '[' } else { ',' });
            text.push_str(&update.text);
            ids.push(update.id);
        }
        text.push(']');
        Some((text, ids))
    }

    pub(crate) fn number_from(&mut self, id: i64) {
        self.next_id = self.next_id.max(id);
    }

    pub(crate) fn last_id(&self) -> i64 {
        self.next_id
    }

    pub(crate) fn len(&self) -> usize {
        self.updates.len()
    }

    pub(crate) fn clear(&mut self) {
        self.updates.clear();
        self.lanes.clear();
        self.under_way = 0;
    }

    pub(crate) fn is_confirmed(&self, id: i64) -> bool {
        id < self.confirmed || self.delivered.contains(&id)
    }
}

/// Telegram: a webhook gets the updates of a chat one after the other, presses those of a person, members those of a
/// chat beside its messages, and everything else at once.
fn lane(id: i64, kind: &str, content: &Value) -> i64 {
    /// Chats and people have fewer bits than this.
    const BESIDE: i64 = 1 << 58;
    let chat = content["chat"]["id"].as_i64();
    match (kind, chat, content["from"]["id"].as_i64()) {
        ("callback_query", _, Some(person)) => BESIDE.saturating_add(person),
        ("my_chat_member" | "chat_member" | "chat_join_request", Some(chat), _) => {
            (2 * BESIDE).saturating_add(chat)
        }
        (_, Some(chat), _) => chat,
        _ => (3 * BESIDE).saturating_add(id),
    }
}

fn is_allowed(allowed: &[String], kind: &str) -> bool {
    if allowed.is_empty() {
        return !ONLY_ON_DEMAND.contains(&kind);
    }
    // A kind that no bot can know yet is handed out, so that a test can see what the bot does with it.
    allowed.iter().any(|name| name == kind) || !KNOWN.contains(&kind)
}

/// The kinds of updates that can be asked for.
const KNOWN: [&str; 23] = [
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "message_reaction",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
];
