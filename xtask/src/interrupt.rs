//! Ctrl-C, as a question that may be asked at any time.

use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

const LOOK: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(5);

/// Has somebody asked us to stop?
#[derive(Clone)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens for Ctrl-C and for a request to terminate from now on, instead of dying of them.
    pub(crate) fn listen() -> Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        let set = Arc::clone(&asked);
        ctrlc::set_handler(move || set.store(true, Ordering::Relaxed)).context("cannot listen for Ctrl-C")?;
        Ok(Self(asked))
    }

    /// Has somebody asked?
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits for a child that leads a process group; when asked to stop, ends the whole group and returns `None`.
    pub(crate) fn wait(&self, child: &mut Child) -> Result<Option<ExitStatus>> {
        while !self.is_asked() {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            std::thread::sleep(LOOK);
        }
        end_group(child, "TERM");
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if child.try_wait()?.is_some() {
                break;
            }
            std::thread::sleep(LOOK);
        }
        // The leader may be gone while its own children are not.
        end_group(child, "KILL");
        child.wait()?;
        Ok(None)
    }
}

/// Signals the group that the child leads. That it is gone already is what we want.
fn end_group(child: &mut Child, signal: &str) {
    let group = format!("-{}", child.id());
    let sent = Command::new("kill").args(["-s", signal, "--", &group]).output();
    if sent.is_err() {
        // No `kill` here (not a Unix): the child alone must do.
        let _ = child.kill();
    }
}
