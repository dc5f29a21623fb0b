//! Order within a sender, fairness between chats, and a limit for all.

mod toy;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use alita_dispatch::{Answer, Button, Command, Cx, Flow, Module, Outcome, Stage, Watcher};
use alita_markup::Html;
use alita_testkit::{Draft, Member, NewChat, NewUser, Speaker};
use tokio::sync::Semaphore;

use crate::toy::{Play, Toy};

#[tokio::test(flavor = "multi_thread")]
async fn one_sender_is_heard_in_order() {
    async fn slowly(cx: Cx<Toy>) -> Outcome {
        tokio::task::yield_now().await;
        cx.app().note(cx.message().and_then(|message| message.text.clone()).unwrap_or_default());
        Ok(Flow::Next)
    }
    let play =
        Play::with(vec![Module::new("toys").watcher(Watcher::new(Stage::Respond, "slowly", slowly))], 50)
            .await;
    let said: Vec<String> = (0..60).map(|n| n.to_string()).collect();
    for text in &said {
        play.telegram.say(play.chat, Speaker::User(play.mallory), Draft::text(text));
    }
    play.handled().await;
    assert_eq!(play.toy.taken(), said);
    play.leave().await;
}

/// What panics on the way to a handler ends its update, and neither the sender nor the polling stands still.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_before_any_handler_holds_nobody_up() {
    async fn hello(_: Cx<Toy>) -> Outcome {
        Html::escaped("hello").reply()
    }
    let toys = Module::new("toys")
        .command(Command::new("hello", hello).for_everyone())
        .button(Button::new("toy", hello));
    let play = Play::with(vec![toys], 8).await;
    play.toy.panics.store(1, Ordering::SeqCst);
    for _ in 0..3 {
        play.telegram.say(play.chat, Speaker::User(play.mallory), "/hello");
    }
    play.handled().await;
    assert_eq!(play.texts(), ["hello", "hello"], "the first one is lost and the others are not");
    assert_eq!(play.telegram.unconfirmed(), 0);
    assert_eq!((play.dispatcher.busy_lanes(), play.dispatcher.figures().faults["internal"]), (0, 1));

    let message = play.telegram.say(play.chat, Speaker::User(play.mallory), "nothing");
    play.toy.panics.store(1, Ordering::SeqCst);
    play.telegram.press(play.mallory, play.chat, message, "toy|v1|_");
    play.handled().await;
    assert_eq!(play.telegram.calls_of("answerCallbackQuery").len(), 1, "the spinner stops");
    assert_eq!(play.dispatcher.figures().faults["internal"], 2);
    play.leave().await;
}

/// One chat in which everybody's handler hangs takes its quarter, and no more.
#[tokio::test(flavor = "multi_thread")]
async fn one_chat_cannot_take_everything() {
    let gate = Arc::new(Semaphore::new(0));
    let inside = Arc::new(AtomicUsize::new(0));
    let (held, entered) = (Arc::clone(&gate), Arc::clone(&inside));
    let hang = move |cx: Cx<Toy>| {
        let (held, entered) = (Arc::clone(&held), Arc::clone(&entered));
        async move {
            if cx.message().is_some_and(|message| message.text.as_deref() == Some("hang")) {
                entered.fetch_add(1, Ordering::SeqCst);
                let _permit = held.acquire().await;
            } else {
                cx.app().note("through");
            }
            Ok(Flow::Next)
        }
    };
    let play =
        Play::with(vec![Module::new("toys").watcher(Watcher::new(Stage::Respond, "hang", hang))], 8).await;
    for _ in 0..20 {
        let somebody = play.telegram.add_user(NewUser::named("Somebody"));
        play.telegram.say(play.chat, Speaker::User(somebody), Draft::text("hang"));
    }
    until(|| inside.load(Ordering::SeqCst) >= 2).await;
    let other = play.telegram.add_chat(NewChat::supergroup("Elsewhere"));
    play.telegram.set_member(other, play.telegram.bot_id(), Member::member());
    play.telegram.set_member(other, play.mallory, Member::member());
    play.telegram.say(other, Speaker::User(play.mallory), Draft::text("hello"));
    until(|| !play.toy.taken().is_empty()).await;
    assert_eq!(inside.load(Ordering::SeqCst), 2, "a quarter of eight");
    gate.add_permits(100);
    play.handled().await;
    assert_eq!(inside.load(Ordering::SeqCst), 20, "all came to their turn");
    play.leave().await;
}

/// Lets the others work until it is so; what never comes is a failure and no hang.
async fn until(is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.expect("it is so within half a minute");
}
