//! What is written behind, who counts as active, and which groups are called silent.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, EntityTrait};

use super::*;
use crate::activity_repo::{Swept, Windows};
use crate::throttle::INTERVAL;
use crate::{chats_repo, users_repo};

const MONTH: TimeDelta = TimeDelta::days(30);
const HOUR: TimeDelta = TimeDelta::hours(1);
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn chat_row(db: &Db) -> chats_repo::Model {
    chats_repo::Entity::find().one(db.connection()).await.unwrap().expect("a group")
}

async fn user_time(db: &Db) -> DateTime<Utc> {
    users_repo::Entity::find().one(db.connection()).await.unwrap().expect("a person").last_activity
}

/// Lets days pass in which the bot is alive, and does what it does then.
async fn days_pass(world: &World, days: u32) {
    for _ in 0..days {
        world.clock.advance(A_DAY);
        world.db.activity().alive(MONTH).await.unwrap();
    }
}

#[tokio::test]
async fn times_are_written_behind_and_all_together() {
    for world in worlds().await {
        let db = &world.db;
        for id in 1..=20 {
            let user = UserId::new(id);
            db.users().seen(&person(user, "X", None)).await.unwrap();
            db.chats().seen(CHAT, "Tea", Some(user)).await.unwrap();
        }
        world.clock.advance(INTERVAL);
        let (transactions, queries) = (db.transactions(), db.queries());
        for id in 1..=20 {
            let user = UserId::new(id);
            assert!(db.users().seen(&person(user, "X", None)).await.unwrap());
            db.chats().seen(CHAT, "Tea", Some(user)).await.unwrap();
            db.activity().heard(CHAT);
        }
        assert_eq!((db.transactions(), db.queries()), (transactions, queries), "nothing is written at once");
        assert_eq!(db.activity().waiting(), 20 + 1 + 20 + 1);
        world.clock.advance(Duration::from_secs(3));
        assert_eq!(db.activity().flush().await.unwrap(), 42);
        assert_eq!(db.transactions() - transactions, 1);
        assert!(db.queries() - queries <= 6, "a few statements for all: {}", db.queries() - queries);
        let when = world.clock.now() - TimeDelta::seconds(3);
        assert_eq!(
            (user_time(db).await, chat_row(db).await.last_activity),
            (when, when),
            "when they were seen"
        );
        assert_eq!(db.activity().waiting(), 0);
        assert_eq!(db.activity().flush().await.unwrap(), 0);
        assert_eq!(db.transactions() - transactions, 1, "nothing to write costs nothing");
    }
}

#[tokio::test]
async fn what_could_not_be_written_waits() {
    for world in worlds().await {
        let db = &world.db;
        db.users().seen(&person(ADA, "Ada", None)).await.unwrap();
        world.clock.advance(INTERVAL);
        db.users().seen(&person(ADA, "Ada", None)).await.unwrap();
        let seen = world.clock.now();
        world
            .without_table("users", async || {
                db.activity().flush().await.unwrap_err();
                assert_eq!(db.activity().waiting(), 1);
            })
            .await;
        world.clock.advance(Duration::from_secs(60));
        assert_eq!(db.activity().flush().await.unwrap(), 1);
        assert_eq!(user_time(db).await, seen, "the time of the person, not of the write");
        assert!(!db.users().seen(&person(ADA, "Ada", None)).await.unwrap(), "the throttle holds meanwhile");
    }
}

#[tokio::test]
async fn a_time_never_goes_back_and_a_row_that_is_gone_stays_gone() {
    for world in worlds().await {
        let db = &world.db;
        db.chats().seen(CHAT, "Tea", Some(ADA)).await.unwrap();
        world.clock.advance(INTERVAL);
        db.chats().seen(CHAT, "Tea", Some(ADA)).await.unwrap();
        db.activity().heard(CHAT);
        world.clock.advance(Duration::from_secs(10));
        let other = world.neighbour().await;
        other.chats().seen(CHAT, "Tea", Some(ADA)).await.unwrap();
        db.activity().flush().await.unwrap();
        assert_eq!(chat_row(db).await.last_activity, world.clock.now(), "the neighbour was later");

        world.clock.advance(INTERVAL);
        db.chats().seen(CHAT, "Tea", Some(ADA)).await.unwrap();
        db.activity().heard(CHAT);
        assert!(other.chats().migrate(CHAT, OTHER_CHAT).await.unwrap());
        db.activity().flush().await.unwrap();
        assert_eq!(chat_row(db).await.chat_id, OTHER_CHAT.get(), "the old group does not come back");
        assert_eq!(db.activity().waiting(), 0);
    }
}

