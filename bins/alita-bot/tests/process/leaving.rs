//! `SIGTERM`: the bot finishes what it has begun, confirms it, and leaves with 0.

use alita_model::{ChatId, UserId};
use alita_runtime::Clock;
use alita_testkit::process::{free_port, get, until};
use alita_testkit::{FakeTelegram, Member, NewChat, NewUser, Speaker};

use crate::{LIMIT, whole};

/// So many people, each of whom asks for their id once.
const PEOPLE: usize = 600;

/// So many get their answer before `SIGTERM`; Telegram keeps all others waiting until the bot has heard it.
const BEFORE: usize = 30;

#[tokio::test]
async fn under_load_everything_that_was_begun_is_finished_and_confirmed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let people = people(&telegram);
    telegram.close_gate("sendMessage", BEFORE);
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    for (chat, person) in &people {
        telegram.say(*chat, Speaker::User(*person), "/id");
    }
    until(LIMIT, "the first answers", || answers(&telegram) >= BEFORE).await.expect("it works");
    running.signal("TERM").await.expect("it runs");
    let has_heard = || program.stderr().contains("shutting down");
    until(LIMIT, "that it hears the signal", has_heard).await.expect("it hears");
    telegram.open_gate();
    let status = running.ended(LIMIT).await.expect("it leaves in time");
    assert_eq!(status.code(), Some(0), "{}", program.stderr());

    // What is not confirmed was not begun: each question has its answer now or after the next start, and only then.
    let confirmed = PEOPLE - telegram.unconfirmed();
    assert_eq!(answers(&telegram), confirmed);
    // Two hundred may be in handling at once, and nobody else was begun after the signal.
    assert!(confirmed > BEFORE, "what was begun was not finished");
    assert!(confirmed < PEOPLE, "it left only when there was nothing to do any more");

    let mut running = program.start().expect("it starts again");
    running.is_up(LIMIT).await.expect("it comes up again");
    tokio::time::timeout(LIMIT, telegram.settled()).await.expect("the rest is answered");
    assert_eq!(answers(&telegram), PEOPLE);
    assert_eq!(running.terminate(LIMIT).await.expect("it leaves in time").code(), Some(0));
    assert_eq!(telegram.faults_seen(), Vec::<String>::new());
}

fn people(telegram: &FakeTelegram) -> Vec<(ChatId, UserId)> {
    let chats: Vec<ChatId> =
        (0..20).map(|n| telegram.add_chat(NewChat::supergroup(format!("Group {n}")))).collect();
    for chat in &chats {
        telegram.set_member(*chat, telegram.bot_id(), Member::full_administrator());
    }
    let one = |number: usize| {
        let chat = chats[number % chats.len()];
        let person = telegram.add_user(NewUser::named("Somebody"));
        telegram.set_member(chat, person, Member::member());
        (chat, person)
    };
    (0..PEOPLE).map(one).collect()
}

fn answers(telegram: &FakeTelegram) -> usize {
    usize::try_from(telegram.call_counts().get("sendMessage").copied().unwrap_or_default())
        .expect("not so many")
}

#[tokio::test]
async fn a_telegram_that_cannot_be_reached_is_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let program = program.env("API_SERVER", format!("http://127.0.0.1:{}", free_port()));
    let mut running = program.start().expect("it starts");
    let tries = || program.stderr().matches("Telegram cannot be reached; trying again in").count();
    until(LIMIT, "a second try", || tries() >= 2).await.expect("it tries again, and says so");
    let (status, health) = get(program.port(), "/health").await.expect("an answer");
    assert_eq!(status, 503, "{health}");
    assert!(health.contains("starting"), "{health}");
    assert_eq!(
        running.terminate(LIMIT).await.expect("it leaves in time").code(),
        Some(0),
        "{}",
        program.stderr()
    );
    assert!(!program.stderr().contains(FakeTelegram::TOKEN), "the token is in the log");
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let url = format!("postgres://alita:hunter2@127.0.0.1:{}/alita", free_port());
    let program = program.env("DATABASE_URL", url);
    let mut running = program.start().expect("it starts");
    let is_told = || program.stderr().contains("the database does not answer yet");
    until(LIMIT, "a first try", is_told).await.expect("it tries, and says so");
    assert!(running.has_ended().expect("the system tells").is_none(), "it tries again");
    assert_eq!(
        running.terminate(LIMIT).await.expect("it leaves in time").code(),
        Some(0),
        "{}",
        program.stderr()
    );
    assert!(!program.stderr().contains("hunter2"), "the password is in the log");
}

#[tokio::test]
async fn a_telegram_that_comes_later_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let port = free_port();
    let program = program.env("API_SERVER", format!("http://127.0.0.1:{port}"));
    let mut running = program.start().expect("it starts");
    until(LIMIT, "a first try", || program.stderr().contains("cannot be reached")).await.expect("it tries");
    let _late = FakeTelegram::start_on(port, Clock::system()).await.expect("the port is still free");
    running.is_up(LIMIT).await.expect("it comes up");
    assert_eq!(running.terminate(LIMIT).await.expect("it leaves in time").code(), Some(0));
}
