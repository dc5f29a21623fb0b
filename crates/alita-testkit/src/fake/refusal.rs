//! How Telegram says no.

use std::fmt;

use alita_model::ChatId;
use serde_json::{Value, json};

/// An answer with `"ok": false`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// `error_code`, which is also the HTTP status.
    pub code: i64,
    /// The text, with its `Bad Request: ` in front.
    pub description: String,
    /// `parameters.retry_after`, in seconds.
    pub retry_after: Option<u64>,
    /// `parameters.migrate_to_chat_id`.
    pub migrate_to: Option<ChatId>,
}

impl Refusal {
    pub(crate) fn new(code: i64, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), retry_after: None, migrate_to: None }
    }

    pub(crate) fn bad(text: impl fmt::Display) -> Self {
        Self::new(400, format!("Bad Request: {text}"))
    }

    pub(crate) fn forbidden(text: impl fmt::Display) -> Self {
        Self::new(403, format!("Forbidden: {text}"))
    }

    pub(crate) fn conflict(text: impl fmt::Display) -> Self {
        Self::new(409, format!("Conflict: {text}"))
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized")
    }

    pub(crate) fn migrated(to: i64) -> Self {
        let to = Some(ChatId::new(to));
        Self { migrate_to: to, ..Self::bad("group chat was upgraded to a supergroup chat") }
    }

    pub(crate) fn to_wire(&self) -> Value {
        let mut wire = json!({"ok": false, "error_code": self.code, "description": self.description});
        if let Some(seconds) = self.retry_after {
            wire["parameters"]["retry_after"] = seconds.into();
        }
        if let Some(chat) = self.migrate_to {
            wire["parameters"]["migrate_to_chat_id"] = chat.get().into();
        }
        wire
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.description)
    }
}

impl std::error::Error for Refusal {}

/// What a method answers.
pub(crate) type Answer = Result<Value, Refusal>;
