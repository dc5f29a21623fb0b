//! A bot's program as a process of its own, beside the fake Telegram.
//!
//! For what only a process can show: what it says when it cannot start, what a signal does, what a crash leaves
//! behind. A process hears nothing of our environment but the path, and works in a folder of its own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::process::{Child, Command};

use crate::FakeTelegram;

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// How long one question over HTTP may take.
const QUESTION: Duration = Duration::from_secs(5);

/// How to start a bot.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    folder: PathBuf,
    args: Vec<OsString>,
    env: BTreeMap<String, OsString>,
    port: u16,
}

impl Program {
    /// The program at `path`, working in `folder`; of the bot's variables only `HTTP_PORT` is set, to a free port.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Self {
        let port = free_port();
        let mut env = BTreeMap::from([("HTTP_PORT".to_owned(), port.to_string().into())]);
        env.extend(std::env::var_os("PATH").map(|path| ("PATH".to_owned(), path)));
        Self { path: path.into(), folder: folder.into(), args: Vec::new(), env, port }
    }

    /// A bot that has all it needs: this Telegram without limits, and everything it stores in `folder`.
    #[must_use]
    pub fn bot(path: impl Into<PathBuf>, folder: impl Into<PathBuf>, telegram: &FakeTelegram) -> Self {
        let program = Self::new(path, folder);
        let database = format!("sqlite://{}", program.folder.join("alita.db").display());
        let data = program.folder.join("data");
        program
            .env("API_SERVER", telegram.base_url())
            .env("BOT_TOKEN", FakeTelegram::TOKEN)
            .env("DATABASE_URL", database)
            .env("DATA_DIR", data)
            .env("ENABLED_LOCALES", "en,es")
            .env("LOG_FORMAT", "text")
            .env("TELEGRAM_GLOBAL_RPS", "10000")
            .env("TELEGRAM_GROUP_RPM", "100000")
            .env("TELEGRAM_CHAT_RPS", "10000")
    }

    /// With one more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// With this variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Without this variable.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.env.remove(name);
        self
    }

    /// Where it answers over HTTP.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it works.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts it; what it writes is added to what earlier processes wrote.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start(&self) -> io::Result<Running> {
        let log = |name: &str| OpenOptions::new().create(true).append(true).open(self.folder.join(name));
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(log(STDOUT)?).stderr(log(STDERR)?);
        let child = command.spawn()?;
        Ok(Running { id: child.id().unwrap_or_default(), child, port: self.port })
    }

    /// Runs it to its end, and answers with everything that it said.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or has not ended in time.
    pub async fn run(&self, limit: Duration) -> io::Result<Output> {
        let output = self.command().stdin(Stdio::null()).output();
        tokio::time::timeout(limit, output).await.map_err(|_| too_late(limit, "its end"))?
    }

    /// What all its processes together wrote to standard error: their log.
    #[must_use]
    pub fn stderr(&self) -> String {
        std::fs::read(self.folder.join(STDERR))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.args).env_clear().envs(&self.env).current_dir(&self.folder).kill_on_drop(true);
        command
    }
}

const STDOUT: &str = "stdout.log";
const STDERR: &str = "stderr.log";

/// A process; it is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    id: u32,
    port: u16,
}

impl Running {
    /// Returns when `/health` answers 200: the bot is fetching updates, or is about to.
    ///
    /// # Errors
    ///
    /// When it has ended instead, or is not up in time.
    pub async fn is_up(&mut self, limit: Duration) -> io::Result<()> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!("it ended instead of coming up ({status})")));
            }
            if get(self.port, "/health").await.is_ok_and(|(status, _)| status == 200) {
                return Ok(());
            }
            if began.elapsed() > limit {
                return Err(too_late(limit, "that it is up"));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// How it ended, if it did.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub fn has_ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// When it has not ended in time.
    pub async fn ended(&mut self, limit: Duration) -> io::Result<ExitStatus> {
        tokio::time::timeout(limit, self.child.wait()).await.map_err(|_| too_late(limit, "its end"))?
    }

    /// Asks it to leave (`SIGTERM`), and waits for its end.
    ///
    /// # Errors
    ///
    /// When it has not ended in time.
    pub async fn terminate(&mut self, limit: Duration) -> io::Result<ExitStatus> {
        self.signal("TERM").await?;
        self.ended(limit).await
    }

    /// Ends it in the middle of whatever it does (`SIGKILL`).
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub async fn kill(&mut self) -> io::Result<()> {
        self.child.kill().await
    }

    /// Sends it a signal by its name: `TERM`, `STOP`, `CONT`.
    ///
    /// # Errors
    ///
    /// When it is gone.
    pub async fn signal(&self, name: &str) -> io::Result<()> {
        // Every shell has `kill` built in, also where no such program is installed.
        let id = self.id.to_string();
        let sent = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &id]).output().await?;
        if sent.status.success() {
            Ok(())
        } else {
            Err(io::Error::other(format!("no {name} for process {id}")))
        }
    }

    /// How much memory it holds, in KiB, where the system tells (Linux).
    #[must_use]
    pub fn resident_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse().ok()
    }
}

/// Returns when it is so; looks again and again.
///
/// # Errors
///
/// When it is not so in time; `what` says what was waited for.
pub async fn until(limit: Duration, what: &str, mut is_so: impl FnMut() -> bool) -> io::Result<()> {
    let began = Instant::now();
    while !is_so() {
        if began.elapsed() > limit {
            return Err(too_late(limit, what));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// Asks a server on this machine: the status and the body.
///
/// # Errors
///
/// When nobody answers.
pub async fn get(port: u16, path: &str) -> io::Result<(u16, String)> {
    let uri = format!("http://127.0.0.1:{port}{path}").parse().map_err(io::Error::other)?;
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let answer = async {
        let response = client.get(uri).await.map_err(io::Error::other)?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    };
    tokio::time::timeout(QUESTION, answer).await.map_err(|_| too_late(QUESTION, "an answer"))?
}

/// A port on which nobody listens, and from which the system opens no connections by itself.
///
/// # Panics
///
/// When there is none.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes that look at the same time begin at different places.
    let begin = u16::try_from(std::process::id() % 1_000).unwrap_or_default() * 11;
    let candidates =
        (0..12_000).map(|_| 20_000 + begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000);
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)).is_ok();
    candidates.into_iter().find(is_free).expect("a free port")
}

fn too_late(limit: Duration, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("waited {} s in vain for {what}", limit.as_secs_f32()))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_process_hears_only_what_it_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = Program::new("/bin/sh", folder.path())
            .env("WORD", "tea")
            .arg("-c")
            .arg("echo $WORD$HOME; exit 3");
        let output = program.run(LIMIT).await.expect("it runs");
        assert_eq!((output.stdout.as_slice(), output.status.code()), (b"tea\n".as_slice(), Some(3)));
    }

    #[tokio::test]
    async fn signals_reach_it_and_its_log_outlives_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = "trap 'echo leaving >&2; exit 0' TERM; echo here >&2; while :; do sleep 0.01; done";
        let program = Program::new("/bin/sh", folder.path()).arg("-c").arg(script);
        for times in 1..=2 {
            let mut running = program.start().expect("it starts");
            let is_here = || program.stderr().matches("here").count() == times;
            until(LIMIT, "a sign of life", is_here).await.expect("it lives");
            assert!(running.has_ended().expect("the system tells").is_none());
            assert!(running.terminate(LIMIT).await.expect("it ends").success());
        }
        assert_eq!(program.stderr(), "here\nleaving\nhere\nleaving\n");
    }
}
