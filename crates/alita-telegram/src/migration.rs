//! Basic groups that have become supergroups: who hears of it, and which calls go to the new chat.

use std::fmt;
use std::sync::OnceLock;

use alita_model::ChatId;
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::Client;

type Listener = Box<dyn Fn(ChatId, ChatId) + Send + Sync>;

/// Fields that make a call another one in another chat.
///
/// Telegram: a supergroup numbers its messages anew, so the number of an old one names another message there. And
/// where a second chat is named, the one that has moved may be that one.
const BOUND_TO_ITS_CHAT: [&str; 3] = ["message_id", "message_ids", "from_chat_id"];

/// To leave the basic group is not to leave what it has become.
const NEVER: &str = "leaveChat";

/// Whoever wants to hear of groups that move.
#[derive(Default)]
pub(crate) struct Migrations(OnceLock<Listener>);

impl Migrations {
    pub(crate) fn tell(&self, old: ChatId, new: ChatId) {
        if let Some(listener) = self.0.get() {
            listener(old, new);
        }
    }
}

impl fmt::Debug for Migrations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migrations").field("is_heard", &self.0.get().is_some()).finish()
    }
}

impl Client {
    /// Calls `listener` with the old id and the new one when a call has to go to the supergroup that its group has
    /// become. It must not wait; there is one for all clones, and a second one is left out.
    pub fn on_migration(&self, listener: impl Fn(ChatId, ChatId) + Send + Sync + 'static) {
        if self.inner.migrations.0.set(Box::new(listener)).is_err() {
            tracing::warn!("somebody else hears already of groups that become supergroups");
        }
    }
}

/// The same parameters for the new chat; `None` where they would mean something else there.
pub(crate) fn moved(method: &str, body: &[u8], old: ChatId, new: ChatId) -> Option<Bytes> {
    if method == NEVER {
        return None;
    }
    let mut fields: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let is_bound = BOUND_TO_ITS_CHAT.iter().any(|field| fields.contains_key(*field));
    if is_bound || !old.is_basic_group() || fields.get("chat_id")?.as_i64()? != old.get() {
        return None;
    }
    fields.insert("chat_id".to_owned(), new.get().into());
    // The message that it replies to stayed behind.
    fields.remove("reply_parameters");
    serde_json::to_vec(&fields).ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OLD: ChatId = ChatId::new(-5);
    const NEW: ChatId = ChatId::new(-1_001_234_567_890);

    fn after_the_move(body: &Value) -> Option<Value> {
        let moved = moved("sendMessage", body.to_string().as_bytes(), OLD, NEW)?;
        Some(serde_json::from_slice(&moved).unwrap())
    }

    #[test]
    fn a_message_goes_to_the_new_chat_and_replies_to_nothing() {
        let body = json!({"chat_id": -5, "text": "hi", "reply_parameters": {"message_id": 7}});
        let expected = json!({"chat_id": -1_001_234_567_890_i64, "text": "hi"});
        assert_eq!(after_the_move(&body), Some(expected));
        let body = json!({"chat_id": -5, "user_id": 9_007_199_254_740_993_i64});
        let moved = after_the_move(&body).unwrap();
        assert_eq!(moved["user_id"], 9_007_199_254_740_993_i64, "ids keep all their digits");
    }

    #[test]
    fn what_would_mean_something_else_stays() {
        for body in [
            json!({"chat_id": -5, "message_id": 7}),
            json!({"chat_id": -5, "message_ids": [7]}),
            json!({"chat_id": -5, "from_chat_id": -6}),
            json!({"chat_id": -6}),
            json!({"chat_id": "@group"}),
            json!({}),
        ] {
            assert_eq!(after_the_move(&body), None, "{body}");
        }
        assert_eq!(moved("sendPhoto", b"--boundary", OLD, NEW), None);
        assert_eq!(moved("leaveChat", br#"{"chat_id":-5}"#, OLD, NEW), None);
        let body = br#"{"chat_id":-1001234567890}"#;
        assert_eq!(moved("sendMessage", body, NEW, OLD), None, "a supergroup stays what it is");
    }
}
