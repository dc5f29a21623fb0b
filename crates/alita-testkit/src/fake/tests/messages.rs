//! Sending, editing, deleting, copying, and the shape of texts.

use serde_json::{Value, json};

use super::{Stage, bad, yes};
use crate::fake::{Draft, Media, Speaker};

#[tokio::test]
async fn the_token_and_the_method_must_be_known() {
    let stage = Stage::new().await;
    assert_eq!(stage.call("makeTea", json!({})).await, Err("404 Not Found: method not found".to_owned()));
    let url = format!("{}/bot1:wrong/getMe", stage.telegram.base_url());
    let body = stage.post_to(&url, "application/json", "").await.expect("an answer");
    assert_eq!(&body[..], br#"{"description":"Unauthorized","error_code":401,"ok":false}"#);
    assert_eq!(stage.call("GETME", json!({})).await.expect("me")["username"], "AlitaBot");
}

#[tokio::test]
async fn texts_are_measured_in_utf16_after_the_entities() {
    let stage = Stage::new().await;
    let send =
        async |text: String| stage.here("sendMessage", json!({"text": text, "parse_mode": "HTML"})).await;
    assert_eq!(send(" \n ".to_owned()).await, bad("message text is empty"));
    assert_eq!(send("<b></b>".to_owned()).await, bad("message text is empty"));
    assert!(send(format!("<b>{}</b>", "x".repeat(4096))).await.is_ok());
    assert!(send("😀".repeat(2048)).await.is_ok());
    assert_eq!(send("😀".repeat(2049)).await, bad("message is too long"));
    let caption = json!({"photo": "photo-1", "caption": "x".repeat(1025)});
    assert_eq!(stage.here("sendPhoto", caption).await, bad("message caption is too long"));
}

#[tokio::test]
async fn html_is_read_strictly() {
    let stage = Stage::new().await;
    for (html, error) in [
        ("<b>x", "Can't find end tag corresponding to start tag \"b\""),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", "Unmatched end tag at byte offset 4, expected \"</b>\", found \"</i>\""),
        ("1 < 2", "Unsupported start tag \"\" at byte offset 2"),
        ("a <script>", "Unsupported start tag \"script\" at byte offset 2"),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0"),
        (
            "<a href>x</a>",
            "Expected equal sign in declaration of an attribute of the tag \"a\" at byte offset 0",
        ),
        ("<br/>", "Unsupported start tag \"br/\" at byte offset 0"),
    ] {
        let sent = stage.here("sendMessage", json!({"text": html, "parse_mode": "HTML"})).await;
        assert_eq!(sent, bad(&format!("can't parse entities: {error}")), "{html}");
        // Without a parse mode the same is plain text.
        assert_eq!(stage.sent(html).await["text"], html);
    }
    assert_eq!(
        stage.here("sendMessage", json!({"text": "x", "parse_mode": "Latex"})).await,
        bad("unsupported parse_mode")
    );
}

#[tokio::test]
async fn html_becomes_entities_in_utf16() {
    let stage = Stage::new().await;
    let html = format!(
        "😀 <b>a&lt;<i>b</i></b> <a href=\"tg://user?id={}\">M</a> <a href='https://Example.org'>l</a> \
         <pre><code class=\"language-rust\">x /no</code></pre> <blockquote expandable>q</blockquote> &nbsp; &#65;",
        stage.mallory
    );
    let sent = stage.here("sendMessage", json!({"text": html, "parse_mode": "HTML"})).await.expect("sent");
    assert_eq!(sent["text"], "😀 a<b M l x /no q &nbsp; A");
    let entities = sent["entities"].as_array().expect("entities");
    let short: Vec<_> = entities
        .iter()
        .map(|entity| {
            (
                entity["type"].as_str().unwrap_or_default(),
                entity["offset"].as_u64(),
                entity["length"].as_u64(),
            )
        })
        .collect();
    assert_eq!(
        short,
        [
            ("bold", Some(3), Some(3)),
            ("italic", Some(5), Some(1)),
            ("text_mention", Some(7), Some(1)),
            ("text_link", Some(9), Some(1)),
            ("pre", Some(11), Some(5)),
            ("expandable_blockquote", Some(17), Some(1)),
        ]
    );
    assert_eq!(entities[2]["user"]["first_name"], "Mallory");
    assert_eq!(entities[3]["url"], "https://example.org/");
    assert_eq!(entities[4]["language"], "rust");
}

