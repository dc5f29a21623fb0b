//! What Telegram says of somebody in a chat.

use alita_model::UserId;
use serde::{Deserialize, Serialize};

use crate::Rights;

/// How somebody stands to a chat.
///
/// These are all that Telegram has, so a `match` may be complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Status {
    /// Owns it (on the wire `creator`).
    Owner,
    /// Was appointed by the owner or another administrator.
    Administrator,
    /// Is in it without rights of their own.
    Member,
    /// Is under restrictions, in the chat or out of it.
    Restricted {
        /// Whether they are in the chat right now.
        is_member: bool,
    },
    /// Is not in it and may join.
    Left,
    /// Is not in it and may not join (on the wire `kicked`).
    Banned,
}

impl Status {
    /// Whether somebody of this status is in the chat right now.
    #[must_use]
    pub const fn is_in_chat(self) -> bool {
        matches!(
            self,
            Self::Owner | Self::Administrator | Self::Member | Self::Restricted { is_member: true }
        )
    }

    /// Owner or administrator.
    #[must_use]
    pub const fn is_admin(self) -> bool {
        matches!(self, Self::Owner | Self::Administrator)
    }
}

/// A fact: how one person or bot stands to one chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMember {
    /// Who.
    pub user: UserId,
    /// How they stand to the chat.
    pub status: Status,
    /// The rights that Telegram lists; it lists none for an owner, who has all.
    pub rights: Rights,
    /// Whether they speak as the group.
    pub is_anonymous: bool,
    /// Whether it is a bot.
    pub is_bot: bool,
    /// The title beside their name.
    pub custom_title: Option<String>,
    /// First and last name; empty where nobody told.
    pub name: String,
    /// Without `@`.
    pub username: Option<String>,
}

impl ChatMember {
    /// Somebody with this status and no rights of their own.
    #[must_use]
    pub fn new(user: impl Into<UserId>, status: Status) -> Self {
        Self {
            user: user.into(),
            status,
            rights: Rights::empty(),
            is_anonymous: false,
            is_bot: false,
            custom_title: None,
            name: String::new(),
            username: None,
        }
    }

    /// The owner of the chat.
    #[must_use]
    pub fn owner(user: impl Into<UserId>) -> Self {
        Self::new(user, Status::Owner)
    }

    /// An administrator with these rights.
    #[must_use]
    pub fn administrator(user: impl Into<UserId>, rights: Rights) -> Self {
        Self { rights, ..Self::new(user, Status::Administrator) }
    }

    /// An ordinary member.
    #[must_use]
    pub fn member(user: impl Into<UserId>) -> Self {
        Self::new(user, Status::Member)
    }

    /// Somebody under restrictions, in the chat or out of it.
    #[must_use]
    pub fn restricted(user: impl Into<UserId>, is_member: bool) -> Self {
        Self::new(user, Status::Restricted { is_member })
    }

    /// Somebody who is not in the chat.
    #[must_use]
    pub fn left(user: impl Into<UserId>) -> Self {
        Self::new(user, Status::Left)
    }

    /// Somebody who is banned.
    #[must_use]
    pub fn banned(user: impl Into<UserId>) -> Self {
        Self::new(user, Status::Banned)
    }

    /// Gives the record a name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Whether they have all of these rights. An owner has every right; whoever is no administrator has none.
    #[must_use]
    pub const fn has(&self, rights: Rights) -> bool {
        self.effective_rights().contains(rights)
    }

    /// The rights that count: all for an owner, the listed ones for an administrator, none for everybody else.
    #[must_use]
    pub const fn effective_rights(&self) -> Rights {
        match self.status {
            Status::Owner => Rights::all(),
            Status::Administrator => self.rights,
            Status::Member | Status::Restricted { .. } | Status::Left | Status::Banned => Rights::empty(),
        }
    }

    /// Owner or administrator. The accounts that Telegram puts where there is no person are neither.
    #[must_use]
    pub const fn is_admin(&self) -> bool {
        self.status.is_admin() && self.user.is_somebody() && !self.user.is_service()
    }

    /// Whether they own the chat.
    #[must_use]
    pub const fn is_owner(&self) -> bool {
        matches!(self.status, Status::Owner) && self.is_admin()
    }

    /// Whether they are in the chat right now.
    #[must_use]
    pub const fn is_in_chat(&self) -> bool {
        self.status.is_in_chat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_as_people_mean_them() {
        for (member, is_admin, is_in_chat, has_rights) in [
            (ChatMember::owner(1), true, true, true),
            (ChatMember::administrator(1, Rights::all()), true, true, true),
            (ChatMember::administrator(1, Rights::empty()), true, true, false),
            (ChatMember::member(1), false, true, false),
            (ChatMember::restricted(1, true), false, true, false),
            (ChatMember::restricted(1, false), false, false, false),
            (ChatMember::left(1), false, false, false),
            (ChatMember::banned(1), false, false, false),
            (ChatMember::owner(UserId::TELEGRAM), false, true, true),
            (ChatMember::owner(-1001), false, true, true),
        ] {
            assert_eq!(member.is_admin(), is_admin, "{member:?}");
            assert_eq!(member.is_in_chat(), is_in_chat, "{member:?}");
            assert_eq!(member.has(Rights::RESTRICT_MEMBERS), has_rights, "{member:?}");
        }
    }

    #[test]
    fn rights_that_no_administrator_holds_do_not_count() {
        let stray = ChatMember { rights: Rights::all(), ..ChatMember::member(1) };
        assert!(!stray.has(Rights::PIN_MESSAGES));
    }

    #[test]
    fn a_record_survives_json() {
        let ada = ChatMember::administrator(7, Rights::PIN_MESSAGES | Rights::CHANGE_INFO).named("Ada");
        let json = serde_json::to_string(&ada).unwrap();
        assert_eq!(serde_json::from_str::<ChatMember>(&json).unwrap(), ada);
    }
}
