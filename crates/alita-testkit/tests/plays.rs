//! How a play ends when it does not end well, and what it keeps when it does.

mod tiny_bot;

use std::time::Duration;

use alita_runtime::Clock;
use alita_testkit::FakeTelegram;
use alita_testkit::transcript::{Line, PlayError, check, perform, play, play_within};

use crate::tiny_bot::TinyBot;

const GROUP: &str = "group \"Rust Tea\": Ada owner, Mallory member, Alita admin\n";

async fn went(lines: &str) -> String {
    let text = format!("{GROUP}{lines}");
    let played = play(&text, TinyBot::start).await.unwrap_or_else(|error| panic!("{error}"));
    played.strip_prefix(GROUP).unwrap_or(&played).to_owned()
}

async fn failed(lines: &str) -> PlayError {
    check(&format!("{GROUP}{lines}"), TinyBot::start).await.expect_err("this cannot go well")
}

#[tokio::test]
async fn people_lines_are_enough() {
    assert_eq!(
        went("# A question.\nAda: /ask\n\nAda presses [No]\n").await,
        "# A question.\nAda: /ask\n  Alita: Sure?\n    [Yes] [No]\n    [Manual](https://example.org/manual)\n\n\
         Ada presses [No]\n  Alita answers: Ada was first.\n  Alita edits: No, says Ada.\n"
    );
}

#[tokio::test]
async fn marks_and_comments_are_kept() {
    let lines = "Ada: /echo {id of Mallory}\n  Alita: {id of Mallory}\n# c\n\nMallory: /ping\n  Alita: {one of Ping|Pong}\n";
    assert_eq!(went(lines).await, lines);
    check(&format!("{GROUP}{lines}"), TinyBot::start).await.expect("it says what happened");
}

#[tokio::test]
async fn other_chats_and_given_things_are_told() {
    assert_eq!(
        went("given the motto Be kind to {id of Ada}.\nMallory: /motto\nMallory in private: /start\nMallory: /secret\nMallory in private: /secret\n").await,
        "given the motto Be kind to {id of Ada}.\nMallory: /motto\n  Alita: Be kind to 42.\n\
         Mallory in private: /start\nMallory: /secret\n  Alita to Mallory in private: psst {plain} {protected}\n\
         Mallory in private: /secret\n  Alita says: psst {plain} {protected}\n"
    );
}

#[tokio::test]
async fn a_then_line_looks_inside() {
    went("given the motto x\nthen the motto is x\n").await;
    let error = failed("given the motto x\nthen the motto is y\n").await.to_string();
    assert!(error.starts_with("line 3: it is x"), "{error}");
}

#[tokio::test]
async fn a_restart_loses_what_a_crash_loses() {
    let lines = "Ada: /ask\nAda presses [Yes]\nrestart\nAda presses data \"ask|yes\"\nrestart after a crash\nAda presses data \"ask|no\"\n";
    let went = went(lines).await;
    let answers: Vec<&str> = went.lines().filter(|line| line.contains("answers")).collect();
    assert_eq!(
        answers,
        ["  Alita answers: Ada was first.", "  Alita answers: Too late.", "  Alita answers: Ada was first."]
    );
}

#[tokio::test]
async fn a_difference_is_shown_line_by_line() {
    let PlayError::Different { diff, .. } = failed("Ada: /ping\n  Alita: Ping\n").await else {
        panic!("another failure")
    };
    assert_eq!(diff, format!("  {GROUP}  Ada: /ping\n-   Alita: Ping\n+   Alita: Pong\n"));
}

#[tokio::test]
async fn mistakes_name_their_line_and_show_the_way() {
    let error = failed("Ada: /ping\nBob: hi\n").await.to_string();
    assert!(error.starts_with("line 3: nobody is called \"Bob\""), "{error}");
    assert!(error.contains("  Alita: Pong"), "{error}");
    let error = failed("Ada presses [Yes]\n").await.to_string();
    assert!(error.starts_with("line 2: no message here has a button [Yes]"), "{error}");
    let error = failed("Ada: /ask\nAda presses [Manual]\n").await.to_string();
    assert!(error.starts_with("line 3: [Manual] is a link"), "{error}");
    let error = failed("given a miracle\n").await.to_string();
    assert!(error.starts_with("line 2: only: given the motto"), "{error}");
}

#[tokio::test]
async fn a_hang_is_a_failure_that_shows_what_happened() {
    let text = format!("{GROUP}Ada: /ping\nAda: /hang\n");
    let error = play_within(Duration::from_secs(5), &text, TinyBot::start).await.expect_err("it hangs");
    assert!(matches!(error, PlayError::Hung { line: 3, .. }), "{error}");
    assert!(error.to_string().contains("  Alita: Pong"), "{error}");
}

#[tokio::test]
async fn broken_rules_of_the_bot_api_fail_the_play() {
    let PlayError::Sins { sins, .. } = failed("Ada: /twice\nAda presses [Twice]\n").await else {
        panic!("another failure")
    };
    assert_eq!(sins.len(), 1, "{sins:?}");
}

#[tokio::test]
async fn a_performance_shows_each_line_as_it_happened() {
    let lines = "Ada: /echo {id of Mallory}\n  Alita: {id of Mallory}\nAda: /ping\n  Alita: Ping\n";
    let mut shown = Vec::new();
    let show = |line: Line<'_>| {
        shown.push(match line {
            Line::Happened { line, is_expected: false } => format!("{line} ?"),
            Line::Written(line) | Line::Happened { line, .. } => line.to_owned(),
            _ => unreachable!("there are no other lines"),
        });
    };
    let fake = FakeTelegram::start(Clock::system()).await;
    let bot = TinyBot::start(fake.clone(), Clock::system()).await;
    let played = perform(fake, bot, &format!("{GROUP}{lines}"), Duration::from_secs(20), show).await;
    assert!(matches!(played, Err(PlayError::Different { .. })), "{played:?}");
    assert_eq!(
        shown.get(1..).unwrap_or_default(),
        ["Ada: /echo 43", "  Alita: 43", "Ada: /ping", "  Alita: Pong ?"]
    );
}

#[tokio::test]
async fn a_performance_cannot_turn_the_clock() {
    let fake = FakeTelegram::start(Clock::system()).await;
    let bot = TinyBot::start(fake.clone(), Clock::system()).await;
    let played = perform(fake, bot, "wait 61s\n", Duration::from_secs(20), |_| {}).await;
    let error = played.expect_err("nobody turns it").to_string();
    assert_eq!(error, "line 1: a performance cannot turn the clock\n    wait 61s");
}
