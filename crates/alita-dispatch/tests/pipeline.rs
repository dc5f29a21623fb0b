//! What happens to an update between its arrival and its answer.

mod toy;

use std::time::Duration;

use alita_dispatch::{
    Answer, Args, AskLimits, BuildError, Button, Command, Cx, DeepLink, Flow, Keyboard, Module, No, On,
    Outcome, Payload, Router, Stage, Watcher, proof,
};
use alita_markup::Html;
use alita_model::MessageId;
use alita_telegram::{Delivery, read_update};
use alita_testkit::{Draft, Fault, Media, Member, NewChat, NewUser, Speaker};
use serde_json::json;

use crate::toy::{Play, Toy};

async fn hello(cx: Cx<Toy>, args: Args) -> Outcome {
    cx.app().note(format!("hello {}", args.rest()));
    Html::escaped("hello").reply()
}

async fn quiet(cx: Cx<Toy>) -> Outcome {
    cx.app().note("quiet");
    Ok(Flow::Done)
}

fn everyone(name: &'static str) -> Command<Toy> {
    Command::new(name, hello).for_everyone().anywhere()
}

#[tokio::test]
async fn who_asks_too_often_is_not_heard_for_a_while() {
    let asks = AskLimits { commands_per_user: 3, ..AskLimits::default() };
    let play = Play::hearing(vec![Module::new("toys").command(everyone("hello"))], 8, asks).await;
    for _ in 0..5 {
        play.says(play.mallory, "/hello").await;
        play.says(play.ada, "/hello").await;
    }
    assert_eq!(play.toy.taken().len(), 3 + 5, "an admin is always heard");
    assert_eq!(play.telegram.unconfirmed(), 0, "and nothing waits");
    play.clock.advance(Duration::from_secs(20));
    play.says(play.mallory, "/hello").await;
    assert_eq!(play.toy.taken(), ["hello "]);
    play.leave().await;
}

#[tokio::test]
async fn what_is_a_command_and_what_is_not() {
    let play = Play::with(vec![Module::new("toys").command(everyone("hello").alias("hi"))], 8).await;
    for (text, is_one) in [
        ("/hello", true),
        ("/HELLO  there", true),
        ("/hi", true),
        ("/hello@AlitaBot", true),
        ("/hello@alitabot x", true),
        ("/hello@OtherBot", false),
        ("hello", false),
        ("say /hello", false),
        ("/helloo", false),
        ("/", false),
        ("/@AlitaBot", false),
    ] {
        play.says(play.mallory, text).await;
        assert_eq!(!play.toy.taken().is_empty(), is_one, "{text}");
    }
    play.says(play.mallory, Draft::text("/hello in a caption").media(Media::photo())).await;
    assert_eq!(play.toy.taken(), ["hello in a caption"]);
    play.says(play.mallory, Draft::html("<code>/hello</code>")).await;
    play.says(play.mallory, Draft::text("/hello").forward_from(play.ada)).await;
    let clean = play.telegram.say(play.chat, Speaker::User(play.mallory), Draft::text("clean"));
    play.telegram.edit(play.chat, clean, Draft::text("/hello"));
    play.handled().await;
    assert_eq!(play.toy.taken(), [""; 0], "code, forwards and edits are no commands");
    play.leave().await;
}

#[tokio::test]
async fn stages_run_in_their_order_and_done_ends_the_update() {
    fn note(cx: &Cx<Toy>, name: &str) -> Outcome {
        cx.app().note(name);
        Ok(Flow::Next)
    }
    async fn enforce(cx: Cx<Toy>) -> Outcome {
        cx.app().note("enforce");
        let is_bad = cx
            .message()
            .is_some_and(|message| message.text.as_deref().is_some_and(|text| text.contains("bad")));
        Ok(if is_bad { Flow::Done } else { Flow::Next })
    }
    let module = Module::new("toys")
        .watcher(Watcher::new(Stage::Tidy, "tidy", async |cx: Cx<Toy>| note(&cx, "tidy")))
        .watcher(Watcher::new(Stage::Respond, "respond", async |cx: Cx<Toy>| note(&cx, "respond")))
        .watcher(Watcher::new(Stage::Enforce, "enforce", enforce).on(&[On::Message, On::EditedMessage]))
        .watcher(Watcher::new(Stage::Remember, "remember", async |cx: Cx<Toy>| note(&cx, "remember")))
        .command(Command::new("quiet", quiet).for_everyone());
    let play = Play::with(vec![module], 8).await;
    play.says(play.mallory, "plain").await;
    assert_eq!(play.toy.taken(), ["remember", "enforce", "respond", "tidy"]);
    play.says(play.mallory, "/quiet").await;
    assert_eq!(play.toy.taken(), ["remember", "enforce", "quiet"]);
    play.says(play.mallory, "/quiet bad").await;
    assert_eq!(play.toy.taken(), ["remember", "enforce"], "a command does not escape enforcement");
    play.leave().await;
}

