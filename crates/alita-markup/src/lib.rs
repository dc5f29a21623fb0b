#![doc = include_str!("../README.md")]

mod html;
mod names;
pub mod utf16;

mod capture;
mod entities;
mod fences;
mod marks;
mod quotes;
mod source;

mod buttons;
mod render;
mod template;

mod split;

mod doc;
mod read;
mod urls;
mod write;

pub use buttons::{DroppedButton, MAX_BUTTONS, MAX_ROW, UrlButton, copied_buttons};
pub use capture::{
    Compiled, Error, MAX_CAPTION, MAX_TEXT, Source, check_length, compile, compile_text, from_entities,
};
pub use entities::{Entity, EntityKind};
pub use html::{Html, Mention, ToHtml, mention};
pub use names::{NAME_MAX_CHARS, display_name};
pub use render::{FilledUser, Fillings, Rendered, RulesButton, needs_member_count, render};
pub use source::to_source;
pub use split::{split, strip_tags, visible_len_utf16};
