//! Locks, where a conversation cannot reach: a database that fails, and what is counted.

mod support;

use alita_model::{LockSet, LockType};
use alita_monitoring::Metrics;
use alita_runtime::Clock;
use alita_testkit::transcript::{Bot, start_of_time};
use alita_testkit::{Draft, FakeTelegram, Member, NewChat, NewUser, Speaker};
use sea_orm::ConnectionTrait;

use crate::support::TestBot;

#[tokio::test(flavor = "multi_thread")]
async fn locks_18_a_failed_write_locks_neither_of_two_types() {
    let clock = Clock::manual(start_of_time());
    let telegram = FakeTelegram::start(clock.clone()).await;
    let chat = telegram.add_chat(NewChat::supergroup("Rust Tea"));
    let ada = telegram.add_user(NewUser::named("Ada"));
    telegram.set_member(chat, ada, Member::owner());
    telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
    let mut bot = TestBot::start(telegram.clone(), clock).await;

    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON locks WHEN NEW.lock_type = 'url' BEGIN SELECT RAISE(ABORT, 'full'); END";
    bot.db.connection().execute_unprepared(refuse).await.expect("a trigger");
    telegram.say(chat, Speaker::User(ada), Draft::text("/lock sticker url"));
    bot.handled().await;

    let told = telegram.calls_of("sendMessage");
    let told: Vec<&str> = told.iter().filter_map(|call| call.params["text"].as_str()).collect();
    let failed = "I could not save that, so this stays as it was: <code>sticker</code>, <code>url</code>. Please try again in a moment.";
    assert_eq!(told, [failed]);
    assert_eq!(bot.db.locks().of(chat).await.expect("the locks"), LockSet::EMPTY);
    bot.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_14_what_may_not_be_deleted_is_counted() {
    let metrics = Metrics::install(Clock::system()).expect("the only recorder of this process");
    let clock = Clock::manual(start_of_time());
    let telegram = FakeTelegram::start(clock.clone()).await;
    let chat = telegram.add_chat(NewChat::supergroup("Rust Tea"));
    let mallory = telegram.add_user(NewUser::named("Mallory"));
    telegram.set_member(chat, mallory, Member::member());
    telegram.set_member(chat, telegram.bot_id(), Member::administrator(&["can_pin_messages"]));
    let mut bot = TestBot::start(telegram.clone(), clock).await;

    let locks = [LockType::Url, LockType::Comments];
    bot.db.locks().set(chat, &locks, true).await.expect("a write");
    for text in ["https://spam.io", "hello"] {
        telegram.say(chat, Speaker::User(mallory), Draft::text(text));
        bot.handled().await;
    }
    assert!(telegram.calls_of("deleteMessage").is_empty() && telegram.calls_of("sendMessage").is_empty());
    assert!(telegram.calls_of("getChatMember").iter().all(|call| call.params["user_id"] != mallory.get()));
    let line = r#"alita_moderation_actions_total{module="locks",action="delete",outcome="refused"} 1"#;
    let text = metrics.render();
    assert!(text.lines().any(|found| found == line), "{text}");
    bot.leave().await;
}
