//! `jobs`: what is to happen later, and what failed for good, for the operator.

use std::fmt;
use std::process::ExitCode;

use alita_cache::Cache;
use alita_db::{Db, DbConfig, JobState, Retry, StoredJob};
use alita_runtime::Clock;
use alita_runtime::jobs::JobId;
use anyhow::{Context, bail};
use secrecy::ExposeSecret;

use crate::config::Config;

/// So many jobs are shown at most.
const SHOWN: u64 = 200;

/// What to do with the jobs. The bot may be running meanwhile.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Show the jobs in the order in which they are due (the default).
    List {
        /// Only those that failed for good.
        #[arg(long)]
        dead: bool,
    },
    /// Make a job due now, with all its attempts before it. Exits with 1 when there is no such job.
    Retry {
        /// The number of the job, or `all` for all that failed for good.
        #[arg(value_name = "ID|all")]
        which: Which,
    },
    /// Delete a job for good. Exits with 1 when there is no such job.
    Discard {
        /// The number of the job.
        id: JobId,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    All,
    One(JobId),
}

impl std::str::FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(Self::All),
            _ => text.parse().map(Self::One).map_err(|_| "give the number of a job, or `all`".to_owned()),
        }
    }
}

/// Carries it out and says what was done.
pub(crate) async fn jobs(config: Config, args: Args) -> ExitCode {
    match carry_out(&config, args.what.unwrap_or(What::List { dead: false })).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(1)
        }
    }
}

async fn carry_out(config: &Config, what: What) -> anyhow::Result<()> {
    let clock = Clock::system();
    let db = DbConfig::new(config.database_url.expose_secret());
    let db = Db::connect(db, Cache::in_memory(clock.clone()), clock).await;
    let db = db.context(config.database_variable())?;
    if !alita_migrations::pending(db.connection()).await?.is_empty() {
        bail!("the schema is not up to date: start the bot once, or run `alita-bot migrate`");
    }
    let outcome = match what {
        What::List { dead } => list(&db, dead).await,
        What::Retry { which: Which::All } => retry_all(&db).await,
        What::Retry { which: Which::One(id) } => retry(&db, id).await,
        What::Discard { id } => discard(&db, id).await,
    };
    db.close().await?;
    outcome
}

#[expect(clippy::print_stdout, reason = "this is what the person asked for")]
async fn list(db: &Db, is_only_dead: bool) -> anyhow::Result<()> {
    // One more than is shown tells whether there are more.
    let jobs = db.jobs();
    let found = if is_only_dead { jobs.dead(SHOWN + 1).await? } else { jobs.all(SHOWN + 1).await? };
    if found.is_empty() {
        println!("There are no {}jobs.", if is_only_dead { "dead " } else { "" });
        return Ok(());
    }
    println!("{:<10} {:<8} {:<20} {:<20} {:>5}  CHAT", "ID", "STATE", "DUE (UTC)", "NAME", "TRIES");
    let shown = usize::try_from(SHOWN).unwrap_or(usize::MAX);
    for job in found.iter().take(shown) {
        println!("{}", Line(job));
    }
    if found.len() > shown {
        println!("There are more; these are the first {shown}.");
    }
    Ok(())
}

/// A job as a line, and why it failed in a second one.
struct Line<'a>(&'a StoredJob);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(job) = self;
        let state = match job.state {
            JobState::Waiting => "waiting",
            JobState::Running => "running",
            JobState::Dead => "dead",
            _ => "?",
        };
        let due = job.due.format("%Y-%m-%d %H:%M:%S");
        let chat = job.chat.map_or_else(|| "-".to_owned(), |chat| chat.to_string());
        write!(f, "{:<10} {state:<8} {due:<20} {:<20} {:>5}  {chat}", job.id.get(), job.name, job.attempts)?;
        match &job.last_error {
            // What was stored may come from anywhere, so it keeps to its line.
            Some(why) => write!(f, "\n           {}", why.replace(char::is_control, " ")),
            None => Ok(()),
        }
    }
}

#[expect(clippy::print_stdout, reason = "this is what the person asked for")]
async fn retry(db: &Db, id: JobId) -> anyhow::Result<()> {
    match db.jobs().retry(id).await? {
        Retry::Due => println!("Job {id} is due now."),
        Retry::Running => bail!("job {id} is running at this moment"),
        Retry::Superseded => bail!("another job for the same purpose is waiting, so job {id} stays as it is"),
        _ => bail!("there is no job {id}"),
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what the person asked for")]
async fn retry_all(db: &Db) -> anyhow::Result<()> {
    match db.jobs().retry_dead().await? {
        0 => println!("There was nothing to try again."),
        1 => println!("1 job is due now."),
        many => println!("{many} jobs are due now."),
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what the person asked for")]
async fn discard(db: &Db, id: JobId) -> anyhow::Result<()> {
    if !db.jobs().discard(id).await? {
        bail!("there is no job {id}");
    }
    println!("Job {id} is gone.");
    Ok(())
}
