//! Every declared command, asked by everybody who can ask: the answer follows from the declaration.
//!
//! The expectation is worked out here from the data of the gate alone; the bot is a running one.

mod support;

use alita_dispatch::{Audience, CommandInfo, Gate, Where};
use alita_i18n::{Language, t};
use alita_model::ChatId;
use alita_permissions::Rights;
use alita_runtime::Clock;
use alita_testkit::transcript::{Bot, start_of_time};
use alita_testkit::{Draft, FakeTelegram, Member, NewChat, NewUser, Speaker};
use serde_json::Value;

use crate::support::TestBot;

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
    /// Anything else: the handler ran, even if only to say that its words make no sense.
    Open,
}

fn expected(gate: &Gate, who: Who, me: Me) -> Seen {
    let lang = Language::EN;
    let refused = |html: alita_markup::Html| Seen::Refused(alita_markup::strip_tags(&html));
    let is_open = gate.audience == Audience::Everyone;
    match gate.place {
        Where::Private => return refused(t::denied::private_only(lang)),
        _ if is_open && gate.bot.is_none() => return Seen::Open,
        _ => {}
    }
    let is_owner_only = gate.audience == Audience::Owner;
    match who {
        _ if is_open => {}
        Who::Channel => return refused(t::denied::actor_is_channel(lang)),
        Who::AnonymousAdmin => return Seen::AskedForProof,
        Who::Owner => {}
        _ if is_owner_only => return refused(t::denied::actor_not_owner(lang)),
        Who::Member => return refused(t::denied::actor_not_admin(lang)),
        Who::AdminWithTheRight | Who::AdminWithoutIt => {}
    }
    if gate.bot.is_some() && me == Me::IsNoAdmin {
        return refused(t::denied::bot_not_admin(lang));
    }
    if !is_open && !is_owner_only && who == Who::AdminWithoutIt && !gate.rights.is_empty() {
        return Seen::Refused("You need this admin right".to_owned());
    }
    match gate.bot {
        Some(rights) if me == Me::LacksTheRight && !rights.is_empty() => {
            Seen::Refused("I need this admin right".to_owned())
        }
        _ => Seen::Open,
    }
}

fn names(rights: Rights) -> Vec<&'static str> {
    rights.fields().collect()
}

/// A group in which this person and the bot are what the case says.
fn scene(telegram: &FakeTelegram, gate: &Gate, who: Who, me: Me) -> (ChatId, Speaker) {
    let chat = telegram.add_chat(NewChat::supergroup("Matrix"));
    let user = telegram.add_user(NewUser::named("Ada"));
    telegram.set_member(chat, telegram.add_user(NewUser::named("Olga")), Member::owner());
    let needed = names(gate.rights | gate.bot.unwrap_or_default());
    telegram.set_member(
        chat,
        telegram.bot_id(),
        match me {
            Me::HasEverything => Member::full_administrator(),
            Me::LacksTheRight => Member::administrator(&[] as &[&str]),
            Me::IsNoAdmin => Member::member(),
        },
    );
    let member = match who {
        Who::Member | Who::Channel => Member::member(),
        Who::AdminWithTheRight => Member::administrator(&needed),
        Who::AdminWithoutIt => Member::administrator(&[] as &[&str]),
        Who::Owner => Member::owner(),
        Who::AnonymousAdmin => Member::administrator(&needed).anonymous(),
    };
    telegram.set_member(chat, user, member);
    let speaker = match who {
        Who::AnonymousAdmin => Speaker::Anonymous(user),
        Who::Channel => Speaker::Channel { user, channel: telegram.add_chat(NewChat::channel("Loud")) },
        _ => Speaker::User(user),
    };
    (chat, speaker)
}

async fn ask(bot: &TestBot, command: &CommandInfo, who: Who, me: Me) -> Seen {
    let telegram = &bot.telegram;
    let (chat, speaker) = scene(telegram, &command.gate, who, me);
    telegram.forget_calls();
    telegram.say(chat, speaker, Draft::text(format!("/{}", command.name)));
    telegram.settled().await;
    bot.settle().await;
    match look(telegram, chat) {
        Seen::Open if command.gate.is_silent && telegram.calls_of("sendMessage").is_empty() => Seen::Silence,
        seen => seen,
    }
}

fn look(telegram: &FakeTelegram, chat: ChatId) -> Seen {
    for call in telegram.calls_of("sendMessage") {
        if call.params["chat_id"] != chat.get() {
            continue;
        }
        if has_proof_button(&call.params) {
            return Seen::AskedForProof;
        }
        let text = plain(call.params["text"].as_str().unwrap_or_default());
        if is_refusal(&text) {
            return Seen::Refused(text);
        }
    }
    Seen::Open
}

