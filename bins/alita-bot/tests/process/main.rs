//! What only the whole program shows: how it refuses to start, what its roles say, how it leaves, and what a crash
//! leaves behind.
#![cfg(unix)]

mod activity;
mod adoption;
mod backup;
mod bad_minutes;
mod crash;
mod crowd;
mod disk;
mod fleet_crash;
mod group;
mod image;
mod instances;
mod jobs;
mod leaving;
mod mistakes;
mod notices;
mod outage;
mod roles;
mod room;
mod servers;
mod settings;
mod stopping;
mod supervised;
mod traces;
mod watch;
mod webhook;

#[path = "../../../../migrations/src/tests/databases.rs"]
mod databases;

#[path = "../../../../crates/alita-monitoring/tests/collector/mod.rs"]
mod collector;

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

/// Numbers of updates that no earlier run on the same Redis has used.
fn fresh_numbers(telegram: &FakeTelegram) {
    static COUNT: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 10;
    telegram
        .set_next_update_id(200_000_001 + i64::from(std::process::id() % 100_000) * 10_000 + count * 1_000);
}

/// A Telegram, and a bot in a folder that has all it needs.
async fn whole(folder: &Path) -> (FakeTelegram, Program) {
    let telegram = FakeTelegram::start(Clock::system()).await;
    let program = Program::bot(BOT, folder, &telegram);
    (telegram, program)
}
