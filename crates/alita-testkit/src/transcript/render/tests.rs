use alita_model::{ChatId, UserId};
use serde_json::json;

use super::*;

const CHAT: i64 = -1001;
const NOW: i64 = 1_767_614_400;

struct Desk {
    scene: Scene,
    board: Board,
    moment: Moment,
    shows: Shows,
    presses: BTreeMap<String, i64>,
}

impl Desk {
    fn new() -> Self {
        let mut scene = Scene::new(UserId::new(777));
        for (name, id) in [("Ada", 42), ("Mallory", 43), ("Tom <b>", 44)] {
            scene.name_person(name, UserId::new(id));
        }
        scene.name_chat("Rust Tea", ChatId::new(CHAT));
        scene.name_chat("News", ChatId::new(-1002));
        let mut board = Board::default();
        for (id, from, text) in
            [(1, 43, "buy my coins"), (2, 777, "Sure?"), (3, 43, "please"), (4, 42, "/warn")]
        {
            board.note(&json!({"message_id": id, "chat": {"id": CHAT}, "from": {"id": from}, "text": text}));
        }
        let moment = Moment { chat: CHAT, message: Some(4), actor: Some(42), ..Moment::default() };
        Self {
            scene,
            board,
            moment,
            shows: Shows::default(),
            presses: BTreeMap::from([("cb".to_owned(), 43)]),
        }
    }

