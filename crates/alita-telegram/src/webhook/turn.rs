//! The handling of one pushed update, from the moment it is let in to its end.

use std::fmt;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::Inner;
use crate::delivery::Receipt;

/// Ends exactly once, also when whoever waited for the answer has hung up: the records must not keep an update as
/// being in work that nobody works on.
pub(crate) struct Turn {
    webhook: Arc<Inner>,
    update_id: i64,
    /// Taken out at the end.
    receipt: Option<oneshot::Sender<()>>,
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("update_id", &self.update_id).finish_non_exhaustive()
    }
}

impl Turn {
    pub(super) fn begin(webhook: Arc<Inner>, update_id: i64) -> (Self, Receipt) {
        let (sender, receiver) = oneshot::channel();
        (Self { webhook, update_id, receipt: Some(sender) }, Receipt(receiver))
    }

    /// The handling has ended.
    pub(crate) fn done(mut self) {
        if let Some(receipt) = self.receipt.take() {
            self.end(true);
            // Whoever waited may have gone, for example when its time ran out.
            let _gone = receipt.send(());
        }
    }

    /// Somebody else is at it, or was.
    pub(super) fn leave_to_others(mut self, is_done: bool) {
        self.receipt = None;
        self.webhook.seen().end(self.update_id, is_done);
    }

    fn end(&self, is_handled: bool) {
        self.webhook.seen().end(self.update_id, is_handled);
        if let Some(claims) = &self.webhook.config.claims {
            claims.ended(self.update_id, is_handled);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // The receipt goes after the records, so that a copy sent at once finds the update free.
        if self.receipt.is_some() {
            self.end(false);
        }
    }
}
