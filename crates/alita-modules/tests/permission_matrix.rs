//! Every declared command, asked by everybody who can ask: the answer follows from the declaration.
//!
//! The expectation is worked out here from the data of the gate alone; the bot is a running one. That a handler ran
//! is not concluded from silence: its span must tell that it came to its end, and Telegram must have heard of it.

mod support;
#[path = "support/witness.rs"]
mod witness;

use alita_dispatch::{Audience, ButtonInfo, CommandInfo, Connection, Gate, Payload, Where};
use alita_i18n::{Language, t};
use alita_markup::Html;
use alita_model::{ChatId, MessageId, UserId};
use alita_permissions::Rights;
use alita_runtime::Clock;
use alita_testkit::transcript::{Bot, start_of_time};
use alita_testkit::{Call, Draft, FakeTelegram, Member, NewChat, NewUser, Speaker};
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

use crate::support::TestBot;
use crate::witness::Witness;

/// The witness hears the whole process, so the tests take turns.
static TURN: Mutex<()> = Mutex::const_new(());

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Member,
    AdminWithTheRight,
    AdminWithoutIt,
    Owner,
    AnonymousAdmin,
    Channel,
}

const EVERYBODY: [Who; 6] =
    [Who::Member, Who::AdminWithTheRight, Who::AdminWithoutIt, Who::Owner, Who::AnonymousAdmin, Who::Channel];

/// What the bot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Me {
    HasEverything,
    LacksTheRight,
    IsNoAdmin,
}

/// What can be seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    /// A refusal for want of rights, in these words.
    Refused(String),
    /// The button for anonymous administrators.
    AskedForProof,
    /// Nothing at all: the declaration wants refusals to be silent.
    Silence,
    /// The handler ran to its end, even if only to say that its words make no sense.
    Open,
    /// Nobody was refused, and yet there is no sign of the handler.
    NoSign(String),
}

const EN: Language = Language::EN;

fn refused(html: &Html) -> Seen {
    Seen::Refused(alita_markup::strip_tags(html))
}

fn expected(gate: &Gate, who: Who, me: Me) -> Seen {
    let is_open = gate.audience == Audience::Everyone;
    match gate.place {
        Where::Private => return refused(&t::denied::private_only(EN)),
        _ if is_open && gate.bot.is_none() => return Seen::Open,
        _ => {}
    }
    let is_owner_only = gate.audience == Audience::Owner;
    match who {
        _ if is_open => {}
        Who::Channel => return refused(&t::denied::actor_is_channel(EN)),
        Who::AnonymousAdmin => return Seen::AskedForProof,
        Who::Owner => {}
        _ if is_owner_only => return refused(&t::denied::actor_not_owner(EN)),
        Who::Member => return refused(&t::denied::actor_not_admin(EN)),
        Who::AdminWithTheRight | Who::AdminWithoutIt => {}
    }
    if gate.bot.is_some() && me == Me::IsNoAdmin {
        return refused(&t::denied::bot_not_admin(EN));
    }
    if !is_open && !is_owner_only && who == Who::AdminWithoutIt && !gate.rights.is_empty() {
        return refused(&t::denied::actor_lacks(EN, in_words(gate.rights).as_str()));
    }
    match gate.bot {
        Some(rights) if me == Me::LacksTheRight && !rights.is_empty() => {
            refused(&t::denied::bot_lacks(EN, in_words(rights).as_str()))
        }
        _ => Seen::Open,
    }
}

/// The toast for a press that the gate refuses; `None` where it lets through.
fn expected_toast(gate: &Gate, who: Who) -> Option<String> {
    match (gate.audience, who) {
        (Audience::Everyone, _) | (_, Who::Owner) => None,
        (Audience::Owner, _) => Some(t::denied::actor_not_owner_toast(EN)),
        (_, Who::Member) => Some(t::denied::actor_not_admin_toast(EN)),
        (_, Who::AdminWithoutIt) if !gate.rights.is_empty() => {
            Some(t::denied::actor_lacks_toast(EN, in_words(gate.rights)))
        }
        _ => None,
    }
}

/// The rights as Telegram's apps call them.
fn in_words(rights: Rights) -> String {
    let word = |right| match right {
        Rights::CHANGE_INFO => t::denied::right_change_info_plain(EN),
        Rights::DELETE_MESSAGES => t::denied::right_delete_messages_plain(EN),
        Rights::RESTRICT_MEMBERS => t::denied::right_restrict_members_plain(EN),
        Rights::INVITE_USERS => t::denied::right_invite_users_plain(EN),
        Rights::PIN_MESSAGES => t::denied::right_pin_messages_plain(EN),
        Rights::PROMOTE_MEMBERS => t::denied::right_promote_members_plain(EN),
        other => panic!("no command needs {other:?} so far: give it its words here"),
    };
    rights.iter().map(word).collect::<Vec<String>>().join(", ")
}