#[tokio::test]
async fn messages_of_a_day_are_counted() {
    for world in worlds().await {
        let db = &world.db;
        db.chats().seen(CHAT, "Tea", Some(ADA)).await.unwrap();
        db.chats().seen(CHAT, "Tea", Some(BOB)).await.unwrap();
        let today = world.clock.now().date_naive();
        for round in 1..=2 {
            for _ in 0..3 {
                db.activity().heard(CHAT);
            }
            db.activity().flush().await.unwrap();
            let days = db.activity().days(CHAT, today).await.unwrap();
            assert_eq!((days.len(), days[0].messages), (1, 3 * round));
        }
        db.activity().sweep(MONTH, HOUR).await.unwrap().expect("the first sweep");
        assert_eq!(db.activity().days(CHAT, today).await.unwrap()[0].users_estimate, 2);

        days_pass(&world, 91).await;
        db.activity().sweep(MONTH, HOUR).await.unwrap().expect("another sweep");
        assert_eq!(db.activity().days(CHAT, today).await.unwrap(), [], "a day is kept for 90 days");
    }
}

#[tokio::test]
async fn the_active_are_counted_by_day_week_and_month() {
    for world in worlds().await {
        let db = &world.db;
        let seen = async |number: i64| {
            db.users().seen(&person(UserId::new(number), "X", None)).await.unwrap();
            db.chats().seen(ChatId::new(-1_000_000 - number), "Tea", None).await.unwrap();
        };
        seen(1).await;
        world.clock.advance(A_DAY * 20);
        seen(2).await;
        world.clock.advance(A_DAY * 5);
        seen(3).await;
        world.clock.advance(A_DAY * 10);
        seen(4).await;
        seen(5).await;
        db.chats().mark_inactive(ChatId::new(-1_000_005)).await.unwrap();
        let counts = db.activity().counts().await.unwrap();
        assert_eq!(counts.active_users, Windows { day: 2, week: 2, month: 4 });
        assert_eq!((counts.users, counts.chats, counts.inactive_chats), (5, 5, 1));
        assert_eq!(
            counts.active_chats,
            Windows { day: 1, week: 1, month: 3 },
            "the marked one is not active"
        );

        seen(6).await;
        world.costs_nothing(async || assert_eq!(db.activity().counts().await.unwrap(), counts)).await;
        world.clock.advance(Duration::from_secs(5 * 60));
        let later = db.activity().counts().await.unwrap();
        assert_eq!((later.users, later.counted_at), (6, world.clock.now()));
    }
}

#[tokio::test]
async fn silent_groups_are_marked_and_a_message_revives_them() {
    for world in worlds().await {
        let (db, activity) = (&world.db, world.db.activity());
        activity.alive(MONTH).await.unwrap();
        db.chats().seen(CHAT, "Tea", None).await.unwrap();
        db.chats().seen(OTHER_CHAT, "Other Tea", None).await.unwrap();
        days_pass(&world, 29).await;
        db.chats().seen(OTHER_CHAT, "Other Tea", None).await.unwrap();
        let swept = activity.sweep(MONTH, HOUR).await.unwrap().expect("the first sweep");
        assert_eq!((swept.marked, swept.is_too_early), (0, true));
        days_pass(&world, 2).await;
        let is_inactive = async |chat| db.chats().get(chat).await.unwrap().unwrap().is_inactive;
        assert!(!is_inactive(CHAT).await);
        let swept = activity.sweep(MONTH, HOUR).await.unwrap();
        assert_eq!(swept, Some(Swept { marked: 1, revived: 0, is_too_early: false }));
        assert_eq!((is_inactive(CHAT).await, is_inactive(OTHER_CHAT).await), (true, false));
        assert_eq!(
            world.neighbour().await.activity().sweep(MONTH, HOUR).await.unwrap(),
            None,
            "it was just done"
        );

        db.chats().seen(CHAT, "Tea", None).await.unwrap();
        assert!(!is_inactive(CHAT).await, "it was written at once, for it is long ago");
    }
}

