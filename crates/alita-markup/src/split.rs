//! Long texts in parts, and what is left of a text without its tags.

use crate::doc::{Cell, Doc};
use crate::html::Html;
use crate::read::{self, Token};
use crate::write;

/// How long Telegram says a text is: UTF-16 units, tags not counted.
#[must_use]
pub fn visible_len_utf16(html: &Html) -> usize {
    let length = |token| if let Token::Char(c) = token { c.len_utf16() } else { 0 };
    read::tokens(html.as_str()).map(length).sum()
}

/// The text that is left when all tags are gone.
#[must_use]
pub fn strip_tags(html: &Html) -> String {
    let char = |token| if let Token::Char(c) = token { Some(c) } else { None };
    read::tokens(html.as_str()).filter_map(char).collect()
}

/// Cuts a text into messages of at most `limit` visible UTF-16 units.
///
/// It breaks at a line's end, else at a space, else between two characters. Formatting goes on in the next
/// part. A text that fits stays as it is; no part is empty, and a limit below 2 counts as 2.
#[must_use]
pub fn split(html: &Html, limit: usize) -> Vec<Html> {
    // An astral character is two units long, so less would never fit.
    let limit = limit.max(2);
    let mut doc = read::html(html.as_str());
    if doc.cells.is_empty() {
        return Vec::new();
    }
    if visible_len_utf16(html) <= limit {
        return vec![html.clone()];
    }
    let mut parts = Vec::new();
    let cells = std::mem::take(&mut doc.cells);
    let mut rest = cells.as_slice();
    while let Some(first) = rest.iter().position(|cell| !is_break(*cell)) {
        rest = &rest[first..];
        let end = part_end(rest, limit);
        let (part, after) = rest.split_at(end);
        rest = after;
        doc = Doc { cells: part.to_vec(), ..doc }.tidy();
        if !doc.cells.is_empty() {
            parts.push(write::html(&doc));
        }
    }
    parts
}

const fn is_break(cell: Cell) -> bool {
    cell.c == '\n'
}

/// How many cells fit into one part.
fn part_end(cells: &[Cell], limit: usize) -> usize {
    let mut units = 0;
    let fitting = cells.iter().take_while(|cell| {
        units += cell.c.len_utf16();
        units <= limit
    });
    let fitting = fitting.count();
    let Some(next) = cells.get(fitting) else {
        return cells.len();
    };
    // A blank behind the last character that fits makes a clean border, though itself it does not fit.
    if is_break(*next) {
        return fitting;
    }
    let fit = &cells[..fitting];
    if let Some(at) = fit.iter().rposition(|cell| is_break(*cell)) {
        return at;
    }
    if next.c.is_whitespace() {
        return fitting;
    }
    if let Some(at) = fit.iter().rposition(|cell| cell.c.is_whitespace())
        && fit[..at].iter().any(|cell| !cell.c.is_whitespace())
    {
        return at + 1;
    }
    // Something longer than this is no single sign, however it is put together.
    const LONGEST_SIGN: usize = 32;
    let whole_sign = (fitting.saturating_sub(LONGEST_SIGN)..=fitting).rev();
    whole_sign.take_while(|at| *at > 0).find(|&at| !joins(cells, at)).unwrap_or(fitting).max(1)
}

/// Whether the cell at `at` belongs to the sign before it: an accent, a skin colour, a part of a family.
fn joins(cells: &[Cell], at: usize) -> bool {
    const ZERO_WIDTH_JOINER: char = '\u{200d}';
    let is_flag_letter = |cell: &Cell| matches!(cell.c, '\u{1f1e6}'..='\u{1f1ff}');
    let here = cells[at].c;
    let extends = matches!(here,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' | ZERO_WIDTH_JOINER
        | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}');
    let is_inside_a_flag = is_flag_letter(&cells[at])
        && cells[..at].iter().rev().take(64).take_while(|c| is_flag_letter(c)).count() % 2 == 1;
    extends || is_inside_a_flag || cells[at - 1].c == ZERO_WIDTH_JOINER
}
