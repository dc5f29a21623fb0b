//! From a command to content that can be kept.

use alita_dispatch::{Args, Cx, Mistake, No, Words};
use alita_i18n::t;
use alita_markup::{DroppedButton, FilledUser, Fillings, Source, check_length, compile, render};
use alita_model::{ContentKind, NoteFlags, Peer, SavedContent, UserId};
use alita_telegram::types::Message;

use super::{entities, media};
use crate::app::AlitaApp;

/// What an admin wants to have kept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Captured {
    /// The message itself.
    pub(crate) content: SavedContent,
    /// What the flags in it ask for.
    pub(crate) flags: NoteFlags,
    /// What the admin should know about it.
    pub(crate) remarks: Remarks,
}

/// What was understood otherwise than it was typed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Remarks {
    /// Buttons that lead nowhere.
    pub(crate) dropped_buttons: Vec<DroppedButton>,
    /// `{private}` and `{noprivate}` at once, so that neither counts.
    pub(crate) has_private_conflict: bool,
}

/// Why nothing can be kept.
#[derive(Debug, PartialEq, Eq)]
enum Refused {
    /// Neither text nor file.
    Nothing,
    /// A message of a kind that cannot be sent again, such as a poll.
    Unsupported,
    /// Longer than Telegram sends.
    TooLong { length: usize, limit: usize },
}

/// Reads what a command wants to have kept: what follows it, the media that it is the caption of, or the
/// message that it replies to.
///
/// `args` stand behind the name; `label` names buttons that have no label.
///
/// # Errors
///
/// A mistake that says what is missing or too long.
pub(crate) fn capture(cx: &Cx<AlitaApp>, args: &Args, label: &str) -> Result<Captured, No> {
    let (words, begin) = args.rest_with_marks();
    let captured = match cx.message() {
        Some(message) => read(message, cx.replied(), words, begin, label),
        None => Err(Refused::Nothing),
    };
    captured.map_err(|refused| refused.into_mistake().into())
}

fn read(
    message: &Message,
    replied: Option<&Message>,
    words: &Words,
    begin: usize,
    label: &str,
) -> Result<Captured, Refused> {
    // Whoever attaches a file to the command means that file.
    let own = media::of(message);
    let replied = replied.filter(|_| own.is_none());
    let replied_words = replied.map(Words::of).unwrap_or_default();
    let (typed, typed_entities) = entities::from_byte(words, begin);
    let (text, entities) = match typed.trim().is_empty() {
        true => entities::from_byte(&replied_words, 0),
        false => (typed, typed_entities),
    };
    let keyboard = replied.map(media::links_under).unwrap_or_default();
    let (kind, file_id) = own.or_else(|| media::of(replied?)).unwrap_or((ContentKind::Text, ""));

    let mut compiled = compile(&Source { text, entities: &entities, keyboard: &keyboard, label });
    let remarks = Remarks {
        dropped_buttons: std::mem::take(&mut compiled.dropped_buttons),
        has_private_conflict: compiled.has_private_conflict,
    };
    let flags = compiled.flags;
    let content = compiled.into_content(kind, file_id);
    if content.file_id.is_empty() && !says_something(&content) {
        let is_something = replied.is_some_and(|replied| replied.text.is_none());
        return Err(if is_something { Refused::Unsupported } else { Refused::Nothing });
    }
    match check_length(&content) {
        Ok(()) => Ok(Captured { content, flags, remarks }),
        Err(alita_markup::Error::TextTooLong { actual, max }) => {
            Err(Refused::TooLong { length: actual, limit: max })
        }
        Err(_) => Err(Refused::Nothing),
    }
}

/// Whether something is left to be seen without flags, buttons and marks.
fn says_something(content: &SavedContent) -> bool {
    let user = FilledUser { id: Peer::User(UserId::new(1)), first_name: "x", last_name: "x", username: None };
    let fillings = Fillings { user: Some(user), chat_title: "x", ..Fillings::default() };
    !alita_markup::strip_tags(&render(content, &fillings, |_| 0).html).trim().is_empty()
}

impl Refused {
    fn into_mistake(self) -> Mistake {
        match self {
            Self::Nothing => Mistake::new(t::content::nothing_to_keep),
            Self::Unsupported => Mistake::new(t::content::cannot_be_kept),
            Self::TooLong { length, limit } => {
                Mistake::new(move |lang| t::mistakes::too_long(lang, length, limit))
            }
        }
    }
}

#[cfg(test)]
mod tests;
