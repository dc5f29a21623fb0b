//! Where the database is, and how its connections behave.

use std::path::PathBuf;
use std::time::Duration;

use sea_orm::ConnectOptions;
use sea_orm::sqlx::sqlite::{SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{self, Connection};
use secrecy::{ExposeSecret, SecretString};

use crate::Error;

/// Where the database is, and how many connections it gets.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DbConfig {
    /// `sqlite://path`, `sqlite::memory:` or `postgres://user:password@host/database`.
    pub url: SecretString,
    /// The most connections that are open at the same time.
    pub max_connections: u32,
    /// How long a statement waits for a free connection.
    pub acquire_timeout: Duration,
    /// From which duration on a statement is logged.
    pub slow_query: Duration,
    /// How often a database that does not answer is tried at the start; the pauses are 1, 2, 4, 8 s.
    pub connect_attempts: u32,
}

impl DbConfig {
    /// The usual settings: 8 connections to SQLite, 50 to PostgreSQL.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        let url = url.into();
        let max_connections = if url.starts_with("sqlite:") { 8 } else { 50 };
        Self {
            url: SecretString::from(url),
            max_connections,
            acquire_timeout: Duration::from_secs(5),
            slow_query: Duration::from_secs(1),
            connect_attempts: 5,
        }
    }

    /// Whether the database is a file of our own and not a server.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.url.expose_secret().starts_with("sqlite:")
    }

    /// The file of an embedded database.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        let path = self.url.expose_secret().strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = path.split('?').next().filter(|path| !path.is_empty() && *path != ":memory:")?;
        Some(PathBuf::from(path))
    }

    /// Makes the folder in which the embedded database will stand.
    pub(crate) fn make_folder(&self) -> Result<(), Error> {
        let Some(file) = self.file() else { return Ok(()) };
        let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
            return Ok(());
        };
        std::fs::create_dir_all(folder).map_err(|source| Error::Folder { path: folder.to_owned(), source })
    }

    pub(crate) fn options(&self) -> Result<ConnectOptions, Error> {
        let url = self.url.expose_secret();
        let is_known =
            ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
        if !is_known || url::Url::parse(url).is_err() {
            return Err(Error::Url);
        }
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(self.max_connections)
            .acquire_timeout(self.acquire_timeout)
            .test_before_acquire_if_idle_for(Duration::from_secs(30))
            .sqlx_logging(false)
            .record_stmt_in_spans(false)
            .map_sqlx_sqlite_opts(|options| {
                options
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Normal)
                    .busy_timeout(Duration::from_secs(5))
                    .foreign_keys(true)
                    .pragma("cache_size", "-8000")
            })
            .map_sqlx_sqlite_pool_opts(|pool| {
                pool.after_release(|connection, _| Box::pin(is_outside_of_a_transaction(connection)))
            })
            .map_sqlx_postgres_opts(|options| {
                options
                    .application_name("alita")
                    .options([("statement_timeout", "5000"), ("lock_timeout", "5000")])
            });
        if self.is_embedded() && self.file().is_none() {
            // A database in memory belongs to its connection: there is one, and it stays.
            options.max_connections(1).min_connections(1).idle_timeout(None).max_lifetime(None);
        }
        Ok(options)
    }
}

/// Whether a connection may be used again.
///
/// SQLite rolls back by itself when the disk is full or breaks. The driver then cannot roll back any more, believes for
/// ever to be in a transaction, and refuses to begin another one on this connection.
async fn is_outside_of_a_transaction(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // An ordinary rollback may still stand in line.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}
