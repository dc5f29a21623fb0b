#![doc = include_str!("../README.md")]

mod fake;
pub mod mutation;
pub mod process;
pub mod recorded;
pub mod transcript;

pub use fake::{
    AdminRights, Attempt, Call, ChatKind, Draft, FakeTelegram, Fault, Media, MediaKind, Member, MemberStatus,
    NewChat, NewUser, Permissions, Refusal, Speaker,
};
