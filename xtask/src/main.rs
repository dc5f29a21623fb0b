#![doc = include_str!("../README.md")]

mod acceptance;
mod cargo;
mod ci;
mod columns;
mod crates;
mod deploy;
mod docs;
mod floors;
mod fuzz;
mod house;
mod install;
mod interrupt;
mod licences;
mod links;
mod locales;
mod metrics;
mod names;
mod postgres;
mod programs;
mod redis;
mod release;
mod schemas;
mod services;
mod summary;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check everything: formatting, clippy, documentation, tidy, locales, the schemas of manifests, what is built alone,
    /// the demo, then all tests.
    ///
    /// Alone are built `alita-permissions`, as strangers have it, and the fuzz targets.
    ///
    /// Warnings of clippy and rustdoc are errors. This is what the build server runs.
    Ci(ci::CiOptions),
    /// Run every test, with a PostgreSQL and a Redis of its own.
    ///
    /// Both listen on free ports of the loopback address, keep nothing, and are stopped at the end. On Debian and
    /// Ubuntu they are installed when they are missing (as root or with sudo); elsewhere it says what to install.
    /// Where `ALITA_TEST_POSTGRES_URL` or `ALITA_TEST_REDIS_URL` is set, that server is used instead.
    Test(test::Options),
    /// Play a day in a group: a fake Telegram and the real bot, as two processes. Needs no token.
    Demo(PassedOn),
    /// Measure what the bot costs, in a release build: rates, waits, processor time, memory, keywords.
    Bench(programs::BenchOptions),
    /// Run the bot's `migrate` command: `up`, `down`, `status`, `fresh`.
    Migrate(PassedOn),
    /// Check the house rules: arrows between crates, licences, names, columns, acceptance examples, metrics, links, deploy,
    /// versions of the fuzz targets.
    Tidy,
    /// Write the files that follow from declarations: the example of the settings, and their page of the book.
    Docs(docs::Options),
    /// Build and pack a release: archive, checksums, bill of materials, notes.
    ///
    /// Refuses a tag that is not the version of the manifest, a tree with changes, and a version without a section in
    /// the changelog.
    Release(release::Options),
    /// Look for texts that nobody uses, and for texts that a language lacks.
    Locales,
}

/// Arguments that are handed on as they are.
#[derive(Args)]
struct PassedOn {
    /// Handed on as they are.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Ci(options) => ci::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Demo(passed) => programs::demo(&passed.args),
        Command::Bench(options) => programs::bench(&options),
        Command::Migrate(passed) => programs::migrate(&passed.args),
        Command::Release(options) => release::run(&options),
        Command::Tidy => tidy::run(),
        Command::Docs(options) => docs::run(&options),
        Command::Locales => locales::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn arguments_are_handed_on_as_they_are() {
        let line = ["cargo xtask", "test", "--no-services", "-p", "alita-db", "--", "--nocapture", "warns"];
        let Command::Test(options) = Cli::parse_from(line).command else { panic!("another command") };
        assert!(options.no_services);
        assert_eq!(options.args, ["-p", "alita-db", "--", "--nocapture", "warns"]);
        let line = ["cargo xtask", "ci", "--no-schemas", "--no-services", "-p", "alita-db"];
        let Command::Ci(options) = Cli::parse_from(line).command else { panic!("another command") };
        assert!(options.no_schemas && options.test.no_services);
        assert_eq!(options.test.args, ["-p", "alita-db"]);
        let Command::Migrate(passed) =
            Cli::parse_from(["cargo xtask", "migrate", "down", "2", "--dry-run"]).command
        else {
            panic!("another command")
        };
        assert_eq!(passed.args, ["down", "2", "--dry-run"]);
    }
}
