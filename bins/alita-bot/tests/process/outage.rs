//! PostgreSQL or Redis is stopped in the middle of the day and started again half a minute later.

use std::time::{Duration, Instant};

use crate::room::Room;
use crate::servers::Server;
use crate::whole;

/// How long they are away.
const OUTAGE: Duration = Duration::from_secs(30);

/// The beginning of the one line for a person whose wish failed.
const NOT_SAVED: &str = "I could not save that";

#[tokio::test]
async fn without_postgresql_locks_are_kept_and_wishes_are_refused_politely() {
    let Some(mut postgres) = Server::postgres().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let program = program.env("DATABASE_URL", postgres.url()).env("AUTO_MIGRATE", "yes");
    let room = Room::new(telegram, program);
    let mut running = room.start().await;
    room.is_told(room.ada, "/lock url").await;
    room.is_told(room.ada, "/setwarnlimit 5").await;
    room.is_deleted(room.mallory, "see https://coins.example").await;
    room.is_told(room.mallory, "/id").await;
    room.is_healthy("database", true).await;

    postgres.stop().await;
    let began = Instant::now();
    room.is_deleted(room.mallory, "and https://coins.example/again").await;
    // Somebody of whom nobody ever heard: that they cannot be written down does not save their link.
    room.is_deleted(room.stranger(), "me too https://coins.example").await;
    for wish in ["/setwarnlimit 7", "/lock sticker", "/save intro Welcome!"] {
        let told = room.is_told(room.ada, wish).await;
        assert!(told.starts_with(NOT_SAVED), "{told}");
    }
    room.is_told(room.mallory, "/id").await;
    room.is_healthy("database", false).await;
    room.handled().await;
    room.stays_clean_until(began + OUTAGE).await;
    assert!(running.has_ended().expect("the system tells").is_none());

    postgres.start().await;
    room.is_healthy("database", true).await;
    let told = room.is_told(room.ada, "/setwarnlimit 7").await;
    assert!(!told.starts_with(NOT_SAVED), "{told}");
    room.is_told(room.ada, "/save intro Welcome!").await;
    room.is_told(room.mallory, "#intro").await;
    room.is_deleted(room.mallory, "https://coins.example").await;
    room.handled().await;
    room.ends_well(running).await;
}

/// What is said while the database comes and goes is either done or apologised for, each once.
#[tokio::test]
async fn no_update_is_lost_while_postgresql_comes_and_goes() {
    let Some(mut postgres) = Server::postgres().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let program = program.env("DATABASE_URL", postgres.url()).env("AUTO_MIGRATE", "yes");
    let room = Room::new(telegram, program);
    let running = room.start().await;
    room.is_told(room.ada, "/lock url").await;
    room.is_deleted(room.mallory, "see https://coins.example").await;
    let mut asked = Vec::new();
    for round in 0..3 {
        for number in 0..10 {
            asked.push(room.says(room.ada, &format!("/save note{round}x{number} word")));
            asked.push(room.says(room.mallory, "/id"));
        }
        room.wait("the first answer of a round", || !room.answers(asked[round * 20]).is_empty()).await;
        postgres.stop().await;
        room.is_deleted(room.mallory, "https://coins.example").await;
        postgres.start().await;
    }
    room.handled().await;
    for message in asked {
        assert_eq!(room.answers(message).len(), 1, "{}", room.program.stderr());
    }
    // Every note that was confirmed is there.
    let told = room.is_told(room.ada, "/notes").await;
    let confirmed = room
        .telegram
        .messages(room.chat)
        .iter()
        .filter(|message| message["from"]["id"] == room.telegram.bot_id().get())
        .filter_map(|message| {
            let text = message["text"].as_str()?;
            let at = text.find("note")?;
            text.get(at..)?.split(|c: char| !c.is_ascii_alphanumeric()).next().map(str::to_owned)
        })
        .filter(|name| name.len() > 5)
        .collect::<std::collections::BTreeSet<_>>();
    assert!(!confirmed.is_empty());
    for name in confirmed {
        assert!(told.contains(&name), "{name} is missing in {told}");
    }
    room.ends_well(running).await;
}

#[tokio::test]
async fn without_redis_everything_goes_on_and_what_changed_meanwhile_is_made_up_for() {
    let Some(mut redis) = Server::redis().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let program = program.env("REDIS_URL", redis.url()).env("CLEAR_CACHE_ON_STARTUP", "no");
    let room = Room::new(telegram, program);
    let mut running = room.start().await;
    room.is_told(room.ada, "/lock url").await;
    room.is_deleted(room.mallory, "see https://coins.example").await;
    room.is_told(room.mallory, "/warns").await;
    room.is_healthy("redis", true).await;

    redis.stop().await;
    let began = Instant::now();
    room.is_deleted(room.mallory, "and https://coins.example/again").await;
    room.is_told(room.ada, &format!("/warn {} links", room.mallory)).await;
    room.is_told(room.ada, "/lock sticker").await;
    room.is_healthy("redis", false).await;
    room.stays_clean_until(began + OUTAGE).await;
    room.is_told(room.ada, "/unlock url").await;
    let allowed = room.says(room.mallory, "now https://coins.example is fine");
    room.handled().await;
    assert!(room.is_there(allowed), "what is unlocked stays");
    assert!(running.has_ended().expect("the system tells").is_none());

    // It comes back with what it knew before: that links are locked.
    redis.start().await;
    room.is_healthy("redis", true).await;
    let allowed = room.says(room.mallory, "still https://coins.example is fine");
    room.handled().await;
    assert!(room.is_there(allowed), "an old value came back");
    room.ends_well(running).await;

    // A process that remembers nothing by itself asks Redis, which must not tell it the old value either.
    running = room.start().await;
    let allowed = room.says(room.mallory, "after all https://coins.example is fine");
    room.handled().await;
    assert!(room.is_there(allowed), "Redis kept an old value");
    let told = room.is_told(room.mallory, "/warns").await;
    assert!(told.contains("1/"), "{told}");
    room.ends_well(running).await;
}
