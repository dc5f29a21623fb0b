//! What is known, what is not there, and what could not be found out.

use crate::ChatMember;

/// The answer to a question about a chat.
///
/// These three are the point of the type, so a `match` is meant to be complete:
/// "could not find out" is never a quiet "no".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fact<T = ChatMember> {
    /// Telegram said so, now or a while ago.
    Known(T),
    /// Telegram said that there is no such thing.
    NotFound,
    /// Telegram did not answer.
    Unknown,
}

impl<T> Fact<T> {
    /// The same fact, borrowed.
    #[must_use]
    pub const fn as_ref(&self) -> Fact<&T> {
        match self {
            Self::Known(value) => Fact::Known(value),
            Self::NotFound => Fact::NotFound,
            Self::Unknown => Fact::Unknown,
        }
    }

    /// A fact about what is known.
    #[must_use]
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value) => Fact::Known(f(value)),
            Self::NotFound => Fact::NotFound,
            Self::Unknown => Fact::Unknown,
        }
    }

    /// What is known, if it is.
    #[must_use]
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::NotFound | Self::Unknown => None,
        }
    }

    /// Whether Telegram did not answer.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

impl<'a> From<&'a ChatMember> for Fact<&'a ChatMember> {
    fn from(member: &'a ChatMember) -> Self {
        Self::Known(member)
    }
}

impl<'a> From<&'a Fact> for Fact<&'a ChatMember> {
    fn from(fact: &'a Fact) -> Self {
        fact.as_ref()
    }
}
