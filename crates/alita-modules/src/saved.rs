//! What people read when something could not be stored: that nothing was changed.

use alita_dispatch::{Mistake, No};
use alita_i18n::t;

/// The end of a write: `cx.db().warns().set_limit(..).await.saved()?`
pub(crate) trait Saved<T> {
    /// What was stored.
    ///
    /// # Errors
    ///
    /// The fault, with words that say that nothing was changed.
    fn saved(self) -> Result<T, No>;

    /// The same with words of the module's own.
    ///
    /// # Errors
    ///
    /// The fault, with these words.
    fn saved_or(self, words: impl FnOnce() -> Mistake) -> Result<T, No>;
}

impl<T> Saved<T> for Result<T, alita_db::Error> {
    fn saved(self) -> Result<T, No> {
        self.saved_or(|| {
            Mistake::new(t::mistakes::could_not_save).or_toast(t::mistakes::could_not_save_toast)
        })
    }

    fn saved_or(self, words: impl FnOnce() -> Mistake) -> Result<T, No> {
        self.map_err(|error| No::Failed(Box::new(error), words()))
    }
}
