//! Keywords with `*`: looked for only in texts in which their longest literal part stands.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::fold::is_word;

/// The most bytes that one compiled keyword may take.
const SIZE_LIMIT: usize = 1 << 20;

/// A keyword with `*`, folded.
#[derive(Debug)]
pub(super) struct Wildcard(Regex);

impl Wildcard {
    /// Compiles a keyword; `None` when it is too large.
    pub(super) fn new(keyword: &str) -> Option<Self> {
        let parts: Vec<String> = keyword.split('*').map(regex::escape).collect();
        let is_joined = |edge: Option<char>| edge.is_some_and(|char| char == '*' || is_word(char));
        let begin = if is_joined(keyword.chars().next()) { r"\b{start-half}" } else { "" };
        let end = if is_joined(keyword.chars().next_back()) { r"\b{end-half}" } else { "" };
        let pattern = format!("{begin}{}{end}", parts.join(r"\w*"));
        RegexBuilder::new(&pattern).size_limit(SIZE_LIMIT).build().ok().map(Self)
    }

    /// What must stand in a text for the keyword to stand there; nothing when the keyword is nothing but stars.
    pub(super) fn literal(keyword: &str) -> Option<&str> {
        keyword.split('*').max_by_key(|part| part.len()).filter(|part| !part.is_empty())
    }

    /// Where the keyword stands first.
    pub(super) fn find(&self, text: &str) -> Option<Range<usize>> {
        self.0.find(text).map(|found| found.range())
    }
}
