//! `migrate`: the schema of the database, up, down, or looked at.

use std::process::ExitCode;

use alita_cache::Cache;
use alita_db::{Db, DbConfig};
use alita_runtime::Clock;
use anyhow::Context;
use secrecy::ExposeSecret;

use crate::config::Config;

/// What to do with the schema.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(clap::Subcommand)]
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

/// Carries it out and says what was done.
pub(crate) async fn migrate(config: Config, args: Args) -> ExitCode {
    match carry_out(&config, args.what.unwrap_or(What::Up)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(1)
        }
    }
}

#[expect(clippy::print_stdout, reason = "this is what the person asked for")]
async fn carry_out(config: &Config, what: What) -> anyhow::Result<()> {
    let clock = Clock::system();
    let db = DbConfig::new(config.database_url.expose_secret());
    let db = Db::connect(db, Cache::in_memory(clock.clone()), clock).await;
    let db = db.context(config.database_variable())?;
    let connection = db.connection();
    let (done, names) = match what {
        What::Up => ("applied", alita_migrations::up(connection, None).await?),
        What::Down { steps } => ("taken back", alita_migrations::down(connection, Some(steps)).await?),
        What::Fresh => ("applied afresh", alita_migrations::fresh(connection).await?),
        What::Status => {
            for step in alita_migrations::status(connection).await? {
                println!("{} {}", if step.is_applied { "applied" } else { "pending" }, step.name);
            }
            db.close().await?;
            return Ok(());
        }
    };
    for name in &names {
        println!("{done}: {name}");
    }
    if names.is_empty() {
        println!("There was nothing to do.");
    }
    db.close().await?;
    Ok(())
}
