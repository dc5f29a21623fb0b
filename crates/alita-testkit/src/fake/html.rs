//! Telegram's HTML, read as strictly as Telegram reads it.

use serde_json::{Value, json};

use super::text::{Entity, Formatted};

/// Reads HTML; the error is what stands behind `can't parse entities: `.
///
/// `mention` knows the people whom `tg://user?id=` may name.
pub(crate) fn parse(html: &str, mention: impl Fn(i64) -> Option<Value>) -> Result<Formatted, String> {
    let mut reader =
        Reader { html, at: 0, text: String::new(), length: 0, open: Vec::new(), entities: Vec::new() };
    while let Some(c) = reader.peek() {
        match c {
            '<' => reader.tag(&mention)?,
            '&' => {
                let c = reader.reference();
                reader.put(c);
            }
            c => {
                reader.skip(c);
                reader.put(c);
            }
        }
    }
    if let Some(open) = reader.open.last() {
        return Err(format!("Can't find end tag corresponding to start tag \"{}\"", open.tag));
    }
    Ok(Formatted { text: reader.text, entities: join_pre_and_code(reader.entities) })
}

struct Reader<'a> {
    html: &'a str,
    at: usize,
    text: String,
    /// In UTF-16 units.
    length: usize,
    open: Vec<Open>,
    entities: Vec<Entity>,
}

struct Open {
    tag: String,
    attributes: Vec<(String, String)>,
    offset: usize,
    byte: usize,
}

const TAGS: [&str; 18] = [
    "a",
    "b",
    "strong",
    "i",
    "em",
    "s",
    "strike",
    "del",
    "u",
    "ins",
    "tg-spoiler",
    "tg-emoji",
    "tg-time",
    "span",
    "pre",
    "code",
    "blockquote",
    "expandable_blockquote",
];

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.html.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self, c: char) {
        self.at += c.len_utf8();
    }

    fn put(&mut self, c: char) {
        self.text.push(c);
        self.length += c.len_utf16();
    }

    fn skip_space(&mut self) {
        while let Some(c) = self.peek().filter(|c| c.is_ascii_whitespace()) {
            self.skip(c);
        }
    }

    /// Takes characters while they fit.
    fn take(&mut self, fits: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(c) = self.peek().filter(|c| fits(*c)) {
            self.skip(c);
            taken.push(c);
        }
        taken
    }

    fn tag(&mut self, mention: &impl Fn(i64) -> Option<Value>) -> Result<(), String> {
        let begin = self.at;
        self.skip('<');
        if self.peek() == Some('/') {
            self.skip('/');
            return self.end_tag(begin, mention);
        }
        let tag = self.take(|c| !c.is_ascii_whitespace() && c != '>').to_ascii_lowercase();
        let unclosed = || format!("Unclosed start tag at byte offset {begin}");
        if self.peek().is_none() {
            return Err(unclosed());
        }
        if !TAGS.contains(&tag.as_str()) {
            return Err(format!("Unsupported start tag \"{tag}\" at byte offset {begin}"));
        }
        let mut attributes = Vec::new();
        loop {
            self.skip_space();
            match self.peek() {
                None => return Err(unclosed()),
                Some('>') => break,
                Some(_) => attributes.push(self.attribute(&tag, begin)?),
            }
        }
        self.skip('>');
        if tag == "span" && !attributes.iter().any(|(name, value)| name == "class" && value == "tg-spoiler") {
            return Err(format!("Tag \"span\" must have class \"tg-spoiler\" at byte offset {begin}"));
        }
        self.open.push(Open { tag, attributes, offset: self.length, byte: begin });
        Ok(())
    }

    fn attribute(&mut self, tag: &str, begin: usize) -> Result<(String, String), String> {
        let unclosed = || format!("Unclosed start tag at byte offset {begin}");
        let name = self.take(|c| !c.is_ascii_whitespace() && !['=', '>', '/', '"', '\''].contains(&c));
        let name = name.to_ascii_lowercase();
        if name.is_empty() {
            return Err(format!("Empty attribute name in the tag \"{tag}\" at byte offset {begin}"));
        }
        self.skip_space();
        if self.peek() != Some('=') {
            // Telegram: `expandable` is the one attribute that may stand alone.
            if name == "expandable" && tag == "blockquote" {
                return Ok((name, String::new()));
            }
            let wrong = "Expected equal sign in declaration of an attribute of the tag";
            return Err(format!("{wrong} \"{tag}\" at byte offset {begin}"));
        }
        self.skip('=');
        self.skip_space();
        let value = match self.peek().ok_or_else(unclosed)? {
            quote @ ('"' | '\'') => {
                self.skip(quote);
                let mut value = String::new();
                loop {
                    match self.peek().ok_or_else(unclosed)? {
                        c if c == quote => break,
                        '&' => value.push(self.reference()),
                        c => {
                            self.skip(c);
                            value.push(c);
                        }
                    }
                }
                self.skip(quote);
                value
            }
            _ => {
                let token = self.at;
                let value = self.take(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-');
                if !self.peek().is_some_and(|c| c.is_ascii_whitespace() || c == '>') {
                    return Err(format!("Unexpected end of name token at byte offset {token}"));
                }
                value.to_ascii_lowercase()
            }
        };
        Ok((name, value))
    }

    fn end_tag(&mut self, begin: usize, mention: &impl Fn(i64) -> Option<Value>) -> Result<(), String> {
        let tag = self.take(|c| !c.is_ascii_whitespace() && c != '>').to_ascii_lowercase();
        self.skip_space();
        if self.peek() != Some('>') {
            return Err(format!("Unclosed end tag at byte offset {begin}"));
        }
        self.skip('>');
        let Some(open) = self.open.pop() else {
            return Err(format!("Unexpected end tag at byte offset {begin}"));
        };
        if !tag.is_empty() && tag != open.tag {
            let expected = &open.tag;
            return Err(format!(
                "Unmatched end tag at byte offset {begin}, expected \"</{expected}>\", found \"</{tag}>\""
            ));
        }
        self.close(&open, mention);
        Ok(())
    }

    fn close(&mut self, open: &Open, mention: &impl Fn(i64) -> Option<Value>) {
        let length = self.length - open.offset;
        // Telegram: an entity without text is dropped.
        if length == 0 {
            return;
        }
        let attribute =
            |name: &str| open.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        let inside: String = utf16_from(&self.text, open.offset);
        let made = match open.tag.as_str() {
            "b" | "strong" => json!({"type": "bold"}),
            "i" | "em" => json!({"type": "italic"}),
            "s" | "strike" | "del" => json!({"type": "strikethrough"}),
            "u" | "ins" => json!({"type": "underline"}),
            "tg-spoiler" | "span" => json!({"type": "spoiler"}),
            "blockquote" if attribute("expandable").is_some() => json!({"type": "expandable_blockquote"}),
            "blockquote" => json!({"type": "blockquote"}),
            "pre" => json!({"type": "pre"}),
            "code" => match attribute("class").and_then(|class| class.strip_prefix("language-")) {
                Some(language) => json!({"type": "code", "language": language}),
                None => json!({"type": "code"}),
            },
            "tg-emoji" => match attribute("emoji-id") {
                Some(id) => json!({"type": "custom_emoji", "custom_emoji_id": id}),
                None => return,
            },
            "tg-time" => match attribute("unix").and_then(|unix| unix.parse::<i64>().ok()) {
                Some(unix) => json!({"type": "date_time", "unix_time": unix}),
                None => return,
            },
            "a" => match link(attribute("href").map_or(inside.as_str(), String::as_str), mention) {
                Some(link) => link,
                None => return,
            },
            _ => return,
        };
        self.entities.push(Entity { offset: open.offset, length, fields: made, order: open.byte });
    }

    /// `&lt;` and its like; anything else is a plain `&`.
    fn reference(&mut self) -> char {
        let rest = self.rest();
        let Some((name, _)) = rest.strip_prefix('&').and_then(|rest| rest.split_once(';')) else {
            self.skip('&');
            return '&';
        };
        let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
        let c = match name {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            name => match name.strip_prefix("#x").or_else(|| name.strip_prefix("#X")) {
                Some(digits) => number(digits, 16),
                None => name.strip_prefix('#').and_then(|digits| number(digits, 10)),
            },
        };
        match c.filter(|c| *c != '\0') {
            Some(c) => {
                self.at += name.len() + 2;
                c
            }
            None => {
                self.skip('&');
                '&'
            }
        }
    }
}

