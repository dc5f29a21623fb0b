//! Backups, made as `docs/src/operators/backup.md` says: of a running bot, and a second bot starts from the copy.

use std::path::Path;
use std::process::Command;

use alita_model::{ChatId, UserId};
use alita_testkit::process::Program;
use alita_testkit::{FakeTelegram, Member, NewChat, NewUser, Speaker};
use sea_orm::{ConnectionTrait, Database};

use crate::{LIMIT, databases, whole};

/// A group whose owner saves a note with one bot and fetches it with another.
struct Group {
    telegram: FakeTelegram,
    chat: ChatId,
    owner: UserId,
}

impl Group {
    fn new(telegram: FakeTelegram) -> Self {
        let chat = telegram.add_chat(NewChat::supergroup("Rust Tea"));
        let owner = telegram.add_user(NewUser::named("Olga"));
        telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
        telegram.set_member(chat, owner, Member::owner());
        Self { telegram, chat, owner }
    }

    async fn says(&self, text: &str) {
        self.telegram.say(self.chat, Speaker::User(self.owner), text);
        tokio::time::timeout(LIMIT, self.telegram.settled()).await.expect("the bot answers");
    }

    /// The bot runs while `copy` makes the backup, and what was written before it is in it.
    async fn is_copied(&self, program: &Program, copy: impl AsyncFnOnce()) {
        let mut running = program.start().expect("it starts");
        running.is_up(LIMIT).await.expect("it comes up");
        self.says("/save tea We drink it at five.").await;
        copy().await;
        self.says("/clear tea").await;
        assert_eq!(running.terminate(LIMIT).await.expect("it leaves").code(), Some(0));
    }

    /// A bot that starts from the copy knows the note.
    async fn is_restored(&self, program: &Program) {
        let mut running = program.start().expect("it starts");
        running.is_up(LIMIT).await.expect("it comes up from the copy");
        self.says("/get tea").await;
        let said = |message: &serde_json::Value| message["text"] == "We drink it at five.";
        assert!(self.telegram.messages(self.chat).iter().any(said), "{}", program.stderr());
        assert_eq!(running.terminate(LIMIT).await.expect("it leaves").code(), Some(0));
    }
}

#[tokio::test]
async fn sqlite_is_copied_while_the_bot_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let group = Group::new(telegram);
    let file = |name: &str| format!("sqlite://{}", folder.path().join(name).display());
    group
        .is_copied(&program.clone().env("DATABASE_URL", file("alita.db")), async || {
            let db = Database::connect(file("alita.db")).await.expect("a second connection");
            let into = folder.path().join("copy.db").display().to_string();
            db.execute_unprepared(&format!("VACUUM INTO '{into}'")).await.expect("a copy");
            db.close().await.expect("the connection closes");
        })
        .await;
    group.is_restored(&program.env("DATABASE_URL", file("copy.db"))).await;
}

#[tokio::test]
async fn postgres_is_dumped_while_the_bot_runs() {
    let Some(database) = databases::postgres().await else { return };
    let Some(restored) = databases::postgres().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let group = Group::new(telegram);
    let dump = folder.path().join("alita.dump");
    let program = program.env("AUTO_MIGRATE", "yes");
    group
        .is_copied(&program.clone().env("DATABASE_URL", &database.url), async || {
            succeeds(
                Command::new("pg_dump").arg("--format=custom").arg(file_option(&dump)).arg(&database.url),
            );
        })
        .await;
    succeeds(Command::new("pg_restore").arg("--list").arg(&dump));
    let into = format!("--dbname={}", restored.url);
    succeeds(Command::new("pg_restore").args(["--no-owner", "--exit-on-error"]).arg(into).arg(&dump));
    group.is_restored(&program.env("DATABASE_URL", &restored.url)).await;
}

fn file_option(path: &Path) -> String {
    format!("--file={}", path.display())
}

fn succeeds(command: &mut Command) {
    let output = command.output().expect("the client programs of PostgreSQL are installed");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
