//! Names of people and chats, fit to stand in a line of ours.

/// The most characters of a name that are shown in a listing.
pub const NAME_MAX_CHARS: usize = 64;

/// A name without control characters and bidi overrides, cut to [`NAME_MAX_CHARS`] characters.
///
/// ```
/// assert_eq!(alita_markup::display_name(" Ada\u{202e}\nLovelace\0 "), "Ada Lovelace");
/// ```
#[must_use]
pub fn display_name(name: &str) -> String {
    let cut: String = one_line(name).chars().take(NAME_MAX_CHARS).collect();
    cut.trim_end().to_owned()
}

/// A text on one line, without control characters and bidi overrides.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars().filter(|&c| !is_override(c)) {
        if c.is_whitespace() {
            if !line.ends_with(' ') {
                line.push(' ');
            }
        } else if !c.is_control() {
            line.push(c);
        }
    }
    line.trim().to_owned()
}

/// Characters that turn the direction of everything after them.
const fn is_override(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_on_a_character() {
        assert_eq!(display_name(&"👩".repeat(255)), "👩".repeat(64));
        assert_eq!(display_name("\u{200f}שלום"), "\u{200f}שלום");
        assert_eq!(display_name("\u{2066}\u{7}\r\n"), "");
        assert_eq!(display_name("a\u{0}\t\tb"), "a b");
    }
}
