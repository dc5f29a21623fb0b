//! What is measured, in groups that talk, and the Telegram that feeds it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use alita_runtime::Clock;
use alita_testkit::FakeTelegram;
use alita_testkit::process::Program;

use crate::Failure;
use crate::fleet::{Fleet, LIMIT};
use crate::groups::Groups;
use crate::load::Load;
use crate::percentile::Percentiles;
use crate::setting::{Setting, Way};

/// So many rounds of each load are measured.
const ROUNDS: usize = 8;

/// So many people wait for an answer, one after the other.
const WAITS: usize = 500;

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
    /// Questions to Redis for each update.
    pub(crate) redis_each: f64,
    /// Statements to the database for each update.
    pub(crate) sql_each: f64,
    /// How long the requests of the webhook took; nothing by polling.
    pub(crate) requests: Option<Percentiles>,
}

/// KiB of memory: when the talking began, in the middle, and at its end.
pub(crate) struct Talked {
    pub(crate) before: Option<u64>,
    pub(crate) halfway: Option<u64>,
    pub(crate) after: Option<u64>,
}

/// A bot that runs, in groups that talk.
pub(crate) struct Stage {
    telegram: FakeTelegram,
    groups: Groups,
    fleet: Fleet,
    is_quick: bool,
}

/// How many plain messages a second the sink reads.
pub(crate) async fn sink(way: Way, is_quick: bool) -> Result<f64, Failure> {
    let (telegram, groups) = world(0, is_quick).await;
    let folder = tempfile::tempdir()?;
    let address = format!("{}/bot{}", telegram.base_url(), FakeTelegram::TOKEN);
    let me: PathBuf = std::env::current_exe()?;
    let mut program = Program::new(me, folder.path()).arg("--sink").arg(address);
    if way == Way::Webhook {
        let port = program.port().to_string();
        program = program.arg("--listen").arg(port);
    }
    let fleet = Fleet::of_one(program)?;
    let mut stage = Stage { telegram, groups, fleet, is_quick };
    Ok(stage.carry(Load::Plain).await?.rate)
}

impl Stage {
    /// Starts the bots, and waits until they are up. Each stage of a run has a number of its own.
    pub(crate) async fn open(
        bot: &Path,
        folder: &Path,
        setting: &Setting,
        (number, is_quick): (u8, bool),
    ) -> Result<Self, Failure> {
        let (telegram, groups) = world(number, is_quick).await;
        let fleet = Fleet::of_bots(bot, folder, setting, &telegram).await?;
        Ok(Self { telegram, groups, fleet, is_quick })
    }

    pub(crate) fn resident(&self) -> Option<u64> {
        self.fleet.resident()
    }

    /// In each group links are locked and a note is saved.
    pub(crate) async fn settle_in(&mut self) -> Result<(), Failure> {
        self.groups.settle_in();
        self.handled().await?;
        if calls(&self.telegram) < self.groups.len() as u64 {
            return Err(format!("the groups could not be set up; the log:\n{}", self.fleet.logs()).into());
        }
        Ok(())
    }

