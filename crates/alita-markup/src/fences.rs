//! Code: where it ends, and what language a block is in.

use std::ops::Range;

use crate::doc::{Span, is_language};
use crate::entities::Unit;

/// Whether three typed backticks stand at `at`.
pub(crate) fn is_fence(units: &[Unit], at: usize) -> bool {
    units.get(at..at + 3).is_some_and(|units| units.iter().all(|unit| unit.c == '`' && !unit.is_raw))
}

/// Where code may end, found in advance so that a stray backtick is not searched for twice.
pub(crate) struct Fences {
    escaped: Vec<bool>,
    inline: Vec<Option<usize>>,
    block: Vec<Option<usize>>,
}

impl Fences {
    pub(crate) fn find(units: &[Unit]) -> Self {
        let mut escaped = vec![false; units.len()];
        let is = |at: usize, wanted: &[char]| {
            units.get(at).is_some_and(|unit| !unit.is_raw && wanted.contains(&unit.c))
        };
        let mut at = 0;
        while at < units.len() {
            if is(at, &['\\']) && is(at + 1, &['`', '\\']) {
                escaped[at + 1] = true;
                at += 1;
            }
            at += 1;
        }
        let mut inline = vec![None; units.len()];
        let mut block = vec![None; units.len()];
        let (mut inline_end, mut block_end) = (None, None);
        for at in (0..units.len()).rev() {
            if is(at, &['`']) && !escaped[at] {
                let is_preceded = at > 0 && !units[at - 1].c.is_whitespace();
                let is_glued = units.get(at + 1).is_some_and(|after| after.c.is_alphanumeric());
                if is_preceded && !is_glued {
                    inline_end = Some(at);
                }
                if is_fence(units, at) {
                    block_end = Some(at);
                }
            }
            inline[at] = inline_end;
            block[at] = block_end;
        }
        Self { escaped, inline, block }
    }

    /// Whether the character at `at` is text because of the backslash before it, in code too.
    pub(crate) fn is_escaped(&self, at: usize) -> bool {
        self.escaped.get(at).copied().unwrap_or_default()
    }

    /// Where the first inline code that may end at or behind `from` ends.
    pub(crate) fn inline_end(&self, from: usize) -> Option<usize> {
        self.inline.get(from).copied().flatten()
    }

    /// Where the first block of code that may end at or behind `from` ends.
    pub(crate) fn block_end(&self, from: usize) -> Option<usize> {
        self.block.get(from).copied().flatten()
    }
}

/// What a block of code is; `content` is narrowed to the code itself.
pub(crate) fn block(units: &[Unit], content: &mut Range<usize>) -> Span {
    let Some(newline) = units[content.clone()].iter().position(|unit| unit.c == '\n') else {
        return Span::Pre(String::new());
    };
    let first_line: String =
        units[content.start..content.start + newline].iter().map(|unit| unit.c).collect();
    let rest = content.start + newline + 1..content.end;
    // The line break before the closing fence belongs to the fence.
    if units[content.clone()].last().is_some_and(|last| last.c == '\n') {
        content.end -= 1;
    }
    let rest = rest.start..content.end.max(rest.start);
    let has_more = units[rest.clone()].iter().any(|unit| !unit.c.is_whitespace());
    let first_line = first_line.trim();
    if first_line.is_empty() {
        *content = rest;
    } else if has_more && is_language(first_line) {
        *content = rest;
        return Span::Pre(first_line.to_owned());
    }
    Span::Pre(String::new())
}
