//! A text and the parameters in it.

/// Fillings and flags of saved messages; help pages teach them, so they are never parameters.
pub(crate) const RESERVED: [&str; 15] = [
    "first",
    "last",
    "fullname",
    "username",
    "mention",
    "id",
    "chatname",
    "count",
    "rules",
    "private",
    "noprivate",
    "admin",
    "preview",
    "protect",
    "nonotif",
];

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Stays as it is.
    Literal(String),
    /// Is replaced by the argument of this name.
    Parameter(String),
}

/// Cuts a text at its `{parameters}`; braces around anything but a lower snake word stay.
pub(crate) fn cut(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        literal.push_str(before);
        match after.split_once('}') {
            Some((name, tail)) if is_snake_word(name) && !RESERVED.contains(&name) => {
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                pieces.push(Piece::Parameter(name.to_owned()));
                rest = tail;
            }
            _ => {
                literal.push('{');
                rest = after;
            }
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    pieces
}

/// The names of the parameters, in the order of their first appearance.
pub(crate) fn parameters<'a>(pieces: impl IntoIterator<Item = &'a Piece>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for piece in pieces {
        if let Piece::Parameter(name) = piece
            && !names.contains(name)
        {
            names.push(name.clone());
        }
    }
    names
}

/// A lower-case letter, then lower-case letters, digits and `_`.
pub(crate) fn is_snake_word(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_lowercase())
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