fn names(rights: Rights) -> Vec<&'static str> {
    rights.fields().collect()
}

/// A group in which the bot is what the case says.
fn group(telegram: &FakeTelegram, me: Me) -> ChatId {
    let chat = telegram.add_chat(NewChat::supergroup("Matrix"));
    telegram.set_member(chat, telegram.add_user(NewUser::named("Olga")), Member::owner());
    telegram.set_member(
        chat,
        telegram.bot_id(),
        match me {
            Me::HasEverything => Member::full_administrator(),
            Me::LacksTheRight => Member::administrator(&[] as &[&str]),
            Me::IsNoAdmin => Member::member(),
        },
    );
    chat
}

/// Somebody in the group who is what the case says.
fn person(telegram: &FakeTelegram, chat: ChatId, gate: &Gate, who: Who) -> UserId {
    let user = telegram.add_user(NewUser::named("Ada"));
    let needed = names(gate.rights | gate.bot.unwrap_or_default());
    let member = match who {
        Who::Member | Who::Channel => Member::member(),
        Who::AdminWithTheRight => Member::administrator(&needed),
        Who::AdminWithoutIt => Member::administrator(&[] as &[&str]),
        Who::Owner => Member::owner(),
        Who::AnonymousAdmin => Member::administrator(&needed).anonymous(),
    };
    telegram.set_member(chat, user, member);
    user
}

/// The running bot, and who tells what it did.
struct Room {
    bot: TestBot,
    witness: Witness,
    _turn: MutexGuard<'static, ()>,
}

impl Room {
    async fn new() -> Self {
        let turn = TURN.lock().await;
        let clock = Clock::manual(start_of_time());
        let telegram = FakeTelegram::start(clock.clone()).await;
        let witness = Witness::of_this_process();
        Self { bot: TestBot::start(telegram, clock).await, witness, _turn: turn }
    }

    /// From here on everything counts.
    async fn begin(&self) {
        self.bot.handled().await;
        self.bot.telegram.forget_calls();
        self.witness.take();
    }

    async fn ask(&self, command: &CommandInfo, who: Who, me: Me) -> Seen {
        let telegram = &self.bot.telegram;
        let chat = group(telegram, me);
        let user = person(telegram, chat, &command.gate, who);
        let speaker = match who {
            Who::AnonymousAdmin => Speaker::Anonymous(user),
            Who::Channel => Speaker::Channel { user, channel: telegram.add_chat(NewChat::channel("Loud")) },
            _ => Speaker::User(user),
        };
        self.begin().await;
        telegram.say(chat, speaker, Draft::text(format!("/{}", command.name)));
        self.bot.handled().await;
        self.seen(command, chat)
    }

    /// An anonymous administrator asks, and somebody else gives the proof.
    async fn ask_and_prove(&self, command: &CommandInfo, presser: Who, me: Me) -> Seen {
        let telegram = &self.bot.telegram;
        let chat = group(telegram, me);
        let nora = person(telegram, chat, &command.gate, Who::AnonymousAdmin);
        let user = person(telegram, chat, &command.gate, presser);
        self.begin().await;
        telegram.say(chat, Speaker::Anonymous(nora), Draft::text(format!("/{}", command.name)));
        self.bot.handled().await;
        let Some((prompt, data)) = telegram.calls_of("sendMessage").iter().find_map(proof_button) else {
            return Seen::NoSign("nobody asks for the proof".to_owned());
        };
        self.begin().await;
        telegram.press(user, chat, prompt, &data);
        self.bot.handled().await;
        self.seen(command, chat)
    }

    /// From the private chat of somebody who is connected to the group.
    async fn ask_from_afar(&self, command: &CommandInfo, who: Who) -> Seen {
        let telegram = &self.bot.telegram;
        let chat = group(telegram, Me::HasEverything);
        let user = person(telegram, chat, &command.gate, who);
        self.bot.db.connections().connect(user, chat).await.expect("it is stored");
        self.begin().await;
        telegram.say(user.into(), Speaker::User(user), Draft::text(format!("/{}", command.name)));
        self.bot.handled().await;
        self.seen(command, user.into())
    }

