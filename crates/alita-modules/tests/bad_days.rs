//! Bad days: a Telegram that throttles, breaks or hangs, a clock that jumps, and a module that panics all the time.

mod support;

use std::time::{Duration, Instant};

use alita_dispatch::{Command, Cx, Flow, Module, On, Outcome, Stage, Watcher};
use alita_model::{ChatId, MessageId, UserId};
use alita_modules::{AlitaApp, modules};
use alita_monitoring::Metrics;
use alita_runtime::Clock;
use alita_testkit::process::until;
use alita_testkit::transcript::{Bot, start_of_time};
use alita_testkit::{Draft, FakeTelegram, Fault, Member, NewChat, NewUser, Speaker};
use chrono::TimeDelta;

use crate::support::TestBot;

/// How long anything may take on a machine that does much else.
const LIMIT: Duration = Duration::from_secs(60);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Olga owns the group, Ada administers it, Mallory is a member; links are locked.
struct Room {
    bot: TestBot,
    telegram: FakeTelegram,
    clock: Clock,
    chat: ChatId,
    ada: UserId,
    mallory: UserId,
}

impl Room {
    async fn new(modules: Vec<Module<AlitaApp>>) -> Self {
        let clock = Clock::manual(start_of_time());
        let telegram = FakeTelegram::start(clock.clone()).await;
        let (chat, [_, ada, mallory]) = group(&telegram);
        let bot = TestBot::start_with_modules(telegram.clone(), clock.clone(), modules).await;
        let room = Self { bot, telegram, clock, chat, ada, mallory };
        room.says(ada, "/lock url");
        room.handled().await;
        let spam = room.says(mallory, "https://coins.example");
        room.handled().await;
        assert!(!room.is_there(spam));
        room.telegram.forget_calls();
        room
    }

    fn says(&self, who: UserId, text: &str) -> MessageId {
        self.telegram.say(self.chat, Speaker::User(who), Draft::text(text))
    }

    async fn handled(&self) {
        let handled = tokio::time::timeout(LIMIT, self.bot.handled()).await;
        assert!(handled.is_ok(), "{} updates are not confirmed", self.telegram.unconfirmed());
    }

