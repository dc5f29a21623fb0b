//! What is kept of which message.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn message(fields: Value) -> Message {
    let mut message =
        json!({"message_id": 5, "date": 1, "chat": {"id": -1001, "type": "supergroup", "title": "T"}});
    if let (Value::Object(message), Value::Object(fields)) = (&mut message, fields) {
        message.extend(fields);
    }
    serde_json::from_value(message).unwrap()
}

/// `/save a ..` with these fields, in reply to that.
fn save(fields: Value, replied: Option<Value>) -> Result<Captured, Refused> {
    let replied = replied.map(message);
    let message = message(fields);
    let words = Words::of(&message);
    read(&message, replied.as_ref(), &words, "/save a".len(), "a")
}

fn photo() -> Value {
    let size =
        |id: &str, width: u32| json!({"file_id": id, "file_unique_id": id, "width": width, "height": 10});
    json!([size("small", 90), size("large", 1280), size("middle", 320)])
}

#[test]
fn line_breaks_and_marks_are_kept() {
    let Captured { content, .. } = save(json!({"text": "/save a x\ny *z*"}), None).unwrap();
    assert_eq!(content.html, "x\ny <b>z</b>");
    assert_eq!((content.kind, content.file_id.as_str()), (ContentKind::Text, ""));
    let Captured { content, .. } = save(json!({"text": "/save a\nx"}), None).unwrap();
    assert_eq!(content.html, "x");
}

#[test]
fn formatting_of_the_app_moves_with_the_text() {
    let entity =
        |kind: &str, offset: u16, length: u16| json!({"type": kind, "offset": offset, "length": length});
    let text = "/save a 😀 bold and *typed*";
    let sent = json!({"text": text, "entities": [entity("bot_command", 0, 5), entity("italic", 11, 4)]});
    assert_eq!(save(sent, None).unwrap().content.html, "😀 <i>bold</i> and <b>typed</b>");
    let sent = json!({"text": "/save a bold", "entities": [entity("bold", 6, 6)]});
    assert_eq!(save(sent, None).unwrap().content.html, "<b>bold</b>", "it began in the name");
}

#[test]
fn a_caption_keeps_its_own_largest_photo() {
    let Captured { content, .. } = save(json!({"caption": "/save a hi", "photo": photo()}), None).unwrap();
    assert_eq!(
        (content.kind, content.file_id.as_str(), content.html.as_str()),
        (ContentKind::Photo, "large", "hi")
    );
    let Captured { content, .. } = save(json!({"caption": "/save a", "photo": photo()}), None).unwrap();
    assert_eq!((content.kind, content.html.as_str()), (ContentKind::Photo, ""));
}

#[test]
fn a_reply_keeps_the_other_message() {
    let entities = json!([{"type": "bold", "offset": 0, "length": 2}]);
    let other = json!({"caption": "hi there", "caption_entities": entities, "photo": photo()});
    let bare = save(json!({"text": "/save a"}), Some(other.clone())).unwrap().content;
    assert_eq!(
        (bare.kind, bare.file_id.as_str(), bare.html.as_str()),
        (ContentKind::Photo, "large", "<b>hi</b> there")
    );
    let with_text = save(json!({"text": "/save a other words"}), Some(other)).unwrap().content;
    assert_eq!((with_text.kind, with_text.html.as_str()), (ContentKind::Photo, "other words"));
    let text = save(json!({"text": "/save a other words"}), Some(json!({"text": "hi"}))).unwrap().content;
    assert_eq!((text.kind, text.html.as_str()), (ContentKind::Text, "other words"));
}

#[test]
fn every_kind_of_file() {
    let file = |more: Value| {
        let mut file = json!({"file_id": "f", "file_unique_id": "f"});
        if let (Value::Object(file), Value::Object(more)) = (&mut file, more) {
            file.extend(more);
        }
        file
    };
    let size = json!({"width": 1, "height": 1, "duration": 1});
    let sticker =
        json!({"type": "regular", "width": 1, "height": 1, "is_animated": false, "is_video": false});
    for (kind, fields) in [
        (ContentKind::Sticker, json!({"sticker": file(sticker)})),
        (ContentKind::Document, json!({"document": file(json!({}))})),
        (ContentKind::Document, json!({"animation": file(size.clone()), "document": file(json!({}))})),
        (ContentKind::Document, json!({"animation": file(size.clone())})),
        (ContentKind::Audio, json!({"audio": file(json!({"duration": 1}))})),
        (ContentKind::Voice, json!({"voice": file(json!({"duration": 1}))})),
        (ContentKind::Video, json!({"video": file(size)})),
        (ContentKind::VideoNote, json!({"video_note": file(json!({"length": 1, "duration": 1}))})),
    ] {
        let content = save(json!({"text": "/save a"}), Some(fields)).unwrap().content;
        assert_eq!((content.kind, content.file_id.as_str()), (kind, "f"));
    }
}

