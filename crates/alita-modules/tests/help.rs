//! The help with the operator's links, under many presses, and what the bot says of itself when it starts.

mod support;

use alita_dispatch::Router;
use alita_i18n::Language;
use alita_model::{ChatId, MessageId, UserId};
use alita_modules::{Links, Mode, Settings, introduce, modules};
use alita_runtime::Clock;
use alita_testkit::transcript::{Bot, check, start_of_time};
use alita_testkit::{Draft, FakeTelegram, Fault, Member, NewChat, NewUser, Speaker};
use serde_json::Value;

use crate::support::{TestBot, settings};

fn linked() -> Settings {
    let links = Links {
        news: Some("https://t.me/AlitaNews".to_owned()),
        support: Some("https://t.me/AlitaSupport".to_owned()),
        donation: Some("https://example.org/donate".to_owned()),
        ..Links::default()
    };
    Settings { links, ..settings() }
}

async fn bot() -> TestBot {
    let clock = Clock::manual(start_of_time());
    let telegram = FakeTelegram::start(clock.clone()).await;
    TestBot::start(telegram, clock).await
}

#[tokio::test]
async fn help_01_links_that_are_set_have_buttons() {
    let text = r#"private with Ada

show formatting
Ada: /start
  Alita: Hi Ada, I am <b>Alita</b>!

    I help you to keep order in your groups: I warn, mute and ban whoever you tell me to, lock what you do not want to see, keep your notes, and more. Add me to your group, make me an admin, and look at my commands.

    You find my latest news <a href="https://t.me/AlitaNews">here</a>.
    [About]
    [Add me to a group](https://t.me/AlitaBot?startgroup=botstart) [Support](https://t.me/AlitaSupport)
    [Commands]
    [Language]
hide formatting
Ada presses [About]
  Alita edits: About me

    Read who I am, follow the news, ask for support, or let me show you in three steps how to set me up in your group.
    [About me]
    [News](https://t.me/AlitaNews) [Support](https://t.me/AlitaSupport)
    [Set me up]
    [Back]
Ada: /donate
  Alita: How kind of you to ask! I am free for everybody, but the computers that I live on are not. Whatever you give keeps me running.
    [Donate](https://example.org/donate)
"#;
    check(text, |telegram, clock| TestBot::start_with(telegram, clock, linked())).await.unwrap();
}

#[tokio::test]
async fn help_03_the_menu_has_every_module_three_in_a_row_by_name() {
    let mut bot = bot().await;
    let ada = bot.telegram.add_user(NewUser::named("Ada"));
    bot.telegram.say(ada.into(), Speaker::User(ada), Draft::text("/help"));
    bot.handled().await;
    let calls = bot.telegram.calls_of("sendMessage");
    let rows: Vec<Vec<String>> = rows(&calls[0].params, "text");
    bot.leave().await;

    let mut expected: Vec<String> = Router::new(modules())
        .expect("modules that fit together")
        .help_pages()
        .iter()
        .map(|(_, page)| (page.title)(Language::EN))
        .collect();
    expected.sort_by_key(|title| title.to_lowercase());
    let (back, menu) = rows.split_last().expect("rows");
    assert_eq!(*back, ["Back"]);
    assert_eq!(menu.concat(), expected);
    assert!(menu.iter().rev().skip(1).all(|row| row.len() == 3), "{menu:?}");
}

/// One value of every button, row by row.
fn rows(params: &Value, what: &str) -> Vec<Vec<String>> {
    let markup = match &params["reply_markup"] {
        Value::String(text) => serde_json::from_str(text).expect("a keyboard"),
        other => other.clone(),
    };
    let rows = markup["inline_keyboard"].as_array().expect("rows").clone();
    let word = |button: &Value| button[what].as_str().unwrap_or_default().to_owned();
    rows.iter().map(|row| row.as_array().expect("a row").iter().map(word).collect()).collect()
}

/// The message that the bot sent last to somebody.
fn menu_of(telegram: &FakeTelegram, person: UserId) -> MessageId {
    let messages = telegram.messages(person.into());
    let id = messages.last().expect("a message")["message_id"].as_i64().expect("an id");
    MessageId::new(i32::try_from(id).expect("a small id"))
}

#[tokio::test]
async fn help_06_a_hundred_presses_add_no_row() {
    let mut bot = bot().await;
    let telegram = &bot.telegram;
    let ada = telegram.add_user(NewUser::named("Ada"));
    telegram.say(ada.into(), Speaker::User(ada), Draft::text("/help"));
    bot.handled().await;
    let menu = menu_of(telegram, ada);
    for _ in 0..100 {
        telegram.press(ada, ada.into(), menu, "helpq|v1|m=Languages");
        bot.handled().await;
    }
    let pages = telegram.calls_of("editMessageText");
    let answers = telegram.calls_of("answerCallbackQuery");
    bot.leave().await;
    assert_eq!((pages.len(), answers.len()), (100, 100));
    for page in &pages {
        let data = rows(&page.params, "callback_data");
        assert_eq!(
            data,
            [
                vec!["change_language|v1|l=en", "change_language|v1|l=es"],
                vec!["helpq|v1|m=Help", "helpq|v1|m=BackStart"]
            ]
        );
    }
}

#[tokio::test]
async fn help_15_two_people_turn_pages_at_once() {
    let mut bot = bot().await;
    let telegram = &bot.telegram;
    let mut menus = Vec::new();
    for name in ["Ada", "Olga"] {
        let person = telegram.add_user(NewUser::named(name));
        telegram.say(person.into(), Speaker::User(person), Draft::text("/help"));
        bot.handled().await;
        menus.push((person, menu_of(telegram, person)));
    }
    for ((person, menu), module) in menus.iter().zip(["Languages", "Warns"]) {
        telegram.press(*person, (*person).into(), *menu, &format!("helpq|v1|m={module}"));
    }
    bot.handled().await;
    for ((person, menu), module) in menus.iter().zip(["Languages", "Warns"]) {
        let page = telegram.message((*person).into(), *menu).expect("the page");
        assert!(page["text"].as_str().expect("a text").starts_with(module), "{page}");
    }
    assert_eq!(telegram.calls_of("answerCallbackQuery").len(), 2);
    bot.leave().await;
}

#[tokio::test]
async fn help_14_a_menu_of_commands_that_telegram_refuses_stops_nothing() {
    let text = "private with Ada\n\nAda: /donate\n  Alita: How kind of you to ask! I am free for everybody, \
                and right now there is nothing to pay for. Telling others about me helps, too.\n";
    let start = async |telegram: FakeTelegram, clock: Clock| {
        telegram.fail(
            "setMyCommands",
            Fault::refuse(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID"),
            99,
        );
        telegram.fail("sendMessage", Fault::refuse(400, "Bad Request: chat not found"), 1);
        let bot = TestBot::start(telegram, clock).await;
        introduce(&bot.dispatcher, Mode::Polling, Some(ChatId::new(-1_001_234_567_890))).await;
        bot
    };
    check(text, start).await.unwrap();
}

#[tokio::test]
async fn the_menu_of_commands_speaks_every_language_and_the_log_chat_hears_of_the_start() {
    let mut bot = bot().await;
    let telegram = &bot.telegram;
    let log = telegram.add_chat(NewChat::supergroup("Log"));
    telegram.set_member(log, telegram.bot_id(), Member::member());
    introduce(&bot.dispatcher, Mode::Polling, Some(log)).await;

    for (language, start) in [
        ("", "see who I am and what I can do"),
        ("en", "see who I am and what I can do"),
        ("es", "mira quién soy y qué sé hacer"),
    ] {
        let commands = telegram.commands("all_private_chats", language).expect("commands were set");
        let names: Vec<&str> =
            commands.as_array().expect("a list").iter().filter_map(|it| it["command"].as_str()).collect();
        assert_eq!(names, ["start", "help"], "{language}");
        assert_eq!(commands[0]["description"], start, "{language}");
    }
    let notice = || {
        let messages = telegram.messages(log);
        messages.last().expect("a notice")["text"].as_str().expect("a text").to_owned()
    };
    let mut names: Vec<&str> = bot.dispatcher.router().modules().iter().copied().collect();
    names.sort_unstable();
    let modules = names.join(", ");
    let expected =
        |mode: &str| format!("I am up and running.\nMode: {mode}\nVersion: 1.2.3\nModules: {modules}");
    assert_eq!(notice(), expected("polling"));
    introduce(&bot.dispatcher, Mode::Webhook, Some(log)).await;
    assert_eq!(notice(), expected("webhook"));
    bot.leave().await;
}
