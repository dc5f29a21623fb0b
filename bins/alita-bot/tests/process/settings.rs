//! What an operator sees of the configuration: `check-config`, the flags of the Go bot, and settings that show only in
//! a whole process.

use alita_testkit::FakeTelegram;
use alita_testkit::process::{Program, get, until};
use sea_orm::{ConnectionTrait, Database};

use crate::{BOT, LIMIT, bare, whole};

/// Exit code, standard output and standard error.
async fn all_it_says(program: &Program) -> (Option<i32>, String, String) {
    let output = program.run(LIMIT).await.expect("it ends by itself");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn check_config_says_where_each_value_is_from() {
    let (folder, program) = bare();
    let secret = folder.path().join("token");
    std::fs::write(&secret, "123456789:hunter2_hunter2_hunter2_hunter2\n").expect("a file");
    std::fs::write(folder.path().join(".env"), "OWNER_ID=42\nHTTP_PORT=1\nSENTRY_DSN=https://hunter2@x\n")
        .expect("a file");
    let program = program
        .env("BOT_TOKEN_FILE", &secret)
        .env("WEBHOOK_SECRET", "hunter2")
        .env("RESOURCE_MAX_TASKS", "333")
        .env("OTEL_TRACES_SAMPLE_RATE", "7")
        .arg("check-config");
    let (code, shown, complaints) = all_it_says(&program).await;
    assert_eq!((code, complaints.as_str()), (Some(0), ""), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let lines: Vec<String> =
        shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let place = |line: &str| {
        let found = lines.iter().position(|it| it.starts_with(line));
        found.unwrap_or_else(|| panic!("`{line}` is missing in {shown}"))
    };
    let in_order = [
        "The bot",
        "BOT_TOKEN (set) (file)",
        "OWNER_ID 42 (.env)",
        "MESSAGE_DUMP (unset) (default)",
        "Database",
        "DATABASE_URL sqlite://data/alita.db (default)",
        "Webhook",
        "WEBHOOK_SECRET (set) (environment)",
        &format!("HTTP_PORT {} (environment)", program.port()),
        "RESOURCE_MAX_GOROUTINES 333 (environment)",
        "OTEL_TRACES_SAMPLE_RATE 1.0 (environment)",
        "Warnings",
        "SENTRY_DSN is retired and has no effect",
        "WEBHOOK_SECRET: shorter than 16",
        "OTEL_TRACES_SAMPLE_RATE: found `7`",
        "The configuration is fine.",
    ]
    .map(place);
    assert!(in_order.is_sorted(), "{in_order:?} in {shown}");
}

#[tokio::test]
async fn the_flags_of_the_go_bot_are_understood() {
    let (_folder, program) = bare();
    let version = format!("v{}\n", env!("CARGO_PKG_VERSION"));
    for flag in ["--version", "-version", "-v", "version"] {
        let (code, said, _) = all_it_says(&program.clone().arg(flag)).await;
        assert_eq!((code, &said), (Some(0), &version), "{flag}");
    }
    let (code, _, said) = all_it_says(&program.clone().arg("-health")).await;
    assert!(code == Some(1) && said.contains(&program.port().to_string()), "{said}");
    let (code, _, said) = all_it_says(&program.clone().arg("--check-config")).await;
    assert!(code == Some(1) && said.contains("BOT_TOKEN: required"), "{said}");
    for flag in ["--nonsense", "-x", "dance"] {
        let (code, said, complaint) = all_it_says(&program.clone().arg(flag)).await;
        assert_eq!((code, said.as_str()), (Some(2), ""), "{flag}");
        assert!(complaint.contains("Usage: alita-bot"), "{complaint}");
    }
    for role in ["run", "migrate", "check-config", "health", "version"] {
        let (code, said, _) = all_it_says(&program.clone().arg(role).arg("--help")).await;
        assert!(code == Some(0) && said.contains("Usage: alita-bot ") && said.lines().count() > 5, "{said}");
    }
}

#[tokio::test]
async fn migrate_has_the_spelling_of_a_flag_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let (code, before, _) = all_it_says(&program.clone().arg("--migrate-status")).await;
    assert!(code == Some(0) && before.lines().all(|line| line.starts_with("pending ")), "{before}");
    let (code, up, _) = all_it_says(&program.clone().arg("--migrate")).await;
    assert!(code == Some(0) && up.starts_with("applied: "), "{up}");
}

#[tokio::test]
async fn it_listens_where_it_is_told_to_and_is_asked_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let program =
        program.env("HTTP_BIND", "127.0.0.1").env("MIGRATIONS_PATH", "migrations").env("DEBUG", "no");
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    let health = Program::new(BOT, folder.path())
        .env("HTTP_PORT", program.port().to_string())
        .env("HTTP_BIND", "127.0.0.1")
        .arg("--health");
    assert_eq!(all_it_says(&health).await.0, Some(0));
    let elsewhere = health.clone().env("HTTP_BIND", "127.0.0.2");
    assert_eq!(all_it_says(&elsewhere).await.0, Some(1), "nobody listens there");
    assert!(running.terminate(LIMIT).await.expect("it leaves").success());
    let log = program.stderr();
    assert!(log.contains("MIGRATIONS_PATH is retired and has no effect"), "{log}");
    assert!(log.contains("BOT_TOKEN=(set)") && !log.contains(FakeTelegram::TOKEN), "{log}");
}