#[test]
fn links_under_the_other_message_are_copied() {
    let keyboard = json!({"inline_keyboard": [
        [{"text": "press", "callback_data": "x"}, {"text": "A", "url": "https://a.io"}, {"text": "B", "url": "https://b.io"}],
        [{"text": "C", "url": "https://c.io"}],
    ]});
    let other = json!({"text": "hi [X](buttonurl://x.io)", "reply_markup": keyboard});
    let content = save(json!({"text": "/save a"}), Some(other)).unwrap().content;
    let buttons: Vec<_> =
        content.buttons.iter().map(|button| (button.name.as_str(), button.same_row)).collect();
    assert_eq!(buttons, [("A", false), ("B", true), ("C", false)]);
    assert_eq!(content.html, "hi");
}

#[test]
fn buttons_without_a_label_get_the_name() {
    let captured =
        save(json!({"text": "/save a x [](buttonurl://a.io) [B](buttonurl:ftp://b.io)"}), None).unwrap();
    assert_eq!(captured.content.buttons[0].name, "a");
    assert_eq!(captured.remarks.dropped_buttons[0].url, "ftp://b.io");
}

#[test]
fn flags_are_read_and_stay() {
    let captured = save(json!({"text": "/save a {protect}{nonotif} t"}), None).unwrap();
    assert!(captured.flags.is_protected && captured.flags.is_silent && !captured.flags.has_preview);
    assert_eq!(captured.content.html, "{protect}{nonotif} t");
    let captured = save(json!({"text": "/save a {private}{noprivate} t"}), None).unwrap();
    assert!(!captured.flags.is_private_only && !captured.flags.is_group_only);
    assert!(captured.remarks.has_private_conflict);
}

#[test]
fn what_cannot_be_kept() {
    for text in
        ["/save a", "/save a {private}", "/save a [A](buttonurl://a.io)", "/save a %%% ", "/save a {rules}"]
    {
        assert_eq!(save(json!({"text": text}), None), Err(Refused::Nothing), "{text}");
    }
    let dice = json!({"dice": {"emoji": "🎲", "value": 3}});
    assert_eq!(save(json!({"text": "/save a"}), Some(dice.clone())), Err(Refused::Unsupported));
    assert_eq!(save(json!({"text": "/save a words"}), Some(dice)).unwrap().content.html, "words");
}

#[test]
fn lengths_are_those_that_people_see() {
    let text = format!("/save a *{}*", "x".repeat(4096));
    assert!(save(json!({ "text": text }), None).is_ok());
    let text = format!("/save a {}", "😀".repeat(2049));
    assert_eq!(save(json!({ "text": text }), None), Err(Refused::TooLong { length: 4098, limit: 4096 }));
    let caption = json!({"caption": format!("/save a {}", "x".repeat(1025)), "photo": photo()});
    assert_eq!(save(caption, None), Err(Refused::TooLong { length: 1025, limit: 1024 }));
    let variants = json!({"text": format!("/save a {}%%%{}", "x".repeat(4000), "y".repeat(4000))});
    assert!(save(variants, None).is_ok());
}

proptest! {
    /// Whatever stands before it, an entity covers the same words after it was moved.
    #[test]
    fn entities_cover_the_same_words(before in "[a-zé😀 ]{0,12}", word in "[a-zé😀]{1,8}", after in "\\PC{0,12}") {
        let text = format!("/save {before}\n{word}{after}");
        let begin = text.len() - word.len() - after.len();
        let offset = alita_markup::utf16::len(text.get(..begin).unwrap());
        let entity = json!({"type": "bold", "offset": offset, "length": alita_markup::utf16::len(&word)});
        let words = Words::of(&message(json!({"text": text, "entities": [entity]})));
        let (left, moved) = entities::from_byte(&words, begin);
        prop_assert_eq!(moved[0].text(left), Some(word.as_str()));
    }

    #[test]
    fn no_message_makes_it_panic(text in "\\PC{0,40}", begin in 0_usize..60, offset in 0_u16..60, length in 0_u16..60) {
        let entities = json!([{"type": "text_link", "offset": offset, "length": length, "url": "a.io"}]);
        let message = message(json!({"text": text, "entities": entities}));
        let words = Words::of(&message);
        if text.is_char_boundary(begin) {
            let _ = read(&message, None, &words, begin, "a");
        }
    }
}
