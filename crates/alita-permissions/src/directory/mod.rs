//! The facts about chats: fetched once for all who ask, remembered, and dropped when they change.
//!
//! ```
//! use alita_model::{ChatId, UserId};
//! use alita_permissions::directory::{Directory, Source, async_trait};
//! use alita_permissions::{ChatMember, Check, Fact, Rights};
//!
//! struct Telegram; // holds your client
//!
//! #[async_trait]
//! impl Source for Telegram {
//!     async fn administrators(&self, _chat: ChatId) -> Fact<Vec<ChatMember>> {
//!         Fact::Known(vec![ChatMember::administrator(1, Rights::PIN_MESSAGES)]) // getChatAdministrators
//!     }
//!     async fn member(&self, _chat: ChatId, user: UserId) -> Fact<ChatMember> {
//!         Fact::Known(ChatMember::member(user)) // getChatMember
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let directory = Directory::new(UserId::new(99), Telegram);
//! let ada = directory.admin(ChatId::new(-1001), UserId::new(1)).await;
//! assert_eq!(Check::needs(Rights::PIN_MESSAGES).actor(&ada).verdict(), Ok(()));
//! # }
//! ```

mod flights;
mod others;
mod source;
mod store;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use alita_model::{ChatId, UserId};
/// The attribute that implementations of [`Source`], [`Store`] and [`Others`] carry.
pub use async_trait::async_trait;
pub use others::Others;
pub use source::Source;
pub use store::{Kind, MemoryStore, Records, Store};

use crate::{Change, ChatMember, Fact};
use flights::Flights;

/// How long a list, or the record of a bot that is an administrator, counts as fresh.
const FRESH: u64 = 30 * 60;
/// How long "the bot is not an administrator" is believed.
const FRESH_NO: u64 = 2 * 60;
/// How long anything is believed while we do not hear what other processes forget.
const FRESH_UNHEARD: u64 = 60;
/// How long an old list still serves when Telegram does not answer.
const STALE: u64 = 24 * 60 * 60;

/// Who is who in which chat. Cheap to clone; all clones share what they know.
#[derive(Clone)]
pub struct Directory(Arc<Inner>);

struct Inner {
    me: UserId,
    source: Box<dyn Source>,
    store: Box<dyn Store>,
    time: Box<dyn Fn() -> u64 + Send + Sync>,
    flights: Flights,
    others: OnceLock<Box<dyn Others>>,
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory").field("me", &self.0.me).finish_non_exhaustive()
    }
}

impl Directory {
    /// A directory for the bot `me` that remembers in this process and goes by the system's time.
    #[must_use]
    pub fn new(me: UserId, source: impl Source + 'static) -> Self {
        Self::with(me, source, MemoryStore::default(), system_time)
    }

