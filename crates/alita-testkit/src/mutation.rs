//! Updates that Telegram would hardly send: fields that are missing, doubled or of another type, numbers beyond every
//! range, texts full of tricks, nests without a bottom.
//!
//! A mutation is made from a seed alone, so that a failure can be played again.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

/// Makes odd updates out of well-formed ones.
#[derive(Debug, Clone)]
pub struct Mutator {
    rng: fastrand::Rng,
    texts: Vec<String>,
}

/// How the text that is sent departs from what a JSON library would write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slip {
    /// A field stands there twice.
    TwiceTheField,
    /// Half of a surrogate pair.
    HalfACharacter,
    /// A number that no machine type holds.
    EndlessNumber,
}

impl Mutator {
    /// The same seed makes the same mutations.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { rng: fastrand::Rng::with_seed(seed), texts: Vec::new() }
    }

    /// With texts that now and then stand where a message had another, for example commands.
    #[must_use]
    pub fn with_texts(mut self, texts: &[String]) -> Self {
        self.texts = texts.to_vec();
        self
    }

    /// The update with one to four mutations, as text; its `update_id` is `id`, so that it can be confirmed.
    /// `others` are the updates whose parts may be planted into it.
    #[must_use]
    pub fn mutate(&mut self, update: &Value, others: &[Value], id: i64) -> String {
        let mut update = update.clone();
        // The kind itself stays, or most updates would be of no kind at all.
        let content = update.as_object_mut().and_then(|fields| {
            fields.remove("update_id");
            fields.values_mut().next()
        });
        if let Some(content) = content {
            for _ in 0..self.rng.u8(1..=4) {
                self.alter(content, others);
            }
        }
        self.write(&update, id)
    }

    fn alter(&mut self, content: &mut Value, others: &[Value]) {
        if self.rng.u8(0..4) == 0 && self.speak(content) {
            return;
        }
        let mut paths = Vec::new();
        collect(content, &mut String::new(), &mut paths);
        let Some(path) = self.rng.choice(&paths).cloned() else { return };
        let new = match self.rng.u8(0..10) {
            0 => return self.drop_at(content, &path),
            1 => {
                let foreign = self.foreign(others);
                return self.add_beside(content, &path, foreign);
            }
            2 => self.foreign(others),
            3 => self.odd_value(),
            4 => content
                .pointer(self.rng.choice(&paths).map_or("", String::as_str))
                .cloned()
                .unwrap_or_default(),
            _ => {
                let old = content.pointer(&path).cloned().unwrap_or_default();
                self.odd_version(old)
            }
        };
        if let Some(place) = content.pointer_mut(&path) {
            *place = new;
        }
    }

    /// Puts one of the texts where a message has its own, with the entity of a command in front.
    fn speak(&mut self, content: &mut Value) -> bool {
        let Some(text) = self.rng.choice(&self.texts).cloned() else { return false };
        let Some(fields) = content.as_object_mut().filter(|fields| fields.contains_key("chat")) else {
            return false;
        };
        let length = text.split_whitespace().next().unwrap_or_default().encode_utf16().count();
        let entities = json!([{"type": "bot_command", "offset": 0, "length": length}]);
        let is_caption = fields.contains_key("caption");
        fields.insert(if is_caption { "caption" } else { "text" }.to_owned(), text.into());
        fields.insert(if is_caption { "caption_entities" } else { "entities" }.to_owned(), entities);
        true
    }

    fn foreign(&mut self, others: &[Value]) -> Value {
        let Some(other) = self.rng.choice(others) else { return Value::Null };
        let mut paths = Vec::new();
        collect(other, &mut String::new(), &mut paths);
        let path = self.rng.choice(&paths).map_or("", String::as_str);
        other.pointer(path).cloned().unwrap_or_default()
    }

    fn drop_at(&mut self, content: &mut Value, path: &str) {
        let Some((parent, key)) = path.rsplit_once('/') else { return };
        match content.pointer_mut(parent) {
            Some(Value::Object(fields)) => drop(fields.remove(key)),
            Some(Value::Array(list)) if !list.is_empty() => drop(list.remove(self.rng.usize(0..list.len()))),
            _ => {}
        }
    }

    fn add_beside(&mut self, content: &mut Value, path: &str, new: Value) {
        match path.rsplit_once('/').and_then(|(parent, _)| content.pointer_mut(parent)) {
            Some(Value::Object(fields)) => {
                let key = self.rng.choice(FIELDS).copied().unwrap_or("new_field");
                fields.insert(key.to_owned(), new);
            }
            Some(Value::Array(list)) => list.push(new),
            _ => {}
        }
    }

    /// Something of the same type, if that is possible.
    fn odd_version(&mut self, old: Value) -> Value {
        match old {
            Value::Null => self.odd_value(),
            Value::Bool(is_so) => Value::Bool(!is_so),
            Value::Number(number) => match number.as_i64() {
                Some(number) if self.rng.bool() => {
                    json!(number.wrapping_add([-1, 1, 1 << 31, 1 << 32][self.rng.usize(0..4)]))
                }
                Some(number) if self.rng.bool() => json!(number.wrapping_neg()),
                _ => self.rng.choice(NUMBERS).map_or(Value::Null, |text| number_of(text)),
            },
            Value::String(text) => Value::String(self.odd_text(text)),
            Value::Array(list) => match (self.rng.u8(0..4), list.first()) {
                (0, _) | (_, None) => json!([]),
                (1, Some(first)) => Value::Array(vec![first.clone(); 200]),
                (2, _) => Value::Array(list.into_iter().rev().collect()),
                _ => json!([list]),
            },
            Value::Object(fields) => match self.rng.u8(0..4) {
                0 => Value::Object(Map::new()),
                1 => nested(Value::Object(fields), self.rng.usize(1..300)),
                2 => Value::Array(vec![Value::Object(fields)]),
                _ => Value::Object(fields.into_iter().filter(|_| self.rng.u8(0..4) > 0).collect()),
            },
        }
    }

    fn odd_text(&mut self, old: String) -> String {
        let piece = self.rng.choice(TEXTS).copied().unwrap_or_default();
        match self.rng.u8(0..5) {
            0 => piece.to_owned(),
            1 => old + piece,
            2 => format!("{piece}{old}"),
            3 => piece.repeat(self.rng.usize(1..1_500)).chars().take(4_200).collect(),
            _ => {
                let at = self.rng.usize(0..=old.chars().count());
                let head: String = old.chars().take(at).collect();
                let tail: String = old.chars().skip(at).collect();
                format!("{head}{piece}{tail}")
            }
        }
    }

    fn odd_value(&mut self) -> Value {
        match self.rng.u8(0..6) {
            0 => Value::Null,
            1 => Value::Bool(self.rng.bool()),
            2 => self.rng.choice(NUMBERS).map_or(Value::Null, |text| number_of(text)),
            3 => Value::String(self.odd_text(String::new())),
            4 => json!([]),
            _ => nested(json!({}), self.rng.usize(1..300)),
        }
    }

    fn write(&mut self, update: &Value, id: i64) -> String {
        let mut text = update.to_string();
        if self.rng.u8(0..16) == 0 {
            let slip = [Slip::TwiceTheField, Slip::HalfACharacter, Slip::EndlessNumber][self.rng.usize(0..3)];
            text = slip.made_in(&text, &mut self.rng);
        }
        let rest = text.strip_prefix('{').unwrap_or(&text);
        let comma = if rest == "}" { "" } else { "," };
        let mut whole = String::with_capacity(text.len() + 32);
        // Writing into a text cannot fail.
        let _ = write!(whole, "{{\"update_id\":{id}{comma}{rest}");
        whole
    }
}

