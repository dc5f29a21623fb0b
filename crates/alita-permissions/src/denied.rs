//! Why not.

use std::fmt;

use crate::Rights;

/// The reason of a no: an answer to be shown, not an error to be handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Denied {
    /// It only makes sense in a group or a supergroup.
    NotAGroup,
    /// It only makes sense in a private chat.
    NotPrivate,
    /// The actor is no administrator.
    ActorIsNotAdmin,
    /// The actor does not own the chat.
    ActorIsNotOwner,
    /// The actor is an administrator without these rights.
    ActorLacks(Rights),
    /// The actor speaks as the group, and it cannot be told who it is.
    ActorIsAnonymous,
    /// The actor speaks as a channel, and it cannot be told who it is.
    ActorIsChannel,
    /// There is nobody of whom rights could be known.
    ActorIsUnidentified,
    /// The bot is no administrator.
    BotIsNotAdmin,
    /// The bot is an administrator without these rights.
    BotLacks(Rights),
    /// The target is an administrator or the owner.
    TargetIsAdmin,
    /// The target is the bot.
    TargetIsBotItself,
    /// The target is an account that Telegram puts where there is no person.
    TargetIsService,
    /// The target is not in the chat.
    TargetIsNotInChat,
    /// Telegram did not answer, so nobody can tell.
    CouldNotFindOut,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAGroup => f.write_str("the chat is no group"),
            Self::NotPrivate => f.write_str("the chat is not private"),
            Self::ActorIsNotAdmin => f.write_str("the actor is not an administrator"),
            Self::ActorIsNotOwner => f.write_str("the actor is not the owner"),
            Self::ActorLacks(rights) => write!(f, "the actor lacks {rights}"),
            Self::ActorIsAnonymous => f.write_str("the actor is an anonymous administrator"),
            Self::ActorIsChannel => f.write_str("the actor is a channel"),
            Self::ActorIsUnidentified => f.write_str("the actor cannot be identified"),
            Self::BotIsNotAdmin => f.write_str("the bot is not an administrator"),
            Self::BotLacks(rights) => write!(f, "the bot lacks {rights}"),
            Self::TargetIsAdmin => f.write_str("the target is an administrator"),
            Self::TargetIsBotItself => f.write_str("the target is the bot itself"),
            Self::TargetIsService => f.write_str("the target is a service account"),
            Self::TargetIsNotInChat => f.write_str("the target is not in the chat"),
            Self::CouldNotFindOut => f.write_str("it could not be found out"),
        }
    }
}
