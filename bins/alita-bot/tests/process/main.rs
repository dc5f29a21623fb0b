//! What only the whole program shows: how it refuses to start, what its roles say, how it leaves, and what a crash
//! leaves behind.
#![cfg(unix)]

mod backup;
mod crash;
mod group;
mod leaving;
mod mistakes;
mod roles;

#[path = "../../../../migrations/src/tests/databases.rs"]
mod databases;

use std::path::Path;
use std::time::Duration;

use alita_runtime::Clock;
use alita_testkit::FakeTelegram;
use alita_testkit::process::Program;

/// How long anything may take on a machine that does much else.
const LIMIT: Duration = Duration::from_secs(60);

/// The program under test.
const BOT: &str = env!("CARGO_BIN_EXE_alita-bot");

/// A folder, and a bot that knows nothing but its `HTTP_PORT`.
fn bare() -> (tempfile::TempDir, Program) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::new(BOT, folder.path());
    (folder, program)
}

/// A Telegram, and a bot in a folder that has all it needs.
async fn whole(folder: &Path) -> (FakeTelegram, Program) {
    let telegram = FakeTelegram::start(Clock::system()).await;
    let program = Program::bot(BOT, folder, &telegram);
    (telegram, program)
}
