//! What the dispatcher asks of the bot that it serves.

use std::collections::BTreeSet;
use std::future::Future;

use alita_i18n::Language;
use alita_model::{ChatId, Peer, UserId};

use crate::outcome::Fault;
use crate::tally::FaultClass;

/// The commands that are switched off in a chat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disabled {
    /// Main names of the commands.
    pub commands: BTreeSet<String>,
    /// Whether a member's attempt is deleted.
    pub deletes_attempts: bool,
}

/// Somebody whose id and name are remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Who it is.
    pub peer: Peer,
    /// Name or title; may be empty.
    pub name: String,
    /// Without `@`.
    pub username: Option<String>,
}

/// The state of the bot, as far as the pipeline needs it.
///
/// Handlers reach the whole of it through [`Cx::app`](crate::Cx::app).
/// A missing row is an answer, an error is not: the pipeline decides what an error means.
pub trait App: Clone + Send + Sync + 'static {
    /// The language that a person chose.
    fn language_of_user(&self, user: UserId) -> impl Future<Output = Result<Option<Language>, Fault>> + Send;

    /// The language that a chat's admins chose.
    fn language_of_chat(&self, chat: ChatId) -> impl Future<Output = Result<Option<Language>, Fault>> + Send;

    /// The commands that are switched off in a chat.
    fn disabled(&self, chat: ChatId) -> impl Future<Output = Result<Disabled, Fault>> + Send;

    /// Whether the owner said that anonymous administrators need no proof.
    fn trusts_anonymous_admins(&self, chat: ChatId) -> impl Future<Output = Result<bool, Fault>> + Send;

    /// Whether somebody is exempt from enforcement in a chat.
    fn is_approved(&self, chat: ChatId, user: UserId) -> impl Future<Output = Result<bool, Fault>> + Send;

    /// The chat that a person manages from the private chat.
    fn connection(&self, user: UserId) -> impl Future<Output = Result<Option<ChatId>, Fault>> + Send;

    /// Ends that connection; the chat is remembered.
    fn disconnect(&self, user: UserId) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Whether members who are no admins may connect to a chat.
    fn allows_connections(&self, chat: ChatId) -> impl Future<Output = Result<bool, Fault>> + Send;

    /// Who holds a username, given without `@` and in any case.
    fn find_by_username(&self, username: &str) -> impl Future<Output = Result<Option<Known>, Fault>> + Send;

    /// What is remembered of somebody.
    fn find_by_id(&self, peer: Peer) -> impl Future<Output = Result<Option<Known>, Fault>> + Send;

    /// Whether this update was delivered before, and its handler began to act before the process died.
    fn has_begun(&self, update_id: i64) -> impl Future<Output = Result<bool, Fault>> + Send {
        let _ = update_id;
        async { Ok(false) }
    }

    /// Whose fault it was, for the metrics; asked for faults that neither Telegram nor the cache has made.
    fn class_of(&self, fault: &Fault) -> FaultClass {
        let _ = fault;
        FaultClass::Internal
    }

    /// Telegram says that the bot is no longer in a chat, or that the chat is no longer there.
    fn bot_removed(&self, chat: ChatId) -> impl Future<Output = Result<(), Fault>> + Send {
        let _ = chat;
        async { Ok(()) }
    }

    /// A group became a supergroup: everything that belongs to the old id now belongs to the new one.
    fn chat_migrated(&self, old: ChatId, new: ChatId) -> impl Future<Output = Result<(), Fault>> + Send;
}