/// A link's entity; Telegram drops links that lead nowhere.
fn link(href: &str, mention: &impl Fn(i64) -> Option<Value>) -> Option<Value> {
    if let Some(id) = href.strip_prefix("tg://user?id=") {
        let user = mention(id.parse().ok()?)?;
        return Some(json!({"type": "text_mention", "user": user}));
    }
    let url = super::urls::normalised(href)?;
    Some(json!({"type": "text_link", "url": url}))
}

/// Telegram: `<pre><code class="language-x">` is one entity, and code inside of pre is none of its own.
fn join_pre_and_code(mut entities: Vec<Entity>) -> Vec<Entity> {
    let codes: Vec<Entity> = entities.extract_if(.., |entity| entity.fields["type"] == "code").collect();
    for mut code in codes {
        let inside = |pre: &&mut Entity| pre.fields["type"] == "pre" && pre.covers(&code);
        if let Some(pre) = entities.iter_mut().find(inside) {
            if let Some(language) = code.fields.get("language").filter(|_| pre.length == code.length) {
                pre.fields["language"] = language.clone();
            }
            continue;
        }
        if let Some(fields) = code.fields.as_object_mut() {
            fields.remove("language");
        }
        entities.push(code);
    }
    entities
}

fn utf16_from(text: &str, offset: usize) -> String {
    let mut at = 0;
    text.chars()
        .skip_while(|c| {
            let before = at < offset;
            at += c.len_utf16();
            before
        })
        .collect()
}
