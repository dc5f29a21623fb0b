//! The marks that people type: `*bold*`, `> quotes`, `[links](…)` and buttons.
//!
//! One pass over the characters. A mark that may open is kept as text until its partner turns up; so what
//! stays unpaired is text without further ado.

use alita_model::SavedButton;

use crate::buttons::{self, DroppedButton, MAX_BUTTONS};
use crate::doc::{Doc, JOINER, Look, Span, Style, is_kept};
use crate::entities::{Entity, StyleRanges, Unit, is_emoji_id, units};
use crate::fences::{self, Fences, is_fence};
use crate::names::one_line;
use crate::quotes::Quote;
use crate::urls;

/// Characters that a backslash turns into text.
pub(crate) const MARKS: &str = "\\*_~|`>[]()!";

/// What becomes of `[label](buttonurl://…)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ButtonMarks {
    /// It leaves the text.
    Take,
    /// It is a link like any other.
    Link,
}

/// What a typed text says.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) doc: Doc,
    pub(crate) buttons: Vec<SavedButton>,
    pub(crate) dropped: Vec<DroppedButton>,
}

/// Reads the marks of a text, and the formatting that came with it.
pub(crate) fn parse(text: &str, entities: &[Entity], button_marks: ButtonMarks) -> Parsed {
    let mut doc = Doc::default();
    let units = units(text, entities, &mut doc);
    let mut parser = Parser {
        doc,
        button_marks,
        buttons: Vec::new(),
        dropped: Vec::new(),
        openers: Vec::new(),
        open: Default::default(),
        styled: Vec::new(),
    };
    parser.message(&units);
    let Parser { mut doc, styled, buttons, dropped, .. } = parser;
    let mut ranges = StyleRanges::new(doc.cells.len());
    styled.into_iter().for_each(|(start, end, style)| ranges.add(start, end, style));
    ranges.apply(doc.cells.iter_mut().map(|cell| &mut cell.look));
    Parsed { doc: doc.tidy(), buttons, dropped }
}

/// Takes a text with the formatting that came with it; marks are text.
pub(crate) fn keep(text: &str, entities: &[Entity]) -> Doc {
    let mut doc = Doc::default();
    let units = units(text, entities, &mut doc);
    units.into_iter().for_each(|unit| doc.push(unit.c, unit.look));
    doc.tidy()
}

/// What an opener waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Style(Style),
    Bracket,
    /// It waits no more.
    Text,
}

impl Kind {
    const BRACKET: usize = Style::ALL.len();

    const fn slot(self) -> Option<usize> {
        match self {
            Self::Style(style) => Some(style as usize),
            Self::Bracket => Some(Self::BRACKET),
            Self::Text => None,
        }
    }
}

/// A mark that may begin something; its own characters stand at `start..end`.
#[derive(Debug)]
struct Opener {
    kind: Kind,
    start: usize,
    end: usize,
}

struct Parser {
    doc: Doc,
    button_marks: ButtonMarks,
    buttons: Vec<SavedButton>,
    dropped: Vec<DroppedButton>,
    openers: Vec<Opener>,
    /// The places in `openers` of each kind, the latest one last.
    open: [Vec<usize>; Style::ALL.len() + 1],
    styled: Vec<(usize, usize, Style)>,
}

impl Parser {
    fn message(&mut self, units: &[Unit]) {
        let fences = Fences::find(units);
        let mut at = 0;
        let mut no_quote_until = 0;
        while at < units.len() {
            let is_line_start = at == 0 || units[at - 1].c == '\n';
            if is_line_start
                && at >= no_quote_until
                && let Some(quote) = Quote::at(units, at)
            {
                if quote.is_empty() {
                    no_quote_until = quote.end;
                } else {
                    self.quote(&quote);
                    at = quote.end;
                    continue;
                }
            }
            at = self.step(units, &fences, at, None);
        }
    }

    /// Marks do not reach over the border of a quotation.
    fn quote(&mut self, quote: &Quote) {
        self.forget_openers(0);
        let id = self.doc.add_quote(false);
        let units: Vec<Unit> =
            quote.units.iter().map(|unit| Unit { look: Look { quote: id, ..unit.look }, ..*unit }).collect();
        let solid_end = units.iter().rposition(|unit| !unit.c.is_whitespace()).map_or(0, |last| last + 1);
        let fences = Fences::find(&units);
        let mut at = 0;
        while at < units.len() {
            at = self.step(&units, &fences, at, Some((id, solid_end)));
        }
        self.forget_openers(0);
    }

