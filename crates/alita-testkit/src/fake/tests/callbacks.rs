//! Pressed buttons.

use alita_model::MessageId;
use serde_json::{Value, json};

use super::{Stage, bad, yes};

const TOO_OLD: &str = "query is too old and response timeout expired or query ID is invalid";

#[tokio::test]
async fn a_press_is_answered_once() {
    let stage = Stage::new().await;
    let buttons = json!({"inline_keyboard": [[{"text": "Lift", "callback_data": "lift"}]]});
    let asked = stage.here("sendMessage", json!({"text": "?", "reply_markup": buttons})).await.expect("sent");
    let id = i32::try_from(asked["message_id"].as_i64().expect("an id")).expect("a small id");
    let press = stage.telegram.press(stage.ada, stage.group, MessageId::new(id), "lift");
    let query = stage.updates().await[0]["callback_query"].clone();
    assert_eq!((&query["id"], &query["data"]), (&json!(press), &json!("lift")));
    assert_eq!(query["message"]["reply_markup"], buttons);
    assert_eq!(stage.telegram.faults_seen(), [format!("callback query {press} was never answered")]);
    let answer = async |text: String| {
        stage.call("answerCallbackQuery", json!({"callback_query_id": press, "text": text})).await
    };
    assert_eq!(answer("x".repeat(201)).await, bad("MESSAGE_TOO_LONG"));
    assert_eq!(answer("x".repeat(200)).await, yes());
    assert!(stage.telegram.faults_seen().is_empty());
    assert_eq!(answer(String::new()).await, bad(TOO_OLD));
    assert_eq!(stage.telegram.faults_seen(), [format!("callback query {press} was answered twice")]);
}

#[tokio::test]
async fn an_answer_can_come_too_late() {
    let stage = Stage::new().await;
    let answer = async |id: &str| stage.call("answerCallbackQuery", json!({"callback_query_id": id})).await;
    assert_eq!(answer("1").await, bad(TOO_OLD));
    let press = stage.telegram.press_without_message(stage.ada, "x");
    stage.turn(61);
    assert_eq!(answer(&press).await, bad(TOO_OLD));
    let update = stage.updates().await[0].clone();
    assert_eq!(update["callback_query"]["message"], Value::Null);
    assert!(update["callback_query"]["inline_message_id"].is_string());
}

#[tokio::test]
async fn a_message_that_is_gone_is_inaccessible() {
    let stage = Stage::new().await;
    let said = stage.says(stage.ada, "x");
    stage.updates().await;
    stage.telegram.press_inaccessible(stage.ada, stage.group, said, "x");
    stage.telegram.press(stage.ada, stage.group, MessageId::new(999), "x");
    for update in stage.updates().await {
        let message = &update["callback_query"]["message"];
        assert_eq!(message["date"], 0);
        assert_eq!(message.as_object().map(serde_json::Map::len), Some(3));
    }
}
