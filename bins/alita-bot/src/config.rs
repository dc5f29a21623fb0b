//! The configuration: environment variables under the original bot's names, all problems told at once.

mod env;
mod reader;
mod values;

use std::future::Future;
use std::process::ExitCode;

pub(crate) use env::Env;
pub(crate) use reader::Problem;
#[allow(unused_imports, reason = "each part takes its own when it is joined")]
pub(crate) use values::{
    ActivityPlace, Config, Origin, PoolPlace, RedisPlace, TracesPlace, Watching, WebhookPlace,
};

/// The port of the HTTP server, whatever else is wrong with the configuration.
pub(crate) fn http_port(env: &Env) -> u16 {
    values::port(&mut reader::Reader::new(env))
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
