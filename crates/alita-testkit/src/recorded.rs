//! Updates of every kind in Telegram's wire shape, to begin tests of odd input with.
//!
//! They stand in `recorded/*.jsonl`, one a line. The people and chats in them are ours: Olga (100) owns the groups,
//! Ada (101) administers them, Mallory (102) and Bob (103) are members; [`people_and_chats`] makes them known to a
//! [`FakeTelegram`].

use alita_model::{ChatId, UserId};
use serde::Deserialize;
use serde_json::Value;

use crate::{FakeTelegram, Member, NewChat, NewUser};

const FILES: [&str; 6] = [
    include_str!("../recorded/messages.jsonl"),
    include_str!("../recorded/media.jsonl"),
    include_str!("../recorded/service.jsonl"),
    include_str!("../recorded/members.jsonl"),
    include_str!("../recorded/buttons.jsonl"),
    include_str!("../recorded/others.jsonl"),
];

/// One update, and what it shows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Recorded {
    /// What it shows, in words.
    pub name: String,
    /// The update, as it stands in an answer to `getUpdates`.
    pub update: Value,
}

/// All of them.
///
/// # Panics
///
/// When a file of this crate is not well-formed.
#[must_use]
pub fn updates() -> Vec<Recorded> {
    let lines = FILES.iter().flat_map(|file| file.lines());
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// The groups of the recorded updates.
const GROUPS: [ChatId; 3] =
    [ChatId::new(-1_001_000_000_001), ChatId::new(-1_001_000_000_003), ChatId::new(-4_242)];

/// Makes the people and chats of the recorded updates known; our bot administers all groups.
pub fn people_and_chats(telegram: &FakeTelegram) {
    for (id, name, username) in
        [(100, "Olga", "olga"), (101, "Ada", "ada_l"), (102, "Mallory", "mallory"), (103, "Bob", "bob_b")]
    {
        telegram.add_user(NewUser::named(name).username(username).id(id));
    }
    let [tea, forum, basic] = GROUPS.map(ChatId::get);
    telegram.add_chat(NewChat::supergroup("Rust Tea").username("rusttea").id(tea));
    telegram.add_chat(NewChat::supergroup("Forum").forum().id(forum));
    telegram.add_chat(NewChat::group("Basic").id(basic));
    telegram.add_chat(NewChat::channel("News").username("news_tea").id(-1_001_000_000_002));
    everybody_in_their_place(telegram);
}

/// Undoes whatever a bot did to the members of these groups, and to its own membership.
pub fn everybody_in_their_place(telegram: &FakeTelegram) {
    for chat in GROUPS {
        telegram.set_member(chat, UserId::new(100), Member::owner());
        telegram.set_member(chat, UserId::new(101), Member::full_administrator());
        telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
        for member in [102, 103] {
            telegram.set_member(chat, UserId::new(member), Member::member());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every kind that a bot can be sent has an update here, and most of them a client library can read.
    #[test]
    fn every_kind_is_there_and_is_what_telegram_sends() {
        let (mut kinds, mut unreadable) = (BTreeSet::new(), Vec::new());
        for Recorded { name, update } in updates() {
            kinds.extend(
                update.as_object().expect("an object").keys().filter(|key| *key != "update_id").cloned(),
            );
            if serde_json::from_value::<frankenstein::updates::Update>(update).is_err() {
                unreadable.push(name);
            }
        }
        for kind in [
            "message",
            "edited_message",
            "channel_post",
            "edited_channel_post",
            "callback_query",
            "my_chat_member",
            "chat_member",
            "chat_join_request",
            "poll",
            "poll_answer",
            "message_reaction",
            "message_reaction_count",
            "inline_query",
            "chat_boost",
            "business_message",
            "telepathic_message",
        ] {
            assert!(kinds.contains(kind), "{kind}");
        }
        assert_eq!(unreadable, ["unknown kind"]);
    }
}
