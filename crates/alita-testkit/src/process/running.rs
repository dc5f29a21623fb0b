//! A process that runs: is it up, has it ended, what does it weigh.

use std::io;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

use super::waiting::{get, too_late};

/// A route of the bot answers ten times a second; who asks less often is never turned away.
const QUESTION_PAUSE: Duration = Duration::from_millis(120);

/// A process; it is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    pub(super) child: Child,
    pub(super) id: u32,
    pub(super) port: u16,
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
            tokio::time::sleep(QUESTION_PAUSE).await;
        }
    }

    /// Its number, for tools that limit or look at processes.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
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

    /// How long processors have worked for it so far, in steps of 10 ms, where the system tells (Linux).
    #[must_use]
    pub fn cpu_time(&self) -> Option<Duration> {
        /// Linux: a tick of `/proc` is a hundredth of a second on every machine.
        const TICK: Duration = Duration::from_millis(10);
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id)).ok()?;
        // The name stands in parentheses and may hold anything; behind it the state is field 3 of the line.
        let (_, fields) = stat.rsplit_once(") ")?;
        let mut fields = fields.split(' ').skip(11);
        let user: u32 = fields.next()?.parse().ok()?;
        let system: u32 = fields.next()?.parse().ok()?;
        Some(TICK * (user + system))
    }
}
