//! Alita: a Telegram group-management bot in one binary. The roles are subcommands.

mod activity;
mod admins;
mod allocator;
mod backlog;
mod check;
mod claims;
mod cli;
mod compose;
mod config;
mod cores;
mod health;
mod jobs;
mod migrate;
mod notices;
mod profiles;
mod run;
mod send_log;
mod supervised;
mod watch;
mod webhook;

use std::process::ExitCode;

use crate::cli::Role;
use crate::config::{Config, Env};

#[tokio::main]
async fn main() -> ExitCode {
    // Before anything reads a secret.
    cores::forbid();
    match cli::role() {
        Role::Version => check::version(),
        Role::Reference { form } => check::reference(form),
        Role::Health => health::ask(&Env::of_process()).await,
        Role::CheckConfig => check::config(&Env::of_process()),
        Role::Migrate(args) => {
            let config = Config::read(&Env::of_process());
            config::or_complain(config, |config| migrate::migrate(config, args)).await
        }
        Role::Jobs(args) => {
            let config = Config::read(&Env::of_process());
            config::or_complain(config, |config| jobs::jobs(config, args)).await
        }
        Role::Run => config::or_complain(Config::read(&Env::of_process()), run::run).await,
    }
}
