//! Notes, where a conversation cannot reach: two at once, very long lists, what a hashtag costs.

mod support;

use alita_model::{ChatId, ContentKind, MAX_NOTES, Note, NoteFlags, NoteName, SavedContent, UserId};
use alita_runtime::Clock;
use alita_telegram::{Delivery, read_update};
use alita_testkit::transcript::{Bot, start_of_time};
use alita_testkit::{Draft, FakeTelegram, Fault, Member, NewChat, NewUser, Speaker};
use serde_json::json;

use crate::support::TestBot;

async fn group() -> (TestBot, ChatId, UserId, UserId) {
    let clock = Clock::manual(start_of_time());
    let telegram = FakeTelegram::start(clock.clone()).await;
    let chat = telegram.add_chat(NewChat::supergroup("Rust Tea"));
    let [ada, bert] = ["Ada", "Bert"].map(|name| telegram.add_user(NewUser::named(name)));
    telegram.set_member(chat, ada, Member::full_administrator());
    telegram.set_member(chat, bert, Member::full_administrator());
    telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
    (TestBot::start(telegram, clock).await, chat, ada, bert)
}

fn name(word: &str) -> NoteName {
    NoteName::parse(word).expect("a name")
}

async fn save(bot: &TestBot, chat: ChatId, word: &str) {
    let content = SavedContent { kind: ContentKind::Text, html: "x".to_owned(), ..SavedContent::default() };
    let note = Note { name: name(word), content, flags: NoteFlags::default() };
    bot.db.notes().add(chat, &note).await.expect("a note");
}

