//! `kill -9` with two hundred updates on their way, and a start after it: everything has had its effect, and nothing
//! has had it twice where people would see it.

use alita_testkit::process::{Program, Running, until};
use alita_testkit::{FakeTelegram, Fault};

use crate::group::{ANSWERED, Groups};
use crate::{LIMIT, databases, fresh_numbers, whole};

/// One bot, its Telegram, and the groups that speak.
struct Play {
    telegram: FakeTelegram,
    program: Program,
    groups: Groups,
    /// Messages that were sent before anybody spoke.
    before: u64,
}

impl Play {
    /// Starts the bot, lets the groups settle in, and stops it.
    async fn begin(telegram: FakeTelegram, program: Program) -> Self {
        let groups = Groups::new(&telegram);
        let mut running = program.start().expect("it starts");
        running.is_up(LIMIT).await.expect("it comes up");
        tokio::time::timeout(LIMIT, telegram.settled()).await.expect("the groups settle in");
        assert_eq!(
            running.terminate(LIMIT).await.expect("it leaves").code(),
            Some(0),
            "{}",
            program.stderr()
        );
        let before = telegram.call_counts().get("sendMessage").copied().unwrap_or_default();
        Self { telegram, program, groups, before }
    }

    fn start(&self) -> Running {
        self.program.start().expect("it starts")
    }

    /// How many messages the bot has sent since.
    fn sent(&self) -> usize {
        let sent = self.telegram.call_counts().get("sendMessage").copied().unwrap_or_default();
        usize::try_from(sent - self.before).expect("not so many")
    }

    /// How many messages the log has that never came to Telegram, when no process runs any more.
    async fn lost(&self) -> usize {
        // What a dead process had written to the wire is still read; its connections close after that.
        self.wait("the end of the connections", |play| play.telegram.connections() == 0).await;
        let came = self.telegram.call_counts().get("sendMessage").copied().unwrap_or_default();
        let left = self.lines_of_the_log();
        left.checked_sub(usize::try_from(came).expect("not so many")).expect("no message without its line")
    }

    /// A line is written right before a message leaves.
    fn lines_of_the_log(&self) -> usize {
        let folder = self.program.folder().join("data");
        let files = std::fs::read_dir(folder).expect("the folder is there").filter_map(Result::ok);
        let logs = files.filter(|file| {
            let name = file.file_name().to_string_lossy().into_owned();
            name.starts_with("sent-") && name.ends_with(".log")
        });
        logs.map(|file| std::fs::read_to_string(file.path()).expect("a log").lines().count()).sum()
    }

    /// After so many more messages the next ones are sent, but the bot does not hear of it.
    fn keep_silent_after(&self, skip: usize, times: usize) {
        self.telegram.fail_after(skip, "sendMessage", Fault::Hang.after_effect(), times);
    }

    async fn wait(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        if let Err(error) = until(LIMIT, what, || is_so(self)).await {
            let (sent, links) = (self.sent(), self.groups.links());
            panic!("{error}; {sent} sent, {links} links left; the log:\n{}", self.program.stderr());
        }
    }

    /// The bot comes back for good, and everything is looked at.
    async fn end(self, url: &str, lost: usize) {
        self.telegram.heal();
        let mut running = self.start();
        running.is_up(LIMIT).await.expect("it comes back");
        self.wait("the rest", |play| play.telegram.unconfirmed() == 0).await;
        assert_eq!(
            running.terminate(LIMIT).await.expect("it leaves").code(),
            Some(0),
            "{}",
            self.program.stderr()
        );
        let answers = self.groups.answers();
        assert_eq!(self.lost().await, lost, "nothing is lost without a kill");
        assert_eq!(
            answers + lost,
            ANSWERED,
            "{lost} were just leaving when it was killed, and no other is lost"
        );
        assert_eq!(self.groups.links(), 0, "all links are gone");
        self.groups.are_banned(lost);
        self.groups.are_stored(url).await;
        assert_eq!(self.telegram.faults_seen(), Vec::<String>::new());
    }
}

/// Killed when it waits for answers, and does nothing else: every single message counts.
///
/// When the first fifty are out of which the bot does not know whether they arrived, it has set them aside for those
/// after them; when the last twenty are, Telegram has not heard of them.
async fn is_killed_while_it_waits(telegram: FakeTelegram, program: Program, url: &str, silent: Silent) {
    let mut play = Play::begin(telegram, program).await;
    match silent {
        Silent::First => play.keep_silent_after(0, 50),
        Silent::Last => play.keep_silent_after(ANSWERED - 20, 20),
    }
    play.groups.speak_first();
    let mut running = play.start();
    play.wait("the first message", |play| play.sent() == 1).await;
    play.groups.speak();
    // This must be over before the handlers give up after half a minute.
    play.wait("all effects", |play| play.sent() == ANSWERED && play.groups.links() == 0).await;
    running.kill().await.expect("it is killed");
    if silent == Silent::Last {
        assert!(play.telegram.unconfirmed() >= 20, "twenty messages are out of which the bot does not know");
    }
    play.end(url, 0).await;
}

/// Which messages are sent, but the bot does not hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Silent {
    First,
    Last,
}

#[tokio::test]
async fn nothing_is_lost_and_nothing_comes_twice() {
    for silent in [Silent::First, Silent::Last] {
        for database in databases::all().await {
            let folder = tempfile::tempdir().expect("a folder");
            let (telegram, program) = whole(folder.path()).await;
            let program = program.env("DATABASE_URL", &database.url).env("AUTO_MIGRATE", "yes");
            is_killed_while_it_waits(telegram, program, &database.url, silent).await;
        }
    }
}

#[tokio::test]
async fn nothing_is_lost_and_nothing_comes_twice_with_redis() {
    let Some(redis) = redis() else { return };
    for silent in [Silent::First, Silent::Last] {
        let folder = tempfile::tempdir().expect("a folder");
        let (telegram, program) = whole(folder.path()).await;
        fresh_numbers(&telegram);
        let url = format!("sqlite://{}", folder.path().join("alita.db").display());
        is_killed_while_it_waits(telegram, program.env("REDIS_URL", &redis), &url, silent).await;
    }
}

/// Killed six times, whatever it is doing: a message that was just leaving may be lost, and nothing else.
#[tokio::test]
async fn at_any_moment_only_a_message_that_is_just_leaving_can_be_lost() {
    const KILLS: usize = 6;
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let url = format!("sqlite://{}", folder.path().join("alita.db").display());
    let mut play = Play::begin(telegram, program).await;
    play.groups.speak_first();
    play.groups.speak();
    let mut lost = 0;
    for kill in 1..=KILLS {
        let mut running = play.start();
        play.wait("some messages", |play| play.sent() >= kill * ANSWERED / (KILLS + 1)).await;
        running.kill().await.expect("it is killed");
        let now = play.lost().await;
        assert!(now >= lost, "a message that was lost has come back");
        lost = now;
    }
    play.end(&url, lost).await;
}

/// The Redis that the runner started; without one the test fails, unless it was told to do without.
#[expect(clippy::disallowed_methods, reason = "the runner of the tests tells them by the environment")]
pub(crate) fn redis() -> Option<String> {
    let url = std::env::var("ALITA_TEST_REDIS_URL").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        assert!(
            std::env::var("ALITA_TEST_NO_SERVICES").as_deref() == Ok("1"),
            "this test needs Redis: run `cargo xtask test`, or set ALITA_TEST_REDIS_URL, or set \
             ALITA_TEST_NO_SERVICES=1 to leave Redis out"
        );
        eprintln!("left out: Redis (ALITA_TEST_NO_SERVICES=1)");
    }
    url
}