#[tokio::test]
async fn a_mark_that_another_process_made_is_taken_off_by_what_was_written_behind() {
    for world in worlds().await {
        let (db, other) = (&world.db, world.neighbour().await);
        db.chats().seen(CHAT, "Tea", None).await.unwrap();
        world.clock.advance(INTERVAL);
        other.chats().mark_inactive(CHAT).await.unwrap();
        let is_inactive = async || chat_row(db).await.is_inactive;
        assert!(is_inactive().await);
        // Heard at the moment of the mark: the bot is out, and this is old news.
        db.chats().seen(CHAT, "Tea", None).await.unwrap();
        db.activity().flush().await.unwrap();
        assert!(is_inactive().await);
        assert!(db.chats().get(CHAT).await.unwrap().unwrap().is_inactive);
        world.clock.advance(INTERVAL);
        db.chats().seen(CHAT, "Tea", None).await.unwrap();
        db.activity().flush().await.unwrap();
        assert!(!is_inactive().await);
        assert!(!db.chats().get(CHAT).await.unwrap().unwrap().is_inactive, "the cache knows");

        // Our own mark: what waits does not wake the group.
        world.clock.advance(INTERVAL);
        db.chats().seen(CHAT, "Tea", None).await.unwrap();
        world.clock.advance(Duration::from_secs(1));
        db.chats().mark_inactive(CHAT).await.unwrap();
        db.activity().flush().await.unwrap();
        assert!(is_inactive().await);
        db.activity().sweep(MONTH, HOUR).await.unwrap();
        assert!(is_inactive().await, "nor does the sweep");
    }
}

#[tokio::test]
async fn a_bot_that_was_away_calls_nobody_silent() {
    for world in worlds().await {
        let (db, activity) = (&world.db, world.db.activity());
        let first = activity.alive(MONTH).await.unwrap();
        db.chats().seen(CHAT, "Tea", None).await.unwrap();
        days_pass(&world, 29).await;
        assert_eq!(activity.alive(MONTH).await.unwrap(), first);
        world.clock.advance(A_DAY * 40);
        assert_eq!(activity.alive(MONTH).await.unwrap(), world.clock.now());
        let swept = activity.sweep(MONTH, HOUR).await.unwrap().expect("a sweep");
        assert_eq!((swept.marked, swept.is_too_early), (0, true));
        days_pass(&world, 30).await;
        let swept = activity.sweep(MONTH, HOUR).await.unwrap().expect("a sweep");
        assert_eq!((swept.marked, swept.is_too_early), (1, false));
    }
}

#[tokio::test]
async fn thousands_of_silent_groups_are_marked_in_batches() {
    for world in worlds().await {
        let (db, activity) = (&world.db, world.db.activity());
        activity.alive(MONTH).await.unwrap();
        let long_ago = world.clock.now();
        for chunk in 0..5 {
            let rows = (0..500).map(|row| chats_repo::unknown(ChatId::new(-1 - chunk * 500 - row), long_ago));
            chats_repo::Entity::insert_many(rows).exec_without_returning(db.connection()).await.unwrap();
        }
        days_pass(&world, 31).await;
        let before = db.transactions();
        let swept = activity.sweep(MONTH, HOUR).await.unwrap().expect("a sweep");
        assert_eq!(swept.marked, 2_500);
        // The claim, the revival, three batches, the days.
        assert_eq!(db.transactions() - before, 6);
        assert_eq!(activity.counts().await.unwrap().inactive_chats, 2_500);
    }
}

#[tokio::test]
async fn of_two_processes_one_sweeps() {
    for world in worlds().await {
        let other = world.neighbour().await;
        let (mine, others) = (world.db.activity(), other.activity());
        let (one, two) = tokio::join!(mine.sweep(MONTH, HOUR), others.sweep(MONTH, HOUR));
        assert_eq!([one.unwrap(), two.unwrap()].iter().flatten().count(), 1);
    }
}

/// The counts and the sweep find what they need through indexes.
#[tokio::test]
async fn the_counts_use_the_indexes() {
    let world = World::on(databases::sqlite()).await;
    for (table, filter, index) in [
        ("chats", "is_inactive = false AND last_activity >= 'x'", "ix_chats_is_inactive_last_activity"),
        ("users", "last_activity >= 'x'", "ix_users_last_activity"),
    ] {
        let sql = format!("EXPLAIN QUERY PLAN SELECT count(id) FROM {table} WHERE {filter}");
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, sql);
        let plan = world.db.connection().query_one_raw(statement).await.unwrap().expect("a plan");
        let plan: String = plan.try_get("", "detail").unwrap();
        assert!(plan.contains("COVERING INDEX") && plan.contains(index), "{plan}");
    }
}
