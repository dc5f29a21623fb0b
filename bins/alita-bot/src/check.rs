//! `check-config` and `version`: what can be said without opening anything.

use std::process::ExitCode;

use crate::config::{Config, Env, complain};

/// Prints the version.
#[expect(clippy::print_stdout, reason = "this is what the person asked for")]
pub(crate) fn version() -> ExitCode {
    println!("v{}", env!("CARGO_PKG_VERSION"));
    ExitCode::SUCCESS
}

/// Prints every value with its source, or every problem.
#[expect(clippy::print_stdout, reason = "this is what the person asked for")]
pub(crate) fn config(env: &Env) -> ExitCode {
    match Config::read(env) {
        Ok(config) => {
            for line in &config.shown {
                println!("{:<26} {} ({})", line.variable, line.value, line.source);
            }
            println!("The configuration is fine.");
            ExitCode::SUCCESS
        }
        Err(problems) => {
            complain(&problems);
            ExitCode::from(1)
        }
    }
}
