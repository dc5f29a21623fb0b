//! Bad input and a bad Telegram: whatever comes, the bot goes on, and nothing is lost.

mod support;

use std::time::Duration;

use alita_model::{ChatId, UserId};
use alita_runtime::Clock;
use alita_testkit::transcript::{Bot, start_of_time};
use alita_testkit::{Draft, FakeTelegram, Fault, Member, NewChat, NewUser, Speaker};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::TestBot;

struct Room {
    bot: TestBot,
    telegram: FakeTelegram,
    chat: ChatId,
    ada: UserId,
    mallory: UserId,
}

async fn room() -> Room {
    let clock = Clock::manual(start_of_time());
    let telegram = FakeTelegram::start(clock.clone()).await;
    let chat = telegram.add_chat(NewChat::supergroup("Rust Tea"));
    let ada = telegram.add_user(NewUser::named("Ada"));
    let mallory = telegram.add_user(NewUser::named("Mallory"));
    telegram.set_member(chat, telegram.add_user(NewUser::named("Olga")), Member::owner());
    telegram.set_member(chat, ada, Member::full_administrator());
    telegram.set_member(chat, mallory, Member::member());
    telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
    let bot = TestBot::start(telegram.clone(), clock).await;
    Room { bot, telegram, chat, ada, mallory }
}

impl Room {
    async fn says(&self, who: UserId, text: &str) -> Vec<String> {
        self.telegram.forget_calls();
        self.telegram.say(self.chat, Speaker::User(who), Draft::text(text));
        self.bot.handled().await;
        self.texts()
    }

    async fn warns_mallory(&self) -> Vec<String> {
        self.says(self.ada, &format!("/warn {} because", self.mallory)).await
    }

    /// What the bot said and Telegram took.
    fn texts(&self) -> Vec<String> {
        let sent = self.telegram.calls_of("sendMessage").into_iter().filter(|call| call.outcome.is_ok());
        sent.map(|call| call.params["text"].as_str().unwrap_or_default().to_owned()).collect()
    }

    async fn gets(&self, update: Value) {
        self.telegram.raw_update(update);
        self.bot.handled().await;
    }

    async fn is_alive(&self) {
        let texts = self.says(self.mallory, "/warns").await;
        assert_eq!(texts.len(), 1, "the bot answers: {texts:?}");
        assert!(self.telegram.faults_seen().is_empty(), "{:?}", self.telegram.faults_seen());
    }

    async fn count(&self) -> u32 {
        self.bot.db.warns().of(self.chat, self.mallory).await.expect("a tally").count
    }

    fn message(&self, extra: Value) -> Value {
        let mut message = json!({
            "message_id": 900, "date": 1_767_614_400, "chat": {"id": self.chat.get(), "type": "supergroup", "title": "Rust Tea"},
        });
        if let (Value::Object(message), Value::Object(extra)) = (&mut message, extra) {
            message.extend(extra);
        }
        message
    }

