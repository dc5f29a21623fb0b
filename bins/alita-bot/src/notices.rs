//! What the operator's log chat hears beside the start: that the bot stops, and that its load is critical.
//!
//! As much as can be done quickly: a notice that does not arrive is a line in the log, and nobody waits for it long.
//! Plain English words without markup, for the chat is the operator's.

use std::time::Duration;

use alita_model::ChatId;
use alita_telegram::methods::SendMessageParams;
use alita_telegram::{AsyncTelegramApi, Client};

/// A notice that takes longer is given up.
const LIMIT: Duration = Duration::from_secs(3);

/// The log chat, if there is one.
#[derive(Clone, Debug)]
pub(crate) struct Notices {
    client: Client,
    chat: Option<ChatId>,
}

impl Notices {
    pub(crate) fn new(client: &Client, chat: Option<ChatId>) -> Self {
        Self { client: client.bulk().within(LIMIT), chat }
    }

    /// Tells the chat, or the log why it could not.
    pub(crate) async fn tell(&self, text: &str) {
        let Some(chat) = self.chat else { return };
        let params = SendMessageParams::builder().chat_id(chat.get()).text(text).build();
        if let Err(error) = self.client.send_message(&params).await {
            tracing::warn!(chat.id = %chat, %error, "the log chat could not be told");
        }
    }
}
