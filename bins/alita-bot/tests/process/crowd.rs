//! Groups that ask for more than Telegram lets the bot say hold up nobody else.

use alita_model::ChatId;
use alita_testkit::{Draft, Member, NewChat, NewUser, Speaker};

use crate::room::Room;
use crate::whole;

const GROUPS: usize = 3;
const EACH: usize = 100;

/// A group in which many ask at once.
fn ask(room: &Room) {
    let chat: ChatId = room.telegram.add_chat(NewChat::supergroup("Busy"));
    room.telegram.set_member(chat, room.telegram.bot_id(), Member::full_administrator());
    for _ in 0..EACH {
        let person = room.telegram.add_user(NewUser::named("Somebody"));
        room.telegram.set_member(chat, person, Member::member());
        room.telegram.say(chat, Speaker::User(person), Draft::text("/id"));
    }
}

/// Telegram hands out a hundred updates that are not confirmed, and here three hundred wait to be answered, for a
/// group is told twenty messages a minute. Whoever asks after them would have to wait for minutes.
#[tokio::test]
async fn three_busy_groups_hold_up_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let program = program.env("TELEGRAM_GROUP_RPM", "20").env("TELEGRAM_CHAT_RPS", "1");
    let room = Room::new(telegram, program);
    let mut running = room.start().await;
    for _ in 0..GROUPS {
        ask(&room);
    }
    room.is_told(room.mallory, "/id").await;
    let told = room.telegram.call_counts().get("sendMessage").copied().unwrap_or_default();
    assert!(told < 100, "{told} were told before the one who had asked last");
    running.kill().await.expect("it is killed");
}