/// Makes the last step fail when it is applied: its table is there, and the list of steps does not say so.
async fn forget_the_last_step(url: &str) {
    let database = Database::connect(url).await.expect("the database is there");
    let forget = "DELETE FROM alita_migrations WHERE version = (SELECT max(version) FROM alita_migrations)";
    database.execute_unprepared(forget).await.expect("the list of steps can be written");
    database.close().await.expect("it closes");
}

#[tokio::test]
async fn a_step_that_fails_stops_the_bot_unless_it_may_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    assert_eq!(all_it_says(&program.clone().arg("migrate")).await.0, Some(0));
    forget_the_last_step(&format!("sqlite://{}", folder.path().join("alita.db").display())).await;

    let (code, _, complaint) = all_it_says(&program.clone().env("LOG_FORMAT", "json")).await;
    let for_people: Vec<&str> = complaint.lines().filter(|line| !line.starts_with('{')).collect();
    assert_eq!((code, for_people.len()), (Some(1), 1), "{complaint}");
    assert!(
        for_people[0].starts_with("DATABASE_URL: the schema could not be brought up to date"),
        "{complaint}"
    );

    let program = program.env("AUTO_MIGRATE_SILENT_FAIL", "yes");
    let mut running = program.start().expect("it starts");
    until(LIMIT, "that it says so", || program.stderr().contains("the schema stays as it is"))
        .await
        .expect("it goes on");
    // It works, but not as it should.
    let degraded = async {
        loop {
            assert!(running.has_ended().expect("the system tells").is_none(), "{}", program.stderr());
            let report = get(program.port(), "/health").await.map(|(_, text)| text).unwrap_or_default();
            if report.contains("\"degraded\"") {
                return report;
            }
        }
    };
    let report = tokio::time::timeout(LIMIT, degraded).await.expect("it says how it is");
    assert!(
        report.contains("\"migrations\":\"degraded\"") && report.contains("\"database\":true"),
        "{report}"
    );
    assert!(running.terminate(LIMIT).await.expect("it leaves").success());
}

#[tokio::test]
async fn a_newer_database_stops_the_bot_even_if_it_may_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    assert_eq!(all_it_says(&program.clone().arg("migrate")).await.0, Some(0));
    let url = format!("sqlite://{}", folder.path().join("alita.db").display());
    let database = Database::connect(&url).await.expect("the database is there");
    let future = "INSERT INTO alita_migrations VALUES ('m9999_future', 0)";
    database.execute_unprepared(future).await.expect("the list of steps can be written");
    database.close().await.expect("it closes");

    let softly = program.env("AUTO_MIGRATE_SILENT_FAIL", "yes");
    let (code, _, complaint) = all_it_says(&softly).await;
    assert_eq!(code, Some(1), "{complaint}");
    assert!(complaint.contains("DATABASE_URL: the schema could not be brought up to date"), "{complaint}");
    assert!(complaint.contains("the database is newer than this build: it has m9999_future"), "{complaint}");
    assert!(!complaint.contains("the schema stays as it is"), "{complaint}");
}
