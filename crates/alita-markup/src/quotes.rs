//! Quotations: lines that begin with `>`.

use crate::doc::is_kept;
use crate::entities::Unit;

/// Lines that begin with `>`, without it.
pub(crate) struct Quote {
    pub(crate) units: Vec<Unit>,
    /// Where the last line ends.
    pub(crate) end: usize,
}

impl Quote {
    /// The quotation whose first line begins at `at`.
    pub(crate) fn at(units: &[Unit], at: usize) -> Option<Self> {
        let begins = |at: usize, mark: &str| {
            let mut line = units[at..].iter();
            mark.chars()
                .all(|c| line.next().is_some_and(|unit| unit.c == c && !unit.is_raw && unit.look.quote == 0))
        };
        let mut start = if begins(at, ">") {
            at + 1
        } else if begins(at, "**>") {
            at + 3
        } else {
            return None;
        };
        let mut content = Vec::new();
        loop {
            if units.get(start).is_some_and(|unit| unit.c == ' ') {
                start += 1;
            }
            let length = units[start..].iter().position(|unit| unit.c == '\n').unwrap_or(units.len() - start);
            content.extend_from_slice(&units[start..start + length]);
            let newline = start + length;
            if newline + 1 >= units.len() || !begins(newline + 1, ">") {
                return Some(Self { units: content, end: newline });
            }
            content.push(units[newline]);
            start = newline + 2;
        }
    }

    /// Whether it would quote nothing; then its marks are text.
    pub(crate) fn is_empty(&self) -> bool {
        let solid = self.units.iter().filter(|unit| !unit.c.is_whitespace());
        let text: String = solid.map(|unit| unit.c).filter(|c| is_kept(*c)).take(3).collect();
        matches!(text.as_str(), "" | "||")
    }
}
