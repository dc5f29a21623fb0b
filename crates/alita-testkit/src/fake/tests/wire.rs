//! What we send, a real client library can read.

use frankenstein::types::{ChatFullInfo, ChatMember, MaybeInaccessibleMessage, Message, User};
use frankenstein::updates::{Update, UpdateContent, WebhookInfo};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Stage;
use crate::fake::{ChatKind, Draft, Media, MediaKind, Member, NewChat, NewUser, Permissions, Speaker};

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value:#}"))
}

#[tokio::test]
async fn updates_of_every_kind() {
    let stage = Stage::new().await;
    let bob =
        stage.telegram.add_user(NewUser { language_code: Some("es".to_owned()), ..NewUser::named("Bob") });
    let news = stage.telegram.add_chat(NewChat::channel("News").username("news").linked(stage.group));
    stage.telegram.set_member(news, stage.telegram.bot_id(), Member::full_administrator());
    let (telegram, group) = (&stage.telegram, stage.group);
    let first = telegram.say(group, Speaker::User(stage.ada), Draft::html("<b>x</b> @mallory https://x.org"));
    telegram.say(group, Speaker::Anonymous(stage.ada), Draft::text("/ban").reply_to(first));
    telegram.say(group, Speaker::Linked(news), Draft::text("a post"));
    telegram.say(group, Speaker::Channel { user: stage.ada, channel: news }, Draft::text("hidden"));
    telegram.say(news, Speaker::User(stage.olga), Draft::text("to the channel"));
    telegram.say(stage.ada.into(), Speaker::User(stage.ada), Draft::text("/start"));
    telegram.say(group, Speaker::User(stage.ada), Draft::text("x").forward_from(bob));
    telegram.say(group, Speaker::User(stage.ada), Draft::text("x").forward_from_hidden("X"));
    telegram.say(
        group,
        Speaker::User(stage.ada),
        Draft::text("x").forward_from_channel(news).via_bot(telegram.bot_id()),
    );
    telegram.edit(group, first, Draft::text("changed"));
    telegram.press(stage.ada, group, first, "data");
    telegram.press_inaccessible(stage.ada, group, first, "data");
    telegram.join(group, bob);
    telegram.set_rights_by(group, bob, Member::administrator(&["pin_messages"]), stage.olga);
    telegram.set_rights_by(group, bob, Member::restricted(Permissions::none()), stage.olga);
    telegram.kick_by(group, bob, stage.olga);
    telegram.pin_by(group, first, stage.ada);
    telegram.block(stage.ada);
    telegram.set_rights_by(group, telegram.bot_id(), Member::member(), stage.olga);
    telegram.raw_update(json!({"message_reaction": {
        "chat": {"id": group.get(), "type": "supergroup", "title": "x"}, "message_id": 1, "date": 1,
        "user": {"id": 1, "is_bot": false, "first_name": "x"},
        "old_reaction": [], "new_reaction": [{"type": "emoji", "emoji": "👍"}],
    }}));
    let updates = stage.updates().await;
    assert_eq!(updates.len(), 22);
    for update in &updates {
        let update: Update = read(update);
        if let UpdateContent::CallbackQuery(query) = update.content {
            assert!(matches!(query.message, Some(MaybeInaccessibleMessage::Message(_))));
        }
    }
}

#[tokio::test]
async fn members_of_every_status() {
    let stage = Stage::new().await;
    let until = 1_700_009_999;
    for (member, status) in [
        (Member::owner().title("Boss").anonymous(), "creator"),
        (Member::administrator(&["pin_messages"]).title("Helper"), "administrator"),
        (Member::member(), "member"),
        (Member::restricted(Permissions::all_but(&["send_photos"])).until(until), "restricted"),
        (Member::left(), "left"),
        (Member::banned().until(until), "kicked"),
    ] {
        stage.telegram.set_member(stage.group, stage.mallory, member);
        let record = stage.to_mallory("getChatMember", json!({})).await.expect("a record");
        assert_eq!(record["status"], status);
        let _: ChatMember = read(&record);
    }
    let list = stage.here("getChatAdministrators", json!({})).await.expect("a list");
    assert_eq!(read::<Vec<ChatMember>>(&list).len(), 3);
    for kind in [ChatKind::Group, ChatKind::Channel] {
        let chat = stage.telegram.add_chat(NewChat { kind, title: "x".to_owned(), ..NewChat::default() });
        stage.telegram.set_member(chat, stage.telegram.bot_id(), Member::full_administrator());
        let list = stage.call("getChatAdministrators", json!({"chat_id": chat.get()})).await.expect("a list");
        assert_eq!(read::<Vec<ChatMember>>(&list).len(), 1);
        let _: ChatFullInfo =
            read(&stage.call("getChat", json!({"chat_id": chat.get()})).await.expect("a chat"));
    }
}

#[tokio::test]
async fn media_of_every_kind() {
    let stage = Stage::new().await;
    let kinds = [
        "photo",
        "sticker",
        "document",
        "audio",
        "voice",
        "video",
        "video_note",
        "animation",
        "contact",
        "location",
        "venue",
        "game",
        "poll",
        "dice",
        "story",
    ];
    for word in kinds {
        let kind = MediaKind::named(word).expect("a kind");
        stage.telegram.say(
            stage.group,
            Speaker::User(stage.ada),
            Draft::text("caption").media(Media::new(kind)),
        );
        let update = stage.updates().await.pop().expect("an update");
        assert!(!update["message"][word].is_null(), "{word}");
        let _: Update = read(&update);
    }
    for (method, field) in [
        ("sendPhoto", "photo"),
        ("sendSticker", "sticker"),
        ("sendDocument", "document"),
        ("sendAudio", "audio"),
        ("sendVoice", "voice"),
        ("sendVideo", "video"),
        ("sendVideoNote", "video_note"),
        ("sendAnimation", "animation"),
    ] {
        let sent =
            stage.here(method, json!({field: format!("{field}-1"), "caption": "c"})).await.expect("sent");
        let _: Message = read(&sent);
        let has_caption = !matches!(field, "sticker" | "video_note");
        assert_eq!(sent["caption"].is_string(), has_caption, "{method}");
    }
    assert!(stage.here("sendDice", json!({})).await.is_ok());
    assert!(stage.here("sendChatAction", json!({"action": "typing"})).await.is_ok());
}

#[tokio::test]
async fn the_bot_and_its_chats() {
    let stage = Stage::new().await;
    let me: User = read(&stage.call("getMe", json!({})).await.expect("me"));
    assert_eq!(me.username.as_deref(), Some(stage.telegram.bot_username()));
    assert!(crate::FakeTelegram::TOKEN.starts_with(&format!("{}:", me.id)));
    let _: ChatFullInfo = read(&stage.here("getChat", json!({})).await.expect("a chat"));
    let private = stage.call("getChat", json!({"chat_id": stage.ada.get()})).await.expect("a chat");
    let _: ChatFullInfo = read(&private);
    let _: WebhookInfo = read(&stage.call("getWebhookInfo", json!({})).await.expect("info"));
    let sent: Message = read(&stage.sent("x").await);
    assert_eq!(sent.from.map(|from| from.id), Some(me.id));
}