impl Slip {
    /// The text stays something that a server could send among other updates: brackets and quotes are balanced.
    fn made_in(self, text: &str, rng: &mut fastrand::Rng) -> String {
        let (pattern, new): (&str, &[&str]) = match self {
            Self::TwiceTheField => {
                ("\"chat\":", &["\"chat\":null,\"chat\":", "\"date\":1,\"date\":2,\"chat\":"])
            }
            Self::HalfACharacter => ("\":\"", &["\":\"\\ud83d", "\":\"\\udc00\\u0000"]),
            Self::EndlessNumber => (
                "\"date\":",
                &[
                    "\"date\":1e400,\"x\":",
                    "\"date\":-0.0e-0,\"x\":",
                    "\"date\":99999999999999999999999999999999,\"x\":",
                ],
            ),
        };
        rng.choice(new).map_or_else(|| text.to_owned(), |new| text.replacen(pattern, new, 1))
    }
}

/// Fields that make a difference to a bot wherever they stand.
const FIELDS: &[&str] = &[
    "new_field",
    "text",
    "caption",
    "entities",
    "caption_entities",
    "from",
    "chat",
    "sender_chat",
    "date",
    "edit_date",
    "reply_to_message",
    "forward_origin",
    "message_thread_id",
    "is_topic_message",
    "via_bot",
    "is_automatic_forward",
    "new_chat_members",
    "left_chat_member",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
    "pinned_message",
    "reply_markup",
    "photo",
    "sticker",
    "document",
    "media_group_id",
    "quote",
    "external_reply",
    "username",
    "last_name",
    "url",
    "user",
    "offset",
    "length",
    "type",
    "id",
    "data",
    "message",
    "inline_message_id",
];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2147483647",
    "2147483648",
    "-2147483649",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "65535",
    "65536",
    "0.5",
    "1e300",
    "-1000000000000",
    "-1001000000001",
    "777000",
    "1087968824",
    "7770001",
];

