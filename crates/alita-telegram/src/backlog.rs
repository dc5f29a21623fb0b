//! Updates that take long, kept where they outlive the process.
//!
//! Telegram hands out the hundred updates after the confirmed ones and no more. So a few that wait, for the limits of
//! one busy group, say, would hold up everybody else. What is kept here may be confirmed before its handling has ended.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;

/// An update as it is kept.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kept {
    /// Its number.
    pub update_id: i64,
    /// The update, to be read by [`read_update`](crate::read_update).
    pub json: String,
}

impl Kept {
    /// An update that was kept earlier.
    #[must_use]
    pub const fn new(update_id: i64, json: String) -> Self {
        Self { update_id, json }
    }
}

/// Names no content: an update holds what people said.
impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("update_id", &self.update_id).finish_non_exhaustive()
    }
}

/// What a [`Backlog`] could not do.
pub type BacklogError = Box<dyn Error + Send + Sync>;

/// Keeps updates until their handling has ended.
#[async_trait]
pub trait Backlog: fmt::Debug + Send + Sync {
    /// Keeps these, all of them or none. Those that are kept already stay as they are.
    ///
    /// # Errors
    ///
    /// Whatever the memory says; then none of them counts as kept, even if some are.
    async fn keep(&self, updates: Vec<Kept>) -> Result<(), BacklogError>;

    /// Everything that is kept and not too old to be acted on, the lowest number first. Telegram keeps updates for
    /// 24 hours.
    ///
    /// # Errors
    ///
    /// Whatever the memory says.
    async fn all(&self) -> Result<Vec<Kept>, BacklogError>;

    /// Forgets these.
    ///
    /// # Errors
    ///
    /// Whatever the memory says; then they come again after the next start.
    async fn forget(&self, ids: Vec<i64>) -> Result<(), BacklogError>;
}