fn has_proof_button(params: &Value) -> bool {
    params["reply_markup"].to_string().contains("anon_admin|v1|")
}

fn plain(html: &str) -> String {
    alita_markup::strip_tags(&alita_markup::Html::from_stored(html))
}

fn is_refusal(text: &str) -> bool {
    let lang = Language::EN;
    let refusals = [
        t::denied::actor_not_admin(lang),
        t::denied::actor_not_owner(lang),
        t::denied::actor_is_channel(lang),
        t::denied::bot_not_admin(lang),
        t::denied::private_only(lang),
        t::denied::groups_only(lang),
        t::denied::could_not_find_out(lang),
    ];
    refusals.iter().any(|refusal| alita_markup::strip_tags(refusal) == text)
        || text.starts_with("You need this admin right")
        || text.starts_with("I need this admin right")
}

fn agree(expected: &Seen, seen: &Seen) -> bool {
    match (expected, seen) {
        (Seen::Refused(begins), Seen::Refused(text)) => text.starts_with(begins.as_str()),
        _ => expected == seen,
    }
}

async fn bot() -> TestBot {
    let clock = Clock::manual(start_of_time());
    let telegram = FakeTelegram::start(clock.clone()).await;
    TestBot::start(telegram, clock).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_answers_everybody_as_it_is_declared() {
    let mut bot = bot().await;
    let commands = bot.dispatcher.router().commands().to_vec();
    let mut wrong = Vec::new();
    let mut cases = 0;
    for command in &commands {
        for who in EVERYBODY {
            for me in [Me::HasEverything, Me::LacksTheRight, Me::IsNoAdmin] {
                cases += 1;
                let expected = match expected(&command.gate, who, me) {
                    Seen::Refused(_) if command.gate.is_silent => Seen::Silence,
                    other => other,
                };
                let seen = ask(&bot, command, who, me).await;
                if !agree(&expected, &seen) {
                    wrong.push(format!(
                        "/{} by {who:?} while the bot {me:?}: expected {expected:?}, saw {seen:?}",
                        command.name
                    ));
                }
            }
        }
    }
    bot.leave().await;
    assert!(cases > 500, "only {cases} cases");
    assert!(wrong.is_empty(), "{} of {cases} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn group_commands_say_so_in_private() {
    let mut bot = bot().await;
    for command in bot.dispatcher.router().commands().to_vec() {
        if command.gate.place != Where::Group || command.connection != alita_dispatch::Connection::None {
            continue;
        }
        bot.telegram.forget_calls();
        let user = bot.telegram.add_user(NewUser::named("Ada"));
        bot.telegram.say(user.into(), Speaker::User(user), Draft::text(format!("/{}", command.name)));
        bot.telegram.settled().await;
        let seen = look(&bot.telegram, user.into());
        let groups_only = alita_markup::strip_tags(&t::denied::groups_only(Language::EN));
        assert_eq!(seen, Seen::Refused(groups_only), "/{}", command.name);
    }
    bot.leave().await;
}

/// A forged press by a member, on every kind of button that only some may press.
#[tokio::test(flavor = "multi_thread")]
async fn every_gated_button_refuses_a_member() {
    let mut bot = bot().await;
    for button in bot.dispatcher.router().buttons().to_vec() {
        if button.gate.audience == Audience::Everyone {
            continue;
        }
        let telegram = &bot.telegram;
        let (chat, speaker) = scene(telegram, &button.gate, Who::Member, Me::HasEverything);
        let Speaker::User(user) = speaker else { unreachable!("a member speaks as themselves") };
        let carrier = telegram.say(chat, Speaker::User(user), Draft::text("a message"));
        telegram.forget_calls();
        telegram.press(
            user,
            chat,
            carrier,
            &format!("{}|v1|a=yes&u=42&c={chat}&m=1&t=x&l=es", button.namespace),
        );
        telegram.settled().await;
        bot.settle().await;
        let answers = telegram.calls_of("answerCallbackQuery");
        assert_eq!(answers.len(), 1, "{}", button.namespace);
        assert!(!answers[0].params["text"].as_str().unwrap_or_default().is_empty(), "{}", button.namespace);
        let acts = [
            "banChatMember",
            "unbanChatMember",
            "restrictChatMember",
            "promoteChatMember",
            "deleteMessage",
            "sendMessage",
            "editMessageText",
        ];
        for act in acts {
            assert!(telegram.calls_of(act).is_empty(), "{} did {act}", button.namespace);
        }
    }
    bot.leave().await;
}
