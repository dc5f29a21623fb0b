//! Whom enforcement leaves alone: locks, blocklists, flood control and their like.

use crate::{Actor, Fact};

/// Why a message is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exemption {
    /// Owner or administrator.
    Admin,
    /// An administrator who speaks as the group, trusted or not: only members are kept in order.
    AnonymousAdmin,
    /// A post of the linked channel.
    LinkedChannel,
    /// The chat approved them.
    Approved,
    /// Telegram did not answer; nobody is punished on a guess.
    Unknown,
    /// There is nobody who could be punished.
    Nobody,
}

/// Why enforcement leaves this author alone; `None` when it does not.
///
/// The author is an [`Actor`], a member's record, or only the answer to "are they an administrator?".
/// Whoever does not honour one of the reasons asks for it: `exemption(..) != Some(Exemption::Approved)`.
///
/// ```
/// use alita_permissions::{ChatMember, Exemption, Fact, exemption};
///
/// assert_eq!(exemption(&ChatMember::member(3), false), None);
/// assert_eq!(exemption(&ChatMember::member(3), true), Some(Exemption::Approved));
/// assert_eq!(exemption(Fact::Known(true), false), Some(Exemption::Admin));
/// assert_eq!(exemption(Fact::Unknown, false), Some(Exemption::Unknown));
/// ```
#[must_use]
pub fn exemption(author: impl Into<Actor<bool>>, is_approved: bool) -> Option<Exemption> {
    match author.into() {
        Actor::AnonymousAdmin { .. } => Some(Exemption::AnonymousAdmin),
        Actor::LinkedChannel => Some(Exemption::LinkedChannel),
        Actor::Nobody => Some(Exemption::Nobody),
        Actor::Person(Fact::Known(true)) => Some(Exemption::Admin),
        Actor::Person(_) | Actor::Channel if is_approved => Some(Exemption::Approved),
        Actor::Person(Fact::Unknown) => Some(Exemption::Unknown),
        Actor::Person(Fact::Known(false) | Fact::NotFound) | Actor::Channel => None,
    }
}

#[cfg(test)]
mod tests {
    use alita_model::UserId;

    use super::*;
    use crate::{ChatMember, Rights};

    #[test]
    fn who_is_left_alone() {
        let person = |member| Actor::Person(Fact::Known(member));
        for (author, plain, approved) in [
            (person(ChatMember::owner(1)), Some(Exemption::Admin), Some(Exemption::Admin)),
            (
                person(ChatMember::administrator(1, Rights::empty())),
                Some(Exemption::Admin),
                Some(Exemption::Admin),
            ),
            (person(ChatMember::member(1)), None, Some(Exemption::Approved)),
            (person(ChatMember::restricted(1, true)), None, Some(Exemption::Approved)),
            (person(ChatMember::left(1)), None, Some(Exemption::Approved)),
            (Actor::Person(Fact::NotFound), None, Some(Exemption::Approved)),
            (Actor::Person(Fact::Unknown), Some(Exemption::Unknown), Some(Exemption::Approved)),
            (Actor::Channel, None, Some(Exemption::Approved)),
            (person(ChatMember::member(UserId::CHANNEL_BOT)), None, Some(Exemption::Approved)),
            (Actor::LinkedChannel, Some(Exemption::LinkedChannel), Some(Exemption::LinkedChannel)),
            (
                person(ChatMember::member(UserId::TELEGRAM)),
                Some(Exemption::LinkedChannel),
                Some(Exemption::LinkedChannel),
            ),
            (
                Actor::AnonymousAdmin { is_trusted: false },
                Some(Exemption::AnonymousAdmin),
                Some(Exemption::AnonymousAdmin),
            ),
            (Actor::Nobody, Some(Exemption::Nobody), Some(Exemption::Nobody)),
        ] {
            assert_eq!(exemption(&author, false), plain, "{author:?}");
            assert_eq!(exemption(&author, true), approved, "{author:?}");
        }
    }
}
