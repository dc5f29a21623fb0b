//! What a message is made of, in the words of the locks.

use alita_dispatch::Sender;
use alita_model::{LockSet, LockType};
use alita_telegram::types::{Message, MessageEntity, MessageEntityType};

/// All locks that this message falls under, whoever may be exempt.
///
/// `comments` is in the set for everything that somebody who is not in the group must not write.
pub(super) fn kinds(message: &Message, sender: &Sender) -> LockSet {
    if is_service(message) {
        return LockSet::EMPTY;
    }
    // Telegram: the linked channel's posts are what people comment on; only a lock of its own removes them.
    if matches!(sender, Sender::LinkedChannel(_)) {
        return [LockType::AnonChannel].into_iter().collect();
    }
    let mut kinds: LockSet =
        present(message).into_iter().filter_map(|(is_there, kind)| is_there.then_some(kind)).collect();
    kinds.insert(LockType::All);
    if matches!(sender, Sender::Channel(_)) {
        kinds.insert(LockType::AnonChannel);
    }
    if is_media(message) {
        kinds.insert(LockType::Media);
    }
    if is_other(message) {
        kinds.insert(LockType::Other);
    }
    if is_message(message) {
        kinds.insert(LockType::Messages);
        kinds.insert(LockType::Comments);
    }
    kinds
}

fn present(message: &Message) -> [(bool, LockType); 15] {
    let has_link = has_link(message);
    [
        (message.sticker.is_some(), LockType::Sticker),
        (message.audio.is_some(), LockType::Audio),
        (message.voice.is_some(), LockType::Voice),
        (message.video.is_some(), LockType::Video),
        (message.video_note.is_some(), LockType::VideoNote),
        (message.contact.is_some(), LockType::Contact),
        (message.photo.is_some(), LockType::Photo),
        (message.game.is_some(), LockType::Game),
        (message.animation.is_some(), LockType::Gif),
        // Telegram: an animation carries a document, too.
        (message.document.is_some() && message.animation.is_none(), LockType::Document),
        (message.location.is_some() || message.venue.is_some(), LockType::Location),
        (message.forward_origin.is_some(), LockType::Forward),
        (has_link, LockType::Url),
        (has_link, LockType::Previews),
        (texts(message).any(|text| text.chars().any(is_rtl)), LockType::Rtl),
    ]
}

fn is_media(message: &Message) -> bool {
    message.audio.is_some()
        || (message.document.is_some() && message.animation.is_none())
        || message.video.is_some()
        || message.video_note.is_some()
        || message.voice.is_some()
        || message.photo.is_some()
}

fn is_other(message: &Message) -> bool {
    message.game.is_some() || message.sticker.is_some() || message.animation.is_some()
}

fn is_message(message: &Message) -> bool {
    message.text.is_some()
        || message.contact.is_some()
        || message.location.is_some()
        || message.venue.is_some()
        || message.poll.is_some()
        || message.dice.is_some()
        || message.story.is_some()
        || message.paid_media.is_some()
        || message.checklist.is_some()
        || is_media(message)
        || is_other(message)
}

fn texts(message: &Message) -> impl Iterator<Item = &str> {
    message.text.as_deref().into_iter().chain(message.caption.as_deref())
}

fn has_link(message: &Message) -> bool {
    let entities = message.entities.iter().chain(&message.caption_entities).flatten();
    let is_link = |entity: &MessageEntity| {
        matches!(entity.type_field, MessageEntityType::Url | MessageEntityType::TextLink)
            || entity.url.is_some()
    };
    let buttons = message.reply_markup.iter().flat_map(|markup| markup.inline_keyboard.iter().flatten());
    entities.into_iter().any(is_link) || buttons.into_iter().any(|button| button.url.is_some())
}

/// Hebrew, Arabic, Syriac, Thaana, N'Ko, their presentation forms, and the marks that turn text around.
const fn is_rtl(letter: char) -> bool {
    matches!(letter,
        '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}'
        | '\u{202B}' | '\u{202E}' | '\u{2067}')
}