const TEXTS: &[&str] = &[
    "",
    " ",
    "\n",
    "\t",
    "\u{0}",
    "\u{202E}",
    "\u{200D}",
    "\u{FEFF}",
    "\u{FFFD}",
    "\u{10FFFF}",
    "😀",
    "👩‍👩‍👧‍👦",
    "🏳️‍🌈",
    "e\u{301}\u{301}\u{301}\u{301}",
    "ﷺ",
    "ß",
    "İ",
    "ı",
    "ǅ",
    "שלום",
    "مرحبا",
    "हिन्दी",
    "ﬃ",
    "<b>",
    "</a>",
    "&amp;",
    "&#0;",
    "<",
    "\"",
    "'",
    "\\",
    "`",
    "```",
    "*",
    "_",
    "||",
    "{first}",
    "{{",
    "%s",
    "%%%",
    "[x](buttonurl://https://x.example)",
    "[x](buttonurl://x:same)",
    "{rules}",
    "/",
    "/warn",
    "/ban@AlitaBot ",
    "#",
    "#intro",
    "@",
    "@ada_l",
    "https://",
    "tg://user?id=1",
    "1",
    "-1",
    "99999999999999999999",
    "1d",
    "999999999999w",
    "0m",
    "-5h",
    "|v1|",
    "%G1",
    "a=",
    "&",
    "=",
    "101",
    "102",
];

/// `serde_json` reads what it can hold; the rest is a text.
fn number_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

fn nested(mut value: Value, depth: usize) -> Value {
    for level in 0..depth {
        value = if level % 2 == 0 { json!([value]) } else { json!({"reply_to_message": value}) };
    }
    value
}

/// The JSON pointers of everything below a value.
fn collect(value: &Value, here: &mut String, paths: &mut Vec<String>) {
    let length = here.len();
    let mut visit = |key: &str, child: &Value| {
        here.push('/');
        here.push_str(key);
        paths.push(here.clone());
        collect(child, here, paths);
        here.truncate(length);
    };
    match value {
        // Deeper than this are only nests of our own making.
        _ if length > 500 => {}
        Value::Object(fields) => fields.iter().for_each(|(key, child)| visit(key, child)),
        Value::Array(list) => {
            list.iter().enumerate().take(8).for_each(|(index, child)| visit(&index.to_string(), child));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_says_everything() {
        let others: Vec<Value> =
            crate::recorded::updates().into_iter().map(|recorded| recorded.update).collect();
        let all = |seed: u64| -> Vec<String> {
            let mut mutator = Mutator::new(seed).with_texts(&["/warn 102".to_owned()]);
            (1..).zip(&others).map(|(id, update)| mutator.mutate(update, &others, id)).collect()
        };
        assert_eq!(all(7), all(7));
        let different: BTreeSet<String> = (0..20).flat_map(all).collect();
        assert!(different.len() > 15 * others.len(), "{} of {}", different.len(), 20 * others.len());
        assert!(different.iter().all(|text| text.starts_with("{\"update_id\":") && text.ends_with('}')));
    }
}
