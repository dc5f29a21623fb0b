//! What a delivery is, in words from closed sets: for metrics.

use frankenstein::updates::UpdateContent;

use crate::delivery::{Ack, Delivery};

impl Delivery {
    /// The kind of the update, as Telegram names it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.update.content {
            UpdateContent::Message(_) => "message",
            UpdateContent::EditedMessage(_) => "edited_message",
            UpdateContent::ChannelPost(_) => "channel_post",
            UpdateContent::EditedChannelPost(_) => "edited_channel_post",
            UpdateContent::MessageReaction(_) => "message_reaction",
            UpdateContent::MessageReactionCount(_) => "message_reaction_count",
            UpdateContent::InlineQuery(_) => "inline_query",
            UpdateContent::ChosenInlineResult(_) => "chosen_inline_result",
            UpdateContent::CallbackQuery(_) => "callback_query",
            UpdateContent::Poll(_) => "poll",
            UpdateContent::PollAnswer(_) => "poll_answer",
            UpdateContent::MyChatMember(_) => "my_chat_member",
            UpdateContent::ChatMember(_) => "chat_member",
            UpdateContent::ChatJoinRequest(_) => "chat_join_request",
            UpdateContent::ChatBoost(_) => "chat_boost",
            UpdateContent::RemovedChatBoost(_) => "removed_chat_boost",
            // Shops and business accounts: the bot asks for none of them.
            _ => "other",
        }
    }

    /// Where it came from: `polling`, or `webhook` for whatever was handed in.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.ack.source()
    }
}

impl Ack {
    pub(crate) const fn source(&self) -> &'static str {
        if self.is_polled() { "polling" } else { "webhook" }
    }
}
