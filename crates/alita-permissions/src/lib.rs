#![doc = include_str!("../README.md")]

mod actor;
mod change;
mod check;
mod denied;
mod exemption;
mod fact;
mod member;
mod promotion;
mod rights;

#[cfg(feature = "directory")]
pub mod directory;

#[cfg(feature = "frankenstein")]
mod frankenstein;

pub use actor::Actor;
pub use change::Change;
pub use check::{ChatKind, Check, Target, Verdict};
pub use denied::Denied;
pub use exemption::{Exemption, exemption};
pub use fact::Fact;
pub use member::{ChatMember, Status};
pub use promotion::grantable;
pub use rights::Rights;
