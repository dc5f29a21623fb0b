//! What the bot costs: messages a second beside a sink that only reads them, how long people wait for an answer,
//! processor time, memory, and what ten thousand keywords cost.
//!
//! Bot and sink are processes of their own, fed by the same fake Telegram with the same messages. While messages are
//! written the process stands still (`SIGSTOP`), so that writing them costs it nothing; what is measured is the time
//! from its release until Telegram has heard that everything was handled.
#![expect(clippy::print_stdout, reason = "it measures for somebody who reads")]

mod groups;
mod keywords;
mod load;
mod report;
mod sink;
mod stage;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::load::Load;
use crate::report::Report;
use crate::stage::{Place, Stage};

/// How many groups the bot knows in the end, and on the way there.
const CHATS: [usize; 2] = [1_000, 10_000];

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
    /// Measure little, to see that it works; the figures mean nothing.
    #[arg(long)]
    quick: bool,
    /// Only these: `sqlite`, `shared`, `keywords`.
    #[arg(long)]
    only: Vec<String>,
    /// Write the figures here, too, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Let people talk for so many minutes before memory is looked at once more.
    #[arg(long, default_value_t = 0)]
    minutes: u64,
    /// A PostgreSQL that nobody else uses, for `shared`.
    #[arg(long, env = "ALITA_TEST_POSTGRES_URL")]
    postgres: Option<String>,
    /// A Redis, for `shared`.
    #[arg(long, env = "ALITA_TEST_REDIS_URL")]
    redis: Option<String>,
}

impl Options {
    fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == part)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let done = match (&options.sink, &options.bot) {
        (Some(address), _) => sink::run(address).await,
        (None, Some(bot)) => match std::path::absolute(bot) {
            Ok(bot) => bench(&options, &bot).await,
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

async fn bench(options: &Options, bot: &Path) -> Result<(), Failure> {
    let mut report = Report::default();
    let places = places(options);
    if !places.is_empty() {
        let sink = stage::sink(options.quick).await?;
        report.add("bare sink", "plain messages", sink, "/s");
        for place in &places {
            of_bot(options, bot, place, sink, &mut report).await?;
        }
    }
    if options.wants("keywords") {
        keywords::measure(options.quick, &mut report)?;
    }
    if let Some(path) = &options.json {
        std::fs::write(path, report.json()?)?;
    }
    Ok(())
}

/// Where the bot keeps what it knows, in turn.
fn places(options: &Options) -> Vec<Place> {
    let mut places = Vec::new();
    if options.wants("sqlite") {
        places.push(Place::Sqlite);
    }
    if options.wants("shared") {
        match (&options.postgres, &options.redis) {
            (Some(postgres), Some(redis)) => {
                places.push(Place::Shared { postgres: postgres.clone(), redis: redis.clone() });
            }
            _ => println!("left out: PostgreSQL and Redis, for their addresses were not said"),
        }
    }
    places
}

async fn of_bot(
    options: &Options,
    bot: &Path,
    place: &Place,
    sink: f64,
    report: &mut Report,
) -> Result<(), Failure> {
    let name = place.name();
    let folder = tempfile::tempdir()?;
    let mut stage = Stage::open(bot, folder.path(), place, options.quick).await?;
    report.add_memory(name, "resident, idle", stage.resident());
    stage.settle_in().await?;
    for load in Load::ALL {
        let figures = stage.carry(load).await?;
        report.add(name, load.name(), figures.rate, "/s");
        if load == Load::Plain {
            report.add(name, "beside the sink", figures.rate / sink, "");
            report.add(name, "messages a getUpdates", figures.batch, "");
        }
        report.add(name, &format!("{}, processor time each", load.name()), figures.cpu_each, "µs");
        report.add(name, &format!("{}, Bot API calls each", load.name()), figures.calls_each, "");
    }
    let waits = stage.waits().await?;
    report.add(name, "wait for an answer, p50", waits.p50, "ms");
    report.add(name, "wait for an answer, p99", waits.p99, "ms");
    for chats in CHATS.map(|chats| if options.quick { chats / 100 } else { chats }) {
        stage.greet_everywhere(chats).await?;
        report.add_memory(name, &format!("resident, {chats} chats"), stage.resident());
    }
    if options.minutes > 0 {
        stage.talk(options.minutes).await?;
        report.add_memory(name, &format!("resident, after {} minutes", options.minutes), stage.resident());
    }
    stage.close().await
}
