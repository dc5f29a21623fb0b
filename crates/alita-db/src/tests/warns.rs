//! Warnings: counted together, taken back, cleared at the limit.

use alita_model::{Tally, WarnPolicy};
use tokio::task::JoinSet;

use super::*;

fn tally(reasons: &[&str]) -> Tally {
    Tally {
        count: reasons.len().try_into().expect("a few"),
        reasons: reasons.iter().map(ToString::to_string).collect(),
    }
}

#[tokio::test]
async fn added_and_taken_back() {
    for world in worlds().await {
        let warns = world.db.warns();
        let read = async |db: &Db| db.warns().of(CHAT, ADA).await.unwrap();
        world.everybody_reads(read, Tally::default()).await;
        assert_eq!(warns.remove_last(CHAT, ADA).await.unwrap(), None);

        let (answer, policy) = warns.add(CHAT, ADA, Some("it's \"<b>\" & $1 ; ö")).await.unwrap();
        assert_eq!((answer, policy), (tally(&["it's \"<b>\" & $1 ; ö"]), WarnPolicy::default()));
        world.everybody_reads(read, tally(&["it's \"<b>\" & $1 ; ö"])).await;
        let (answer, _) = warns.add(CHAT, ADA, None).await.unwrap();
        assert_eq!(answer, tally(&["it's \"<b>\" & $1 ; ö", ""]));
        world.everybody_reads(read, answer).await;

        assert_eq!(warns.remove_last(CHAT, ADA).await.unwrap(), Some(tally(&["it's \"<b>\" & $1 ; ö"])));
        world.everybody_reads(read, tally(&["it's \"<b>\" & $1 ; ö"])).await;
        assert_eq!(warns.count(CHAT).await.unwrap(), 1);
        assert_eq!(warns.remove_last(CHAT, ADA).await.unwrap(), Some(Tally::default()));
        assert_eq!(warns.count(CHAT).await.unwrap(), 0);
        assert_eq!(warns.remove_last(CHAT, ADA).await.unwrap(), None);
        assert!(!warns.reset(CHAT, ADA).await.unwrap(), "a row without warnings is no warning");
        world.everybody_reads(read, Tally::default()).await;
    }
}

#[tokio::test]
async fn reset_for_one_and_for_all() {
    for world in worlds().await {
        let warns = world.db.warns();
        for user in [ADA, BOB] {
            warns.add(CHAT, user, Some("spam")).await.unwrap();
            warns.add(OTHER_CHAT, user, Some("spam")).await.unwrap();
        }
        let read = async |db: &Db| {
            let mut counts = Vec::new();
            for (chat, user) in [(CHAT, ADA), (CHAT, BOB), (OTHER_CHAT, ADA), (OTHER_CHAT, BOB)] {
                counts.push(db.warns().of(chat, user).await.unwrap().count);
            }
            counts
        };
        world.everybody_reads(read, vec![1, 1, 1, 1]).await;
        assert!(warns.reset(CHAT, ADA).await.unwrap());
        world.everybody_reads(read, vec![0, 1, 1, 1]).await;
        assert_eq!(warns.reset_all(OTHER_CHAT).await.unwrap(), 2);
        world.everybody_reads(read, vec![0, 1, 0, 0]).await;
        assert_eq!(warns.reset_all(OTHER_CHAT).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn cleared_at_the_limit_and_not_below() {
    for world in worlds().await {
        let warns = world.db.warns();
        warns.set_limit(CHAT, 2).await.unwrap();
        warns.add(CHAT, ADA, Some("one")).await.unwrap();
        assert!(!warns.clear_at_limit(CHAT, ADA).await.unwrap());
        let (answer, policy) = warns.add(CHAT, ADA, Some("two")).await.unwrap();
        assert_eq!((answer.count, policy.limit()), (2, 2));
        assert!(warns.clear_at_limit(CHAT, ADA).await.unwrap());
        assert!(!warns.clear_at_limit(CHAT, ADA).await.unwrap());
        let read = async |db: &Db| db.warns().of(CHAT, ADA).await.unwrap();
        world.everybody_reads(read, Tally::default()).await;
    }
}

#[tokio::test]
async fn a_warning_is_one_transaction_and_sees_a_limit_that_was_just_set() {
    for world in worlds().await {
        let neighbour = world.neighbour().await;
        assert_eq!(world.db.warns().policy(CHAT).await.unwrap().limit(), 3);
        neighbour.warns().set_limit(CHAT, 9).await.unwrap();
        let before = world.db.transactions();
        let (_, policy) = world.db.warns().add(CHAT, ADA, None).await.unwrap();
        assert_eq!((policy.limit(), world.db.transactions() - before), (9, 1));
    }
}

#[tokio::test]
async fn a_long_reason_is_cut_between_characters() {
    for world in worlds().await {
        let (answer, _) = world.db.warns().add(CHAT, ADA, Some(&"€".repeat(5000))).await.unwrap();
        assert_eq!(answer.reasons, ["€".repeat(1000)]);
        assert_eq!(world.db.warns().of(CHAT, ADA).await.unwrap(), answer);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_at_once_count_twenty() {
    for world in worlds().await {
        let neighbour = world.neighbour().await;
        let mut calls = JoinSet::new();
        for number in 0..20 {
            let db = if number % 2 == 0 { world.db.clone() } else { neighbour.clone() };
            calls.spawn(async move { db.warns().add(CHAT, ADA, Some("spam")).await.unwrap().0.count });
        }
        let mut counts = calls.join_all().await;
        counts.sort_unstable();
        assert_eq!(counts, (1..=20).collect::<Vec<_>>(), "each sees a count of its own");
        let tally = world.neighbour().await.warns().of(CHAT, ADA).await.unwrap();
        assert_eq!((tally.count, tally.reasons.len()), (20, 20));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_at_once_all_succeed() {
    for world in worlds().await {
        let neighbour = world.neighbour().await;
        let mut calls = JoinSet::new();
        for number in 0..200 {
            let db = if number % 2 == 0 { world.db.clone() } else { neighbour.clone() };
            let user = UserId::new(1 + number % 50);
            // A read and then a write in one transaction.
            calls.spawn(async move {
                db.warns().add(CHAT, user, None).await.unwrap();
                db.warns().clear_at_limit(CHAT, user).await.unwrap();
            });
        }
        calls.join_all().await;
        let left = world.neighbour().await.warns().count(CHAT).await.unwrap();
        assert!(left <= 50);
    }
}
