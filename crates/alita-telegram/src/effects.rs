//! What a bot does to messages and people, with Telegram's oddities in one place.

use alita_model::{ChatId, MessageId, UserId};
use frankenstein::AsyncTelegramApi;
use frankenstein::methods::{
    AnswerCallbackQueryParams, BanChatMemberParams, BanChatSenderChatParams, DeleteMessageParams,
    DeleteMessagesParams, RestrictChatMemberParams, UnbanChatMemberParams, UnbanChatSenderChatParams,
};
use frankenstein::types::ChatPermissions;

use crate::{Client, Error, RefusalKind};

/// Telegram: `deleteMessages` takes at most this many.
const DELETE_BATCH: usize = 100;
/// Telegram: an answer to a callback query has at most this many characters.
const TOAST_LENGTH: usize = 200;

impl Client {
    /// Deletes a message; fine when it is gone already or cannot be deleted.
    ///
    /// # Errors
    ///
    /// As for every call.
    pub async fn delete_message_if_there(&self, chat: ChatId, message: MessageId) -> Result<(), Error> {
        let params = DeleteMessageParams::builder().chat_id(chat.get()).message_id(message.get()).build();
        ignore_undeletable(self.delete_message(&params).await.map(drop))
    }

    /// Deletes messages, a hundred a call; fine when some are gone already or cannot be deleted.
    ///
    /// # Errors
    ///
    /// As for every call; batches after the one that failed are not tried.
    pub async fn delete_messages_if_there(&self, chat: ChatId, messages: &[MessageId]) -> Result<(), Error> {
        for batch in messages.chunks(DELETE_BATCH) {
            if let [message] = batch {
                self.delete_message_if_there(chat, *message).await?;
                continue;
            }
            let ids: Vec<i32> = batch.iter().map(|message| message.get()).collect();
            let params = DeleteMessagesParams::builder().chat_id(chat.get()).message_ids(ids).build();
            ignore_undeletable(self.delete_messages(&params).await.map(drop))?;
        }
        Ok(())
    }

    /// Bans a member, for ever or until a Unix time.
    ///
    /// Telegram: an end less than 30 seconds or more than 366 days away means for ever.
    ///
    /// # Errors
    ///
    /// As for every call.
    pub async fn ban(&self, chat: ChatId, user: UserId, until: Option<u64>) -> Result<(), Error> {
        let params = BanChatMemberParams::builder()
            .chat_id(chat.get())
            .user_id(user.to_wire())
            .maybe_until_date(until)
            .build();
        self.ban_chat_member(&params).await.map(drop)
    }

