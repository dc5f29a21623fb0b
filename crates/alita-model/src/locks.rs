//! Locks: the kinds of content that a chat can forbid.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! lock_types {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// A kind of content that can be locked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum LockType {
            $($(#[$doc])* $name,)*
        }

        impl LockType {
            /// All types, sorted by name.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word that people type and the database keeps.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

lock_types! {
    /// Every message but service messages.
    All = "all",
    /// Messages sent as a channel.
    AnonChannel = "anonchannel",
    /// Music files.
    Audio = "audio",
    /// Bots that members add.
    Bots = "bots",
    /// Messages by people who are not in the group.
    Comments = "comments",
    /// Contacts.
    Contact = "contact",
    /// Files, but no animations.
    Document = "document",
    /// Forwarded messages.
    Forward = "forward",
    /// Games.
    Game = "game",
    /// Animations.
    Gif = "gif",
    /// Locations and venues.
    Location = "location",
    /// Audio, files, videos, video notes, voice messages and photos.
    Media = "media",
    /// Text and everything of `media` and `other`.
    Messages = "messages",
    /// Games, stickers and animations.
    Other = "other",
    /// Photos.
    Photo = "photo",
    /// Links, for the sake of their previews.
    Previews = "previews",
    /// Text written from right to left.
    Rtl = "rtl",
    /// Stickers.
    Sticker = "sticker",
    /// Links.
    Url = "url",
    /// Videos.
    Video = "video",
    /// Round video messages.
    VideoNote = "videonote",
    /// Voice messages.
    Voice = "voice",
}

impl fmt::Display for LockType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no lock type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such lock type")]
pub struct UnknownLockType;

impl FromStr for LockType {
    type Err = UnknownLockType;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let word = word.to_lowercase();
        Self::ALL.iter().copied().find(|lock| lock.as_str() == word).ok_or(UnknownLockType)
    }
}

/// The locks of a chat, as a small set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LockSet(u32);

impl LockSet {
    /// Nothing locked.
    pub const EMPTY: Self = Self(0);

    const fn bit(lock: LockType) -> u32 {
        1 << lock as u32
    }

    /// Whether nothing is locked.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this type is locked.
    #[must_use]
    pub const fn contains(self, lock: LockType) -> bool {
        self.0 & Self::bit(lock) != 0
    }

    /// Locks a type.
    pub const fn insert(&mut self, lock: LockType) {
        self.0 |= Self::bit(lock);
    }

    /// Unlocks a type.
    pub const fn remove(&mut self, lock: LockType) {
        self.0 &= !Self::bit(lock);
    }

    /// The types that are in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The locked types, sorted by name.
    pub fn iter(self) -> impl Iterator<Item = LockType> {
        LockType::ALL.iter().copied().filter(move |lock| self.contains(*lock))
    }
}

impl FromIterator<LockType> for LockSet {
    fn from_iter<I: IntoIterator<Item = LockType>>(locks: I) -> Self {
        let mut set = Self::EMPTY;
        locks.into_iter().for_each(|lock| set.insert(lock));
        set
    }
}

impl Serialize for LockSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(LockType::as_str))
    }
}

impl<'de> Deserialize<'de> for LockSet {
    /// Names that this build does not know are left out.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(deserializer)?;
        Ok(words.iter().filter_map(|word| word.parse().ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_types_are_sorted_and_read_back() {
        assert_eq!(LockType::ALL.len(), 22);
        assert!(LockType::ALL.is_sorted_by_key(|lock| lock.as_str()));
        for lock in LockType::ALL {
            assert_eq!(lock.as_str().to_uppercase().parse(), Ok(*lock));
        }
    }

    #[test]
    fn a_set_survives_json_and_unknown_names() {
        let set: LockSet = [LockType::Url, LockType::All].into_iter().collect();
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["all","url"]"#);
        assert_eq!(serde_json::from_str::<LockSet>(r#"["url","telepathy","all"]"#).unwrap(), set);
        let mut set = set;
        set.remove(LockType::Url);
        assert_eq!(set.iter().collect::<Vec<_>>(), [LockType::All]);
    }
}
