//! The whole bot, joined as the binary joins it, against a FakeTelegram and an embedded database.
#![allow(dead_code, unreachable_pub, reason = "every test file uses a part of it")]

mod given;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use alita_cache::Cache;
use alita_db::{Db, DbConfig};
use alita_dispatch::{Dispatcher, Me, Module, Router, Services, members};
use alita_i18n::Language;
use alita_model::{Person, UserId};
use alita_modules::{AlitaApp, Settings, modules};
use alita_runtime::{Clock, TaskSet};
use alita_telegram::{AsyncTelegramApi, Client, ClientConfig, Limits, Polling, PollingConfig};
use alita_testkit::FakeTelegram;
use alita_testkit::transcript::{Bot, Scene};
use async_trait::async_trait;

/// A running bot; dropping it is like killing the process.
pub struct TestBot {
    pub telegram: FakeTelegram,
    pub clock: Clock,
    pub db: Db,
    pub cache: Cache,
    pub dispatcher: Dispatcher<AlitaApp>,
    pub handling: TaskSet,
    polling: TaskSet,
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
            me,
            app: AlitaApp::new(db.clone(), &cache, settings),
        };
        let router = Router::new(modules).expect("modules that fit together");
        let dispatcher = Dispatcher::new(services, router, 200);
        let polling = TaskSet::new();
        poll(&polling, client, dispatcher.clone());
        Self { telegram, clock, db, cache, dispatcher, handling, polling, folder }
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
    pub async fn handled(&self) {
        self.telegram.settled().await;
        self.settle().await;
        self.telegram.settled().await;
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

    async fn given(&self, scene: &Scene, line: &str) -> Result<(), String> {
        given::given(self, scene, line).await
    }
}

/// The Redis of the test command; a test that has none fails, unless it was asked to do without.
#[expect(clippy::disallowed_methods, reason = "the test command speaks to tests through the environment")]
pub fn redis_url() -> Option<String> {
    match std::env::var("ALITA_TEST_REDIS_URL") {
        Ok(url) => Some(url),
        Err(_) if std::env::var("ALITA_TEST_NO_SERVICES").is_ok() => {
            eprintln!("left out: there is no Redis");
            None
        }
        Err(_) => panic!("ALITA_TEST_REDIS_URL is not set: run `cargo xtask test`"),
    }
}
