//! What is started, where, and with which variables.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

use super::running::Running;
use super::waiting::{free_port, too_late};
use crate::FakeTelegram;

const STDOUT: &str = "stdout.log";
const STDERR: &str = "stderr.log";

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
            .env("COMMANDS_USER_RPM", "0")
            .env("COMMANDS_GROUP_RPM", "0")
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
