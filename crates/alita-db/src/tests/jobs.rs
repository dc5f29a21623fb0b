//! The store of jobs: who gets one, when, and what is left of it.

use std::sync::Arc;

use alita_runtime::TaskSet;
use alita_runtime::jobs::{
    Claim, Counts, End, Failure, Handlers, Job, JobId, JobStore, Jobs, Order, Run, Subject,
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::*;
use crate::{JobState, Retry};

#[derive(Debug, Serialize, Deserialize)]
struct Bell {
    text: String,
}

impl Job for Bell {
    const NAME: &'static str = "bell";
}

const LEASE: Duration = Duration::from_secs(90);
const MINUTE: Duration = Duration::from_secs(60);

impl World {
    fn order(&self, text: &str, wait: Duration) -> Order {
        Order::new(&Bell { text: text.to_owned() }, self.clock.now() + wait).expect("JSON")
    }

    async fn schedule(&self, order: &Order) -> bool {
        self.db.schedule(order, self.clock.now()).await.expect("it is stored")
    }

    async fn claim(&self, limit: usize) -> Vec<Claim> {
        claim(&self.db, self.clock.now(), limit).await
    }

    async fn end(&self, claim: &Claim, end: End) -> bool {
        self.db.end(claim, end, self.clock.now()).await.expect("it is written down")
    }

    async fn counts(&self) -> (u64, u64) {
        let Counts { waiting, dead } = self.db.counts().await.expect("they can be counted");
        (waiting, dead)
    }
}

async fn claim(db: &Db, now: chrono::DateTime<chrono::Utc>, limit: usize) -> Vec<Claim> {
    db.claim(now, LEASE, limit).await.expect("an answer").claims
}

fn texts(claims: &[Claim]) -> Vec<&str> {
    claims.iter().map(|claim| claim.value["text"].as_str().expect("a text")).collect()
}

#[tokio::test]
async fn what_is_due_is_claimed_once_and_the_oldest_first() {
    for world in worlds().await {
        let order = world.order("later", MINUTE * 2).about(Subject::new(CHAT.get()));
        for order in [&order, &world.order("second", MINUTE), &world.order("third", MINUTE)] {
            assert!(world.schedule(order).await);
        }
        assert!(world.schedule(&world.order("now", Duration::ZERO)).await);
        assert_eq!(texts(&world.claim(9).await), ["now"]);
        let nothing = world.db.claim(world.clock.now(), LEASE, 9).await.unwrap();
        assert_eq!(nothing.next, Some(world.clock.now() + MINUTE), "the store tells when to come again");

        world.clock.advance(MINUTE);
        assert_eq!(texts(&world.claim(1).await), ["second"], "of the same time, the first that was stored");
        assert_eq!(texts(&world.claim(9).await), ["third"]);
        assert_eq!(texts(&world.claim(9).await), [""; 0]);

        world.clock.advance(MINUTE);
        // "now" and the others were never ended, and the lease of the first one is over.
        let claims = world.claim(9).await;
        assert_eq!(texts(&claims), ["now", "later"]);
        assert_eq!(claims.iter().map(|claim| claim.attempt).collect::<Vec<_>>(), [2, 1]);
        let later = &claims[1];
        assert_eq!(
            (later.name.as_str(), later.subject, later.due),
            ("bell", Some(Subject::new(CHAT.get())), order.due)
        );
    }
}

#[tokio::test]
async fn a_key_stands_for_one_waiting_job() {
    for world in worlds().await {
        assert!(world.schedule(&world.order("first", MINUTE).once("a")).await);
        assert!(!world.schedule(&world.order("second", Duration::ZERO).once("a")).await);
        assert!(world.schedule(&world.order("third", Duration::ZERO).instead_of("a")).await);
        assert!(world.schedule(&world.order("other", Duration::ZERO).instead_of("b")).await);
        assert_eq!(world.counts().await, (2, 0));
        assert!(world.db.cancel("b").await.unwrap());
        assert!(!world.db.cancel("b").await.unwrap());
        let running = world.claim(9).await;
        assert_eq!(texts(&running), ["third"]);

        // It runs, and is replaced while it does: the old holder ends nothing, whatever it does.
        assert!(world.schedule(&world.order("fourth", Duration::ZERO).instead_of("a")).await);
        let again = world.claim(9).await;
        assert_eq!((texts(&again), again[0].attempt, again[0].id), (vec!["fourth"], 1, running[0].id));
        assert!(!world.end(&running[0], End::Done).await);
        assert!(world.end(&again[0], End::Bury { why: "gone".into() }).await);
        assert_eq!(world.counts().await, (0, 1));
        assert!(
            world.schedule(&world.order("fifth", MINUTE).once("a")).await,
            "a dead letter is in nobody's way"
        );
        assert!(world.db.cancel("a").await.unwrap());
        assert_eq!(world.counts().await, (0, 1), "and no cancel takes it away");
    }
}

#[tokio::test]
async fn a_claim_ends_in_one_of_five_ways() {
    for world in worlds().await {
        let due = world.clock.now() + MINUTE;
        let ends = [
            (End::Done, None),
            (End::Retry { due, why: "broken".into() }, Some((2, due))),
            (End::Repeat { due }, Some((1, due))),
            (End::Release, Some((1, world.clock.now()))),
            (End::Bury { why: "broken".into() }, None),
        ];
        for (end, left) in ends {
            world.schedule(&world.order("x", Duration::ZERO)).await;
            let claims = world.claim(9).await;
            assert_eq!(claims.len(), 1, "{end:?}");
            assert!(world.end(&claims[0], end.clone()).await, "{end:?}");
            let again = claim(&world.db, due, 9).await;
            let seen = again.first().map(|claim| (claim.attempt, claim.due));
            assert_eq!(seen, left, "{end:?}");
            if let Some(again) = again.first() {
                assert!(!world.end(&claims[0], End::Done).await, "the old holder is too late");
                assert!(world.end(again, End::Done).await);
            }
        }
        assert_eq!(world.counts().await, (0, 1));
    }
}

#[tokio::test]
async fn a_process_that_died_leaves_its_jobs_to_the_next() {
    for world in worlds().await {
        let is_embedded = world.database.url.starts_with("sqlite");
        world.schedule(&world.order("x", Duration::ZERO)).await;
        assert_eq!(world.claim(9).await.len(), 1);
        let next = world.neighbour().await;
        let freed = next.recover(world.clock.now()).await.unwrap();
        assert_eq!(freed, u64::from(is_embedded), "behind a server the holder may be alive");
        let claims = claim(&next, world.clock.now(), 9).await;
        assert_eq!(claims.len(), usize::from(is_embedded));
        world.clock.advance(LEASE);
        assert_eq!(claim(&next, world.clock.now(), 9).await.len(), 1, "at the latest when the lease ends");
    }
}

#[tokio::test]
async fn scheduling_is_one_statement_and_an_idle_look_writes_nothing() {
    for world in worlds().await {
        let db = &world.db;
        let before = (db.queries(), db.transactions());
        world.schedule(&world.order("x", MINUTE).once("a")).await;
        assert_eq!((db.queries() - before.0, db.transactions() - before.1), (1, 1));
        world.db.cancel("a").await.unwrap();
        assert_eq!((db.queries() - before.0, db.transactions() - before.1), (2, 2));
        world.claim(9).await;
        assert_eq!((db.queries() - before.0, db.transactions() - before.1), (3, 2));
    }
}

#[tokio::test]
async fn a_group_that_gets_another_id_takes_its_jobs_along() {
    for world in worlds().await {
        let known = world.order("known", Duration::ZERO).about(Subject::new(CHAT.get()));
        let stranger = world.order("stranger", Duration::ZERO).about(Subject::new(ADA.get()));
        world.schedule(&known).await;
        world.schedule(&stranger).await;
        // Nothing else is known of the group.
        world.db.chats().migrate(CHAT, OTHER_CHAT).await.unwrap();
        let about: Vec<_> =
            world.claim(9).await.iter().map(|claim| claim.subject.map(Subject::get)).collect();
        assert_eq!(about, [Some(OTHER_CHAT.get()), Some(ADA.get())]);
    }
}

#[tokio::test]
async fn the_operator_sees_retries_and_discards() {
    for world in worlds().await {
        let jobs = world.db.jobs();
        for (text, key) in [("one", "a"), ("two", "b"), ("three", "c")] {
            let order = world.order(text, Duration::ZERO).once(key).about(Subject::new(CHAT.get()));
            world.schedule(&order).await;
        }
        let claims = world.claim(2).await;
        assert!(world.end(&claims[0], End::Bury { why: "the rope tore".into() }).await);
        let all = jobs.all(9).await.unwrap();
        let states: Vec<_> = all.iter().map(|job| job.state).collect();
        assert_eq!(states, [JobState::Dead, JobState::Running, JobState::Waiting]);
        assert_eq!(jobs.all(2).await.unwrap().len(), 2);
        let dead = jobs.dead(9).await.unwrap();
        assert_eq!(dead[..], all[..1]);
        assert_eq!(
            (dead[0].name.as_str(), dead[0].chat, dead[0].attempts, dead[0].last_error.as_deref()),
            ("bell", Some(CHAT), 1, Some("the rope tore"))
        );
        let [one, two, three] = [all[0].id, all[1].id, all[2].id];

        assert_eq!(jobs.retry(JobId::new(987)).await.unwrap(), Retry::NotFound);
        assert_eq!(jobs.retry(two).await.unwrap(), Retry::Running);
        world.schedule(&world.order("instead", MINUTE).once("a")).await;
        assert_eq!(jobs.retry(one).await.unwrap(), Retry::Superseded);
        assert_eq!(jobs.retry_dead().await.unwrap(), 0);
        world.db.cancel("a").await.unwrap();
        assert_eq!(jobs.retry_dead().await.unwrap(), 1);
        assert_eq!(jobs.retry(three).await.unwrap(), Retry::Due);
        let due: Vec<_> = world.claim(9).await.iter().map(|claim| (claim.id, claim.attempt)).collect();
        assert_eq!(due, [(one, 1), (three, 1)]);

        assert!(jobs.discard(one).await.unwrap());
        assert!(!jobs.discard(one).await.unwrap());
        assert_eq!(jobs.all(9).await.unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_instances_exactly_one_gets_a_job() {
    const JOBS: usize = 40;
    for world in worlds().await {
        for number in 0..JOBS {
            world.schedule(&world.order(&number.to_string(), Duration::ZERO)).await;
        }
        let mut instances = JoinSet::new();
        for _ in 0..4 {
            let (db, now) = (world.neighbour().await, world.clock.now());
            instances.spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let claims = claim(&db, now, 3).await;
                    if claims.is_empty() && db.counts().await.expect("an answer").waiting == 0 {
                        return mine;
                    }
                    assert!(claims.len() <= 3, "no more than were asked for");
                    for claim in claims {
                        assert!(db.end(&claim, End::Done, now).await.expect("it is written down"));
                        mine.push(claim.id);
                    }
                }
            });
        }
        let mut all: Vec<_> = instances.join_all().await.concat();
        all.sort();
        assert_eq!(all.len(), JOBS);
        all.dedup();
        assert_eq!(all.len(), JOBS, "each of them once");
    }
}

/// The runner over the real store, from the order to the end.
#[tokio::test]
async fn the_runner_works_over_both_databases() {
    for world in worlds().await {
        let jobs = Jobs::new(Arc::new(world.db.clone()), world.clock.clone());
        let (rung, mut bells) = mpsc::unbounded_channel();
        let handlers = Handlers::new().on(move |bell: Bell, run: Run| {
            let rung = rung.clone();
            async move {
                if run.attempt == 1 {
                    return Err(Failure::Passing("not yet".into()));
                }
                rung.send(bell.text)?;
                Ok(())
            }
        });
        let tasks = TaskSet::new();
        jobs.runner(handlers).start(&tasks);
        let order = jobs.after(MINUTE, &Bell { text: "noon".into() }).unwrap();
        assert!(jobs.schedule(&order).await.unwrap());
        let turn = async {
            loop {
                world.clock.advance(Duration::from_secs(10));
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let heard = tokio::select! {
            heard = bells.recv() => heard,
            () = turn => None,
            () = tokio::time::sleep(MINUTE) => panic!("nobody rang"),
        };
        assert_eq!(heard.as_deref(), Some("noon"));
        assert!(tasks.close(MINUTE).await.is_empty());
        assert_eq!(world.counts().await, (0, 0));
    }
}
