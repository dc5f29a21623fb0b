//! Groups in which two hundred people say something at the same time, and what must come of it.

use std::collections::BTreeSet;

use alita_cache::Cache;
use alita_db::{Db, DbConfig};
use alita_model::{ChatId, MessageId, UserId};
use alita_runtime::Clock;
use alita_testkit::{Draft, FakeTelegram, Member, MemberStatus, NewChat, NewUser, Speaker};

/// So many groups, and in each so many people for each kind of message.
const GROUPS: usize = 4;
const EACH: usize = 10;
/// In each group so many members are warned, each by two admins.
const WARNED: usize = EACH / 2;
/// In this group two warnings are enough to be banned.
const STRICT: usize = 0;

/// How many messages are to be answered, that of the first speaker included.
pub(crate) const ANSWERED: usize = GROUPS * EACH * 4 + 1;

/// All groups, and what was said in them.
pub(crate) struct Groups {
    telegram: FakeTelegram,
    groups: Vec<Group>,
    answered: Vec<(ChatId, MessageId)>,
    deleted: Vec<(ChatId, MessageId)>,
}

struct Group {
    chat: ChatId,
    admins: Vec<UserId>,
    members: Vec<UserId>,
    warned: Vec<(UserId, MessageId)>,
}

impl Groups {
    /// In each group links are locked, there is a note, and somebody has misbehaved.
    pub(crate) fn new(telegram: &FakeTelegram) -> Self {
        let groups = (0..GROUPS).map(|number| Group::new(telegram, number)).collect();
        Self { telegram: telegram.clone(), groups, answered: Vec::new(), deleted: Vec::new() }
    }

    /// One person asks for their id before everybody else speaks.
    pub(crate) fn speak_first(&mut self) {
        if let Some(Group { chat, warned, .. }) = self.groups.first()
            && let Some((person, _)) = warned.first()
        {
            self.answered.push((*chat, self.telegram.say(*chat, Speaker::User(*person), "/id")));
        }
    }

    /// Two hundred people speak, each once: warnings, notes, questions, links, in turn in all groups.
    pub(crate) fn speak(&mut self) {
        for number in 0..EACH {
            for group in &self.groups {
                let say = |who, what| (group.chat, self.telegram.say(group.chat, Speaker::User(who), what));
                let (_, misdeed) = group.warned[number % WARNED];
                let warn = Draft::text("/warn that was too much").reply_to(misdeed);
                self.answered.push(say(group.admins[number], warn));
                self.answered
                    .push(say(group.admins[EACH + number], Draft::text(format!("/save note{number} word"))));
                self.answered.push(say(group.members[number], Draft::text("/id")));
                self.answered.push(say(group.members[EACH + number], Draft::text("#intro")));
                self.deleted
                    .push(say(group.members[2 * EACH + number], Draft::text("see https://coins.example")));
            }
        }
    }

    /// How many of the answered have their answer; fails when one has two.
    pub(crate) fn answers(&self) -> usize {
        self.answered
            .iter()
            .map(|(chat, message)| self.answers_to(*chat, *message))
            .inspect(|answers| assert!(answers.len() <= 1, "an answer came twice: {answers:?}"))
            .inspect(|answers| {
                assert!(!answers.iter().any(|answer| answer.contains("not in the chat")), "{answers:?}");
            })
            .map(|answers| answers.len())
            .sum()
    }

    fn answers_to(&self, chat: ChatId, message: MessageId) -> Vec<String> {
        let bot = self.telegram.bot_id().get();
        let is_answer = |answer: &serde_json::Value| {
            answer["from"]["id"] == bot && answer["reply_to_message"]["message_id"] == message.get()
        };
        let text = |answer: &serde_json::Value| answer["text"].as_str().unwrap_or_default().to_owned();
        self.telegram.messages(chat).iter().filter(|answer| is_answer(answer)).map(text).collect()
    }

    /// How many links are still there.
    pub(crate) fn links(&self) -> usize {
        let is_there =
            |(chat, message): &&(ChatId, MessageId)| self.telegram.message(*chat, *message).is_some();
        self.deleted.iter().filter(is_there).count()
    }

    /// Everybody who crossed the limit is out, and the groups were told so once, but for notices among the lost
    /// messages.
    pub(crate) fn are_banned(&self, lost: usize) {
        let mut missing = 0;
        for (number, group) in self.groups.iter().enumerate() {
            let messages = self.telegram.messages(group.chat);
            let notices = messages.iter().filter(|message| {
                message["from"]["id"] == self.telegram.bot_id().get()
                    && message["text"].as_str().is_some_and(|text| text.contains("banned"))
            });
            let (banned, notices) = (
                group.warned.iter().filter(|(user, _)| {
                    self.telegram.member(group.chat, *user).status == MemberStatus::Banned
                }),
                notices.count(),
            );
            let expected = if number == STRICT { WARNED } else { 0 };
            assert_eq!(banned.count(), expected, "banned in group {number}");
            assert!(notices <= expected, "{notices} of {expected} notices in group {number}");
            missing += expected - notices;
        }
        assert!(missing <= lost, "{missing} notices are missing, and {lost} messages were lost");
    }

    /// Looks into the database of a bot that has left: every warning counts once, every note is there.
    pub(crate) async fn are_stored(&self, url: &str) {
        let clock = Clock::system();
        let db = Db::connect(DbConfig::new(url), Cache::in_memory(clock.clone()), clock)
            .await
            .expect("the database opens");
        let notes: BTreeSet<String> =
            (0..EACH).map(|number| format!("note{number}")).chain(["intro".to_owned()]).collect();
        for (number, group) in self.groups.iter().enumerate() {
            // Whoever was banned begins again; a warning that counted twice would be left over.
            let expected = if number == STRICT { 0 } else { 2 };
            for (user, _) in &group.warned {
                let tally = db.warns().of(group.chat, *user).await.expect("it can be read");
                assert_eq!(tally.count, expected, "warnings of {user} in group {number}");
            }
            let names = db.notes().names(group.chat).await.expect("they can be read");
            let names: BTreeSet<String> = names.iter().map(|note| note.name.to_string()).collect();
            assert_eq!(names, notes);
        }
        db.close().await.expect("it closes");
    }
}

impl Group {
    fn new(telegram: &FakeTelegram, number: usize) -> Self {
        // Another id in every process, so that a Redis that somebody else has used knows nothing of these groups.
        let id = i64::from(std::process::id()) * 10 + i64::try_from(number).expect("a small number");
        let chat =
            telegram.add_chat(NewChat::supergroup(format!("Group {number}")).id(-1_001_000_000_000 - id));
        telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
        let person = |role: Member| {
            let person = telegram.add_user(NewUser::named("Somebody"));
            telegram.set_member(chat, person, role);
            person
        };
        let owner = person(Member::owner());
        let admins = (0..2 * EACH).map(|_| person(Member::full_administrator())).collect();
        let members = (0..3 * EACH).map(|_| person(Member::member())).collect();
        telegram.say(chat, Speaker::User(owner), "/lock url");
        telegram.say(chat, Speaker::User(owner), "/save intro Welcome!");
        if number == STRICT {
            telegram.say(chat, Speaker::User(owner), "/setwarnlimit 2");
            telegram.say(chat, Speaker::User(owner), "/setwarnmode ban");
        }
        let misbehave = |_| {
            let person = person(Member::member());
            (person, telegram.say(chat, Speaker::User(person), "buy my coins"))
        };
        let warned = (0..WARNED).map(misbehave).collect();
        Self { chat, admins, members, warned }
    }
}
