//! The formatting of a message, as `alita-markup` reads it.

use alita_markup::{Entity, EntityKind, Html, from_entities};
use alita_model::UserId;
use alita_telegram::types::{MessageEntity, MessageEntityType};

use crate::args::Args;
use crate::text::Words;

impl Words {
    /// The formatting; offsets count within the whole text.
    #[must_use]
    pub fn entities(&self) -> Vec<Entity> {
        self.marks().iter().map(|mark| entity_of(&mark.entity)).collect()
    }

    /// The words as they look in the chat.
    #[must_use]
    pub fn to_html(&self) -> Html {
        from_entities(self.as_str(), &self.entities())
    }
}

impl Args {
    /// What is left as it looks in the chat; marks in it mean nothing.
    #[must_use]
    pub fn rest_to_html(&self) -> Html {
        let (words, begin) = self.rest_with_marks();
        let Some((before, text)) = words.as_str().split_at_checked(begin) else { return Html::new() };
        let begin = before.encode_utf16().count();
        let cut = |mut entity: Entity| {
            let end = (entity.offset + entity.length).checked_sub(begin).filter(|end| *end > 0)?;
            entity.offset = entity.offset.saturating_sub(begin);
            entity.length = end - entity.offset;
            Some(entity)
        };
        let entities: Vec<Entity> = words.entities().into_iter().filter_map(cut).collect();
        from_entities(text.trim_end(), &entities)
    }
}

/// An entity of the Bot API; what does not change the look is [`EntityKind::Other`].
#[must_use]
pub fn entity_of(entity: &MessageEntity) -> Entity {
    Entity::new(kind_of(entity), usize::from(entity.offset), usize::from(entity.length))
}

fn kind_of(entity: &MessageEntity) -> EntityKind {
    use MessageEntityType as Wire;
    match entity.type_field {
        Wire::Bold => EntityKind::Bold,
        Wire::Italic => EntityKind::Italic,
        Wire::Underline => EntityKind::Underline,
        Wire::Strikethrough => EntityKind::Strikethrough,
        Wire::Spoiler => EntityKind::Spoiler,
        Wire::Code => EntityKind::Code,
        Wire::Pre => EntityKind::Pre { language: entity.language.clone() },
        Wire::Blockquote => EntityKind::Blockquote,
        Wire::ExpandableBlockquote => EntityKind::ExpandableBlockquote,
        Wire::Url => EntityKind::Url,
        Wire::TextLink => match entity.url.clone() {
            Some(url) => EntityKind::TextLink { url },
            None => EntityKind::Other,
        },
        Wire::TextMention => match entity.user.as_ref().and_then(|user| i64::try_from(user.id).ok()) {
            Some(id) => EntityKind::TextMention { user: UserId::new(id) },
            None => EntityKind::Other,
        },
        Wire::CustomEmoji => match entity.custom_emoji_id.clone() {
            Some(id) => EntityKind::CustomEmoji { id },
            None => EntityKind::Other,
        },
        _ => EntityKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use alita_telegram::types::Message;

    use super::*;

    #[test]
    fn a_message_looks_the_same_again() {
        let message: Message = serde_json::from_value(serde_json::json!({
            "message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"},
            "text": "😀 <Tom> is gone",
            "entities": [
                {"type": "text_mention", "offset": 3, "length": 5, "user": {"id": 42, "is_bot": false, "first_name": "Tom"}},
                {"type": "bold", "offset": 12, "length": 4},
                {"type": "hashtag", "offset": 0, "length": 2},
            ],
        }))
        .unwrap();
        assert_eq!(
            Words::of(&message).to_html().as_str(),
            "😀 <a href=\"tg://user?id=42\">&lt;Tom&gt;</a> is <b>gone</b>"
        );
    }

    #[test]
    fn the_words_after_a_command_look_the_same_again() {
        let message: Message = serde_json::from_value(serde_json::json!({
            "message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"},
            "text": "/tell 😀 all of you <3 ",
            "entities": [
                {"type": "bot_command", "offset": 0, "length": 5},
                {"type": "italic", "offset": 0, "length": 9},
                {"type": "bold", "offset": 9, "length": 3},
            ],
        }))
        .unwrap();
        assert_eq!(
            Args::new(Words::of(&message), 5).rest_to_html().as_str(),
            "<i>😀</i> <b>all</b> of you &lt;3"
        );
    }
}
