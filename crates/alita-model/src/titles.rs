//! Titles beside the names of administrators.

/// A title as Telegram takes it: one line of at most 16 characters.
///
/// ```
/// use alita_model::AdminTitle;
///
/// let title = AdminTitle::cut("Keeper of  the teapots").unwrap();
/// assert_eq!(title.as_str(), "Keeper of the te");
/// assert_eq!(title.cut_from(), Some(21));
/// assert_eq!(AdminTitle::cut(" \n "), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminTitle {
    text: String,
    length: usize,
}

impl AdminTitle {
    /// The most characters that a title has.
    pub const LIMIT: usize = 16;

    /// Makes a title of some words and cuts what is too long; `None` when there are no words.
    #[must_use]
    pub fn cut(words: &str) -> Option<Self> {
        let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let text: String = line.chars().take(Self::LIMIT).collect();
        let text = text.trim_end().to_owned();
        (!text.is_empty()).then(|| Self { text, length: line.chars().count() })
    }

    /// The title.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How many characters there were, when they were too many.
    #[must_use]
    pub const fn cut_from(&self) -> Option<usize> {
        if self.length > Self::LIMIT { Some(self.length) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_not_bytes() {
        for letter in ["a", "ß", "語", "𝒜", "😀"] {
            let title = AdminTitle::cut(&letter.repeat(20)).unwrap();
            assert_eq!(title.as_str(), letter.repeat(16));
            assert_eq!(title.cut_from(), Some(20));
            let title = AdminTitle::cut(&letter.repeat(16)).unwrap();
            assert_eq!((title.as_str(), title.cut_from()), (&*letter.repeat(16), None));
        }
    }

    #[test]
    fn a_cut_leaves_no_blank_at_the_end() {
        assert_eq!(AdminTitle::cut("fifteen letters and more").unwrap().as_str(), "fifteen letters");
    }
}
