//! The disk of the embedded database is full, or may only be read.
//!
//! Full is a limit on the size of files that the test sets and lifts while the bot runs: to SQLite, to the log, and to
//! the log of sent messages it is what a full disk is, and it needs neither a disk of its own nor root.

use alita_testkit::process::{Program, Running};
use tokio::process::Command;

use crate::room::Room;
use crate::{BOT, LIMIT, whole};

const NOT_SAVED: &str = "I could not save that";

/// From here on no file of the bot grows beyond this, or all may again.
async fn limit_files(running: &Running, to: &str) {
    let limit = format!("--fsize={to}:");
    let set = Command::new("prlimit").args(["--pid", &running.id().to_string(), &limit]).output().await;
    let set = set.expect("prlimit is a part of every Linux (util-linux)");
    assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn on_a_full_disk_wishes_are_refused_politely_until_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, _) = whole(folder.path()).await;
    // Linux: whoever writes beyond the limit is ended by a signal, unless somebody chose to ignore it.
    let program =
        Program::bot("/bin/sh", folder.path(), &telegram).arg("-c").arg("trap '' XFSZ; exec \"$0\"").arg(BOT);
    let room = Room::new(telegram, program);
    let mut running = room.start().await;
    room.is_told(room.ada, "/lock url").await;
    room.is_told(room.ada, "/setwarnlimit 5").await;
    room.is_deleted(room.mallory, "see https://coins.example").await;

    limit_files(&running, "4096").await;
    for wish in ["/setwarnlimit 7", "/save intro Welcome!", "/lock sticker"] {
        let told = room.is_told(room.ada, wish).await;
        assert!(told.starts_with(NOT_SAVED), "{told}");
    }
    room.is_deleted(room.mallory, "and https://coins.example/again").await;
    room.is_deleted(room.stranger(), "me too https://coins.example").await;
    room.is_told(room.mallory, "/id").await;
    room.handled().await;
    assert!(running.has_ended().expect("the system tells").is_none());

    limit_files(&running, "unlimited").await;
    for wish in ["/setwarnlimit 7", "/save intro Welcome!"] {
        let told = room.is_told(room.ada, wish).await;
        assert!(!told.starts_with(NOT_SAVED), "{told}; the log:\n{}", room.program.stderr());
    }
    room.is_told(room.mallory, "#intro").await;
    // Panics could not be logged, but they were counted.
    let (_, metrics) = alita_testkit::process::get(room.program.port(), "/metrics").await.expect("an answer");
    assert!(!metrics.contains("alita_panics_total{"), "{metrics}");
    room.handled().await;
    room.ends_well(running).await;
}

#[tokio::test]
async fn a_database_that_may_only_be_read_is_said_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let room = Room::new(telegram, program);
    let running = room.start().await;
    room.ends_well(running).await;

    let url = format!("sqlite://{}?mode=ro", folder.path().join("alita.db").display());
    let program = room.program.clone().env("DATABASE_URL", url).env("LOG_FORMAT", "json");
    let output = program.run(LIMIT).await.expect("it ends by itself");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let complaint: Vec<&str> = said.lines().filter(|line| !line.starts_with('{')).collect();
    let [line] = complaint.as_slice() else { panic!("not one line: {said}") };
    assert!(line.contains("read") || line.contains("written"), "{line}");
}

/// Somebody else writes for a long time, for example a tool that makes a copy.
#[tokio::test]
async fn a_database_that_is_locked_by_a_tool_is_waited_for_and_then_apologised_for() {
    use sea_orm::{ConnectionTrait, Database};

    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let room = Room::new(telegram, program);
    let running = room.start().await;
    room.is_told(room.ada, "/lock url").await;
    room.is_deleted(room.mallory, "see https://coins.example").await;

    let url = format!("sqlite://{}", folder.path().join("alita.db").display());
    let tool = Database::connect(&url).await.expect("the file opens");
    tool.execute_unprepared("BEGIN IMMEDIATE").await.expect("nobody writes");
    let told = room.is_told(room.ada, "/setwarnlimit 7").await;
    assert!(told.starts_with(NOT_SAVED), "{told}");
    room.is_deleted(room.mallory, "and https://coins.example/again").await;
    tool.execute_unprepared("ROLLBACK").await.expect("it is over");
    tool.close().await.expect("it closes");
    let told = room.is_told(room.ada, "/setwarnlimit 7").await;
    assert!(!told.starts_with(NOT_SAVED), "{told}");
    room.ends_well(running).await;
}
