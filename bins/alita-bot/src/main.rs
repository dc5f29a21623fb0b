//! Alita: a Telegram group-management bot in one binary. The roles are subcommands.

mod check;
mod claims;
mod compose;
mod config;
mod health;
mod migrate;
mod run;
mod send_log;
mod webhook;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Config;

#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A Telegram group-management bot. It is configured through environment variables, or a `.env` file.
#[derive(Parser)]
#[command(name = "alita-bot", version, about, disable_version_flag = false)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// Run the bot until it is told to stop (the default).
    Run,
    /// Bring the database schema up or down, or show where it stands.
    Migrate(migrate::Args),
    /// Check the configuration and show its values, secrets hidden.
    CheckConfig,
    /// Ask the running bot on this machine whether it is well.
    Health,
    /// Print the version.
    Version,
}

#[tokio::main]
async fn main() -> ExitCode {
    let env = config::Env::of_process();
    match Cli::parse().role.unwrap_or(Role::Run) {
        Role::Version => check::version(),
        Role::Health => health::ask(&env).await,
        Role::CheckConfig => check::config(&env),
        Role::Migrate(args) => {
            config::or_complain(Config::read(&env), |config| migrate::migrate(config, args)).await
        }
        Role::Run => config::or_complain(Config::read(&env), run::run).await,
    }
}
