//! Signals at bad moments: the steps in their order, a Telegram that hangs, an operator who does not wait, and one
//! who wants to know what it waits for.

use alita_cache::Cache;
use alita_db::{Db, DbConfig};
use alita_runtime::Clock;
use alita_testkit::Fault;
use alita_testkit::process::{Running, get};

use crate::room::Room;
use crate::{LIMIT, whole};

/// The step that waits for a handler that hangs.
const DRAIN: &str = "updates in handling";

/// The steps of all shutdowns so far, in the order in which they were begun.
fn steps(log: &str) -> Vec<&str> {
    let begun = log.lines().filter(|line| line.contains("shutting down step="));
    begun.filter_map(|line| line.split('"').nth(1)).collect()
}

/// A warning whose answer hangs, so that there is something in handling for as long as it may take.
async fn hangs(room: &Room) -> Running {
    let running = room.start().await;
    room.is_told(room.ada, "/id").await;
    room.telegram.fail("sendMessage", Fault::Hang, usize::MAX);
    let before = sent(room);
    room.says(room.ada, &format!("/warn {} spam", room.mallory));
    room.wait("the answer that hangs", || sent(room) > before).await;
    running
}

fn sent(room: &Room) -> u64 {
    room.telegram.call_counts().get("sendMessage").copied().unwrap_or_default()
}

#[tokio::test]
async fn what_was_opened_last_is_closed_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let room = Room::new(telegram, program);
    let running = room.start().await;
    for number in 0..200 {
        room.says(room.ada, &format!("/save note{number} word"));
        room.says(room.mallory, "/id");
    }
    room.wait("the first answers", || sent(&room) > 10).await;
    room.ends_well(running).await;
    let log = room.program.stderr();
    let order = [
        "readiness",
        "notice of the stop",
        "updates in handling",
        "confirmation of what was handled",
        "tasks",
        "http",
        "cache",
        "database",
    ];
    let begun = steps(&log);
    let places: Vec<Option<usize>> =
        order.iter().map(|step| begun.iter().position(|name| name == step)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{begun:?}");
    assert_eq!((begun.first(), begun.last()), (Some(&"readiness"), Some(&"database")));
    assert!(!log.contains("the step failed") && !log.contains("ran out of time"), "{log}");
}

/// The log chat does not answer, and the notice waits for it: meanwhile nobody is sent here any more.
#[tokio::test]
async fn it_is_not_ready_from_the_first_step_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let mut room = Room::new(telegram, program);
    room.program = room.program.env("MESSAGE_DUMP", room.chat.to_string());
    // What is in handling keeps it from leaving before it was asked.
    let mut running = hangs(&room).await;
    let ready = get(room.program.port(), "/readyz").await.expect("an answer");
    assert_eq!(ready.0, 200, "{}", ready.1);
    running.signal("TERM").await.expect("it runs");
    room.wait("the notice", || steps(&room.program.stderr()).last() == Some(&"notice of the stop")).await;
    for path in ["/readyz", "/health"] {
        let (status, body) = get(room.program.port(), path).await.expect("an answer");
        assert!(status == 503 && body.contains(r#""stopping":true"#), "{path}: {status} {body}");
    }
    running.signal("TERM").await.expect("it runs");
    running.ended(LIMIT).await.expect("it ends");
}

/// The whole shutdown has 60 seconds; here it gets five, so that its end is seen sooner.
#[tokio::test]
async fn a_telegram_that_hangs_does_not_keep_it_and_nothing_is_half_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let room = Room::new(telegram, program.env("SHUTDOWN_TIMEOUT_SECONDS", "5"));
    let mut running = hangs(&room).await;
    let status = running.terminate(LIMIT).await.expect("it leaves in time");
    let log = room.program.stderr();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("the step ran out of time and was dropped"), "{log}");
    assert!(
        log.contains("no time was left for this step") && log.contains("not everything was put away"),
        "{log}"
    );
    assert_eq!(room.telegram.unconfirmed(), 1, "what was not finished comes again");

    room.telegram.heal();
    let running = room.start().await;
    room.handled().await;
    room.ends_well(running).await;
    let url = format!("sqlite://{}", folder.path().join("alita.db").display());
    let clock = Clock::system();
    let db = Db::connect(DbConfig::new(url), Cache::in_memory(clock.clone()), clock).await.expect("it opens");
    assert_eq!(db.warns().of(room.chat, room.mallory).await.expect("a tally").count, 1, "it counts once");
    db.close().await.expect("it closes");
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    for second in ["TERM", "INT"] {
        let folder = tempfile::tempdir().expect("a folder");
        let (telegram, program) = whole(folder.path()).await;
        let room = Room::new(telegram, program);
        let mut running = hangs(&room).await;
        running.signal("TERM").await.expect("it runs");
        // The notice of the stop goes out before; from here on it waits.
        room.wait("the draining", || steps(&room.program.stderr()).last() == Some(&DRAIN)).await;
        assert!(running.has_ended().expect("the system tells").is_none(), "it waits for what is in handling");
        running.signal(second).await.expect("it runs");
        let status = running.ended(LIMIT).await.expect("it ends");
        let log = room.program.stderr();
        assert_eq!(status.code(), Some(1), "{log}");
        assert!(log.contains("shutdown was forced"), "{log}");
        assert_eq!(steps(&log).last(), Some(&DRAIN), "no other step was begun: {log}");
    }
}

#[tokio::test]
async fn sigquit_tells_what_it_is_at_and_ends_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let room = Room::new(telegram, program);
    let mut running = hangs(&room).await;
    let dumps = |set: &str| -> Vec<String> {
        let log = room.program.stderr();
        let is_dump = |line: &&str| line.contains("task dump") && line.contains(&format!("set=\"{set}\""));
        log.lines().filter(is_dump).map(str::to_owned).collect()
    };
    running.signal("QUIT").await.expect("it runs");
    room.wait("the dump", || dumps("updates").len() == 1).await;
    let (updates, tasks) = (dumps("updates"), dumps("tasks"));
    assert!(updates[0].contains("lane=1") && updates[0].contains("updates=1"), "{updates:?}");
    assert!(tasks[0].contains("count="), "{tasks:?}");
    assert_eq!(get(room.program.port(), "/health").await.expect("an answer").0, 200);

    running.signal("TERM").await.expect("it runs");
    room.wait("the draining", || steps(&room.program.stderr()).last() == Some(&DRAIN)).await;
    running.signal("QUIT").await.expect("it runs");
    room.wait("the dump while it leaves", || dumps("updates").len() == 2).await;
    assert!(running.has_ended().expect("the system tells").is_none(), "it waits for what is in handling");
    running.signal("TERM").await.expect("it runs");
    assert_eq!(running.ended(LIMIT).await.expect("it ends").code(), Some(1));
}
