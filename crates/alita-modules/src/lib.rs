#![doc = include_str!("../README.md")]

mod app;
mod content;
mod modules;
mod punish;
mod saved;
mod take;

mod admin;
mod bans;
mod bot_updates;
mod help;
mod languages;
mod locks;
mod misc;
mod mutes;
mod notes;
mod users;
mod warns;

pub use app::{AlitaApp, Links, Settings};
pub use help::{Mode, introduce};
pub use modules::modules;
pub use take::take;
