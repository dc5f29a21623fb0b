//! What is sent when saved content is asked for.

use std::borrow::Cow;

use alita_model::{NoteFlags, Peer, SavedContent};

use crate::buttons::{self, MAX_BUTTONS, UrlButton};
use crate::doc::{Cell, Doc, Look, Span, is_kept};
use crate::html::Html;
use crate::names::one_line;
use crate::template::{Filling, Piece, RulesPlace, Template, fill_address};
use crate::{read, urls, write};

/// Whom the fillings speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilledUser<'a> {
    /// The person, or the chat that speaks as itself.
    pub id: Peer,
    /// The first name, or the chat's title; may be empty.
    pub first_name: &'a str,
    /// The last name; may be empty.
    pub last_name: &'a str,
    /// Without `@`.
    pub username: Option<&'a str>,
}

/// The button that leads to the chat's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RulesButton<'a> {
    /// What it says.
    pub label: &'a str,
    /// The deep link, `https://t.me/<bot>?start=rules_<chat>`.
    pub url: &'a str,
}

/// What stands in for the words in braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fillings<'a> {
    /// Who is spoken of; `None` shows [`unknown_name`](Self::unknown_name) and the id 0.
    pub user: Option<FilledUser<'a>>,
    /// Stands in for an empty or unknown name, in the chat's language.
    pub unknown_name: &'a str,
    /// The title of the chat that owns the content.
    pub chat_title: &'a str,
    /// See [`needs_member_count`]; 0 when it could not be found out.
    pub member_count: i64,
    /// `None` when the chat has no rules.
    pub rules: Option<RulesButton<'a>>,
}

/// Saved content, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rendered {
    /// The text or caption; filled in, it may be longer than Telegram takes: see [`split`](crate::split).
    pub html: Html,
    /// The keyboard, empty for none.
    pub rows: Vec<Vec<UrlButton>>,
    /// What the flags in the text ask for; a module honours those that make sense to it.
    pub flags: NoteFlags,
}

/// Whether [`render`] will look at the member count, which costs a request.
#[must_use]
pub fn needs_member_count(content: &SavedContent) -> bool {
    if !content.html.contains('{') {
        return false;
    }
    let doc = read::html(&content.html);
    let is_count = |piece: &Piece| matches!(piece, Piece::Filling(Filling::Count, _));
    let in_address = |span: &Span| matches!(span, Span::Link(url) if url.contains("{count}"));
    Template::read(&doc).variants.iter().flatten().any(is_count) || doc.spans.iter().any(in_address)
}

/// Chooses a variant, fills it in and lays out the buttons.
///
/// `choose` is handed the number of variants, at least 2, and names one of them, counted from 0:
/// `|variants| fastrand::usize(..variants)`.
pub fn render(
    content: &SavedContent,
    fillings: &Fillings<'_>,
    mut choose: impl FnMut(usize) -> usize,
) -> Rendered {
    let stored = read::html(&content.html);
    let mut template = Template::read(&stored);
    let chosen = match template.variants.len() {
        0 => Vec::new(),
        1 => template.variants.swap_remove(0),
        many => template.variants.swap_remove(choose(many) % many),
    };
    let spans = stored.spans.into_iter().map(|span| match span {
        Span::Link(url) => {
            Span::Link(fill_address(&url, |filling| fillings.in_address(filling).into_owned()))
        }
        span => span,
    });
    let mut doc = Doc { cells: Vec::new(), spans: spans.collect(), quotes: stored.quotes };
    for piece in chosen {
        match piece {
            Piece::Cell(cell) => doc.cells.push(cell),
            Piece::Filling(filling, cell) => fillings.write(filling, cell.look, &mut doc),
        }
    }
    Rendered {
        html: write::html(&doc.tidy()),
        rows: rows(content, template.rules.zip(fillings.rules)),
        flags: template.flags,
    }
}

fn rows(content: &SavedContent, rules: Option<(RulesPlace, RulesButton<'_>)>) -> Vec<Vec<UrlButton>> {
    let Some((place, rules)) = rules else {
        return buttons::rows(&content.buttons, MAX_BUTTONS);
    };
    let mut rows = buttons::rows(&content.buttons, MAX_BUTTONS - 1);
    let button = UrlButton { label: rules.label.to_owned(), url: rules.url.to_owned() };
    match place {
        RulesPlace::Top => rows.insert(0, vec![button]),
        RulesPlace::SameRow => buttons::add(&mut rows, button, true),
        RulesPlace::NewRow => buttons::add(&mut rows, button, false),
    }
    rows
}

impl Fillings<'_> {
    fn write(&self, filling: Filling, look: Look, doc: &mut Doc) {
        let mut look = look;
        let leads_to_person = match filling {
            Filling::Mention => true,
            Filling::Username => self.username().is_none(),
            _ => false,
        };
        let person = self.user.and_then(|user| user.id.user()).filter(|user| user.is_somebody());
        // In code and in links the name stands alone: Telegram has no links there.
        if let Some(person) = person.filter(|_| leads_to_person && look.span == 0) {
            look.span = doc.add_span(Span::Link(urls::of_person(person)));
        }
        let text = match (filling, self.username()) {
            (Filling::Username, Some(username)) => Cow::Owned(format!("@{username}")),
            _ => self.text(filling),
        };
        doc.cells.extend(text.chars().filter(|c| is_kept(*c)).map(|c| Cell { c, look }));
    }

    /// Names come without line breaks, control characters and bidi overrides.
    fn text(&self, filling: Filling) -> Cow<'static, str> {
        Cow::Owned(match filling {
            Filling::First | Filling::Mention | Filling::Username => self.first_name(),
            Filling::Last => self.last_name(),
            Filling::Fullname => format!("{} {}", self.first_name(), self.last_name()).trim_end().to_owned(),
            Filling::Id => self.user.map_or(0, |user| user.id.get()).to_string(),
            Filling::Chatname => one_line(self.chat_title),
            Filling::Count => self.member_count.to_string(),
        })
    }

    fn in_address(&self, filling: Filling) -> Cow<'_, str> {
        match (filling, self.username()) {
            (Filling::Username, Some(username)) => Cow::Borrowed(username),
            _ => self.text(filling),
        }
    }

    fn first_name(&self) -> String {
        let name = self.user.map(|user| one_line(user.first_name)).unwrap_or_default();
        if name.is_empty() { one_line(self.unknown_name) } else { name }
    }

    fn last_name(&self) -> String {
        self.user.map(|user| one_line(user.last_name)).unwrap_or_default()
    }

    fn username(&self) -> Option<&str> {
        self.user.and_then(|user| user.username).filter(|username| !username.is_empty())
    }
}

/// How long the longest variant will look, fillings counted as they were typed.
pub(crate) fn longest_variant(html: &str) -> usize {
    let mut doc = read::html(html);
    let mut longest = 0;
    for variant in Template::read(&doc).variants {
        doc.cells.clear();
        for piece in variant {
            match piece {
                Piece::Cell(cell) => doc.cells.push(cell),
                Piece::Filling(filling, cell) => {
                    doc.cells.extend(filling.typed().chars().map(|c| Cell { c, ..cell }));
                }
            }
        }
        doc = doc.tidy();
        longest = longest.max(doc.cells.iter().map(|cell| cell.c.len_utf16()).sum());
    }
    longest
}
