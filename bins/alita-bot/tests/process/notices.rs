//! What the log chat hears from the real process.

use alita_model::ChatId;
use alita_testkit::process::until;
use alita_testkit::{Draft, FakeTelegram, Fault, Member, NewChat, NewUser, Speaker};

use crate::{LIMIT, whole};

fn texts(telegram: &FakeTelegram, chat: ChatId) -> Vec<String> {
    let messages = telegram.messages(chat);
    messages.iter().map(|message| message["text"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The one fault of its own that a sound bot can be brought to is a handler that takes too long, and half a minute is
/// the limit; the process does nothing in that time but wait.
#[tokio::test]
async fn the_log_chat_hears_of_the_start_and_of_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let chat = |title: &str| {
        let chat = telegram.add_chat(NewChat::supergroup(title));
        telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
        chat
    };
    let (log, group) = (chat("Log"), chat("Rust Tea"));
    let person = |name: &str, role: Member| {
        let person = telegram.add_user(NewUser::named(name));
        telegram.set_member(group, person, role);
        person
    };
    let (ada, mallory) = (person("Ada", Member::owner()), person("Mallory", Member::member()));
    let program = program.env("MESSAGE_DUMP", log.to_string());
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    until(LIMIT, "the start", || texts(&telegram, log).len() == 1).await.expect("it is told");
    assert!(texts(&telegram, log)[0].contains("Mode: polling"), "{:?}", texts(&telegram, log));

    // Such a call is made again when it got no answer, so the handler's limit is reached before its own.
    telegram.fail("restrictChatMember", Fault::Hang, 10);
    let spam = telegram.say(group, Speaker::User(mallory), "buy my coins");
    telegram.say(group, Speaker::User(ada), Draft::text("/mute").reply_to(spam));
    until(LIMIT, "the error", || texts(&telegram, log).len() == 2)
        .await
        .unwrap_or_else(|error| panic!("{error}: {}", program.stderr()));
    let notice =
        "Internal error in mutes.mute\nthe handler took longer than 30 seconds\nThe log has the rest.";
    assert_eq!(texts(&telegram, log)[1], notice);
    assert_eq!(running.terminate(LIMIT).await.expect("it leaves").code(), Some(0), "{}", program.stderr());
}