    /// Reads what stands at `at` and says where to go on; `quote` is the quotation's id and the end of its text.
    fn step(&mut self, units: &[Unit], fences: &Fences, at: usize, quote: Option<(usize, usize)>) -> usize {
        let unit = units[at];
        let typed = |at: usize| units.get(at).filter(|unit| !unit.is_raw).map(|unit| unit.c);
        let Some(c) = typed(at) else {
            self.doc.push(unit.c, unit.look);
            return at + 1;
        };
        let next = typed(at + 1);
        match c {
            '\\' if next.is_some_and(|next| MARKS.contains(next)) => {
                self.doc.push(units[at + 1].c, unit.look);
                at + 2
            }
            '*' => self.mark(units, at, 1, Style::Bold),
            '_' if next == Some('_') => self.mark(units, at, 2, Style::Underline),
            '_' => self.mark(units, at, 1, Style::Italic),
            '~' => self.mark(units, at, 1, Style::Strike),
            '|' if next == Some('|') => match quote {
                Some((id, solid_end))
                    if at + 2 == solid_end && !self.can_close(units, at, 2, Style::Spoiler) =>
                {
                    self.doc.quotes[id - 1] = true;
                    units.len()
                }
                _ => self.mark(units, at, 2, Style::Spoiler),
            },
            '`' => self.code(units, fences, at),
            '!' if next == Some('[') => self.open(units, at, 2, Kind::Bracket),
            '[' => self.open(units, at, 1, Kind::Bracket),
            ']' => self.close_bracket(units, at),
            _ => {
                self.doc.push(c, unit.look);
                at + 1
            }
        }
    }

    fn mark(&mut self, units: &[Unit], at: usize, width: usize, style: Style) -> usize {
        if self.can_close(units, at, width, style)
            && let Some(&place) = self.open[style as usize].last()
        {
            let Opener { start, end, .. } = self.openers[place];
            self.erase(start, end);
            self.styled.push((end, self.doc.cells.len(), style));
            self.forget_openers(place);
            return at + width;
        }
        let is_glued = at.checked_sub(1).is_some_and(|before| units[before].c.is_alphanumeric());
        let is_followed = units.get(at + width).is_some_and(|after| !after.c.is_whitespace());
        let kind = if is_followed && !is_glued { Kind::Style(style) } else { Kind::Text };
        self.open(units, at, width, kind)
    }

    fn can_close(&self, units: &[Unit], at: usize, width: usize, style: Style) -> bool {
        let is_preceded = at.checked_sub(1).is_some_and(|before| !units[before].c.is_whitespace());
        let is_glued = units.get(at + width).is_some_and(|after| after.c.is_alphanumeric());
        let opener = self.open[style as usize].last().map(|&place| &self.openers[place]);
        is_preceded && !is_glued && opener.is_some_and(|opener| opener.end < self.doc.cells.len())
    }

    /// Keeps a mark as text, to be erased when its partner is found.
    fn open(&mut self, units: &[Unit], at: usize, width: usize, kind: Kind) -> usize {
        let start = self.doc.cells.len();
        units[at..at + width].iter().for_each(|unit| self.doc.push(unit.c, unit.look));
        if let Some(slot) = kind.slot() {
            self.open[slot].push(self.openers.len());
            self.openers.push(Opener { kind, start, end: start + width });
        }
        at + width
    }

    /// Forgets the openers from `place` on; they stay in the text.
    fn forget_openers(&mut self, place: usize) {
        for opener in self.openers.drain(place..) {
            if let Some(slot) = opener.kind.slot() {
                self.open[slot].pop();
            }
        }
    }

    fn erase(&mut self, start: usize, end: usize) {
        self.doc.cells[start..end].iter_mut().for_each(|cell| cell.c = JOINER);
    }

