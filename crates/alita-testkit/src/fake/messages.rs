//! Messages: composed, stored, found again.

use alita_model::{MessageId, UserId};
use serde_json::{Map, Value, json};

use super::chats::{ChatKind, Topic};
use super::drafts::{Draft, Speaker};
use super::media::{self, MediaKind};
use super::text::{self, Formatted};
use super::world::{BOT, World};

/// What a message carries beside words.
pub(crate) fn media_of(message: &Value) -> Option<MediaKind> {
    // Telegram: an animation carries a document too, and a venue a location.
    [
        MediaKind::Animation,
        MediaKind::Photo,
        MediaKind::Sticker,
        MediaKind::Document,
        MediaKind::Audio,
        MediaKind::Voice,
        MediaKind::Video,
        MediaKind::VideoNote,
        MediaKind::Venue,
        MediaKind::Contact,
        MediaKind::Location,
        MediaKind::Game,
        MediaKind::Poll,
        MediaKind::Dice,
        MediaKind::Story,
    ]
    .into_iter()
    .find(|kind| !message[kind.word()].is_null())
}

/// Is it a message that Telegram wrote about an event?
pub(crate) fn is_service(message: &Value) -> bool {
    message["text"].is_null() && media_of(message).is_none()
}

impl World {
    pub(crate) fn message(&self, chat: i64, message: i32) -> Option<&Value> {
        self.chats.get(&chat)?.messages.get(&message)
    }

    /// Stores a message under the next id.
    pub(crate) fn store(&mut self, chat: i64, mut message: Value) -> Value {
        self.make_room(chat);
        let place = self.chat_mut(chat);
        let id = place.free_message_id();
        message["message_id"] = id.into();
        place.messages.insert(id, message.clone());
        message
    }

    /// The frame of every message.
    pub(crate) fn frame(&self, chat: i64) -> Value {
        json!({"message_id": 0, "chat": self.chat_wire(chat), "date": self.now()})
    }

    /// Hangs a message below another of the same chat.
    pub(crate) fn attach_reply(&self, chat: i64, message: &mut Value, reply_to: i32) {
        let Some(mut replied) = self.message(chat, reply_to).cloned() else { return };
        if let Some(fields) = replied.as_object_mut() {
            // Telegram: only one level of replies is told.
            fields.remove("reply_to_message");
        }
        if self.kind(chat) == ChatKind::Supergroup && message["message_thread_id"].is_null() {
            let in_topic = replied["is_topic_message"] == true;
            if in_topic {
                message["message_thread_id"] = replied["message_thread_id"].clone();
                message["is_topic_message"] = true.into();
            } else if !self.chat(chat).is_forum {
                // Telegram: replies carry a thread id outside of forums too, but nobody may send there.
                let root = &replied["message_thread_id"];
                message["message_thread_id"] = if root.is_null() { reply_to.into() } else { root.clone() };
            }
        }
        message["reply_to_message"] = replied;
    }

    /// A topic's first message is the service message that made it, and the topic has that message's id.
    pub(crate) fn open_topic(&mut self, chat: i64, thread: i32) {
        assert!(self.chat(chat).is_forum, "only forums have topics: make the chat with forum()");
        if self.chat(chat).topics.contains_key(&thread) {
            return;
        }
        let mut made = self.frame(chat);
        made["message_id"] = thread.into();
        made["message_thread_id"] = thread.into();
        made["is_topic_message"] = true.into();
        made["from"] = self.user(self.owner_of(chat));
        made["forum_topic_created"] = json!({"name": format!("Topic {thread}"), "icon_color": 7_322_096});
        let chat = self.chat_mut(chat);
        chat.topics.insert(thread, Topic::default());
        chat.messages.entry(thread).or_insert(made);
    }

