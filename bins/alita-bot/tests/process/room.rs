//! One group with an admin and a member, and a running bot, for tests that take something away.

use std::time::{Duration, Instant};

use alita_model::{ChatId, MessageId, UserId};
use alita_testkit::process::{Program, Running, get, until};
use alita_testkit::{Draft, FakeTelegram, Member, NewChat, NewUser, Speaker};
use serde_json::Value;

use crate::LIMIT;

/// Ada administers, Mallory misbehaves.
pub(crate) struct Room {
    pub(crate) telegram: FakeTelegram,
    pub(crate) program: Program,
    pub(crate) chat: ChatId,
    pub(crate) ada: UserId,
    pub(crate) mallory: UserId,
}

impl Room {
    pub(crate) fn new(telegram: FakeTelegram, program: Program) -> Self {
        // Another id in every process, so that a Redis that somebody else has used knows nothing of this group.
        let id = -1_001_000_000_000 - i64::from(std::process::id());
        let chat = telegram.add_chat(NewChat::supergroup("Rust Tea").id(id));
        let person = |name: &str, role: Member| {
            let person = telegram.add_user(NewUser::named(name));
            telegram.set_member(chat, person, role);
            person
        };
        person("Olga", Member::owner());
        let ada = person("Ada", Member::full_administrator());
        let mallory = person("Mallory", Member::member());
        telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
        Self { telegram, program, chat, ada, mallory }
    }

    /// Starts the bot.
    pub(crate) async fn start(&self) -> Running {
        let mut running = self.program.start().expect("it starts");
        if let Err(error) = running.is_up(LIMIT).await {
            panic!("{error}; the log:\n{}", self.program.stderr());
        }
        running
    }

    /// Somebody new joined some time ago.
    pub(crate) fn stranger(&self) -> UserId {
        let person = self.telegram.add_user(NewUser::named("Stranger"));
        self.telegram.set_member(self.chat, person, Member::member());
        person
    }

    pub(crate) fn says(&self, who: UserId, text: &str) -> MessageId {
        self.telegram.say(self.chat, Speaker::User(who), Draft::text(text))
    }

    /// Says it, and waits for the one answer.
    pub(crate) async fn is_told(&self, who: UserId, text: &str) -> String {
        let question = self.says(who, text);
        self.wait(&format!("an answer to {text}"), || !self.answers(question).is_empty()).await;
        let answers = self.answers(question);
        assert_eq!(answers.len(), 1, "{answers:?}");
        answers.into_iter().next().unwrap_or_default()
    }

    /// What the bot answered to a message.
    pub(crate) fn answers(&self, question: MessageId) -> Vec<String> {
        let bot = self.telegram.bot_id().get();
        let is_answer = |message: &Value| {
            message["from"]["id"] == bot && message["reply_to_message"]["message_id"] == question.get()
        };
        let text = |message: &Value| message["text"].as_str().unwrap_or_default().to_owned();
        self.telegram.messages(self.chat).iter().filter(|message| is_answer(message)).map(text).collect()
    }

    pub(crate) fn is_there(&self, message: MessageId) -> bool {
        self.telegram.message(self.chat, message).is_some()
    }

    /// Says something that is locked, and waits until it is gone.
    pub(crate) async fn is_deleted(&self, who: UserId, text: &str) {
        let message = self.says(who, text);
        self.wait(&format!("the deletion of {text}"), || !self.is_there(message)).await;
    }

    /// Once a second somebody says something that is locked, and each time it goes.
    pub(crate) async fn stays_clean_until(&self, end: Instant) {
        while Instant::now() < end {
            self.is_deleted(self.mallory, "see https://coins.example").await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Returns when the bot has handled all that was said.
    pub(crate) async fn handled(&self) {
        self.wait("that everything is confirmed", || self.telegram.unconfirmed() == 0).await;
    }

    /// Waits for a condition; a failure shows the log, and what was counted.
    pub(crate) async fn wait(&self, what: &str, is_so: impl FnMut() -> bool) {
        if let Err(error) = until(LIMIT, what, is_so).await {
            let metrics =
                get(self.program.port(), "/metrics").await.map(|(_, text)| text).unwrap_or_default();
            let errors: Vec<&str> =
                metrics.lines().filter(|line| line.contains("error") && !line.starts_with('#')).collect();
            panic!("{error}; {errors:#?}; the log:\n{}", self.program.stderr());
        }
    }

    /// Waits until `/health` says this of one of its checks.
    pub(crate) async fn is_healthy(&self, check: &str, is_well: bool) {
        let began = Instant::now();
        let mut last = String::new();
        while began.elapsed() < LIMIT {
            if let Ok((status, body)) = get(self.program.port(), "/health").await {
                let health: Value = serde_json::from_str(&body).unwrap_or_default();
                if health["checks"][check] == is_well && (status == 200) == is_well {
                    return;
                }
                last = body;
            }
            tokio::task::yield_now().await;
        }
        panic!("{check} is not {is_well}: {last}; the log:\n{}", self.program.stderr());
    }

    /// The bot leaves as it should, and has broken no rule of Telegram's.
    pub(crate) async fn ends_well(&self, mut running: Running) {
        let status = running.terminate(LIMIT).await.expect("it leaves");
        let log = self.program.stderr();
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(!log.contains("panicked"), "{log}");
        assert_eq!(self.telegram.faults_seen(), Vec::<String>::new());
    }
}
