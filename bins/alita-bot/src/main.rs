//! Alita: a Telegram group-management bot in one binary. The roles are subcommands.

mod activity;
mod check;
mod cli;
mod compose;
mod config;
mod health;
mod jobs;
mod migrate;
mod run;
mod send_log;

use std::process::ExitCode;

use crate::cli::Role;
use crate::config::{Config, Env};

#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
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
