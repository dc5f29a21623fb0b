//! A switch by which work that can wait is asked to wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks periodic work that can wait to leave out its turns; clones are the same switch.
#[derive(Clone, Debug, Default)]
pub struct Pause(Arc<AtomicBool>);

impl Pause {
    /// A switch that is off: everybody works.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on, or no longer.
    pub fn set(&self, is_on: bool) {
        self.0.store(is_on, Ordering::Relaxed);
    }

    /// Shall work that can wait leave out this turn?
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
