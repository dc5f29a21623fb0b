//! Puts arguments into texts, in one pass: what was put in is not looked at again.

use std::fmt::{Display, Write as _};

use alita_markup::Html;
use icu_plurals::PluralCategory;

use crate::Language;

/// A piece of a text.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Stays as it is.
    Literal(&'static str),
    /// Is replaced by the argument at this place.
    Argument(usize),
}

/// One key in one language.
#[derive(Debug)]
pub(crate) struct Text {
    /// What is said for some counts.
    pub(crate) forms: &'static [(PluralCategory, &'static [Piece])],
    /// What is said for all others.
    pub(crate) other: &'static [Piece],
}

impl Text {
    fn form(&self, language: Language, count: i64) -> &'static [Piece] {
        if self.forms.is_empty() {
            return self.other;
        }
        let category = language.category(count);
        self.forms.iter().find(|(of, _)| *of == category).map_or(self.other, |(_, form)| form)
    }
}

/// A text of ours is HTML already; the arguments were escaped by `ToHtml`.
#[expect(clippy::disallowed_methods, reason = "every argument was escaped")]
pub(crate) fn html(
    texts: &'static [Text],
    language: Language,
    count: i64,
    arguments: &[&dyn Display],
) -> Html {
    Html::from_trusted(plain(texts, language, count, arguments))
}

/// A text for a field in which Telegram takes no HTML.
pub(crate) fn plain(
    texts: &'static [Text],
    language: Language,
    count: i64,
    arguments: &[&dyn Display],
) -> String {
    let mut out = String::new();
    let Some(text) = texts.get(language.index()) else { return out };
    for piece in text.form(language, count) {
        match piece {
            Piece::Literal(text) => out.push_str(text),
            Piece::Argument(at) => {
                if let Some(argument) = arguments.get(*at) {
                    // Writing into a `String` cannot fail.
                    write!(out, "{argument}").unwrap_or_default();
                }
            }
        }
    }
    out
}
