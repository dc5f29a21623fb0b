//! How many plain messages a second pass through the whole bot, beside a sink that only reads them; and how much
//! memory the bot holds.
//!
//! Both are processes of their own, fed by the same fake Telegram with the same messages. While messages are
//! written the process stands still (`SIGSTOP`), so that writing them costs it nothing; what is measured is the time
//! from its release until Telegram has heard that everything was handled.
#![expect(clippy::print_stdout, reason = "it measures for somebody who reads")]

mod groups;
mod sink;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use alita_runtime::Clock;
use alita_testkit::FakeTelegram;
use alita_testkit::process::{Program, Running};

use crate::groups::Groups;

/// What is measured: so many times, so many messages.
const ROUNDS: usize = 8;
const ROUND: usize = 5_000;

/// How many groups the bot knows in the end.
const WARM: usize = 10_000;

/// How long a process may take to handle what was written.
const LIMIT: Duration = Duration::from_secs(300);

type Failure = Box<dyn Error>;

#[tokio::main]
async fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let done = match (args.next().as_deref(), args.next()) {
        (Some("--sink"), Some(address)) => sink::run(&address).await,
        (Some("--bot"), Some(path)) => match std::path::absolute(path) {
            Ok(path) => bench(&path).await,
            Err(error) => Err(error.into()),
        },
        _ => Err("usage: alita-bench --bot <path of the program alita-bot>".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn bench(bot: &Path) -> Result<(), Failure> {
    let sink = of_sink().await?;
    println!("a bare sink                {sink:>9.0} messages/s");
    let folder = tempfile::tempdir()?;
    let bot = of_bot(bot, folder.path()).await?;
    println!("the whole bot              {:>9.0} messages/s", bot.rate);
    println!("ratio                      {:>9.2}", bot.rate / sink);
    println!("Bot API calls a message    {:>9.3}", bot.calls);
    println!("messages a getUpdates      {:>9.1}", bot.batch);
    println!("resident, idle             {:>9.1} MiB", mebibytes(bot.idle));
    println!("resident, {WARM} chats    {:>9.1} MiB", mebibytes(bot.warm));
    Ok(())
}

async fn of_sink() -> Result<f64, Failure> {
    let (telegram, mut groups) = world().await;
    let folder = tempfile::tempdir()?;
    let address = format!("{}/bot{}", telegram.base_url(), FakeTelegram::TOKEN);
    let me: PathBuf = std::env::current_exe()?;
    let mut running = Program::new(me, folder.path()).arg("--sink").arg(address).start()?;
    groups.say(ROUND);
    handled(&telegram, &mut running).await?;
    rate(&telegram, &mut running, &mut groups).await
}

/// What was found out about the bot.
struct Figures {
    rate: f64,
    /// Calls for each plain message, `getUpdates` left out.
    calls: f64,
    /// Messages for each `getUpdates`; a hundred at best.
    batch: f64,
    idle: Option<u64>,
    warm: Option<u64>,
}

async fn of_bot(path: &Path, folder: &Path) -> Result<Figures, Failure> {
    let (telegram, mut groups) = world().await;
    let program = Program::bot(path, folder, &telegram);
    let mut running = program.start()?;
    running.is_up(LIMIT).await?;
    let idle = running.resident_kib();

    groups.settle_in();
    handled(&telegram, &mut running).await?;
    if calls(&telegram) < groups.len() as u64 {
        return Err(format!("the groups could not be set up; the bot's log:\n{}", program.stderr()).into());
    }
    groups.say(ROUND);
    handled(&telegram, &mut running).await?;

    telegram.forget_calls();
    let rate = rate(&telegram, &mut running, &mut groups).await?;
    let counts = telegram.call_counts();
    let polls = counts.get("getUpdates").copied().unwrap_or_default();
    let messages = (ROUNDS * ROUND) as f64;
    let (calls, batch) = (calls(&telegram) as f64 / messages, messages / polls as f64);

    groups.greet_everywhere(WARM);
    handled(&telegram, &mut running).await?;
    let warm = running.resident_kib();
    running.terminate(LIMIT).await?;
    Ok(Figures { rate, calls, batch, idle, warm })
}

async fn world() -> (FakeTelegram, Groups) {
    let telegram = FakeTelegram::start(Clock::system()).await;
    telegram.pause_log(true);
    let groups = Groups::new(&telegram);
    (telegram, groups)
}

async fn rate(telegram: &FakeTelegram, running: &mut Running, groups: &mut Groups) -> Result<f64, Failure> {
    let mut time = Duration::ZERO;
    for _ in 0..ROUNDS {
        running.signal("STOP").await?;
        groups.say(ROUND);
        if telegram.unconfirmed() < ROUND {
            return Err("the process did not stand still, so there is nothing to measure".into());
        }
        let began = Instant::now();
        running.signal("CONT").await?;
        handled(telegram, running).await?;
        time += began.elapsed();
    }
    Ok((ROUNDS * ROUND) as f64 / time.as_secs_f64())
}

async fn handled(telegram: &FakeTelegram, running: &mut Running) -> Result<(), Failure> {
    tokio::select! {
        () = telegram.settled() => Ok(()),
        ended = running.ended(LIMIT) => Err(format!("it ended, or took too long: {ended:?}").into()),
    }
}

/// All calls but those that fetch updates.
fn calls(telegram: &FakeTelegram) -> u64 {
    telegram.call_counts().iter().filter(|(method, _)| *method != "getUpdates").map(|(_, count)| count).sum()
}

/// NaN where the system does not tell.
fn mebibytes(kib: Option<u64>) -> f64 {
    kib.map_or(f64::NAN, |kib| kib as f64 / 1024.0)
}
