//! A bot with nothing of its own but what a test declares.
#![allow(dead_code, unreachable_pub, reason = "every test file uses a part of it")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alita_cache::Cache;
use alita_dispatch::{
    App, AskLimits, Disabled, Dispatcher, Fault, Known, Me, Module, Router, Services, members,
};
use alita_i18n::Language;
use alita_model::{ChatId, Peer, UserId};
use alita_runtime::jobs::{Jobs, MemoryStore};
use alita_runtime::{Clock, TaskSet};
use alita_telegram::{AsyncTelegramApi, Client, ClientConfig, Limits, Polling, PollingConfig};
use alita_testkit::{Draft, FakeTelegram, Member, NewChat, NewUser, Speaker};
use chrono::DateTime;

/// How long anything may take on a machine that does much else.
pub const LIMIT: Duration = Duration::from_secs(60);

/// What handlers of a test write down, in their order.
#[derive(Debug, Clone, Default)]
pub struct Toy {
    pub notes: Arc<Mutex<Vec<String>>>,
    /// So many questions for the chat's language panic.
    pub panics: Arc<AtomicUsize>,
}

impl Toy {
    pub fn note(&self, text: impl Into<String>) {
        self.notes.lock().expect("nobody panics while writing").push(text.into());
    }

    pub fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.notes.lock().expect("nobody panics while writing"))
    }
}

impl App for Toy {
    async fn language_of_user(&self, _: UserId) -> Result<Option<Language>, Fault> {
        Ok(None)
    }
    async fn language_of_chat(&self, _: ChatId) -> Result<Option<Language>, Fault> {
        let panics = self.panics.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(panics.is_err(), "no language today");
        Ok(None)
    }
    async fn disabled(&self, _: ChatId) -> Result<Disabled, Fault> {
        Ok(Disabled { commands: ["off".to_owned()].into(), deletes_attempts: true })
    }
    async fn trusts_anonymous_admins(&self, _: ChatId) -> Result<bool, Fault> {
        Ok(false)
    }
    async fn is_approved(&self, _: ChatId, _: UserId) -> Result<bool, Fault> {
        Ok(false)
    }
    async fn connection(&self, _: UserId) -> Result<Option<ChatId>, Fault> {
        Ok(None)
    }
    async fn disconnect(&self, _: UserId) -> Result<(), Fault> {
        Ok(())
    }
    async fn allows_connections(&self, _: ChatId) -> Result<bool, Fault> {
        Ok(true)
    }
    async fn find_by_username(&self, _: &str) -> Result<Option<Known>, Fault> {
        Ok(None)
    }
    async fn find_by_id(&self, _: Peer) -> Result<Option<Known>, Fault> {
        Ok(None)
    }
    async fn chat_migrated(&self, old: ChatId, new: ChatId) -> Result<(), Fault> {
        self.note(format!("moved {}", (old != new)));
        Ok(())
    }
}

pub struct Play {
    pub telegram: FakeTelegram,
    pub toy: Toy,
    pub clock: Clock,
    pub chat: ChatId,
    pub ada: UserId,
    pub mallory: UserId,
    pub handling: TaskSet,
    pub dispatcher: Dispatcher<Toy>,
    polling: TaskSet,
}

impl Play {
    /// A bot that hears everybody.
    pub async fn with(modules: Vec<Module<Toy>>, limit: usize) -> Self {
        Self::hearing(modules, limit, AskLimits::NONE).await
    }

    pub async fn hearing(modules: Vec<Module<Toy>>, limit: usize, asks: AskLimits) -> Self {
        let clock = Clock::manual(DateTime::from_timestamp(1_767_614_400, 0).expect("a time"));
        let telegram = FakeTelegram::start(clock.clone()).await;
        let chat = telegram.add_chat(NewChat::supergroup("Toys"));
        let ada = telegram.add_user(NewUser::named("Ada"));
        let mallory = telegram.add_user(NewUser::named("Mallory"));
        telegram.set_member(chat, ada, Member::owner());
        telegram.set_member(chat, mallory, Member::member());
        telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());

        let mut config = ClientConfig::new(FakeTelegram::TOKEN).with_limits(Limits::none());
        config.api_server = telegram.base_url().parse().expect("an address");
        config.retry_base = Duration::from_millis(2);
        let client = Client::new(config).expect("a client");
        let me = client.get_me().await.expect("getMe").result;
        let me = Me { id: telegram.bot_id(), username: me.username.unwrap_or_default(), name: me.first_name };
        let (toy, handling) = (Toy::default(), TaskSet::new());
        let services = Services {
            client: client.clone(),
            directory: members::directory(&client, &clock, me.id),
            state: Cache::in_memory(clock.clone()).state(),
            clock: clock.clone(),
            tasks: handling.clone(),
            jobs: Jobs::new(Arc::new(MemoryStore::new()), clock.clone()),
            me,
            app: toy.clone(),
        };
        let router = Router::new(modules).expect("modules that fit");
        let dispatcher = Dispatcher::new(services, router, limit, asks);
        let (polling, taking) = (TaskSet::new(), dispatcher.clone());
        polling.spawn("polling", async move {
            let mut polling = Polling::new(client, PollingConfig::new(taking.router().allowed_updates()));
            while let Ok(delivery) = polling.next().await {
                taking.take(delivery);
            }
        });
        Self { telegram, toy, clock, chat, ada, mallory, handling, dispatcher, polling }
    }

    /// Returns when everything that was sent so far has been handled; a bot that hangs is a failure.
    pub async fn handled(&self) {
        let work = async {
            self.telegram.settled().await;
            self.handling.idle().await;
        };
        tokio::time::timeout(LIMIT, work).await.expect("the bot hangs");
    }

    /// Somebody writes, and everything that follows has happened.
    pub async fn says(&self, who: UserId, draft: impl Into<Draft>) {
        self.telegram.say(self.chat, Speaker::User(who), draft);
        self.handled().await;
    }

    pub fn texts(&self) -> Vec<String> {
        let sent = self.telegram.calls_of("sendMessage");
        sent.iter().map(|call| call.params["text"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub async fn leave(self) {
        self.polling.close(Duration::ZERO).await;
    }
}
