//! Users, where a conversation cannot reach: what is written how often, at the same time, and when it cannot be.

mod support;

use alita_model::{ChatId, UserId};
use alita_runtime::Clock;
use alita_testkit::transcript::{Bot, start_of_time};
use alita_testkit::{Draft, FakeTelegram, Member, NewChat, NewUser, Speaker};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

use crate::support::TestBot;

struct Room {
    bot: TestBot,
    telegram: FakeTelegram,
    clock: Clock,
    chat: ChatId,
    mallory: UserId,
}

impl Room {
    async fn open() -> Self {
        let clock = Clock::manual(start_of_time());
        let telegram = FakeTelegram::start(clock.clone()).await;
        let chat = Self::group(&telegram, "Rust Tea");
        let mallory = telegram.add_user(NewUser::named("Mallory").username("Mallory"));
        telegram.set_member(chat, mallory, Member::member());
        let bot = TestBot::start(telegram.clone(), clock.clone()).await;
        // The runner of jobs has looked around once; what is counted from here on is not its work.
        bot.handled().await;
        Self { bot, telegram, clock, chat, mallory }
    }

    fn group(telegram: &FakeTelegram, title: &str) -> ChatId {
        let chat = telegram.add_chat(NewChat::supergroup(title));
        telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
        chat
    }

    async fn hears(&self, chat: ChatId, speaker: Speaker) {
        self.telegram.say(chat, speaker, Draft::text("hello"));
        self.bot.handled().await;
    }

    /// A message in the room, as a channel of this id with this username.
    async fn hears_channel(&self, id: i64, username: &str) {
        let chat = json!({"id": self.chat.get(), "type": "supergroup", "title": "Rust Tea"});
        let from = json!({"id": UserId::CHANNEL_BOT.get(), "is_bot": true, "first_name": "Channel"});
        let channel = json!({"id": id, "type": "channel", "title": "News", "username": username});
        self.telegram.raw_update(json!({"message": {
            "message_id": 900, "date": 1_767_614_400, "chat": chat, "from": from, "sender_chat": channel, "text": "hi",
        }}));
        self.bot.handled().await;
    }

    async fn number(&self, sql: &str) -> i64 {
        let db = self.bot.db.connection();
        let row =
            db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.expect("a query");
        row.expect("a row").try_get_by_index(0).expect("a number")
    }

    /// Rows of users who are no people.
    async fn impostors(&self) -> i64 {
        self.number(
            "SELECT count(*) FROM users WHERE user_id <= 0 OR user_id IN (777000, 1087968824, 136817688)",
        )
        .await
    }

    async fn does(&self, sql: &str) {
        self.bot.db.connection().execute_unprepared(sql).await.expect("a statement");
    }

