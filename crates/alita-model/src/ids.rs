//! Ids as types. Telegram: all ids need 64 bits, and the sign and size tell what an id names.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name($inner);

        impl $name {
            /// Wraps the number that Telegram sent.
            #[must_use]
            pub const fn new(id: $inner) -> Self {
                Self(id)
            }

            /// The number as Telegram writes it.
            #[must_use]
            pub const fn get(self) -> $inner {
                self.0
            }
        }

        impl From<$inner> for $name {
            fn from(id: $inner) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id! {
    /// A private chat, group, supergroup or channel.
    ChatId(i64)
}
id! {
    /// A person or a bot. Only positive numbers name somebody.
    UserId(i64)
}
id! {
    /// A message inside one chat.
    MessageId(i32)
}
id! {
    /// A topic of a forum (`message_thread_id`).
    ThreadId(i32)
}

impl ChatId {
    /// Supergroups and channels lie below −1 000 000 000 000.
    #[must_use]
    pub const fn is_supergroup_or_channel(self) -> bool {
        self.0 < -1_000_000_000_000
    }

    /// Basic groups lie between −999 999 999 999 and −1.
    #[must_use]
    pub const fn is_basic_group(self) -> bool {
        self.0 < 0 && self.0 >= -999_999_999_999
    }

    /// A private chat carries its person's id.
    #[must_use]
    pub const fn is_private(self) -> bool {
        self.0 > 0
    }

    /// The part of a supergroup's id that stands in `t.me/c/` links.
    ///
    /// `None` for chats that have no such links.
    #[must_use]
    pub const fn link_part(self) -> Option<i64> {
        if self.is_supergroup_or_channel() { Some(-1_000_000_000_000 - self.0) } else { None }
    }
}

impl From<UserId> for ChatId {
    /// Telegram: the private chat with a person has the person's id.
    fn from(user: UserId) -> Self {
        Self(user.0)
    }
}

impl UserId {
    /// `from` of the linked channel's posts that Telegram forwards into the group.
    pub const TELEGRAM: Self = Self(777_000);
    /// `from` of messages by anonymous administrators.
    pub const GROUP_ANONYMOUS_BOT: Self = Self(1_087_968_824);
    /// `from` of messages that somebody sends as a channel.
    pub const CHANNEL_BOT: Self = Self(136_817_688);

    /// Whether this names somebody at all.
    #[must_use]
    pub const fn is_somebody(self) -> bool {
        self.0 > 0
    }

    /// The placeholders that Telegram puts where there is no person.
    #[must_use]
    pub const fn is_service(self) -> bool {
        matches!(self, Self::TELEGRAM | Self::GROUP_ANONYMOUS_BOT | Self::CHANNEL_BOT)
    }

    /// The number as the Bot API's `user_id` wants it; 0 for a negative number.
    #[must_use]
    pub const fn to_wire(self) -> u64 {
        if self.0 > 0 { self.0.unsigned_abs() } else { 0 }
    }
}

/// Somebody who can be named as a target: a person, or a chat that speaks (`sender_chat`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Peer {
    /// A person or a bot.
    User(UserId),
    /// A channel or a group that speaks as itself.
    Chat(ChatId),
}

impl Peer {
    /// Telegram: a positive id names a person, a negative one a chat.
    #[must_use]
    pub const fn from_id(id: i64) -> Self {
        if id < 0 { Self::Chat(ChatId(id)) } else { Self::User(UserId(id)) }
    }

    /// The number as Telegram writes it.
    #[must_use]
    pub const fn get(self) -> i64 {
        match self {
            Self::User(user) => user.0,
            Self::Chat(chat) => chat.0,
        }
    }

    /// The person, if it is one.
    #[must_use]
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(user),
            Self::Chat(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_tell_what_an_id_names() {
        assert!(ChatId::new(-1_001_234_567_890).is_supergroup_or_channel());
        assert!(ChatId::new(-5).is_basic_group());
        assert!(ChatId::new(7).is_private());
        assert_eq!(ChatId::new(-1_001_234_567_890).link_part(), Some(1_234_567_890));
        assert_eq!(ChatId::new(-1_001_001_001_001).link_part(), Some(1_001_001_001));
        assert_eq!(Peer::from_id(-100), Peer::Chat(ChatId::new(-100)));
        assert_eq!("7123456789012".parse::<UserId>().map(UserId::get), Ok(7_123_456_789_012));
        assert_eq!(UserId::new(-3).to_wire(), 0);
    }
}
