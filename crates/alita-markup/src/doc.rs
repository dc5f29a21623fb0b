//! A text as a row of characters that each know how they look: the middle between marks and HTML.
//!
//! There are no trees here, so nothing can be unbalanced; [`Doc::tidy`] gives each text one canonical form.

use std::ops::Range;

/// U+2060 keeps a mark apart from the letter beside it (`foo`, U+2060, `*bar*`), and never reaches a stored text.
pub(crate) const JOINER: char = '\u{2060}';

/// Ways of writing that may overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Bold,
    Italic,
    Underline,
    Strike,
    Spoiler,
}

impl Style {
    pub(crate) const ALL: [Self; 5] =
        [Self::Bold, Self::Italic, Self::Underline, Self::Strike, Self::Spoiler];

    pub(crate) const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// What a run of characters is, of which each character can be only one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Span {
    /// Leads to an accepted address.
    Link(String),
    /// Inline code.
    Code,
    /// A block of code in a language, which may be empty.
    Pre(String),
    /// Shown as the custom emoji of this id.
    Emoji(String),
}

/// How a character looks; the numbers count from 1, and 0 is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Look {
    pub(crate) style: u8,
    pub(crate) span: usize,
    pub(crate) quote: usize,
}

/// A character and its look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) c: char,
    pub(crate) look: Look,
}

/// A formatted text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doc {
    pub(crate) cells: Vec<Cell>,
    pub(crate) spans: Vec<Span>,
    /// Whether each quotation is shown folded.
    pub(crate) quotes: Vec<bool>,
}

/// Whether a character may stand in a stored text.
pub(crate) fn is_kept(c: char) -> bool {
    // PostgreSQL refuses NUL, and Telegram drops the other control characters.
    (!c.is_control() || matches!(c, '\n' | '\t')) && c != JOINER
}

/// Whether a word can be the language of a code block.
pub(crate) fn is_language(word: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || !is_kept(c) || matches!(c, '`' | '\\');
    !word.is_empty() && word.len() <= 64 && !word.contains(is_odd)
}

impl Doc {
    pub(crate) fn push(&mut self, c: char, look: Look) {
        self.cells.push(Cell { c, look });
    }

    pub(crate) fn add_span(&mut self, span: Span) -> usize {
        self.spans.push(span);
        self.spans.len()
    }

    pub(crate) fn add_quote(&mut self, is_expandable: bool) -> usize {
        self.quotes.push(is_expandable);
        self.quotes.len()
    }

    pub(crate) fn span(&self, id: usize) -> Option<&Span> {
        self.spans.get(id.checked_sub(1)?)
    }

    pub(crate) fn is_expandable(&self, quote: usize) -> bool {
        quote.checked_sub(1).and_then(|index| self.quotes.get(index)).copied().unwrap_or_default()
    }

    /// White space that formatting does not care for; inside a code block it matters.
    pub(crate) fn is_blank(&self, cell: Cell) -> bool {
        cell.c.is_whitespace() && !matches!(self.span(cell.look.span), Some(Span::Pre(_)))
    }

    /// The canonical form: formatting neither begins nor ends with white space, quotations have lines of
    /// their own, code looks the same from end to end, nothing stands before or after the text.
    #[must_use]
    pub(crate) fn tidy(mut self) -> Self {
        self.cells.retain(|cell| is_kept(cell.c));
        self.trim_spans();
        self.give_quotes_their_lines();
        self.even_out_code();
        self.trim_styles();
        let solid = self.solid(0..self.cells.len());
        self.cells.truncate(solid.end);
        self.cells.drain(..solid.start);
        self
    }

    fn trim_spans(&mut self) {
        for run in self.runs(|look| (look.span, look.quote)) {
            let Some(span) = self.span(self.cells[run.start].look.span) else { continue };
            let is_pre = matches!(span, Span::Pre(_));
            let cells = &mut self.cells[run];
            let is_edge = |cell: &&mut Cell| cell.c.is_whitespace();
            cells.iter_mut().rev().take_while(is_edge).for_each(|cell| cell.look.span = 0);
            let is_edge = |cell: &&mut Cell| if is_pre { cell.c == '\n' } else { cell.c.is_whitespace() };
            cells.iter_mut().take_while(is_edge).for_each(|cell| cell.look.span = 0);
        }
    }

    fn give_quotes_their_lines(&mut self) {
        const NEWLINE: Cell = Cell { c: '\n', look: Look { style: 0, span: 0, quote: 0 } };
        let mut cells: Vec<Cell> = Vec::with_capacity(self.cells.len());
        for run in self.runs(|look| look.quote) {
            let is_quote = self.cells[run.start].look.quote != 0;
            let solid = if is_quote { self.solid(run.clone()) } else { run.clone() };
            let outside = |part: Range<usize>| self.cells[part].iter().filter(|cell| cell.c == '\n');
            cells.extend(outside(run.start..solid.start).map(|_| NEWLINE));
            let inside = &self.cells[solid.clone()];
            let is_beside_a_quote = is_quote || cells.last().is_some_and(|last| last.look.quote != 0);
            let touches = |last: &Cell| last.c != '\n' && inside.first().is_some_and(|c| c.c != '\n');
            if is_beside_a_quote && cells.last().is_some_and(touches) {
                cells.push(NEWLINE);
            }
            cells.extend_from_slice(inside);
            cells.extend(outside(solid.end..run.end).map(|_| NEWLINE));
        }
        self.cells = cells;
    }

    fn even_out_code(&mut self) {
        for run in self.runs(|look| (look.span, look.quote)) {
            let span = self.span(self.cells[run.start].look.span);
            if matches!(span, Some(Span::Code | Span::Pre(_) | Span::Emoji(_))) {
                let cells = &mut self.cells[run];
                let shared = cells.iter().fold(u8::MAX, |style, cell| style & cell.look.style);
                cells.iter_mut().for_each(|cell| cell.look.style = shared);
            }
        }
    }

    fn trim_styles(&mut self) {
        for bit in Style::ALL.map(Style::bit) {
            for run in self.runs(|look| (look.style & bit, look.quote)) {
                let solid = self.solid(run.clone());
                for at in (run.start..solid.start).chain(solid.end..run.end) {
                    self.cells[at].look.style &= !bit;
                }
            }
        }
    }

    /// `range` without the blanks at its ends; empty at its end when there is nothing else.
    fn solid(&self, range: Range<usize>) -> Range<usize> {
        let is_solid = |&at: &usize| !self.is_blank(self.cells[at]);
        let start = range.clone().find(is_solid).unwrap_or(range.end);
        let end = (start..range.end).rev().find(is_solid).map_or(range.end, |last| last + 1);
        start..end
    }

    fn runs<K: PartialEq>(&self, key: impl Fn(Look) -> K) -> Vec<Range<usize>> {
        let mut start = 0;
        let same = |a: &Cell, b: &Cell| key(a.look) == key(b.look);
        let run = |cells: &[Cell]| {
            start += cells.len();
            start - cells.len()..start
        };
        self.cells.chunk_by(same).map(run).collect()
    }
}
