//! What several processes behind one address tell each other about updates.

use std::fmt::Debug;

use async_trait::async_trait;

/// What became of the attempt to begin the handling of an update.
///
/// Each of these is another answer to Telegram, so a `match` is meant to be complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// Nobody else has it.
    Ours,
    /// Another process is at it, or was when it died.
    Elsewhere,
    /// It was handled.
    Done,
}

/// A record that all processes share of which updates are being handled and which were.
///
/// A claim must end by itself soon after its holder has died, and must not end while the handling goes on: whoever
/// implements this renews what it holds.
#[async_trait]
pub trait Claims: Send + Sync + Debug {
    /// Claims an update for this process. When the record cannot be asked the answer is [`Claimed::Ours`]: better
    /// twice than never.
    async fn begin(&self, update_id: i64) -> Claimed;

    /// The handling has ended. When `is_handled` the update is done for everybody, else anybody may begin it anew.
    ///
    /// Also called for an update whose claim was not ours after all; such a call must change nothing.
    fn ended(&self, update_id: i64, is_handled: bool);
}
