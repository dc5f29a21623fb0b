//! The whole bot, and its hands alone, when the load is too much.

use std::process::ExitCode;
use std::time::Duration;

use alita_monitoring::watch::Action;
use alita_telegram::methods::SendMessageParams;
use alita_telegram::{AsyncTelegramApi, Error};
use alita_testkit::process::{Program, free_port, get, until};
use alita_testkit::{FakeTelegram, Member, NewChat};

use super::*;
use crate::config::Env;
use crate::{compose, run};

const LIMIT: Duration = Duration::from_secs(60);
const A_MINUTE: Duration = Duration::from_secs(60);
const MB: u64 = 1 << 20;

/// What an operator sets, for a bot that takes up to 100 MB and wants to be started again.
fn config(telegram: &FakeTelegram, folder: &std::path::Path, more: &[(&str, &str)]) -> Config {
    let (address, data) = (telegram.base_url(), folder.display().to_string());
    let set = [
        ("API_SERVER", address.as_str()),
        ("BOT_TOKEN", FakeTelegram::TOKEN),
        ("DATA_DIR", &data),
        ("LOG_LEVEL", "off"),
        ("RESOURCE_MAX_MEMORY_MB", "100"),
        ("RESOURCE_GC_THRESHOLD_MB", "100"),
        ("REMEDIATION_EXIT", "true"),
    ];
    Config::read(&Env::of(&[&set, more].concat())).unwrap_or_else(|_| panic!("a sound configuration"))
}

/// A process has one log and one recorder of metrics, so the bot gets this very program once more, for this test only.
#[tokio::test]
async fn a_bot_that_is_too_large_leaves_with_70() {
    if std::env::args().any(|arg| arg == "--exact") {
        return too_large_and_alone().await;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = std::env::current_exe().expect("the program of the tests");
    let name = "watch::tests::a_bot_that_is_too_large_leaves_with_70";
    let output = Program::new(path, folder.path()).arg("--exact").arg(name).run(LIMIT).await;
    let output = output.expect("it ends by itself");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// The bot reads its own memory twice, a minute apart. Only the minutes are not real: the test turns the time.
async fn too_large_and_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let telegram = FakeTelegram::start(Clock::system()).await;
    let port = free_port();
    let config = config(&telegram, folder.path(), &[("HTTP_PORT", &port.to_string())]);
    // The memory is this process's, and so the bot's.
    let burden = vec![1_u8; 200 << 20];
    let minutes = async {
        let is_ready = async || get(port, "/readyz").await.is_ok_and(|(status, _)| status == 200);
        while !is_ready().await {
            tokio::time::sleep(Duration::from_millis(120)).await;
        }
        for _ in 0..5 {
            tokio::time::pause();
            tokio::time::advance(A_MINUTE).await;
            tokio::time::resume();
            // A reading takes a tenth of a second. Time that runs away would cut the leaving short.
            tokio::time::sleep(Duration::from_secs(1)).await;
            if !is_ready().await {
                break;
            }
        }
        std::future::pending::<ExitCode>().await
    };
    // All these minutes may pass in a moment.
    let code = tokio::time::timeout(LIMIT * 6, async {
        tokio::select! { code = run::run(config) => code, never = minutes => never }
    });
    assert_eq!(code.await.expect("it leaves"), ExitCode::from(70));
    assert!(burden.iter().all(|byte| *byte == 1), "the burden was there to the end");
}

/// A bot with all its parts, and a clock that is turned.
struct Patient {
    telegram: FakeTelegram,
    clock: Clock,
    parts: Parts,
    remedy: Remedy,
    _folder: tempfile::TempDir,
}

impl Patient {
    async fn new(exits: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let telegram = FakeTelegram::start(Clock::system()).await;
        let limits = [("TELEGRAM_GROUP_RPM", "1"), ("DISPATCHER_MAX_ROUTINES", "200")];
        let config = config(&telegram, folder.path(), &limits);
        let clock = Clock::manual(Clock::system().now());
        let health = Health::new(clock.clone(), "1.2.3");
        let cache = Cache::in_memory(clock.clone());
        let db = compose::database(&config, &cache, &clock, &health).await.expect("a database");
        let client = compose::client(&config, &cache, &clock).expect("a client");
        let me = compose::introduce(&client, &clock).await.expect("Telegram knows the bot");
        let handling = TaskSet::new();
        let joined = compose::dispatcher(&config, (&cache, &db, &client), (&clock, &handling), me).await;
        let dispatcher = joined.expect("it is joined");
        let parts = Parts {
            cache,
            db,
            dispatcher,
            handling,
            tasks: TaskSet::new(),
            pause: Pause::new(),
            leave: CancellationToken::new(),
            notices: Notices::new(&client, None),
            client,
        };
        let limits = Limits { tasks: 1_000, memory: 500 * MB, cleanup: 400 * MB };
        let hands = OurHands { parts: parts.clone(), leaves: exits };
        let remedy = Remedy::new(clock.clone(), limits, health, Arc::new(hands));
        Self { telegram, clock, parts, remedy, _folder: folder }
    }

    /// So much memory is seen, minute by minute; says what is done in the last one.
    fn minutes(&mut self, megabytes: u64, count: usize) -> Option<Action> {
        let reading = Reading { resident: megabytes * MB, ..Reading::default() };
        (0..count).fold(None, |_, _| {
            self.clock.advance(A_MINUTE);
            self.remedy.attend(&reading)
        })
    }
}

#[tokio::test]
async fn shedding_load_drops_what_is_queued_and_takes_permits_until_it_is_calm() {
    const QUEUED: usize = 5;
    let mut patient = Patient::new(false).await;
    let chat = patient.telegram.add_chat(NewChat::supergroup("Rust Tea"));
    patient.telegram.set_member(chat, patient.telegram.bot_id(), Member::full_administrator());
    let to = SendMessageParams::builder().chat_id(chat.get()).text("Hello!").build();
    let bulk = patient.parts.client.bulk();
    // One a minute leaves for a group, so the others wait.
    bulk.send_message(&to).await.expect("the first is sent at once");
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..QUEUED {
        let (bulk, to, tell) = (bulk.clone(), to.clone(), tell.clone());
        patient.parts.tasks.spawn("a bulk call", async move {
            tell.send(bulk.send_message(&to).await).expect("the test listens");
        });
    }
    until(LIMIT, "the queue", || patient.parts.client.load().bulk == QUEUED).await.expect("they wait");

    assert_eq!(patient.minutes(450, 2), Some(Action::ShedLoad));
    for _ in 0..QUEUED {
        let ended = told.recv().await.expect("each call ends");
        assert!(matches!(ended, Err(Error::Overloaded { .. })), "{ended:?}");
    }
    assert_eq!(patient.parts.client.load().bulk, 0);
    assert_eq!(patient.telegram.calls_of("sendMessage").len(), 1, "nothing that was dropped has left");
    assert_eq!(patient.parts.dispatcher.figures().permits, 150);
    assert!(patient.parts.pause.is_on());

    assert_eq!(patient.minutes(100, 5), Some(Action::Restore));
    assert_eq!(patient.parts.dispatcher.figures().permits, 200);
    assert!(!patient.parts.pause.is_on());
    assert!(!patient.parts.leave.is_cancelled());
}

#[tokio::test]
async fn the_last_tier_leaves_only_where_that_is_wished_for() {
    for exits in [true, false] {
        let mut patient = Patient::new(exits).await;
        assert_eq!(patient.minutes(900, 2), Some(Action::Critical));
        assert_eq!(patient.parts.leave.is_cancelled(), exits);
    }
}
