//! What handlers want to have read: reasons, durations, switches, numbers. Targets: [`crate::target`].

use std::future::Future;
use std::time::Duration;

use alita_i18n::t;
use alita_model::durations::{self, DurationError};

use crate::app::App;
use crate::args::Args;
use crate::cx::Cx;
use crate::outcome::{No, mistake};
use crate::payload::Payload;

/// Something that can be read from a context and the words after its command.
pub trait FromCx<A: App>: Sized + Send {
    /// Reads it, and takes the words that it is made of.
    fn from_cx(cx: &Cx<A>, args: &mut Args) -> impl Future<Output = Result<Self, No>> + Send;
}

/// `None` when no words are left; words that make no sense are still a mistake.
impl<A: App, T: FromCx<A>> FromCx<A> for Option<T> {
    async fn from_cx(cx: &Cx<A>, args: &mut Args) -> Result<Self, No> {
        if args.is_empty() { Ok(None) } else { T::from_cx(cx, args).await.map(Some) }
    }
}

/// The words as they are.
impl<A: App> FromCx<A> for Args {
    async fn from_cx(_: &Cx<A>, args: &mut Args) -> Result<Self, No> {
        Ok(args.clone())
    }
}

/// Everything that is left, line breaks included. Where nothing is left it is empty, and an `Option` of it is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(pub String);

impl<A: App> FromCx<A> for Reason {
    async fn from_cx(_: &Cx<A>, args: &mut Args) -> Result<Self, No> {
        Ok(Self(args.rest().to_owned()))
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How long: `30m`, `2h`, `3d`, `1w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lasting(pub Duration);

impl<A: App> FromCx<A> for Lasting {
    async fn from_cx(_: &Cx<A>, args: &mut Args) -> Result<Self, No> {
        let word = args.word().unwrap_or_default();
        match durations::parse(&word) {
            Ok(duration) => Ok(Self(duration)),
            Err(DurationError::Missing) => mistake(t::mistakes::duration_missing),
            Err(DurationError::BadNumber) => {
                mistake(move |lang| t::mistakes::duration_bad_number(lang, word.as_str()))
            }
            Err(DurationError::BadUnit) => {
                mistake(move |lang| t::mistakes::duration_bad_unit(lang, word.as_str()))
            }
            Err(_) => mistake(t::mistakes::duration_out_of_range),
        }
    }
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// `on`, `yes`, `true`.
    On,
    /// `off`, `no`, `false`.
    Off,
}

impl Switch {
    /// Whether it is on.
    #[must_use]
    pub const fn is_on(self) -> bool {
        matches!(self, Self::On)
    }
}

impl<A: App> FromCx<A> for Switch {
    async fn from_cx(_: &Cx<A>, args: &mut Args) -> Result<Self, No> {
        let word = args.word().unwrap_or_default();
        match word.to_lowercase().as_str() {
            "on" | "yes" | "true" => Ok(Self::On),
            "off" | "no" | "false" => Ok(Self::Off),
            _ => mistake(move |lang| t::mistakes::unknown_option(lang, word.as_str())),
        }
    }
}

/// What the pressed button carries.
impl<A: App> FromCx<A> for Payload {
    async fn from_cx(cx: &Cx<A>, _: &mut Args) -> Result<Self, No> {
        cx.payload().cloned().ok_or_else(|| crate::outcome::Mistake::invalid_button().into())
    }
}