    /// What somebody writes, as the bot would see it.
    pub(crate) fn compose(&mut self, chat: i64, speaker: Speaker, draft: &Draft) -> Value {
        let mut message = self.frame(chat);
        match speaker {
            Speaker::User(user) if self.kind(chat) == ChatKind::Channel => {
                message["sender_chat"] = self.chat_wire(chat);
                message["author_signature"] = self.person(user.get()).first_name.as_str().into();
            }
            Speaker::User(user) => {
                assert!(chat < 0 || chat == user.get(), "nobody but {chat} writes in that private chat");
                message["from"] = self.user(user.get());
            }
            Speaker::Anonymous(user) => {
                message["from"] = self.user(UserId::GROUP_ANONYMOUS_BOT.get());
                message["sender_chat"] = self.chat_wire(chat);
                if let Some(title) = self.member(chat, user.get()).custom_title {
                    message["author_signature"] = title.into();
                }
            }
            Speaker::Channel { channel, .. } => {
                message["from"] = self.user(UserId::CHANNEL_BOT.get());
                message["sender_chat"] = self.chat_wire(channel.get());
            }
            Speaker::Linked(channel) => {
                message["from"] = self.user(UserId::TELEGRAM.get());
                message["sender_chat"] = self.chat_wire(channel.get());
                message["is_automatic_forward"] = true.into();
                message["forward_origin"] = json!({
                    "type": "channel", "date": self.now(), "chat": self.chat_wire(channel.get()), "message_id": 1,
                });
            }
        }
        if let Some(origin) = &draft.origin {
            message["forward_origin"] = origin.to_wire(self, self.now());
        }
        if let Some(bot) = draft.via {
            message["via_bot"] = self.user(bot);
        }
        if let Some(thread) = draft.thread {
            let thread = i32::try_from(thread).unwrap_or_else(|_| panic!("{thread} is no topic's id"));
            self.open_topic(chat, thread);
            message["message_thread_id"] = thread.into();
            message["is_topic_message"] = true.into();
            if draft.reply_to.is_none() {
                // Telegram: what answers nobody in a topic answers the message that made the topic.
                self.attach_reply(chat, &mut message, thread);
            }
        }
        if let Some(reply_to) = draft.reply_to {
            let there = self.message(chat, reply_to.get()).is_some();
            assert!(there, "there is no message {reply_to} to reply to in chat {chat}");
            self.attach_reply(chat, &mut message, reply_to.get());
        }
        self.fill(&mut message, draft);
        message
    }

    /// Puts a draft's content into a message; what stood there before is gone.
    pub(crate) fn fill(&mut self, message: &mut Value, draft: &Draft) {
        let formatted = if draft.is_html {
            self.read_html(&draft.text).unwrap_or_else(|refusal| panic!("{:?}: {refusal}", draft.text))
        } else {
            Formatted::plain(draft.text.as_str())
        };
        let formatted = formatted.trimmed();
        let formatted = if draft.entities.is_none() { formatted.with_found() } else { formatted };
        let entities = draft.entities.clone().unwrap_or_else(|| formatted.entities_wire());
        if let Some(medium) = &draft.media {
            self.carry(message, medium.kind, medium.file_id.as_deref());
        }
        let kind = media_of(message);
        write_text(message, kind, &formatted.text, &entities);
        if let Some(rows) = &draft.keyboard {
            message["reply_markup"] = json!({"inline_keyboard": rows});
        }
        for (name, value) in &draft.more {
            message[name.as_str()] = value.clone();
        }
        assert!(formatted.utf16_len() <= text::MAX_TEXT, "nobody can write a text that long");
    }

    /// Puts a medium into a message.
    pub(crate) fn carry(&mut self, message: &mut Value, kind: MediaKind, file_id: Option<&str>) {
        let id = if kind.is_file() { self.files.add(kind, file_id, None) } else { String::new() };
        let size = self.files.bytes(&id).map_or(0, |bytes| bytes.len());
        for (field, value) in media::to_wire(kind, &id, size, &message["chat"]) {
            message[field] = value;
        }
    }

    /// A service message by somebody, and the bot is told unless it was the bot.
    pub(crate) fn service(&mut self, chat: i64, by: i64, event: &Value) -> MessageId {
        let mut message = self.frame(chat);
        message["from"] = self.user(by);
        if let (Some(message), Some(event)) = (message.as_object_mut(), event.as_object()) {
            message.extend(event.clone());
        }
        let message = self.store(chat, message);
        if by != BOT && self.bot_hears(chat) {
            self.emit("message", &message);
        }
        id_of(&message)
    }
}

/// Writes text and entities where they belong: beside a medium they are the caption.
pub(crate) fn write_text(message: &mut Value, kind: Option<MediaKind>, text: &str, entities: &Value) {
    let Some(fields) = message.as_object_mut() else { return };
    let (text_field, entities_field) = match kind {
        None => ("text", "entities"),
        Some(kind) if kind.has_caption() => ("caption", "caption_entities"),
        Some(_) => return,
    };
    replace(fields, text_field, (!text.is_empty()).then(|| text.into()));
    replace(
        fields,
        entities_field,
        entities.as_array().is_some_and(|all| !all.is_empty()).then(|| entities.clone()),
    );
}

fn replace(fields: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => fields.insert(name.to_owned(), value),
        None => fields.remove(name),
    };
}

pub(crate) fn id_of(message: &Value) -> MessageId {
    let id = message["message_id"].as_i64().and_then(|id| i32::try_from(id).ok());
    MessageId::new(id.unwrap_or_default())
}
