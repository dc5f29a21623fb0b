//! What an update costs, counted: queries, transactions, Redis round trips, Bot API calls.

mod support;

use alita_cache::{Cache, RedisConfig};
use alita_model::{ChatId, MessageId, UserId};
use alita_runtime::Clock;
use alita_testkit::transcript::{Bot, start_of_time};
use alita_testkit::{Draft, FakeTelegram, Member, NewChat, NewUser, Speaker};

use crate::support::TestBot;

struct Chat {
    bot: TestBot,
    id: ChatId,
    ada: UserId,
    mallory: UserId,
}

impl Chat {
    async fn warm(bot: TestBot) -> Self {
        let telegram = bot.telegram.clone();
        let id = telegram.add_chat(NewChat::supergroup("Rust Tea"));
        let (olga, ada, mallory) = (
            telegram.add_user(NewUser::named("Olga")),
            telegram.add_user(NewUser::named("Ada")),
            telegram.add_user(NewUser::named("Mallory")),
        );
        telegram.set_member(id, olga, Member::owner());
        telegram.set_member(id, ada, Member::full_administrator());
        telegram.set_member(id, mallory, Member::member());
        telegram.set_member(id, telegram.bot_id(), Member::full_administrator());
        let chat = Self { bot, id, ada, mallory };
        for command in ["/lock sticker url", "/save rules be kind", "/setwarnlimit 50"] {
            chat.says(chat.ada, command).await;
        }
        let spam = chat.says(chat.mallory, "hello").await;
        chat.replies(chat.ada, spam, "/warn warming up").await;
        chat.says(chat.mallory, "hello again").await;
        chat
    }

    async fn says(&self, who: UserId, text: &str) -> MessageId {
        let message = self.bot.telegram.say(self.id, Speaker::User(who), Draft::text(text));
        self.bot.handled().await;
        message
    }

    /// What the warming up has begun may still be on its way to Redis: messages go by until none costs anything.
    async fn is_still(&self) {
        let mut quiet = 0;
        for _ in 0..200 {
            let before = self.bot.cache.counters().redis_round_trips;
            self.says(self.mallory, "still warming up").await;
            quiet = if self.bot.cache.counters().redis_round_trips == before { quiet + 1 } else { 0 };
            if quiet == 5 {
                return;
            }
        }
        panic!("every message costs a round trip");
    }

    async fn replies(&self, who: UserId, to: MessageId, text: &str) {
        self.bot.telegram.say(self.id, Speaker::User(who), Draft::text(text).reply_to(to));
        self.bot.handled().await;
    }
}

async fn world() -> (FakeTelegram, Clock) {
    let clock = Clock::manual(start_of_time());
    (FakeTelegram::start(clock.clone()).await, clock)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_message_in_a_warm_chat_costs_nothing() {
    let (telegram, clock) = world().await;
    let mut chat = Chat::warm(TestBot::start(telegram, clock).await).await;
    let (queries, calls) = (chat.bot.db.queries(), chat.bot.calls());
    for _ in 0..20 {
        chat.says(chat.mallory, "just talking, without links").await;
    }
    assert_eq!(chat.bot.db.queries(), queries, "queries");
    assert_eq!(chat.bot.calls(), calls, "Bot API calls");
    chat.bot.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_a_round_trip_to_redis() {
    let Some(url) = support::redis_url() else { return };
    let (telegram, clock) = world().await;
    let cache = Cache::with_redis(clock.clone(), RedisConfig::new(url)).await.expect("an address");
    cache.ping().await.expect("a Redis that answers");
    let mut chat = Chat::warm(TestBot::start_with_cache(telegram, clock, cache).await).await;
    chat.is_still().await;
    let (queries, calls) = (chat.bot.db.queries(), chat.bot.calls());
    let trips = chat.bot.cache.counters().redis_round_trips;
    assert!(trips > 0, "Redis was never asked, so the test proves nothing");
    for _ in 0..20 {
        chat.says(chat.mallory, "just talking").await;
    }
    assert_eq!(chat.bot.cache.counters().redis_round_trips, trips, "round trips");
    assert_eq!(chat.bot.db.queries(), queries, "queries");
    assert_eq!(chat.bot.calls(), calls, "Bot API calls");
    chat.bot.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_warning_is_one_transaction_and_the_calls_that_it_needs() {
    let (telegram, clock) = world().await;
    let mut chat = Chat::warm(TestBot::start(telegram, clock).await).await;
    let spam = chat.says(chat.mallory, "spam").await;
    let (transactions, calls) = (chat.bot.db.transactions(), chat.bot.calls());
    chat.replies(chat.ada, spam, "/warn once more").await;
    assert_eq!(chat.bot.db.transactions() - transactions, 1, "transactions");
    let mut expected = calls;
    // Is she still in the chat? And then the notice.
    *expected.entry("getChatMember".to_owned()).or_default() += 1;
    *expected.entry("sendMessage".to_owned()).or_default() += 1;
    assert_eq!(chat.bot.calls(), expected);
    chat.bot.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_is_one_write_and_one_reply_and_is_seen_at_once() {
    let (telegram, clock) = world().await;
    let mut chat = Chat::warm(TestBot::start(telegram, clock).await).await;
    let (transactions, calls) = (chat.bot.db.transactions(), chat.bot.calls());
    chat.says(chat.ada, "/setwarnlimit 7").await;
    assert_eq!(chat.bot.db.transactions() - transactions, 1, "transactions");
    let mut expected = calls;
    *expected.entry("sendMessage".to_owned()).or_default() += 1;
    assert_eq!(chat.bot.calls(), expected);
    assert_eq!(chat.bot.db.warns().policy(chat.id).await.expect("a policy").limit(), 7);
    chat.bot.leave().await;
}
