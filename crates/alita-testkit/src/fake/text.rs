//! Text with entities: read from a call, trimmed, measured.

use serde_json::Value;

use super::params::{Params, int};
use super::refusal::Refusal;
use super::world::World;
use super::{detect, html};

/// Telegram counts both after the entities were taken out, in UTF-16 units.
pub(crate) const MAX_TEXT: usize = 4096;
pub(crate) const MAX_CAPTION: usize = 1024;

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Formatted {
    pub(crate) text: String,
    pub(crate) entities: Vec<Entity>,
}

/// A span of text, measured in UTF-16 units.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entity {
    pub(crate) offset: usize,
    pub(crate) length: usize,
    /// `type` and whatever else there is.
    pub(crate) fields: Value,
    /// Where its tag stood: of two entities on the same span the outer comes first.
    pub(crate) order: usize,
}

impl Entity {
    pub(crate) fn end(&self) -> usize {
        self.offset + self.length
    }

    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.offset <= other.offset && self.end() >= other.end()
    }

    fn kind(&self) -> &str {
        self.fields["type"].as_str().unwrap_or_default()
    }

    fn to_wire(&self) -> Value {
        let mut wire = self.fields.clone();
        wire["offset"] = self.offset.into();
        wire["length"] = self.length.into();
        wire
    }
}

impl Formatted {
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), entities: Vec::new() }
    }

    pub(crate) fn utf16_len(&self) -> usize {
        self.text.encode_utf16().count()
    }

    /// Without the white space around it, as Telegram keeps messages.
    pub(crate) fn trimmed(mut self) -> Self {
        let end = self.text.trim_end().len();
        self.text.truncate(end);
        let start = self.text.len() - self.text.trim_start_matches([' ', '\n', '\t', '\r']).len();
        let cut = self.text.get(..start).unwrap_or_default().encode_utf16().count();
        self.text.drain(..start);
        let length = self.utf16_len();
        for entity in &mut self.entities {
            let end = entity.end().saturating_sub(cut).min(length);
            entity.offset = entity.offset.saturating_sub(cut).min(length);
            entity.length = end.saturating_sub(entity.offset);
        }
        self.entities.retain(|entity| entity.length > 0);
        self
    }

    /// Adds the commands, links and mentions that Telegram finds by itself.
    pub(crate) fn with_found(mut self) -> Self {
        for found in detect::entities(&self.text) {
            let hides = |entity: &Entity| {
                let kind = entity.kind();
                let closed = matches!(kind, "code" | "pre" | "text_link" | "text_mention" | "custom_emoji");
                let meets = entity.offset < found.end() && found.offset < entity.end();
                meets && (closed || kind == found.kind())
            };
            if !self.entities.iter().any(hides) {
                self.entities.push(found);
            }
        }
        self.entities.sort_by_key(|entity| (entity.offset, std::cmp::Reverse(entity.length), entity.order));
        self
    }

    pub(crate) fn entities_wire(&self) -> Value {
        self.entities.iter().map(Entity::to_wire).collect()
    }
}

impl World {
    /// The text or caption of a call, with its formatting.
    pub(crate) fn read_text(
        &mut self,
        params: &Params,
        name: &str,
        entities: &str,
    ) -> Result<Formatted, Refusal> {
        let text = match params.get(name) {
            Some(Value::String(text)) => text.as_str(),
            Some(_) | None => "",
        };
        let formatted = match params.text("parse_mode").unwrap_or_default() {
            "" => match params.nested(entities)? {
                Some(given) => {
                    with_given(text, &given, |id| self.people.get(&id).map(super::people::Person::to_wire))?
                }
                None => Formatted::plain(text),
            },
            mode if mode.eq_ignore_ascii_case("html") => self.read_html(text)?,
            mode => {
                if mode.to_ascii_lowercase().starts_with("markdown") {
                    self.sin(format!("FakeTelegram knows the parse mode HTML, but not {mode}"));
                }
                return Err(Refusal::bad("unsupported parse_mode"));
            }
        };
        Ok(formatted.trimmed().with_found())
    }

    pub(crate) fn read_html(&self, text: &str) -> Result<Formatted, Refusal> {
        html::parse(text, |id| self.people.get(&id).map(super::people::Person::to_wire))
            .map_err(|error| Refusal::bad(format!("can't parse entities: {error}")))
    }
}

/// Text with entities from a call. Telegram: their ends must not lie inside of a character.
pub(crate) fn with_given(
    text: &str,
    given: &Value,
    person: impl Fn(i64) -> Option<Value>,
) -> Result<Formatted, Refusal> {
    let wrong = |why: &str| Refusal::bad(format!("can't parse MessageEntity: {why}"));
    let mut borders = vec![0];
    borders.extend(text.chars().scan(0, |at, c| {
        *at += c.len_utf16();
        Some(*at)
    }));
    let end = borders.last().copied().unwrap_or_default();
    let mut entities = Vec::new();
    for (order, entity) in given.as_array().ok_or_else(|| wrong("expected an Array"))?.iter().enumerate() {
        let number = |name: &str| entity.get(name).and_then(int).and_then(|n| usize::try_from(n).ok());
        let offset = number("offset").ok_or_else(|| wrong("Field \"offset\" must be of type Number"))?;
        let length = number("length").ok_or_else(|| wrong("Field \"length\" must be of type Number"))?;
        if offset + length > end {
            return Err(Refusal::bad(format!(
                "entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 offset {end}"
            )));
        }
        for (at, which) in [(offset, "begins"), (offset + length, "ends")] {
            if borders.binary_search(&at).is_err() {
                return Err(Refusal::bad(format!(
                    "entity beginning at UTF-16 offset {offset} {which} in a middle of a UTF-16 symbol at byte offset {at}"
                )));
            }
        }
        let mut fields = entity.clone();
        if let Some(object) = fields.as_object_mut() {
            object.remove("offset");
            object.remove("length");
        }
        if fields["type"] == "text_mention" {
            let known = fields["user"]["id"].as_i64().and_then(&person);
            let Some(known) = known else { continue };
            fields["user"] = known;
        }
        let found_again = ["mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"];
        // Telegram: these are found in the text, whatever the call says.
        if fields["type"].as_str().is_some_and(|kind| found_again.contains(&kind)) || length == 0 {
            continue;
        }
        entities.push(Entity { offset, length, fields, order });
    }
    Ok(Formatted { text: text.to_owned(), entities })
}
