//! The process is killed between what a command does and what it says: the update comes again, and the group hears of
//! what was done.

mod support;

use alita_model::{ChatId, UserId};
use alita_runtime::Clock;
use alita_testkit::process::until;
use alita_testkit::transcript::{Bot, Stop, start_of_time};
use alita_testkit::{Draft, FakeTelegram, Fault, Member, MemberStatus, NewChat, NewUser, Speaker};

use crate::support::{LIMIT, TestBot};

/// Ada owns the group, Mallory is a member.
struct Room {
    bot: TestBot,
    chat: ChatId,
    ada: UserId,
    mallory: UserId,
}

impl Room {
    async fn new() -> Self {
        let clock = Clock::manual(start_of_time());
        let telegram = FakeTelegram::start(clock.clone()).await;
        let chat = telegram.add_chat(NewChat::supergroup("Rust Tea"));
        let [ada, mallory] = ["Ada", "Mallory"].map(|name| telegram.add_user(NewUser::named(name)));
        telegram.set_member(chat, ada, Member::owner());
        telegram.set_member(chat, mallory, Member::member());
        telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
        Self { bot: TestBot::start(telegram, clock).await, chat, ada, mallory }
    }

    async fn hears(&self, text: &str) {
        self.bot.telegram.say(self.chat, Speaker::User(self.ada), Draft::text(text));
        self.bot.handled().await;
    }

    /// Says it, kills the bot when `method` has had its effect, and returns what the group hears in the end.
    async fn is_cut_short_after(&mut self, method: &str, who: UserId, text: &str) -> Vec<String> {
        let telegram = self.bot.telegram.clone();
        telegram.forget_calls();
        telegram.fail(method, Fault::Hang.after_effect(), 1);
        telegram.say(self.chat, Speaker::User(who), Draft::text(text));
        until(LIMIT, method, || telegram.call_counts().contains_key(method)).await.expect("it is called");
        self.bot.restart(Stop::Crash).await.expect("it comes back");
        self.bot.handled().await;
        let sent = telegram.calls_of("sendMessage");
        sent.iter()
            .map(|call| alita_markup::Html::repaired(call.params["text"].as_str().unwrap_or_default()))
            .map(|html| alita_markup::strip_tags(&html))
            .collect()
    }

    fn status(&self) -> MemberStatus {
        self.bot.telegram.member(self.chat, self.mallory).status
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kick() {
    let mut room = Room::new().await;
    let command = format!("/kick {}", room.mallory);
    let said = room.is_cut_short_after("unbanChatMember", room.ada, &command).await;
    assert_eq!(said, ["Mallory has been kicked."]);
    assert_eq!(room.status(), MemberStatus::Left);
    room.hears(&command).await;
    let sent = room.bot.telegram.calls_of("sendMessage");
    assert_eq!(sent.last().expect("an answer").params["text"], "This user is not in the chat.");
    room.bot.leave().await;
}

/// Telegram: to kick or to restrict them would let them in again.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_to_somebody_who_was_banned_meanwhile() {
    for (command, method) in [("/kick", "unbanChatMember"), ("/warn", "restrictChatMember")] {
        let mut room = Room::new().await;
        for setting in ["/setwarnlimit 1", "/setwarnmode mute"] {
            room.hears(setting).await;
        }
        let telegram = room.bot.telegram.clone();
        telegram.fail(method, Fault::Hang, 1);
        telegram.say(room.chat, Speaker::User(room.ada), Draft::text(format!("{command} {}", room.mallory)));
        until(LIMIT, method, || telegram.call_counts().contains_key(method)).await.expect("it is called");
        telegram.set_member(room.chat, room.mallory, Member::banned());
        room.bot.restart(Stop::Crash).await.expect("it comes back");
        room.bot.handled().await;
        assert_eq!(room.status(), MemberStatus::Banned, "{command}");
        room.bot.leave().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_leaves_by_their_own_wish() {
    let mut room = Room::new().await;
    let said = room.is_cut_short_after("unbanChatMember", room.mallory, "/kickme").await;
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(!said[0].contains("not in the chat"), "{said:?}");
    room.bot.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_warning() {
    for (mode, method) in [("ban", "banChatMember"), ("kick", "unbanChatMember")] {
        let mut room = Room::new().await;
        room.hears("/setwarnlimit 1").await;
        room.hears(&format!("/setwarnmode {mode}")).await;
        let said = room.is_cut_short_after(method, room.ada, &format!("/warn {} spam", room.mallory)).await;
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("Mallory") && said[0].contains("1/1"), "{said:?}");
        let tally = room.bot.db.warns().of(room.chat, room.mallory).await.expect("it can be read");
        assert_eq!(tally.count, 0, "they begin again");
        room.bot.leave().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_and_its_end() {
    let mut room = Room::new().await;
    let promote = format!("/promote {} Gardener", room.mallory);
    let said = room.is_cut_short_after("promoteChatMember", room.ada, &promote).await;
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("Gardener"), "{said:?}");
    assert_eq!(room.status(), MemberStatus::Administrator);

    let demote = format!("/demote {}", room.mallory);
    let said = room.is_cut_short_after("promoteChatMember", room.ada, &demote).await;
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(!said[0].contains("not an admin"), "{said:?}");
    assert_eq!(room.status(), MemberStatus::Member);
    room.bot.leave().await;
}
