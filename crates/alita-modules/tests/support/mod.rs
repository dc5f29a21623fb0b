//! The whole bot, joined as the binary joins it, against a FakeTelegram and an embedded database.
#![allow(dead_code, unreachable_pub, reason = "every test file uses a part of it")]

mod given;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use alita_cache::Cache;
use alita_db::{Db, DbConfig};
use alita_dispatch::{AskLimits, Dispatcher, Me, Module, Router, Services, members};
use alita_i18n::Language;
use alita_model::{Person, UserId};
use alita_modules::{AlitaApp, Settings, modules};
use alita_runtime::jobs::Jobs;
use alita_runtime::{Clock, TaskSet};
use alita_telegram::{AsyncTelegramApi, Client, ClientConfig, Limits, Polling, PollingConfig};
use alita_testkit::FakeTelegram;
use alita_testkit::transcript::{Bot, Scene, Stop};
use async_trait::async_trait;

/// How long anything may take on a machine that does much else.
pub const LIMIT: Duration = Duration::from_secs(60);

/// A running bot; dropping it is like killing the process.
pub struct TestBot {
    pub telegram: FakeTelegram,
    pub clock: Clock,
    pub db: Db,
    pub cache: Cache,
    pub dispatcher: Dispatcher<AlitaApp>,
    pub handling: TaskSet,
    polling: TaskSet,
    settings: Settings,
    folder: Arc<tempfile::TempDir>,
}

impl TestBot {
    /// Starts with a database of its own in a fresh folder.
    pub async fn start(telegram: FakeTelegram, clock: Clock) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder for the database"));
        let cache = Cache::in_memory(clock.clone());
        Self::start_in(telegram, clock, folder, settings(), cache, modules()).await
    }

    /// Starts with other modules than usual, or with more.
    pub async fn start_with_modules(
        telegram: FakeTelegram,
        clock: Clock,
        modules: Vec<Module<AlitaApp>>,
    ) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder for the database"));
        let cache = Cache::in_memory(clock.clone());
        Self::start_in(telegram, clock, folder, settings(), cache, modules).await
    }

    /// Starts with a cache in front of a real Redis.
    pub async fn start_with_cache(telegram: FakeTelegram, clock: Clock, cache: Cache) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder for the database"));
        Self::start_in(telegram, clock, folder, settings(), cache, modules()).await
    }

    /// Starts with other settings than usual.
    pub async fn start_with(telegram: FakeTelegram, clock: Clock, settings: Settings) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder for the database"));
        let cache = Cache::in_memory(clock.clone());
        Self::start_in(telegram, clock, folder, settings, cache, modules()).await
    }

    async fn start_in(
        telegram: FakeTelegram,
        clock: Clock,
        folder: Arc<tempfile::TempDir>,
        settings: Settings,
        cache: Cache,
        modules: Vec<Module<AlitaApp>>,
    ) -> Self {
        let path: PathBuf = folder.path().join("alita.db");
        let config = DbConfig::new(format!("sqlite://{}", path.display()));
        let db = Db::connect(config, cache.clone(), clock.clone()).await.expect("an embedded database");
        alita_migrations::up(db.connection(), None).await.expect("a migrated database");

        let client = client(&telegram);
        let me = client.get_me().await.expect("getMe").result;
        let me = Me {
            id: UserId::new(i64::try_from(me.id).expect("an id")),
            username: me.username.expect("a bot has a username"),
            name: me.first_name,
        };
        let person = Person { id: me.id, name: me.name.clone(), username: Some(me.username.clone()) };
        db.users().seen(&person).await.expect("the bot's own row");

        let handling = TaskSet::new();
        let services = Services {
            client: client.clone(),
            directory: members::directory(&client, &clock, me.id),
            state: cache.state(),
            clock: clock.clone(),
            tasks: handling.clone(),
            jobs: Jobs::new(Arc::new(db.clone()), clock.clone()),
            me,
            app: AlitaApp::new(db.clone(), &cache, settings.clone()),
        };
        let router = Router::new(modules).expect("modules that fit together");
        let dispatcher = Dispatcher::new(services, router, 200, AskLimits::NONE);
        // Among the handlers, so that whoever waits for them waits for jobs, too.
        dispatcher.services().jobs.runner(dispatcher.job_handlers()).start(&handling);
        let polling = TaskSet::new();
        poll(&polling, client, dispatcher.clone());
        Self { telegram, clock, db, cache, dispatcher, handling, polling, settings, folder }
    }
}

