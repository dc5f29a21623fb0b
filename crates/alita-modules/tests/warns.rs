//! Warns, where a conversation cannot reach: two at once, very long lists, very long reasons.

mod support;

use alita_model::{ChatId, UserId};
use alita_runtime::Clock;
use alita_testkit::transcript::{Bot, start_of_time};
use alita_testkit::{Draft, FakeTelegram, Member, NewChat, NewUser, Speaker};
use sea_orm::ConnectionTrait;

use crate::support::TestBot;

async fn group() -> (TestBot, ChatId, UserId, UserId, UserId) {
    let clock = Clock::manual(start_of_time());
    let telegram = FakeTelegram::start(clock.clone()).await;
    let chat = telegram.add_chat(NewChat::supergroup("Rust Tea"));
    let [ada, bert, mallory] = ["Ada", "Bert", "Mallory"].map(|name| telegram.add_user(NewUser::named(name)));
    telegram.set_member(chat, ada, Member::full_administrator());
    telegram.set_member(chat, bert, Member::full_administrator());
    telegram.set_member(chat, mallory, Member::member());
    telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
    (TestBot::start(telegram, clock).await, chat, ada, bert, mallory)
}

#[tokio::test(flavor = "multi_thread")]
async fn warns_08_two_first_warnings_at_once_are_two() {
    let (mut bot, chat, ada, bert, mallory) = group().await;
    for admin in [ada, bert] {
        bot.telegram.say(chat, Speaker::User(admin), Draft::text(format!("/warn {mallory} x")));
    }
    bot.handled().await;
    assert_eq!(bot.db.warns().of(chat, mallory).await.expect("a tally").count, 2);
    bot.leave().await;
}

/// Of two who warn at the limit in the same moment, one finds the tally cleared by the other.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_finds_the_tally_cleared_posts_no_second_notice() {
    let (mut bot, chat, ada, _, mallory) = group().await;
    bot.db.warns().set_limit(chat, 1).await.expect("a limit");
    let clear = "CREATE TRIGGER the_other AFTER INSERT ON warns_users BEGIN DELETE FROM warns_users; END";
    bot.db.connection().execute_unprepared(clear).await.expect("a trigger");
    bot.telegram.say(chat, Speaker::User(ada), Draft::text(format!("/warn {mallory} x")));
    bot.handled().await;
    assert_eq!(bot.telegram.calls_of("restrictChatMember").len(), 1);
    assert_eq!(bot.telegram.calls_of("sendMessage").len(), 0, "the other one has told it");
    bot.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn warns_17_a_long_list_comes_in_parts() {
    let (mut bot, chat, ada, _, mallory) = group().await;
    bot.db.warns().set_limit(chat, 100).await.expect("a limit");
    for _ in 0..40 {
        bot.db.warns().add(chat, mallory, Some(&"long reason ".repeat(30))).await.expect("a warning");
    }
    bot.telegram.forget_calls();
    bot.telegram.say(chat, Speaker::User(ada), Draft::text(format!("/warns {mallory}")));
    bot.handled().await;
    let parts = bot.telegram.calls_of("sendMessage");
    assert!(parts.len() > 1, "several parts");
    assert!(parts.iter().all(|part| part.outcome.is_ok()), "Telegram takes each of them");
    bot.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn warns_19_a_reason_is_cut_between_characters() {
    let (mut bot, chat, ada, _, mallory) = group().await;
    bot.telegram.say(chat, Speaker::User(ada), Draft::text(format!("/warn {mallory} {}", "€".repeat(1600))));
    bot.handled().await;
    let tally = bot.db.warns().of(chat, mallory).await.expect("a tally");
    assert_eq!(tally.reasons, ["€".repeat(1000)]);
    bot.leave().await;
}
