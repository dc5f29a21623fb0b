#![doc = include_str!("../README.md")]

pub mod durations;
mod ids;
#[cfg(feature = "keywords")]
pub mod keywords;
mod locks;
mod notes;
mod people;
mod titles;
mod warns;

pub use ids::{ChatId, MessageId, Peer, ThreadId, UserId};
pub use locks::{LockSet, LockType, UnknownLockType};
pub use notes::{
    ContentKind, MAX_NOTES, Note, NoteFlags, NoteName, NoteNameError, SavedButton, SavedContent,
};
pub use people::{Channel, Person};
pub use titles::AdminTitle;
pub use warns::{Punishment, Tally, UnknownPunishment, Verdict, WarnLimitError, WarnPolicy, cut_reason};