#[tokio::test]
async fn plain_text_shows_its_own_entities() {
    let stage = Stage::new().await;
    let text =
        "😀 /ban@AlitaBot @mallory #tea see https://rust-lang.org/x). mail a@b.org or t.me/tea 1/2 a#b x@y";
    let id = stage.says(stage.ada, text);
    let message = stage.telegram.message(stage.group, id).expect("there");
    let utf16: Vec<u16> = text.encode_utf16().collect();
    let found: Vec<(String, String)> = message["entities"]
        .as_array()
        .expect("entities")
        .iter()
        .map(|entity| {
            let number =
                |name: &str| usize::try_from(entity[name].as_u64().unwrap_or_default()).unwrap_or_default();
            let span = &utf16[number("offset")..number("offset") + number("length")];
            (entity["type"].as_str().unwrap_or_default().to_owned(), String::from_utf16_lossy(span))
        })
        .collect();
    let found: Vec<(&str, &str)> = found.iter().map(|(kind, text)| (kind.as_str(), text.as_str())).collect();
    assert_eq!(
        found,
        [
            ("bot_command", "/ban@AlitaBot"),
            ("mention", "@mallory"),
            ("hashtag", "#tea"),
            ("url", "https://rust-lang.org/x"),
            ("email", "a@b.org"),
            ("url", "t.me/tea"),
        ]
    );
}

#[tokio::test]
async fn given_entities_must_fit_the_text() {
    let stage = Stage::new().await;
    let send = async |text: &str, offset: i64, length: i64| {
        let entities = json!([{"type": "bold", "offset": offset, "length": length}]);
        stage.here("sendMessage", json!({"text": text, "entities": entities})).await
    };
    assert_eq!(send("  abc ", 2, 3).await.expect("sent")["entities"][0]["offset"], 0);
    assert_eq!(
        send("abc", 1, 3).await,
        bad("entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 3")
    );
    let split = send("😀", 0, 1).await;
    assert!(split.is_err_and(|error| error.contains("in a middle of a UTF-16 symbol")));
}

#[tokio::test]
async fn a_reply_needs_its_message() {
    let stage = Stage::new().await;
    let asked = stage.says(stage.mallory, "tea?");
    let reply = |id: i32, lenient: bool| json!({"text": "x", "reply_parameters": {"message_id": id, "allow_sending_without_reply": lenient}});
    let sent = stage.here("sendMessage", reply(asked.get(), false)).await.expect("sent");
    assert_eq!(sent["reply_to_message"]["text"], "tea?");
    assert_eq!(stage.here("sendMessage", reply(999, false)).await, bad("message to be replied not found"));
    let sent = stage.here("sendMessage", reply(999, true)).await.expect("sent");
    assert_eq!(sent["reply_to_message"], Value::Null);
}

