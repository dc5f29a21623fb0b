//! The parts of the bench that need no bot: its sinks take what they are sent, and its figures can be read by programs.

use std::path::Path;
use std::time::Duration;

use alita_runtime::Clock;
use alita_testkit::process::{Program, until};
use alita_testkit::{FakeTelegram, Member, NewChat, NewUser, Speaker};
use serde_json::Value;

const BENCH: &str = env!("CARGO_BIN_EXE_alita-bench");

const LIMIT: Duration = Duration::from_secs(60);

/// People talk in a few groups, and the sink takes it all.
async fn takes_everything(telegram: &FakeTelegram, sink: &Program) {
    let ada = telegram.add_user(NewUser::named("Ada"));
    for number in 0..5 {
        let chat = telegram.add_chat(NewChat::supergroup(format!("Group {number}")));
        telegram.set_member(chat, telegram.bot_id(), Member::member());
        telegram.set_member(chat, ada, Member::member());
        for text in ["one", "two", "three"] {
            telegram.say(chat, Speaker::User(ada), text);
        }
    }
    let running = sink.start().expect("it starts");
    let taken = until(LIMIT, "that everything is taken", || telegram.unconfirmed() == 0).await;
    taken.unwrap_or_else(|error| panic!("{error}; {}", sink.stderr()));
    drop(running);
}

fn sink(folder: &Path, telegram: &FakeTelegram) -> Program {
    let address = format!("{}/bot{}", telegram.base_url(), FakeTelegram::TOKEN);
    Program::new(BENCH, folder).arg("--sink").arg(address)
}

#[tokio::test]
async fn a_sink_asks_for_everything() {
    let folder = tempfile::tempdir().expect("a folder");
    let telegram = FakeTelegram::start(Clock::system()).await;
    takes_everything(&telegram, &sink(folder.path(), &telegram)).await;
    assert_eq!(telegram.webhook_attempts(), []);
}

#[tokio::test]
async fn a_sink_is_sent_everything() {
    let folder = tempfile::tempdir().expect("a folder");
    let telegram = FakeTelegram::start(Clock::system()).await;
    let sink = sink(folder.path(), &telegram);
    let port = sink.port();
    telegram.webhook_targets(&[([127, 0, 0, 1], port).into()]);
    takes_everything(&telegram, &sink.arg("--listen").arg(port.to_string())).await;
    let attempts = telegram.webhook_attempts();
    assert!(attempts.len() >= 15 && attempts.iter().all(|attempt| attempt.status == 200), "{attempts:?}");
}

#[tokio::test]
async fn figures_are_printed_and_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = Program::new(BENCH, folder.path()).arg("--bot").arg("no-bot-is-needed").arg("--quick");
    let keywords = bench.clone().arg("--only").arg("keywords").arg("--json").arg("figures.json");
    let output = keywords.run(LIMIT).await.expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(folder.path().join("figures.json")).expect("a file");
    let report: Value = serde_json::from_str(&text).expect("JSON");
    let figures = report["figures"].as_array().expect("figures");
    assert!(report["processors"].as_u64().is_some_and(|count| count > 0), "{text}");
    assert_eq!(figures.len(), String::from_utf8_lossy(&output.stdout).lines().count());
    assert!(
        figures.iter().all(|figure| figure["part"] == "keywords" && figure["value"].is_number()),
        "{text}"
    );
    let output = bench.arg("--only").arg("nonsense").run(LIMIT).await.expect("it runs");
    assert!(!output.status.success(), "a part that does not exist is not left out in silence");
}
