//! Where facts are remembered.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use alita_model::{ChatId, UserId};
use async_trait::async_trait;
use moka::sync::Cache;
use serde::{Deserialize, Serialize};

use crate::ChatMember;

/// What is remembered of a chat.
///
/// A store keeps each kind apart, so a `match` is meant to be complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Its administrators.
    Administrators,
    /// The bot's own record.
    Bot,
}

/// Records and when they were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Records {
    /// The administrators, or the bot alone.
    pub members: Vec<ChatMember>,
    /// In seconds since 1970, by the directory's time; see [`Directory::age`](super::Directory::age).
    pub read_at: u64,
    /// Whether Telegram has contradicted them since: they serve only while it does not answer.
    #[serde(default)]
    pub is_doubted: bool,
}

impl Records {
    /// The record of one of them.
    #[must_use]
    pub fn find(&self, user: UserId) -> Option<&ChatMember> {
        self.members.iter().find(|member| member.user == user)
    }
}

/// A memory for [`Records`]. It may lose anything at any time, and it keeps nothing longer than it wants to;
/// a day is enough. A failure is a miss.
#[async_trait]
pub trait Store: Send + Sync {
    /// What was put there last.
    async fn get(&self, chat: ChatId, kind: Kind) -> Option<Arc<Records>>;

    /// Remembers; on return the next `get` finds it.
    async fn put(&self, chat: ChatId, kind: Kind, records: Arc<Records>);

    /// Forgets, in every process that shares the memory.
    async fn forget(&self, chat: ChatId, kind: Kind);

    /// What this process knows without asking anybody.
    fn peek(&self, chat: ChatId, kind: Kind) -> Option<Arc<Records>> {
        let _ = (chat, kind);
        None
    }

    /// Forgets what this process knows without asking anybody, because another one said so.
    fn forget_here(&self, chat: ChatId, kind: Kind) {
        let _ = (chat, kind);
    }

    /// The same for all chats.
    fn forget_all_here(&self) {}
}

/// A memory in this process, for the 20 000 chats that asked last.
#[derive(Clone)]
pub struct MemoryStore(Cache<(ChatId, Kind), Arc<Records>>);

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("entries", &self.0.entry_count()).finish()
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(40_000).time_to_live(Duration::from_secs(24 * 60 * 60)).build())
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, chat: ChatId, kind: Kind) -> Option<Arc<Records>> {
        self.peek(chat, kind)
    }

    async fn put(&self, chat: ChatId, kind: Kind, records: Arc<Records>) {
        self.0.insert((chat, kind), records);
    }

    async fn forget(&self, chat: ChatId, kind: Kind) {
        self.forget_here(chat, kind);
    }

    fn peek(&self, chat: ChatId, kind: Kind) -> Option<Arc<Records>> {
        self.0.get(&(chat, kind))
    }

    fn forget_here(&self, chat: ChatId, kind: Kind) {
        self.0.invalidate(&(chat, kind));
    }

    fn forget_all_here(&self) {
        self.0.invalidate_all();
    }
}
