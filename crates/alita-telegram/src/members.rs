//! Member records that servers of any age can fill.
//!
//! frankenstein's member types insist on every right of the newest Bot API, so a local server that is one release
//! behind would break them. Here every right that is not named is not given.

use alita_model::{ChatId, UserId};
use frankenstein::AsyncTelegramApi;
use frankenstein::methods::{GetChatAdministratorsParams, GetChatMemberParams};
use frankenstein::response::MethodResponse;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Client, Error};

/// A person as the Bot API describes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WireUser {
    /// The id.
    pub id: UserId,
    /// Whether it is a bot.
    #[serde(default)]
    pub is_bot: bool,
    /// The first name.
    #[serde(default)]
    pub first_name: String,
    /// The last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The username, without `@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

macro_rules! member_record {
    ($($(#[$doc:meta])* $right:ident),+ $(,)?) => {
        /// What the Bot API says about somebody in a chat. A right or permission that is not named is not given.
        ///
        /// Rights (of administrators) and permissions (of restricted members) share their names on the wire; the
        /// status tells which of the two a `true` means.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub struct MemberRecord {
            /// `creator`, `administrator`, `member`, `restricted`, `left`, `kicked`, or something newer.
            pub status: String,
            /// The person.
            pub user: WireUser,
            /// Whether an owner or administrator acts as the chat.
            #[serde(default)]
            pub is_anonymous: bool,
            /// The title of an owner or administrator.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub custom_title: Option<String>,
            /// Whether somebody restricted is in the chat.
            #[serde(default)]
            pub is_member: bool,
            /// When a restriction or ban ends, as a Unix time; 0 means never.
            #[serde(default)]
            pub until_date: u64,
            $(
                $(#[$doc])*
                #[serde(default)]
                pub $right: bool,
            )+
        }
    };
}

member_record! {
    /// Whether this bot may change the administrator's rights.
    can_be_edited,
    /// May see the log, hidden members and the like.
    can_manage_chat,
    /// May delete messages of others.
    can_delete_messages,
    /// May manage video chats.
    can_manage_video_chats,
    /// May restrict, ban and unban.
    can_restrict_members,
    /// May make administrators.
    can_promote_members,
    /// May change title, photo and settings.
    can_change_info,
    /// May invite.
    can_invite_users,
    /// May pin.
    can_pin_messages,
    /// May manage topics.
    can_manage_topics,
    /// May post in the channel.
    can_post_messages,
    /// May edit posts of the channel.
    can_edit_messages,
    /// May post stories as the chat.
    can_post_stories,
    /// May edit stories of the chat.
    can_edit_stories,
    /// May delete stories of the chat.
    can_delete_stories,
    /// May manage direct messages of the channel.
    can_manage_direct_messages,
    /// May edit the tags of members.
    can_manage_tags,
    /// May send welcome messages.
    can_send_welcome_messages,
    /// May send text.
    can_send_messages,
    /// May send audio files.
    can_send_audios,
    /// May send documents.
    can_send_documents,
    /// May send photos.
    can_send_photos,
    /// May send videos.
    can_send_videos,
    /// May send video notes.
    can_send_video_notes,
    /// May send voice notes.
    can_send_voice_notes,
    /// May send polls.
    can_send_polls,
    /// May send stickers, animations, games and inline results.
    can_send_other_messages,
    /// May add link previews.
    can_add_web_page_previews,
    /// May react.
    can_react_to_messages,
    /// May edit their own tag.
    can_edit_tag,
}

impl Client {
    /// Asks what somebody is in a chat.
    ///
    /// # Errors
    ///
    /// As for every call. Telegram: somebody unknown is refused as
    /// [`UserNotFound`](crate::RefusalKind::UserNotFound).
    pub async fn chat_member(&self, chat: ChatId, user: UserId) -> Result<MemberRecord, Error> {
        let params = GetChatMemberParams::builder().chat_id(chat.get()).user_id(user.to_wire()).build();
        let response: MethodResponse<MemberRecord> = self.request("getChatMember", Some(&params)).await?;
        Ok(response.result)
    }

    /// Asks who the administrators of a chat are. Telegram leaves out other bots.
    ///
    /// # Errors
    ///
    /// As for every call.
    pub async fn chat_administrators(&self, chat: ChatId) -> Result<Vec<MemberRecord>, Error> {
        let params = GetChatAdministratorsParams::builder().chat_id(chat.get()).build();
        let response: MethodResponse<Vec<MemberRecord>> =
            self.request("getChatAdministrators", Some(&params)).await?;
        Ok(response.result)
    }
}

/// The fields on which frankenstein's member types insist.
const INSISTED: &[&str] = &[
    "is_anonymous",
    "is_member",
    "can_be_edited",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_send_welcome_messages",
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_pin_messages",
    "can_manage_topics",
];

/// Fills what an older server leaves out of a `chat_member` update. Returns whether there was such a part at all.
pub(crate) fn mend(update: &mut Value) -> bool {
    let mut mended = false;
    for kind in ["chat_member", "my_chat_member"] {
        for side in ["old_chat_member", "new_chat_member"] {
            let member = update.get_mut(kind).and_then(|change| change.get_mut(side));
            let Some(member) = member.and_then(Value::as_object_mut) else { continue };
            for field in INSISTED {
                member.entry(*field).or_insert(Value::Bool(false));
            }
            if matches!(member.get("status").and_then(Value::as_str), Some("restricted" | "kicked")) {
                member.entry("until_date").or_insert(Value::from(0));
            }
            mended = true;
        }
    }
    mended
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(json: &str) -> MemberRecord {
        let record: MemberRecord = serde_json::from_str(json).unwrap();
        let again: MemberRecord = serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap();
        assert_eq!(record, again);
        record
    }

    #[test]
    fn an_administrator_of_an_old_server_has_only_what_is_named() {
        let record = round_trip(
            r#"{"status":"administrator","user":{"id":7,"is_bot":false,"first_name":"Ada"},
                "can_delete_messages":true,"can_restrict_members":true,"custom_title":"boss","future":[1]}"#,
        );
        assert!(record.can_delete_messages && record.can_restrict_members);
        assert!(!record.can_promote_members && !record.can_send_welcome_messages && !record.is_anonymous);
        assert_eq!(record.custom_title.as_deref(), Some("boss"));
    }

    #[test]
    fn restricted_banned_and_unknown_statuses_are_read() {
        let restricted = round_trip(
            r#"{"status":"restricted","user":{"id":8,"is_bot":false,"first_name":"M","last_name":"L","username":"ml"},
                "is_member":true,"until_date":1700000000,"can_send_photos":true}"#,
        );
        assert!(restricted.is_member && restricted.can_send_photos && !restricted.can_send_messages);
        assert_eq!(restricted.until_date, 1_700_000_000);
        assert_eq!(round_trip(r#"{"status":"kicked","user":{"id":-9}}"#).user.id, UserId::new(-9));
        assert_eq!(round_trip(r#"{"status":"hermit","user":{"id":10}}"#).status, "hermit");
    }
}
