//! What a client needs to know before it starts.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::SendLog;

/// How a [`Client`](crate::Client) reaches the Bot API, and how hard it may press.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientConfig {
    /// The bot's token.
    pub token: SecretString,
    /// The server, with a sub path where it has one; `https://api.telegram.org` unless set.
    pub api_server: Url,
    /// The outgoing limits.
    pub limits: Limits,
    /// Asked before a message leaves.
    pub send_log: Option<Arc<dyn SendLog>>,
    /// Idle connections that are kept; 20 more may be open at once.
    pub idle_connections: usize,
    /// The wait before the first repetition; it doubles with each. Also the upper end of the jitter.
    pub retry_base: Duration,
    /// The folder of a local server (`--local`) whose files may be read from disk.
    pub local_files: Option<PathBuf>,
}

impl ClientConfig {
    /// The public server, Telegram's limits, no send log.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a constant address that a test parses")]
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self {
            token: token.into(),
            api_server: Url::parse("https://api.telegram.org").expect("a well-formed address"),
            limits: Limits::default(),
            send_log: None,
            idle_connections: 50,
            retry_base: Duration::from_millis(500),
            local_files: None,
        }
    }

    /// Talks to another Bot API server.
    #[must_use]
    pub fn with_api_server(mut self, server: Url) -> Self {
        self.api_server = server;
        self
    }

    /// Presses more or less hard.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Asks this log before a message leaves.
    #[must_use]
    pub fn with_send_log(mut self, log: Arc<dyn SendLog>) -> Self {
        self.send_log = Some(log);
        self
    }
}

/// The outgoing limits. 0 means none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Messages a second over all chats; also, apart from them, all other calls a second.
    pub global_per_second: u32,
    /// Messages a minute in one group or channel.
    pub group_per_minute: u32,
    /// Messages a second in one chat, with bursts of three.
    pub chat_per_second: u32,
}

impl Default for Limits {
    /// What Telegram allows.
    fn default() -> Self {
        Self { global_per_second: 30, group_per_minute: 20, chat_per_second: 1 }
    }
}

impl Limits {
    /// No limits of our own; Telegram's 429 is still obeyed.
    #[must_use]
    pub const fn none() -> Self {
        Self { global_per_second: 0, group_per_minute: 0, chat_per_second: 0 }
    }
}
