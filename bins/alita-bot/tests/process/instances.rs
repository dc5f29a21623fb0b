//! Several bots behind one address, on one PostgreSQL and one Redis: they know what each other did, and the death of
//! one loses nothing.

use std::collections::BTreeSet;

use alita_model::{ChatId, MessageId, UserId};
use alita_runtime::Clock;
use alita_testkit::process::{Program, Running, get, until};
use alita_testkit::{Draft, FakeTelegram, Fault, Member, NewChat, NewUser, Speaker};

use crate::webhook::{Crowd, address, hooked};
use crate::{BOT, LIMIT, crash, databases, fresh_numbers, jobs};

/// So many people have asked the one that is killed, and so many the others meanwhile.
const LEFT_HANGING: usize = 15;
const ASKED_MEANWHILE: usize = 40;

/// So many prompts expire at the same time; one instance has not enough hands for all of them.
const PROMPTS: usize = 24;

pub(crate) struct Fleet {
    pub(crate) telegram: FakeTelegram,
    pub(crate) bots: Vec<Bot>,
}

pub(crate) struct Bot {
    pub(crate) program: Program,
    pub(crate) running: Running,
    _folder: tempfile::TempDir,
}

impl Fleet {
    /// All start at the same time, on an empty database.
    pub(crate) async fn start(size: usize, database: &str, redis: &str) -> Self {
        let telegram = FakeTelegram::start(Clock::system()).await;
        fresh_numbers(&telegram);
        let bot = |_| {
            let folder = tempfile::tempdir().expect("a folder");
            let program = hooked(Program::bot(BOT, folder.path(), &telegram))
                .env("DATABASE_URL", database)
                .env("AUTO_MIGRATE", "yes")
                .env("DB_MAX_OPEN_CONNS", "8")
                .env("DB_MAX_IDLE_CONNS", "8")
                .env("CLEAR_CACHE_ON_STARTUP", "no")
                .env("REDIS_URL", redis);
            Bot { running: program.start().expect("it starts"), program, _folder: folder }
        };
        let mut fleet = Self { bots: (0..size).map(bot).collect(), telegram: telegram.clone() };
        for bot in &mut fleet.bots {
            let is_up = bot.running.is_up(LIMIT).await;
            assert!(is_up.is_ok(), "{is_up:?}\n{}", bot.program.stderr());
        }
        fleet.goes_to(0..size);
        fleet
    }

    /// Updates go to these from now on, in turn.
    fn goes_to(&self, bots: std::ops::Range<usize>) {
        let addresses: Vec<_> = self.bots[bots].iter().map(|bot| address(&bot.program)).collect();
        self.telegram.webhook_targets(&addresses);
    }

    pub(crate) fn logs(&self) -> String {
        self.bots.iter().map(|bot| bot.program.stderr()).collect::<Vec<_>>().join("\n----\n")
    }

    /// Somebody says something, and the bot it came to has dealt with it.
    async fn says(&self, chat: ChatId, who: Speaker, draft: impl Into<Draft>) -> MessageId {
        let message = self.telegram.say(chat, who, draft);
        self.settled().await;
        message
    }

    pub(crate) async fn settled(&self) {
        let settled = tokio::time::timeout(LIMIT, self.telegram.settled()).await;
        assert!(settled.is_ok(), "the updates are not taken:\n{}", self.logs());
    }
}

struct Group {
    chat: ChatId,
    owner: UserId,
    member: UserId,
}

impl Group {
    async fn new(fleet: &Fleet) -> Self {
        let telegram = &fleet.telegram;
        // The Redis is everybody's: two fleets at the same time must not speak of the same group.
        let size = i64::try_from(fleet.bots.len()).expect("few");
        let id = -1_003_000_000_000 - i64::from(std::process::id()) * 10 - size;
        let chat = telegram.add_chat(NewChat::supergroup("Rust Tea").id(id));
        let person = |role| {
            let person = telegram.add_user(NewUser::named("Somebody"));
            telegram.set_member(chat, person, role);
            person
        };
        let group = Self { chat, owner: person(Member::owner()), member: person(Member::member()) };
        telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
        fleet.settled().await;
        group
    }
}

