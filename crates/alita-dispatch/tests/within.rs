//! What has to begin within some time, or is given back.

mod toy;

use std::sync::Arc;
use std::time::Duration;

use alita_dispatch::{Cx, Flow, Module, Outcome, Stage, Watcher};
use alita_telegram::{Delivery, Receipt, read_update};
use tokio::sync::Semaphore;

use crate::toy::{Play, Toy};

const WAIT: Duration = Duration::from_secs(5);

/// A bot that handles one update at once, and only when the gate lets it.
struct Slow {
    play: Play,
    gate: Arc<Semaphore>,
}

impl Slow {
    async fn new() -> Self {
        let gate = Arc::new(Semaphore::new(0));
        let held = Arc::clone(&gate);
        let slowly = move |cx: Cx<Toy>| {
            let held = Arc::clone(&held);
            async move {
                let text = cx.message().and_then(|message| message.text.clone()).unwrap_or_default();
                cx.app().note(format!("begins {text}"));
                held.acquire().await.expect("the gate is never closed").forget();
                Outcome::Ok(Flow::Next)
            }
        };
        let module = Module::new("toys").watcher(Watcher::new(Stage::Respond, "slowly", slowly));
        Self { play: Play::with(vec![module], 1).await, gate }
    }

    /// Somebody's message comes in; in private, so the person is the chat.
    fn takes(&self, id: i64, person: i64) -> Receipt {
        let json = format!(
            r#"{{"update_id":{id},"message":{{"message_id":{id},"date":1,"text":"{id}",
            "chat":{{"id":{person},"type":"private","first_name":"A"}},
            "from":{{"id":{person},"is_bot":false,"first_name":"A"}}}}}}"#
        );
        let (delivery, receipt) = Delivery::with_receipt(read_update(json.as_bytes()).expect("an update"));
        self.play.dispatcher.take_within(delivery, WAIT);
        receipt
    }

    /// Returns when so many handlers have begun.
    async fn begun(&self, notes: &mut Vec<String>, count: usize) {
        while notes.len() < count {
            notes.extend(self.play.toy.taken());
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_free_permit_it_is_given_back_in_time() {
    let (slow, mut notes) = (Slow::new().await, Vec::new());
    let first = slow.takes(1, 11);
    slow.begun(&mut notes, 1).await;
    let second = slow.takes(2, 22);
    slow.play.clock.advance(WAIT);
    assert!(!second.handled().await);
    // Handed in again it waits anew, and a permit comes free.
    let second = slow.takes(2, 22);
    slow.gate.add_permits(2);
    assert!(first.handled().await && second.handled().await);
    slow.begun(&mut notes, 2).await;
    assert_eq!(notes, ["begins 1", "begins 2"]);
    // A lane goes just after its last update has been acknowledged.
    slow.play.handling.idle().await;
    assert_eq!(slow.play.dispatcher.busy_lanes(), 0);
    slow.play.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_long_handling_nobody_waits_longer_and_nobody_overtakes() {
    let (slow, mut notes) = (Slow::new().await, Vec::new());
    let first = slow.takes(1, 11);
    slow.begun(&mut notes, 1).await;
    let second = slow.takes(2, 11);
    slow.play.clock.advance(WAIT / 2);
    let third = slow.takes(3, 11);
    slow.play.clock.advance(WAIT / 2);
    // The third has time left, but it must not be handled before the second has come again.
    assert!(!second.handled().await && !third.handled().await);
    let (second, third) = (slow.takes(2, 11), slow.takes(3, 11));
    slow.gate.add_permits(3);
    assert!(first.handled().await && second.handled().await && third.handled().await);
    slow.begun(&mut notes, 3).await;
    assert_eq!(notes, ["begins 1", "begins 2", "begins 3"]);
    slow.play.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_begun_may_take_its_time() {
    let (slow, mut notes) = (Slow::new().await, Vec::new());
    let first = slow.takes(1, 11);
    slow.begun(&mut notes, 1).await;
    slow.play.clock.advance(WAIT * 10);
    let second = slow.takes(2, 11);
    slow.gate.add_permits(2);
    assert!(first.handled().await && second.handled().await);
    slow.play.leave().await;
}