    async fn leave(mut self) {
        self.bot.leave().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_that_nobody_has_seen_before() {
    let room = room().await;
    let person = json!({"id": room.mallory.get(), "is_bot": false, "first_name": "Mallory"});
    room.gets(json!({"telepathic_message": {"thought": "hm"}})).await;
    room.gets(json!({"message": room.message(json!({"from": person, "text": "hi", "aura": {"color": "blue"}, "new_field": [1, 2]}))})).await;
    room.gets(json!({"message": room.message(json!({"from": person, "text": "hi", "entities": [{"type": "hologram", "offset": 0, "length": 2}]}))})).await;
    room.gets(json!({"message": room.message(json!({"from": person, "text": "hi", "forward_origin": {"type": "dream", "date": 1}}))})).await;
    room.gets(json!({"message": {"date": "yesterday"}})).await;
    room.gets(json!({"message": room.message(json!({"text": "/warn 42 nobody sent this"}))})).await;
    room.gets(json!({"message": room.message(json!({}))})).await;
    room.gets(json!({"message": room.message(json!({"from": person, "text": "hi", "entities": [{"type": "bold", "offset": 60000, "length": 9}]}))})).await;
    assert_eq!(room.telegram.unconfirmed(), 0);
    assert_eq!(room.count().await, 0);
    room.is_alive().await;
    room.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn presses_that_make_no_sense_are_answered_once() {
    let room = room().await;
    let carrier = room.telegram.say(room.chat, Speaker::User(room.ada), Draft::text("a message"));
    for data in [
        "",
        "|",
        "rmWarn",
        "rmWarn|v0|u=1",
        "rmWarn|v9|u=1",
        "rmWarn|v1|u=99999999999999999999999",
        "RMWARN|v1|u=%",
        "nobody|v1|_",
        "rmWarn|v1|u=1&u=2",
    ] {
        room.telegram.forget_calls();
        room.telegram.press(room.ada, room.chat, carrier, data);
        room.bot.handled().await;
        assert_eq!(room.telegram.calls_of("answerCallbackQuery").len(), 1, "{data:?}");
        assert!(room.telegram.calls_of("editMessageText").is_empty(), "{data:?}");
    }
    room.telegram.forget_calls();
    room.telegram.press_inaccessible(room.ada, room.chat, carrier, "rmWarn|v1|u=42");
    room.telegram.press_without_message(room.ada, "change_language|v1|l=xx");
    room.bot.handled().await;
    assert_eq!(room.telegram.calls_of("answerCallbackQuery").len(), 2);
    room.is_alive().await;
    room.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_has_removed_the_bot_is_inactive_and_nothing_more_is_tried() {
    let room = room().await;
    room.says(room.mallory, "hello").await;
    let removed = Fault::refuse(403, "Forbidden: bot was kicked from the supergroup chat");
    room.telegram.fail("sendMessage", removed, 1);
    assert!(room.says(room.mallory, "/warns").await.is_empty());
    assert_eq!(room.telegram.calls_of("sendMessage").len(), 1);
    let chat = room.bot.db.chats().get(room.chat).await.expect("an answer").expect("a group");
    assert!(chat.is_inactive);
    let faults = room.bot.dispatcher.figures().faults;
    assert!(faults.values().all(|count| *count == 0), "it is nobody's fault: {faults:?}");
    assert!(room.says(room.mallory, "/warns").await.is_empty());
    assert!(room.telegram.calls_of("sendMessage").is_empty());
    room.bot.clock.advance(Duration::from_secs(6 * 60));
    room.is_alive().await;
    room.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_thousand_emoji_and_names_full_of_tricks() {
    let room = room().await;
    room.says(room.mallory, &"😀".repeat(2048)).await;
    for name in [
        "<b>&\"'</b>",
        "</a>",
        "&amp;",
        "{first}",
        "%s",
        "{0}",
        "\u{202E}live",
        "name\nwith\nlines",
        &"😀".repeat(64),
    ] {
        room.telegram.rename_user(room.mallory, NewUser::named(name));
        let texts = room.warns_mallory().await;
        assert_eq!(texts.len(), 1, "{name:?}");
        let text = alita_markup::strip_tags(&alita_markup::Html::repaired(&texts[0]));
        assert!(!text.contains('\u{202E}'), "{text}");
        room.says(room.ada, &format!("/resetwarns {}", room.mallory)).await;
    }
    room.is_alive().await;
    room.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telegram_that_says_wait_or_breaks() {
    let room = room().await;
    let tries = |method: &str| room.telegram.calls_of(method).len();
    let forgive = async || {
        room.says(room.ada, &format!("/resetwarns {}", room.mallory)).await;
        assert_eq!(room.count().await, 0);
    };
    room.telegram.fail("sendMessage", Fault::too_many(0), 1);
    assert_eq!(room.warns_mallory().await.len(), 1, "said after the pause");
    assert_eq!((tries("sendMessage"), room.count().await), (2, 1));
    forgive().await;
    for fault in [Fault::Status(500), Fault::Cut, Fault::Garbage] {
        // The first of them hides that nothing was sent, the second that something was.
        for fault in [fault.clone(), fault.after_effect()] {
            room.telegram.fail("sendMessage", fault.clone(), 1);
            room.warns_mallory().await;
            // Whether the message arrived cannot be known, so it is not sent again; the warning counts.
            assert_eq!((tries("sendMessage"), room.count().await), (1, 1), "{fault:?}");
            room.is_alive().await;
            forgive().await;
        }
    }
    for fault in [Fault::Status(502), Fault::Cut] {
        room.telegram.fail("getChatMember", fault.clone(), 1);
        assert_eq!(room.warns_mallory().await.len(), 1, "a question is asked again");
        assert_eq!((tries("getChatMember"), room.count().await), (2, 1), "{fault:?}");
        forgive().await;
    }
    room.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn could_not_find_out_is_neither_yes_nor_no() {
    let room = room().await;
    room.telegram.fail("getChatMember", Fault::Status(500), 50);
    let texts = room.warns_mallory().await;
    assert_eq!(texts.len(), 1);
    assert!(texts[0].contains("could not find out"), "{texts:?}");
    assert_eq!(room.count().await, 0);
    room.telegram.heal();
    // A question that failed rests for half a minute.
    room.bot.clock.advance(Duration::from_secs(31));
    room.warns_mallory().await;
    assert_eq!(room.count().await, 1);
    room.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_that_are_lost_between_the_check_and_the_act() {
    let room = room().await;
    room.says(room.ada, "/setwarnlimit 1").await;
    room.says(room.ada, "/setwarnmode ban").await;
    room.telegram.fail(
        "banChatMember",
        Fault::refuse(400, "Bad Request: not enough rights to restrict/unrestrict chat member"),
        1,
    );
    let texts = room.warns_mallory().await;
    assert_eq!(texts.len(), 1, "one line says what happened: {texts:?}");
    assert_eq!(room.count().await, 1, "the warning counts");
    room.telegram.forget_calls();
    let texts = room.warns_mallory().await;
    assert_eq!(texts.len(), 1);
    assert_eq!(room.telegram.calls_of("getChatAdministrators").len(), 1, "the list is read again");
    assert_eq!(room.telegram.calls_of("banChatMember").len(), 1, "the next warning tries again");
    assert_eq!(room.count().await, 0);
    room.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_gone_is_as_good_as_deleted() {
    let room = room().await;
    let spam = room.telegram.say(room.chat, Speaker::User(room.mallory), Draft::text("spam"));
    room.bot.handled().await;
    room.telegram.fail("deleteMessage", Fault::refuse(400, "Bad Request: message to delete not found"), 1);
    room.telegram.forget_calls();
    room.telegram.say(room.chat, Speaker::User(room.ada), Draft::text("/dwarn spam").reply_to(spam));
    room.bot.handled().await;
    assert_eq!(room.texts().len(), 1);
    assert_eq!(room.count().await, 1);
    room.leave().await;
}

/// Every command that stores something, in a database that takes nothing more.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_wanted_something_stored_hears_that_it_was_not() {
    let room = room().await;
    let olga = room.telegram.add_user(NewUser::named("Olga"));
    room.telegram.set_member(room.chat, olga, Member::owner());
    room.warns_mallory().await;
    room.says(room.ada, "/save a b").await;
    for table in ["warns_users", "warns_settings", "notes", "notes_settings", "admin", "locks"] {
        for write in ["INSERT", "UPDATE", "DELETE"] {
            let refuse = format!(
                "CREATE TRIGGER {table}_{write} BEFORE {write} ON {table} BEGIN SELECT RAISE(ABORT, 'full'); END"
            );
            room.bot.db.connection().execute_unprepared(&refuse).await.expect("a trigger");
        }
    }
    for wish in [
        &format!("/warn {} again", room.mallory),
        &format!("/rmwarn {}", room.mallory),
        &format!("/resetwarns {}", room.mallory),
        "/setwarnlimit 7",
        "/setwarnmode ban",
        "/save c d",
        "/clear a",
        "/privnote on",
        "/anonadmin on",
        "/lock url",
    ] {
        let told = room.says(olga, wish).await;
        assert!(matches!(&*told, [line] if line.starts_with("I could not save that")), "{wish}: {told:?}");
    }
    assert_eq!(room.count().await, 1);
    room.leave().await;
}