    /// A directory with its own memory and its own time, in seconds since 1970.
    #[must_use]
    pub fn with(
        me: UserId,
        source: impl Source + 'static,
        store: impl Store + 'static,
        time: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner {
            me,
            source: Box::new(source),
            store: Box::new(store),
            time: Box::new(time),
            flights: Flights::default(),
            others: OnceLock::new(),
        }))
    }

    /// From now on other processes hear what this one forgets; said once, the first word counts.
    pub fn tell(&self, others: impl Others + 'static) {
        let _first = self.0.others.get_or_init(|| Box::new(others));
    }

    /// The administrators of a chat as they were at most 30 minutes ago; at most a day ago while Telegram fails.
    pub async fn administrators(&self, chat: ChatId) -> Fact<Arc<Records>> {
        self.records(chat, Kind::Administrators).await
    }

    /// The record of an administrator; `NotFound` for everybody else.
    ///
    /// This is what a gate asks: an ordinary member costs no call.
    /// Where no list can be had, Telegram is asked for this one person.
    pub async fn admin(&self, chat: ChatId, user: UserId) -> Fact<ChatMember> {
        match self.listed(chat, user).await {
            Fact::Unknown => only_admin(self.member_live(chat, user).await),
            fact => fact,
        }
    }

    /// Whether somebody is an administrator of a chat; never for channels, placeholders and private chats.
    ///
    /// This is what a watcher asks of every message: it never calls for a single person of whom the list tells.
    pub async fn is_admin(&self, chat: ChatId, user: UserId) -> Fact<bool> {
        match self.listed(chat, user).await {
            Fact::Known(member) => Fact::Known(member.is_admin()),
            Fact::NotFound => Fact::Known(false),
            Fact::Unknown => Fact::Unknown,
        }
    }

    /// What memory alone says to [`Directory::is_admin`]; `None` when it would have to ask.
    #[must_use]
    pub fn peek_is_admin(&self, chat: ChatId, user: UserId) -> Option<bool> {
        if never_admin(chat, user) {
            return Some(false);
        }
        let kind = if user == self.0.me { Kind::Bot } else { Kind::Administrators };
        let records = self.0.store.peek(chat, kind).filter(|records| self.is_fresh(kind, records))?;
        if kind == Kind::Administrators && records.members.is_empty() {
            return None;
        }
        Some(records.find(user).is_some_and(ChatMember::is_admin))
    }

    /// Somebody's record: from a fresh list of administrators, or else from Telegram.
    pub async fn member(&self, chat: ChatId, user: UserId) -> Fact<ChatMember> {
        let list = self.0.store.get(chat, Kind::Administrators).await;
        let list = list.filter(|records| self.is_fresh(Kind::Administrators, records));
        match list.and_then(|records| records.find(user).cloned()) {
            Some(member) => Fact::Known(member),
            None => self.member_live(chat, user).await,
        }
    }

    /// Somebody's record as it is right now: for what does great harm on an old right.
    pub async fn member_live(&self, chat: ChatId, user: UserId) -> Fact<ChatMember> {
        if user.is_somebody() { self.0.source.member(chat, user).await } else { Fact::NotFound }
    }

    /// The bot's own record, remembered apart from the list, so that it never answers for others.
    pub async fn bot(&self, chat: ChatId) -> Fact<ChatMember> {
        match self.records(chat, Kind::Bot).await {
            Fact::Known(records) => records.members.first().cloned().map_or(Fact::NotFound, Fact::Known),
            Fact::NotFound => Fact::NotFound,
            Fact::Unknown => Fact::Unknown,
        }
    }

    /// Drops what is known of a chat, here and in the other processes; a fetch under way no longer fills it.
    pub async fn forget(&self, chat: ChatId) {
        self.forget_kind(chat, Kind::Administrators).await;
        self.forget_kind(chat, Kind::Bot).await;
        self.tell_others(chat).await;
    }

    /// Believes what is known of a chat no longer: it is asked for anew, and what was known serves only while Telegram
    /// does not answer. The other processes drop it.
    pub async fn doubt(&self, chat: ChatId) {
        self.doubt_kind(chat, Kind::Administrators).await;
        self.doubt_kind(chat, Kind::Bot).await;
        self.tell_others(chat).await;
    }

    /// Drops what this process knows of a chat, because another one said so.
    pub fn forget_here(&self, chat: ChatId) {
        for kind in [Kind::Administrators, Kind::Bot] {
            self.0.flights.invalidate((chat, kind));
            self.0.store.forget_here(chat, kind);
        }
    }

    /// Drops all that this process knows: the word of another one may have been lost.
    pub fn forget_all_here(&self) {
        self.0.flights.invalidate_all();
        self.0.store.forget_all_here();
    }

    /// Asks for the administrators again, whatever is remembered here or elsewhere.
    ///
    /// `Unknown` when Telegram does not answer; what was remembered serves on meanwhile.
    pub async fn refresh(&self, chat: ChatId) -> Fact<Arc<Records>> {
        self.doubt_kind(chat, Kind::Administrators).await;
        self.tell_others(chat).await;
        match self.administrators(chat).await {
            Fact::Known(list) if list.is_doubted => Fact::Unknown,
            fact => fact,
        }
    }

    /// How long ago records were read, by the directory's own time: nobody else's clock says the same.
    #[must_use]
    pub fn age(&self, records: &Records) -> Duration {
        Duration::from_secs(self.seconds_since(records))
    }

    /// Takes in a `chat_member` or `my_chat_member` update; says whether the list has to be read again.
    pub async fn learn(&self, chat: ChatId, change: Change<'_>) -> bool {
        let is_about_me = change.after().user == self.0.me;
        if is_about_me {
            self.forget_kind(chat, Kind::Bot).await;
            self.0.store.put(chat, Kind::Bot, self.stamped(vec![change.after().clone()])).await;
        }
        let is_outdated = change.is_list_outdated();
        if is_outdated {
            self.forget_kind(chat, Kind::Administrators).await;
        }
        if is_about_me || is_outdated {
            self.tell_others(chat).await;
        }
        is_outdated
    }

    /// After we have forgotten it ourselves: whoever hears this asks anew, and so do we.
    async fn tell_others(&self, chat: ChatId) {
        if let Some(others) = self.0.others.get() {
            others.forget(chat).await;
        }
    }

    async fn listed(&self, chat: ChatId, user: UserId) -> Fact<ChatMember> {
        if never_admin(chat, user) {
            return Fact::NotFound;
        }
        if user == self.0.me {
            return only_admin(self.bot(chat).await);
        }
        match self.administrators(chat).await {
            // Every chat has an owner, so an empty list tells nothing.
            Fact::Known(list) if list.members.is_empty() => only_admin(self.member_live(chat, user).await),
            Fact::Known(list) => list.find(user).cloned().map_or(Fact::NotFound, Fact::Known),
            Fact::NotFound => Fact::NotFound,
            Fact::Unknown => Fact::Unknown,
        }
    }

    async fn records(&self, chat: ChatId, kind: Kind) -> Fact<Arc<Records>> {
        if chat.is_private() {
            return Fact::NotFound;
        }
        let stored = self.0.store.get(chat, kind).await;
        if let Some(records) = stored.as_ref().filter(|records| self.is_fresh(kind, records)) {
            return Fact::Known(Arc::clone(records));
        }
        let fetched = self.0.flights.board((chat, kind), self.now(), |ticket| async move {
            // Somebody may have landed between our look into memory and the start of this flight.
            if let Some(records) = self.0.store.get(chat, kind).await.filter(|r| self.is_fresh(kind, r)) {
                return Some(records);
            }
            let records = self.stamped(self.fetch(chat, kind).await?);
            self.0.store.put(chat, kind, Arc::clone(&records)).await;
            if !ticket.is_valid() {
                self.0.store.forget(chat, kind).await;
            }
            Some(records)
        });
        match fetched.await {
            Some(records) => Fact::Known(records),
            None => stored.filter(|r| self.seconds_since(r) <= STALE).map_or(Fact::Unknown, Fact::Known),
        }
    }

    async fn fetch(&self, chat: ChatId, kind: Kind) -> Option<Vec<ChatMember>> {
        match kind {
            Kind::Administrators => self.0.source.administrators(chat).await.known(),
            Kind::Bot => match self.0.source.member(chat, self.0.me).await {
                Fact::Known(member) => Some(vec![member]),
                Fact::NotFound => Some(vec![ChatMember::left(self.0.me)]),
                Fact::Unknown => None,
            },
        }
    }

    async fn forget_kind(&self, chat: ChatId, kind: Kind) {
        // First the tickets, then the memory: a flight that lands in between cleans up behind itself.
        self.0.flights.invalidate((chat, kind));
        self.0.store.forget(chat, kind).await;
    }

    async fn doubt_kind(&self, chat: ChatId, kind: Kind) {
        self.0.flights.invalidate((chat, kind));
        let ticket = self.0.flights.check_in((chat, kind));
        let Some(records) = self.0.store.get(chat, kind).await else { return };
        let records = Records { is_doubted: true, ..Records::clone(&records) };
        self.0.store.put(chat, kind, Arc::new(records)).await;
        if !ticket.is_valid() {
            // They were dropped while we looked at them, and must not come back.
            self.0.store.forget(chat, kind).await;
        }
    }

    fn stamped(&self, members: Vec<ChatMember>) -> Arc<Records> {
        Arc::new(Records { members, read_at: self.now(), is_doubted: false })
    }

    fn is_fresh(&self, kind: Kind, records: &Records) -> bool {
        let is_no = kind == Kind::Bot && !records.members.iter().any(ChatMember::is_admin);
        let fresh = if is_no { FRESH_NO } else { FRESH };
        let are_heard = self.0.others.get().is_none_or(|others| others.are_heard());
        !records.is_doubted
            && self.seconds_since(records) < if are_heard { fresh } else { fresh.min(FRESH_UNHEARD) }
    }

    fn seconds_since(&self, records: &Records) -> u64 {
        self.now().saturating_sub(records.read_at)
    }

    fn now(&self) -> u64 {
        (self.0.time)()
    }
}

/// Whoever can be no administrator costs no call.
const fn never_admin(chat: ChatId, user: UserId) -> bool {
    chat.is_private() || !user.is_somebody() || user.is_service()
}

fn only_admin(fact: Fact<ChatMember>) -> Fact<ChatMember> {
    match fact {
        Fact::Known(member) if !member.is_admin() => Fact::NotFound,
        fact => fact,
    }
}

#[expect(clippy::disallowed_methods, reason = "for strangers who bring no clock; we hand in ours")]
fn system_time() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
