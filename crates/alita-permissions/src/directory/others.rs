//! Other processes that remember the same facts.

use alita_model::ChatId;
use async_trait::async_trait;

/// The way to the other processes of the same bot, each with a directory of its own.
///
/// An update about an administrator comes to one process only. That one drops what it knew of the chat and says so
/// here; whoever hears it calls [`Directory::forget_here`](super::Directory::forget_here). When words may have been
/// lost, it calls [`Directory::forget_all_here`](super::Directory::forget_all_here).
#[async_trait]
pub trait Others: Send + Sync {
    /// Tells the others to forget what they know of a chat.
    async fn forget(&self, chat: ChatId);

    /// Do we hear what the others say? As long as we do not, facts are believed for a minute only.
    fn are_heard(&self) -> bool;
}
