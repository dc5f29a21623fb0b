//! Which messages went out for which update, in a file that survives the process.
//!
//! After a crash Telegram delivers again what was not confirmed. The database makes sure that nothing is written
//! twice; this log makes sure that nothing is said twice. A line is written right before a message leaves, so
//! a crash in that very moment costs one message rather than sending it again.
//!
//! Ids of updates mean something only together with their bot, so every bot has a file of its own. A `sent.log` of
//! an earlier build names no bot and is not read.
//!
//! Where there is a Redis, all instances look at one more log there, because an update may come again to another one
//! than that which died. It costs one round trip a message that is sent for an update. While Redis is away each
//! instance goes by its own file.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use alita_cache::{State, Work};
use alita_runtime::{Clock, origin};
use alita_telegram::SendLog;
use async_trait::async_trait;

/// A batch of updates is 100, so this is more than can come again.
const KEPT: usize = 10_000;

/// Telegram keeps unconfirmed updates for a day; twice as long is more than enough.
const KEPT_SECONDS: i64 = 2 * 24 * 60 * 60;

/// How long Redis remembers a message. Telegram tries to deliver an update for a day, but what is behind by more
/// than this was held up for everybody, and the instance that has its line in the file is back by then.
const SHARED: Duration = Duration::from_secs(6 * 60 * 60);

/// The log of all instances: the file of this one, and what Redis knows of the others.
#[derive(Debug)]
pub(crate) struct SharedLog {
    file: FileLog,
    others: Option<State>,
}

impl SharedLog {
    /// Without `others` the file alone decides.
    pub(crate) fn new(file: FileLog, others: Option<State>) -> Self {
        Self { file, others }
    }
}

#[async_trait]
impl SendLog for SharedLog {
    async fn may_send(&self, method: &str) -> bool {
        let (Some(update), Some(message)) = (origin::current(), origin::next_message()) else { return true };
        let may_go = self.file.note(update, message) && self.is_first(update, message).await;
        if !may_go {
            tracing::info!(update_id = update, method, "left out: it went out before");
        }
        may_go
    }
}

impl SharedLog {
    async fn is_first(&self, update: i64, message: u32) -> bool {
        let Some(others) = &self.others else { return true };
        match others.begin_work("sent", &format!("{update}:{message}"), SHARED).await {
            Ok(work) => work == Work::Ours,
            Err(error) => {
                tracing::debug!(%error, "the other instances do not hear what was sent");
                true
            }
        }
    }
}

/// The log of one process.
#[derive(Debug)]
pub(crate) struct FileLog {
    path: PathBuf,
    clock: Clock,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    sent: HashSet<(i64, u32)>,
    order: VecDeque<Line>,
    lines: usize,
    /// The last line could not be written, or only a part of it: the next one begins on a line of its own.
    is_torn: bool,
}

/// That a message went out for an update, the first, the second .., and when, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
struct Line {
    update: i64,
    message: u32,
    at: i64,
}

impl Line {
    /// What does not read as a line is none: a machine that lost power may leave half of one.
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ').map(str::parse::<i64>);
        let (Some(Ok(update)), Some(Ok(message)), Some(Ok(at)), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return None;
        };
        Some(Self { update, message: message.try_into().ok()?, at })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {} {}", self.update, self.message, self.at)
    }
}

impl FileLog {
    /// Reads what an earlier process wrote, and goes on from there.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written to.
    pub(crate) fn open(folder: &Path, bot: i64, clock: Clock) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!("sent-{bot}.log"));
        let oldest = clock.now().timestamp() - KEPT_SECONDS;
        let order: VecDeque<Line> = read(&path)?.into_iter().filter(|line| line.at >= oldest).collect();
        let file = rewrite(&path, &order)?;
        let sent = order.iter().map(|line| (line.update, line.message)).collect();
        let inner = Inner { file, sent, lines: order.len(), order, is_torn: false };
        Ok(Self { path, clock, inner: Mutex::new(inner) })
    }
}

impl FileLog {
    /// Notes a message that is about to leave; `false` when it did before.
    fn note(&self, update: i64, message: u32) -> bool {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if !inner.sent.insert((update, message)) {
            return false;
        }
        let line = Line { update, message, at: self.clock.now().timestamp() };
        inner.order.push_back(line);
        // One write call for a line: a killed process leaves whole lines behind.
        let gap = if inner.is_torn { "\n" } else { "" };
        let written = inner.file.write_all(format!("{gap}{line}").as_bytes());
        inner.is_torn = written.is_err();
        if let Err(error) = written {
            tracing::warn!(%error, "the log of sent messages cannot be written");
        }
        inner.lines += 1;
        inner.shorten(&self.path, line.at - KEPT_SECONDS);
        true
    }
}

