//! Jobs of modules and of the pipeline, run by a runner over jobs in memory.

mod toy;

use std::time::Duration;

use alita_dispatch::jobs::about;
use alita_dispatch::{BuildError, Command, Cx, Flow, JobCx, Module, Outcome, Router};
use alita_i18n::Language;
use alita_model::MessageId;
use alita_runtime::TaskSet;
use alita_runtime::jobs::{Failure, Job};
use alita_testkit::process::until;
use alita_testkit::{Fault, Member, NewUser, Speaker};
use serde::{Deserialize, Serialize};

use crate::toy::{Play, Toy};

const LIMIT: Duration = Duration::from_secs(60);

#[derive(Serialize, Deserialize)]
struct Bell {
    text: String,
}

impl Job for Bell {
    const NAME: &'static str = "bell";
}

/// `/ring <text>`: in a minute.
async fn ring(cx: Cx<Toy>) -> Outcome {
    let bell = Bell { text: cx.args().rest().to_owned() };
    let order = cx.jobs().after(Duration::from_secs(60), &bell)?.about(about(cx.chat()));
    cx.jobs().schedule(&order).await?;
    Ok(Flow::Done)
}

async fn rang(cx: JobCx<Toy>, bell: Bell) -> Result<(), Failure> {
    let chat = cx.chat().expect("it is about a chat");
    assert_eq!(cx.language(chat).await, Language::EN);
    cx.app().note(format!("{} in {chat}, attempt {}", bell.text, cx.attempt()));
    Ok(())
}

/// `/say`: words that vanish in a minute.
async fn say(cx: Cx<Toy>) -> Outcome {
    let words = alita_markup::Html::escaped("words").into();
    if let Some(message) = cx.send(words).await? {
        cx.delete_later(MessageId::new(message.message_id), Duration::from_secs(60)).await?;
    }
    Ok(Flow::Done)
}

fn module() -> Module<Toy> {
    let admins_only = Command::new("secret", |cx: Cx<Toy>| async move {
        cx.app().note("secret");
        Ok(Flow::Done)
    });
    Module::new("toys")
        .command(Command::new("ring", ring).for_everyone())
        .command(Command::new("say", say).for_everyone())
        .command(admins_only.bot_needs_nothing())
        .button(
            alita_dispatch::Button::new(alita_dispatch::proof::NAMESPACE, alita_dispatch::proof::prove)
                .carries(alita_dispatch::proof::FIELDS),
        )
        .job(rang)
}

/// A play with a runner.
async fn play() -> (Play, TaskSet) {
    let play = Play::with(vec![module()], 8).await;
    let running = TaskSet::new();
    play.dispatcher.services().jobs.runner(play.dispatcher.job_handlers()).start(&running);
    (play, running)
}

/// Turns the clock until it is so.
async fn in_time(play: &Play, what: &str, is_so: impl Fn() -> bool) {
    let turn = || {
        play.clock.advance(Duration::from_secs(1));
        is_so()
    };
    until(LIMIT, what, turn).await.expect("it happens");
}

#[tokio::test]
async fn a_module_hears_of_its_job_and_of_the_chat() {
    let (play, running) = play().await;
    play.says(play.mallory, "/ring noon").await;
    assert_eq!(play.toy.taken(), [""; 0]);
    in_time(&play, "the bell", || !play.toy.notes.lock().expect("a list").is_empty()).await;
    assert_eq!(play.toy.taken(), [format!("noon in {}, attempt 1", play.chat)]);
    running.close(LIMIT).await;
    play.leave().await;
}

#[tokio::test]
async fn a_message_vanishes_however_long_telegram_is_away() {
    let (play, running) = play().await;
    play.says(play.mallory, "/say").await;
    let words = play.telegram.messages(play.chat).len();
    // More than the client repeats by itself, so the job itself comes again.
    play.telegram.fail("deleteMessage", Fault::Status(502), 12);
    in_time(&play, "the end of the words", || play.telegram.messages(play.chat).len() < words).await;
    assert!(play.telegram.call_counts()["deleteMessage"] > 12);
    running.close(LIMIT).await;
    play.leave().await;
}

#[tokio::test]
async fn telegrams_no_is_an_end() {
    let (play, running) = play().await;
    play.says(play.mallory, "/say").await;
    play.telegram.fail("deleteMessage", Fault::refuse(400, "Bad Request: not enough rights"), 99);
    let tries = || play.telegram.call_counts().get("deleteMessage").copied().unwrap_or_default();
    in_time(&play, "the first try", || tries() == 1).await;
    play.says(play.mallory, "/ring an hour later").await;
    in_time(&play, "the bell", || !play.toy.notes.lock().expect("a list").is_empty()).await;
    assert_eq!(tries(), 1);
    running.close(LIMIT).await;
    play.leave().await;
}

#[tokio::test]
async fn a_proof_that_nobody_gives_expires_and_one_that_is_given_does_not() {
    let (play, running) = play().await;
    let nora = play.telegram.add_user(NewUser::named("Nora"));
    play.telegram.set_member(play.chat, nora, Member::full_administrator().anonymous());
    play.telegram.say(play.chat, Speaker::Anonymous(nora), "/secret");
    play.handled().await;
    let prompt = play.telegram.messages(play.chat).pop().expect("a prompt");
    let id =
        MessageId::new(prompt["message_id"].as_i64().and_then(|id| i32::try_from(id).ok()).expect("an id"));
    let edits = || play.telegram.call_counts().get("editMessageText").copied().unwrap_or_default();
    in_time(&play, "the expiry", || edits() == 1).await;
    let expired = play.telegram.message(play.chat, id).expect("it is still there");
    assert_eq!(expired["text"], "This took too long. Please send the command again.");
    assert!(expired.get("reply_markup").is_none(), "{expired}");

    play.telegram.say(play.chat, Speaker::Anonymous(nora), "/secret");
    play.handled().await;
    let prompt = play.telegram.messages(play.chat).pop().expect("a prompt");
    let data = prompt["reply_markup"]["inline_keyboard"][0][0]["callback_data"].as_str().expect("data");
    let id =
        MessageId::new(prompt["message_id"].as_i64().and_then(|id| i32::try_from(id).ok()).expect("an id"));
    play.telegram.press(play.ada, play.chat, id, data);
    play.handled().await;
    assert_eq!(play.toy.taken(), ["secret"]);
    play.says(play.mallory, "/ring a minute later").await;
    in_time(&play, "the bell", || !play.toy.notes.lock().expect("a list").is_empty()).await;
    assert_eq!(edits(), 1, "nothing expires any more");
    running.close(LIMIT).await;
    play.leave().await;
}

#[test]
fn a_name_belongs_to_one_job() {
    let twice = Router::new(vec![Module::<Toy>::new("a").job(rang), Module::new("b").job(rang)]);
    assert_eq!(twice.err(), Some(BuildError::JobTwice { name: "bell", module: "b" }));
}
