//! One module a file of `locales/<language>/`, one function a key.
//!
//! Keys that end in `_toast`, `_button` or `_plain` give a `String` and take their arguments as they are;
//! all others give [`Html`](alita_markup::Html), and their arguments escape themselves.
#![allow(clippy::too_many_arguments, reason = "written by build.rs")]

include!(concat!(env!("OUT_DIR"), "/texts.rs"));
