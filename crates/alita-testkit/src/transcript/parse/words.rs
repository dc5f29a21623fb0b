//! A cursor over one line.

/// What is left of the line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Self { rest: line.trim_start() }
    }

    /// All that is left, as it was written.
    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    pub(super) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes `literal` if it stands here as a whole word.
    pub(super) fn eat(&mut self, literal: &str) -> bool {
        let Some(after) = self.rest.strip_prefix(literal) else { return false };
        let ends_in_a_letter = literal.ends_with(char::is_alphanumeric);
        if ends_in_a_letter && after.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            return false;
        }
        self.rest = after.trim_start();
        true
    }

    /// Takes the `:` before a text; what follows is raw but for one space.
    pub(super) fn colon(&mut self) -> bool {
        let Some(after) = self.rest.strip_prefix(':') else { return false };
        self.rest = after.strip_prefix(' ').unwrap_or(after);
        true
    }

    /// Takes what stands up to the next blank.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let (word, after) = self.rest.split_at(end);
        self.rest = after.trim_start();
        (!word.is_empty()).then_some(word)
    }

    /// Takes a bare word of letters, digits, `_` and `-`, without the punctuation behind it.
    pub(super) fn bare(&mut self) -> Option<&'a str> {
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'));
        let (word, after) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        if word.is_empty() {
            return None;
        }
        self.rest = after.trim_start();
        Some(word)
    }

    /// Takes `"something"`; a quote inside is written `\"`.
    pub(super) fn quoted(&mut self) -> Option<String> {
        let inner = self.rest.strip_prefix('"')?;
        let mut text = String::new();
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => {
                    self.rest = chars.as_str().trim_start();
                    return Some(text);
                }
                '\\' if chars.as_str().starts_with('"') => {
                    text.push('"');
                    chars.next();
                }
                c => text.push(c),
            }
        }
        None
    }

    /// Takes a name: a bare word, or anything in quotes.
    pub(super) fn name(&mut self) -> Result<String, String> {
        if self.rest.starts_with('"') {
            return self.quoted().ok_or_else(|| "the quote is not closed".to_owned());
        }
        self.bare().map(str::to_owned).ok_or_else(|| format!("expected a name before {:?}", self.rest))
    }

    /// Takes `(something)`, brackets inside counted.
    pub(super) fn parens(&mut self) -> Option<&'a str> {
        let inner = self.rest.strip_prefix('(')?;
        let mut depth = 1;
        let end = inner.char_indices().find_map(|(at, c)| {
            depth += match c {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            (depth == 0).then_some(at)
        })?;
        let (inside, after) = inner.split_at(end);
        self.rest = after.strip_prefix(')').unwrap_or(after).trim_start();
        Some(inside)
    }

    /// Takes a whole number.
    pub(super) fn number<T: std::str::FromStr>(&mut self) -> Option<T> {
        let mut ahead = *self;
        let sign = if ahead.eat("-") || ahead.eat("−") { "-" } else { "" };
        let number = format!("{sign}{}", ahead.bare()?).parse().ok()?;
        *self = ahead;
        Some(number)
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), String> {
        if self.is_done() { Ok(()) } else { Err(format!("did not expect {:?}", self.rest)) }
    }
}
