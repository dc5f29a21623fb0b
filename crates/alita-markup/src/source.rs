//! From stored content back to the marks that a person would type: `noformat`.

use alita_model::SavedContent;

use crate::buttons;
use crate::doc::{Doc, JOINER, Look, Span, Style};
use crate::marks::MARKS;
use crate::read;
use crate::write::{Element, Writer, walk};

/// The content as it can be typed: saving the result again gives the same content.
///
/// The text is plain: send it without a parse mode and without a keyboard.
#[must_use]
pub fn to_source(content: &SavedContent) -> String {
    let mut writer = MarkWriter::default();
    walk(&read::html(&content.html), &mut writer);
    let mut source = writer.text;
    for button in &content.buttons {
        if !source.is_empty() {
            source.push('\n');
        }
        source.push('[');
        for c in button.name.chars() {
            if MARKS.contains(c) {
                source.push('\\');
            }
            source.push(c);
        }
        source.push_str("](");
        source.push_str(&buttons::write_mark(button));
        source.push(')');
    }
    source
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Last {
    #[default]
    Text,
    /// A character behind a backslash.
    Escaped,
    /// A mark that no white space may follow.
    Opening,
    /// A mark that no letter may follow.
    Closing,
}

#[derive(Debug, Default)]
struct MarkWriter {
    text: String,
    /// What was written last, where what follows must know it.
    last: Last,
    in_quote: bool,
    /// The `>` of a quoted line was just written, which swallows one space.
    is_after_quote_mark: bool,
    /// How long the text was when the last quotation ended.
    quote_end: Option<usize>,
}

impl Writer for MarkWriter {
    fn open(&mut self, doc: &Doc, element: Element, _at: usize) {
        match element {
            Element::Quote(_) => {
                let is_below_a_quote = self.quote_end.is_some_and(|end| end + 1 == self.text.len());
                self.text.push_str(if is_below_a_quote { "**>" } else { ">" });
                self.in_quote = true;
                self.is_after_quote_mark = true;
            }
            Element::Style(style) => {
                self.open_mark(mark(style));
                self.last = Last::Opening;
            }
            Element::Span(id) => match doc.span(id) {
                Some(Span::Link(_)) => self.push_all("["),
                Some(Span::Emoji(_)) => self.push_all("!["),
                Some(Span::Code) => self.open_mark("`"),
                Some(Span::Pre(language)) => {
                    self.open_mark("```");
                    self.push_all(language);
                    if is_block(doc, id, language) {
                        self.push('\n');
                    }
                }
                None => {}
            },
        }
    }

    fn close(&mut self, doc: &Doc, element: Element, _at: usize) {
        match element {
            Element::Quote(id) => {
                if doc.is_expandable(id) {
                    self.close_mark("||");
                }
                self.in_quote = false;
                self.is_after_quote_mark = false;
                self.quote_end = Some(self.text.len());
            }
            Element::Style(style) => {
                if self.is_after_quote_mark || self.text.ends_with(char::is_whitespace) {
                    self.text.push(JOINER);
                }
                self.close_mark(mark(style));
            }
            Element::Span(id) => match doc.span(id) {
                Some(Span::Link(url)) => self.address(url),
                Some(Span::Emoji(id)) => self.address(&format!("tg://emoji?id={id}")),
                Some(Span::Code) => self.close_mark("`"),
                Some(Span::Pre(language)) => {
                    if is_block(doc, id, language) {
                        self.push('\n');
                    }
                    self.close_mark("```");
                }
                None => {}
            },
        }
    }

    fn text(&mut self, doc: &Doc, at: usize) {
        let cell = doc.cells[at];
        let needs_escape = match doc.span(cell.look.span) {
            Some(Span::Code | Span::Pre(_)) => self.needs_escape_in_code(doc, at),
            _ => self.needs_escape(doc, at),
        };
        let is_misread = match self.last {
            Last::Opening => cell.c.is_whitespace(),
            Last::Closing => cell.c.is_alphanumeric(),
            Last::Text | Last::Escaped => false,
        };
        if is_misread {
            self.text.push(JOINER);
        }
        if needs_escape {
            self.push('\\');
        }
        self.push(cell.c);
        if needs_escape {
            self.last = Last::Escaped;
        }
    }
}

impl MarkWriter {
    fn push(&mut self, c: char) {
        // The quotation's own `>` takes one space with it.
        if std::mem::take(&mut self.is_after_quote_mark) && c == ' ' {
            self.text.push(' ');
        }
        self.text.push(c);
        self.last = Last::Text;
        if c == '\n' && self.in_quote {
            self.text.push('>');
            self.is_after_quote_mark = true;
        }
    }

    fn push_all(&mut self, text: &str) {
        text.chars().for_each(|c| self.push(c));
    }

    fn open_mark(&mut self, mark: &str) {
        if self.text.ends_with(char::is_alphanumeric) {
            self.text.push(JOINER);
        }
        self.close_mark(mark);
        self.last = Last::Text;
    }

    fn close_mark(&mut self, mark: &str) {
        // `_` beside `__` would be read as `__` beside `_`.
        if self.last != Last::Escaped && mark.chars().next().is_some_and(|c| self.text.ends_with(c)) {
            self.text.push(JOINER);
        }
        self.push_all(mark);
        self.last = Last::Closing;
    }

    fn address(&mut self, url: &str) {
        self.push_all("](");
        self.push_all(&buttons::escaped(url));
        self.push(')');
    }

    fn needs_escape(&self, doc: &Doc, at: usize) -> bool {
        let cell = doc.cells[at];
        // What stands beside it in the text: white space at its ends, `None` where a mark may stand.
        let neighbour = |at: Option<usize>| match at.and_then(|at| doc.cells.get(at)) {
            Some(other) => (other.look == cell.look).then_some(other.c),
            None => (cell.look == Look::default()).then_some(' '),
        };
        let (before, after) = (neighbour(at.checked_sub(1)), neighbour(Some(at + 1)));
        let both = |test: fn(char) -> bool| before.is_some_and(test) && after.is_some_and(test);
        match cell.c {
            '*' | '_' | '~' => !both(char::is_alphanumeric) && !both(char::is_whitespace),
            '|' => before.is_none_or(|c| c == '|') || after.is_none_or(|c| c == '|'),
            '`' | '[' => true,
            ']' => cell.look.span != 0,
            '>' => !self.in_quote && (self.text.is_empty() || self.text.ends_with('\n')),
            '!' => after.is_none(),
            '\\' => after.is_none_or(|c| MARKS.contains(c)),
            _ => false,
        }
    }

    fn needs_escape_in_code(&self, doc: &Doc, at: usize) -> bool {
        let after = doc.cells.get(at + 1).filter(|after| after.look == doc.cells[at].look);
        match doc.cells[at].c {
            '`' => true,
            '\\' => after.is_none_or(|after| matches!(after.c, '`' | '\\')),
            _ => false,
        }
    }
}

const fn mark(style: Style) -> &'static str {
    match style {
        Style::Bold => "*",
        Style::Italic => "_",
        Style::Underline => "__",
        Style::Strike => "~",
        Style::Spoiler => "||",
    }
}

/// Whether the code of a block stands on lines of its own.
fn is_block(doc: &Doc, id: usize, language: &str) -> bool {
    let mut code = doc.cells.iter().filter(|cell| cell.look.span == id);
    !language.is_empty() || code.any(|cell| cell.c == '\n')
}
