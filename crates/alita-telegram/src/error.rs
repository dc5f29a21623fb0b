//! What can go wrong, sorted once. Telegram's no and a broken wire are kept apart.

use std::time::Duration;

use alita_model::ChatId;

use crate::{Refusal, RefusalKind};

/// A call that did not succeed. No variant ever carries the token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Telegram read the request and said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No usable answer came.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The call stood in the queue of the outgoing limits for longer than its priority allows; nothing left.
    #[error("{method}: gave up after {} s in the queue of the outgoing limits", .waited.as_secs())]
    WaitedTooLong {
        /// The Bot API method.
        method: String,
        /// How long it stood there.
        waited: Duration,
    },
    /// The bot has more to do than it can, so what could be left out was left out; nothing left.
    #[error("{method}: left out, the bot is overloaded")]
    Overloaded {
        /// The Bot API method.
        method: String,
    },
    /// The [`SendLog`](crate::SendLog) says that this message already went out; nothing left.
    #[error("{method}: was already sent before")]
    AlreadySent {
        /// The Bot API method.
        method: String,
    },
    /// A download is larger than asked for.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// The limit that was given.
        limit: usize,
    },
    /// One update could not be read.
    #[error("update {update_id:?} could not be read: {reason}")]
    UnreadableUpdate {
        /// Its id, where at least that could be read.
        update_id: Option<i64>,
        /// The names of its top-level fields, never their content.
        keys: Vec<String>,
        /// Where reading stopped.
        reason: String,
    },
    /// The parameters could not be written as JSON.
    #[error("{method}: the parameters could not be written as JSON")]
    Unwritable {
        /// The Bot API method.
        method: String,
        /// What the writer said.
        source: serde_json::Error,
    },
    /// A file of ours could not be read.
    #[error("a local file could not be read")]
    ReadFile(#[source] std::io::Error),
    /// The client was set up wrongly, or a name or path makes no address.
    #[error("{0}")]
    Config(&'static str),
}

/// No usable answer: the server could not be reached, the connection broke, or what came made no sense.
#[derive(Debug, thiserror::Error)]
#[error("{method}: {kind}")]
pub struct WireError {
    /// The Bot API method, or `download`.
    pub method: String,
    /// What happened to the request.
    pub kind: WireKind,
    /// The cause underneath.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What happened to a request that got no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireKind {
    /// There was no connection, so the request certainly did not leave.
    #[error("no connection to the Bot API server")]
    NotConnected,
    /// The connection broke; the request may have been carried out.
    #[error("the connection broke before the answer was complete")]
    Cut,
    /// The time ran out; the request may have been carried out.
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The server answered with a status that means trouble on its side.
    #[error("the Bot API server answered with status {0}")]
    Status(u16),
    /// The answer is not what the method promises.
    #[error("the answer could not be read: {0}")]
    Unreadable(String),
}

impl Error {
    /// What Telegram's refusal means, or `None` when Telegram did not refuse.
    ///
    /// A call that gave up in our own queue, or was dropped from it, counts as [`RefusalKind::Throttled`].
    #[must_use]
    pub fn kind(&self) -> Option<RefusalKind> {
        match self {
            Self::Refused(refusal) => Some(refusal.kind),
            Self::WaitedTooLong { .. } | Self::Overloaded { .. } => Some(RefusalKind::Throttled),
            _ => None,
        }
    }

    /// Whether this belongs to a bot's everyday life and deserves no alarm: a message that is gone, a missing
    /// right, a chat that removed the bot.
    #[must_use]
    pub fn is_expected(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.kind.is_expected(),
            Self::AlreadySent { .. } | Self::Overloaded { .. } => true,
            _ => false,
        }
    }

    /// The supergroup that a basic group has become.
    #[must_use]
    pub fn migrated_to(&self) -> Option<ChatId> {
        match self {
            Self::Refused(refusal) => refusal.migrate_to_chat_id,
            _ => None,
        }
    }

    /// Whether the answer to the question is still unknown: broken wire, trouble at the server, throttled.
    ///
    /// An unknown answer is not a no.
    #[must_use]
    pub fn could_not_find_out(&self) -> bool {
        matches!(self, Self::Wire(_)) || self.kind() == Some(RefusalKind::Throttled)
    }

    pub(crate) fn unreadable(method: &str, error: &serde_json::Error) -> Self {
        let kind = WireKind::Unreadable(where_it_stopped(error));
        Self::Wire(WireError { method: method.to_owned(), kind, source: None })
    }
}

/// Says where reading stopped without repeating any content.
///
/// The JSON reader's own words may quote the text of a message, except when a field is missing.
pub(crate) fn where_it_stopped(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("missing field") {
        text
    } else {
        format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column())
            .to_lowercase()
    }
}
