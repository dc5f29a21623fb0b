//! An update that is delivered twice has its effect once, and both hear the same answer.

use std::time::Duration;

use alita_model::{Note, NoteFlags, NoteName, SavedContent};
use alita_runtime::origin;
use tokio::task::JoinSet;

use super::*;
use crate::AddNote;

#[tokio::test]
async fn warnings() {
    for world in worlds().await {
        // What a redelivery finds is another process with a cold cache.
        let after_crash = world.neighbour().await;
        let add = async |db: &Db| origin::scope(7, db.warns().add(CHAT, ADA, Some("spam"))).await.unwrap();
        let first = add(&world.db).await;
        assert_eq!(first.0.count, 1);
        assert_eq!(add(&after_crash).await, first);
        assert_eq!(after_crash.warns().of(CHAT, ADA).await.unwrap().count, 1);

        origin::scope(8, world.db.warns().add(CHAT, ADA, Some("spam"))).await.unwrap();
        world.db.warns().add(CHAT, ADA, None).await.unwrap();
        assert_eq!(add(&after_crash).await, first, "the first answer, though two more were added");

        let take = async |db: &Db| origin::scope(9, db.warns().remove_last(CHAT, ADA)).await.unwrap();
        assert_eq!(take(&world.db).await.map(|tally| tally.count), Some(2));
        assert_eq!(take(&after_crash).await.map(|tally| tally.count), Some(2));

        let reset = async |db: &Db| origin::scope(10, db.warns().reset(CHAT, ADA)).await.unwrap();
        assert!(reset(&world.db).await);
        world.db.warns().add(CHAT, ADA, None).await.unwrap();
        assert!(reset(&after_crash).await);

        let reset_all = async |db: &Db| origin::scope(11, db.warns().reset_all(CHAT)).await.unwrap();
        assert_eq!(reset_all(&world.db).await, 1);
        world.db.warns().add(CHAT, ADA, None).await.unwrap();
        assert_eq!(reset_all(&after_crash).await, 1);
        assert_eq!(world.neighbour().await.warns().of(CHAT, ADA).await.unwrap().count, 1);
    }
}

#[tokio::test]
async fn what_was_begun() {
    for world in worlds().await {
        let after_crash = world.neighbour().await;
        assert!(!world.db.has_begun(7).await.unwrap());
        origin::scope(7, world.db.begin()).await.unwrap();
        origin::scope(7, after_crash.begin()).await.unwrap();
        assert!(after_crash.has_begun(7).await.unwrap());
        assert!(!after_crash.has_begun(8).await.unwrap());
    }
}

#[tokio::test]
async fn notes() {
    for world in worlds().await {
        let after_crash = world.neighbour().await;
        let note = Note {
            name: NoteName::parse("tea").expect("a name"),
            content: SavedContent::default(),
            flags: NoteFlags::default(),
        };
        let add = async |db: &Db| origin::scope(1, db.notes().add(CHAT, &note)).await.unwrap();
        assert_eq!(add(&world.db).await, AddNote::Added);
        assert_eq!(
            add(&after_crash).await,
            AddNote::Added,
            "not `Exists`: it was this very update that added it"
        );
        let remove = async |db: &Db| origin::scope(2, db.notes().remove(CHAT, &note.name)).await.unwrap();
        assert!(remove(&world.db).await);
        assert!(remove(&after_crash).await);
        assert_eq!(add(&after_crash).await, AddNote::Added, "an old update brings nothing back");
        assert!(world.neighbour().await.notes().names(CHAT).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn steps_of_one_update_are_told_apart() {
    for world in worlds().await {
        let work = async |db: &Db| {
            origin::scope(5, async {
                let one = db.warns().add(CHAT, ADA, Some("a")).await.unwrap().0.count;
                (one, db.warns().add(CHAT, ADA, Some("b")).await.unwrap().0.count)
            })
            .await
        };
        assert_eq!(work(&world.db).await, (1, 2));
        assert_eq!(work(&world.db).await, (1, 2));
        assert_eq!(world.db.warns().of(CHAT, ADA).await.unwrap().count, 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_deliveries_at_once() {
    for world in worlds().await {
        let neighbour = world.neighbour().await;
        let mut calls = JoinSet::new();
        for number in 0..10 {
            let db = if number % 2 == 0 { world.db.clone() } else { neighbour.clone() };
            calls.spawn(
                async move { origin::scope(5, db.warns().add(CHAT, ADA, None)).await.unwrap().0.count },
            );
        }
        assert_eq!(calls.join_all().await, [1; 10]);
    }
}

#[tokio::test]
async fn a_failed_write_leaves_no_answer() {
    for world in worlds().await {
        let add = async || origin::scope(5, world.db.warns().add(CHAT, ADA, None)).await;
        world.without_table("warns_settings", async || assert!(add().await.is_err())).await;
        assert_eq!(add().await.unwrap().0.count, 1);
    }
}

#[tokio::test]
async fn answers_are_swept_after_two_days() {
    for world in worlds().await {
        let add = async || origin::scope(5, world.db.warns().add(CHAT, ADA, None)).await.unwrap().0.count;
        add().await;
        world.clock.advance(Duration::from_secs(47 * 60 * 60));
        assert_eq!((world.db.sweep().await.unwrap(), add().await), (0, 1));
        world.clock.advance(Duration::from_secs(2 * 60 * 60));
        assert_eq!((world.db.sweep().await.unwrap(), add().await), (1, 2));
    }
}
