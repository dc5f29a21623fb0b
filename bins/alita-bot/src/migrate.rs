//! `migrate`: the schema of the database, up, down, or looked at.

use std::process::ExitCode;

use alita_cache::Cache;
use alita_db::{Db, DbConfig};
use alita_migrations::{Change, TakenOver};
use alita_runtime::Clock;
use anyhow::Context;
use secrecy::ExposeSecret;

use crate::config::Config;

/// What to do with the schema.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// Print the SQL that would run on this database, and change nothing.
    #[arg(long, global = true)]
    dry_run: bool,
}

#[derive(clap::Subcommand, Clone, Copy)]
enum What {
    /// Apply all pending steps (the default).
    Up,
    /// Take the last steps back. Their data is lost.
    Down {
        /// How many.
        #[arg(default_value_t = 1)]
        steps: u32,
    },
    /// Show all steps and which are applied.
    Status,
    /// Take everything back and apply it again. All data is lost.
    Fresh,
}

impl What {
    /// What is done to the schema; nothing when it is only looked at.
    const fn change(self) -> Option<Change> {
        match self {
            Self::Up => Some(Change::Up(None)),
            Self::Down { steps } => Some(Change::Down(Some(steps))),
            Self::Fresh => Some(Change::Fresh),
            Self::Status => None,
        }
    }
}

/// Carries it out and says what was done.
pub(crate) async fn migrate(config: Config, args: Args) -> ExitCode {
    match open_and_carry_out(&config, &args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(1)
        }
    }
}

async fn open_and_carry_out(config: &Config, args: &Args) -> anyhow::Result<()> {
    let clock = Clock::system();
    let db = DbConfig::new(config.database_url.expose_secret());
    let db = Db::connect(db, Cache::in_memory(clock.clone()), clock).await;
    let db = db.context(config.database_variable())?;
    let outcome = carry_out(&db, args.what.unwrap_or(What::Up), args.dry_run).await;
    db.close().await?;
    outcome
}

#[expect(clippy::print_stdout, reason = "this is what the person asked for")]
async fn carry_out(db: &Db, what: What, is_dry_run: bool) -> anyhow::Result<()> {
    let connection = db.connection();
    let Some(change) = what.change() else {
        for step in alita_migrations::status(connection).await? {
            println!("{} {}", if step.is_applied { "applied" } else { "pending" }, step.name);
        }
        return Ok(());
    };
    if is_dry_run {
        for sql in alita_migrations::preview(connection, change).await? {
            println!("{sql};");
        }
        println!("-- This is what would run. Nothing was changed.");
        return Ok(());
    }
    let (done, outcome) = match change {
        Change::Up(steps) => ("applied", alita_migrations::up(connection, steps).await?),
        Change::Down(steps) => ("taken back", alita_migrations::down(connection, steps).await?),
        Change::Fresh => ("applied afresh", alita_migrations::fresh(connection).await?),
    };
    for name in &outcome.steps {
        println!("{done}: {name}");
    }
    for TakenOver { table, rows, of, .. } in &outcome.taken_over {
        println!("taken over from the Go bot: {table}, {rows} of {of}");
    }
    if outcome.steps.is_empty() {
        println!("There was nothing to do.");
    }
    Ok(())
}
