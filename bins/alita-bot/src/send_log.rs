//! Which messages went out for which update, in a file that survives the process.
//!
//! After a crash Telegram delivers again what was not confirmed. The database makes sure that nothing is written
//! twice; this log makes sure that nothing is said twice. A line is written right before a message leaves, so
//! a crash in that very moment costs one message rather than sending it again.

use std::collections::{HashSet, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use alita_runtime::origin;
use alita_telegram::SendLog;

/// Telegram keeps unconfirmed updates for a day; a batch of them is 100, so this is more than can come again.
const KEPT: usize = 10_000;

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
    /// The last line could not be written, or only a part of it: the next one begins on a line of its own.
    is_torn: bool,
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
        let inner =
            Inner { file, sent: order.iter().copied().collect(), lines: order.len(), order, is_torn: false };
        Ok(Self { path, inner: Mutex::new(inner) })
    }
}

impl SendLog for FileLog {
    fn may_send(&self, method: &str) -> bool {
        let (Some(update), Some(step)) = (origin::current(), origin::next_step()) else { return true };
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if !inner.sent.insert((update, step)) {
            tracing::info!(update_id = update, method, "left out: it went out before the crash");
            return false;
        }
        inner.order.push_back((update, step));
        // One write call for a line: a killed process leaves whole lines behind.
        let gap = if inner.is_torn { "\n" } else { "" };
        let written = inner.file.write_all(format!("{gap}{update} {step}\n").as_bytes());
        inner.is_torn = written.is_err();
        if let Err(error) = written {
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

    #[tokio::test]
    async fn what_was_said_before_a_crash_is_not_said_again() {
        let folder = tempfile::tempdir().unwrap();
        let log = FileLog::open(folder.path()).unwrap();
        assert!(origin::scope(7, async { log.may_send("sendMessage") }).await);
        assert!(origin::scope(8, async { log.may_send("sendMessage") && log.may_send("sendMessage") }).await);
        drop(log);

        let log = FileLog::open(folder.path()).unwrap();
        assert!(!origin::scope(7, async { log.may_send("sendMessage") }).await);
        let again = origin::scope(8, async { [(); 3].map(|()| log.may_send("sendMessage")) }).await;
        assert_eq!(again, [false, false, true]);
        assert!(origin::scope(9, async { log.may_send("sendMessage") }).await);
    }

    #[test]
    fn without_an_update_everything_goes() {
        let folder = tempfile::tempdir().unwrap();
        let log = FileLog::open(folder.path()).unwrap();
        assert!(log.may_send("sendMessage") && log.may_send("sendMessage"));
    }
}