    fn code(&mut self, units: &[Unit], fences: &Fences, at: usize) -> usize {
        let is_glued = at.checked_sub(1).is_some_and(|before| units[before].c.is_alphanumeric());
        let is_block = is_fence(units, at);
        let width = if is_block { 3 } else { 1 };
        let closing = if is_glued {
            None
        } else if is_block {
            let is_loose = |end: usize| !units.get(end + 3).is_some_and(|after| after.c.is_alphanumeric());
            fences.block_end(at + 3).filter(|&end| is_loose(end))
        } else {
            let is_followed = units.get(at + 1).is_some_and(|after| !after.c.is_whitespace());
            fences.inline_end(at + 2).filter(|_| is_followed)
        };
        let Some(end) = closing else {
            return self.open(units, at, width, Kind::Text);
        };
        let mut content = at + width..end;
        let span = if is_block { fences::block(units, &mut content) } else { Span::Code };
        let has_text = units[content.clone()].iter().any(|unit| !unit.c.is_whitespace() && is_kept(unit.c));
        if !has_text {
            return self.open(units, at, width, Kind::Text);
        }
        let span = self.doc.add_span(span);
        for at in content {
            let is_escape = fences.is_escaped(at + 1) && at + 1 < end;
            if !is_escape {
                self.doc.push(units[at].c, Look { span, ..units[at].look });
            }
        }
        end + width
    }

    /// `]`: the end of a label, if an address follows.
    fn close_bracket(&mut self, units: &[Unit], at: usize) -> usize {
        let Some(place) = self.open[Kind::BRACKET].pop() else {
            return self.open(units, at, 1, Kind::Text);
        };
        self.openers[place].kind = Kind::Text;
        let Opener { start, end: label, .. } = self.openers[place];
        let Some((address, after)) = address(units, at + 1) else {
            return self.open(units, at, 1, Kind::Text);
        };
        // Before a link or a button the `!` of `![` is text.
        let bracket = label - 1;
        if let Some(mark) = buttons::read_mark(&address)
            && self.button_marks == ButtonMarks::Take
        {
            let typed: String =
                self.doc.cells[label..].iter().map(|cell| cell.c).filter(|c| is_kept(*c)).collect();
            let name = one_line(&typed);
            self.doc.cells.truncate(bracket);
            let is_before = |range: &(usize, usize, Style)| range.0 < bracket;
            self.styled.truncate(self.styled.iter().rposition(is_before).map_or(0, |last| last + 1));
            self.forget_openers(place);
            self.take_button(name, &mark);
            return after;
        }
        let has_bang = bracket > start;
        let url = buttons::read_mark(&address).map_or_else(|| unescaped(&address), |mark| mark.url);
        let emoji = url.strip_prefix("tg://emoji?id=").filter(|id| has_bang && is_emoji_id(id));
        let is_emoji = emoji.is_some();
        let span = match emoji {
            Some(id) => Some(Span::Emoji(id.to_owned())),
            None => urls::accept(&url).map(|url| Span::Link(url.into_owned())),
        };
        let has_text = self.doc.cells[label..].iter().any(|cell| !cell.c.is_whitespace() && is_kept(cell.c));
        let Some(span) = span.filter(|_| has_text) else {
            return self.open(units, at, 1, Kind::Text);
        };
        let span = self.doc.add_span(span);
        for cell in &mut self.doc.cells[label..] {
            if is_emoji || cell.look.span == 0 {
                cell.look.span = span;
            }
        }
        self.erase(if is_emoji { start } else { bracket }, label);
        self.forget_openers(place);
        // A link holds no link: what was open around it is text now.
        for outer in std::mem::take(&mut self.open[Kind::BRACKET]) {
            self.openers[outer].kind = Kind::Text;
        }
        after
    }

    fn take_button(&mut self, name: String, mark: &buttons::Mark) {
        match urls::accept(&mark.url) {
            Some(url) if self.buttons.len() < MAX_BUTTONS => {
                self.buttons.push(SavedButton { name, url: url.into_owned(), same_row: mark.same_row });
            }
            _ => self.dropped.push(DroppedButton { label: name, url: mark.url.clone() }),
        }
    }
}

/// The text between `(` at `at` and the first `)` without a backslash, and where it goes on behind it.
fn address(units: &[Unit], at: usize) -> Option<(String, usize)> {
    units.get(at).filter(|unit| unit.c == '(' && !unit.is_raw)?;
    let mut address = String::new();
    let mut is_escaped = false;
    for (index, unit) in units.iter().enumerate().skip(at + 1).take(2 * urls::MAX_CHARS) {
        match unit.c {
            '\n' => return None,
            ')' if !is_escaped => return Some((address, index + 1)),
            c => {
                is_escaped = c == '\\' && !is_escaped;
                address.push(c);
            }
        }
    }
    None
}

/// An address without the backslashes that protected its marks.
pub(crate) fn unescaped(address: &str) -> String {
    let mut plain = String::with_capacity(address.len());
    let mut chars = address.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = chars.next_if(|&next| c == '\\' && (MARKS.contains(next) || next == ':'));
        plain.push(escaped.unwrap_or(c));
    }
    plain
}