/// Every instance has the old setting in its memory; one changes it; at once every instance goes by the new one.
async fn a_setting_is_seen_by_all(fleet: &Fleet, group: &Group) {
    let link = "see https://coins.example";
    for _ in 0..2 * fleet.bots.len() {
        let message = fleet.says(group.chat, Speaker::User(group.member), link).await;
        assert!(fleet.telegram.message(group.chat, message).is_some(), "links are allowed");
    }
    fleet.says(group.chat, Speaker::User(group.owner), "/lock url").await;
    for _ in 0..2 * fleet.bots.len() {
        let message = fleet.says(group.chat, Speaker::User(group.member), link).await;
        let is_gone = fleet.telegram.message(group.chat, message).is_none();
        assert!(is_gone, "an instance does not know of the lock:\n{}", fleet.logs());
    }
}

/// Every instance knows an administrator, whose links are left alone; the update about her demotion comes to one.
async fn a_demotion_is_seen_by_all(fleet: &Fleet, group: &Group) {
    let link = "see https://coins.example";
    let telegram = &fleet.telegram;
    let ada = telegram.add_user(NewUser::named("Ada"));
    telegram.set_member(group.chat, ada, Member::full_administrator());
    // The instances that know the administrators already have not heard of this one.
    telegram.set_rights_by(group.chat, ada, Member::administrator(&["can_pin_messages"]), group.owner);
    fleet.settled().await;
    let posts = async || {
        let message = fleet.says(group.chat, Speaker::User(ada), link).await;
        telegram.message(group.chat, message).is_some()
    };
    let each = |is_wanted: bool| {
        let posts = &posts;
        async move {
            for bot in 0..fleet.bots.len() {
                fleet.goes_to(bot..bot + 1);
                // The word between the instances may be under way a little longer than the update was.
                let seen = async { while posts().await != is_wanted {} };
                let seen = tokio::time::timeout(LIMIT, seen).await;
                assert!(seen.is_ok(), "instance {bot} does not know of it:\n{}", fleet.logs());
            }
            fleet.goes_to(0..fleet.bots.len());
        }
    };
    each(true).await;
    telegram.set_rights_by(group.chat, ada, Member::member(), group.owner);
    fleet.settled().await;
    each(false).await;
}

/// The prompt comes from one instance, and the press goes to another.
async fn a_proof_is_good_everywhere(fleet: &Fleet, group: &Group) {
    let spam = fleet.says(group.chat, Speaker::User(group.member), "buy my coins").await;
    let warn = Draft::text("/warn spam").reply_to(spam);
    fleet.says(group.chat, Speaker::Anonymous(group.owner), warn).await;
    let messages = fleet.telegram.messages(group.chat);
    let prompt = messages.last().expect("a prompt");
    let data = prompt["reply_markup"]["inline_keyboard"][0][0]["callback_data"].as_str();
    let data = data.unwrap_or_else(|| panic!("no button: {prompt}\n{}", fleet.logs()));
    let id = prompt["message_id"].as_i64().and_then(|id| i32::try_from(id).ok()).expect("an id");
    fleet.telegram.press(group.owner, group.chat, MessageId::new(id), data);
    fleet.settled().await;
    let attempts = fleet.telegram.webhook_attempts();
    let [.., asked, pressed] = attempts.as_slice() else { panic!("{attempts:?}") };
    assert_ne!(asked.target, pressed.target, "both went to the same instance");
    let messages = fleet.telegram.messages(group.chat);
    let notice = messages.last().and_then(|message| message["text"].as_str()).unwrap_or_default();
    assert!(notice.contains("1/3"), "the proven command did not run: {notice}\n{}", fleet.logs());
}

