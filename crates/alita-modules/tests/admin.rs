//! Admin, where a conversation cannot reach: what is written, what is not, and what is read again.

mod support;

use std::time::Duration;

use alita_model::{ChatId, UserId};
use alita_runtime::Clock;
use alita_testkit::transcript::{Bot, start_of_time};
use alita_testkit::{Draft, FakeTelegram, Member, NewChat, NewUser, Speaker};

use chrono::TimeDelta;

use crate::support::TestBot;

struct Room {
    bot: TestBot,
    chat: ChatId,
    olga: UserId,
    ada: UserId,
}

impl Room {
    /// Olga owns the group, and Ada is no more than a member.
    async fn open() -> Self {
        let clock = Clock::manual(start_of_time());
        let telegram = FakeTelegram::start(clock.clone()).await;
        let chat = telegram.add_chat(NewChat::supergroup("Rust Tea"));
        let [olga, ada] = ["Olga", "Ada"].map(|name| telegram.add_user(NewUser::named(name)));
        telegram.set_member(chat, olga, Member::owner());
        telegram.set_member(chat, ada, Member::member());
        telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
        let room = Self { bot: TestBot::start(telegram, clock).await, chat, olga, ada };
        // Both are known, so that nothing but what the commands do is left to write.
        for who in [olga, ada] {
            room.hears(who, "hello").await;
        }
        room
    }

    async fn hears(&self, who: UserId, text: &str) {
        self.bot.telegram.say(self.chat, Speaker::User(who), Draft::text(text));
        self.bot.handled().await;
    }

    /// What was said last, and how often the list of admins was read since the calls were forgotten.
    fn seen(&self) -> (String, usize) {
        let said = self.bot.telegram.calls_of("sendMessage");
        let last = said.last().and_then(|call| call.params["text"].as_str()).unwrap_or_default().to_owned();
        (last, self.bot.telegram.calls_of("getChatAdministrators").len())
    }

    async fn leave(mut self) {
        self.bot.leave().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn admin_08_after_a_dismissal_the_list_is_read_again() {
    let room = Room::open().await;
    room.hears(room.olga, &format!("/promote {}", room.ada)).await;
    room.hears(room.ada, "/admincache").await;
    assert!(room.seen().0.starts_with("I have read the list"), "an admin: {}", room.seen().0);

    room.bot.telegram.forget_calls();
    room.hears(room.olga, &format!("/demote {}", room.ada)).await;
    room.hears(room.ada, "/clearadmincache").await;
    let (last, reads) = room.seen();
    assert_eq!(last, "Only admins of this chat can do that.");
    assert!(reads > 0, "the list that still has Ada is not asked");
    room.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn admin_10_trust_that_is_said_again_is_not_written_again() {
    let room = Room::open().await;
    for (who, text, is_on, writes) in [
        (room.ada, "/anonadmin on", false, 0),
        (room.olga, "/anonadmin on", true, 1),
        (room.olga, "/anonadmin on", true, 0),
        (room.olga, "/anonadmin yes", true, 0),
        (room.olga, "/anonadmin off", false, 1),
        (room.olga, "/anonadmin off", false, 0),
    ] {
        let before = room.bot.db.transactions();
        room.hears(who, text).await;
        assert_eq!(room.bot.db.transactions() - before, writes, "{text}");
        assert_eq!(room.bot.db.admin().get(room.chat).await.expect("a row").anon_admin, is_on, "{text}");
    }
    room.leave().await;
}

/// The list goes by the time that passes, and so does what is said of its age.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_makes_no_list_old_and_none_new() {
    let room = Room::open().await;
    room.hears(room.ada, "/adminlist").await;
    assert!(room.seen().0.contains("Read from Telegram just now."), "{}", room.seen().0);
    room.bot.clock.correct(TimeDelta::hours(3));
    room.hears(room.ada, "/adminlist").await;
    assert!(room.seen().0.contains("Read from Telegram just now."), "{}", room.seen().0);
    room.bot.clock.correct(TimeDelta::hours(-6));
    room.bot.clock.advance(Duration::from_secs(5 * 60));
    room.hears(room.ada, "/adminlist").await;
    assert!(room.seen().0.contains("As I read it 5 minutes ago"), "{}", room.seen().0);
    assert_eq!(room.seen().1, 1, "one reading");
    room.leave().await;
}
