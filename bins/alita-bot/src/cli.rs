//! The command line: a subcommand a role, and the Go original's flags as other spellings of them.

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use crate::config::reference::Form;
use crate::{jobs, migrate};

/// A Telegram group-management bot.
///
/// It is configured by environment variables, or by a `.env` file in the working directory. BOT_TOKEN is all that it
/// needs; `alita-bot check-config` shows the rest.
#[derive(Parser)]
#[command(name = "alita-bot", about, disable_version_flag = true, after_help = OLD_SPELLINGS)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
}

const OLD_SPELLINGS: &str = "\
Spellings of the Go bot, with one dash or two:
  --health          health
  --version, -v     version
  --check-config    check-config
  --migrate         migrate up
  --migrate-status  migrate status";

/// What the program is started for.
#[derive(Subcommand)]
pub(crate) enum Role {
    /// Run the bot until it is told to stop (the default).
    ///
    /// SIGTERM and Ctrl-C let it finish what it has begun, for SHUTDOWN_TIMEOUT_SECONDS at most; a second signal ends
    /// it at once. It ends with 1 when something is wrong with the configuration or a door does not open.
    Run,
    /// Bring the database schema up or down, or show where it stands.
    ///
    /// The steps are inside the program. It needs the same configuration as the bot. With AUTO_MIGRATE the bot does
    /// this by itself when it starts.
    Migrate(migrate::Args),
    /// Look at what is to happen later, try what failed again, or drop it.
    ///
    /// It reads and writes the database and needs the same configuration as the bot, which may be running or not. A
    /// job that failed too often is kept as dead until somebody retries or discards it.
    Jobs(jobs::Args),
    /// Check the configuration and show its values, secrets hidden.
    ///
    /// Each value is shown with where it came from: environment, .env, file, or default. Nothing is opened. It ends
    /// with 0 when the bot would start with this configuration, and with 1 after it has told every problem.
    CheckConfig,
    /// Ask the running bot on this machine whether it is well.
    ///
    /// For the health checks of containers: ends with 0 when /health answers 200 within 5 seconds, else with 1. Of the
    /// configuration it needs HTTP_PORT (or PORT) and HTTP_BIND, and only where they are set.
    Health,
    /// Print the version.
    ///
    /// One line, such as v1.2.3. It reads no configuration.
    Version,
    /// Print what can be configured: the example file, or the page of the book.
    #[command(hide = true)]
    Reference {
        /// Which of the two.
        form: Form,
    },
}

/// The role that the command line asks for; a command line that makes no sense ends the program with 2.
pub(crate) fn role() -> Role {
    Cli::parse_from(modern(std::env::args_os())).role.unwrap_or(Role::Run)
}

/// The same command line with a flag of the original, if it begins with one, as the subcommand that it means.
fn modern(args: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.collect();
    let Some(words) = args.get(1).and_then(|first| subcommand(first.to_str()?)) else { return args };
    args.splice(1..2, words.iter().map(OsString::from));
    args
}

fn subcommand(flag: &str) -> Option<&'static [&'static str]> {
    let name = flag.strip_prefix("--").or_else(|| flag.strip_prefix('-'))?;
    Some(match name {
        "health" => &["health"],
        "version" | "v" | "V" => &["version"],
        "check-config" => &["check-config"],
        "migrate" => &["migrate"],
        "migrate-status" => &["migrate", "status"],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn words(line: &str) -> String {
        let args = modern(line.split(' ').map(OsString::from));
        args.join(std::ffi::OsStr::new(" ")).into_string().unwrap()
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_role_says_more_than_its_name() {
        for role in Cli::command().get_subcommands().filter(|role| !role.is_hide_set()) {
            let help = role.get_long_about().map(ToString::to_string).unwrap_or_default();
            assert!(help.lines().count() > 1, "{}: {help}", role.get_name());
        }
    }

    #[test]
    fn the_flags_of_the_original_are_understood() {
        for (old, new) in [
            ("alita --health", "alita health"),
            ("alita -health", "alita health"),
            ("alita -version", "alita version"),
            ("alita -v", "alita version"),
            ("alita --check-config", "alita check-config"),
            ("alita --migrate", "alita migrate"),
            ("alita -migrate-status", "alita migrate status"),
            ("alita run", "alita run"),
            ("alita --help", "alita --help"),
            ("alita migrate --health", "alita migrate --health"),
            ("alita", "alita"),
        ] {
            assert_eq!(words(old), new);
        }
    }

    #[test]
    fn nobody_is_misunderstood() {
        for line in
            ["alita --healthy", "alita -x", "alita run --health", "alita --health --version", "alita dance"]
        {
            let parsed = Cli::try_parse_from(modern(line.split(' ').map(OsString::from)));
            assert_eq!(parsed.err().map(|error| error.exit_code()), Some(2), "{line}");
        }
    }
}
