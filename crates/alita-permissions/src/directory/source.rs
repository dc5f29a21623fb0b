//! Where facts come from.

use alita_model::{ChatId, UserId};
use async_trait::async_trait;

use crate::{ChatMember, Fact};

/// Telegram, or what stands for it.
///
/// Time limits and retries are the source's own business; after [`Fact::Unknown`] it is left alone for 30 seconds
/// in the same question.
#[async_trait]
pub trait Source: Send + Sync {
    /// All administrators of a chat, with their rights.
    ///
    /// Telegram: `getChatAdministrators` answers members too, so the bot need not be an administrator.
    async fn administrators(&self, chat: ChatId) -> Fact<Vec<ChatMember>>;

    /// One person or bot. "user not found" and `PARTICIPANT_ID_INVALID` are [`Fact::NotFound`], all other failures
    /// [`Fact::Unknown`].
    async fn member(&self, chat: ChatId, user: UserId) -> Fact<ChatMember>;
}
