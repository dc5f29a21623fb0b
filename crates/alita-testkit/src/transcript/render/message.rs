//! Writes what the bot sends and edits.

use serde_json::{Value, json};

use super::params::{flag, int, nested};
use super::{Did, Renderer, keyboard, refusal, spread};
use crate::transcript::board::{MEDIA, shortened, topic_of};
use crate::transcript::entities::tagged;
use crate::transcript::scene::BOT;

impl Renderer<'_> {
    /// `sendMessage`, `sendPhoto`, ..
    pub(super) fn sent(&mut self, did: &Did) -> Vec<String> {
        let message = shape(did);
        let chat = message["chat"]["id"].as_i64().unwrap_or_default();
        // Telegram: what answers nobody in a topic still carries the message that made the topic.
        let answers =
            !did.params["reply_parameters"].is_null() || !did.params["reply_to_message_id"].is_null();
        let reply = message["reply_to_message"]["message_id"].as_i64().filter(|_| answers);
        let here = chat == self.moment.chat;
        let how = match reply {
            None if here => " says".to_owned(),
            None => String::new(),
            Some(reply) if here && Some(reply) == self.moment.message => String::new(),
            Some(reply) => format!(" (to {})", self.message_in_words(chat, reply)),
        };
        let head = format!("{BOT}{}{how}:", self.other_chat(chat));
        let lines = self.body(&head, did, &message);
        if did.outcome.is_ok() {
            self.board.note(&message);
        }
        lines
    }

    /// `editMessageText`, `editMessageReplyMarkup`, ..
    pub(super) fn edited(&mut self, did: &Did) -> Vec<String> {
        let message = shape(did);
        let chat = message["chat"]["id"].as_i64().unwrap_or_default();
        let id = message["message_id"].as_i64().unwrap_or_default();
        let bot = self.scene.need_person(BOT).map(|id| id.get()).unwrap_or_default();
        let last = self.board.last(chat.into(), bot, None).map(|id| i64::from(id.get()));
        let expected = if chat == self.moment.chat { self.moment.on.or(last) } else { last };
        let which = match self.board.get(chat, id) {
            _ if expected == Some(id) => String::new(),
            Some(seen) => format!(" \"{}\"", shortened(&seen.text)),
            None => format!(" message {id}"),
        };
        let place = self.other_chat(chat);
        let lines = if did.method == "editMessageReplyMarkup" {
            let markup = nested(&did.params, "reply_markup");
            let mut lines = vec![format!("  {BOT}{place} edits the buttons{which}:{}", refusal(did))];
            lines.extend(keyboard::lines(&markup, self.shows.data));
            lines
        } else {
            self.body(&format!("{BOT}{place} edits{which}:"), did, &message)
        };
        if did.outcome.is_ok() {
            self.board.note(&message);
        }
        lines
    }

    /// A message in words: whose it is, and how it begins unless it is that one's last.
    fn message_in_words(&self, chat: i64, message: i64) -> String {
        let Some(seen) = self.board.get(chat, message) else { return format!("message {message}") };
        let name = self.scene.written_name(seen.by);
        let last = self.board.last(chat.into(), seen.by, None).map(|last| i64::from(last.get()));
        if last == Some(message) || seen.text.is_empty() {
            return name;
        }
        format!("{name} \"{}\"", shortened(&seen.text))
    }

    fn other_chat(&self, chat: i64) -> String {
        if chat == self.moment.chat {
            String::new()
        } else if chat > 0 {
            format!(" to {} in private", self.scene.written_name(chat))
        } else {
            format!(" {}", self.scene.written_place(chat))
        }
    }

    fn body(&self, head: &str, did: &Did, message: &Value) -> Vec<String> {
        let (text, entities) = match message["text"].as_str() {
            Some(text) => (text, &message["entities"]),
            None => (message["caption"].as_str().unwrap_or_default(), &message["caption_entities"]),
        };
        let shown = if self.shows.formatting { tagged(text, entities) } else { text.to_owned() };
        let medium = medium(message).map(|medium| format!("[{medium}] ")).unwrap_or_default();
        let flags = self.flags(did, message, text);
        let mut lines = spread(head, &format!("{medium}{shown}{flags}{}", refusal(did)));
        lines.extend(keyboard::lines(&nested(&did.params, "reply_markup"), self.shows.data));
        lines
    }

    /// What is not as usual, in braces.
    fn flags(&self, did: &Did, message: &Value, text: &str) -> String {
        let params = &did.params;
        let mut flags = String::new();
        let edits = did.method.starts_with("edit");
        let formatted =
            ["parse_mode", "entities", "caption_entities"].iter().any(|name| !params[name].is_null());
        if !text.is_empty() && !formatted {
            flags.push_str(" {plain}");
        }
        if flag(params, "disable_notification") {
            flags.push_str(" {silent}");
        }
        if flag(params, "protect_content") {
            flags.push_str(" {protected}");
        }
        let has_link =
            text.contains("://") || message["entities"].as_array().into_iter().flatten().any(is_link);
        if message["text"].is_string()
            && has_link
            && !flag(&nested(params, "link_preview_options"), "is_disabled")
        {
            flags.push_str(" {preview}");
        }
        let thread = topic_of(message);
        if !edits && thread != self.moment.thread && message["chat"]["id"] == self.moment.chat {
            match thread {
                Some(thread) => flags.push_str(&format!(" {{topic {thread}}}")),
                None => flags.push_str(" {no topic}"),
            }
        }
        flags
    }
}

fn is_link(entity: &Value) -> bool {
    entity["type"] == "url"
        || entity["type"] == "text_link"
            && entity["url"].as_str().is_some_and(|url| !url.starts_with("tg://user"))
}

/// The message that Telegram answered; for a refused call, what would have been sent.
fn shape(did: &Did) -> Value {
    if let Ok(message) = &did.outcome
        && message.is_object()
    {
        return message.clone();
    }
    let params = &did.params;
    let html = params["parse_mode"].as_str().is_some_and(|mode| mode.eq_ignore_ascii_case("html"));
    let read = |name: &str| match params[name].as_str() {
        Some(text) if html => Value::from(without_tags(text)),
        Some(text) => Value::from(text),
        None => Value::Null,
    };
    let mut message = json!({
        "chat": {"id": int(params, "chat_id")},
        "message_id": int(params, "message_id"),
        "message_thread_id": int(params, "message_thread_id"),
        "is_topic_message": int(params, "message_thread_id").is_some(),
        "reply_to_message": {"message_id": int(&nested(params, "reply_parameters"), "message_id")},
        "text": read("text"),
        "caption": read("caption"),
    });
    for (field, _) in MEDIA {
        if let Some(file) = params[field].as_str() {
            message[field] = json!({"file_id": file});
        }
    }
    message
}

/// `photo photo-1`: the kind, and the file's id where there is one.
fn medium(message: &Value) -> Option<String> {
    let (field, word) = MEDIA.iter().find(|(field, _)| !message[*field].is_null())?;
    let medium = match &message[*field] {
        // Telegram: a photo is a list of sizes, the largest last.
        Value::Array(sizes) => sizes.last().unwrap_or(&Value::Null),
        medium => medium,
    };
    Some(match medium["file_id"].as_str() {
        Some(file) => format!("{word} {file}"),
        None => (*word).to_owned(),
    })
}

/// What a reader would see of HTML that Telegram did not accept.
fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