    /// Removes a member, who may come back at once.
    ///
    /// Telegram: in a supergroup one `unbanChatMember` without `only_if_banned` does that, so there is no moment at
    /// which a crash would leave a ban behind. A basic group knows only the ban, which there does not outlive the
    /// removal.
    ///
    /// # Errors
    ///
    /// As for every call.
    pub async fn kick(&self, chat: ChatId, user: UserId) -> Result<(), Error> {
        if !chat.is_basic_group() {
            return self.lift_ban(chat, user, false).await;
        }
        self.ban(chat, user, None).await?;
        match self.lift_ban(chat, user, false).await {
            Err(Error::Refused(_)) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Lifts a ban; does nothing to somebody who is in the chat.
    ///
    /// # Errors
    ///
    /// As for every call.
    pub async fn unban(&self, chat: ChatId, user: UserId) -> Result<(), Error> {
        self.lift_ban(chat, user, true).await
    }

    async fn lift_ban(&self, chat: ChatId, user: UserId, only_if_banned: bool) -> Result<(), Error> {
        let params = UnbanChatMemberParams::builder()
            .chat_id(chat.get())
            .user_id(user.to_wire())
            .only_if_banned(only_if_banned)
            .build();
        self.unban_chat_member(&params).await.map(drop)
    }

    /// Bans a channel from speaking in the chat.
    ///
    /// # Errors
    ///
    /// As for every call.
    pub async fn ban_sender_chat(&self, chat: ChatId, sender: ChatId) -> Result<(), Error> {
        let params =
            BanChatSenderChatParams::builder().chat_id(chat.get()).sender_chat_id(sender.get()).build();
        self.ban_chat_sender_chat(&params).await.map(drop)
    }

    /// Lets a channel speak in the chat again.
    ///
    /// # Errors
    ///
    /// As for every call.
    pub async fn unban_sender_chat(&self, chat: ChatId, sender: ChatId) -> Result<(), Error> {
        let params =
            UnbanChatSenderChatParams::builder().chat_id(chat.get()).sender_chat_id(sender.get()).build();
        self.unban_chat_sender_chat(&params).await.map(drop)
    }

    /// Takes every permission from a member, for ever or until a Unix time.
    ///
    /// # Errors
    ///
    /// As for every call.
    pub async fn mute(&self, chat: ChatId, user: UserId, until: Option<u64>) -> Result<(), Error> {
        self.restrict(chat, user, every_permission(false), until).await
    }

    /// Lifts every restriction from a member, who then has what the chat gives to all.
    ///
    /// # Errors
    ///
    /// As for every call.
    pub async fn lift(&self, chat: ChatId, user: UserId) -> Result<(), Error> {
        self.restrict(chat, user, every_permission(true), None).await
    }

    /// Sets a member's permissions, each for itself, for ever or until a Unix time.
    ///
    /// # Errors
    ///
    /// As for every call.
    pub async fn restrict(
        &self,
        chat: ChatId,
        user: UserId,
        permissions: ChatPermissions,
        until: Option<u64>,
    ) -> Result<(), Error> {
        // Telegram: without `use_independent_chat_permissions` one permission switches others on.
        let params = RestrictChatMemberParams::builder()
            .chat_id(chat.get())
            .user_id(user.to_wire())
            .permissions(permissions)
            .use_independent_chat_permissions(true)
            .maybe_until_date(until)
            .build();
        self.restrict_chat_member(&params).await.map(drop)
    }

    /// Answers a button press, with a toast or an alert of at most 200 characters, or with nothing; fine when the
    /// press is too old to be answered.
    ///
    /// # Errors
    ///
    /// As for every call.
    pub async fn answer_callback(&self, id: &str, text: Option<&str>, alert: bool) -> Result<(), Error> {
        let params = AnswerCallbackQueryParams::builder()
            .callback_query_id(id)
            .maybe_text(text.map(cut))
            .maybe_show_alert(alert.then_some(true))
            .build();
        ignore(self.answer_callback_query(&params).await.map(drop), &[RefusalKind::QueryTooOld])
    }
}

/// The fourteen permissions that every server knows. Telegram: newer ones follow these when left out.
fn every_permission(given: bool) -> ChatPermissions {
    ChatPermissions::builder()
        .can_send_messages(given)
        .can_send_audios(given)
        .can_send_documents(given)
        .can_send_photos(given)
        .can_send_videos(given)
        .can_send_video_notes(given)
        .can_send_voice_notes(given)
        .can_send_polls(given)
        .can_send_other_messages(given)
        .can_add_web_page_previews(given)
        .can_change_info(given)
        .can_invite_users(given)
        .can_pin_messages(given)
        .can_manage_topics(given)
        .build()
}

fn ignore_undeletable(result: Result<(), Error>) -> Result<(), Error> {
    ignore(result, &[RefusalKind::MessageNotFound, RefusalKind::MessageCantBeDeleted])
}

fn ignore(result: Result<(), Error>, kinds: &[RefusalKind]) -> Result<(), Error> {
    match result {
        Err(error) if error.kind().is_some_and(|kind| kinds.contains(&kind)) => Ok(()),
        result => result,
    }
}

/// Telegram counts UTF-16 units.
fn cut(text: &str) -> String {
    let mut length = 0;
    text.chars()
        .take_while(|c| {
            length += c.len_utf16();
            length <= TOAST_LENGTH
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toasts_are_cut_at_200_utf16_units() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"a".repeat(300)).len(), 200);
        assert_eq!(cut(&format!("a{}", "😀".repeat(150))).encode_utf16().count(), 199);
    }

    #[test]
    fn a_mute_names_fourteen_permissions() {
        let json = serde_json::to_value(every_permission(false)).unwrap();
        let fields = json.as_object().unwrap();
        assert_eq!(fields.len(), 14);
        assert!(fields.values().all(|value| value == false));
    }
}
