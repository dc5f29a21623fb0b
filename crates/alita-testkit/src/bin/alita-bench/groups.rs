//! The groups that talk: everybody says harmless things where links are locked and a note is saved.

use alita_model::{ChatId, UserId};
use alita_testkit::{FakeTelegram, Member, NewChat, NewUser, Speaker};

use crate::load::Load;

const GROUPS: usize = 50;
/// So many people talk in each group; little is measured with fewer, so that all of them have been heard before.
const SPEAKERS: usize = 20;
const SPEAKERS_OF_A_FEW: usize = 2;

/// Groups with the bot as an administrator.
pub(crate) struct Groups {
    telegram: FakeTelegram,
    owner: UserId,
    speakers: Vec<UserId>,
    chats: Vec<ChatId>,
    /// The id of the first group; the others lie below it.
    first: i64,
    said: usize,
}

impl Groups {
    pub(crate) fn new(telegram: &FakeTelegram, first: i64, is_quick: bool) -> Self {
        let speakers = if is_quick { SPEAKERS_OF_A_FEW } else { SPEAKERS };
        let user = |name: String| telegram.add_user(NewUser::named(name));
        let mut groups = Self {
            telegram: telegram.clone(),
            owner: user("Olga".to_owned()),
            speakers: (0..speakers).map(|number| user(format!("Speaker {number}"))).collect(),
            chats: Vec::new(),
            first,
            said: 0,
        };
        groups.chats = (0..GROUPS).map(|number| groups.found(number)).collect();
        groups
    }

    pub(crate) fn len(&self) -> usize {
        self.chats.len()
    }

    fn found(&self, number: usize) -> ChatId {
        let id = self.first - i64::try_from(number).unwrap_or_default();
        let chat = self.telegram.add_chat(NewChat::supergroup(format!("Group {number}")).id(id));
        self.telegram.set_member(chat, self.owner, Member::owner());
        self.telegram.set_member(chat, self.telegram.bot_id(), Member::full_administrator());
        for speaker in &self.speakers {
            self.telegram.set_member(chat, *speaker, Member::member());
        }
        chat
    }

    /// In each group the owner locks links and saves a note.
    pub(crate) fn settle_in(&self) {
        for chat in &self.chats {
            self.telegram.say(*chat, Speaker::User(self.owner), "/lock url sticker");
            self.telegram.say(*chat, Speaker::User(self.owner), "/save welcome Be kind.");
        }
    }

    /// So many people do it, in turn in all groups.
    pub(crate) fn act(&mut self, load: Load, times: usize) {
        for _ in 0..times {
            let speaker = self.speakers[self.said / GROUPS % self.speakers.len()];
            let chat = self.chats[self.said % GROUPS];
            match load {
                Load::Plain => {
                    let text = format!(
                        "I had tea at {} today, and the cake was better than ever. How about you?",
                        self.said
                    );
                    self.telegram.say(chat, Speaker::User(speaker), text.as_str());
                }
                Load::Command => {
                    self.telegram.say(chat, Speaker::User(speaker), "/id");
                }
                Load::Join => {
                    let newcomer = self.telegram.add_user(NewUser::named("Newcomer"));
                    self.telegram.join(chat, newcomer);
                }
            }
            self.said += 1;
        }
    }

    /// One message in each of so many groups, most of them new.
    pub(crate) fn greet_everywhere(&mut self, groups: usize) {
        for number in self.len()..groups {
            let chat = self.found(number);
            self.chats.push(chat);
        }
        for (number, chat) in self.chats.iter().enumerate() {
            self.telegram.say(
                *chat,
                Speaker::User(self.speakers[number % self.speakers.len()]),
                "Good evening!",
            );
        }
    }
}