    /// The answers to a message.
    fn answers(&self, question: MessageId) -> Vec<String> {
        let bot = self.telegram.bot_id().get();
        self.telegram
            .messages(self.chat)
            .iter()
            .filter(|message| {
                message["from"]["id"] == bot && message["reply_to_message"]["message_id"] == question.get()
            })
            .map(|message| message["text"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Says it, and returns the only answer.
    async fn is_told(&self, who: UserId, text: &str) -> String {
        let question = self.says(who, text);
        self.handled().await;
        let mut answers = self.answers(question);
        assert_eq!(answers.len(), 1, "{text}: {answers:?}");
        answers.remove(0)
    }

    fn is_there(&self, message: MessageId) -> bool {
        self.telegram.message(self.chat, message).is_some()
    }

    fn calls(&self, method: &str) -> u64 {
        self.telegram.call_counts().get(method).copied().unwrap_or_default()
    }

    async fn wait(&self, what: &str, is_so: impl FnMut() -> bool) {
        until(LIMIT, what, is_so).await.expect("it happens");
    }

    async fn warnings(&self) -> u32 {
        self.bot.db.warns().of(self.chat, self.mallory).await.expect("a tally").count
    }

    /// It does what it always does.
    async fn is_well(&self) {
        let spam = self.says(self.mallory, "https://coins.example");
        self.is_told(self.mallory, "/id").await;
        assert!(!self.is_there(spam));
        assert_eq!(self.telegram.faults_seen(), Vec::<String>::new());
    }

    async fn leave(mut self) {
        self.bot.leave().await;
    }
}

fn group(telegram: &FakeTelegram) -> (ChatId, [UserId; 3]) {
    let chat = telegram.add_chat(NewChat::supergroup("Rust Tea"));
    telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
    let roles =
        [("Olga", Member::owner()), ("Ada", Member::full_administrator()), ("Mallory", Member::member())];
    let people = roles.map(|(name, role)| {
        let person = telegram.add_user(NewUser::named(name));
        telegram.set_member(chat, person, role);
        person
    });
    (chat, people)
}

/// A minute of 429 is one second here: a longer `retry_after` only makes the same waits longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telegram_that_says_wait_is_obeyed_and_each_answer_comes_once() {
    const PEOPLE: usize = 20;
    let room = Room::new(modules()).await;
    let people: Vec<UserId> = (0..PEOPLE)
        .map(|_| {
            let person = room.telegram.add_user(NewUser::named("Somebody"));
            room.telegram.set_member(room.chat, person, Member::member());
            person
        })
        .collect();
    room.telegram.fail("sendMessage", Fault::too_many(1), PEOPLE);
    let began = Instant::now();
    let asked: Vec<MessageId> = people.iter().map(|person| room.says(*person, "/id")).collect();
    let spam = room.says(room.mallory, "https://coins.example");
    room.wait("the deletion of a link beside it", || !room.is_there(spam)).await;
    room.handled().await;
    assert!(began.elapsed() >= Duration::from_secs(1), "it did not wait");
    for question in asked {
        assert_eq!(room.answers(question).len(), 1);
    }
    // Each message was refused once at most, or waited with the others; none was tried again and again.
    let calls = usize::try_from(room.calls("sendMessage")).expect("not so many");
    assert_eq!(calls, 2 * PEOPLE);
    room.is_well().await;
    room.leave().await;
}

/// A telegram that never stops saying it: four tries a message, and then it is let go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telegram_that_says_wait_for_ever_is_asked_four_times() {
    let room = Room::new(modules()).await;
    room.telegram.fail("sendMessage", Fault::too_many(1), usize::MAX);
    let began = Instant::now();
    let question = room.says(room.mallory, "/id");
    room.handled().await;
    assert_eq!(room.calls("sendMessage"), 4);
    assert!(began.elapsed() >= Duration::from_secs(3));
    assert!(room.answers(question).is_empty());
    room.telegram.heal();
    room.is_well().await;
    room.leave().await;
}

/// A minute of 5xx, with the pauses of the client and of the polling two hundred times shorter than the real ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telegram_that_is_broken_is_not_hammered() {
    const POLLS: u64 = 9;
    let room = Room::new(modules()).await;
    room.telegram.fail("getUpdates", Fault::Status(502), usize::MAX);
    let before = room.calls("getUpdates");
    let began = Instant::now();
    // The poll that is held already brings this; all that is said later waits.
    room.says(room.mallory, "the first");
    room.wait("some polls", || room.calls("getUpdates") > before + POLLS).await;
    // The pauses between nine failures are 1, 2, 4, 8, 16, 30, 30 and 30 times five milliseconds, and never less.
    assert!(began.elapsed() >= Duration::from_millis(121 * 5), "{:?}", began.elapsed());
    let asked =
        [room.says(room.mallory, "/id"), room.says(room.ada, &format!("/warn {} spam", room.mallory))];
    room.telegram.heal();
    room.handled().await;
    for question in asked {
        assert_eq!(room.answers(question).len(), 1, "what was said meanwhile is answered once");
    }

    // What may be repeated is, what may not is not.
    room.telegram.forget_calls();
    room.telegram.fail("deleteMessage", Fault::Status(502), 2);
    let spam = room.says(room.mallory, "https://coins.example");
    room.handled().await;
    assert!(!room.is_there(spam));
    assert_eq!(room.calls("deleteMessage"), 3);
    for fault in [Fault::Status(502), Fault::Cut, Fault::Status(504).after_effect()] {
        room.telegram.forget_calls();
        room.telegram.fail("sendMessage", fault.clone(), 1);
        let question = room.says(room.mallory, "/id");
        room.handled().await;
        assert!(room.answers(question).len() <= 1, "{fault:?}");
        assert_eq!(room.calls("sendMessage"), 1, "{fault:?}");
    }
    assert_eq!(room.warnings().await, 1);
    room.is_well().await;
    room.leave().await;
}