fn texts(bot: &TestBot) -> Vec<String> {
    let sent = bot.telegram.calls_of("sendMessage");
    sent.iter().map(|call| call.params["text"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_save_one_name_at_once_the_second_is_asked() {
    let (mut bot, chat, ada, bert) = group().await;
    for (admin, text) in [(ada, "/save a from Ada"), (bert, "/save a from Bert")] {
        bot.telegram.say(chat, Speaker::User(admin), Draft::text(text));
    }
    bot.handled().await;
    let texts = texts(&bot);
    assert_eq!(texts.iter().filter(|text| text.starts_with("Saved")).count(), 1, "{texts:?}");
    assert_eq!(texts.iter().filter(|text| text.ends_with("Shall I replace it?")).count(), 1, "{texts:?}");
    let note = bot.db.notes().get(chat, &name("a")).await.expect("an answer").expect("a note");
    assert!(["from Ada", "from Bert"].contains(&note.content.html.as_str()));
    bot.leave().await;
}

/// A killed process leaves a press unconfirmed, so it comes again; the live state may have outlived the process.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_again_is_the_same_answer() {
    let (mut bot, chat, ada, _) = group().await;
    for text in ["/save tea green", "/save tea black"] {
        bot.telegram.say(chat, Speaker::User(ada), Draft::text(text));
        bot.handled().await;
    }
    let question = bot.telegram.messages(chat).pop().expect("a question");
    let toasts = async |update: i64| {
        let press = json!({"update_id": update, "callback_query": {
            "id": update.to_string(), "chat_instance": "1", "message": question,
            "from": {"id": ada.get(), "is_bot": false, "first_name": "Ada"},
            "data": question["reply_markup"]["inline_keyboard"][0][0]["callback_data"],
        }});
        let update = read_update(press.to_string().as_bytes()).expect("an update");
        let (delivery, receipt) = Delivery::with_receipt(update);
        bot.telegram.forget_calls();
        bot.dispatcher.take(delivery);
        assert!(receipt.handled().await, "it is handled");
        let answers = bot.telegram.calls_of("answerCallbackQuery");
        answers.iter().map(|call| call.params["text"].clone()).collect::<Vec<_>>()
    };
    let (first, again, other) = (toasts(1000).await, toasts(1000).await, toasts(1001).await);
    assert_eq!(first, again);
    assert_ne!(first, other, "the question is over for everybody else");
    let note = bot.db.notes().get(chat, &name("tea")).await.expect("an answer").expect("a note");
    assert_eq!(note.content.html, "black");
    bot.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn formatting_12_both_of_two_variants_occur() {
    let (mut bot, chat, ada, _) = group().await;
    bot.telegram.say(chat, Speaker::User(ada), Draft::text("/save tea a%%%b"));
    bot.handled().await;
    bot.telegram.forget_calls();
    for _ in 0..50 {
        bot.telegram.say(chat, Speaker::User(ada), Draft::text("#tea"));
        bot.handled().await;
    }
    // That one of them never comes is less likely than a broken machine.
    let mut texts = texts(&bot);
    assert_eq!(texts.len(), 50);
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts, ["a", "b"]);
    bot.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_comes_in_parts() {
    let (mut bot, chat, ada, _) = group().await;
    for number in 0..100 {
        save(&bot, chat, &format!("{number:060}")).await;
    }
    bot.telegram.say(chat, Speaker::User(ada), Draft::text("/notes"));
    bot.handled().await;
    let parts = bot.telegram.calls_of("sendMessage");
    assert_eq!(parts.len(), 2);
    assert!(parts.iter().all(|part| part.outcome.is_ok()), "Telegram takes each of them");
    let names: usize = texts(&bot).iter().map(|text| text.matches("<code>#0").count()).sum();
    assert_eq!(names, 100);
    bot.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_for_more_than_five_messages_is_a_file() {
    let (mut bot, chat, ada, _) = group().await;
    // Two hundred short names would not fill six messages: each of these letters counts twice for Telegram.
    for number in 0..MAX_NOTES {
        save(&bot, chat, &format!("{number:04}{}", "\u{10428}".repeat(60))).await;
    }
    bot.telegram.say(chat, Speaker::User(ada), Draft::text("/notes"));
    bot.handled().await;
    assert_eq!(bot.telegram.calls_of("sendMessage").len(), 0);
    let sent = bot.telegram.calls_of("sendDocument");
    let message = sent[0].outcome.as_ref().expect("Telegram takes it");
    assert_eq!(message["caption"], "This is too long for messages, so here it is as a file.");
    let id = message["document"]["file_id"].as_str().expect("a file");
    let file = bot.telegram.file(id).expect("it holds something");
    let text = String::from_utf8(file.to_vec()).expect("text");
    assert_eq!((text.matches("#0").count(), text.contains('<')), (MAX_NOTES, false));
    assert_eq!(sent.len(), 1);

    let refusal = Fault::refuse(400, "Bad Request: not enough rights to send documents to the chat");
    bot.telegram.fail("sendDocument", refusal, 1);
    bot.telegram.say(chat, Speaker::User(ada), Draft::text("/notes"));
    bot.handled().await;
    let texts = texts(&bot);
    assert_eq!(texts.iter().map(|text| text.matches("#0").count()).sum::<usize>(), MAX_NOTES);
    assert_eq!(texts.len(), 7);
    bot.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_chat_is_told_so_and_may_still_replace() {
    let (mut bot, chat, ada, _) = group().await;
    for number in 0..MAX_NOTES {
        save(&bot, chat, &format!("tea{number}")).await;
    }
    for text in ["/save more x", "/save tea7 x", "/clear tea8", "/save more x"] {
        bot.telegram.say(chat, Speaker::User(ada), Draft::text(text));
        bot.handled().await;
    }
    let texts = texts(&bot);
    let beginnings = [
        "This chat has 200 notes already",
        "There is a note <b>tea7</b> already",
        "The note <b>tea8</b>",
        "Saved <b>more</b>",
    ];
    assert_eq!(texts.len(), beginnings.len(), "{texts:?}");
    for (text, beginning) in texts.iter().zip(beginnings) {
        assert!(text.starts_with(beginning), "{texts:?}");
    }
    bot.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_that_would_come_too_late_is_left_out() {
    let (mut bot, chat, ada, _) = group().await;
    save(&bot, chat, "tea").await;
    bot.telegram.fail("sendMessage", Fault::too_many(16), 1);
    for text in ["/get tea", "#tea"] {
        bot.telegram.say(chat, Speaker::User(ada), Draft::text(text));
        bot.handled().await;
    }
    // The second one is not even tried, and nobody reads an apology when the pause is over.
    assert_eq!(bot.telegram.calls_of("sendMessage").len(), 1);
    bot.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_follow_an_answer_into_the_supergroup() {
    let (mut bot, chat, ada, _) = group().await;
    let basic = bot.telegram.add_chat(NewChat::group("Rust Tea"));
    for member in [ada, bot.telegram.bot_id()] {
        bot.telegram.set_member(basic, member, Member::full_administrator());
    }
    save(&bot, basic, "tea").await;
    // No service message tells of it here.
    let description = "Bad Request: group chat was upgraded to a supergroup chat".to_owned();
    let moved = Fault::Refuse { code: 400, description, retry_after: None, migrate_to: Some(chat) };
    bot.telegram.fail("sendMessage", moved, 1);
    bot.telegram.say(basic, Speaker::User(ada), Draft::text("#tea"));
    bot.handled().await;
    let sent = bot.telegram.calls_of("sendMessage");
    let chats: Vec<_> = sent.iter().map(|call| call.params["chat_id"].clone()).collect();
    assert_eq!(chats, [basic.get(), chat.get()]);
    assert_eq!(bot.telegram.messages(chat).pop().expect("an answer")["text"], "x");
    assert!(bot.db.notes().get(chat, &name("tea")).await.expect("an answer").is_some());
    assert!(bot.db.notes().get(basic, &name("tea")).await.expect("an answer").is_none());
    bot.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hashtag_that_is_no_note_costs_nothing() {
    let (mut bot, chat, ada, _) = group().await;
    for text in ["/save a b", "hello", "#other"] {
        bot.telegram.say(chat, Speaker::User(ada), Draft::text(text));
        bot.handled().await;
    }
    let (queries, calls) = (bot.db.queries(), bot.calls());
    for text in ["hello", "#other", "#another one", "# a"] {
        bot.telegram.say(chat, Speaker::User(ada), Draft::text(text));
        bot.handled().await;
    }
    assert_eq!(bot.db.queries(), queries, "queries");
    assert_eq!(bot.calls(), calls, "Bot API calls");
    bot.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn noformat_saved_again_is_the_same_note() {
    let (mut bot, chat, ada, _) = group().await;
    let typed = "Hi *{first}* `a*b` ||x|| <i>not a tag</i> snake_case_name\n> quoted _words_\n%%%other\n\
                 [A](buttonurl://a.io) [B](buttonurl://b.io:same) {preview}{protect}";
    let saved =
        async |who: &str| bot.db.notes().get(chat, &name(who)).await.expect("an answer").expect("a note");
    bot.telegram.say(chat, Speaker::User(ada), Draft::text(format!("/save a {typed}")));
    bot.handled().await;
    bot.telegram.forget_calls();
    bot.telegram.say(chat, Speaker::User(ada), Draft::text("/get a noformat"));
    bot.handled().await;
    let source = texts(&bot).remove(0);
    bot.telegram.say(chat, Speaker::User(ada), Draft::text(format!("/save b {source}")));
    bot.handled().await;
    let (a, b) = (saved("a").await, saved("b").await);
    assert_eq!((a.content, a.flags), (b.content, b.flags));
    bot.leave().await;
}