#[tokio::test]
async fn a_fault_stays_where_it_is() {
    async fn panics(cx: Cx<Toy>) -> Outcome {
        if cx.message().is_some() {
            panic!("on purpose");
        }
        Ok(Flow::Next)
    }
    async fn fails(_: Cx<Toy>) -> Outcome {
        Err(No::fault("the disk is gone"))
    }
    let module = Module::new("toys")
        .watcher(Watcher::new(Stage::Remember, "panics", panics))
        .watcher(Watcher::new(Stage::Enforce, "fails", fails))
        .command(everyone("hello"))
        .command(Command::new("fails", fails).for_everyone())
        .command(Command::new("panics", panics).for_everyone());
    let play = Play::with(vec![module], 8).await;
    play.says(play.mallory, "/hello").await;
    assert_eq!(play.toy.taken(), ["hello "]);
    assert_eq!(play.texts(), ["hello"]);
    for command in ["/fails", "/panics"] {
        play.telegram.forget_calls();
        play.says(play.mallory, command).await;
        assert_eq!(play.texts().len(), 1, "one apology for {command}");
        assert!(!play.texts()[0].contains("disk"), "without internals");
    }
    play.leave().await;
}

/// The limit is on the bot's clock, so half a minute passes here when the test says so.
#[tokio::test]
async fn a_handler_that_never_ends_is_cut_off_after_half_a_minute() {
    async fn hangs(cx: Cx<Toy>) -> Outcome {
        cx.app().note("hangs");
        std::future::pending().await
    }
    let play =
        Play::with(vec![Module::new("toys").command(Command::new("hangs", hangs).for_everyone())], 8).await;
    play.telegram.say(play.chat, Speaker::User(play.mallory), Draft::text("/hangs"));
    let begins = async {
        while play.toy.taken().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(toy::LIMIT, begins).await.expect("the handler begins");
    play.clock.advance(Duration::from_secs(29));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(play.telegram.unconfirmed(), 1, "it may still come to its end");
    assert_eq!(play.texts(), [""; 0]);
    play.clock.advance(Duration::from_secs(2));
    play.handled().await;
    assert_eq!(play.texts().len(), 1, "one apology: {:?}", play.texts());
    assert_eq!(play.telegram.unconfirmed(), 0);
    play.leave().await;
}

/// A message of the bot with all its buttons.
async fn new_carrier(play: &Play) -> MessageId {
    play.says(play.mallory, "/buttons").await;
    let carrier = play.telegram.messages(play.chat).last().and_then(|message| message["message_id"].as_i64());
    play.toy.taken();
    play.telegram.forget_calls();
    MessageId::new(i32::try_from(carrier.expect("the bot's message")).expect("an id"))
}

#[tokio::test]
async fn a_press_is_routed_exactly_and_answered_once_on_every_path() {
    async fn pressed(cx: Cx<Toy>, payload: Payload) -> Outcome {
        cx.app().note(format!("pressed {}", payload.get::<i64>("n")?));
        Html::escaped("edited").edit()
    }
    async fn silent(cx: Cx<Toy>) -> Outcome {
        cx.app().note("silent");
        Ok(Flow::Done)
    }
    async fn fails(_: Cx<Toy>) -> Outcome {
        Err(No::fault("broken"))
    }
    async fn buttons(_: Cx<Toy>) -> Outcome {
        let keyboard = Keyboard::new()
            .ask("7", &Payload::new("toy").with("n", 7))
            .ask("8", &Payload::new("TOY").with("n", 8))
            .ask("x", &Payload::new("toy").with("n", "x"))
            .ask("more", &Payload::new("toy").with("n", 7).with("x", 1))
            .ask("box", &Payload::new("toybox"))
            .ask("broken", &Payload::new("broken"))
            .ask("owners", &Payload::new("owners"));
        Html::escaped("press them").with(keyboard).reply()
    }
    let module = Module::new("toys")
        .command(Command::new("buttons", buttons).for_everyone())
        .button(Button::new("toy", pressed).carries(&["n"]))
        .button(Button::new("toybox", silent))
        .button(Button::new("broken", fails))
        .button(Button::new("owners", silent).for_owner());
    let play = Play::with(vec![module], 8).await;
    for (data, noted, has_text) in [
        ("toy|v1|n=7", &["pressed 7"][..], false),
        ("TOY|v1|n=8", &["pressed 8"], false),
        ("toybox|v1|_", &["silent"], false),
        ("toy|v1|n=x", &[], true),
        ("toy|v1|n=7&x=1", &[], true),
        ("toyb|v1|_", &[], true),
        ("toy.7", &[], true),
        ("broken|v1|_", &[], true),
        ("owners|v1|_", &[], true),
        // They mean something, but nobody put them there.
        ("toy|v1|n=9", &[], true),
        ("toybox|v1|a=b", &[], true),
    ] {
        let carrier = new_carrier(&play).await;
        play.telegram.press(play.mallory, play.chat, carrier, data);
        play.handled().await;
        assert_eq!(play.toy.taken(), noted, "{data}");
        let answers = play.telegram.calls_of("answerCallbackQuery");
        assert_eq!(answers.len(), 1, "{data}");
        assert_eq!(answers[0].params["text"].is_string(), has_text, "{data}");
    }
    let carrier = new_carrier(&play).await;
    play.telegram.press_inaccessible(play.mallory, play.chat, carrier, "toy|v1|n=7");
    play.handled().await;
    assert_eq!(play.toy.taken(), [""; 0], "it cannot be seen whether it stands there");
    assert_eq!(play.telegram.calls_of("answerCallbackQuery").len(), 1);
    assert!(play.telegram.faults_seen().is_empty());
    play.leave().await;
}

#[tokio::test]
async fn links_go_to_exact_words_and_then_to_the_longest_prefix() {
    fn link(cx: &Cx<Toy>, name: &str) -> Outcome {
        cx.app().note(format!("{name} {}", cx.args().rest()));
        Ok(Flow::Done)
    }
    let module = Module::new("toys")
        .command(everyone("start"))
        .deep_link(DeepLink::prefix("note", async |cx: Cx<Toy>| link(&cx, "note")))
        .deep_link(DeepLink::prefix("note_", async |cx: Cx<Toy>| link(&cx, "note_")))
        .deep_link(DeepLink::exact("notes", async |cx: Cx<Toy>| link(&cx, "notes")));
    let play = Play::with(vec![module], 8).await;
    for (text, noted) in [
        ("/start note_-100_a", "note_ -100_a"),
        ("/start notes", "notes "),
        ("/start notes2", "note s2"),
        ("/start else", "hello else"),
        ("/start notes please", "hello notes please"),
        ("/start", "hello "),
    ] {
        play.telegram.say(play.mallory.into(), Speaker::User(play.mallory), Draft::text(text));
        play.handled().await;
        assert_eq!(play.toy.taken(), [noted], "{text}");
    }
    play.leave().await;
}

#[tokio::test]
async fn a_command_that_is_switched_off_is_deleted_for_members_only() {
    let off = Command::new("off", quiet).for_everyone().can_be_disabled();
    let play = Play::with(vec![Module::new("toys").command(off)], 8).await;
    play.says(play.mallory, "/off").await;
    assert_eq!(play.toy.taken(), [""; 0]);
    assert_eq!(play.telegram.calls_of("deleteMessage").len(), 1);
    play.says(play.ada, "/off").await;
    assert_eq!(play.toy.taken(), ["quiet"]);
    play.telegram.fail("deleteMessage", Fault::refuse(400, "Bad Request: message can't be deleted"), 1);
    play.says(play.mallory, "/off").await;
    assert_eq!(play.toy.taken(), [""; 0], "blocked whether or not it could be deleted");
    play.leave().await;
}

#[tokio::test]
async fn a_command_that_is_switched_off_is_left_to_its_gate_while_nobody_knows_who_asks() {
    for (off, noted, said) in
        [(Command::new("off", quiet).for_everyone(), &["quiet"][..], 0), (Command::new("off", quiet), &[], 1)]
    {
        let play = Play::with(vec![Module::new("toys").command(off.can_be_disabled())], 8).await;
        for method in ["getChatAdministrators", "getChatMember"] {
            play.telegram.fail(method, Fault::Status(502), usize::MAX);
        }
        play.says(play.ada, "/off").await;
        assert_eq!(play.toy.taken(), noted);
        assert_eq!(play.texts().len(), said, "that it could not be found out is said by the gate");
        assert_eq!(play.telegram.calls_of("deleteMessage").len(), 0);
        play.leave().await;
    }
}

#[tokio::test]
async fn who_was_refused_is_not_told_again_at_once() {
    let play = Play::with(vec![Module::new("toys").command(Command::new("admins", quiet))], 8).await;
    for _ in 0..5 {
        play.says(play.mallory, "/admins").await;
    }
    assert_eq!(play.texts().len(), 1);
    play.clock.advance(Duration::from_secs(6));
    play.says(play.mallory, "/admins").await;
    assert_eq!(play.texts().len(), 2);
    play.leave().await;
}

/// A killed process leaves a press unconfirmed, so it comes again; the live state may have outlived the process.
#[tokio::test]
async fn a_proof_that_comes_again_runs_its_command_again_and_another_press_does_not() {
    let secret = Command::new("secret", async |cx: Cx<Toy>| {
        cx.app().note(format!("secret {}", cx.update_id()));
        Ok(Flow::Done)
    });
    let proof = Button::new(proof::NAMESPACE, proof::prove).carries(proof::FIELDS);
    let play = Play::with(vec![Module::new("toys").command(secret).button(proof)], 8).await;
    let nora = play.telegram.add_user(NewUser::named("Nora"));
    play.telegram.set_member(play.chat, nora, Member::full_administrator().anonymous());
    play.telegram.say(play.chat, Speaker::Anonymous(nora), "/secret");
    play.handled().await;
    let prompt = play.telegram.messages(play.chat).pop().expect("a prompt");
    let press = |update: i64| {
        let press = json!({"update_id": update, "callback_query": {
            "id": update.to_string(), "chat_instance": "1", "message": prompt,
            "from": {"id": play.ada.get(), "is_bot": false, "first_name": "Ada"},
            "data": prompt["reply_markup"]["inline_keyboard"][0][0]["callback_data"],
        }});
        Delivery::with_receipt(read_update(press.to_string().as_bytes()).expect("an update"))
    };
    for (update, noted) in [(1000, &["secret 1000"][..]), (1000, &["secret 1000"]), (1001, &[])] {
        let (delivery, receipt) = press(update);
        play.dispatcher.take(delivery);
        assert!(receipt.handled().await, "it is handled");
        assert_eq!(play.toy.taken(), noted);
    }
    play.leave().await;
}

#[tokio::test]
async fn a_group_that_moves_is_followed() {
    let play = Play::with(vec![Module::new("toys").command(everyone("hello"))], 8).await;
    let basic = play.telegram.add_chat(NewChat::group("Basic"));
    play.telegram.set_member(basic, play.telegram.bot_id(), Member::member());
    play.telegram.migrate(basic);
    play.handled().await;
    assert!(play.toy.taken().contains(&"moved true".to_owned()));
    play.leave().await;
}

#[tokio::test]
async fn what_is_answered_to_the_old_id_arrives_in_the_supergroup() {
    let play = Play::with(vec![Module::new("toys").command(everyone("hello"))], 8).await;
    let basic = play.telegram.add_chat(NewChat::group("Basic"));
    play.telegram.set_member(basic, play.telegram.bot_id(), Member::member());
    play.telegram.set_member(basic, play.mallory, Member::member());
    let new = play.telegram.migrate(basic);
    play.handled().await;
    play.toy.taken();
    let late = json!({"update_id": 1000, "message": {
        "message_id": 900, "date": 1_767_614_400, "text": "/hello",
        "chat": {"id": basic.get(), "type": "group", "title": "Basic"},
        "from": {"id": play.mallory.get(), "is_bot": false, "first_name": "Mallory"},
    }});
    let update = read_update(late.to_string().as_bytes()).expect("an update");
    let (delivery, receipt) = Delivery::with_receipt(update);
    play.dispatcher.take(delivery);
    assert!(receipt.handled().await, "it is handled");
    play.handled().await;
    let answer = play.telegram.messages(new).pop().expect("an answer");
    assert_eq!(answer["text"], "hello");
    assert_eq!(play.toy.taken(), ["hello ", "moved true"], "and whatever belongs to the group follows");
    play.leave().await;
}

#[test]
fn what_two_modules_claim_is_an_error_at_the_start() {
    let module = |name| Module::<Toy>::new(name).command(everyone("hello")).button(Button::new("toy", quiet));
    assert_eq!(Router::new(vec![module("a"), module("a")]).err(), Some(BuildError::ModuleTwice("a")));
    assert_eq!(
        Router::new(vec![module("a"), module("b")]).err(),
        Some(BuildError::CommandTwice { name: "hello", first: "a", second: "b" })
    );
    let button = |name| Module::<Toy>::new(name).button(Button::new("Toy", quiet));
    assert_eq!(
        Router::new(vec![button("a"), button("b")]).err(),
        Some(BuildError::NamespaceTwice { namespace: "Toy", first: "a", second: "b" })
    );
    let link = |name| Module::<Toy>::new(name).deep_link(DeepLink::prefix("note", quiet));
    assert_eq!(
        Router::new(vec![link("a"), link("b")]).err(),
        Some(BuildError::LinkTwice { link: "note", first: "a", second: "b" })
    );
    let exact = Module::<Toy>::new("c").deep_link(DeepLink::exact("note", quiet));
    assert!(Router::new(vec![link("a"), exact]).is_ok(), "an exact word goes before the prefix");
    let bad = Module::<Toy>::new("a").command(everyone("Hello"));
    assert_eq!(Router::new(vec![bad]).err(), Some(BuildError::BadCommandName("Hello")));
}