    fn tell(&mut self, method: &str, params: Value, outcome: Result<Value, &str>) -> String {
        let did = Did {
            method: method.to_owned(),
            params,
            outcome: outcome.map_err(str::to_owned),
            was_told: true,
        };
        let mut renderer = Renderer {
            scene: &self.scene,
            board: &mut self.board,
            moment: &self.moment,
            shows: self.shows,
            now: NOW,
            presses: &self.presses,
        };
        renderer.call(&did).join("\n")
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is nicer to write json!({..}) than &json!({..})")]
fn message(id: i64, text: &str, more: Value) -> Value {
    let mut message = json!({"message_id": id, "chat": {"id": CHAT}, "from": {"id": 777}, "text": text});
    for (key, value) in more.as_object().into_iter().flatten() {
        message[key] = value.clone();
    }
    message
}

#[test]
fn effects_tell_whom_they_hit_and_how() {
    let all = |allowed: bool| -> Value {
        effects::PERMISSIONS
            .iter()
            .map(|name| (format!("can_{name}"), Value::from(allowed)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let table = [
        (
            "restrictChatMember",
            json!({"user_id": 43, "permissions": all(false)}),
            "! restrictChatMember Mallory muted",
        ),
        (
            "restrictChatMember",
            json!({"user_id": 43, "permissions": all(true).to_string(), "until_date": NOW + 600}),
            "! restrictChatMember Mallory all allowed until +600s",
        ),
        (
            "restrictChatMember",
            json!({"user_id": 43, "permissions": {"can_send_messages": true}}),
            "! restrictChatMember Mallory only send_messages",
        ),
        (
            "banChatMember",
            json!({"user_id": 44, "revoke_messages": true}),
            "! banChatMember \"Tom <b>\" revoke_messages",
        ),
        (
            "unbanChatMember",
            json!({"user_id": 43, "only_if_banned": true}),
            "! unbanChatMember Mallory only if banned",
        ),
        ("unbanChatMember", json!({"user_id": 99, "only_if_banned": false}), "! unbanChatMember user 99"),
        ("deleteMessage", json!({"message_id": 1}), "! deleteMessage Mallory \"buy my coins\""),
        ("deleteMessage", json!({"message_id": 99}), "! deleteMessage message 99"),
        (
            "deleteMessages",
            json!({"message_ids": [3, 4]}),
            "! deleteMessages\n    Mallory \"please\"\n    Ada \"/warn\"",
        ),
        (
            "promoteChatMember",
            json!({"user_id": 43, "can_pin_messages": true, "can_delete_messages": false}),
            "! promoteChatMember Mallory pin_messages",
        ),
        (
            "promoteChatMember",
            json!({"user_id": 43, "can_pin_messages": false}),
            "! promoteChatMember Mallory nothing",
        ),
        (
            "setChatAdministratorCustomTitle",
            json!({"user_id": 43, "custom_title": "x"}),
            "! setChatAdministratorCustomTitle Mallory \"x\"",
        ),
        ("banChatSenderChat", json!({"sender_chat_id": -1002}), "! banChatSenderChat \"News\""),
        ("leaveChat", json!({"chat_id": -1002}), "! leaveChat in \"News\""),
        (
            "pinChatMessage",
            json!({"message_id": 2, "disable_notification": true}),
            "! pinChatMessage Alita \"Sure?\" disable_notification",
        ),
    ];
    let mut desk = Desk::new();
    for (method, mut params, told) in table {
        if params["chat_id"].is_null() {
            params["chat_id"] = CHAT.into();
        }
        assert_eq!(desk.tell(method, params, Ok(true.into())), format!("  {told}"));
    }
    let refused =
        desk.tell("banChatMember", json!({"chat_id": CHAT, "user_id": 43}), Err("400 not enough rights"));
    assert_eq!(refused, "  ! banChatMember Mallory -> 400 not enough rights");
}

#[test]
fn messages_tell_what_they_answer_and_what_is_unusual() {
    let mut desk = Desk::new();
    let html = json!({"chat_id": CHAT, "parse_mode": "HTML"});
    let reply = |id: i64| json!({"reply_to_message": {"message_id": id}});
    let answering = json!({"chat_id": CHAT, "parse_mode": "HTML", "reply_parameters": {"message_id": 1}});
    let mut sent = |more: Value, params: &Value| {
        desk.tell("sendMessage", params.clone(), Ok(message(9, "one\n\ntwo", more)))
    };
    assert_eq!(sent(reply(4), &answering), "  Alita: one\n\n    two");
    assert_eq!(sent(reply(3), &answering), "  Alita (to Mallory): one\n\n    two");
    assert_eq!(sent(reply(1), &answering), "  Alita (to Mallory \"buy my coins\"): one\n\n    two");
    assert_eq!(sent(json!({}), &html), "  Alita says: one\n\n    two");
    let odd = json!({"chat_id": CHAT, "disable_notification": true, "protect_content": true, "reply_markup":
        {"inline_keyboard": [[{"text": "A", "callback_data": "a|b"}, {"text": "B", "url": "https://b"}], [{"text": "C", "web_app": {}}]]}});
    assert_eq!(
        sent(json!({"message_thread_id": 77, "is_topic_message": true, "entities": [{"type": "url"}]}), &odd),
        "  Alita says: one\n\n    two {plain} {silent} {protected} {preview} {topic 77}\n    [A] [B](https://b)\n    [C](web_app)"
    );
    let private = json!({"chat": {"id": 43}});
    assert_eq!(sent(private, &html), "  Alita to Mallory in private: one\n\n    two");
    assert_eq!(sent(json!({"chat": {"id": -1002}}), &html), "  Alita in \"News\": one\n\n    two");

    let params = json!({"chat_id": CHAT, "text": "a &lt; <b>b</b>", "parse_mode": "HTML", "reply_parameters": "{\"message_id\": 4}"});
    assert_eq!(
        desk.tell("sendMessage", params, Err("400 chat not found")),
        "  Alita: a < b -> 400 chat not found"
    );
    let photo = json!({"message_id": 9, "chat": {"id": CHAT}, "photo": [{"file_id": "small"}, {"file_id": "photo-1"}]});
    assert_eq!(desk.tell("sendPhoto", html.clone(), Ok(photo)), "  Alita says: [photo photo-1]");
    let removal = json!({"chat_id": CHAT, "parse_mode": "HTML", "reply_markup": {"remove_keyboard": true}});
    assert_eq!(
        desk.tell("sendMessage", removal, Ok(message(10, "x", json!({})))),
        "  Alita says: x\n    [keyboard removed]"
    );
}

#[test]
fn formatting_data_and_calls_are_shown_on_demand() {
    let mut desk = Desk::new();
    let bold = json!({"entities": [{"type": "bold", "offset": 0, "length": 1}]});
    let params = json!({"chat_id": CHAT, "parse_mode": "HTML", "reply_markup": {"inline_keyboard": [[{"text": "A", "callback_data": "a|b"}]]}});
    assert_eq!(desk.tell("getChatMember", json!({"chat_id": CHAT, "user_id": 43}), Ok(json!({}))), "");
    desk.shows = Shows { calls: true, formatting: true, data: true };
    assert_eq!(
        desk.tell("sendMessage", params, Ok(message(9, "x<y", bold))),
        "  Alita says: <b>x</b>&lt;y\n    [A](data a|b)"
    );
    assert_eq!(
        desk.tell("getChatMember", json!({"chat_id": CHAT, "user_id": 43}), Ok(json!({}))),
        "  ! getChatMember Mallory"
    );
    assert_eq!(desk.tell("getUpdates", json!({}), Ok(json!([]))), "");
}

#[test]
fn edits_and_answers_name_what_is_not_the_pressed_message() {
    let mut desk = Desk::new();
    let html = json!({"chat_id": CHAT, "parse_mode": "HTML"});
    desk.board.note(&message(5, "other", json!({})));
    desk.moment = Moment { chat: CHAT, on: Some(2), actor: Some(42), ..Moment::default() };
    assert_eq!(
        desk.tell("editMessageText", html.clone(), Ok(message(2, "Done", json!({})))),
        "  Alita edits: Done"
    );
    assert_eq!(
        desk.tell("editMessageText", html, Ok(message(5, "Done", json!({})))),
        "  Alita edits \"other\": Done"
    );
    let buttons = json!({"chat_id": CHAT, "message_id": 2, "reply_markup": {"inline_keyboard": [[{"text": "A", "url": "x"}]]}});
    assert_eq!(
        desk.tell("editMessageReplyMarkup", buttons, Ok(message(2, "Done", json!({})))),
        "  Alita edits the buttons:\n    [A](x)"
    );

    let answer =
        |text: &str, alert: bool| json!({"callback_query_id": "cb", "text": text, "show_alert": alert});
    assert_eq!(
        desk.tell("answerCallbackQuery", answer("hi", false), Ok(true.into())),
        "  Alita answers Mallory: hi"
    );
    desk.moment.actor = Some(43);
    assert_eq!(desk.tell("answerCallbackQuery", answer("hi", true), Ok(true.into())), "  Alita alerts: hi");
    assert_eq!(desk.tell("answerCallbackQuery", answer("", false), Ok(true.into())), "");
}
