//! What administrators may (rights) and what members may (permissions).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::chats::ChatKind;

/// The rights of an administrator, by Telegram's names; `can_` may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdminRights(BTreeSet<&'static str>);

/// Rights that every group has, with the field's whole name.
const IN_GROUPS: [&str; 13] = [
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_manage_tags",
    "can_send_welcome_messages",
];
const IN_SUPERGROUPS: [&str; 1] = ["can_manage_topics"];
const IN_CHANNELS: [&str; 3] = ["can_post_messages", "can_edit_messages", "can_manage_direct_messages"];

/// What a member may do, by Telegram's names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions(BTreeSet<&'static str>);

/// All fields of `ChatPermissions`.
const PERMISSIONS: [&str; 16] = [
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
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
];
const MEDIA: [&str; 6] = [
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
];

impl AdminRights {
    /// No right at all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Every right there is.
    #[must_use]
    pub fn all() -> Self {
        Self(all_rights().collect())
    }

    /// The rights of these names.
    ///
    /// # Panics
    ///
    /// When Telegram knows no such right.
    #[must_use]
    pub fn of<S: AsRef<str>>(names: &[S]) -> Self {
        let known = |name: &S| known(all_rights(), name.as_ref());
        Self(names.iter().map(known).collect())
    }

    /// Is the right among them?
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|right| is_named(right, name))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first right that the other does not have.
    pub(crate) fn beyond(&self, other: &Self) -> Option<&'static str> {
        self.0.difference(&other.0).next().copied()
    }

    /// The rights that `promoteChatMember` asks for; any right brings `can_manage_chat` along.
    pub(crate) fn asked(flag: impl Fn(&str) -> bool) -> Self {
        let mut rights: BTreeSet<_> = all_rights().filter(|name| flag(name)).collect();
        if !rights.is_empty() {
            rights.insert("can_manage_chat");
        }
        Self(rights)
    }

    /// Telegram: the fields depend on the kind of chat, and all of them are always there.
    pub(crate) fn write(&self, kind: ChatKind, wire: &mut Map<String, Value>) {
        let more: &[&str] = match kind {
            ChatKind::Supergroup => &IN_SUPERGROUPS,
            ChatKind::Channel => &IN_CHANNELS,
            ChatKind::Private | ChatKind::Group => &[],
        };
        for name in IN_GROUPS.iter().chain(more) {
            // Telegram: every administrator may manage the chat.
            let has = self.0.contains(name) || *name == "can_manage_chat";
            wire.insert((*name).to_owned(), has.into());
        }
    }
}

impl Permissions {
    /// Everything is allowed.
    #[must_use]
    pub fn all() -> Self {
        Self(PERMISSIONS.into())
    }

    /// Nothing is allowed.
    #[must_use]
    pub fn none() -> Self {
        Self(BTreeSet::new())
    }

    /// Only these are allowed.
    ///
    /// # Panics
    ///
    /// When Telegram knows no such permission.
    #[must_use]
    pub fn of<S: AsRef<str>>(names: &[S]) -> Self {
        Self(names.iter().map(|name| known(PERMISSIONS.into_iter(), name.as_ref())).collect())
    }

    /// Everything but these is allowed.
    ///
    /// # Panics
    ///
    /// When Telegram knows no such permission.
    #[must_use]
    pub fn all_but<S: AsRef<str>>(names: &[S]) -> Self {
        let forbidden = Self::of(names).0;
        Self(PERMISSIONS.into_iter().filter(|name| !forbidden.contains(name)).collect())
    }

    /// Is it allowed?
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|permission| is_named(permission, name))
    }

    pub(crate) fn is_all(&self) -> bool {
        self.0.len() == PERMISSIONS.len()
    }

    /// Reads a `ChatPermissions` object.
    ///
    /// Telegram: unless they are independent, a permission brings those along that it would be useless without.
    pub(crate) fn read(wire: &Value, independent: bool) -> Self {
        let given = |name: &str| wire.get(name).and_then(Value::as_bool);
        let mut allowed: BTreeSet<_> =
            PERMISSIONS.into_iter().filter(|name| given(name) == Some(true)).collect();
        if !independent {
            if allowed.contains("can_send_other_messages") || allowed.contains("can_add_web_page_previews") {
                allowed.extend(MEDIA);
            }
            if allowed.contains("can_send_polls") || MEDIA.iter().any(|name| allowed.contains(name)) {
                allowed.insert("can_send_messages");
            }
        }
        // Telegram: younger fields that are left out follow older ones.
        for (young, old) in [
            ("can_react_to_messages", "can_send_messages"),
            ("can_edit_tag", "can_pin_messages"),
            ("can_manage_topics", "can_pin_messages"),
        ] {
            if given(young).is_none() && allowed.contains(old) {
                allowed.insert(young);
            }
        }
        Self(allowed)
    }

    pub(crate) fn write(&self, wire: &mut Map<String, Value>) {
        for name in PERMISSIONS {
            wire.insert(name.to_owned(), self.0.contains(name).into());
        }
    }
}

impl Default for Permissions {
    fn default() -> Self {
        Self::all()
    }
}

fn all_rights() -> impl Iterator<Item = &'static str> {
    IN_GROUPS.into_iter().chain(IN_SUPERGROUPS).chain(IN_CHANNELS)
}

fn is_named(field: &str, name: &str) -> bool {
    field == name || field.strip_prefix("can_") == Some(name)
}

fn known(mut fields: impl Iterator<Item = &'static str>, name: &str) -> &'static str {
    match fields.find(|field| is_named(field, name)) {
        Some(field) => field,
        None => panic!("Telegram knows no {name:?}"),
    }
}
