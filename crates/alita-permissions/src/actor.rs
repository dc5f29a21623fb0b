//! Who asks.

use alita_model::UserId;

use crate::{ChatMember, Fact};

/// The sender of a command, the presser of a button, the author of a message.
///
/// `M` is what is known of a person: their record, a reference to it, or only whether they are an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Actor<M = ChatMember> {
    /// A person or a bot under their own name.
    Person(Fact<M>),
    /// An administrator who speaks as the group: `sender_chat` is the chat itself.
    ///
    /// Telegram: nobody is told who it is, nor which rights they have.
    AnonymousAdmin {
        /// Whether the chat lets anonymous administrators act without showing who they are.
        is_trusted: bool,
    },
    /// Somebody who speaks as a channel, or a post in a channel. Never an administrator.
    Channel,
    /// The linked channel, through an automatic forward (`from` is 777000). Never an administrator.
    LinkedChannel,
    /// Nobody whom Telegram names.
    Nobody,
}

impl<M> Actor<M> {
    /// The same actor, borrowed.
    #[must_use]
    pub const fn as_ref(&self) -> Actor<&M> {
        match self {
            Self::Person(fact) => Actor::Person(fact.as_ref()),
            Self::AnonymousAdmin { is_trusted } => Actor::AnonymousAdmin { is_trusted: *is_trusted },
            Self::Channel => Actor::Channel,
            Self::LinkedChannel => Actor::LinkedChannel,
            Self::Nobody => Actor::Nobody,
        }
    }
}

impl Actor<&ChatMember> {
    /// The placeholders that stand for no person are what they stand for, however they came here.
    ///
    /// A bare 1087968824 is nobody: only a message in the name of the group makes an anonymous administrator.
    pub(crate) fn seen_through(self) -> Self {
        match self {
            Self::Person(Fact::Known(member)) => match member.user {
                UserId::TELEGRAM => Self::LinkedChannel,
                UserId::CHANNEL_BOT => Self::Channel,
                UserId::GROUP_ANONYMOUS_BOT => Self::Nobody,
                user if !user.is_somebody() => Self::Channel,
                _ => self,
            },
            _ => self,
        }
    }
}

impl<'a> From<&'a ChatMember> for Actor<&'a ChatMember> {
    fn from(member: &'a ChatMember) -> Self {
        Self::Person(Fact::Known(member))
    }
}

impl<'a> From<&'a Fact> for Actor<&'a ChatMember> {
    fn from(fact: &'a Fact) -> Self {
        Self::Person(fact.as_ref())
    }
}

impl<'a> From<&'a Actor> for Actor<&'a ChatMember> {
    fn from(actor: &'a Actor) -> Self {
        actor.as_ref()
    }
}

impl From<Fact<bool>> for Actor<bool> {
    fn from(is_admin: Fact<bool>) -> Self {
        Self::Person(is_admin)
    }
}

impl From<Actor<&ChatMember>> for Actor<bool> {
    fn from(actor: Actor<&ChatMember>) -> Self {
        match actor.seen_through() {
            Actor::Person(fact) => Self::Person(fact.map(ChatMember::is_admin)),
            Actor::AnonymousAdmin { is_trusted } => Self::AnonymousAdmin { is_trusted },
            Actor::Channel => Self::Channel,
            Actor::LinkedChannel => Self::LinkedChannel,
            Actor::Nobody => Self::Nobody,
        }
    }
}

impl From<&ChatMember> for Actor<bool> {
    fn from(member: &ChatMember) -> Self {
        Actor::<&ChatMember>::from(member).into()
    }
}

impl From<&Fact> for Actor<bool> {
    fn from(fact: &Fact) -> Self {
        Actor::<&ChatMember>::from(fact).into()
    }
}

impl From<&Actor> for Actor<bool> {
    fn from(actor: &Actor) -> Self {
        actor.as_ref().into()
    }
}
