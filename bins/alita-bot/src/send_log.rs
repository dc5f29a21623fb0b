//! Which messages went out for which update, in a file that survives the process.
//!
//! After a crash Telegram delivers again what was not confirmed. The database makes sure that nothing is written
//! twice; this log makes sure that nothing is said twice. A line is written right before a message leaves, so
//! a crash in that very moment costs one message rather than sending it again.
//!
//! Where there is a Redis, all instances look at one more log there, because an update may come again to another one
//! than that which died. It costs one round trip a message that is sent for an update. While Redis is away each
//! instance goes by its own file.

use std::collections::{HashSet, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use alita_cache::{State, Work};
use alita_runtime::origin;
use alita_telegram::SendLog;
use async_trait::async_trait;

/// Telegram keeps unconfirmed updates for a day; a batch of them is 100, so this is more than can come again.
const KEPT: usize = 10_000;

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
        let (Some(update), Some(step)) = (origin::current(), origin::next_step()) else { return true };
        let may_go = self.file.note(update, step) && self.is_first(update, step).await;
        if !may_go {
            tracing::info!(update_id = update, method, "left out: it went out before");
        }
        may_go
    }
}

impl SharedLog {
    async fn is_first(&self, update: i64, step: u32) -> bool {
        let Some(others) = &self.others else { return true };
        match others.begin_work("sent", &format!("{update}:{step}"), SHARED).await {
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
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    sent: HashSet<(i64, u32)>,
    order: VecDeque<(i64, u32)>,
    lines: usize,
}

impl FileLog {
    /// Reads what an earlier process wrote, and goes on from there.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written to.
    pub(crate) fn open(folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join("sent.log");
        let order = read(&path)?;
        let file = rewrite(&path, &order)?;
        let inner = Inner { file, sent: order.iter().copied().collect(), lines: order.len(), order };
        Ok(Self { path, inner: Mutex::new(inner) })
    }
}

impl FileLog {
    /// Notes a message that is about to leave; `false` when it did before.
    fn note(&self, update: i64, step: u32) -> bool {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if !inner.sent.insert((update, step)) {
            return false;
        }
        inner.order.push_back((update, step));
        // One write call for a line: a killed process leaves whole lines behind.
        if let Err(error) = inner.file.write_all(format!("{update} {step}\n").as_bytes()) {
            tracing::warn!(%error, "the log of sent messages cannot be written");
        }
        inner.lines += 1;
        inner.shorten(&self.path);
        true
    }
}

impl Inner {
    /// The oldest lines go; the file is written anew when half of it is old.
    fn shorten(&mut self, path: &Path) {
        while self.order.len() > KEPT {
            if let Some(oldest) = self.order.pop_front() {
                self.sent.remove(&oldest);
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

fn read(path: &Path) -> std::io::Result<VecDeque<(i64, u32)>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(VecDeque::new()),
        Err(error) => return Err(error),
    };
    let mut lines = VecDeque::new();
    for line in BufReader::new(file).lines() {
        let line = line?;
        let Some((update, step)) = line.split_once(' ') else { continue };
        if let (Ok(update), Ok(step)) = (update.parse(), step.parse()) {
            lines.push_back((update, step));
        }
    }
    Ok(lines)
}

/// Writes beside the file and moves over it, so that a crash leaves one of the two whole.
fn rewrite(path: &Path, lines: &VecDeque<(i64, u32)>) -> std::io::Result<File> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    let text: String = lines.iter().map(|(update, step)| format!("{update} {step}\n")).collect();
    file.write_all(text.as_bytes())?;
    std::fs::rename(&beside, path)?;
    OpenOptions::new().append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(folder: &tempfile::TempDir) -> SharedLog {
        SharedLog::new(FileLog::open(folder.path()).unwrap(), None)
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
        let log = open(&folder);
        assert_eq!(says(&log, 7).await, [true]);
        assert_eq!(says(&log, 8).await, [true, true]);
        drop(log);

        let log = open(&folder);
        assert_eq!(says(&log, 7).await, [false]);
        assert_eq!(says(&log, 8).await, [false, false, true]);
        assert_eq!(says(&log, 9).await, [true]);
    }

    #[tokio::test]
    async fn without_an_update_everything_goes() {
        let log = open(&tempfile::tempdir().unwrap());
        assert!(log.may_send("sendMessage").await && log.may_send("sendMessage").await);
    }
}
