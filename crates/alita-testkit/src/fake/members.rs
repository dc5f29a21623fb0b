//! What somebody is in a chat.

use serde_json::{Map, Value};

use super::chats::ChatKind;
use super::rights::{AdminRights, Permissions};

/// The six statuses, as people say them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberStatus {
    /// `creator`
    Owner,
    /// `administrator`
    Administrator,
    /// `member`
    Member,
    /// `restricted`, inside the chat or outside
    Restricted,
    /// `left`, or never been there
    Left,
    /// `kicked`
    Banned,
}

/// What somebody is in a chat; make one with the function named after the status.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Which of the six.
    pub status: MemberStatus,
    /// What an administrator may; the owner may everything.
    pub rights: AdminRights,
    /// What a restricted member may.
    pub permissions: Permissions,
    /// The title beside the name.
    pub custom_title: Option<String>,
    /// Does the administrator speak as the group?
    pub is_anonymous: bool,
    /// Is the restricted one inside?
    pub is_in_chat: bool,
    /// When a restriction or ban ends, in Unix time.
    pub until: Option<i64>,
    /// Did our bot promote them? It can change only those.
    pub appointed_by_bot: bool,
}

impl Member {
    fn new(status: MemberStatus) -> Self {
        Self {
            status,
            rights: AdminRights::none(),
            permissions: Permissions::all(),
            custom_title: None,
            is_anonymous: false,
            is_in_chat: true,
            until: None,
            appointed_by_bot: false,
        }
    }

    /// The creator of the chat.
    #[must_use]
    pub fn owner() -> Self {
        Self { rights: AdminRights::all(), ..Self::new(MemberStatus::Owner) }
    }

    /// An administrator with the rights of these names.
    ///
    /// # Panics
    ///
    /// When Telegram knows no such right.
    #[must_use]
    pub fn administrator<S: AsRef<str>>(rights: &[S]) -> Self {
        Self { rights: AdminRights::of(rights), ..Self::new(MemberStatus::Administrator) }
    }

    /// An administrator with every right.
    #[must_use]
    pub fn full_administrator() -> Self {
        Self { rights: AdminRights::all(), ..Self::new(MemberStatus::Administrator) }
    }

    /// An ordinary member.
    #[must_use]
    #[expect(clippy::self_named_constructors, reason = "it stands beside owner(), left(), banned()")]
    pub fn member() -> Self {
        Self::new(MemberStatus::Member)
    }

    /// A member who may only what is named here.
    #[must_use]
    pub fn restricted(permissions: Permissions) -> Self {
        Self { permissions, ..Self::new(MemberStatus::Restricted) }
    }

    /// Somebody who is not there, and may come.
    #[must_use]
    pub fn left() -> Self {
        Self::new(MemberStatus::Left)
    }

    /// Somebody who is not there, and may not come.
    #[must_use]
    pub fn banned() -> Self {
        Self::new(MemberStatus::Banned)
    }

    /// With a title beside the name.
    #[must_use]
    pub fn title(self, title: impl Into<String>) -> Self {
        Self { custom_title: Some(title.into()), ..self }
    }

    /// Speaking as the group.
    #[must_use]
    pub fn anonymous(self) -> Self {
        Self { is_anonymous: true, ..self }
    }

    /// Promoted by our bot.
    #[must_use]
    pub fn appointed_by_bot(self) -> Self {
        Self { appointed_by_bot: true, ..self }
    }

    /// Restricted or banned until this Unix time.
    #[must_use]
    pub fn until(self, time: i64) -> Self {
        Self { until: Some(time), ..self }
    }

    /// Restricted, and gone.
    #[must_use]
    pub fn outside(self) -> Self {
        Self { is_in_chat: false, ..self }
    }

    /// Owner or administrator.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        matches!(self.status, MemberStatus::Owner | MemberStatus::Administrator)
    }

    /// Inside the chat.
    #[must_use]
    pub fn is_in_chat(&self) -> bool {
        match self.status {
            MemberStatus::Owner | MemberStatus::Administrator | MemberStatus::Member => true,
            MemberStatus::Restricted => self.is_in_chat,
            MemberStatus::Left | MemberStatus::Banned => false,
        }
    }

    /// Has the administrator's right; the owner has all.
    #[must_use]
    pub fn has(&self, right: &str) -> bool {
        match self.status {
            MemberStatus::Owner => true,
            MemberStatus::Administrator => self.rights.has(right),
            _ => false,
        }
    }

    /// What is left of it at this time: restrictions and bans end by themselves.
    pub(crate) fn at(&self, now: i64) -> Self {
        match self.status {
            MemberStatus::Restricted | MemberStatus::Banned
                if self.until.is_some_and(|until| until <= now) =>
            {
                if self.is_in_chat() {
                    Self::member()
                } else {
                    Self::left()
                }
            }
            _ => self.clone(),
        }
    }

    /// The member object of the Bot API.
    pub(crate) fn to_wire(&self, user: Value, kind: ChatKind, bot_may_promote: bool) -> Value {
        let mut wire = Map::new();
        wire.insert("user".to_owned(), user);
        let status = match self.status {
            MemberStatus::Owner => {
                wire.insert("is_anonymous".to_owned(), self.is_anonymous.into());
                "creator"
            }
            MemberStatus::Administrator => {
                let editable = self.appointed_by_bot && bot_may_promote;
                wire.insert("can_be_edited".to_owned(), editable.into());
                wire.insert("is_anonymous".to_owned(), self.is_anonymous.into());
                self.rights.write(kind, &mut wire);
                "administrator"
            }
            MemberStatus::Member => "member",
            MemberStatus::Restricted => {
                wire.insert("is_member".to_owned(), self.is_in_chat.into());
                self.permissions.write(&mut wire);
                "restricted"
            }
            MemberStatus::Left => "left",
            MemberStatus::Banned => "kicked",
        };
        if matches!(self.status, MemberStatus::Restricted | MemberStatus::Banned) {
            wire.insert("until_date".to_owned(), self.until.unwrap_or_default().into());
        }
        if let Some(title) = self.custom_title.as_deref().filter(|_| self.is_admin()) {
            wire.insert("custom_title".to_owned(), title.into());
        }
        wire.insert("status".to_owned(), status.into());
        Value::Object(wire)
    }
}
