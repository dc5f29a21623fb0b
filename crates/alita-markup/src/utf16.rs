//! Telegram: offsets and lengths count UTF-16 code units; these helpers speak Rust's bytes on the other side.

/// How long Telegram says a text is.
#[must_use]
pub fn len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The piece of `text` that an entity covers, or `None` when the offsets lie outside or inside a character.
///
/// ```
/// use alita_markup::utf16;
///
/// assert_eq!(utf16::slice("👋 Ada", 3, 3), Some("Ada"));
/// assert_eq!(utf16::slice("👋 Ada", 1, 3), None);
/// ```
#[must_use]
pub fn slice(text: &str, offset: usize, length: usize) -> Option<&str> {
    let start = byte_at(text, offset)?;
    let rest = text.get(start..)?;
    rest.get(..byte_at(rest, length)?)
}

/// The longest beginning of `text` that has at most `max` units.
#[must_use]
pub fn prefix(text: &str, max: usize) -> &str {
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > max
    });
    end.and_then(|(byte, _)| text.get(..byte)).unwrap_or(text)
}

fn byte_at(text: &str, units: usize) -> Option<usize> {
    let mut seen = 0;
    for (byte, c) in text.char_indices() {
        if seen >= units {
            return (seen == units).then_some(byte);
        }
        seen += c.len_utf16();
    }
    (seen == units).then_some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_not_characters() {
        assert_eq!(len("a👩é"), 4);
        assert_eq!(slice("a👩é", 1, 2), Some("👩"));
        assert_eq!(slice("a👩é", 3, 1), Some("é"));
        assert_eq!(slice("a👩é", 4, 0), Some(""));
        assert_eq!(slice("a👩é", 2, 1), None);
        assert_eq!(slice("a👩é", 1, 9), None);
        assert_eq!(slice("a", usize::MAX, usize::MAX), None);
        assert_eq!(prefix("a👩é", 2), "a");
        assert_eq!(prefix("a👩é", 3), "a👩");
        assert_eq!(prefix("a👩é", 9), "a👩é");
    }
}
