//! `getUpdates`: confirmation, redelivery, waiting, conflicts.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Stage, kinds};
use crate::fake::{Draft, Speaker};

fn ids(updates: &Value) -> Vec<i64> {
    updates.as_array().into_iter().flatten().filter_map(|update| update["update_id"].as_i64()).collect()
}

/// Returns when a first poll has arrived.
async fn is_heard(stage: &Stage) {
    while stage.telegram.0.shared.world().queue.poll == 0 {
        tokio::task::yield_now().await;
    }
}

/// What never comes is a failure and no hang.
async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what).await.expect("it happens within a minute")
}

#[tokio::test]
async fn updates_come_again_until_they_are_confirmed() {
    let stage = Stage::new().await;
    for text in ["one", "two", "three"] {
        stage.says(stage.mallory, text);
    }
    let poll = async |params: Value| ids(&stage.call("getUpdates", params).await.expect("updates"));
    let first = poll(json!({})).await;
    assert_eq!(first.len(), 3);
    assert_eq!(poll(json!({"offset": first[0]})).await, first);
    assert_eq!(poll(json!({"offset": first[1]})).await, first[1..]);
    assert_eq!(stage.telegram.unconfirmed(), 2);
    assert_eq!(poll(json!({"limit": 1})).await, first[1..2]);
    assert_eq!(poll(json!({"offset": -1})).await, first[2..]);
    assert_eq!(poll(json!({"offset": first[2] + 1})).await, [0i64; 0]);
    stage.telegram.settled().await;
}

#[tokio::test]
async fn a_poll_waits_for_news_or_for_its_time() {
    let stage = Stage::new().await;
    let poll = stage.call("getUpdates", json!({"timeout": 30}));
    let (updates, _) = in_time(async {
        tokio::join!(poll, async {
            is_heard(&stage).await;
            stage.says(stage.mallory, "news")
        })
    })
    .await;
    assert_eq!(ids(&updates.expect("updates")).len(), 1);
    let offset = json!({"offset": 200_000_000, "timeout": 30});
    let poll = stage.call("getUpdates", offset);
    let (updates, ()) = in_time(async {
        tokio::join!(poll, async {
            while stage.telegram.unconfirmed() > 0 {
                tokio::task::yield_now().await;
            }
            stage.turn(31);
        })
    })
    .await;
    assert_eq!(updates, Ok(json!([])));
}

#[tokio::test]
async fn the_older_of_two_polls_has_to_go() {
    let stage = Stage::new().await;
    let old = stage.call("getUpdates", json!({"timeout": 50}));
    let new = async {
        // The older one must have been heard first.
        is_heard(&stage).await;
        stage.call("getUpdates", json!({})).await
    };
    let (old, new) = in_time(async { tokio::join!(old, new) }).await;
    let text = "409 Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
    assert_eq!((old, new), (Err(text.to_owned()), Ok(json!([]))));
}

#[tokio::test]
async fn member_changes_come_only_when_asked_for() {
    let stage = Stage::new().await;
    stage.telegram.leave(stage.group, stage.mallory);
    let updates = stage.call("getUpdates", json!({})).await.expect("updates");
    assert_eq!(kinds(updates.as_array().expect("a list")), ["message"]);
    stage.telegram.join(stage.group, stage.mallory);
    let updates =
        stage.call("getUpdates", json!({"allowed_updates": ["chat_member"]})).await.expect("updates");
    assert_eq!(kinds(updates.as_array().expect("a list")), ["chat_member"]);
}

#[tokio::test]
async fn a_webhook_and_polling_exclude_each_other() {
    let stage = Stage::new().await;
    stage.says(stage.mallory, "old");
    assert!(stage.call("setWebhook", json!({"url": "http://example.org"})).await.is_err());
    assert!(stage.call("setWebhook", json!({"url": "https://example.org"})).await.is_ok());
    assert!(
        stage
            .call("getUpdates", json!({}))
            .await
            .is_err_and(|error| error.starts_with("409 Conflict: can't use"))
    );
    assert!(stage.call("deleteWebhook", json!({"drop_pending_updates": true})).await.is_ok());
    assert_eq!(stage.call("getUpdates", json!({})).await, Ok(json!([])));
}

#[tokio::test]
async fn settled_waits_for_confirmation_and_for_running_calls() {
    let stage = Stage::new().await;
    stage.telegram.settled().await;
    stage.says(stage.mallory, "x");
    let mut settled = std::pin::pin!(stage.telegram.settled());
    assert!(futures_util::poll!(settled.as_mut()).is_pending());
    let updates = stage.updates().await;
    assert_eq!(updates.len(), 1);
    in_time(settled).await;
}

#[tokio::test]
async fn raw_updates_travel_as_they_are() {
    let stage = Stage::new().await;
    let next = stage.telegram.raw_update(json!({"made_up": {"x": 1}}));
    let far = stage.telegram.raw_update_text("{\"update_id\": 300000000, \"poll\":   {\"n\": 1e3}}");
    stage.telegram.say(stage.group, Speaker::User(stage.ada), Draft::text("after"));
    let body =
        stage.post("getUpdates", "application/json", "{\"allowed_updates\":[\"message\",\"poll\"]}").await;
    let body = String::from_utf8(body.expect("an answer").to_vec()).expect("text");
    assert!(body.contains("\"poll\":   {\"n\": 1e3}"), "{body}");
    let updates: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(ids(&updates["result"]), [next, far, far + 1]);
}
