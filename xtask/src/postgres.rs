//! A PostgreSQL that forgets everything.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::cargo::heading;
use crate::services::{Account, command, end_of, on_a_free_port};

/// Nothing here must survive a power cut; many tests connect at once.
const SETTINGS: &str = "-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=300 \
    -c shared_buffers=64MB -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off";

/// A running server; dropping it stops it.
pub(crate) struct Postgres {
    stop: Command,
    port: u16,
}

impl Postgres {
    /// Makes an empty cluster in `home` and serves it, with the programs in `bin`.
    pub(crate) fn start(bin: &Path, home: &Path, account: Option<&Account>) -> Result<Self> {
        heading("starting a private PostgreSQL");
        let data = home.join("postgres");
        let log = home.join("postgres.log");
        let run = |program: &str| command(&bin.join(program), home, account);
        let mut initdb = run("initdb");
        initdb.args([
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "-D",
        ]);
        finish(initdb.arg(&data)).context("initdb failed")?;
        ask_somebody_for_a_password(&data.join("pg_hba.conf")).context("pg_hba.conf")?;
        on_a_free_port(|port| {
            let mut start = run("pg_ctl");
            start.args(["start", "--wait", "--timeout=60", "-D"]).arg(&data).arg("-l").arg(&log);
            finish(start.arg("-o").arg(format!("-p {port} {SETTINGS}"))).with_context(|| end_of(&log))?;
            let mut stop = run("pg_ctl");
            stop.args(["stop", "--wait", "--mode=immediate", "-D"]).arg(&data);
            Ok(Self { stop, port })
        })
        .context("PostgreSQL does not start")
    }

    /// Where its owner connects.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(error) = finish(&mut self.stop) {
            eprintln!("PostgreSQL on port {} was not stopped: {error:#}", self.port);
        }
    }
}

/// Everybody is trusted but `needs_password`, so that a test can see what a wrong password does.
fn ask_somebody_for_a_password(rules: &Path) -> std::io::Result<()> {
    let others = std::fs::read_to_string(rules)?;
    std::fs::write(rules, format!("host all needs_password all scram-sha-256\n{others}"))
}

/// Runs a command to its end, and shows its output only if it fails.
fn finish(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("{} could not be started", name_of(command)))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {}", name_of(command), said.trim());
    Ok(())
}

fn name_of(command: &Command) -> String {
    PathBuf::from(command.get_program()).display().to_string()
}
