//! People and channels as they are remembered for look-ups by name.

use serde::{Deserialize, Serialize};

use crate::{ChatId, UserId};

/// A person or a bot that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their id.
    pub id: UserId,
    /// First and last name as Telegram shows them; may be empty.
    pub name: String,
    /// Without `@`.
    pub username: Option<String>,
}

/// A channel that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: ChatId,
    /// Its title; may be empty.
    pub title: String,
    /// Without `@`, in lower case.
    pub username: Option<String>,
}
