//! Which of a chat's keywords stand in a text: one automaton for all of them, so the time does not grow with their
//! number.
//!
//! Keywords match whole words without regard to case. `*` in a keyword stands for any letters of a word, none included.

mod fold;
mod wildcard;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use fold::{fold, is_word};
use wildcard::Wildcard;

/// So much of a text is looked at, in UTF-16 code units; Telegram's own limit for a message is the same.
pub const LOOKED_AT: usize = 4096;

/// A keyword that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its place in the list that the matcher was made of.
    pub keyword: usize,
    /// Where it stands, in bytes of the text.
    pub range: Range<usize>,
}

/// Why a list of keywords cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the keywords are too many or too long")]
pub struct TooManyKeywords;

/// The keywords of a chat, ready to be looked for.
#[derive(Debug)]
pub struct Matcher {
    automaton: AhoCorasick,
    /// What each pattern of the automaton stands for.
    patterns: Vec<Pattern>,
    fingerprint: u64,
}

#[derive(Debug)]
enum Pattern {
    /// A keyword as it is.
    Whole(usize),
    /// The longest part of a keyword with `*`: where it stands, the keyword may.
    PartOf(usize, Box<Wildcard>),
}

impl Matcher {
    /// Prepares keywords. One that is empty, or nothing but `*`, is never found.
    ///
    /// # Errors
    ///
    /// [`TooManyKeywords`] when they would not fit into the memory that they may have.
    pub fn new<K: AsRef<str>>(keywords: &[K]) -> Result<Self, TooManyKeywords> {
        let mut texts = Vec::with_capacity(keywords.len());
        let mut patterns = Vec::with_capacity(keywords.len());
        for (index, keyword) in keywords.iter().enumerate() {
            let text = fold(keyword.as_ref().trim()).text;
            if !text.contains('*') {
                if !text.is_empty() {
                    texts.push(text);
                    patterns.push(Pattern::Whole(index));
                }
            } else if let Some(literal) = Wildcard::literal(&text) {
                texts.push(literal.to_owned());
                let wildcard = Wildcard::new(&text).ok_or(TooManyKeywords)?;
                patterns.push(Pattern::PartOf(index, Box::new(wildcard)));
            }
        }
        // Overlapping search: the longest find at a place may be no whole word where a shorter one is.
        let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&texts);
        let automaton = automaton.map_err(|_| TooManyKeywords)?;
        Ok(Self { automaton, patterns, fingerprint: fingerprint(keywords) })
    }

    /// The first keyword in the text; of those that begin there the longest, and of equal ones the first of the list.
    #[must_use]
    pub fn first(&self, text: &str) -> Option<Hit> {
        let folded = fold(looked_at(text));
        let hits = self.hits(&folded.text);
        let first =
            hits.into_iter().min_by_key(|(keyword, range)| (range.start, usize::MAX - range.end, *keyword));
        first.map(|(keyword, range)| Hit { keyword, range: folded.original(range) })
    }

    /// Every keyword that stands in the text, each once, where it stands first; in the order of the list.
    #[must_use]
    pub fn all(&self, text: &str) -> Vec<Hit> {
        let folded = fold(looked_at(text));
        let mut hits = self.hits(&folded.text);
        hits.sort_unstable_by_key(|(keyword, range)| (*keyword, range.start));
        hits.dedup_by_key(|(keyword, _)| *keyword);
        hits.into_iter().map(|(keyword, range)| Hit { keyword, range: folded.original(range) }).collect()
    }

    /// The same for the same keywords in the same order, in every process of this build.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// About how many bytes it holds.
    #[must_use]
    pub fn memory(&self) -> usize {
        /// What a compiled keyword takes; the regex does not tell.
        const OF_A_WILDCARD: usize = 16 << 10;
        let wildcards = self.patterns.iter().filter(|pattern| matches!(pattern, Pattern::PartOf(..))).count();
        self.automaton.memory_usage() + self.patterns.len() * size_of::<Pattern>() + wildcards * OF_A_WILDCARD
    }

    /// Every keyword at every place where it stands as a whole; a keyword with `*` only where it stands first.
    fn hits(&self, text: &str) -> Vec<(usize, Range<usize>)> {
        let mut tried = HashSet::new();
        let mut hits = Vec::new();
        for found in self.automaton.find_overlapping_iter(text) {
            match self.patterns.get(found.pattern().as_usize()) {
                Some(Pattern::Whole(keyword)) if is_whole(text, &found.range()) => {
                    hits.push((*keyword, found.range()));
                }
                Some(Pattern::PartOf(keyword, wildcard)) if tried.insert(*keyword) => {
                    hits.extend(wildcard.find(text).map(|range| (*keyword, range)));
                }
                _ => {}
            }
        }
        hits
    }
}

/// The fingerprint of a list of keywords, to see whether a matcher is still the one for it.
#[must_use]
pub fn fingerprint<K: AsRef<str>>(keywords: &[K]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for keyword in keywords {
        // A text is hashed with a separator behind it, so `ab`, `c` is not `a`, `bc`.
        keyword.as_ref().hash(&mut hasher);
    }
    hasher.finish()
}

/// An edge that is part of a word has no other part of a word beyond it; one that is a sign may stand anywhere.
fn is_whole(text: &str, range: &Range<usize>) -> bool {
    let (Some(before), Some(hit), Some(after)) =
        (text.get(..range.start), text.get(range.clone()), text.get(range.end..))
    else {
        return false;
    };
    let joins = |inside: Option<char>, outside: Option<char>| {
        inside.is_some_and(is_word) && outside.is_some_and(is_word)
    };
    !joins(hit.chars().next(), before.chars().next_back())
        && !joins(hit.chars().next_back(), after.chars().next())
}

fn looked_at(text: &str) -> &str {
    if text.len() <= LOOKED_AT {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, char)| {
        units += char.len_utf16();
        units > LOOKED_AT
    });
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests;
