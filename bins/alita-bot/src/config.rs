//! The configuration: environment variables under the original bot's names, all problems told at once.
//!
//! `variables` declares every one of them; the reading, `check-config`, the example file and the page of the book
//! follow from the declarations.

mod env;
mod read;
mod reader;
pub(crate) mod reference;
mod retired;
mod supervisor;
#[cfg(test)]
mod tests;
mod values;
mod variable;
mod variables;

use std::future::Future;
use std::net::SocketAddr;
use std::process::ExitCode;

pub(crate) use env::{Env, Source};
pub(crate) use reader::{Problem, Shown};
pub(crate) use supervisor::Supervisor;
pub(crate) use values::{ActivityPlace, Config, Origin, RedisPlace};
pub(crate) use variables::THEMES;

/// Where the HTTP server listens, whatever else is wrong with the configuration.
///
/// # Errors
///
/// What is wrong with `HTTP_BIND` and `HTTP_PORT`.
pub(crate) fn http_place(env: &Env) -> Result<SocketAddr, Vec<Problem>> {
    let mut reader = reader::Reader::new(env);
    let place = read::http(&mut reader);
    if reader.problems.is_empty() { Ok(place) } else { Err(reader.problems) }
}

/// Runs with the configuration, or says everything that is wrong with it and ends with 1.
pub(crate) async fn or_complain<F, Fut>(config: Result<Config, Vec<Problem>>, run: F) -> ExitCode
where
    F: FnOnce(Config) -> Fut,
    Fut: Future<Output = ExitCode>,
{
    match config {
        Ok(config) => run(config).await,
        Err(problems) => {
            complain(&problems);
            ExitCode::from(1)
        }
    }
}

/// Says everything that is wrong, one line a variable.
pub(crate) fn complain(problems: &[Problem]) {
    eprintln!("The configuration has {} problem(s):", problems.len());
    for problem in problems {
        eprintln!("  {problem}");
    }
    if problems.iter().any(|problem| problem.variable == "BOT_TOKEN") {
        eprintln!(
            "Get a token from @BotFather and set BOT_TOKEN. `cargo xtask demo` shows the bot without one."
        );
    }
}
