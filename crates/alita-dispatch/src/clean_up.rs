//! Messages that are to vanish after a while.

use std::time::Duration;

use alita_model::MessageId;
use alita_runtime::jobs::{Error, Failure, Job};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::cx::Cx;
use crate::jobs::{JobCx, about, unless_refused};

/// Deletes a message of the chat that the job is about.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeleteMessage {
    message: MessageId,
}

impl Job for DeleteMessage {
    const NAME: &'static str = "delete_message";
}

/// A message that is gone already, or that Telegram does not let go, is nothing to come back for.
pub(crate) async fn delete<A: App>(cx: JobCx<A>, job: DeleteMessage) -> Result<(), Failure> {
    let Some(chat) = cx.chat() else { return Ok(()) };
    unless_refused(cx.client().delete_message_if_there(chat, job.message).await)
}

impl<A: App> Cx<A> {
    /// Deletes a message of the chat where it was asked when so much time has passed, even if the bot is restarted
    /// before.
    ///
    /// # Errors
    ///
    /// When that could not be written down; then the message stays.
    pub async fn delete_later(&self, message: MessageId, wait: Duration) -> Result<(), Error> {
        let chat = self.place().id;
        let order = self.jobs().after(wait, &DeleteMessage { message })?.about(about(chat));
        self.jobs().schedule(&order.once(format!("delete:{chat}:{message}"))).await?;
        Ok(())
    }
}