/// A client without limits of its own, which repeats quickly.
pub fn client(telegram: &FakeTelegram) -> Client {
    let server = telegram.base_url().parse().expect("an address");
    let mut config =
        ClientConfig::new(FakeTelegram::TOKEN).with_api_server(server).with_limits(Limits::none());
    config.retry_base = Duration::from_millis(5);
    Client::new(config).expect("a client")
}

/// What the operator of the test bot decided.
pub fn settings() -> Settings {
    Settings {
        owner: Some(UserId::new(1)),
        languages: vec![Language::EN, Language::ES],
        version: "1.2.3".to_owned(),
        ..Settings::default()
    }
}

fn poll(tasks: &TaskSet, client: Client, dispatcher: Dispatcher<AlitaApp>) {
    tasks.spawn("polling", async move {
        let mut config = PollingConfig::new(dispatcher.router().allowed_updates());
        config.timeout = Duration::from_secs(10);
        config.retry_base = Duration::from_millis(5);
        let mut polling = Polling::new(client, config);
        while let Ok(delivery) = polling.next().await {
            dispatcher.take(delivery);
        }
    });
}

impl TestBot {
    /// Returns when everything that was sent so far has been handled.
    ///
    /// A bot that hangs is a failure, and no hang of the test.
    pub async fn handled(&self) {
        let work = async {
            self.telegram.settled().await;
            self.settle().await;
            self.telegram.settled().await;
        };
        tokio::time::timeout(LIMIT, work).await.expect("the bot hangs");
    }

    /// How often each method was called so far, the polling left out.
    pub fn calls(&self) -> std::collections::BTreeMap<String, u64> {
        let mut counts = self.telegram.call_counts();
        counts.remove("getUpdates");
        counts
    }
}

impl Drop for TestBot {
    fn drop(&mut self) {
        let polling = self.polling.clone();
        // Closing with no time left cuts the loop off, as a killed process would be.
        drop(polling.close(Duration::ZERO));
    }
}

#[async_trait]
impl Bot for TestBot {
    async fn settle(&self) {
        // Whoever sleeps until the clock is turned has nothing to do; everybody else is waited for.
        while self.handling.len() > self.clock.sleepers() {
            tokio::task::yield_now().await;
        }
    }

    async fn leave(&mut self) {
        self.polling.close(Duration::ZERO).await;
    }

    async fn restart(&mut self, how: Stop) -> Result<(), String> {
        let patience = if how == Stop::Orderly { Duration::from_secs(5) } else { Duration::ZERO };
        self.polling.close(Duration::ZERO).await;
        self.handling.close(patience).await;
        self.db.close().await.map_err(|error| error.to_string())?;
        // Memory is lost, and the folder stays.
        let cache = Cache::in_memory(self.clock.clone());
        let (telegram, clock, folder) = (self.telegram.clone(), self.clock.clone(), Arc::clone(&self.folder));
        *self = Self::start_in(telegram, clock, folder, self.settings.clone(), cache, modules()).await;
        Ok(())
    }

    async fn given(&self, scene: &Scene, line: &str) -> Result<(), String> {
        given::given(self, scene, line).await
    }
}

/// The Redis of the test command; a test that has none fails, unless it was asked to do without.
#[expect(clippy::disallowed_methods, reason = "the test command speaks to tests through the environment")]
pub fn redis_url() -> Option<String> {
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