impl Inner {
    /// The oldest lines go; the file is written anew when half of it is old.
    fn shorten(&mut self, path: &Path, oldest: i64) {
        while self.order.front().is_some_and(|line| line.at < oldest) || self.order.len() > KEPT {
            if let Some(line) = self.order.pop_front() {
                self.sent.remove(&(line.update, line.message));
            }
        }
        if self.lines > 2 * KEPT {
            match rewrite(path, &self.order) {
                Ok(file) => (self.file, self.lines) = (file, self.order.len()),
                Err(error) => tracing::warn!(%error, "the log of sent messages cannot be shortened"),
            }
        }
    }
}

fn read(path: &Path) -> std::io::Result<Vec<Line>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut lines = Vec::new();
    for line in BufReader::new(file).lines() {
        lines.extend(Line::parse(&line?));
    }
    Ok(lines)
}

/// Writes beside the file and moves over it, so that a crash leaves one of the two whole.
fn rewrite(path: &Path, lines: &VecDeque<Line>) -> std::io::Result<File> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    let text: String = lines.iter().map(ToString::to_string).collect();
    file.write_all(text.as_bytes())?;
    std::fs::rename(&beside, path)?;
    OpenOptions::new().append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(folder: &Path, bot: i64, clock: &Clock) -> SharedLog {
        SharedLog::new(FileLog::open(folder, bot, clock.clone()).unwrap(), None)
    }

    async fn may_send(log: &SharedLog, update: i64) -> bool {
        origin::scope(update, log.may_send("sendMessage")).await
    }

    async fn says<const N: usize>(log: &SharedLog, update: i64) -> [bool; N] {
        origin::scope(update, async {
            let mut said = [false; N];
            for one in &mut said {
                *one = log.may_send("sendMessage").await;
            }
            said
        })
        .await
    }

    #[tokio::test]
    async fn what_was_said_before_a_crash_is_not_said_again() {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path(), 7, &Clock::system());
        assert_eq!(says(&log, 7).await, [true]);
        assert_eq!(says(&log, 8).await, [true, true]);
        drop(log);

        let log = open(folder.path(), 7, &Clock::system());
        assert_eq!(says(&log, 7).await, [false]);
        assert_eq!(says(&log, 8).await, [false, false, true]);
        assert_eq!(says(&log, 9).await, [true]);
    }

    #[tokio::test]
    async fn without_an_update_everything_goes() {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path(), 7, &Clock::system());
        assert!(log.may_send("sendMessage").await && log.may_send("sendMessage").await);
    }

    #[tokio::test]
    async fn what_telegram_cannot_deliver_again_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Clock::system().now());
        let log = open(folder.path(), 7, &clock);
        assert!(may_send(&log, 1).await);
        clock.advance(std::time::Duration::from_secs(24 * 60 * 60));
        assert!(may_send(&log, 2).await);
        assert!(!may_send(&log, 1).await, "a day is not too long");
        clock.advance(std::time::Duration::from_secs(25 * 60 * 60));
        assert!(may_send(&log, 3).await);
        assert!(may_send(&log, 1).await, "two days are");
        drop(log);

        clock.advance(std::time::Duration::from_secs(24 * 60 * 60));
        let log = open(folder.path(), 7, &clock);
        let lines = std::fs::read_to_string(folder.path().join("sent-7.log")).unwrap();
        assert_eq!(lines.lines().count(), 2, "the old ones leave the file at the start: {lines}");
        assert!(may_send(&log, 2).await && !may_send(&log, 3).await);
    }

    #[tokio::test]
    async fn another_bot_has_other_updates_and_half_a_line_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::system();
        assert!(may_send(&open(folder.path(), 7, &clock), 1).await);
        assert!(may_send(&open(folder.path(), 8, &clock), 1).await);
        std::fs::write(folder.path().join("sent-7.log"), format!("5 0\n6 0 {}\n7 ", clock.now().timestamp()))
            .unwrap();
        let log = open(folder.path(), 7, &clock);
        assert!(may_send(&log, 5).await && !may_send(&log, 6).await && may_send(&log, 7).await);
    }
}
