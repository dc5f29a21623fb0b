//! What the exit code of the demo says, with a tiny bot in place of the real one: the demo starts this very program
//! as its bot.

#[allow(dead_code, reason = "plays start it in another way")]
mod tiny_bot;

use std::process::{Command, ExitCode, Output};

use alita_runtime::{Clock, Signals};
use alita_testkit::transcript::libtest_mimic::{self, Arguments, Failed, Trial};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::tiny_bot::TinyBot;

const GROUP: &str = "group \"Rust Tea\": Ada owner, Alita admin\n\n";

fn main() -> ExitCode {
    if let (Some(server), Some(port)) = (variable("API_SERVER"), variable("HTTP_PORT")) {
        return be_the_bot(&server, &port);
    }
    let trials = vec![
        Trial::test("a_day_that_goes_as_written_is_a_success", as_written),
        Trial::test("a_day_that_goes_otherwise_is_a_failure", otherwise),
        Trial::test("a_bot_that_falls_is_a_failure", falls),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

#[expect(clippy::disallowed_methods, reason = "a bot is told by its environment where Telegram is")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Polls, says on every connection that it is well, and leaves when it is asked to.
fn be_the_bot(server: &str, port: &str) -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let _bot = TinyBot::at(server, Clock::system());
        let health = TcpListener::bind(format!("127.0.0.1:{port}")).await.expect("the port is free");
        let mut signals = Signals::install().expect("signals can be received");
        loop {
            tokio::select! {
                _ = signals.next() => return ExitCode::SUCCESS,
                visitor = health.accept() => {
                    let (mut visitor, _) = visitor.expect("a connection");
                    let well = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
                    // Whoever has gone away asks again.
                    let _ = visitor.read(&mut [0; 1024]).await;
                    let _ = visitor.write_all(well).await;
                }
            }
        }
    })
}

/// Plays a script with this program as the bot.
fn play(bot: &std::path::Path, lines: &str) -> Result<Output, Failed> {
    let folder = tempfile::tempdir()?;
    let script = folder.path().join("a.chat");
    std::fs::write(&script, format!("{GROUP}{lines}"))?;
    let mut demo = Command::new(env!("CARGO_BIN_EXE_alita-demo"));
    Ok(demo.arg("--bot").arg(bot).arg("--script").arg(&script).env_remove("UPDATE_EXPECT").output()?)
}

fn ended(output: &Output, code: i32, words: &str) -> Result<(), Failed> {
    let said = [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy).concat();
    if output.status.code() == Some(code) && said.contains(words) {
        Ok(())
    } else {
        Err(format!("{} instead of {code} and {words:?}: {said}", output.status).into())
    }
}

fn as_written() -> Result<(), Failed> {
    let output = play(&std::env::current_exe()?, "Ada: /ping\n  Alita: Pong\n")?;
    ended(&output, 0, "The day went as written")
}

fn otherwise() -> Result<(), Failed> {
    let output = play(&std::env::current_exe()?, "Ada: /ping\n  Alita: Ping\n")?;
    ended(&output, 1, "The day did not go as written")
}

fn falls() -> Result<(), Failed> {
    let output = play("/bin/sh".as_ref(), "Ada: /ping\n  Alita: Pong\n")?;
    ended(&output, 1, "The day did not go as written")
}
