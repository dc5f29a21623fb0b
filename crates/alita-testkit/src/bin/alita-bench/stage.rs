//! A process that is measured, and the Telegram that feeds it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use alita_runtime::Clock;
use alita_testkit::FakeTelegram;
use alita_testkit::process::{Program, Running};

use crate::Failure;
use crate::groups::Groups;
use crate::load::Load;

/// So many rounds of each load are measured.
const ROUNDS: usize = 8;

/// So many people wait for an answer, one after the other.
const WAITS: usize = 500;

/// How long a process may take to handle what was written.
const LIMIT: Duration = Duration::from_secs(300);

/// Where the bot keeps what it knows.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// A file of its own, and its own memory.
    Sqlite,
    /// A PostgreSQL and a Redis.
    Shared { postgres: String, redis: String },
}

impl Place {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Shared { .. } => "shared",
        }
    }
}

/// What one load showed.
pub(crate) struct Figures {
    /// Updates a second.
    pub(crate) rate: f64,
    /// Microseconds of processor time for each update; NaN where the system does not tell.
    pub(crate) cpu_each: f64,
    /// Calls for each update, `getUpdates` left out.
    pub(crate) calls_each: f64,
    /// Updates for each `getUpdates`; a hundred at best.
    pub(crate) batch: f64,
}

/// How long people wait, in milliseconds.
pub(crate) struct Waits {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// A bot that runs, in groups that talk.
pub(crate) struct Stage {
    telegram: FakeTelegram,
    groups: Groups,
    program: Program,
    running: Running,
    is_quick: bool,
}

/// How many plain messages a second the sink reads.
pub(crate) async fn sink(is_quick: bool) -> Result<f64, Failure> {
    let (telegram, groups) = world().await;
    let folder = tempfile::tempdir()?;
    let address = format!("{}/bot{}", telegram.base_url(), FakeTelegram::TOKEN);
    let me: PathBuf = std::env::current_exe()?;
    let program = Program::new(me, folder.path()).arg("--sink").arg(address);
    let running = program.start()?;
    let mut stage = Stage { telegram, groups, program, running, is_quick };
    Ok(stage.carry(Load::Plain).await?.rate)
}

impl Stage {
    /// Starts the bot, and waits until it is up.
    pub(crate) async fn open(
        bot: &Path,
        folder: &Path,
        place: &Place,
        is_quick: bool,
    ) -> Result<Self, Failure> {
        let (telegram, groups) = world().await;
        let mut program = Program::bot(bot, folder, &telegram);
        if let Place::Shared { postgres, redis } = place {
            program =
                program.env("DATABASE_URL", postgres).env("AUTO_MIGRATE", "yes").env("REDIS_URL", redis);
        }
        let mut running = program.start()?;
        running.is_up(LIMIT).await?;
        Ok(Self { telegram, groups, program, running, is_quick })
    }

    pub(crate) fn resident(&self) -> Option<u64> {
        self.running.resident_kib()
    }

    /// In each group links are locked and a note is saved.
    pub(crate) async fn settle_in(&mut self) -> Result<(), Failure> {
        self.groups.settle_in();
        self.handled().await?;
        if calls(&self.telegram) < self.groups.len() as u64 {
            let log = self.program.stderr();
            return Err(format!("the groups could not be set up; the bot's log:\n{log}").into());
        }
        Ok(())
    }

    /// Lets people do it, round after round; the first round warms up and does not count.
    pub(crate) async fn carry(&mut self, load: Load) -> Result<Figures, Failure> {
        let (rounds, round) = if self.is_quick { (1, 50) } else { (ROUNDS, load.round()) };
        self.groups.act(load, round);
        self.handled().await?;
        self.telegram.forget_calls();
        let cpu = self.running.cpu_time();
        let mut time = Duration::ZERO;
        for _ in 0..rounds {
            self.running.signal("STOP").await?;
            self.groups.act(load, round);
            if self.telegram.unconfirmed() < round {
                return Err("the process did not stand still, so there is nothing to measure".into());
            }
            let began = Instant::now();
            self.running.signal("CONT").await?;
            self.handled().await?;
            time += began.elapsed();
        }
        let updates = (rounds * round) as f64;
        let cpu = self.running.cpu_time().zip(cpu).map(|(after, before)| after.saturating_sub(before));
        let polls = self.telegram.call_counts().get("getUpdates").copied().unwrap_or_default();
        Ok(Figures {
            rate: updates / time.as_secs_f64(),
            cpu_each: cpu.map_or(f64::NAN, |cpu| cpu.as_secs_f64() * 1e6 / updates),
            calls_each: calls(&self.telegram) as f64 / updates,
            batch: updates / polls as f64,
        })
    }

    /// One person after the other asks, and waits for the answer.
    pub(crate) async fn waits(&mut self) -> Result<Waits, Failure> {
        let mut waits = Vec::new();
        for _ in 0..if self.is_quick { 10 } else { WAITS } {
            let before = answers(&self.telegram);
            let began = Instant::now();
            self.groups.act(Load::Command, 1);
            while answers(&self.telegram) == before {
                if began.elapsed() > LIMIT {
                    return Err("a question was not answered".into());
                }
                tokio::time::sleep(Duration::from_micros(50)).await;
            }
            waits.push(began.elapsed().as_secs_f64() * 1e3);
        }
        waits.sort_by(f64::total_cmp);
        let at = |percent: usize| waits.get((waits.len() * percent / 100).min(waits.len() - 1)).copied();
        Ok(Waits { p50: at(50).unwrap_or(f64::NAN), p99: at(99).unwrap_or(f64::NAN) })
    }

    /// One message in each of so many groups, most of them new.
    pub(crate) async fn greet_everywhere(&mut self, chats: usize) -> Result<(), Failure> {
        self.groups.greet_everywhere(chats);
        self.handled().await
    }

    /// People talk without a pause.
    pub(crate) async fn talk(&mut self, minutes: u64) -> Result<(), Failure> {
        let until = Instant::now() + Duration::from_secs(minutes * 60);
        while Instant::now() < until {
            self.groups.act(Load::Plain, Load::Plain.round());
            self.handled().await?;
        }
        Ok(())
    }

    /// Stops the bot; one that does not leave in good order was not worth measuring.
    pub(crate) async fn close(mut self) -> Result<(), Failure> {
        let status = self.running.terminate(LIMIT).await?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("the bot left with {status}; its log:\n{}", self.program.stderr()).into())
        }
    }

    async fn handled(&mut self) -> Result<(), Failure> {
        tokio::select! {
            () = self.telegram.settled() => Ok(()),
            ended = self.running.ended(LIMIT) => {
                Err(format!("it ended, or took too long: {ended:?}").into())
            }
        }
    }
}

async fn world() -> (FakeTelegram, Groups) {
    let telegram = FakeTelegram::start(Clock::system()).await;
    telegram.pause_log(true);
    let groups = Groups::new(&telegram);
    (telegram, groups)
}

/// All calls but those that fetch updates.
fn calls(telegram: &FakeTelegram) -> u64 {
    telegram.call_counts().iter().filter(|(method, _)| *method != "getUpdates").map(|(_, count)| count).sum()
}

fn answers(telegram: &FakeTelegram) -> u64 {
    telegram.call_counts().get("sendMessage").copied().unwrap_or_default()
}
