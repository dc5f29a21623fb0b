//! Names that try to be something else, and texts as long as Telegram lets them be.

mod support;

use alita_markup::{Html, display_name, strip_tags};
use alita_model::{ChatId, MessageId, UserId};
use alita_runtime::Clock;
use alita_testkit::transcript::{Bot, start_of_time};
use alita_testkit::{Call, Draft, FakeTelegram, Media, Member, NewChat, NewUser, Speaker};

use crate::support::TestBot;

/// A name without any trick: where it is shown, every other name must be shown, too.
const PLAIN: &str = "Zyxwv";

/// The most that a message holds, in UTF-16 units, and the most that a caption holds.
const MESSAGE: usize = 4096;
const CAPTION: usize = 1024;

struct Room {
    bot: TestBot,
    telegram: FakeTelegram,
}

/// A group in which everything is called by one name: the chat, who speaks, and whom it is about.
struct Scene {
    chat: ChatId,
    owner: UserId,
    misdeed: MessageId,
}

impl Room {
    async fn new() -> Self {
        let clock = Clock::manual(start_of_time());
        let telegram = FakeTelegram::start(clock.clone()).await;
        let bot = TestBot::start(telegram.clone(), clock).await;
        Self { bot, telegram }
    }

    async fn scene(&self, name: &str, language: &str) -> Scene {
        let telegram = &self.telegram;
        let chat = telegram.add_chat(NewChat::supergroup(name));
        let person = |member: Member| {
            let person = telegram.add_user(NewUser::named(name));
            telegram.set_member(chat, person, member);
            person
        };
        let (owner, target) = (person(Member::owner()), person(Member::member()));
        telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
        self.bot.db.languages().set_chat(chat, language).await.expect("it is stored");
        self.bot.db.languages().set_user(owner, language).await.expect("it is stored");
        let misdeed = telegram.say(chat, Speaker::User(target), Draft::text("buy my coins"));
        self.bot.handled().await;
        Scene { chat, owner, misdeed }
    }

    /// Everything that the bot wrote after this; each message must have been taken.
    async fn answers(&self, chat: ChatId, who: UserId, draft: Draft) -> Vec<String> {
        self.telegram.forget_calls();
        self.telegram.say(chat, Speaker::User(who), draft);
        self.bot.handled().await;
        let writes = |call: &Call| call.method.starts_with("send") || call.method.starts_with("edit");
        let calls = self.telegram.calls().into_iter().filter(writes);
        calls
            .map(|call| {
                assert!(
                    call.outcome.is_ok(),
                    "Telegram refused {} {}: {:?}",
                    call.method,
                    call.params,
                    call.outcome
                );
                let text =
                    call.params["text"].as_str().or(call.params["caption"].as_str()).unwrap_or_default();
                strip_tags(&Html::repaired(text))
            })
            .collect()
    }

    async fn leave(mut self) {
        assert_eq!(self.telegram.faults_seen(), Vec::<String>::new());
        self.bot.leave().await;
    }
}

const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// How often the name stands in these texts.
fn shown(texts: &[String], name: &str) -> usize {
    texts.iter().map(|text| text.matches(name).count()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_only_a_name_in_every_reply() {
    let room = Room::new().await;
    let many = "\u{1F600}".repeat(255);
    let names = ["<b>&\"'</b>", "\u{202E}evil\u{2066}", many.as_str(), "{first}", "%s"];
    let commands: Vec<&'static str> =
        room.bot.dispatcher.router().commands().iter().map(|command| command.name).collect();
    let mut showing = 0;
    let mut wrong = Vec::new();
    for language in ["en", "es"] {
        for command in &commands {
            let asked = async |name: &str| {
                let mut texts = Vec::new();
                for words in [" 5m because", ""] {
                    // A command may take its target away, so each has a group of its own.
                    let scene = room.scene(name, language).await;
                    let draft = Draft::text(format!("/{command}{words}")).reply_to(scene.misdeed);
                    texts.extend(room.answers(scene.chat, scene.owner, draft).await);
                    let alone = Draft::text(format!("/{command}"));
                    texts.extend(room.answers(scene.owner.into(), scene.owner, alone).await);
                }
                texts
            };
            let usual = shown(&asked(PLAIN).await, PLAIN);
            showing += usize::from(usual > 0);
            for name in names {
                let texts = asked(name).await;
                let seen = shown(&texts, &display_name(name));
                if seen < usual || texts.iter().any(|text| text.contains(turns_direction)) {
                    wrong.push(format!(
                        "/{command} in {language} shows {PLAIN:?} {usual} times, but {name:?} {seen} times: {texts:?}"
                    ));
                }
            }
        }
    }
    room.leave().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(showing >= 20, "only {showing} commands show a name, so this proves little");
}

/// So many emoji that with these words a text is as long as can be.
fn filled(words: &str, limit: usize) -> String {
    let emoji = "\u{1F600}".repeat((limit - words.encode_utf16().count()) / 2);
    format!("{words}{emoji}")
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_may_be_as_long_as_telegram_allows() {
    let room = Room::new().await;
    let scene = room.scene(PLAIN, "en").await;
    let says = async |draft: Draft| room.answers(scene.chat, scene.owner, draft).await;
    let is_said = |texts: &[String], what: &str| {
        assert!(!texts.is_empty(), "{what}: nothing was said");
        assert!(texts.iter().all(|text| text.encode_utf16().count() <= MESSAGE), "{what}");
    };

    let warned = says(Draft::text(filled("/warn ", MESSAGE)).reply_to(scene.misdeed)).await;
    is_said(&warned, "a reason");
    let target = room.bot.db.warns().count(scene.chat).await.expect("it can be read");
    assert_eq!(target, 1, "the warning counts");
    is_said(&says(Draft::text("/warns").reply_to(scene.misdeed)).await, "the list of reasons");

    is_said(&says(Draft::text(filled("/save long ", MESSAGE))).await, "a note");
    let note = says(Draft::text("#long")).await;
    is_said(&note, "the note");
    let emoji = |texts: &[String]| texts.iter().map(|text| text.matches('\u{1F600}').count()).sum::<usize>();
    let saved = (MESSAGE - "/save long ".len()) / 2;
    assert_eq!(emoji(&note), saved, "every emoji of the note is there");

    let long = filled("", MESSAGE);
    let carrier = room.telegram.say(scene.chat, Speaker::User(scene.owner), Draft::text(long));
    room.bot.handled().await;
    is_said(&says(Draft::text("/save replied").reply_to(carrier)).await, "a note out of a reply");
    assert_eq!(emoji(&says(Draft::text("#replied")).await), MESSAGE / 2);

    let spam = room.telegram.add_user(NewUser::named("Mallory"));
    room.telegram.set_member(scene.chat, spam, Member::member());
    let spam = room.telegram.say(scene.chat, Speaker::User(spam), Draft::text(filled("", MESSAGE)));
    room.bot.handled().await;
    is_said(&says(Draft::text("/warn too long").reply_to(spam)).await, "a target that spoke at length");

    is_said(&says(Draft::text(filled("/save pic ", CAPTION)).media(Media::photo())).await, "a caption");
    assert_eq!(emoji(&says(Draft::text("#pic")).await), (CAPTION - "/save pic ".len()) / 2);
    room.leave().await;
}
