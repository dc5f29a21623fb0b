//! Telegram is not well for a whole minute, and the bot is: with its real pauses, whose sums the quicker tests of
//! `alita-modules` look at.

use std::time::{Duration, Instant};

use alita_testkit::{FakeTelegram, Fault};

use crate::room::Room;
use crate::{LIMIT, whole};

const MINUTE: Duration = Duration::from_secs(60);

/// How long Telegram says to wait: somebody's answer is waited for no longer than a minute.
const WAIT: Duration = Duration::from_secs(50);

fn calls(telegram: &FakeTelegram, method: &str) -> u64 {
    telegram.call_counts().get(method).copied().unwrap_or_default()
}

/// Nothing can be sent for the best part of a minute, and Telegram says so. What needs no message goes on.
#[tokio::test]
async fn a_telegram_that_takes_no_message_for_a_minute() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let room = Room::new(telegram, program);
    let running = room.start().await;
    room.is_told(room.ada, "/lock url").await;
    room.is_deleted(room.mallory, "see https://coins.example").await;
    room.telegram.forget_calls();

    room.telegram.fail("sendMessage", Fault::too_many(WAIT.as_secs()), usize::MAX);
    let began = Instant::now();
    let asked: Vec<_> = (0..5).map(|_| room.says(room.stranger(), "/id")).collect();
    // Whoever was told to wait asks again after that time, so well before it Telegram has to be well.
    room.stays_clean_until(began + WAIT - Duration::from_secs(20)).await;
    assert!(asked.iter().all(|question| room.answers(*question).is_empty()));
    let refused = calls(&room.telegram, "sendMessage");
    assert!((1..=5).contains(&refused), "{refused} tries, and each was told to wait");
    room.telegram.heal();
    room.handled().await;
    assert!(began.elapsed() >= WAIT, "it did not wait");
    for question in asked {
        assert_eq!(room.answers(question).len(), 1);
    }
    assert_eq!(calls(&room.telegram, "sendMessage"), refused + 5);
    room.ends_well(running).await;
}

/// Whatever is asked of Telegram ends at a gateway.
#[tokio::test]
async fn a_telegram_that_is_broken_for_a_minute() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let room = Room::new(telegram, program);
    let mut running = room.start().await;
    room.is_told(room.ada, "/lock url").await;
    room.is_deleted(room.mallory, "see https://coins.example").await;
    room.telegram.forget_calls();

    for method in ["getUpdates", "sendMessage", "deleteMessage", "getChatMember", "getChatAdministrators"] {
        room.telegram.fail(method, Fault::Status(502), usize::MAX);
    }
    // The question that is held already brings this; all that is said later waits.
    room.says(room.mallory, "good morning");
    room.wait("a question that fails", || calls(&room.telegram, "getUpdates") > 0).await;
    let failing = Instant::now();
    let asked = [room.says(room.stranger(), "/id"), room.says(room.ada, "/locks")];
    let spam = room.says(room.mallory, "see https://coins.example");
    tokio::time::sleep_until((failing + MINUTE).into()).await;
    assert!(running.has_ended().expect("the system tells").is_none());
    // The pauses are 1, 2, 4, 8, 16 and then 30 seconds, and up to a half longer than that where chance says so.
    let polls = calls(&room.telegram, "getUpdates");
    assert!((5..=9).contains(&polls), "{polls} questions in a minute");
    room.telegram.heal();
    let caught_up = async {
        room.handled().await;
        room.wait("the deletion of what was said meanwhile", || !room.is_there(spam)).await;
    };
    tokio::time::timeout(LIMIT, caught_up).await.expect("it catches up");
    for question in asked {
        assert_eq!(room.answers(question).len(), 1, "{}", room.program.stderr());
    }
    room.ends_well(running).await;
}
