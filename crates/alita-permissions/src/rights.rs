//! What an administrator may do.

use std::fmt;

use serde::{Deserialize, Serialize};

bitflags::bitflags! {
    /// The rights of an administrator, as a set.
    ///
    /// The names are those of the Bot API without `can_`.
    /// See [Bot API/ChatMemberAdministrator](https://core.telegram.org/bots/api#chatmemberadministrator).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
    #[serde(transparent)]
    pub struct Rights: u32 {
        /// Change title, photo and settings of the chat.
        const CHANGE_INFO = 1;
        /// Delete messages of others.
        const DELETE_MESSAGES = 1 << 1;
        /// Restrict, ban and unban members.
        const RESTRICT_MEMBERS = 1 << 2;
        /// Invite people.
        const INVITE_USERS = 1 << 3;
        /// Pin messages.
        const PIN_MESSAGES = 1 << 4;
        /// Appoint administrators.
        const PROMOTE_MEMBERS = 1 << 5;
        /// Manage video chats.
        const MANAGE_VIDEO_CHATS = 1 << 6;
        /// Create, rename, close and reopen topics.
        const MANAGE_TOPICS = 1 << 7;
        /// See what administrators see; every administrator has it.
        const MANAGE_CHAT = 1 << 8;
        /// Post in a channel.
        const POST_MESSAGES = 1 << 9;
        /// Edit posts of others in a channel.
        const EDIT_MESSAGES = 1 << 10;
    }
}

const FIELDS: [(Rights, &str); 11] = [
    (Rights::CHANGE_INFO, "can_change_info"),
    (Rights::DELETE_MESSAGES, "can_delete_messages"),
    (Rights::RESTRICT_MEMBERS, "can_restrict_members"),
    (Rights::INVITE_USERS, "can_invite_users"),
    (Rights::PIN_MESSAGES, "can_pin_messages"),
    (Rights::PROMOTE_MEMBERS, "can_promote_members"),
    (Rights::MANAGE_VIDEO_CHATS, "can_manage_video_chats"),
    (Rights::MANAGE_TOPICS, "can_manage_topics"),
    (Rights::MANAGE_CHAT, "can_manage_chat"),
    (Rights::POST_MESSAGES, "can_post_messages"),
    (Rights::EDIT_MESSAGES, "can_edit_messages"),
];

impl Rights {
    /// The names of the Bot API's fields for the rights in this set.
    ///
    /// ```
    /// # use alita_permissions::Rights;
    /// let rights = Rights::PIN_MESSAGES | Rights::CHANGE_INFO;
    /// assert_eq!(rights.fields().collect::<Vec<_>>(), ["can_change_info", "can_pin_messages"]);
    /// ```
    pub fn fields(self) -> impl Iterator<Item = &'static str> {
        FIELDS.iter().filter(move |(right, _)| self.contains(*right)).map(|(_, field)| *field)
    }

    /// The right behind a field of the Bot API; `None` for fields that are none of these.
    #[must_use]
    pub fn from_field(field: &str) -> Option<Self> {
        FIELDS.iter().find(|(_, name)| *name == field).map(|(right, _)| *right)
    }
}

impl fmt::Display for Rights {
    /// The Bot API's names with commas between.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, field) in self.fields().enumerate() {
            f.write_str(if at == 0 { "" } else { ", " })?;
            f.write_str(field)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_right_has_its_field() {
        assert_eq!(Rights::all().fields().count(), FIELDS.len());
        for right in Rights::all() {
            let field = right.fields().next().unwrap();
            assert_eq!(Rights::from_field(field), Some(right));
            assert!(field.eq_ignore_ascii_case(&format!("can_{}", right.iter_names().next().unwrap().0)));
        }
        assert_eq!(Rights::from_field("is_anonymous"), None);
        assert_eq!(Rights::empty().to_string(), "");
    }
}
