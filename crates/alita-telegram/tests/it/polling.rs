//! How updates arrive: nothing lost, nothing twice, nothing confirmed too early.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alita_telegram::types::AllowedUpdate;
use alita_telegram::{
    Backlog, BacklogError, Client, Delivery, Error, Kept, Polling, PollingConfig, UpdateSource,
};
use async_trait::async_trait;
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
    let mut source = UpdateSource::Polling(Box::new(polling(server.client())));
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

/// A backlog that outlives what polls, and says late that it has kept something.
#[derive(Debug, Clone, Default)]
struct Memory(Arc<Mutex<BTreeMap<i64, String>>>);

impl Memory {
    fn kept(&self) -> Vec<i64> {
        self.0.lock().unwrap().keys().copied().collect()
    }

    /// Something is written down, and nobody has heard of it yet.
    async fn is_writing(&self) {
        while self.kept().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// How late.
const SLOW: Duration = Duration::from_millis(100);

#[async_trait]
impl Backlog for Memory {
    async fn keep(&self, updates: Vec<Kept>) -> Result<(), BacklogError> {
        self.0.lock().unwrap().extend(updates.into_iter().map(|kept| (kept.update_id, kept.json)));
        tokio::time::sleep(SLOW).await;
        Ok(())
    }

    async fn all(&self) -> Result<Vec<Kept>, BacklogError> {
        Ok(self.0.lock().unwrap().iter().map(|(id, json)| Kept::new(*id, json.clone())).collect())
    }

    async fn forget(&self, ids: Vec<i64>) -> Result<(), BacklogError> {
        self.0.lock().unwrap().retain(|id, _| !ids.contains(id));
        Ok(())
    }
}

fn patient(client: Client, memory: &Memory) -> Polling {
    let mut config = PollingConfig::new([AllowedUpdate::Message]);
    config.retry_base = Duration::from_millis(1);
    config.backlog = Some(Arc::new(memory.clone()));
    Polling::new(client, config)
}

#[tokio::test]
async fn a_hundred_that_wait_hold_up_nobody_and_outlive_the_process() {
    let (queue, memory) = (Queue::of(1..=130), Memory::default());
    let server = queue.server().await;
    let mut polling = patient(server.client(), &memory);
    let mut waiting = take(&mut polling, 100).await;
    let begun = Instant::now();
    let later = take(&mut polling, 30).await;
    assert!(begun.elapsed() >= Duration::from_secs(1), "those that are merely quick are not kept");
    assert_eq!(
        later.iter().map(|delivery| delivery.update_id).collect::<Vec<_>>(),
        Vec::from_iter(101..=130)
    );
    assert_eq!(memory.kept(), Vec::from_iter(1..=100));
    for delivery in later {
        delivery.ack.done();
    }

    // One of those that waited is given back, and comes again; two come to their end.
    drop(waiting.pop());
    assert_eq!(take(&mut polling, 1).await.remove(0).update_id, 100);
    for delivery in waiting.drain(..2) {
        delivery.ack.done();
    }
    polling.finish().await.unwrap();
    assert!(queue.left().is_empty(), "Telegram need not send them again");
    assert_eq!(memory.kept(), Vec::from_iter(3..=100));
    drop(waiting);

    // The next process begins with them, even if Telegram still has some.
    queue.push(7, r#""poll_answer":{"poll_id":"1","option_ids":[0],"option_persistent_ids":[]}"#);
    queue.push(131, r#""poll_answer":{"poll_id":"1","option_ids":[0],"option_persistent_ids":[]}"#);
    let mut polling = patient(server.client(), &memory);
    let again = take(&mut polling, 99).await;
    let ids: Vec<i64> = again.iter().map(|delivery| delivery.update_id).collect();
    assert_eq!(ids, Vec::from_iter((3..=100).chain([131])));
    for delivery in again {
        delivery.ack.done();
    }
    polling.finish().await.unwrap();
    assert!(memory.kept().is_empty() && queue.left().is_empty());
}

#[tokio::test]
async fn what_ends_while_it_is_written_down_is_not_kept_for_ever() {
    let (queue, memory) = (Queue::of(1..=130), Memory::default());
    let server = queue.server().await;
    let mut polling = patient(server.client(), &memory);
    let mut waiting = take(&mut polling, 100).await;
    let first_ends = async {
        memory.is_writing().await;
        waiting.remove(0).ack.done();
    };
    let (later, ()) = tokio::join!(take(&mut polling, 30), first_ends);
    nothing_comes(&mut polling, &server, 1).await;
    assert_eq!(memory.kept(), Vec::from_iter(2..=100));
    assert_eq!(server.seen().last().unwrap().json()["timeout"], 1, "what is kept may end at any moment");
    for delivery in waiting.into_iter().chain(later) {
        delivery.ack.done();
    }
    polling.finish().await.unwrap();
    assert!(memory.kept().is_empty() && queue.left().is_empty());
}

#[tokio::test]
async fn what_was_written_down_in_vain_is_not_kept_for_ever() {
    let (queue, memory) = (Queue::of(1..=130), Memory::default());
    let server = queue.server().await;
    let mut polling = patient(server.client(), &memory);
    let waiting = take(&mut polling, 100).await;
    // The question is dropped when it is half written down.
    tokio::select! {
        delivery = polling.next() => panic!("{delivery:?}"),
        () = memory.is_writing() => {}
    }
    for delivery in waiting {
        delivery.ack.done();
    }
    polling.finish().await.unwrap();
    assert!(memory.kept().is_empty());
    assert_eq!(queue.left(), Vec::from_iter(101..=130));
}

#[tokio::test]
async fn what_waits_is_thrown_away_with_what_is_pending() {
    let (queue, memory) = (Queue::of([9]), Memory::default());
    memory
        .keep(vec![Kept::new(
            3,
            r#"{"update_id":3,"poll_answer":{"poll_id":"1","option_ids":[0],"option_persistent_ids":[]}}"#
                .to_owned(),
        )])
        .await
        .unwrap();
    let server = queue.server().await;
    let mut config = PollingConfig::new([AllowedUpdate::Message]);
    config.drop_pending_updates = true;
    config.backlog = Some(Arc::new(memory.clone()));
    let mut polling = Polling::new(server.client(), config);
    assert_eq!(take(&mut polling, 1).await.remove(0).update_id, 9);
    assert!(memory.kept().is_empty());
}