    async fn leave(mut self) {
        self.bot.leave().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn users_02_ten_messages_are_one_write_each() {
    let room = Room::open().await;
    let before = room.bot.db.transactions();
    for _ in 0..10 {
        room.hears(room.chat, Speaker::User(room.mallory)).await;
    }
    assert_eq!(room.bot.db.transactions() - before, 2, "the person and the group");
    room.clock.advance(std::time::Duration::from_secs(5 * 60));
    room.hears(room.chat, Speaker::User(room.mallory)).await;
    assert_eq!(room.bot.db.transactions() - before, 2, "the times alone are written behind");
    room.bot.db.activity().flush().await.expect("a write");
    assert_eq!(room.bot.db.transactions() - before, 3, "all of them together");
    room.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_03_somebody_is_seen_in_both_of_two_groups() {
    let room = Room::open().await;
    let other = Room::group(&room.telegram, "Go Tea");
    room.telegram.set_member(other, room.mallory, Member::member());
    for chat in [room.chat, other] {
        room.hears(chat, Speaker::User(room.mallory)).await;
    }
    for chat in [room.chat, other] {
        assert_eq!(room.bot.db.chats().members_seen(chat).await.expect("a count"), 1);
    }
    room.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_04_fifty_first_messages_at_once() {
    let room = Room::open().await;
    let chats: Vec<ChatId> = (0..50).map(|at| Room::group(&room.telegram, &format!("Tea {at}"))).collect();
    for chat in &chats {
        room.telegram.set_member(*chat, room.mallory, Member::member());
    }
    let before = room.bot.db.transactions();
    for chat in &chats {
        room.telegram.say(*chat, Speaker::User(room.mallory), Draft::text("hello"));
    }
    room.bot.handled().await;
    assert_eq!(room.bot.db.transactions() - before, 51, "the person once, and every group once");
    assert_eq!(room.number("SELECT count(*) FROM chat_members").await, 50);
    room.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_06_a_channel_is_no_person() {
    let room = Room::open().await;
    let news = room.telegram.add_chat(NewChat::channel("News").username("News"));
    room.hears(room.chat, Speaker::Channel { user: room.mallory, channel: news }).await;
    let channel = room.bot.db.channels().by_username("NEWS").await.expect("an answer").expect("a channel");
    assert_eq!((channel.id, channel.username.as_deref()), (news, Some("news")));
    assert_eq!(room.number("SELECT count(*) FROM users").await, 1, "the bot alone");
    assert!(room.bot.db.chats().get(room.chat).await.expect("an answer").is_some());
    room.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_07_a_channel_gives_its_username_up() {
    let room = Room::open().await;
    let (a, b) = (ChatId::new(-1_005_550_000_001), ChatId::new(-1_005_550_000_002));
    room.hears_channel(a.get(), "news").await;
    room.hears_channel(b.get(), "News").await;
    let username =
        async |id| room.bot.db.channels().get(id).await.expect("an answer").expect("a channel").username;
    assert_eq!((username(a).await, username(b).await.as_deref()), (None, Some("news")));
    room.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_08_neither_anonymous_admins_nor_the_linked_channel_are_people() {
    let room = Room::open().await;
    let nora = room.telegram.add_user(NewUser::named("Nora"));
    room.telegram.set_member(room.chat, nora, Member::full_administrator().anonymous());
    let news = room.telegram.add_chat(NewChat::channel("News").linked(room.chat));
    room.hears(room.chat, Speaker::Anonymous(nora)).await;
    room.hears(room.chat, Speaker::Linked(news)).await;
    room.hears_channel(-1_005_550_000_001, "other").await;
    assert_eq!(room.impostors().await, 0);
    assert_eq!(room.number("SELECT count(*) FROM users").await, 1, "the bot alone");
    assert!(room.bot.db.channels().get(news).await.expect("an answer").is_some());
    room.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_09_a_hidden_author_leaves_nothing_behind() {
    let room = Room::open().await;
    room.hears(room.chat, Speaker::User(room.mallory)).await;
    let before = room.bot.db.transactions();
    room.telegram.say(
        room.chat,
        Speaker::User(room.mallory),
        Draft::text("hi").forward_from_hidden("Somebody"),
    );
    room.bot.handled().await;
    assert_eq!(room.bot.db.transactions(), before);
    let bob = room.telegram.add_user(NewUser::named("Bob"));
    room.telegram.say(room.chat, Speaker::User(room.mallory), Draft::text("hi").forward_from(bob));
    room.bot.handled().await;
    assert!(room.bot.db.users().get(bob).await.expect("an answer").is_some());
    room.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_10_who_could_not_be_written_is_written_with_the_next_message() {
    let room = Room::open().await;
    room.does("CREATE TRIGGER refuse BEFORE INSERT ON users BEGIN SELECT RAISE(ABORT, 'full'); END").await;
    room.telegram.say(room.chat, Speaker::User(room.mallory), Draft::text("/id"));
    room.bot.handled().await;
    assert_eq!(room.telegram.calls_of("sendMessage").len(), 1, "the command is answered all the same");
    room.does("DROP TRIGGER refuse").await;
    assert_eq!(room.bot.db.users().get(room.mallory).await.expect("an answer"), None);
    room.hears(room.chat, Speaker::User(room.mallory)).await;
    let row = format!("SELECT count(*) FROM users WHERE user_id = {}", room.mallory);
    assert_eq!(room.number(&row).await, 1);
    assert_eq!(room.bot.db.chats().members_seen(room.chat).await.expect("a count"), 1);
    room.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_11_a_new_username_is_known_at_once() {
    let room = Room::open().await;
    room.hears(room.chat, Speaker::User(room.mallory)).await;
    room.telegram.rename_user(room.mallory, NewUser::named("Molly").username("molly"));
    room.hears(room.chat, Speaker::User(room.mallory)).await;
    let users = room.bot.db.users();
    assert_eq!(users.by_username("mallory").await.expect("an answer"), None);
    let molly = users.by_username("MOLLY").await.expect("an answer").expect("somebody");
    assert_eq!((molly.id, molly.name.as_str()), (room.mallory, "Molly"));
    room.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_13_a_message_wakes_a_silent_group() {
    let room = Room::open().await;
    let is_inactive =
        async || room.bot.db.chats().get(room.chat).await.expect("an answer").expect("a group").is_inactive;
    room.hears(room.chat, Speaker::User(room.mallory)).await;
    room.bot.db.chats().mark_inactive(room.chat).await.expect("a write");
    assert!(is_inactive().await);
    room.hears(room.chat, Speaker::User(room.mallory)).await;
    assert!(!is_inactive().await);
    room.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_14_two_who_write_at_once_are_both_seen() {
    let room = Room::open().await;
    let bob = room.telegram.add_user(NewUser::named("Bob"));
    room.telegram.set_member(room.chat, bob, Member::member());
    for user in [room.mallory, bob] {
        room.telegram.say(room.chat, Speaker::User(user), Draft::text("hello"));
    }
    room.bot.handled().await;
    assert_eq!(room.bot.db.chats().members_seen(room.chat).await.expect("a count"), 2);
    room.leave().await;
}
