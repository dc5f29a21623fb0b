//! Languages with other settings than usual, presses without a message, and what becomes of them in the database.

mod support;

use alita_cache::{Cache, RedisConfig};
use alita_db::{Db, DbConfig};
use alita_i18n::Language;
use alita_model::{ChatId, UserId};
use alita_modules::{Links, Settings};
use alita_runtime::Clock;
use alita_testkit::transcript::{Bot, check, start_of_time};
use alita_testkit::{FakeTelegram, NewUser};

use crate::support::{TestBot, settings};

async fn bot() -> TestBot {
    let clock = Clock::manual(start_of_time());
    let telegram = FakeTelegram::start(clock.clone()).await;
    TestBot::start(telegram, clock).await
}

/// What the presses so far were answered.
fn answers(telegram: &FakeTelegram) -> Vec<String> {
    let text = |call: &alita_testkit::Call| call.params["text"].as_str().unwrap_or_default().to_owned();
    telegram.calls_of("answerCallbackQuery").iter().map(text).collect()
}

#[tokio::test]
async fn languages_01_where_people_help_to_translate_is_the_last_row() {
    let text = "private with Ada\n\nAda: /lang\n  Alita: Your language is English 🇬🇧. Which one shall I speak with you?\n    \
                [✓ English 🇬🇧] [Español 🇪🇸]\n    [Help to translate](https://example.org/translate)\n";
    let links = Links { translation: Some("https://example.org/translate".to_owned()), ..Links::default() };
    let settings = Settings { links, ..settings() };
    check(text, |telegram, clock| TestBot::start_with(telegram, clock, settings)).await.unwrap();
}

#[tokio::test]
async fn languages_06_a_language_that_is_not_enabled_cannot_be_chosen_but_goes_on_where_it_is() {
    let text = "private with Ada\n\nAda: /lang\n  Alita: Your language is English 🇬🇧. Which one shall I speak with you?\n    \
                [✓ English 🇬🇧]\n\
                Ada presses data \"change_language|v1|l=es\"\n  Alita alerts: This language is not on offer.\n\
                in \"Té\"\nOlga: /lang\n  Alita: El idioma de este grupo es Español 🇪🇸. ¿En cuál quieres que hable aquí?\n    \
                [English 🇬🇧]\n";
    let text = format!("group \"Té\" id -1001234567890: Olga owner, Alita admin\n{text}");
    let settings = Settings { languages: vec![Language::EN], ..settings() };
    let start = async |telegram: FakeTelegram, clock: Clock| {
        let bot = TestBot::start_with(telegram, clock, settings).await;
        bot.db.languages().set_chat(ChatId::new(-1_001_234_567_890), "es").await.expect("it is stored");
        bot
    };
    check(&text, start).await.unwrap();
}

#[tokio::test]
async fn i18n_02_a_stored_code_that_no_language_has_is_english() {
    let text = "person Ada id 88\nprivate with Ada\n\nAda: /lang\n  Alita: Your language is English 🇬🇧. Which one shall I \
                speak with you?\n    [✓ English 🇬🇧] [Español 🇪🇸]\n\
                Ada presses [✓ English 🇬🇧]\n  Alita edits: From now on I speak English 🇬🇧 with you.\n";
    let start = async |telegram: FakeTelegram, clock: Clock| {
        let bot = TestBot::start(telegram, clock).await;
        bot.db.languages().set_user(UserId::new(88), "de").await.expect("it is stored");
        bot
    };
    check(text, start).await.unwrap();
}

#[tokio::test]
async fn languages_07_languages_10_a_stranger_presses_a_button_whose_message_telegram_does_not_tell() {
    let mut bot = bot().await;
    let ada = bot.telegram.add_user(NewUser::named("Ada"));
    bot.telegram.press_without_message(ada, "change_language|v1|l=es");
    bot.handled().await;
    assert_eq!(answers(&bot.telegram), ["A partir de ahora hablo contigo en Español 🇪🇸."]);
    assert!(bot.telegram.calls_of("editMessageText").is_empty());
    assert!(bot.telegram.calls_of("sendMessage").is_empty());
    assert!(bot.db.users().get(ada).await.expect("the database answers").is_some());
    assert_eq!(bot.db.languages().user(ada).await.expect("the database answers").as_deref(), Some("es"));
    bot.leave().await;
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_confirmed() {
    let mut bot = bot().await;
    let ada = bot.telegram.add_user(NewUser::named("Ada"));
    bot.db.clone().close().await.expect("the database closes");
    bot.telegram.press_without_message(ada, "change_language|v1|l=es");
    bot.handled().await;
    assert_eq!(answers(&bot.telegram), ["I could not save that. Please try again in a moment."]);
    bot.leave().await;
}

/// One process: its own memory before the Redis that it shares.
async fn instance(redis: &str, database: &str) -> Db {
    let clock = Clock::system();
    let cache = Cache::with_redis(clock.clone(), RedisConfig::new(redis)).await.expect("an address");
    Db::connect(DbConfig::new(database), cache, clock).await.expect("a database")
}

#[tokio::test]
async fn languages_14_another_instance_speaks_the_new_language_too() {
    let Some(redis) = support::redis_url() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite://{}", folder.path().join("alita.db").display());
    let here = instance(&redis, &database).await;
    alita_migrations::up(here.connection(), None).await.expect("a migrated database");
    let there = instance(&redis, &database).await;
    let group = ChatId::new(-1_001_000_000_000 - i64::from(std::process::id()));
    let spoken = async || there.languages().chat(group).await.expect("the database answers");

    assert_eq!(spoken().await, None);
    here.languages().set_chat(group, "es").await.expect("it is stored");
    // The word travels over Redis, so there is no clock that a test could turn.
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(10));
    let change = async {
        while spoken().await.as_deref() != Some("es") {
            looks.tick().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), change)
        .await
        .expect("the other instance hears of it");
}
