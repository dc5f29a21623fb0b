//! How updates arrive: nothing lost, nothing twice, nothing confirmed too early.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alita_telegram::types::AllowedUpdate;
use alita_telegram::{Client, Delivery, Error, Polling, PollingConfig, UpdateSource};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::server::{Answer, Seen, Server};

/// Holds updates as Telegram does: an offset removes what lies below it.
#[derive(Clone, Default)]
struct Queue(Arc<Mutex<BTreeMap<i64, String>>>);

impl Queue {
    fn of(ids: impl IntoIterator<Item = i64>) -> Self {
        let queue = Self::default();
        for id in ids {
            queue.push(id, r#""poll_answer":{"poll_id":"1","option_ids":[0],"option_persistent_ids":[]}"#);
        }
        queue
    }

    fn push(&self, id: i64, content: &str) {
        self.0.lock().unwrap().insert(id, format!(r#"{{"update_id":{id},{content}}}"#));
    }

    fn left(&self) -> Vec<i64> {
        self.0.lock().unwrap().keys().copied().collect()
    }

    fn answer(&self, seen: &Seen) -> Answer {
        if seen.method() == "deleteWebhook" {
            return Answer::ok("true");
        }
        let question = seen.json();
        let mut updates = self.0.lock().unwrap();
        if let Some(offset) = question["offset"].as_i64() {
            updates.retain(|id, _| *id >= offset);
        }
        let limit = usize::try_from(question["limit"].as_i64().unwrap()).unwrap();
        let batch: Vec<&str> = updates.values().take(limit).map(String::as_str).collect();
        if batch.is_empty() && question["timeout"] != 0 {
            Answer::Hang
        } else {
            Answer::ok(&format!("[{}]", batch.join(",")))
        }
    }

    async fn server(&self) -> Server {
        let queue = self.clone();
        Server::start(move |_, seen| queue.answer(seen)).await
    }
}

fn polling(client: Client) -> Polling {
    let mut config = PollingConfig::new([AllowedUpdate::Message, AllowedUpdate::ChatMember]);
    config.retry_base = Duration::from_millis(1);
    Polling::new(client, config)
}

async fn take(polling: &mut Polling, count: usize) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    while deliveries.len() < count {
        deliveries.push(polling.next().await.unwrap());
    }
    deliveries
}

/// The polling asks the server that many times more, and nothing new comes of it.
async fn nothing_comes(polling: &mut Polling, server: &Server, questions: usize) {
    tokio::select! {
        biased;
        delivery = polling.next() => panic!("{delivery:?}"),
        () = server.sees_more(questions) => {}
    }
}

#[tokio::test]
async fn it_removes_the_webhook_once_and_names_what_it_wants() {
    let queue = Queue::of([1]);
    let server = queue.server().await;
    let mut polling = polling(server.client());
    take(&mut polling, 1).await.remove(0).ack.done();
    nothing_comes(&mut polling, &server, 1).await;
    let methods = server.methods();
    assert_eq!(methods.iter().filter(|method| *method == "deleteWebhook").count(), 1);
    let question = server.seen()[1].json();
    assert_eq!(question["allowed_updates"], serde_json::json!(["message", "chat_member"]));
    assert_eq!((&question["timeout"], &question["limit"]), (&50.into(), &100.into()));
    assert!(question.get("offset").is_none());
    assert_ne!(server.seen()[0].connection, server.seen()[1].connection, "a pool of its own");
}

#[tokio::test]
async fn nothing_is_confirmed_before_its_ack_and_nothing_comes_twice() {
    let queue = Queue::of([10, 11, 12]);
    let server = queue.server().await;
    let mut polling = polling(server.client());
    let mut deliveries = take(&mut polling, 3).await;
    // The later ones end first.
    deliveries.pop().unwrap().ack.done();
    deliveries.pop().unwrap().ack.done();
    // One question follows the news of the acks at once; the next one waits.
    let started = Instant::now();
    nothing_comes(&mut polling, &server, 3).await;
    assert!(started.elapsed() >= Duration::from_millis(250), "a hot loop");
    assert_eq!(queue.left(), [10, 11, 12]);
    queue.push(13, r#""poll_answer":{"poll_id":"2","option_ids":[],"option_persistent_ids":[]}"#);
    let late = take(&mut polling, 1).await.remove(0);
    assert_eq!(late.update_id, 13);
    deliveries.pop().unwrap().ack.done();
    nothing_comes(&mut polling, &server, 1).await;
    assert_eq!(queue.left(), [13]);
    late.ack.done();
    polling.finish().await.unwrap();
    assert!(queue.left().is_empty());
}

#[tokio::test]
async fn finish_confirms_what_is_done_and_only_that() {
    let queue = Queue::of([10, 11, 12]);
    let server = queue.server().await;
    let mut polling = polling(server.client());
    let mut deliveries = take(&mut polling, 3).await;
    let last = deliveries.pop().unwrap();
    for delivery in deliveries {
        delivery.ack.done();
    }
    assert_eq!(queue.left(), [10, 11, 12]);
    polling.finish().await.unwrap();
    assert_eq!(queue.left(), [12]);
    assert_eq!(server.seen().last().unwrap().json()["timeout"], 0);
    drop(last);
}

#[tokio::test]
async fn finish_without_news_asks_nothing() {
    let server = Queue::default().server().await;
    polling(server.client()).finish().await.unwrap();
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn an_unfinished_update_comes_again() {
    let queue = Queue::of([10]);
    let server = queue.server().await;
    let mut polling = polling(server.client());
    for _ in 0..2 {
        drop(take(&mut polling, 1).await);
    }
    take(&mut polling, 1).await.remove(0).ack.done();
    polling.finish().await.unwrap();
    assert!(queue.left().is_empty());
}

#[tokio::test]
async fn an_update_of_an_unknown_kind_does_not_hold_the_others() {
    let queue = Queue::of([10, 13]);
    queue.push(11, r#""brand_new":{"text":"hi"}"#);
    queue.push(12, r#""message":{"message_id":"seven"}"#);
    let server = queue.server().await;
    let mut polling = polling(server.client());
    let deliveries = take(&mut polling, 2).await;
    assert_eq!(deliveries.iter().map(|delivery| delivery.update_id).collect::<Vec<_>>(), [10, 13]);
    assert!(format!("{:?}", deliveries[0]).contains("10"));
    for delivery in deliveries {
        delivery.ack.done();
    }
    polling.finish().await.unwrap();
    assert!(queue.left().is_empty());
}

#[tokio::test]
async fn next_may_be_dropped_while_it_waits() {
    let queue = Queue::of([10]);
    let server = queue.server().await;
    let mut polling = polling(server.client());
    take(&mut polling, 1).await.remove(0).ack.done();
    for _ in 0..2 {
        nothing_comes(&mut polling, &server, 1).await;
    }
    polling.finish().await.unwrap();
    assert!(queue.left().is_empty());
}

#[tokio::test]
async fn passing_trouble_is_waited_out() {
    let queue = Queue::of([10]);
    let script = queue.clone();
    let server = Server::start(move |n, seen| match n {
        0 | 7.. => script.answer(seen),
        1 => Answer::Cut,
        2 => Answer::Status(502, "bad gateway".into()),
        3 => Answer::throttled(0),
        4 => Answer::Status(200, "garbage".into()),
        _ => Answer::no(409, "Conflict: terminated by other getUpdates request"),
    })
    .await;
    assert_eq!(take(&mut polling(server.client()), 1).await[0].update_id, 10);
}

#[tokio::test]
async fn a_refused_token_and_a_lasting_conflict_end_it() {
    let server = Server::start(|_, _| Answer::no(401, "Unauthorized")).await;
    assert!(matches!(polling(server.client()).next().await, Err(Error::Refused(_))));
    assert_eq!(server.methods().len(), 1);

    let server =
        Server::start(|n, _| if n == 0 { Answer::ok("true") } else { Answer::no(409, "Conflict") }).await;
    assert!(matches!(polling(server.client()).next().await, Err(Error::Refused(_))));
    assert_eq!(server.methods().len(), 1 + 6);
}

#[tokio::test]
async fn both_sources_yield_deliveries() {
    let server = Queue::of([10]).server().await;
    let mut source = UpdateSource::Polling(polling(server.client()));
    let polled = source.next().await.unwrap().unwrap();
    polled.ack.done();
    source.finish().await.unwrap();

    let (sender, receiver) = mpsc::channel(1);
    let mut source = UpdateSource::Pushed(receiver);
    let (delivery, receipt) = Delivery::with_receipt(alita_telegram::updates::Update::clone(&polled.update));
    sender.send(delivery).await.unwrap();
    drop(sender);
    source.next().await.unwrap().unwrap().ack.done();
    assert!(receipt.handled().await);
    assert!(source.next().await.unwrap().is_none());
}
