//! Everything there is: people, chats, and what waits for the bot.

use std::collections::{BTreeMap, HashMap};

use alita_model::UserId;
use alita_runtime::Clock;
use serde_json::Value;

use super::callbacks::Callbacks;
use super::chats::Chat;
use super::faults::Faults;
use super::files::Files;
use super::log::Log;
use super::members::{Member, MemberStatus};
use super::people::{NewUser, Person, service_people};
use super::queue::Queue;
use super::webhook::{Targets, Webhook};

/// The id of our bot, which is also the first half of its token.
pub(crate) const BOT: i64 = 7_770_001;
pub(crate) const BOT_USERNAME: &str = "AlitaBot";
pub(crate) const BOT_NAME: &str = "Alita";

/// How many messages a chat keeps while calls are only counted.
const KEPT_WHEN_PAUSED: usize = 1000;

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) people: BTreeMap<i64, Person>,
    pub(crate) chats: BTreeMap<i64, Chat>,
    pub(crate) queue: Queue,
    pub(crate) callbacks: Callbacks,
    pub(crate) faults: Faults,
    /// The method whose calls wait, and how many of them may still pass.
    pub(crate) gate: Option<(String, usize)>,
    pub(crate) log: Log,
    pub(crate) files: Files,
    /// Rules that were broken although Telegram would not answer with an error.
    pub(crate) sins: Vec<String>,
    /// By scope and language.
    pub(crate) commands: HashMap<(String, String), Value>,
    pub(crate) webhook: Option<Webhook>,
    pub(crate) targets: Targets,
    pub(crate) invites: u32,
}

impl World {
    pub(crate) fn new(clock: Clock) -> Self {
        let bot = NewUser {
            first_name: BOT_NAME.to_owned(),
            username: Some(BOT_USERNAME.to_owned()),
            is_bot: true,
            ..NewUser::default()
        };
        let bot = Person::new(BOT, bot);
        Self {
            clock,
            people: service_people().into_iter().chain([bot]).map(|person| (person.id, person)).collect(),
            chats: BTreeMap::new(),
            queue: Queue::default(),
            callbacks: Callbacks::default(),
            faults: Faults::default(),
            gate: None,
            log: Log::default(),
            files: Files::default(),
            sins: Vec::new(),
            commands: HashMap::new(),
            webhook: None,
            targets: Targets::default(),
            invites: 0,
        }
    }

    /// Unix time by the clock.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now().timestamp()
    }

    /// May a call of the method go on? Whoever may has used up one of the passes.
    pub(crate) fn passes_gate(&mut self, method: &str) -> bool {
        match &mut self.gate {
            Some((gated, pass)) if gated.eq_ignore_ascii_case(method) => match pass.checked_sub(1) {
                Some(left) => {
                    *pass = left;
                    true
                }
                None => false,
            },
            _ => true,
        }
    }

    pub(crate) fn sin(&mut self, sin: impl Into<String>) {
        self.sins.push(sin.into());
    }

    /// What somebody is in a chat now; who was never there has left.
    pub(crate) fn member(&self, chat: i64, user: i64) -> Member {
        // A private chat need not have been used yet.
        if chat > 0 {
            return if user == chat || user == BOT { Member::member() } else { Member::left() };
        }
        let chat = self.chat(chat);
        chat.members.get(&user).map_or_else(Member::left, |member| member.at(self.now()))
    }

    pub(crate) fn bot_in(&self, chat: i64) -> Member {
        self.member(chat, BOT)
    }

    /// Does the bot hear what is said there?
    pub(crate) fn bot_hears(&self, chat: i64) -> bool {
        if chat > 0 {
            return self.people.get(&chat).is_some_and(|person| person.has_started && !person.has_blocked);
        }
        self.bot_in(chat).is_in_chat()
    }

    /// Somebody becomes something else; the bot is told as far as Telegram would tell it.
    pub(crate) fn change_member(&mut self, chat: i64, user: i64, new: Member, by: i64) {
        let old = self.member(chat, user);
        let before = self.bot_in(chat);
        let bot_may_promote = before.has("can_promote_members");
        let kind = self.chat(chat).kind;
        let was = old.to_wire(self.user(user), kind, bot_may_promote);
        let is = new.to_wire(self.user(user), kind, bot_may_promote);
        self.chat_mut(chat).members.insert(user, new);
        if was == is {
            return;
        }
        // Telegram: what happens to others only administrators are told.
        if user == BOT || before.is_admin() {
            let update = if user == BOT { "my_chat_member" } else { "chat_member" };
            let change = serde_json::json!({
                "chat": self.chat_wire(chat), "from": self.user(by), "date": self.now(),
                "old_chat_member": was, "new_chat_member": is,
            });
            self.emit(update, &change);
        }
    }

    pub(crate) fn emit(&mut self, kind: &'static str, content: &Value) {
        self.queue.push(kind, content);
    }

    /// The next message is about to be stored; an endless benchmark must not fill the memory.
    pub(crate) fn make_room(&mut self, chat: i64) {
        if !self.log.is_paused() {
            return;
        }
        if let Some(chat) = self.chats.get_mut(&chat) {
            while chat.messages.len() > KEPT_WHEN_PAUSED {
                chat.messages.pop_first();
            }
        }
    }

    pub(crate) fn owner_of(&self, chat: i64) -> i64 {
        let owner = |(id, member): (&i64, &Member)| (member.status == MemberStatus::Owner).then_some(*id);
        self.chat(chat).members.iter().find_map(owner).unwrap_or(UserId::GROUP_ANONYMOUS_BOT.get())
    }
}
