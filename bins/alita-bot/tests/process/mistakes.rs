//! What an operator can get wrong: one clear line on standard error, exit code 1, and no secret in sight.

use std::net::TcpListener;
use std::time::Duration;

use alita_testkit::FakeTelegram;
use alita_testkit::process::{Program, free_port};
use url::Url;

use crate::{bare, databases, whole};

/// A database or a Redis that does not answer is tried for most of a minute.
const PATIENCE: Duration = Duration::from_secs(150);

/// What it says to people when it refuses to start; the lines of the log are left out.
async fn complaint(program: Program) -> Vec<String> {
    let output = program.env("LOG_FORMAT", "json").run(PATIENCE).await.expect("it ends by itself");
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "a complaint goes to standard error");
    for secret in [FakeTelegram::TOKEN, "hunter2", "nonsense-token"] {
        assert!(!said.contains(secret), "a secret is shown: {said}");
    }
    said.lines().filter(|line| !line.starts_with('{')).map(str::to_owned).collect()
}

/// The one line about a door that did not open.
async fn only_line(program: Program, variable: &str, because: &str) {
    let complaint = complaint(program).await;
    let [line] = complaint.as_slice() else { panic!("not one line: {complaint:?}") };
    assert!(line.starts_with(variable) && line.contains(because), "{line}");
}

#[tokio::test]
async fn there_is_no_token() {
    let (_folder, program) = bare();
    assert_eq!(
        complaint(program).await,
        [
            "The configuration has 1 problem(s):",
            "  BOT_TOKEN: required: the token that @BotFather gave you",
            "Get a token from @BotFather and set BOT_TOKEN. `cargo xtask demo` shows the bot without one.",
        ]
    );
}

#[tokio::test]
async fn the_token_is_malformed() {
    let (_folder, program) = bare();
    let complaint = complaint(program.env("BOT_TOKEN", "nonsense-token")).await;
    assert!(complaint[1].starts_with("  BOT_TOKEN: not a token"), "{complaint:?}");
}

#[tokio::test]
async fn telegram_does_not_know_the_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let program = program.env("BOT_TOKEN", "123456789:nonsense-token-nonsense-token-nonsense");
    only_line(program, "BOT_TOKEN", "Telegram does not know this token").await;
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let (_folder, program) = bare();
    let program = program
        .env("DATABASE_URL", "mysql://root:hunter2@db/alita")
        .env("HTTP_PORT", "eighty")
        .env("API_SERVER", "telegram")
        .env("USE_WEBHOOKS", "yes");
    let complaint = complaint(program).await;
    assert_eq!(complaint[0], "The configuration has 6 problem(s):");
    for variable in
        ["BOT_TOKEN", "DATABASE_URL", "HTTP_PORT", "API_SERVER", "WEBHOOK_DOMAIN", "WEBHOOK_SECRET"]
    {
        let lines = complaint.iter().filter(|line| line.starts_with(&format!("  {variable}: "))).count();
        assert_eq!(lines, 1, "{variable} in {complaint:?}");
    }
}

#[tokio::test]
async fn the_database_cannot_be_where_it_is_told_to_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").expect("a file");
    let url = format!("sqlite://{}", file.join("alita.db").display());
    only_line(program.env("DATABASE_URL", url), "DATABASE_URL", "file").await;
}

#[tokio::test]
async fn the_file_of_the_database_is_something_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let file = folder.path().join("letter.txt");
    std::fs::write(&file, "Dear database, ".repeat(1_000)).expect("a file");
    let url = format!("sqlite://{}", file.display());
    only_line(program.env("DATABASE_URL", url), "DATABASE_URL", "file is not a database").await;
    let letter = std::fs::read_to_string(&file).expect("the file is still there");
    assert!(letter.starts_with("Dear database, "), "it was written over");
}

#[tokio::test]
async fn the_schema_waits_for_the_operator() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    only_line(program.env("AUTO_MIGRATE", "no"), "the database lacks", "run `alita-bot migrate`").await;
}

#[tokio::test]
async fn the_data_folder_cannot_be_written_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    // Not even root may make a folder below a file.
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").expect("a file");
    only_line(program.env("DATA_DIR", file.join("data")), "DATA_DIR", "cannot be written to").await;
}

#[tokio::test]
async fn the_port_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let _taken = TcpListener::bind(("0.0.0.0", program.port())).expect("the port was free");
    only_line(program, "HTTP_PORT", "in use").await;
}

/// The address of the test server's database, changed.
async fn elsewhere(change: impl FnOnce(&mut Url)) -> Option<String> {
    let database = databases::postgres().await?;
    let mut url = Url::parse(&database.url).expect("an address");
    change(&mut url);
    Some(url.into())
}

#[tokio::test]
async fn there_is_no_such_database() {
    let Some(url) = elsewhere(|url| url.set_path("/nobody_has_made_this")).await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    only_line(program.env("DATABASE_URL", url), "DATABASE_URL", "nobody_has_made_this").await;
}

#[tokio::test]
async fn the_database_does_not_accept_the_password() {
    let change = |url: &mut Url| {
        url.set_username("needs_password").expect("it may have a name");
        url.set_password(Some("hunter2")).expect("it may have a password");
    };
    let Some(url) = elsewhere(change).await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    only_line(program.env("DATABASE_URL", url), "DATABASE_URL", "needs_password").await;
}

#[tokio::test]
async fn nobody_listens_where_the_database_should_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let url = format!("postgres://alita:hunter2@127.0.0.1:{}/alita", free_port());
    only_line(program.env("DATABASE_URL", url), "DATABASE_URL", "does not answer").await;
}

#[tokio::test]
async fn the_embedded_database_has_no_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").expect("a file");
    let program = program.without("DATABASE_URL").env("DATA_DIR", file.join("data"));
    only_line(program.clone(), "DATA_DIR", "cannot be made").await;
    only_line(program.arg("jobs"), "DATA_DIR", "cannot be made").await;
}

#[tokio::test]
async fn redis_does_not_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let program = program.env("REDIS_ADDRESS", format!("127.0.0.1:{}", free_port()));
    only_line(program, "REDIS_ADDRESS", "REDIS_OPTIONAL=true").await;
}

#[tokio::test]
async fn the_filter_of_the_log_makes_no_sense() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let complaint = complaint(program.env("LOG_LEVEL", "alita=shouting")).await;
    assert_eq!(complaint[0], "The configuration has 1 problem(s):");
    assert!(complaint[1].starts_with("  LOG_LEVEL: found `alita=shouting`, allowed is "), "{complaint:?}");
}
