//! How often memory is asked for, and for how much, while an update is read and while it is handled.
//!
//! The whole bot runs in this one thread, with logs and metrics as the binary has them, and only this thread is
//! counted: the fake Telegram has a thread of its own, and so has SQLite. Updates are handed in one after the other
//! where the dispatcher takes them, so how they came (HTTP, the batch of a poll) is not in it. Growing something that
//! is there counts as asking for all of it anew.
//!
//! Each figure is a line of JSON on standard output; `cargo xtask bench` puts them into its table.
#![expect(clippy::print_stdout, reason = "it measures for another program")]

#[path = "../tests/support/mod.rs"]
mod support;

use alita_model::{ChatId, MessageId, UserId};
use alita_monitoring::{LogConfig, Metrics, Redactor, logs};
use alita_runtime::Clock;
use alita_telegram::{Delivery, read_update};
use alita_testkit::transcript::Bot;
use alita_testkit::{FakeTelegram, Member, NewChat, NewUser, Speaker};
use allocation_counter::AllocationInfo;
use tokio::runtime::{Builder, Runtime};

use crate::support::TestBot;

const GROUPS: usize = 10;
const SPEAKERS: usize = 10;

/// So many updates of each kind are counted.
const UPDATES: usize = 2_000;

/// Groups in which links are locked and a note is saved, and everybody has been heard.
struct Groups {
    telegram: FakeTelegram,
    chats: Vec<ChatId>,
    speakers: Vec<UserId>,
    said: usize,
}

impl Groups {
    fn new(telegram: &FakeTelegram) -> Self {
        let user = |name: String| telegram.add_user(NewUser::named(name));
        let owner = user("Olga".to_owned());
        let speakers: Vec<_> = (0..SPEAKERS).map(|number| user(format!("Speaker {number}"))).collect();
        let chat = |number| {
            let chat = telegram.add_chat(NewChat::supergroup(format!("Group {number}")));
            telegram.set_member(chat, owner, Member::owner());
            telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
            for speaker in &speakers {
                telegram.set_member(chat, *speaker, Member::member());
            }
            for command in ["/lock url sticker", "/save welcome Be kind."] {
                telegram.say(chat, Speaker::User(owner), command);
            }
            chat
        };
        Self { telegram: telegram.clone(), chats: (0..GROUPS).map(chat).collect(), speakers, said: 0 }
    }

    /// The next person in the next group says it.
    fn say(&mut self, text: &str) -> (ChatId, MessageId) {
        let chat = self.chats[self.said % GROUPS];
        let speaker = self.speakers[self.said / GROUPS % SPEAKERS];
        self.said += 1;
        (chat, self.telegram.say(chat, Speaker::User(speaker), text))
    }

    /// So many updates as they stand in Telegram's answers.
    fn updates(&mut self, text: &str, count: usize) -> Vec<String> {
        let update = |_| {
            let (chat, message) = self.say(text);
            let message = self.telegram.message(chat, message).expect("it was just said");
            format!(r#"{{"update_id":{},"message":{message}}}"#, 500_000_000 + self.said)
        };
        (0..count).map(update).collect()
    }
}

/// Reads them, and has them handled one after the other: what the reading asked for, and what the handling.
fn count(runtime: &Runtime, bot: &TestBot, updates: &[String]) -> (AllocationInfo, AllocationInfo) {
    let mut read = Vec::with_capacity(updates.len());
    let reading = allocation_counter::measure(|| {
        read.extend(updates.iter().map(|json| read_update(json.as_bytes()).expect("an update")));
    });
    let handling = allocation_counter::measure(|| {
        runtime.block_on(async {
            for update in read {
                let (delivery, receipt) = Delivery::with_receipt(update);
                bot.dispatcher.take(delivery);
                assert!(receipt.handled().await, "an update was not handled");
            }
        });
    });
    (reading, handling)
}

fn tell(what: &str, updates: usize, counted: AllocationInfo) {
    let figures = [("allocations", counted.count_total, ""), ("bytes", counted.bytes_total, "bytes")];
    for (figure, total, unit) in figures {
        let value = total as f64 / updates as f64;
        let line = serde_json::json!({"name": format!("{what}, {figure}"), "value": value, "unit": unit});
        println!("{line}");
    }
}

fn main() {
    let updates = if std::env::args().any(|arg| arg == "--quick") { 100 } else { UPDATES };
    let clock = Clock::system();
    logs::install(&LogConfig::new(clock.clone()), &Redactor::new()).expect("nobody else logs");
    let _metrics = Metrics::install(clock.clone()).expect("nobody else counts");
    let beside = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let telegram = beside.block_on(FakeTelegram::start(clock.clone()));
    telegram.pause_log(true);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut bot = runtime.block_on(TestBot::start(telegram.clone(), clock));

    let mut groups = Groups::new(&telegram);
    for _ in 0..GROUPS * SPEAKERS {
        groups.say("Good morning!");
        groups.say("/id");
    }
    runtime.block_on(async {
        let settled = tokio::time::timeout(support::LIMIT, telegram.settled()).await;
        settled.expect("everything that was said is handled");
        // From here on updates are handed in.
        bot.leave().await;
    });

    let plain = "I had tea at the station today, and the cake was better than ever. How about you?";
    for (what, text) in [("a plain message", plain), ("a command with a reply", "/id")] {
        // The first ones fill what is still cold.
        let warm_up = groups.updates(text, GROUPS * SPEAKERS);
        count(&runtime, &bot, &warm_up);
        let texts = groups.updates(text, updates);
        let (queries, calls) = (bot.db.queries(), telegram.call_counts());
        let (reading, handling) = count(&runtime, &bot, &texts);
        if text == plain {
            assert_eq!(telegram.call_counts(), calls, "a plain message is answered, so it is none");
            assert!(bot.db.queries() - queries < 100, "the groups are not warm");
            tell("reading a plain message", updates, reading);
        }
        tell(&format!("handling {what}"), updates, handling);
    }
    runtime.block_on(bot.handling.close(std::time::Duration::ZERO));
}
