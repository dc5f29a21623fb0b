//! Texts without regard to case, and the way back from a place in them.

use std::ops::Range;

/// A text in lower case, beside the places where it has another length than the original.
#[derive(Debug, Default)]
pub(super) struct Folded {
    pub(super) text: String,
    /// From the place in the folded text on, its places lie so far behind those of the original.
    shifts: Vec<(usize, isize)>,
}

/// Folds character by character, so that every character has the same form wherever it stands.
pub(super) fn fold(text: &str) -> Folded {
    let mut folded = Folded { text: String::with_capacity(text.len()), shifts: Vec::new() };
    let mut shift = 0_isize;
    for char in text.chars() {
        let begin = folded.text.len();
        // The sigma at the end of a word is the same letter.
        folded.text.extend(char.to_lowercase().map(|lower| if lower == 'ς' { 'σ' } else { lower }));
        let grown = (folded.text.len() - begin).cast_signed() - char.len_utf8().cast_signed();
        if grown != 0 {
            shift += grown;
            folded.shifts.push((folded.text.len(), shift));
        }
    }
    folded
}

impl Folded {
    /// The range of the original text that a range of the folded one was made of.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        self.original_place(range.start)..self.original_place(range.end)
    }

    fn original_place(&self, place: usize) -> usize {
        let behind = self.shifts.partition_point(|(from, _)| *from <= place);
        let shift =
            behind.checked_sub(1).and_then(|last| self.shifts.get(last)).map_or(0, |(_, shift)| *shift);
        place.saturating_add_signed(-shift)
    }
}

/// Letters, digits, what joins them, and the marks that belong to a letter, as regular expressions count them.
pub(super) fn is_word(char: char) -> bool {
    if char.is_ascii() {
        return char.is_ascii_alphanumeric() || char == '_';
    }
    regex_syntax::is_word_character(char)
}
