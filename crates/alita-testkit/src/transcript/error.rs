//! Why a play did not end well.

use std::path::PathBuf;
use std::time::Duration;

/// What went wrong between a conversation's text and the way it really went.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlayError {
    /// A line that is no sentence of the grammar.
    #[error("line {line}: {why}\n    {text}")]
    Grammar {
        /// The line, counted from 1.
        line: usize,
        /// The line as it was written.
        text: String,
        /// What was expected instead.
        why: String,
    },
    /// A line that could be read but not played.
    #[error("line {line}: {why}\n    {text}\nup to there it went so:\n{so_far}")]
    Stuck {
        /// The line, counted from 1.
        line: usize,
        /// The line as it was written.
        text: String,
        /// Why it cannot happen.
        why: String,
        /// The transcript up to this line.
        so_far: String,
    },
    /// The bot did not come to rest in time.
    #[error(
        "line {line}: the bot did not come to rest within {limit:?}\n    {text}\nup to there it went so:\n{so_far}"
    )]
    Hung {
        /// The line, counted from 1.
        line: usize,
        /// The line as it was written.
        text: String,
        /// How long the whole conversation may take.
        limit: Duration,
        /// The transcript up to this line, with the calls that were made since.
        so_far: String,
    },
    /// The bot broke a rule that Telegram does not answer with an error.
    #[error("the bot broke rules of the Bot API:\n  {}\nit went so:\n{transcript}", .sins.join("\n  "))]
    Sins {
        /// One sentence for each broken rule.
        sins: Vec<String>,
        /// The transcript as it went.
        transcript: String,
    },
    /// The bot did something else than what was written.
    #[error("it went differently (- written, + what the bot did):\n{diff}")]
    Different {
        /// Written and real lines side by side.
        diff: String,
        /// The transcript as it went.
        transcript: String,
    },
    /// A file of conversations could not be read or written.
    #[error("cannot read or write {}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The block that should be rewritten is not in its file any more.
    #[error("{} has no conversation {name} with this text any more", path.display())]
    Moved {
        /// The file.
        path: PathBuf,
        /// The conversation's name.
        name: String,
    },
}