/// Prompts that nobody answers expire in the same moment, every instance looks for work, and each job runs once.
async fn a_job_runs_on_one(fleet: &Fleet, group: &Group, url: &str) {
    let (db, program) = (jobs::open(url).await, &fleet.bots[0].program);
    let mut prompts = BTreeSet::new();
    for _ in 0..PROMPTS {
        fleet.says(group.chat, Speaker::Anonymous(group.owner), "/setwarnlimit 5").await;
        let messages = fleet.telegram.messages(group.chat);
        prompts.extend(messages.last().and_then(|prompt| prompt["message_id"].as_i64()));
    }
    assert_eq!(prompts.len(), PROMPTS, "{}", fleet.logs());
    jobs::wait_for_jobs(&db, PROMPTS, program).await;
    jobs::turn(&db, "due_at").await;
    jobs::wait_for_jobs(&db, 0, program).await;

    let calls = fleet.telegram.calls_of("editMessageText");
    let mut edited: Vec<i64> = calls.iter().filter_map(|call| call.params["message_id"].as_i64()).collect();
    edited.retain(|id| prompts.contains(id));
    edited.sort_unstable();
    assert_eq!(edited, Vec::from_iter(prompts), "each prompt is edited once:\n{}", fleet.logs());
    let mut runs = 0;
    for bot in &fleet.bots {
        let (_, page) = get(bot.program.port(), "/metrics").await.expect("an answer");
        let counts = page.lines().filter(|line| line.starts_with(r#"alita_jobs_total{job="proof_expiry""#));
        runs += counts.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum::<usize>();
    }
    assert_eq!(runs, PROMPTS, "no other instance began one of them");
    db.close().await.expect("it closes");
}

/// The first instance dies while its messages are out and it has not heard that they arrived, and the others work.
async fn one_is_killed(fleet: &mut Fleet, numbers: i64) {
    let mut crowd = Crowd::new(&fleet.telegram, LEFT_HANGING + ASKED_MEANWHILE, numbers);
    fleet.settled().await;
    fleet.goes_to(0..1);
    fleet.telegram.fail("sendMessage", Fault::Hang.after_effect(), LEFT_HANGING);
    crowd.ask(LEFT_HANGING);
    crowd.wait(&fleet.bots[0].program, LEFT_HANGING).await;
    fleet.goes_to(1..fleet.bots.len());
    crowd.ask(ASKED_MEANWHILE);
    fleet.bots[0].running.kill().await.expect("it is killed");
    // It stays behind the address, as it would until the balancer notices.
    fleet.goes_to(0..fleet.bots.len());
    crowd.wait(&fleet.bots[1].program, LEFT_HANGING + ASKED_MEANWHILE).await;
    fleet.settled().await;
    assert_eq!(crowd.answers(), LEFT_HANGING + ASKED_MEANWHILE, "{}", fleet.logs());
}

/// Telegram does not hear that updates were taken, and sends them to the next instance.
async fn copies_are_recognised_elsewhere(fleet: &Fleet, numbers: i64) {
    let mut crowd = Crowd::new(&fleet.telegram, 10, numbers);
    fleet.settled().await;
    fleet.telegram.fail("webhook", Fault::Hang.after_effect(), 10);
    crowd.ask(10);
    fleet.settled().await;
    assert_eq!(crowd.answers(), 10);
}

async fn fleet_of(size: usize) {
    let (Some(redis), Some(database)) = (crash::redis(), databases::postgres().await) else { return };
    let mut fleet = Fleet::start(size, &database.url, &redis).await;
    let numbers = i64::from(std::process::id()) * 1_000 + i64::try_from(size).expect("few") * 200;
    let group = Group::new(&fleet).await;
    a_setting_is_seen_by_all(&fleet, &group).await;
    a_demotion_is_seen_by_all(&fleet, &group).await;
    a_proof_is_good_everywhere(&fleet, &group).await;
    a_job_runs_on_one(&fleet, &group, &database.url).await;
    copies_are_recognised_elsewhere(&fleet, numbers).await;
    one_is_killed(&mut fleet, numbers + 100).await;
    assert_eq!(fleet.telegram.faults_seen(), Vec::<String>::new());
    for bot in fleet.bots.iter_mut().skip(1) {
        let status = bot.running.terminate(LIMIT).await.expect("it leaves");
        assert_eq!(status.code(), Some(0), "{}", bot.program.stderr());
    }
    until(LIMIT, "the end of the first", || fleet.bots[0].running.has_ended().is_ok_and(|end| end.is_some()))
        .await
        .expect("it was killed");
}

#[tokio::test]
async fn two_are_as_one() {
    fleet_of(2).await;
}

#[tokio::test]
async fn four_are_as_one() {
    fleet_of(4).await;
}