/// Who is who is not told: the question is given up after five seconds, and nobody else waits for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telegram_that_hangs_holds_up_only_who_needs_the_answer() {
    let room = Room::new(modules()).await;
    let (other, [_, bob, _]) = group(&room.telegram);
    for method in ["getChatAdministrators", "getChatMember"] {
        room.telegram.fail(method, Fault::Hang, usize::MAX);
    }
    let hanging = room.telegram.say(other, Speaker::User(bob), Draft::text("/lock url"));
    room.wait("the question that hangs", || {
        room.calls("getChatAdministrators") + room.calls("getChatMember") > 0
    })
    .await;
    let asked = room.says(room.mallory, "/id");
    let spam = room.says(room.mallory, "https://coins.example");
    room.wait("what needs no answer", || !room.answers(asked).is_empty() && !room.is_there(spam)).await;
    let answers = || {
        let messages = room.telegram.messages(other);
        let is_answer =
            |message: &&serde_json::Value| message["reply_to_message"]["message_id"] == hanging.get();
        messages.iter().filter(is_answer).map(|message| message["text"].to_string()).collect::<Vec<_>>()
    };
    room.handled().await;
    assert_eq!(answers().len(), 1);
    assert!(answers()[0].contains("could not find out"), "{:?}", answers());
    room.telegram.heal();
    // A question that failed rests for half a minute.
    room.clock.advance(Duration::from_secs(31));
    room.telegram.say(other, Speaker::User(bob), Draft::text("/lock url"));
    room.handled().await;
    assert!(!room.bot.db.locks().of(other).await.expect("a row").is_empty());
    room.is_well().await;
    room.leave().await;
}

/// Times that were remembered before a correction of the clock are neither too old nor too young after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_or_forward_moves_no_lease() {
    let room = Room::new(modules()).await;
    let day = TimeDelta::from_std(DAY).expect("a day");
    for by in [day, -day, -day, day] {
        room.clock.correct(by);
        room.is_well().await;
        let warnings = room.warnings().await;

        // The proof of an anonymous admin holds for a minute, by whatever clock.
        let asked = room.telegram.say(room.chat, Speaker::Anonymous(room.ada), warn(&room));
        room.handled().await;
        room.clock.correct(by);
        room.press_answer_to(asked).await;
        assert_eq!(room.warnings().await, warnings + 1, "the proof was good");
        let asked = room.telegram.say(room.chat, Speaker::Anonymous(room.ada), warn(&room));
        room.handled().await;
        room.clock.correct(-by);
        room.clock.advance(Duration::from_secs(61));
        room.press_answer_to(asked).await;
        assert_eq!(room.warnings().await, warnings + 1, "the proof was too old");
        let reset = format!("/resetwarns {}", room.mallory);
        room.is_told(room.ada, &reset).await;

        // Who is refused is told again after five seconds, and not before.
        room.is_told(room.mallory, "/lock url").await;
        room.clock.correct(by);
        let again = room.says(room.mallory, "/lock url");
        room.handled().await;
        assert!(room.answers(again).is_empty());
        room.clock.advance(Duration::from_secs(6));
        room.is_told(room.mallory, "/lock url").await;

        // The list of administrators is believed for half an hour, and not for a day and a half.
        room.telegram.set_member(room.chat, room.ada, Member::member());
        room.clock.correct(-by);
        room.clock.advance(Duration::from_secs(31 * 60));
        let told = room.is_told(room.ada, "/lock sticker").await;
        assert!(room.bot.db.locks().of(room.chat).await.expect("a row").iter().count() == 1, "{told}");
        room.telegram.set_member(room.chat, room.ada, Member::full_administrator());
        room.clock.advance(Duration::from_secs(31 * 60));
    }
    room.is_well().await;
    room.leave().await;
}

