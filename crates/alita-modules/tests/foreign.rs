//! Buttons of one group that somebody presses in another: nothing happens in either.

mod support;

use alita_model::{ChatId, MessageId, NoteName, UserId};
use alita_runtime::Clock;
use alita_testkit::transcript::{Bot, start_of_time};
use alita_testkit::{Call, Draft, FakeTelegram, Member, NewChat, NewUser, Speaker};

use crate::support::TestBot;

/// Two groups with a Mallory in both, and in each an owner who is nobody in the other.
struct Rooms {
    bot: TestBot,
    telegram: FakeTelegram,
    here: Room,
    there: Room,
    mallory: UserId,
}

struct Room {
    chat: ChatId,
    owner: UserId,
    /// A message of anybody, below which a forged button can stand.
    carrier: MessageId,
}

impl Rooms {
    async fn new() -> Self {
        let clock = Clock::manual(start_of_time());
        let telegram = FakeTelegram::start(clock.clone()).await;
        let mallory = telegram.add_user(NewUser::named("Mallory"));
        let room = |title: &str, owner: &str| {
            let chat = telegram.add_chat(NewChat::supergroup(title));
            let owner = telegram.add_user(NewUser::named(owner));
            telegram.set_member(chat, owner, Member::owner());
            telegram.set_member(chat, mallory, Member::member());
            telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
            let carrier = telegram.say(chat, Speaker::User(mallory), Draft::text("buy my coins"));
            Room { chat, owner, carrier }
        };
        let (here, there) = (room("Here", "Olga"), room("There", "Theo"));
        let bot = TestBot::start(telegram.clone(), clock).await;
        bot.handled().await;
        Self { bot, telegram, here, there, mallory }
    }

    async fn says(&self, room: &Room, text: &str) {
        self.telegram.forget_calls();
        self.telegram.say(room.chat, Speaker::User(room.owner), Draft::text(text));
        self.bot.handled().await;
    }

    /// The data of the first button that the bot sent last, and the message below which it stands.
    fn button(&self) -> (MessageId, String) {
        let sent = self.telegram.calls_of("sendMessage");
        sent.iter().rev().find_map(first_button).expect("a message with a button")
    }

    /// The owner of the other group presses it there; answers with the words that they get.
    async fn is_pressed_there(&self, data: &str) -> Vec<String> {
        self.telegram.forget_calls();
        self.telegram.press(self.there.owner, self.there.chat, self.there.carrier, data);
        self.bot.handled().await;
        let answers = self.telegram.calls_of("answerCallbackQuery");
        answers.iter().map(|call| call.params["text"].as_str().unwrap_or_default().to_owned()).collect()
    }

    async fn is_pressed_here(&self, message: MessageId, data: &str) {
        self.telegram.forget_calls();
        self.telegram.press(self.here.owner, self.here.chat, message, data);
        self.bot.handled().await;
    }

    /// What the bot did, its questions and the answer to the press left out.
    fn acts(&self) -> Vec<String> {
        let calls = self.telegram.calls().into_iter().map(|call| call.method);
        calls.filter(|method| !method.starts_with("get") && method != "answerCallbackQuery").collect()
    }

    async fn warns(&self, room: &Room) -> u32 {
        self.bot.db.warns().of(room.chat, self.mallory).await.expect("a tally").count
    }

    async fn note(&self, room: &Room) -> Option<String> {
        let name = NoteName::parse("rules").expect("a name");
        let note = self.bot.db.notes().get(room.chat, &name).await.expect("it can be read");
        note.map(|note| note.content.html.clone())
    }

    async fn leave(mut self) {
        assert_eq!(self.telegram.faults_seen(), Vec::<String>::new());
        self.bot.leave().await;
    }
}

fn first_button(call: &Call) -> Option<(MessageId, String)> {
    let data = call.params["reply_markup"].pointer("/inline_keyboard/0/0/callback_data")?.as_str()?;
    let message = call.outcome.as_ref().ok()?["message_id"].as_i64()?;
    Some((MessageId::new(i32::try_from(message).expect("an id")), data.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_not_given_in_another_group() {
    let rooms = Rooms::new().await;
    let nora = rooms.telegram.add_user(NewUser::named("Nora"));
    rooms.telegram.set_member(rooms.here.chat, nora, Member::full_administrator().anonymous());
    let warn = Draft::text("/warn spam").reply_to(rooms.here.carrier);
    rooms.telegram.say(rooms.here.chat, Speaker::Anonymous(nora), warn);
    rooms.bot.handled().await;
    let (prompt, data) = rooms.button();
    assert!(data.starts_with("anon_admin|"), "{data}");

    let answers = rooms.is_pressed_there(&data).await;
    assert!(matches!(&answers[..], [words] if !words.is_empty()), "{answers:?}");
    assert_eq!(rooms.acts(), Vec::<String>::new());
    assert_eq!((rooms.warns(&rooms.here).await, rooms.warns(&rooms.there).await), (0, 0));

    rooms.is_pressed_here(prompt, &data).await;
    assert_eq!(rooms.warns(&rooms.here).await, 1, "the command still waits for its proof");
    rooms.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_is_not_taken_back_from_another_group() {
    let rooms = Rooms::new().await;
    let warn = format!("/warn {} spam", rooms.mallory);
    rooms.says(&rooms.there, &warn).await;
    rooms.says(&rooms.here, &warn).await;
    let (notice, data) = rooms.button();
    assert!(data.starts_with("rmWarn|"), "{data}");
    assert_eq!((rooms.warns(&rooms.here).await, rooms.warns(&rooms.there).await), (1, 1));

    assert_eq!(rooms.is_pressed_there(&data).await.len(), 1);
    assert_eq!(rooms.warns(&rooms.here).await, 1, "the warning stays where it was given");

    rooms.is_pressed_here(notice, &data).await;
    assert_eq!(rooms.warns(&rooms.here).await, 0);
    rooms.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_is_not_overwritten_from_another_group() {
    let rooms = Rooms::new().await;
    rooms.says(&rooms.here, "/save rules be kind").await;
    rooms.says(&rooms.here, "/save rules be cruel").await;
    let (question, data) = rooms.button();
    assert!(data.starts_with("notes.overwrite|"), "{data}");

    let answers = rooms.is_pressed_there(&data).await;
    assert!(matches!(&answers[..], [words] if !words.is_empty()), "{answers:?}");
    assert_eq!(rooms.acts(), Vec::<String>::new());
    assert_eq!(rooms.note(&rooms.here).await.as_deref(), Some("be kind"));
    assert_eq!(rooms.note(&rooms.there).await, None);

    rooms.is_pressed_here(question, &data).await;
    assert_eq!(rooms.note(&rooms.here).await.as_deref(), Some("be cruel"), "the question still waited");
    rooms.leave().await;
}