/// Whatever is neither typed nor sent by somebody: joins, pins, titles, voice chats.
fn is_service(message: &Message) -> bool {
    let has_content = is_message(message) || message.caption.is_some() || message.invoice.is_some();
    !has_content && message.giveaway.is_none() && message.forward_origin.is_none()
}

#[cfg(test)]
mod tests {
    use alita_dispatch::view::author;
    use serde_json::{Value, json};

    use super::*;

    fn kinds_of(extra: Value) -> Vec<&'static str> {
        let mut message = json!({
            "message_id": 1, "date": 1, "chat": {"id": -1001, "type": "supergroup", "title": "x"},
            "from": {"id": 42, "is_bot": false, "first_name": "Mallory"},
        });
        if let (Value::Object(message), Value::Object(extra)) = (&mut message, extra) {
            message.extend(extra);
        }
        let message: Message = serde_json::from_value(message).unwrap();
        kinds(&message, &author(&message)).iter().map(LockType::as_str).collect()
    }

    const FILE: &str = r#"{"file_id":"f","file_unique_id":"u"}"#;

    #[test]
    fn each_type_has_its_sample() {
        let file: Value = serde_json::from_str(FILE).unwrap();
        let sized = json!({"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1, "duration": 1});
        assert_eq!(kinds_of(json!({"text": "hello"})), ["all", "comments", "messages"]);
        assert_eq!(kinds_of(json!({"document": file})), ["all", "comments", "document", "media", "messages"]);
        assert_eq!(
            kinds_of(json!({"document": file, "animation": sized})),
            ["all", "comments", "gif", "messages", "other"]
        );
        assert_eq!(kinds_of(json!({"photo": [sized]})), ["all", "comments", "media", "messages", "photo"]);
        assert_eq!(
            kinds_of(
                json!({"pinned_message": {"message_id": 2, "date": 0, "chat": {"id": -1001, "type": "supergroup"}}})
            ),
            [""; 0]
        );
        assert_eq!(kinds_of(json!({"new_chat_title": "y"})), [""; 0]);
    }

    #[test]
    fn links_in_captions_texts_and_buttons() {
        let link = json!([{"type": "text_link", "offset": 0, "length": 2, "url": "https://x.io"}]);
        for extra in [
            json!({"text": "hi", "entities": link}),
            json!({"text": "x.io", "entities": [{"type": "url", "offset": 0, "length": 4}]}),
            json!({"text": "hi", "reply_markup": {"inline_keyboard": [[{"text": "go", "url": "https://x.io"}]]}}),
        ] {
            let kinds = kinds_of(extra.clone());
            assert!(kinds.contains(&"url") && kinds.contains(&"previews"), "{extra}");
        }
        assert!(
            !kinds_of(json!({"text": "no link", "entities": [{"type": "bold", "offset": 0, "length": 2}]}))
                .contains(&"url")
        );
    }

    #[test]
    fn right_to_left() {
        for text in ["سلام", "שלום", "abc \u{202E}def"] {
            assert!(kinds_of(json!({"text": text})).contains(&"rtl"), "{text}");
            assert!(kinds_of(json!({"caption": text, "photo": []})).contains(&"rtl"), "{text}");
        }
        assert!(!kinds_of(json!({"text": "привет, 你好, ñandú 😀"})).contains(&"rtl"));
    }

    #[test]
    fn channels() {
        let channel = json!({"id": -1009, "type": "channel", "title": "News"});
        assert!(kinds_of(json!({"text": "x", "sender_chat": channel})).contains(&"anonchannel"));
        assert_eq!(
            kinds_of(json!({"text": "x", "sender_chat": channel, "is_automatic_forward": true})),
            ["anonchannel"]
        );
        let group = json!({"id": -1001, "type": "supergroup", "title": "x"});
        assert!(!kinds_of(json!({"text": "x", "sender_chat": group})).contains(&"anonchannel"));
    }
}