    fn seen(&self, command: &CommandInfo, chat: ChatId) -> Seen {
        let telegram = &self.bot.telegram;
        if let Some(seen) = refusal_or_proof(telegram, chat) {
            return seen;
        }
        let ended = self.witness.take();
        // A watcher may have the command's name; it lets the message go on.
        let results: Vec<&str> = ended
            .iter()
            .filter(|(handler, result)| handler == command.name && result != "next")
            .map(|(_, result)| result.as_str())
            .collect();
        let acts: Vec<Call> =
            telegram.calls().into_iter().filter(|call| !call.method.starts_with("get")).collect();
        match results[..] {
            ["denied"] if command.gate.is_silent && acts.is_empty() => Seen::Silence,
            ["done" | "mistake"] if !acts.is_empty() => Seen::Open,
            _ => Seen::NoSign(format!(
                "ended {results:?}, did {:?}",
                acts.iter().map(|call| &call.method).collect::<Vec<_>>()
            )),
        }
    }

    async fn leave(mut self) {
        self.bot.leave().await;
    }
}

fn refusal_or_proof(telegram: &FakeTelegram, chat: ChatId) -> Option<Seen> {
    let sent =
        telegram.calls_of("sendMessage").into_iter().filter(|call| call.params["chat_id"] == chat.get());
    let said = sent.map(|call| match proof_button(&call) {
        Some(_) => Some(Seen::AskedForProof),
        None => {
            let text = plain(call.params["text"].as_str().unwrap_or_default());
            is_refusal(&text).then_some(Seen::Refused(text))
        }
    });
    let toasts = telegram.calls_of("answerCallbackQuery").into_iter().map(|call| {
        let text = call.params["text"].as_str().unwrap_or_default().to_owned();
        is_refusal(&text).then_some(Seen::Refused(text))
    });
    said.chain(toasts).flatten().next()
}

/// The prompt for the proof and the data of its button, if this call sends one.
fn proof_button(call: &Call) -> Option<(MessageId, String)> {
    let markup = match &call.params["reply_markup"] {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        markup => markup.clone(),
    };
    let data = markup.pointer("/inline_keyboard/0/0/callback_data")?.as_str()?;
    let message = call.outcome.as_ref().ok()?["message_id"].as_i64()?;
    data.starts_with("anon_admin|v1|")
        .then(|| (MessageId::new(i32::try_from(message).expect("an id")), data.to_owned()))
}

fn plain(html: &str) -> String {
    alita_markup::strip_tags(&Html::repaired(html))
}

/// Whether it is one of the words for want of rights, long or short.
fn is_refusal(text: &str) -> bool {
    let long = [
        t::denied::actor_not_admin(EN),
        t::denied::actor_not_owner(EN),
        t::denied::actor_is_channel(EN),
        t::denied::bot_not_admin(EN),
        t::denied::private_only(EN),
        t::denied::groups_only(EN),
        t::denied::could_not_find_out(EN),
    ];
    let short = [t::denied::actor_not_admin_toast(EN), t::denied::actor_not_owner_toast(EN)];
    long.iter().any(|refusal| alita_markup::strip_tags(refusal) == text)
        || short.iter().any(|refusal| refusal == text)
        || text.starts_with("You need this admin right")
        || text.starts_with("I need this admin right")
}

/// What was seen against what was declared, with all differences at once.
#[derive(Default)]
struct Comparison {
    cases: usize,
    wrong: Vec<String>,
}

impl Comparison {
    fn add(&mut self, command: &CommandInfo, case: &str, expected: Seen, seen: &Seen) {
        self.cases += 1;
        let expected = match expected {
            Seen::Refused(_) if command.gate.is_silent => Seen::Silence,
            other => other,
        };
        if expected != *seen {
            self.wrong.push(format!("/{} {case}: expected {expected:?}, saw {seen:?}", command.name));
        }
    }

