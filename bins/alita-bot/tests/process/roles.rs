//! What the program does beside running: `version`, `check-config`, `health`, `migrate`.

use alita_model::{ChatId, UserId};
use alita_testkit::process::{Program, free_port, get, until};
use alita_testkit::{FakeTelegram, Member, NewChat, NewUser, Speaker};

use crate::{BOT, LIMIT, bare, whole};

/// Exit code and standard output.
async fn answer(program: Program) -> (Option<i32>, String) {
    let output = program.run(LIMIT).await.expect("it ends by itself");
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

#[tokio::test]
async fn version_needs_nothing() {
    let version = format!("v{}\n", env!("CARGO_PKG_VERSION"));
    let (_folder, program) = bare();
    assert_eq!(answer(program.without("HTTP_PORT").arg("version")).await, (Some(0), version));
}

#[tokio::test]
async fn check_config_shows_everything_but_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    std::fs::write(folder.path().join(".env"), "OWNER_ID=42\nREDIS_PASSWORD=hunter2\n").expect("a file");
    let program = program.env("DATABASE_URL", "postgres://alita:hunter2@db/alita");
    let (code, shown) = answer(program.clone().arg("check-config")).await;
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains(FakeTelegram::TOKEN), "{shown}");
    let line = |variable: &str| {
        let line = shown.lines().find(|line| line.split_whitespace().next() == Some(variable));
        line.unwrap_or_else(|| panic!("{variable} is missing in {shown}"))
    };
    assert!(line("BOT_TOKEN").ends_with("(set) (environment)"), "{shown}");
    assert!(line("DATABASE_URL").ends_with("(set) (environment)"), "{shown}");
    assert!(line("REDIS_PASSWORD").ends_with("(set) (.env)"), "{shown}");
    assert!(line("OWNER_ID").ends_with("42 (.env)"), "{shown}");
    assert!(line("DEBUG").ends_with("false (default)"), "{shown}");
    assert_eq!(shown.lines().last(), Some("The configuration is fine."));
    assert!(telegram.calls().is_empty(), "nothing is opened");
}

#[tokio::test]
async fn check_config_tells_what_is_wrong() {
    let (_folder, program) = bare();
    let output =
        program.env("DEBUG", "perhaps").arg("check-config").run(LIMIT).await.expect("it ends by itself");
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("  BOT_TOKEN: required") && said.contains("  DEBUG: found `perhaps`"), "{said}");
}

#[tokio::test]
async fn health_asks_the_bot_on_this_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    // The health check of a container has the port, and perhaps nothing else.
    let health = Program::new(BOT, folder.path()).env("HTTP_PORT", program.port().to_string()).arg("health");
    assert_eq!(answer(health.clone()).await.0, Some(1), "nobody is there yet");

    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    assert_eq!(answer(health.clone()).await.0, Some(0));
    let (status, metrics) = get(program.port(), "/metrics").await.expect("an answer");
    assert!(status == 200 && metrics.contains("alita_build_info"), "{status}: {metrics}");

    assert_eq!(running.terminate(LIMIT).await.expect("it leaves").code(), Some(0));
    let gone = health.run(LIMIT).await.expect("it ends by itself");
    assert_eq!(gone.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&gone.stderr).lines().count(), 1);
}

#[tokio::test]
async fn migrate_shows_where_the_schema_stands() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let migrate = |what: &str| answer(program.clone().arg("migrate").arg(what));
    let (_, before) = migrate("status").await;
    let (code, sql) = answer(program.clone().arg("migrate").arg("up").arg("--dry-run")).await;
    assert!(code == Some(0) && sql.contains("CREATE TABLE") && sql.contains("Nothing was changed"), "{sql}");
    assert_eq!(migrate("status").await.1, before);
    assert!(!before.is_empty() && before.lines().all(|line| line.starts_with("pending ")), "{before}");
    let (code, up) = migrate("up").await;
    assert_eq!((code, up.lines().count()), (Some(0), before.lines().count()), "{up}");
    let (_, after) = migrate("status").await;
    assert!(after.lines().all(|line| line.starts_with("applied ")), "{after}");
    assert_eq!(migrate("up").await, (Some(0), "There was nothing to do.\n".to_owned()));
}

