//! The values, once they are read and found right. Nothing changes them any more.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use alita_dispatch::AskLimits;
use alita_model::ChatId;
use alita_modules::Settings;
use alita_monitoring::LogFormat;
use alita_telegram::{Limits, SecretString, Url};

use secrecy::ExposeSecret;

use super::env::Env;
use super::reader::{Problem, Reader, Secret, Shown};
use super::supervisor::Supervisor;

/// The database that needs nothing but a folder.
pub(crate) fn embedded(data_dir: &Path) -> String {
    format!("sqlite://{}", data_dir.join("alita.db").display())
}

/// Where Redis is, if there is one.
#[derive(Clone)]
pub(crate) struct RedisPlace {
    pub(crate) address: String,
    pub(crate) password: Option<String>,
    pub(crate) database: Option<u8>,
    pub(crate) is_optional: bool,
    pub(crate) is_cleared_at_start: bool,
}

// The address may hold the password too.
impl std::fmt::Debug for RedisPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisPlace").field("database", &self.database).finish_non_exhaustive()
    }
}

/// Where updates come from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// We ask Telegram.
    Polling,
    /// Telegram calls us.
    Webhook(WebhookPlace),
}

/// Where Telegram finds us, and how it proves itself.
#[derive(Debug, Clone)]
pub(crate) struct WebhookPlace {
    /// The public address, `https` and a host.
    pub(crate) domain: Url,
    pub(crate) secret: SecretString,
    /// The secret before the last change, for the time that Telegram still uses it.
    pub(crate) previous_secret: Option<SecretString>,
}

/// How the pool of database connections is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PoolPlace {
    pub(crate) max_open: u32,
    /// After how long a connection is replaced by a new one.
    pub(crate) lifetime: Duration,
    /// After how long an idle connection is closed.
    pub(crate) idle_time: Duration,
    /// Whether its figures are logged every minute, for everybody to see.
    pub(crate) is_watched: bool,
}

/// What is watched, and from where on something is done about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watching {
    /// Remediation by itself (`ENABLE_PERFORMANCE_MONITORING`).
    pub(crate) remediates: bool,
    /// Statistics in the background (`ENABLE_BACKGROUND_STATS`).
    pub(crate) collects: bool,
    pub(crate) max_tasks: u32,
    pub(crate) max_memory_mb: u32,
    pub(crate) memory_cleanup_mb: u32,
    /// Leave with code 70 in the last tier (`REMEDIATION_EXIT`).
    pub(crate) exits_when_critical: bool,
}

/// When a chat counts as inactive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ActivityPlace {
    pub(crate) inactive_after_days: u32,
    pub(crate) interval: Duration,
    pub(crate) marks_inactive: bool,
}

/// Where spans go.
#[derive(Debug, Clone)]
pub(crate) struct TracesPlace {
    pub(crate) endpoint: Option<String>,
    pub(crate) is_insecure: bool,
    pub(crate) to_console: bool,
    pub(crate) service: String,
    /// From 0.0 (none) to 1.0 (all).
    pub(crate) sample_rate: f64,
}

/// Everything that an operator decides.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) token: SecretString,
    pub(crate) api_server: Url,
    pub(crate) limits: Limits,
    pub(crate) idle_connections: usize,
    /// The folder of a local Bot API server whose files may be read.
    pub(crate) local_files: Option<PathBuf>,
    pub(crate) origin: Origin,
    pub(crate) drops_pending_updates: bool,
    pub(crate) message_dump: Option<ChatId>,
    pub(crate) settings: Settings,
    pub(crate) database_url: SecretString,
    pub(crate) pool: PoolPlace,
    pub(crate) migrates: bool,
    pub(crate) migrates_softly: bool,
    pub(crate) redis: Option<RedisPlace>,
    pub(crate) data_dir: PathBuf,
    pub(crate) http: SocketAddr,
    pub(crate) metrics_token: Option<SecretString>,
    pub(crate) metrics_are_public: bool,
    pub(crate) profiles: bool,
    pub(crate) watching: Watching,
    pub(crate) activity: ActivityPlace,
    pub(crate) traces: TracesPlace,
    pub(crate) max_updates: usize,
    pub(crate) asks: AskLimits,
    pub(crate) log_format: LogFormat,
    pub(crate) log_filter: String,
    pub(crate) is_debug: bool,
    pub(crate) shutdown_limit: Duration,
    /// Who started us, if it wants to hear of us.
    pub(crate) supervisor: Supervisor,
    pub(crate) shown: Vec<Shown>,
    /// What an operator should know, although the bot starts; one line each.
    pub(crate) warnings: Vec<String>,
    /// What must be seen in no log line.
    pub(crate) secrets: Vec<Secret>,
}

impl Config {
    /// The variable that decides where the database is, for complaints about it.
    pub(crate) fn database_variable(&self) -> &'static str {
        if self.database_url.expose_secret() == embedded(&self.data_dir) {
            "DATA_DIR"
        } else {
            "DATABASE_URL"
        }
    }

    /// Reads all variables.
    ///
    /// # Errors
    ///
    /// Every problem that there is, so that the operator has to look only once.
    pub(crate) fn read(env: &Env) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::new(env);
        let config = Self::from_reader(&mut reader);
        if !reader.problems.is_empty() {
            return Err(reader.problems);
        }
        let warnings = [env.warnings.clone(), super::retired::warnings(env), reader.warnings].concat();
        let supervisor = Supervisor::read(env);
        Ok(Self { supervisor, shown: reader.shown, secrets: reader.secrets, warnings, ..config })
    }
}