    fn end(self, at_least: usize) {
        assert!(self.cases >= at_least, "only {} cases", self.cases);
        assert!(
            self.wrong.is_empty(),
            "{} of {} cases:\n{}",
            self.wrong.len(),
            self.cases,
            self.wrong.join("\n")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_answers_everybody_as_it_is_declared() {
    let room = Room::new().await;
    let mut comparison = Comparison::default();
    for command in &room.bot.dispatcher.router().commands().to_vec() {
        for who in EVERYBODY {
            for me in [Me::HasEverything, Me::LacksTheRight, Me::IsNoAdmin] {
                let seen = room.ask(command, who, me).await;
                let case = format!("by {who:?} while the bot {me:?}");
                comparison.add(command, &case, expected(&command.gate, who, me), &seen);
            }
        }
    }
    room.leave().await;
    comparison.end(500);
}

/// Whoever gives the proof gets what they would have got for asking themselves.
#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_worth_what_its_giver_may_do() {
    let room = Room::new().await;
    let mut comparison = Comparison::default();
    for command in &room.bot.dispatcher.router().commands().to_vec() {
        if expected(&command.gate, Who::AnonymousAdmin, Me::HasEverything) != Seen::AskedForProof {
            continue;
        }
        for who in [Who::Member, Who::AdminWithTheRight, Who::AdminWithoutIt, Who::Owner] {
            for me in [Me::HasEverything, Me::LacksTheRight] {
                let seen = room.ask_and_prove(command, who, me).await;
                let expected = match who {
                    // The button itself is for administrators only, and it stays for them.
                    Who::Member => Seen::Refused(t::denied::actor_not_admin_toast(EN)),
                    _ => expected(&command.gate, who, me),
                };
                // A press that is refused says so, however silent the command is.
                let seen = match (&expected, seen) {
                    (Seen::Refused(_), Seen::Refused(words))
                        if command.gate.is_silent && who == Who::Member =>
                    {
                        assert_eq!(words, t::denied::actor_not_admin_toast(EN));
                        Seen::Silence
                    }
                    (_, seen) => seen,
                };
                comparison.add(command, &format!("proven by {who:?} while the bot {me:?}"), expected, &seen);
            }
        }
    }
    room.leave().await;
    comparison.end(100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_opens_no_gate() {
    let room = Room::new().await;
    let mut comparison = Comparison::default();
    for command in &room.bot.dispatcher.router().commands().to_vec() {
        if command.connection != Connection::Allowed {
            continue;
        }
        for who in [Who::Member, Who::AdminWithTheRight, Who::AdminWithoutIt, Who::Owner] {
            let seen = room.ask_from_afar(command, who).await;
            let expected = expected(&command.gate, who, Me::HasEverything);
            comparison.add(command, &format!("from afar by {who:?}"), expected, &seen);
        }
    }
    room.leave().await;
    comparison.end(20);
}

#[tokio::test(flavor = "multi_thread")]
async fn group_commands_say_so_in_private() {
    let room = Room::new().await;
    let telegram = &room.bot.telegram;
    for command in room.bot.dispatcher.router().commands().to_vec() {
        if command.gate.place != Where::Group || command.connection != Connection::None {
            continue;
        }
        let user = telegram.add_user(NewUser::named("Ada"));
        room.begin().await;
        telegram.say(user.into(), Speaker::User(user), Draft::text(format!("/{}", command.name)));
        room.bot.handled().await;
        let seen = refusal_or_proof(telegram, user.into());
        assert_eq!(seen, Some(refused(&t::denied::groups_only(EN))), "/{}", command.name);
    }
    room.leave().await;
}

/// Data that means something to this kind of button.
fn forged(button: &ButtonInfo, chat: ChatId) -> String {
    let value = |field: &str| match field {
        "a" => "yes".to_owned(),
        "u" => "42".to_owned(),
        "c" => chat.to_string(),
        "m" => "1".to_owned(),
        "l" => "es".to_owned(),
        _ => "x".to_owned(),
    };
    let payload = Payload::new(button.namespace);
    let payload = button.fields.iter().fold(payload, |payload, field| payload.with(field, value(field)));
    payload.encode().expect("it fits")
}

/// A forged press by everybody who may not, on every kind of button that only some may press.
#[tokio::test(flavor = "multi_thread")]
async fn every_gated_button_refuses_whom_its_gate_refuses() {
    let room = Room::new().await;
    let telegram = &room.bot.telegram;
    let mut cases = 0;
    for button in room.bot.dispatcher.router().buttons().to_vec() {
        for who in [Who::Member, Who::AdminWithoutIt, Who::AdminWithTheRight] {
            let Some(toast) = expected_toast(&button.gate, who) else { continue };
            cases += 1;
            let chat = group(telegram, Me::HasEverything);
            let user = person(telegram, chat, &button.gate, who);
            let carrier = telegram.say(chat, Speaker::User(user), Draft::text("a message"));
            room.begin().await;
            telegram.press(user, chat, carrier, &forged(&button, chat));
            room.bot.handled().await;
            let answers = telegram.calls_of("answerCallbackQuery");
            let answers: Vec<&str> =
                answers.iter().map(|call| call.params["text"].as_str().unwrap_or_default()).collect();
            assert_eq!(answers, [toast], "{} by {who:?}", button.namespace);
            let acts: Vec<String> = telegram
                .calls()
                .into_iter()
                .map(|call| call.method)
                .filter(|method| !method.starts_with("get") && method != "answerCallbackQuery")
                .collect();
            assert!(acts.is_empty(), "{} by {who:?} did {acts:?}", button.namespace);
        }
    }
    room.leave().await;
    assert!(cases >= 10, "only {cases} cases");
}
