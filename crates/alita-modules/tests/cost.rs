//! What an update costs, counted: queries, transactions, Redis round trips, Bot API calls.

mod support;

use alita_cache::{Cache, RedisConfig};
use alita_model::{ChatId, MessageId, UserId};
use alita_runtime::Clock;
use alita_testkit::transcript::{Bot, start_of_time};
use alita_testkit::{Draft, FakeTelegram, Media, Member, NewChat, NewUser, Speaker};

use crate::support::TestBot;

/// All of them within the one transaction of a warning.
const QUERIES_OF_A_WARNING: u64 = 6;

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

/// Everything that people do all day long, by a member and by an administrator.
async fn ordinary_talk(chat: &Chat) {
    for who in [chat.mallory, chat.ada] {
        let message = chat.says(who, "just talking, without links").await;
        chat.bot.telegram.edit(chat.id, message, Draft::text("just talking, on second thoughts"));
        chat.bot.handled().await;
        for draft in [
            Draft::text("a reply").reply_to(message),
            Draft::text("look at this").media(Media::photo()),
            Draft::text("").media(Media::document()),
        ] {
            chat.bot.telegram.say(chat.id, Speaker::User(who), draft);
            chat.bot.handled().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_message_in_a_warm_chat_costs_nothing() {
    let (telegram, clock) = world().await;
    let mut chat = Chat::warm(TestBot::start(telegram, clock).await).await;
    let (queries, calls) = (chat.bot.db.queries(), chat.bot.calls());
    for _ in 0..5 {
        ordinary_talk(&chat).await;
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
    for _ in 0..5 {
        ordinary_talk(&chat).await;
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
    let (transactions, queries, calls) =
        (chat.bot.db.transactions(), chat.bot.db.queries(), chat.bot.calls());
    chat.replies(chat.ada, spam, "/warn once more").await;
    assert_eq!(chat.bot.db.transactions() - transactions, 1, "transactions");
    assert_eq!(chat.bot.db.queries() - queries, QUERIES_OF_A_WARNING, "queries");
    let mut expected = calls;
    // Is she still in the chat? And then the notice.
    *expected.entry("getChatMember".to_owned()).or_default() += 1;
    *expected.entry("sendMessage".to_owned()).or_default() += 1;
    assert_eq!(chat.bot.calls(), expected);
    chat.bot.leave().await;
}

/// The tally is cleared only after Telegram has punished, so that is a transaction of its own. A kick is noted before
/// it is done, for afterwards it can be seen by its effect alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_last_warning_is_two_transactions_and_a_kick_is_one() {
    let (telegram, clock) = world().await;
    let mut chat = Chat::warm(TestBot::start(telegram, clock).await).await;
    for setting in ["/setwarnlimit 2", "/setwarnmode ban"] {
        chat.says(chat.ada, setting).await;
    }
    let other = chat.bot.telegram.add_user(NewUser::named("Bob"));
    chat.bot.telegram.set_member(chat.id, other, Member::member());
    let (spam, spam_of_other) = (chat.says(chat.mallory, "spam").await, chat.says(other, "spam").await);
    for (command, to, transactions, act) in
        [("/warn the last one", spam, 2, "banChatMember"), ("/kick", spam_of_other, 1, "unbanChatMember")]
    {
        let (before, mut expected) = (chat.bot.db.transactions(), chat.bot.calls());
        chat.replies(chat.ada, to, command).await;
        assert_eq!(chat.bot.db.transactions() - before, transactions, "{command}");
        for method in ["getChatMember", act, "sendMessage"] {
            *expected.entry(method.to_owned()).or_default() += 1;
        }
        assert_eq!(chat.bot.calls(), expected, "{command}");
    }
    chat.bot.leave().await;
}

/// A setting, the command that shows it, and what it then shows.
const SETTINGS: [(&str, &str, &str); 5] = [
    ("/setwarnlimit 7", "/warnings", "7"),
    ("/setwarnmode kick", "/warnings", "kick"),
    ("/lock gif", "/locks", "gif"),
    ("/unlock gif", "/locks", "sticker"),
    ("/privnote on", "/privnote", "private"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_is_one_write_and_one_reply_and_is_seen_at_once() {
    let (telegram, clock) = world().await;
    let mut chat = Chat::warm(TestBot::start(telegram, clock).await).await;
    let shows = async |command: &str| {
        chat.says(chat.ada, command).await;
        let sent = chat.bot.telegram.calls_of("sendMessage");
        let text = sent.last().map(|call| call.params["text"].as_str().unwrap_or_default().to_owned());
        text.expect("it is shown")
    };
    for (setting, command, expected) in SETTINGS {
        let before = shows(command).await;
        let (transactions, calls) = (chat.bot.db.transactions(), chat.bot.calls());
        chat.says(chat.ada, setting).await;
        assert_eq!(chat.bot.db.transactions() - transactions, 1, "transactions of {setting}");
        let mut spent = calls;
        *spent.entry("sendMessage".to_owned()).or_default() += 1;
        assert_eq!(chat.bot.calls(), spent, "{setting}");
        let after = shows(command).await;
        assert!(after.contains(expected) && after != before, "{setting}: {before:?}, then {after:?}");
    }
    chat.bot.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_language_is_one_write_and_one_edit_and_is_spoken_at_once() {
    let (telegram, clock) = world().await;
    let mut chat = Chat::warm(TestBot::start(telegram, clock).await).await;
    chat.says(chat.ada, "/lang").await;
    let sent = chat.bot.telegram.calls_of("sendMessage");
    let menu = sent.last().and_then(|call| call.outcome.as_ref().ok()?["message_id"].as_i64());
    let menu = MessageId::new(i32::try_from(menu.expect("a menu")).expect("an id"));
    let (transactions, calls) = (chat.bot.db.transactions(), chat.bot.calls());
    chat.bot.telegram.press(chat.ada, chat.id, menu, "change_language|v1|l=es");
    chat.bot.handled().await;
    assert_eq!(chat.bot.db.transactions() - transactions, 1, "transactions");
    let mut spent = calls;
    for method in ["answerCallbackQuery", "editMessageText"] {
        *spent.entry(method.to_owned()).or_default() += 1;
    }
    assert_eq!(chat.bot.calls(), spent);
    chat.says(chat.ada, "/lang").await;
    let sent = chat.bot.telegram.calls_of("sendMessage");
    let text = sent.last().map(|call| call.params["text"].to_string()).unwrap_or_default();
    assert!(text.contains("idioma"), "{text}");
    chat.bot.leave().await;
}
