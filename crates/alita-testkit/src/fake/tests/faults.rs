//! Telegram on a bad day, and what is written down about calls.

use std::time::Duration;

use serde_json::json;

use super::{Stage, yes};
use crate::fake::Fault;

#[tokio::test]
async fn the_next_calls_go_wrong_as_planned() {
    let stage = Stage::new().await;
    let send = async || stage.here("sendMessage", json!({"text": "x"})).await;
    stage.telegram.fail("sendMessage", Fault::too_many(3), 1);
    stage.telegram.fail("*", Fault::Garbage, 1);
    stage.telegram.fail("sendmessage", Fault::Status(502), 2);
    let limited = stage.whole_answer("sendMessage", &json!({})).await.expect("an answer");
    assert_eq!((&limited["error_code"], &limited["parameters"]["retry_after"]), (&json!(429), &json!(3)));
    for _ in 0..3 {
        assert!(send().await.is_err_and(|error| error.starts_with("no JSON")));
    }
    assert!(send().await.is_ok());
    assert_eq!(stage.telegram.messages(stage.group).len(), 1);
    stage.telegram.fail("sendMessage", Fault::refuse(400, "Bad Request: TOPIC_CLOSED"), usize::MAX);
    assert!(send().await.is_err() && send().await.is_err());
    stage.telegram.heal();
    assert!(send().await.is_ok());
}

#[tokio::test]
async fn a_lost_answer_may_have_had_its_effect() {
    let stage = Stage::new().await;
    stage.telegram.fail("banChatMember", Fault::Cut, 1);
    assert_eq!(stage.to_mallory("banChatMember", json!({})).await, Err("the wire broke".to_owned()));
    assert!(stage.telegram.member(stage.group, stage.mallory).is_in_chat());
    stage.telegram.fail("banChatMember", Fault::Cut.after_effect(), 1);
    assert_eq!(stage.to_mallory("banChatMember", json!({})).await, Err("the wire broke".to_owned()));
    assert!(!stage.telegram.member(stage.group, stage.mallory).is_in_chat());
    let calls = stage.telegram.calls_of("banChatMember");
    assert!(calls[0].outcome.is_err() && calls[0].was_told);
    assert!(calls[1].outcome.is_ok() && !calls[1].was_told);
}

#[tokio::test]
async fn a_hanging_call_runs_until_the_client_gives_up() {
    let stage = Stage::new().await;
    stage.telegram.fail("getMe", Fault::Hang, 1);
    let mut call = Box::pin(stage.call("getMe", json!({})));
    let has_come = async {
        while !stage.telegram.call_counts().contains_key("getMe") {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = call.as_mut() => panic!("it was answered: {answer:?}"),
        in_time = tokio::time::timeout(Duration::from_secs(60), has_come) => in_time.expect("the call arrives"),
    }
    let mut settled = Box::pin(stage.telegram.settled());
    assert!(futures_util::poll!(settled.as_mut()).is_pending());
    drop(call);
    tokio::time::timeout(Duration::from_secs(60), settled).await.expect("nobody hangs any more");
    assert!(stage.call("getMe", json!({})).await.is_ok());
}

#[tokio::test]
async fn calls_are_written_down_or_only_counted() {
    let stage = Stage::new().await;
    assert_eq!(stage.to_mallory("banChatMember", json!({"until_date": 5})).await, yes());
    assert!(stage.here("deleteMessage", json!({"message_id": 9})).await.is_err());
    let calls = stage.telegram.calls();
    let methods: Vec<(u64, &str)> = calls.iter().map(|call| (call.seq, call.method.as_str())).collect();
    assert_eq!(methods, [(1, "banChatMember"), (2, "deleteMessage")]);
    assert_eq!(calls[0].params["until_date"], 5);
    let refusal = calls[1].outcome.clone().expect_err("refused");
    assert_eq!(refusal.to_string(), "400 Bad Request: message to delete not found");
    stage.telegram.forget_calls();
    stage.telegram.pause_log(true);
    stage.sent("x").await;
    assert!(stage.telegram.calls().is_empty());
    assert_eq!(stage.telegram.call_counts().get("sendMessage"), Some(&1));
}

#[tokio::test]
async fn the_server_ends_with_its_last_handle() {
    let stage = Stage::new().await;
    assert!(stage.call("getMe", json!({})).await.is_ok());
    assert_eq!((stage.telegram.connections(), stage.telegram.connections_so_far()), (1, 1));
    let shared = std::sync::Arc::clone(&stage.telegram.0.shared);
    drop(stage);
    tokio::time::timeout(Duration::from_secs(60), shared.tasks.idle()).await.expect("all tasks ended");
    // The listener and the connections lived in these tasks. The port is not asked: it may be somebody else's by now.
    assert_eq!(std::sync::Arc::strong_count(&shared), 1, "nobody else holds the server");
    assert_eq!(shared.connections.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn calls_go_well_before_the_fault_that_is_planned_for_later() {
    let stage = Stage::new().await;
    stage.telegram.fail_after(2, "sendMessage", Fault::refuse(400, "Bad Request: TOPIC_CLOSED"), 1);
    let send = async || stage.here("sendMessage", json!({"text": "x"})).await.is_ok();
    assert_eq!([send().await, send().await, send().await, send().await], [true, true, false, true]);
}

#[tokio::test]
async fn whoever_comes_to_a_closed_gate_waits_without_any_effect() {
    let stage = Stage::new().await;
    stage.telegram.close_gate("sendmessage", 1);
    stage.sent("first").await;
    let second = stage.here("sendMessage", json!({"text": "second"}));
    let others = async {
        while stage.telegram.0.shared.running.load(std::sync::atomic::Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        assert!(stage.call("getMe", json!({})).await.is_ok(), "other methods have no gate");
        assert_eq!(stage.telegram.messages(stage.group).len(), 1);
        stage.telegram.open_gate();
    };
    let both = async { tokio::join!(second, others).0 };
    let sent = tokio::time::timeout(Duration::from_secs(60), both).await.expect("the gate opens");
    assert!(sent.is_ok());
    assert_eq!(stage.telegram.messages(stage.group).len(), 2);
}
