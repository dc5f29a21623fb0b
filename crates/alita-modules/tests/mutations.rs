//! A hundred thousand odd updates through the whole bot: none makes it panic, and every one is confirmed.
//!
//! They travel as Telegram's do: a server hands them out in batches, the bot polls, reads, dispatches, and confirms.
//! A run is made from one number. A failure prints it and the update; `ALITA_MUTATION_SEED` plays that run again, and
//! `ALITA_MUTATIONS` sets how many there are.

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use alita_runtime::{Clock, origin};
use alita_testkit::mutation::Mutator;
use alita_testkit::transcript::{Bot, start_of_time};
use alita_testkit::{FakeTelegram, recorded};
use serde_json::{Value, json};

use crate::support::TestBot;

/// So many updates by default.
const UPDATES: u64 = 100_000;
/// So many are on their way at once; the bot's work on them is waited for before the next come.
const ROUND: u64 = 500;
/// The number of the first update.
const FIRST: i64 = 200_000_000;
/// How long a round may take on a machine that does much else.
const LIMIT: Duration = Duration::from_secs(120);

/// What was said by threads that panicked, each with the update in whose name it worked.
type Panics = Arc<Mutex<Vec<(Option<i64>, String)>>>;

/// The default panic hook is silenced: a panic is a result here, and is told with its update.
fn count_panics() -> Panics {
    let panics = Panics::default();
    let seen = Arc::clone(&panics);
    std::panic::set_hook(Box::new(move |info| {
        let trace = std::backtrace::Backtrace::force_capture();
        let ours: Vec<String> = trace
            .to_string()
            .lines()
            .filter(|line| line.contains("crates/alita"))
            .map(str::to_owned)
            .collect();
        let (update, said) = (origin::current(), format!("{info}\n{}", ours.join("\n")));
        if update.is_none() {
            // Perhaps it is the test itself that fails.
            eprintln!("{said}");
        }
        seen.lock().unwrap_or_else(PoisonError::into_inner).push((update, said));
    }));
    panics
}

/// All commands with arguments that make sense and with some that do not.
fn texts(bot: &TestBot) -> Vec<String> {
    let names = bot.dispatcher.router().commands().iter().flat_map(|command| command.names());
    let arguments = [
        "",
        " 102",
        " @mallory spam",
        " 103 2h because",
        " 102 999999999999w",
        " url sticker",
        " on",
        " 3",
        " -1",
        " \"two words\" {first} [x](buttonurl://https://x.example)",
        " name **bold** <b>&amp;</b> %%% ```",
        " \u{202E}😀\u{0} 99999999999999999999",
    ];
    names.flat_map(|name| arguments.map(|argument| format!("/{name}{argument}"))).collect()
}

/// Where the updates of a run come from.
struct Mutants {
    seed: u64,
    texts: Vec<String>,
    originals: Vec<Value>,
}

impl Mutants {
    fn make(&self, number: u64) -> String {
        let mut mutator = Mutator::new(self.seed.wrapping_add(number)).with_texts(&self.texts);
        let original =
            &self.originals[usize::try_from(number).expect("a small number") % self.originals.len()];
        let id = FIRST + i64::try_from(number).expect("a small number");
        mutator.mutate(original, &self.originals, id)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_makes_it_panic_and_every_one_is_confirmed() {
    let seed = variable("ALITA_MUTATION_SEED").unwrap_or(20_260_105);
    let count = variable("ALITA_MUTATIONS").unwrap_or(UPDATES);
    let clock = Clock::manual(start_of_time());
    let telegram = FakeTelegram::start(clock.clone()).await;
    telegram.pause_log(true);
    recorded::people_and_chats(&telegram);
    let mut bot = TestBot::start(telegram.clone(), clock.clone()).await;
    let texts = texts(&bot);
    let originals: Vec<Value> = recorded::updates().into_iter().map(|recorded| recorded.update).collect();
    // First everything as it is: whatever is remembered of these people and chats is remembered now.
    for original in &originals {
        let mut original = original.clone();
        original.as_object_mut().expect("an object").remove("update_id");
        telegram.raw_update(original);
    }
    bot.handled().await;

    let panics = count_panics();
    let mutants = Arc::new(Mutants { seed, texts, originals });
    let make = |number: u64| {
        let mutants = Arc::clone(&mutants);
        tokio::task::spawn_blocking(move || {
            let texts = (number..(number + ROUND).min(count)).map(|number| mutants.make(number));
            texts.collect::<Vec<String>>()
        })
    };
    let (mut number, mut looked_at, mut readable) = (0, 0_u64, 0_u64);
    let mut next = make(number);
    while number < count {
        let texts = next.await.expect("mutations are made");
        for text in &texts {
            telegram.raw_update_text(text);
        }
        for text in texts.iter().step_by(10) {
            looked_at += 1;
            readable += u64::from(alita_telegram::read_update(text.as_bytes()).is_ok());
        }
        number = (number + ROUND).min(count);
        // The next round is made while the bot works on this one.
        next = make(number);
        let round = tokio::time::timeout(LIMIT, bot.handled()).await;
        let panicked = panics.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !panicked.is_empty() || round.is_err() {
            let _ours = std::panic::take_hook();
        }
        if let Some((id, said)) = panicked.first() {
            let text = id.and_then(|id| u64::try_from(id - FIRST).ok()).map(|number| mutants.make(number));
            panic!("seed {seed}, update {id:?}: {said}\n{}", text.unwrap_or_default());
        }
        assert!(
            round.is_ok(),
            "seed {seed}: {} before {number} were never confirmed",
            telegram.unconfirmed()
        );
        recorded::everybody_in_their_place(&telegram);
        // What rests for some seconds after a refusal is done again, and what sleeps wakes up.
        clock.advance(Duration::from_secs(7));
    }
    assert!(
        readable * 3 > looked_at,
        "only {readable} of {looked_at} could be read: the mutations are too wild"
    );

    let _ours = std::panic::take_hook();
    let calls = bot.calls();
    // It is as well as before.
    telegram.pause_log(false);
    telegram.forget_calls();
    let person = json!({"id": 101, "is_bot": false, "first_name": "Ada"});
    let chat = json!({"id": 101, "type": "private", "first_name": "Ada"});
    telegram.raw_update(
        json!({"message": {"message_id": 5_000, "date": 1, "from": person, "chat": chat, "text": "/id"}}),
    );
    bot.handled().await;
    assert_eq!(telegram.calls_of("sendMessage").len(), 1);
    bot.leave().await;
    eprintln!("{count} updates of seed {seed}, {readable} of every {looked_at} readable; calls: {calls:?}");
    assert_eq!(faults(&telegram), BTreeMap::new());
}

/// What a strict Telegram found wrong with the bot's calls, and how often.
fn faults(telegram: &FakeTelegram) -> BTreeMap<String, usize> {
    let mut faults = BTreeMap::new();
    for fault in telegram.faults_seen() {
        *faults.entry(fault).or_default() += 1;
    }
    faults
}

#[expect(clippy::disallowed_methods, reason = "whoever plays a failed run again says so in the environment")]
fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}