/// A machine that slept for a day wakes up, and nobody sleeps on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_that_passes_at_once_wakes_everybody() {
    let room = Room::new(modules()).await;
    for _ in 0..3 {
        room.is_told(room.ada, &format!("/warn {} spam", room.mallory)).await;
        room.is_told(room.ada, &format!("/resetwarns {}", room.mallory)).await;
        room.clock.advance(DAY);
        room.wait("that nobody sleeps any more", || room.clock.sleepers() == 0).await;
        room.handled().await;
        room.is_well().await;
    }
    room.leave().await;
}

fn warn(room: &Room) -> Draft {
    Draft::text(format!("/warn {} spam", room.mallory))
}

impl Room {
    /// Ada presses the first button below the answer to a message.
    async fn press_answer_to(&self, question: MessageId) {
        let messages = self.telegram.messages(self.chat);
        let answer = messages
            .iter()
            .find(|message| message["reply_to_message"]["message_id"] == question.get())
            .expect("the bot asked for a proof");
        let id = answer["message_id"].as_i64().and_then(|id| i32::try_from(id).ok()).expect("a number");
        let data =
            answer["reply_markup"]["inline_keyboard"][0][0]["callback_data"].as_str().expect("a button");
        self.telegram.press(self.ada, self.chat, MessageId::new(id), data);
        self.handled().await;
    }
}

/// A module that panics in every way: at once, after a wait, in a task, in a command.
fn trouble() -> Module<AlitaApp> {
    let on: &[On] = &[On::Message, On::EditedMessage, On::ChatMember];
    Module::new("trouble")
        .watcher(Watcher::new(Stage::Gatekeep, "trouble at once", at_once).on(on))
        .watcher(Watcher::new(Stage::Enforce, "trouble later", later).on(on))
        .watcher(Watcher::new(Stage::Enforce, "trouble beside", beside).on(on))
        .command(Command::new("trouble", at_once).for_everyone())
}

async fn at_once(_cx: Cx<AlitaApp>) -> Outcome {
    panic!("at once")
}

async fn later(cx: Cx<AlitaApp>) -> Outcome {
    let _policy = cx.app().db().warns().policy(cx.chat()).await;
    tokio::task::yield_now().await;
    panic!("later")
}

async fn beside(cx: Cx<AlitaApp>) -> Outcome {
    cx.tasks().spawn("trouble in a task", async { panic!("beside") });
    Ok(Flow::Next)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_module_that_panics_on_every_message_is_counted_and_nobody_else_notices() {
    const MESSAGES: usize = 50;
    let metrics = Metrics::install(Clock::system()).expect("the only recorder of this process");
    let modules = std::iter::once(trouble()).chain(modules()).collect();
    let room = Room::new(modules).await;
    let panics = |place: &str| -> usize {
        let line = format!("alita_panics_total{{where=\"{place}\"}} ");
        let text = metrics.render();
        text.lines().find_map(|found| found.strip_prefix(&line)?.parse().ok()).unwrap_or_default()
    };
    let places = ["trouble at once", "trouble later", "trouble in a task"];
    let before = places.map(panics);
    for number in 0..MESSAGES {
        match number % 3 {
            0 => room.is_well().await,
            1 => drop(room.is_told(room.ada, &format!("/warn {} spam", room.mallory)).await),
            _ => drop(room.is_told(room.ada, &format!("/resetwarns {}", room.mallory)).await),
        }
    }
    let told = room.is_told(room.mallory, "/trouble").await;
    assert!(told.contains("something went wrong"), "{told}");
    assert_eq!(panics("trouble"), 1, "a command counts under its own name");
    // A round of three is a link and a question, a warning, and its end.
    let messages = MESSAGES / 3 * 4 + 3 + 1;
    for (place, before) in places.into_iter().zip(before) {
        assert!(panics(place) - before >= messages, "{place}: {} of {messages}", panics(place) - before);
    }
    room.leave().await;
}
