//! Topics of forums, and threads of replies elsewhere.

use serde_json::{Value, json};

use super::{Stage, bad};
use crate::fake::{Draft, Member, NewChat, Speaker};

#[tokio::test]
async fn a_topic_is_known_once_somebody_wrote_there() {
    let stage = Stage::new().await;
    let forum = stage.telegram.add_chat(NewChat::supergroup("Forum").forum());
    stage.telegram.set_member(forum, stage.telegram.bot_id(), Member::administrator(&["pin_messages"]));
    stage.telegram.set_member(forum, stage.ada, Member::owner());
    let asked = stage.telegram.say(forum, Speaker::User(stage.ada), Draft::text("/id").thread(77));
    let update = stage.updates().await[0]["message"].clone();
    assert_eq!((&update["message_thread_id"], &update["is_topic_message"]), (&json!(77), &json!(true)));
    assert!(update["reply_to_message"]["forum_topic_created"].is_object());
    let send = async |params: Value| {
        let mut params = params;
        params["chat_id"] = forum.get().into();
        params["text"] = "x".into();
        stage.call("sendMessage", params).await
    };
    let answer = send(json!({"reply_parameters": {"message_id": asked.get()}})).await.expect("sent");
    assert_eq!((&answer["message_thread_id"], &answer["is_topic_message"]), (&json!(77), &json!(true)));
    assert_eq!(send(json!({"message_thread_id": 77})).await.expect("sent")["message_thread_id"], 77);
    assert_eq!(send(json!({"message_thread_id": 78})).await, bad("message thread not found"));
    assert_eq!(send(json!({})).await.expect("in General")["message_thread_id"], Value::Null);
    stage.telegram.close_topic(forum, 77, true);
    assert_eq!(send(json!({"message_thread_id": 77})).await, bad("TOPIC_CLOSED"));
    assert!(stage.telegram.messages(forum).iter().any(|message| message["message_id"] == 77));
}

#[tokio::test]
async fn replies_elsewhere_carry_a_thread_that_nobody_may_use() {
    let stage = Stage::new().await;
    let root = stage.says(stage.mallory, "root");
    let reply = Draft::text("reply").reply_to(root);
    let reply = stage.telegram.say(stage.group, Speaker::User(stage.ada), reply);
    let seen = stage.telegram.message(stage.group, reply).expect("there");
    assert_eq!((&seen["message_thread_id"], &seen["is_topic_message"]), (&json!(root.get()), &Value::Null));
    let sent = stage.here("sendMessage", json!({"text": "x", "message_thread_id": root.get()})).await;
    assert_eq!(sent, bad("message thread not found"));
}
