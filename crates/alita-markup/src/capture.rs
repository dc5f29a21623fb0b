//! From a message to content that can be saved.

use alita_model::{ContentKind, NoteFlags, SavedButton, SavedContent};

use crate::buttons::DroppedButton;
use crate::entities::Entity;
use crate::html::Html;
use crate::marks::{self, ButtonMarks};
use crate::template::Template;
use crate::{render, write};

/// The longest text of a message, in UTF-16 units after the markup is gone.
pub const MAX_TEXT: usize = 4096;

/// The longest caption of a media message, in UTF-16 units after the markup is gone.
pub const MAX_CAPTION: usize = 1024;

/// What an admin wants to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Source<'a> {
    /// The text or caption as Telegram delivered it, marks and all.
    pub text: &'a str,
    /// The formatting that came with it; offsets count within `text`.
    pub entities: &'a [Entity],
    /// The buttons of the replied message ([`copied_buttons`](crate::copied_buttons)); if there are any,
    /// those typed in the text do not count.
    pub keyboard: &'a [SavedButton],
    /// The label of a button without one: the note's name, or a word for greetings.
    pub label: &'a str,
}

/// A message that was understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Compiled {
    /// The text as HTML; flags, fillings and `%%%` are left as typed.
    pub html: Html,
    /// The buttons to be kept.
    pub buttons: Vec<SavedButton>,
    /// Typed buttons that cannot be kept; the admin wants to know.
    pub dropped_buttons: Vec<DroppedButton>,
    /// What the flags ask for.
    pub flags: NoteFlags,
    /// Whether `{private}` and `{noprivate}` were both given; then neither counts, and the admin wants to know.
    pub has_private_conflict: bool,
}

impl Compiled {
    /// The content with its media; `file_id` is empty for text.
    #[must_use]
    pub fn into_content(self, kind: ContentKind, file_id: impl Into<String>) -> SavedContent {
        SavedContent { kind, html: self.html.into_string(), file_id: file_id.into(), buttons: self.buttons }
    }
}

/// Why content cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Telegram would refuse it.
    #[error("the text is {actual} characters long, at most {max} fit")]
    TextTooLong {
        /// How long it is, in UTF-16 units without markup.
        actual: usize,
        /// How long it may be.
        max: usize,
    },
}

/// Reads a message with its marks, buttons and flags.
///
/// ```
/// use alita_markup::{Source, compile};
///
/// let text = "Hi *{first}* [Site](buttonurl://example.com) {preview}";
/// let compiled = compile(&Source { text, ..Source::default() });
/// assert_eq!(compiled.html.as_str(), "Hi <b>{first}</b>  {preview}");
/// assert_eq!(compiled.buttons[0].url, "https://example.com");
/// assert!(compiled.flags.has_preview);
/// ```
#[must_use]
pub fn compile(source: &Source<'_>) -> Compiled {
    let parsed = marks::parse(source.text, source.entities, ButtonMarks::Take);
    let mut flags = Template::read(&parsed.doc).flags;
    let has_private_conflict = flags.is_private_only && flags.is_group_only;
    if has_private_conflict {
        flags.is_private_only = false;
        flags.is_group_only = false;
    }
    let (mut buttons, dropped_buttons) = if source.keyboard.is_empty() {
        (parsed.buttons, parsed.dropped)
    } else {
        (source.keyboard.to_vec(), Vec::new())
    };
    for button in buttons.iter_mut().filter(|button| button.name.is_empty()) {
        let label = crate::names::one_line(source.label);
        button.name = if label.is_empty() { button.url.clone() } else { label };
    }
    Compiled { html: write::html(&parsed.doc), buttons, dropped_buttons, flags, has_private_conflict }
}

/// Reads a text that has no buttons, such as rules: a button's mark is an ordinary link there.
#[must_use]
pub fn compile_text(text: &str, entities: &[Entity]) -> Html {
    write::html(&marks::parse(text, entities, ButtonMarks::Link).doc)
}

/// A message as it looks, to be repeated; marks mean nothing.
#[must_use]
pub fn from_entities(text: &str, entities: &[Entity]) -> Html {
    write::html(&marks::keep(text, entities))
}

/// Whether Telegram will take the content: every random variant is measured without flags and markup.
///
/// # Errors
///
/// [`Error::TextTooLong`] with the length of the longest variant.
pub fn check_length(content: &SavedContent) -> Result<(), Error> {
    let is_text = content.kind == ContentKind::Text || content.file_id.is_empty();
    // A sticker's text follows in a message of its own.
    let max = if is_text || !content.kind.has_caption() { MAX_TEXT } else { MAX_CAPTION };
    let actual = render::longest_variant(&content.html);
    if actual > max { Err(Error::TextTooLong { actual, max }) } else { Ok(()) }
}
