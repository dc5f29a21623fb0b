//! What a test can see of the world.

use std::collections::BTreeMap;

use alita_model::{ChatId, MessageId, UserId};
use bytes::Bytes;
use serde_json::Value;

use super::FakeTelegram;
use super::faults::Fault;
use super::log::Call;
use super::media::MediaKind;
use super::members::Member;

impl FakeTelegram {
    /// What somebody is in a chat at this time.
    #[must_use]
    pub fn member(&self, chat: ChatId, user: UserId) -> Member {
        self.world().member(chat.get(), user.get())
    }

    /// A message as it stands now; `None` once it is deleted.
    #[must_use]
    pub fn message(&self, chat: ChatId, message: MessageId) -> Option<Value> {
        self.world().message(chat.get(), message.get()).cloned()
    }

    /// All messages of a chat, the oldest first.
    #[must_use]
    pub fn messages(&self, chat: ChatId) -> Vec<Value> {
        self.world()
            .chats
            .get(&chat.get())
            .map(|chat| chat.messages.values().cloned().collect())
            .unwrap_or_default()
    }

    /// The pinned messages of a chat, the last pinned first.
    #[must_use]
    pub fn pinned(&self, chat: ChatId) -> Vec<MessageId> {
        let world = self.world();
        let pinned = world.chats.get(&chat.get()).map(|chat| chat.pinned.as_slice()).unwrap_or_default();
        pinned.iter().rev().map(|id| MessageId::new(*id)).collect()
    }

    /// The next message of the chat gets this id.
    pub fn set_next_message_id(&self, chat: ChatId, id: i32) {
        self.act(|world| world.chat_mut(chat.get()).next_message = id);
    }

    /// The commands that were set for a scope (`default` without one) and a language (empty without one).
    #[must_use]
    pub fn commands(&self, scope: &str, language: &str) -> Option<Value> {
        self.world().commands.get(&(scope.to_owned(), language.to_owned())).cloned()
    }

    /// A file that people may have; answers with its id.
    pub fn add_file(&self, kind: MediaKind, id: Option<&str>, bytes: impl Into<Bytes>) -> String {
        let bytes = bytes.into();
        self.act(|world| world.files.add(kind, id, Some(bytes)))
    }

    /// The content of a file, uploaded ones included.
    #[must_use]
    pub fn file(&self, id: &str) -> Option<Bytes> {
        self.world().files.bytes(id)
    }

    /// The next so many calls of the method go wrong; `*` is every method but `getUpdates`, `usize::MAX` is always.
    ///
    /// `webhook` is a request to the bot: it does not arrive, or, with [`Fault::after_effect`], Telegram does not hear
    /// the answer.
    pub fn fail(&self, method: &str, fault: Fault, times: usize) {
        self.fail_after(0, method, fault, times);
    }

    /// As [`FakeTelegram::fail`], but `skip` calls go well before.
    pub fn fail_after(&self, skip: usize, method: &str, fault: Fault, times: usize) {
        self.act(|world| world.faults.plan(method, skip, fault, times));
    }

    /// From now on `pass` calls of the method are answered, and every further one waits at the gate, without any
    /// effect, until [`FakeTelegram::open_gate`]. There is one gate; a second call moves it.
    pub fn close_gate(&self, method: &str, pass: usize) {
        self.act(|world| world.gate = Some((method.to_owned(), pass)));
    }

    /// Whoever waits at the gate goes on, and there is no gate any more.
    pub fn open_gate(&self) {
        self.act(|world| world.gate = None);
    }

    /// Nothing goes wrong any more, but what hangs keeps hanging.
    pub fn heal(&self) {
        self.act(|world| world.faults.clear());
    }

    /// Every call so far, in the order in which they took effect.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.world().log.calls().to_vec()
    }

    /// Every call of one method so far.
    #[must_use]
    pub fn calls_of(&self, method: &str) -> Vec<Call> {
        self.world().log.calls().iter().filter(|call| call.method == method).cloned().collect()
    }

    /// How often each method was called, those that were only counted included.
    #[must_use]
    pub fn call_counts(&self) -> BTreeMap<String, u64> {
        self.world().log.counts().iter().map(|(method, count)| ((*method).to_owned(), *count)).collect()
    }

    /// Forgets the calls and their counts; the world stays as it is.
    pub fn forget_calls(&self) {
        self.act(|world| world.log.forget());
    }

    /// Only counts calls from now on, and keeps only the youngest messages of a chat.
    pub fn pause_log(&self, is_paused: bool) {
        self.act(|world| world.log.pause(is_paused));
    }

    /// The rules the bot broke: a press answered twice or never, too much callback data, ..
    #[must_use]
    pub fn faults_seen(&self) -> Vec<String> {
        self.world().all_sins()
    }

    /// The next update gets this number, if no greater one was given before.
    ///
    /// For a bot that keeps numbers elsewhere than in its own folder, where an earlier Telegram has used them.
    pub fn set_next_update_id(&self, id: i64) {
        self.act(|world| world.queue.number_from(id));
    }

    /// How many updates the bot has not confirmed.
    #[must_use]
    pub fn unconfirmed(&self) -> usize {
        self.world().queue.len()
    }
}