    /// Lets people do it, round after round; the first round warms up and does not count. Of several bots each is
    /// warmed up, for a bot that has not heard somebody yet has to look them up.
    pub(crate) async fn carry(&mut self, load: Load) -> Result<Figures, Failure> {
        let (rounds, round) = if self.is_quick { (1, 100) } else { (ROUNDS, load.round()) };
        let bots = self.fleet.addresses();
        for bot in &bots {
            self.telegram.webhook_targets(std::slice::from_ref(bot));
            self.groups.act(load, round);
            self.handled().await?;
        }
        self.telegram.webhook_targets(&bots);
        self.telegram.forget_calls();
        let counts = self.fleet.counts().await?;
        let cpu = self.fleet.cpu_time();
        let (mut time, mut requests) = (Duration::ZERO, Vec::new());
        for _ in 0..rounds {
            self.fleet.signal("STOP").await?;
            self.groups.act(load, round);
            if self.telegram.unconfirmed() < round {
                return Err("the process did not stand still, so there is nothing to measure".into());
            }
            let _before = self.telegram.webhook_waits();
            let began = Instant::now();
            self.fleet.signal("CONT").await?;
            self.handled().await?;
            time += began.elapsed();
            requests.extend(self.telegram.webhook_waits());
        }
        let updates = (rounds * round) as f64;
        let cpu = self.fleet.cpu_time().zip(cpu).map(|(after, before)| after.saturating_sub(before));
        let counted = self.fleet.counts().await?.zip(counts);
        if let Some((after, before)) = counted
            && after.updates - before.updates < updates
        {
            return Err(format!("only {} of {updates} were handled", after.updates - before.updates).into());
        }
        let polls = self.telegram.call_counts().get("getUpdates").copied().unwrap_or_default();
        Ok(Figures {
            rate: updates / time.as_secs_f64(),
            cpu_each: cpu.map_or(f64::NAN, |cpu| cpu.as_secs_f64() * 1e6 / updates),
            calls_each: calls(&self.telegram) as f64 / updates,
            batch: updates / polls as f64,
            redis_each: counted.map_or(f64::NAN, |(after, before)| (after.redis - before.redis) / updates),
            sql_each: counted.map_or(f64::NAN, |(after, before)| (after.sql - before.sql) / updates),
            requests: Percentiles::of(requests),
        })
    }

    /// One person after the other asks, and waits for the answer.
    pub(crate) async fn waits(&mut self) -> Result<Percentiles, Failure> {
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
            waits.push(began.elapsed());
        }
        Percentiles::of(waits).ok_or_else(|| "nobody waited".into())
    }

    /// One message in each of so many groups, most of them new.
    pub(crate) async fn greet_everywhere(&mut self, chats: usize) -> Result<(), Failure> {
        self.groups.greet_everywhere(chats);
        self.handled().await
    }

    /// People talk without a pause in the first groups.
    pub(crate) async fn talk(&mut self, minutes: f64) -> Result<Talked, Failure> {
        let half = Duration::from_secs_f64(minutes * 30.0);
        let before = self.resident();
        self.talk_for(half).await?;
        let halfway = self.resident();
        self.talk_for(half).await?;
        Ok(Talked { before, halfway, after: self.resident() })
    }

    async fn talk_for(&mut self, time: Duration) -> Result<(), Failure> {
        let began = Instant::now();
        let round = if self.is_quick { 100 } else { Load::Plain.round() };
        while began.elapsed() < time {
            self.groups.act(Load::Plain, round);
            self.handled().await?;
        }
        Ok(())
    }

    /// Stops the bots.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        self.fleet.close().await
    }

    async fn handled(&mut self) -> Result<(), Failure> {
        tokio::select! {
            () = self.telegram.settled() => Ok(()),
            ended = self.fleet.ended() => {
                Err(format!("it ended, or took too long: {ended}; the log:\n{}", self.fleet.logs()).into())
            }
        }
    }
}

/// A Telegram whose updates and groups have other numbers than those of another stage or of another run: a Redis and a
/// database remember what they have seen.
async fn world(number: u8, is_quick: bool) -> (FakeTelegram, Groups) {
    /// More updates than one stage makes.
    const A_STAGE: i64 = 10_000_000;
    /// Telegram: an update's number has 32 bits.
    const RUNS: u32 = 64;
    const A_RUN: i64 = 6 * A_STAGE;
    let telegram = FakeTelegram::start(Clock::system()).await;
    telegram.pause_log(true);
    let run = i64::from(std::process::id() % RUNS) * A_RUN;
    telegram.set_next_update_id(100_000_001 + run + i64::from(number) * A_STAGE);
    let groups = Groups::new(&telegram, -1_001_000_000_000 - i64::from(number) * 1_000_000, is_quick);
    (telegram, groups)
}

/// All calls but those that fetch updates.
fn calls(telegram: &FakeTelegram) -> u64 {
    telegram.call_counts().iter().filter(|(method, _)| *method != "getUpdates").map(|(_, count)| count).sum()
}

fn answers(telegram: &FakeTelegram) -> u64 {
    telegram.call_counts().get("sendMessage").copied().unwrap_or_default()
}
