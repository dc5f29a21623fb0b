//! What is to happen later survives a `kill -9`: before its time, and in the middle of it.

use std::time::Duration;

use alita_cache::Cache;
use alita_db::{Db, DbConfig};
use alita_model::ChatId;
use alita_runtime::Clock;
use alita_runtime::jobs::{End, Job, JobStore, Order};
use alita_testkit::process::{Program, Running, get, until};
use alita_testkit::{FakeTelegram, Fault, Member, NewChat, NewUser, Speaker};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};

use crate::{LIMIT, databases, whole};

/// A group in which Nora is an anonymous admin.
fn group(telegram: &FakeTelegram) -> (ChatId, Speaker) {
    let chat = telegram.add_chat(NewChat::supergroup("Rust Tea"));
    telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
    let nora = telegram.add_user(NewUser::named("Nora"));
    telegram.set_member(chat, nora, Member::full_administrator().anonymous());
    (chat, Speaker::Anonymous(nora))
}

pub(crate) async fn open(url: &str) -> Db {
    let clock = Clock::system();
    Db::connect(DbConfig::new(url), Cache::in_memory(clock.clone()), clock).await.expect("the database opens")
}

/// How many jobs there are, regular work left out.
async fn jobs(db: &Db) -> usize {
    let all = db.jobs().all(100).await.expect("they can be read");
    all.iter().filter(|job| job.name != "sweep").count()
}

/// Waits until there are so many jobs.
pub(crate) async fn wait_for_jobs(db: &Db, count: usize, program: &Program) {
    let wait = async {
        while jobs(db).await != count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(LIMIT, wait).await.is_err() {
        panic!("there never were {count} jobs; the log:\n{}", program.stderr());
    }
}

fn edits(telegram: &FakeTelegram) -> u64 {
    telegram.call_counts().get("editMessageText").copied().unwrap_or_default()
}

async fn start(program: &Program) -> Running {
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    running
}

/// Time is turned in the database: a minute, and the lease of 90 seconds, are not what this is about.
pub(crate) async fn turn(db: &Db, column: &str) {
    let sql = format!(
        "UPDATE jobs SET {column} = '2020-01-01T00:00:00+00:00' WHERE {column} IS NOT NULL AND name <> 'sweep'"
    );
    db.connection().execute_unprepared(&sql).await.expect("a row is changed");
}

#[tokio::test]
async fn a_job_survives_kills_before_its_time_and_in_the_middle() {
    for database in databases::all().await {
        let folder = tempfile::tempdir().expect("a folder");
        let (telegram, program) = whole(folder.path()).await;
        let program = program.env("DATABASE_URL", &database.url).env("AUTO_MIGRATE", "yes");
        let (chat, nora) = group(&telegram);

        let mut running = start(&program).await;
        let db = open(&database.url).await;
        telegram.say(chat, nora, "/setwarnlimit 5");
        wait_for_jobs(&db, 1, &program).await;
        running.kill().await.expect("it is killed before the prompt expires");

        turn(&db, "due_at").await;
        telegram.fail("editMessageText", Fault::Hang, 1);
        let mut running = start(&program).await;
        until(LIMIT, "the job", || edits(&telegram) == 1).await.expect("it begins");
        running.kill().await.expect("it is killed between claim and end");
        telegram.heal();

        if database.url.starts_with("postgres") {
            turn(&db, "lease_until").await;
        }
        let mut running = start(&program).await;
        wait_for_jobs(&db, 0, &program).await;
        assert_eq!(edits(&telegram), 2, "begun once before the kill and once after it");
        let prompt = telegram.messages(chat).pop().expect("the prompt");
        assert_eq!(prompt["text"], "This took too long. Please send the command again.");

        let (_, metrics) = get(program.port(), "/metrics").await.expect("an answer");
        assert!(metrics.contains(r#"alita_jobs_total{job="proof_expiry",result="done"} 1"#), "{metrics}");
        assert_eq!(
            running.terminate(LIMIT).await.expect("it leaves").code(),
            Some(0),
            "{}",
            program.stderr()
        );
        db.close().await.expect("it closes");
    }
}

/// A job of which no release knows anything.
#[derive(Serialize, Deserialize)]
struct Unheard;

impl Job for Unheard {
    const NAME: &'static str = "unheard";
}

#[tokio::test]
async fn the_operator_lists_retries_and_discards() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let url = format!("sqlite://{}", folder.path().join("alita.db").display());
    let ask = async |words: &[&str]| {
        let program = words.iter().fold(program.clone().arg("jobs"), |program, word| program.arg(*word));
        let output = program.run(LIMIT).await.expect("it ends by itself");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, _, said) = ask(&["list"]).await;
    assert_eq!(code, Some(1), "there is no schema yet");
    assert!(said.contains("alita-bot migrate"), "{said}");

    let db = open(&url).await;
    alita_migrations::up(db.connection(), None).await.expect("it is migrated");
    assert_eq!(ask(&[]).await.1, "There are no jobs.\n");
    assert_eq!(ask(&["list", "--dead"]).await.1, "There are no dead jobs.\n");

    let now = Clock::system().now();
    for number in 0..2 {
        let order = Order::new(&Unheard, now).expect("JSON").once(format!("{number}"));
        db.schedule(&order, now).await.expect("it is stored");
    }
    let due = db.claim(now, LIMIT, 1).await.expect("an answer");
    let end = End::Bury { why: "the rope\ntore".to_owned() };
    assert!(db.end(&due.claims[0], end, now).await.expect("it is written down"));
    let id = due.claims[0].id.to_string();

    let (code, all, _) = ask(&["list"]).await;
    assert_eq!((code, all.lines().count()), (Some(0), 4), "a head, two jobs, and why one failed:\n{all}");
    let (_, dead, _) = ask(&["list", "--dead"]).await;
    let lines: Vec<&str> = dead.lines().collect();
    assert_eq!(lines.len(), 3, "{dead}");
    assert!(lines[1].starts_with(&id) && lines[1].contains("dead") && lines[1].contains("unheard"), "{dead}");
    assert_eq!(lines[2].trim(), "the rope tore");

    assert_eq!(ask(&["retry", "all"]).await.1, "1 job is due now.\n");
    assert_eq!(ask(&["retry", "all"]).await.1, "There was nothing to try again.\n");
    assert_eq!(ask(&["retry", &id]).await.1, format!("Job {id} is due now.\n"));
    assert_eq!(ask(&["discard", &id]).await.1, format!("Job {id} is gone.\n"));
    for what in ["retry", "discard"] {
        let (code, _, said) = ask(&[what, &id]).await;
        assert_eq!((code, said), (Some(1), format!("there is no job {id}\n")));
    }
    let (code, _, said) = ask(&["retry", "some"]).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("the number of a job, or `all`"), "{said}");
}
