//! Notes: named content of a chat, and the shape in which any saved content is kept.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a saved message is made of. The numbers are those of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ContentKind {
    /// Text alone.
    #[default]
    Text,
    /// A sticker; carries no caption.
    Sticker,
    /// A file or an animation.
    Document,
    /// A photo.
    Photo,
    /// Music.
    Audio,
    /// A voice message.
    Voice,
    /// A video.
    Video,
    /// A round video message; carries no caption.
    VideoNote,
}

impl ContentKind {
    /// The number under which the database keeps it; 1 to 8.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Text => 1,
            Self::Sticker => 2,
            Self::Document => 3,
            Self::Photo => 4,
            Self::Audio => 5,
            Self::Voice => 6,
            Self::Video => 7,
            Self::VideoNote => 8,
        }
    }

    /// Reads the database's number; an unknown one is text.
    #[must_use]
    pub const fn from_code(code: i64) -> Self {
        match code {
            2 => Self::Sticker,
            3 => Self::Document,
            4 => Self::Photo,
            5 => Self::Audio,
            6 => Self::Voice,
            7 => Self::Video,
            8 => Self::VideoNote,
            _ => Self::Text,
        }
    }

    /// Whether Telegram shows a text under it.
    #[must_use]
    pub const fn has_caption(self) -> bool {
        !matches!(self, Self::Sticker | Self::VideoNote)
    }
}

/// A button as it is kept; the field names are those of the stored JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedButton {
    /// The label.
    pub name: String,
    /// Where it leads.
    pub url: String,
    /// Whether it stands beside the button before it.
    #[serde(rename = "btn_sameline", default)]
    pub same_row: bool,
}

/// A message as an admin saved it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SavedContent {
    /// What it is made of.
    pub kind: ContentKind,
    /// Text or caption as Telegram HTML, flags, fillings and `%%%` left as typed.
    pub html: String,
    /// The `file_id` of the media; empty for text.
    pub file_id: String,
    /// URL buttons in reading order.
    pub buttons: Vec<SavedButton>,
}

impl SavedContent {
    /// Whether there is nothing that could be sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.html.trim().is_empty() && self.file_id.is_empty()
    }
}

/// The name of a note: 1 to 64 characters without white space, lower case, without `#`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NoteName(String);

/// Why a word is no note name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteNameError {
    /// Nothing is left without `#` and white space.
    #[error("a note needs a name")]
    Empty,
    /// More than 64 characters.
    #[error("a note's name has at most 64 characters")]
    TooLong,
}

impl NoteName {
    /// The most characters that a name may have.
    pub const MAX_CHARS: usize = 64;

    /// Reads a name as a person types it: with or without `#`, in any case.
    ///
    /// # Errors
    ///
    /// [`NoteNameError`] when nothing is left or the name is too long.
    pub fn parse(word: &str) -> Result<Self, NoteNameError> {
        let name = word.trim().trim_start_matches('#').to_lowercase();
        let name = name.split_whitespace().next().unwrap_or_default();
        if name.is_empty() {
            return Err(NoteNameError::Empty);
        }
        if name.chars().count() > Self::MAX_CHARS {
            return Err(NoteNameError::TooLong);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name without `#`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NoteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the flags in a note's text ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NoteFlags {
    /// `{admin}`: only admins may fetch it.
    pub is_admin_only: bool,
    /// `{private}`: delivered in the private chat only.
    pub is_private_only: bool,
    /// `{noprivate}`: delivered in the group only.
    pub is_group_only: bool,
    /// `{preview}`: links show their preview.
    pub has_preview: bool,
    /// `{protect}`: cannot be forwarded or saved.
    pub is_protected: bool,
    /// `{nonotif}`: arrives without a sound.
    pub is_silent: bool,
}

/// The most notes that a chat may have.
pub const MAX_NOTES: usize = 200;

/// A note of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its name, unique in the chat.
    pub name: NoteName,
    /// What it says.
    pub content: SavedContent,
    /// How it is delivered, and to whom.
    pub flags: NoteFlags,
}

impl Note {
    /// Whether a fetch in the group is answered with a button to the private chat.
    #[must_use]
    pub const fn is_delivered_in_private(&self, chat_prefers_private: bool) -> bool {
        (chat_prefers_private || self.flags.is_private_only) && !self.flags.is_group_only
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_people_type_them() {
        assert_eq!(NoteName::parse("#Rules").unwrap().as_str(), "rules");
        assert_eq!(NoteName::parse("ПРИВЕТ").unwrap().as_str(), "привет");
        assert_eq!(NoteName::parse("##"), Err(NoteNameError::Empty));
        assert_eq!(NoteName::parse(&"x".repeat(65)), Err(NoteNameError::TooLong));
    }

    #[test]
    fn codes_read_back() {
        for code in 1..=8 {
            assert_eq!(ContentKind::from_code(code).code(), code);
        }
        assert_eq!(ContentKind::from_code(0), ContentKind::Text);
    }
}
