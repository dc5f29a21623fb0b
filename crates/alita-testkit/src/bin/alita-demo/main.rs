//! A day in a group: a fake Telegram and the real bot as two processes, printed as a chat while it happens.
//!
//! `day.chat` is the script and says what the bot is to do. The exit code is 0 only if everything went as written
//! and the bot left in good order. `UPDATE_EXPECT=1` writes down what the bot really did. `--script` plays another
//! day.
#![expect(clippy::print_stdout, reason = "it plays for somebody who watches")]

mod stage;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use alita_runtime::Clock;
use alita_testkit::FakeTelegram;
use alita_testkit::process::Program;
use alita_testkit::transcript::{Line, PlayError, perform, wants_rewriting};

use crate::stage::Stage;

const DAY: &str = include_str!("day.chat");

/// Where the script stands, for rewriting it.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/bin/alita-demo/day.chat");

/// A whole day takes no longer than this.
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> ExitCode {
    let Some(asked) = Asked::from(std::env::args().skip(1)) else {
        eprintln!(
            "usage: alita-demo --bot <path of the program alita-bot> [--script <path of a conversation>]"
        );
        return ExitCode::from(2);
    };
    match demo(&asked).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nThe day did not go as written. {error}");
            ExitCode::FAILURE
        }
    }
}

/// What the command line asks for.
struct Asked {
    bot: PathBuf,
    script: Option<PathBuf>,
}

impl Asked {
    fn from(mut args: impl Iterator<Item = String>) -> Option<Self> {
        let (mut bot, mut script) = (None, None);
        while let Some(option) = args.next() {
            let place = match option.as_str() {
                "--bot" => &mut bot,
                "--script" => &mut script,
                _ => return None,
            };
            // The process works in another folder, so the path must not depend on ours.
            *place = Some(std::path::absolute(args.next()?).ok()?);
        }
        Some(Self { bot: bot?, script })
    }

    fn script(&self) -> std::io::Result<String> {
        self.script.as_ref().map_or_else(|| Ok(DAY.to_owned()), std::fs::read_to_string)
    }

    fn script_path(&self) -> &Path {
        self.script.as_deref().unwrap_or_else(|| Path::new(SCRIPT))
    }
}

async fn demo(asked: &Asked) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let folder = tempfile::tempdir()?;
    let telegram = FakeTelegram::start(Clock::system()).await;
    let program = Program::bot(&asked.bot, folder.path(), &telegram);
    let stage = Stage::new(telegram.clone(), program.clone());
    let played = tokio::select! {
        played = day(asked, &telegram, &stage) => played,
        status = stage.falls() => Err(format!("The bot ended in the middle of it ({status}).").into()),
        _ = tokio::signal::ctrl_c() => return Err("It was interrupted.".into()),
    };
    let ended = match played {
        Ok(()) => look_at(&program.stderr()),
        Err(error) => Err(error),
    };
    if ended.is_err() {
        eprintln!("\nThe bot's log:\n{}", program.stderr());
    }
    ended?;
    let calls: u64 = telegram.call_counts().values().sum();
    println!(
        "\nThe day went as written: {calls} calls of the Bot API in {:.1} s.",
        began.elapsed().as_secs_f32()
    );
    Ok(())
}

async fn day(asked: &Asked, telegram: &FakeTelegram, stage: &Stage) -> Result<(), Box<dyn Error>> {
    let script = asked.script()?;
    stage.start().await?;
    match perform(telegram.clone(), stage.clone(), &script, LIMIT, show).await {
        Err(PlayError::Different { transcript, .. }) if wants_rewriting() => {
            std::fs::write(asked.script_path(), transcript)?
        }
        played => played?,
    }
    stage.stop().await?;
    if telegram.unconfirmed() > 0 {
        return Err(format!("{} updates were never confirmed.", telegram.unconfirmed()).into());
    }
    Ok(())
}

fn show(line: Line<'_>) {
    match line {
        Line::Written(line) => println!("{line}"),
        Line::Happened { line, is_expected: true } => println!("{line}"),
        Line::Happened { line, .. } => println!("{line}    <- not as written"),
        _ => {}
    }
}

/// A bot that complains about itself had no good day, whatever the chat saw.
fn look_at(log: &str) -> Result<(), Box<dyn Error>> {
    let complaints: Vec<&str> =
        log.lines().filter(|line| line.contains("ERROR") || line.contains("panicked")).collect();
    if complaints.is_empty() {
        Ok(())
    } else {
        Err(format!("It logged errors:\n{}", complaints.join("\n")).into())
    }
}