#[tokio::test]
async fn buttons_are_checked() {
    let stage = Stage::new().await;
    let send = async |button: Value| {
        stage.here("sendMessage", json!({"text": "x", "reply_markup": {"inline_keyboard": [[button]]}})).await
    };
    assert!(send(json!({"text": "a", "callback_data": "x".repeat(64)})).await.is_ok());
    assert_eq!(send(json!({"text": "a", "callback_data": "é".repeat(33)})).await, bad("BUTTON_DATA_INVALID"));
    assert_eq!(send(json!({"text": "a", "url": "http://"})).await, bad("BUTTON_URL_INVALID"));
    assert_eq!(send(json!({"text": "a", "url": "javascript:x"})).await, bad("BUTTON_URL_INVALID"));
    assert!(send(json!({"text": "a", "url": "https://t.me/AlitaBot?start=x"})).await.is_ok());
    assert!(send(json!({"text": "a", "url": "tg://user?id=42"})).await.is_ok());
    assert_eq!(send(json!({"text": " ", "callback_data": "x"})).await, bad("BUTTON_TEXT_INVALID"));
    assert!(send(json!({"text": "a"})).await.is_err());
    assert_eq!(stage.telegram.faults_seen().len(), 1, "too much data is remembered");
    let markup = json!({"text": "x", "reply_markup": "{\"inline_keyboard\":[[{\"text\":\"a\",\"callback_data\":\"b\"}]]}"});
    let sent = stage.here("sendMessage", markup).await.expect("markup as text");
    assert_eq!(sent["reply_markup"]["inline_keyboard"][0][0]["callback_data"], "b");
    assert!(
        stage
            .here("sendMessage", json!({"text": "x", "reply_markup": {"remove_keyboard": true}}))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn an_edit_must_change_something_of_ones_own() {
    let stage = Stage::new().await;
    let buttons = json!({"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]});
    let sent =
        stage.here("sendMessage", json!({"text": "one", "reply_markup": buttons})).await.expect("sent");
    let id = &sent["message_id"];
    let edit = async |params: Value| stage.here("editMessageText", params).await;
    let same = json!({"message_id": id, "text": "<b></b>one", "parse_mode": "HTML", "reply_markup": buttons});
    let not_modified = "message is not modified: specified new message content and reply markup are exactly the \
                        same as a current content and reply markup of the message";
    assert_eq!(edit(same).await, bad(not_modified));
    let edited = edit(json!({"message_id": id, "text": "one"})).await.expect("the buttons went");
    assert_eq!(edited["reply_markup"], Value::Null);
    assert_eq!(edit(json!({"message_id": 999, "text": "x"})).await, bad("message to edit not found"));
    let hers = stage.says(stage.ada, "mine");
    assert_eq!(edit(json!({"message_id": hers.get(), "text": "x"})).await, bad("message can't be edited"));
    let photo = stage.here("sendPhoto", json!({"photo": "photo-1", "caption": "c"})).await.expect("sent");
    let id = &photo["message_id"];
    assert_eq!(
        edit(json!({"message_id": id, "text": "x"})).await,
        bad("there is no text in the message to edit")
    );
    let edited =
        stage.here("editMessageCaption", json!({"message_id": id, "caption": "d"})).await.expect("edited");
    assert_eq!(edited["caption"], "d");
    let markup = json!({"message_id": id, "reply_markup": buttons});
    assert!(stage.here("editMessageReplyMarkup", markup).await.is_ok());
}

#[tokio::test]
async fn deleting_needs_a_message_and_for_others_the_right() {
    let stage = Stage::with(crate::fake::Member::administrator(&["restrict_members"])).await;
    let hers = stage.says(stage.mallory, "spam");
    let own = stage.sent("x").await;
    let delete = async |id: Value| stage.here("deleteMessage", json!({"message_id": id})).await;
    assert_eq!(delete(own["message_id"].clone()).await, yes());
    assert_eq!(delete(own["message_id"].clone()).await, bad("message to delete not found"));
    assert_eq!(delete(hers.get().into()).await, bad("message can't be deleted"));
    stage.telegram.set_member(
        stage.group,
        stage.telegram.bot_id(),
        crate::fake::Member::full_administrator(),
    );
    let both = json!({"message_ids": [hers.get(), 999]});
    assert_eq!(stage.here("deleteMessages", both).await, yes());
    assert_eq!(stage.telegram.message(stage.group, hers), None);
    let many: Vec<i32> = (1..=101).collect();
    assert_eq!(
        stage.here("deleteMessages", json!({"message_ids": many})).await,
        bad("too many message identifiers specified")
    );
    // After two days an own message stays, unless the right is there.
    stage.telegram.set_member(stage.group, stage.telegram.bot_id(), crate::fake::Member::member());
    let own = stage.sent("y").await;
    stage.turn(48 * 3600);
    assert_eq!(delete(own["message_id"].clone()).await, bad("message can't be deleted"));
}

#[tokio::test]
async fn copies_and_forwards_take_the_content() {
    let stage = Stage::new().await;
    let draft = Draft::html("<b>cat</b>").media(Media::photo().file("photo-7"));
    let photo = stage.telegram.say(stage.group, Speaker::User(stage.mallory), draft);
    let from = |id: i32| json!({"from_chat_id": stage.group.get(), "message_id": id});
    let forwarded = stage.here("forwardMessage", from(photo.get())).await.expect("forwarded");
    assert_eq!(forwarded["forward_origin"]["sender_user"]["id"], stage.mallory.get());
    assert_eq!(forwarded["caption"], "cat");
    assert_eq!(forwarded["photo"][1]["file_id"], "photo-7");
    let copied = stage.here("copyMessage", from(photo.get())).await.expect("copied");
    let copy = stage.telegram.messages(stage.group).pop().expect("the copy");
    assert_eq!(copied, json!({"message_id": copy["message_id"]}));
    assert_eq!(copy["forward_origin"], Value::Null);
    assert_eq!(copy["from"]["id"], stage.telegram.bot_id().get());
    assert_eq!(stage.here("copyMessage", from(999)).await, bad("message to copy not found"));
    assert_eq!(stage.here("forwardMessage", from(999)).await, bad("message to forward not found"));
}

#[tokio::test]
async fn files_are_of_one_kind() {
    let stage = Stage::new().await;
    let send = async |method: &str, field: &str, id: &str| stage.here(method, json!({field: id})).await;
    assert!(send("sendSticker", "sticker", "sticker-5").await.is_ok());
    assert_eq!(
        send("sendDocument", "document", "photo-1").await,
        bad("can't use file of type Photo as Document")
    );
    assert_eq!(send("sendPhoto", "photo", "nonsense").await, bad("wrong file identifier/HTTP URL specified"));
    stage.telegram.say(
        stage.group,
        Speaker::User(stage.ada),
        Draft::text("").media(Media::photo().file("file-7")),
    );
    let photo = send("sendPhoto", "photo", "file-7").await.expect("seen before");
    assert_eq!(photo["photo"][1]["file_id"], "file-7");
    let gif = send("sendAnimation", "animation", "https://example.org/a.gif").await.expect("by address");
    assert_eq!(gif["animation"]["file_id"], gif["document"]["file_id"]);
    let file = stage.call("getFile", json!({"file_id": "file-7"})).await.expect("a file");
    assert_eq!(file["file_path"], "files/file-7");
    assert_eq!(stage.call("getFile", json!({"file_id": "nonsense"})).await, bad("invalid file_id"));
}

#[tokio::test]
async fn private_chats_begin_with_the_person() {
    let stage = Stage::new().await;
    let send =
        async || stage.call("sendMessage", json!({"chat_id": stage.mallory.get(), "text": "hi"})).await;
    assert_eq!(send().await, Err("403 Forbidden: bot can't initiate conversation with a user".to_owned()));
    stage.telegram.say(stage.mallory.into(), Speaker::User(stage.mallory), "/start");
    assert_eq!(send().await.expect("sent")["chat"]["type"], "private");
    stage.telegram.block(stage.mallory);
    assert_eq!(send().await, Err("403 Forbidden: bot was blocked by the user".to_owned()));
    assert_eq!(stage.call("sendMessage", json!({"chat_id": 5, "text": "x"})).await, bad("chat not found"));
    assert_eq!(stage.call("sendMessage", json!({"text": "x"})).await, bad("chat_id is empty"));
}