#[tokio::test]
async fn the_embedded_database_lies_in_the_folder_of_the_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let program = program.without("DATABASE_URL").env("DATA_DIR", folder.path().join("deep/data"));
    let (code, said) = answer(program.arg("migrate")).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(folder.path().join("deep/data/alita.db").is_file());
}

#[tokio::test]
async fn without_the_redis_that_is_optional_it_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let program =
        program.env("REDIS_ADDRESS", format!("127.0.0.1:{}", free_port())).env("REDIS_OPTIONAL", "true");
    let (chat, ada) = group(&telegram);
    telegram.say(chat, Speaker::User(ada), "/id");
    let mut running = program.start().expect("it starts");
    let has_answered = || telegram.call_counts().contains_key("sendMessage");
    until(LIMIT, "an answer", has_answered)
        .await
        .unwrap_or_else(|error| panic!("{error}: {}", program.stderr()));
    let (_, health) = get(program.port(), "/health").await.expect("an answer");
    assert!(health.contains(r#""redis":false"#), "{health}");
    assert!(program.stderr().contains("going on without it"), "{}", program.stderr());
    assert_eq!(running.terminate(LIMIT).await.expect("it leaves").code(), Some(0));
}

/// A group in which the bot may do everything, and its owner.
fn group(telegram: &FakeTelegram) -> (ChatId, UserId) {
    let chat = telegram.add_chat(NewChat::supergroup("Rust Tea"));
    let ada = telegram.add_user(NewUser::named("Ada"));
    telegram.set_member(chat, ada, Member::owner());
    telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
    (chat, ada)
}

#[tokio::test]
async fn what_it_does_is_measured_and_nobody_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let (chat, ada) = group(&telegram);
    telegram.say(chat, Speaker::User(ada), "/setwarnlimit 5");
    telegram.say(chat, Speaker::User(ada), "only words");
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    tokio::time::timeout(LIMIT, telegram.settled()).await.expect("both are handled");
    let (status, metrics) = get(program.port(), "/metrics").await.expect("an answer");
    assert_eq!(status, 200, "{metrics}");
    assert_eq!(running.terminate(LIMIT).await.expect("it leaves").code(), Some(0));

    // The series of a metric with this label, and what was measured of all of them together.
    let measured = |metric: &str, label: &str| -> f64 {
        let begin = format!("{metric}{{");
        let series = metrics.lines().filter(|line| line.starts_with(&begin) && line.contains(label));
        series.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
    };
    for (metric, label) in [
        ("alita_commands_total", r#"command="setwarnlimit""#),
        ("alita_handler_results_total", r#"module="warns",result="done""#),
        ("alita_handler_duration_seconds_count", r#"module="warns",kind="command""#),
        ("alita_handler_results_total", r#"module="users""#),
        ("alita_handler_duration_seconds_count", r#"kind="watcher""#),
        ("alita_db_queries_total", r#"domain="warns""#),
        ("alita_db_query_seconds_count", r#"domain="warns""#),
        ("alita_cache_requests_total", "result="),
        ("alita_telegram_requests_total", r#"method="sendMessage",outcome="ok""#),
        ("alita_telegram_request_duration_seconds_count", r#"method="sendMessage""#),
    ] {
        assert!(measured(metric, label) >= 1.0, "no sample of {metric} with {label} in:\n{metrics}");
    }
    for id in [chat.get(), ada.get(), telegram.bot_id().get()] {
        let id = id.unsigned_abs().to_string();
        let is_a_word = |label: &str| label.split(|c: char| !c.is_ascii_digit()).any(|digits| digits == id);
        let labels = metrics.lines().filter_map(|line| line.split_once('{')?.1.rsplit_once('}'));
        let named: Vec<&str> = labels.map(|(labels, _)| labels).filter(|labels| is_a_word(labels)).collect();
        assert!(named.is_empty(), "{id} stands in {named:?}");
    }
}
