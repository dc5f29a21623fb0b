//! What follows a command, read word by word.

use crate::text::{Mark, Words};

/// The words after a command, with a cursor.
///
/// Reading is cheap and never fails; the extractors turn words into meanings.
#[derive(Debug, Clone, Default)]
pub struct Args {
    words: Words,
    cursor: usize,
}

impl Args {
    /// The words of a message from this byte on.
    #[must_use]
    pub(crate) fn new(words: Words, cursor: usize) -> Self {
        Self { words, cursor }
    }

    /// Words without a message around them, such as the end of a link's payload.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self { words: Words::from_text(text), cursor: 0 }
    }

    fn left(&self) -> &str {
        self.words.as_str().get(self.cursor..).unwrap_or_default()
    }

    /// All that is left, without the white space around it; line breaks inside are kept.
    #[must_use]
    pub fn rest(&self) -> &str {
        self.left().trim()
    }

    /// All words of the message and where what is left begins, in bytes; for what keeps its formatting.
    #[must_use]
    pub fn rest_with_marks(&self) -> (&Words, usize) {
        let left = self.left();
        (&self.words, self.cursor + (left.len() - left.trim_start().len()))
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    /// The next word, which stays.
    #[must_use]
    pub fn peek(&self) -> Option<&str> {
        self.left().split_whitespace().next()
    }

    /// Takes the next word.
    pub fn word(&mut self) -> Option<String> {
        let word = self.peek()?.to_owned();
        self.skip_word();
        Some(word)
    }

    pub(crate) fn skip_word(&mut self) {
        let left = self.left();
        let begin = left.len() - left.trim_start().len();
        let length = left.trim_start().find(char::is_whitespace).unwrap_or(left.len() - begin);
        self.cursor += begin + length;
    }

    /// Takes a phrase in double quotes, or else the next word.
    pub fn phrase(&mut self) -> Option<String> {
        let quoted = self.left().trim_start().strip_prefix('"').and_then(|text| text.split_once('"'));
        let Some((phrase, _)) = quoted else { return self.word() };
        let phrase = phrase.to_owned();
        let left = self.left();
        self.cursor += (left.len() - left.trim_start().len()) + phrase.len() + 2;
        Some(phrase)
    }

    /// The entity that stands right where the next word begins; of several, the one that names a person.
    ///
    /// Telegram: a name may be bold besides, and of entities that begin together the longer one comes first.
    #[must_use]
    pub fn mark_here(&self) -> Option<&Mark> {
        let (words, begin) = self.rest_with_marks();
        let here = || words.marks().iter().filter(|mark| mark.start == begin);
        here().find(|mark| mark.entity.user.is_some()).or_else(|| here().next())
    }

    /// Takes everything up to the end of an entity.
    pub(crate) fn skip_to(&mut self, byte: usize) {
        self.cursor = self.cursor.max(byte);
    }
}

#[cfg(test)]
mod tests {
    use alita_telegram::types::Message;

    use super::*;

    fn args(text: &str) -> Args {
        marked(text, &serde_json::json!([]))
    }

    fn marked(text: &str, entities: &serde_json::Value) -> Args {
        let message: Message = serde_json::from_value(serde_json::json!({
            "message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "text": text, "entities": entities,
        }))
        .unwrap();
        Args::new(Words::of(&message), 0)
    }

    #[test]
    fn a_person_within_bold_words() {
        let tom = serde_json::json!({"id": 42, "is_bot": false, "first_name": "Tom"});
        let mut args = marked(
            "/ban Tom Cat",
            &serde_json::json!([
                {"type": "bot_command", "offset": 0, "length": 4},
                {"type": "bold", "offset": 5, "length": 7},
                {"type": "text_mention", "offset": 5, "length": 3, "user": tom},
            ]),
        );
        assert!(args.mark_here().is_some_and(|mark| mark.entity.user.is_none()));
        args.skip_word();
        let here = args.mark_here().unwrap();
        assert_eq!((here.entity.user.as_ref().map(|user| user.id), here.end), (Some(42), 8));
    }

    #[test]
    fn words_and_the_rest() {
        let mut args = args("  one\ntwo   three\nfour ");
        assert_eq!(args.word().as_deref(), Some("one"));
        assert_eq!(args.peek(), Some("two"));
        assert_eq!(args.word().as_deref(), Some("two"));
        assert_eq!(args.rest(), "three\nfour");
        assert_eq!(args.word().as_deref(), Some("three"));
        assert_eq!(args.word().as_deref(), Some("four"));
        assert_eq!(args.word(), None);
        assert!(args.is_empty());
    }

    #[test]
    fn phrases_in_quotes() {
        let mut args = args(" \"two words\" rest \"open");
        assert_eq!(args.phrase().as_deref(), Some("two words"));
        assert_eq!(args.phrase().as_deref(), Some("rest"));
        assert_eq!(args.phrase().as_deref(), Some("\"open"));
    }
}
