//! Every variable, theme by theme: the one place to add one.
//!
//! After a change run `cargo xtask docs`, which writes `deploy/alita.env.example` and the page of the book anew.

/// Declares a theme and its variables; the name of each is written once.
macro_rules! theme {
    ($theme:ident = $title:literal, $about:literal; $($name:ident: $variable:expr,)+) => {
        $(pub(crate) static $name: Variable = $variable.named(stringify!($name));)+

        pub(crate) static $theme: Theme =
            Theme { title: $title, about: $about, variables: &[$(&$name),+] };
    };
}

mod bot;
mod network;
mod storage;
mod watching;

pub(crate) use bot::*;
pub(crate) use network::*;
pub(crate) use storage::*;
pub(crate) use watching::*;

use super::variable::Theme;

/// All themes, in the order in which people read them.
pub(crate) static THEMES: &[&Theme] =
    &[&BOT, &LINKS, &DATABASE, &REDIS, &WEBHOOK, &HTTP, &TELEGRAM, &LIMITS, &LOGS, &ACTIVITY, &TRACES];
