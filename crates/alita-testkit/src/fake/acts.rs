//! What people do with messages: write, edit, press, pin, delete.

use alita_model::{ChatId, MessageId, UserId};
use serde_json::{Value, json};

use super::FakeTelegram;
use super::callbacks::Pressed;
use super::chats::ChatKind;
use super::drafts::{Draft, Speaker};
use super::messages::id_of;
use super::world::World;

impl FakeTelegram {
    /// Somebody writes; in a private chat for the first time, they start the bot by it.
    ///
    /// # Panics
    ///
    /// When the chat, the person, or a message replied to does not exist.
    pub fn say(&self, chat: ChatId, speaker: Speaker, draft: impl Into<Draft>) -> MessageId {
        let draft = draft.into();
        self.act(|world| {
            if chat.is_private() {
                world.start_private(chat.get());
            }
            let message = world.compose(chat.get(), speaker, &draft);
            let message = world.store(chat.get(), message);
            // Telegram: bots do not hear each other.
            let by_other_bot = matches!(speaker, Speaker::User(user) if world.person(user.get()).is_bot);
            if world.bot_hears(chat.get()) && !by_other_bot {
                world.emit(world.post_kind(chat.get(), false), &message);
            }
            id_of(&message)
        })
    }

    /// The author changes a message.
    ///
    /// # Panics
    ///
    /// When there is no such message.
    pub fn edit(&self, chat: ChatId, message: MessageId, draft: impl Into<Draft>) {
        let draft = draft.into();
        self.act(|world| {
            let old = world.message(chat.get(), message.get()).cloned();
            let mut new = old.unwrap_or_else(|| panic!("there is no message {message} in chat {chat}"));
            new["edit_date"] = world.now().into();
            world.fill(&mut new, &draft);
            world.chat_mut(chat.get()).messages.insert(message.get(), new.clone());
            if world.bot_hears(chat.get()) {
                world.emit(world.post_kind(chat.get(), true), &new);
            }
        });
    }

    /// Somebody presses a button, or forges a press with any data; answers with the id of the callback query.
    ///
    /// When the message is gone the bot sees an inaccessible one.
    pub fn press(&self, user: UserId, chat: ChatId, message: MessageId, data: &str) -> String {
        self.act(|world| {
            let pressed = world.message(chat.get(), message.get()).cloned();
            let pressed = pressed.unwrap_or_else(|| world.inaccessible(chat, message));
            world.press(user, chat, Some(&pressed), data)
        })
    }

    /// Somebody presses a button below a message that the bot cannot see any more.
    pub fn press_inaccessible(&self, user: UserId, chat: ChatId, message: MessageId, data: &str) -> String {
        self.act(|world| {
            let pressed = world.inaccessible(chat, message);
            world.press(user, chat, Some(&pressed), data)
        })
    }

    /// Somebody presses a button that belongs to no message of a chat (an inline message).
    pub fn press_without_message(&self, user: UserId, data: &str) -> String {
        self.act(|world| world.press(user, user.into(), None, data))
    }

    /// Somebody pins a message, with the service message that comes of it.
    ///
    /// # Panics
    ///
    /// When there is no such message.
    pub fn pin_by(&self, chat: ChatId, message: MessageId, by: UserId) {
        self.act(|world| world.pin(chat.get(), message.get(), by.get()));
    }

    /// Somebody's message goes away; Telegram tells bots nothing about it.
    pub fn delete_silently(&self, chat: ChatId, message: MessageId) {
        self.act(|world| {
            let chat = world.chat_mut(chat.get());
            chat.messages.remove(&message.get());
            chat.pinned.retain(|pinned| *pinned != message.get());
        });
    }

    /// A topic is closed or opened again.
    pub fn close_topic(&self, chat: ChatId, thread: i32, is_closed: bool) {
        self.act(|world| {
            world.open_topic(chat.get(), thread);
            if let Some(topic) = world.chat_mut(chat.get()).topics.get_mut(&thread) {
                topic.is_closed = is_closed;
            }
        });
    }

    /// Any update, as it would stand on the wire; `update_id` is added if it is missing. Answers with that id.
    #[expect(clippy::needless_pass_by_value, reason = "it is nicer to write json!({..}) than &json!({..})")]
    pub fn raw_update(&self, update: Value) -> i64 {
        self.raw_update_text(&update.to_string())
    }

    /// The same from text, character by character what the bot will read.
    pub fn raw_update_text(&self, update: &str) -> i64 {
        self.act(|world| world.queue.push_raw(update))
    }
}

impl World {
    fn post_kind(&self, chat: i64, is_edit: bool) -> &'static str {
        match (self.kind(chat) == ChatKind::Channel, is_edit) {
            (false, false) => "message",
            (false, true) => "edited_message",
            (true, false) => "channel_post",
            (true, true) => "edited_channel_post",
        }
    }

    fn inaccessible(&self, chat: ChatId, message: MessageId) -> Value {
        // Telegram: the date 0 is what tells it apart.
        json!({"chat": self.chat_wire(chat.get()), "message_id": message.get(), "date": 0})
    }

    fn press(&mut self, user: UserId, chat: ChatId, message: Option<&Value>, data: &str) -> String {
        let id = self.callbacks.next_id();
        let mut query = json!({
            "id": id, "from": self.user(user.get()), "data": data,
            "chat_instance": format!("{}", chat.get().unsigned_abs() + 77),
        });
        match message {
            Some(message) => query["message"] = message.clone(),
            None => query["inline_message_id"] = format!("inline-{id}").into(),
        }
        let update = self.queue.push("callback_query", &query);
        self.callbacks.remember(id.clone(), Pressed { update, at: self.now(), answers: 0 });
        id
    }

    pub(crate) fn pin(&mut self, chat: i64, message: i32, by: i64) {
        let pinned = self.message(chat, message).cloned();
        let mut pinned =
            pinned.unwrap_or_else(|| panic!("there is no message {message} to pin in chat {chat}"));
        if let Some(fields) = pinned.as_object_mut() {
            fields.remove("reply_to_message");
        }
        let place = self.chat_mut(chat);
        place.pinned.retain(|known| *known != message);
        place.pinned.push(message);
        self.service(chat, by, &json!({"pinned_message": pinned}));
    }
}
