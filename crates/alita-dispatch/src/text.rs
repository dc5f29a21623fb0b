//! The words of a message: text or caption, with the entities that mark parts of them.

use std::sync::Arc;

use alita_telegram::types::{Message, MessageEntity, MessageEntityType};

/// Text or caption with its entities, shared by everything that reads it.
#[derive(Debug, Clone, Default)]
pub struct Words {
    text: Arc<str>,
    entities: Arc<[Mark]>,
}

/// An entity with its place in bytes.
#[derive(Debug, Clone)]
pub struct Mark {
    /// Where it starts, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
    /// What Telegram says of it.
    pub entity: MessageEntity,
}

impl Words {
    /// The words of a message: its text, or the caption under its media.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        let (text, entities) = match (&message.text, &message.caption) {
            (Some(text), _) => (text.as_str(), message.entities.as_deref()),
            (None, Some(caption)) => (caption.as_str(), message.caption_entities.as_deref()),
            (None, None) => return Self::default(),
        };
        let marks = entities.unwrap_or_default().iter().filter_map(|entity| mark(text, entity)).collect();
        Self { text: text.into(), entities: marks }
    }

    /// Whether a message says something that begins with this sign, at a glance.
    pub(crate) fn begin_with(message: &Message, sign: char) -> bool {
        message.text.as_ref().or(message.caption.as_ref()).is_some_and(|text| text.starts_with(sign))
    }

    /// Words without entities.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self { text: text.into(), entities: Arc::default() }
    }

    /// The text as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The entities, in the order of the text.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.entities
    }

    /// Whether the text begins with something that is no command, such as code.
    pub(crate) fn begins_with_other_entity(&self) -> bool {
        self.entities
            .iter()
            .any(|mark| mark.start == 0 && mark.entity.type_field != MessageEntityType::BotCommand)
    }
}

/// Telegram: entity offsets count UTF-16 code units.
fn mark(text: &str, entity: &MessageEntity) -> Option<Mark> {
    let start = byte_at(text, usize::from(entity.offset))?;
    let end = byte_at(text, usize::from(entity.offset) + usize::from(entity.length))?;
    Some(Mark { start, end, entity: entity.clone() })
}

fn byte_at(text: &str, utf16: usize) -> Option<usize> {
    let mut units = 0;
    for (at, letter) in text.char_indices() {
        if units >= utf16 {
            return (units == utf16).then_some(at);
        }
        units += letter.len_utf16();
    }
    (units == utf16).then_some(text.len())
}
