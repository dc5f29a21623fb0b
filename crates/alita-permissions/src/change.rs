//! What happened to somebody's membership.

use crate::ChatMember;

/// A `chat_member` or `my_chat_member` update, looked at as people would.
///
/// Telegram: a member under restrictions leaves and returns without a change of status; only `is_member` tells.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    before: &'a ChatMember,
    after: &'a ChatMember,
}

impl<'a> Change<'a> {
    /// What lies between an old and a new record of the same person.
    #[must_use]
    pub const fn between(before: &'a ChatMember, after: &'a ChatMember) -> Self {
        Self { before, after }
    }

    /// The record that holds from now on.
    #[must_use]
    pub const fn after(self) -> &'a ChatMember {
        self.after
    }

    /// They were not in the chat and are now.
    #[must_use]
    pub const fn has_joined(self) -> bool {
        !self.before.is_in_chat() && self.after.is_in_chat()
    }

    /// They were in the chat and are not now, for whatever reason.
    #[must_use]
    pub const fn has_left(self) -> bool {
        self.before.is_in_chat() && !self.after.is_in_chat()
    }

    /// They became an administrator or ceased to be one, or the chat changed hands.
    #[must_use]
    pub fn has_admin_changed(self) -> bool {
        self.before.is_admin() != self.after.is_admin() || self.before.is_owner() != self.after.is_owner()
    }

    /// They may do other things than before.
    #[must_use]
    pub fn has_rights_changed(self) -> bool {
        self.before.effective_rights() != self.after.effective_rights()
    }

    /// A list of the chat's administrators tells of them what holds no longer.
    #[must_use]
    pub fn is_list_outdated(self) -> bool {
        let (before, after) = (self.before, self.after);
        let is_about_admin = before.is_admin() || after.is_admin();
        self.has_admin_changed()
            || is_about_admin
                && (self.has_rights_changed()
                    || before.custom_title != after.custom_title
                    || before.is_anonymous != after.is_anonymous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rights;

    #[test]
    fn coming_and_going() {
        let in_chat = [
            ChatMember::owner(1),
            ChatMember::administrator(1, Rights::empty()),
            ChatMember::member(1),
            ChatMember::restricted(1, true),
        ];
        let away = [ChatMember::restricted(1, false), ChatMember::left(1), ChatMember::banned(1)];
        for here in &in_chat {
            for there in &away {
                assert!(
                    Change::between(there, here).has_joined() && !Change::between(there, here).has_left()
                );
                assert!(
                    Change::between(here, there).has_left() && !Change::between(here, there).has_joined()
                );
            }
        }
        for group in [&in_chat[..], &away[..]] {
            for before in group {
                for after in group {
                    let change = Change::between(before, after);
                    assert!(!change.has_joined() && !change.has_left(), "{change:?}");
                }
            }
        }
    }

    #[test]
    fn what_outdates_a_list() {
        let pin = ChatMember::administrator(1, Rights::PIN_MESSAGES);
        let ban = ChatMember::administrator(1, Rights::RESTRICT_MEMBERS);
        let titled = ChatMember { custom_title: Some("boss".into()), ..pin.clone() };
        let hidden = ChatMember { is_anonymous: true, ..pin.clone() };
        let member = ChatMember::member(1);
        for (before, after, has_admin_changed, is_outdated) in [
            (&member, &pin, true, true),
            (&pin, &ChatMember::left(1), true, true),
            (&pin, &ChatMember::owner(1), true, true),
            (&pin, &ban, false, true),
            (&pin, &titled, false, true),
            (&pin, &hidden, false, true),
            (&pin, &pin, false, false),
            (&member, &ChatMember::banned(1), false, false),
        ] {
            let change = Change::between(before, after);
            assert_eq!(change.has_admin_changed(), has_admin_changed, "{change:?}");
            assert_eq!(change.is_list_outdated(), is_outdated, "{change:?}");
        }
    }
}
