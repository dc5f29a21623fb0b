//! What the bot costs: messages a second beside a sink that only reads them, how long people wait for an answer,
//! processor time, questions to the servers behind it, allocations, memory, and what ten thousand keywords cost; alone
//! and as one of several, asking for updates and being sent them.
//!
//! Bot and sink are processes of their own, fed by the same fake Telegram with the same messages. While messages are
//! written the process stands still (`SIGSTOP`), so that writing them costs it nothing; what is measured is the time
//! from its release until Telegram has heard that everything was handled.
#![expect(clippy::print_stdout, reason = "it measures for somebody who reads")]

mod allocations;
mod fleet;
mod groups;
mod keywords;
mod load;
mod measure;
mod percentile;
mod report;
mod setting;
mod sink;
mod stage;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use crate::report::Report;
use crate::setting::{Place, Setting, Way};

type Failure = Box<dyn Error>;

/// Measures the bot.
#[derive(Parser)]
struct Options {
    /// The program `alita-bot`.
    #[arg(long, required_unless_present = "sink")]
    bot: Option<PathBuf>,
    /// Be the sink that the bot is compared with.
    #[arg(long, hide = true)]
    sink: Option<String>,
    /// As a sink, be called at this port instead of asking.
    #[arg(long, hide = true)]
    listen: Option<u16>,
    /// Measure little, to see that it works; the figures mean nothing.
    #[arg(long)]
    quick: bool,
    /// Only these parts.
    #[arg(long)]
    only: Vec<Part>,
    /// Write the figures here, too, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Let people talk for so many minutes before memory is looked at once more.
    #[arg(long, default_value_t = 0.0)]
    minutes: f64,
    /// The program that counts allocations.
    #[arg(long)]
    allocations: Option<PathBuf>,
    /// A PostgreSQL that nobody else uses, for everything that is shared.
    #[arg(long, env = "ALITA_TEST_POSTGRES_URL")]
    postgres: Option<String>,
    /// A Redis, for everything that is shared.
    #[arg(long, env = "ALITA_TEST_REDIS_URL")]
    redis: Option<String>,
}

/// What can be measured alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// One bot that polls, with its embedded database.
    Sqlite,
    /// One bot that polls, with PostgreSQL and Redis.
    Shared,
    /// One bot behind a webhook, with either.
    Webhook,
    /// Two and four bots behind one webhook, with PostgreSQL and Redis.
    Instances,
    /// How often memory is asked for.
    Allocations,
    /// The matcher of keywords alone.
    Keywords,
}

impl Options {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let done = match (&options.sink, &options.bot) {
        (Some(address), _) => sink::run(address, options.listen).await,
        (None, Some(bot)) => match std::path::absolute(bot) {
            Ok(bot) => bench(&options, bot).await,
            Err(error) => Err(error.into()),
        },
        (None, None) => Err("there is no bot to measure".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn bench(options: &Options, bot: PathBuf) -> Result<(), Failure> {
    let mut report = Report::new();
    let settings = settings(options);
    let mut bench = measure::Bench::new(bot, options.quick, options.minutes);
    for setting in &settings {
        bench.measure(setting, &mut report).await?;
    }
    if options.wants(Part::Allocations) {
        match &options.allocations {
            Some(program) => allocations::measure(program, options.quick, &mut report).await?,
            None => println!("left out: allocations, for the program that counts them was not said"),
        }
    }
    if options.wants(Part::Keywords) {
        keywords::measure(options.quick, &mut report)?;
    }
    if let Some(path) = &options.json {
        std::fs::write(path, report.json()?)?;
    }
    Ok(())
}

/// How the bot is run, in turn.
fn settings(options: &Options) -> Vec<Setting> {
    let mut settings = Vec::new();
    if options.wants(Part::Sqlite) {
        settings.push(Setting::new("sqlite", Place::Sqlite, Way::Polling));
    }
    if options.wants(Part::Webhook) {
        settings.push(Setting::new("sqlite webhook", Place::Sqlite, Way::Webhook));
    }
    let (Some(postgres), Some(redis)) = (&options.postgres, &options.redis) else {
        if [Part::Shared, Part::Webhook, Part::Instances].iter().any(|part| options.wants(*part)) {
            println!("left out: PostgreSQL and Redis, for their addresses were not said");
        }
        return settings;
    };
    let shared = || Place::Shared { postgres: postgres.clone(), redis: redis.clone() };
    if options.wants(Part::Shared) {
        settings.push(Setting::new("shared", shared(), Way::Polling));
    }
    if options.wants(Part::Webhook) {
        settings.push(Setting::new("shared webhook", shared(), Way::Webhook));
    }
    if options.wants(Part::Instances) {
        settings.push(Setting::new("two instances", shared(), Way::Webhook).of(2));
        settings.push(Setting::new("four instances", shared(), Way::Webhook).of(4));
    }
    settings
}
