//! What stands in the chats, as a reader of the conversation has seen it.

use std::collections::BTreeMap;

use alita_model::{ChatId, MessageId};
use serde_json::Value;

/// One message as it was last seen.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// Whose message people would say it is: the person's, or the channel's that it was sent as.
    pub(super) by: i64,
    /// Its text; a word in brackets for one without.
    pub(super) text: String,
    pub(super) thread: Option<i64>,
    keyboard: Value,
    is_gone: bool,
}

/// All messages, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Board {
    messages: BTreeMap<(i64, i64), Seen>,
}

/// Our words for what a message can carry; an animation also carries a document and a venue its location, so the
/// more special one comes first.
pub(super) const MEDIA: [(&str, &str); 16] = [
    ("animation", "gif"),
    ("photo", "photo"),
    ("sticker", "sticker"),
    ("document", "document"),
    ("audio", "audio"),
    ("voice", "voice"),
    ("video_note", "videonote"),
    ("video", "video"),
    ("contact", "contact"),
    ("venue", "venue"),
    ("location", "location"),
    ("game", "game"),
    ("poll", "poll"),
    ("dice", "dice"),
    ("story", "story"),
    ("paid_media", "paid media"),
];

/// Our words for what Telegram writes into a chat by itself.
const EVENTS: [(&str, &str); 6] = [
    ("new_chat_members", "came"),
    ("left_chat_member", "went"),
    ("pinned_message", "pinned"),
    ("forum_topic_created", "topic"),
    ("migrate_to_chat_id", "moved"),
    ("migrate_from_chat_id", "moved"),
];

impl Board {
    /// Notes a message as the Bot API writes it; whose it was is not forgotten by an edit.
    pub(super) fn note(&mut self, message: &Value) {
        let (Some(chat), Some(id)) = (message["chat"]["id"].as_i64(), message["message_id"].as_i64()) else {
            return;
        };
        let sender = message["sender_chat"]["id"].as_i64().or_else(|| message["from"]["id"].as_i64());
        let by = self.get(chat, id).map(|seen| seen.by).or(sender).unwrap_or_default();
        let seen = Seen {
            by,
            text: text_of(message),
            thread: topic_of(message),
            keyboard: message["reply_markup"]["inline_keyboard"].clone(),
            is_gone: false,
        };
        self.messages.insert((chat, id), seen);
    }

    /// Notes who really wrote a message.
    pub(super) fn written_by(&mut self, chat: i64, message: i64, by: i64) {
        if let Some(seen) = self.messages.get_mut(&(chat, message)) {
            seen.by = by;
        }
    }

    pub(super) fn get(&self, chat: i64, message: i64) -> Option<&Seen> {
        self.messages.get(&(chat, message))
    }

    /// The message was deleted; its buttons may still be pressed by somebody who has not noticed.
    pub(super) fn is_gone(&mut self, chat: i64, message: i64) {
        if let Some(seen) = self.messages.get_mut(&(chat, message)) {
            seen.is_gone = true;
        }
    }

    /// The last message of somebody in a chat, or the last one that begins so.
    pub(super) fn last(&self, chat: ChatId, by: i64, begins: Option<&str>) -> Option<MessageId> {
        let begins = one_line(begins.unwrap_or_default());
        let begins = begins.trim_end_matches('…');
        self.of_chat(chat)
            .rev()
            .find(|(_, seen)| !seen.is_gone && seen.by == by && one_line(&seen.text).starts_with(begins))
            .map(|(id, _)| id)
    }

    /// The last message in a chat with a button of this label, and the button.
    pub(super) fn button(&self, chat: ChatId, label: &str, may_be_gone: bool) -> Option<(MessageId, Value)> {
        let there = |seen: &Seen| may_be_gone || !seen.is_gone;
        self.of_chat(chat)
            .rev()
            .filter(|(_, seen)| there(seen))
            .find_map(|(id, seen)| Some((id, button_in(&seen.keyboard, label)?)))
    }

    /// The button of this label under one message.
    pub(super) fn button_of(&self, chat: ChatId, message: MessageId, label: &str) -> Option<Value> {
        self.get(chat.get(), message.get().into()).and_then(|seen| button_in(&seen.keyboard, label))
    }

    fn of_chat(&self, chat: ChatId) -> impl DoubleEndedIterator<Item = (MessageId, &Seen)> {
        self.messages
            .range((chat.get(), i64::MIN)..=(chat.get(), i64::MAX))
            .filter_map(|((_, id), seen)| Some((MessageId::new(i32::try_from(*id).ok()?), seen)))
    }
}

/// The topic that a message stands in.
///
/// Telegram: replies carry a `message_thread_id` outside of topics too.
pub(super) fn topic_of(message: &Value) -> Option<i64> {
    message["message_thread_id"].as_i64().filter(|_| message["is_topic_message"] == true)
}

/// The first forty characters of a text, in one line.
pub(super) fn shortened(text: &str) -> String {
    let text = one_line(text);
    if text.chars().count() <= 40 {
        return text;
    }
    let cut: String = text.chars().take(40).collect();
    format!("{}…", cut.trim_end())
}

fn text_of(message: &Value) -> String {
    let words = message["text"].as_str().or_else(|| message["caption"].as_str());
    let carried = || MEDIA.iter().chain(&EVENTS).find(|(field, _)| !message[*field].is_null());
    match words {
        Some(words) => words.to_owned(),
        None => carried().map(|(_, word)| format!("[{word}]")).unwrap_or_default(),
    }
}

fn button_in(keyboard: &Value, label: &str) -> Option<Value> {
    let rows = keyboard.as_array()?;
    rows.iter().filter_map(Value::as_array).flatten().find(|button| button["text"] == label).cloned()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
