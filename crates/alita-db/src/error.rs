//! Why the database has no answer, and whether asking again may help.

use std::path::PathBuf;

use alita_cache::LoadError;
use sea_orm::sqlx::sqlite::SqliteError;
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// Why a read or a write failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address of the database cannot be read; it is not shown, for it may hold a password.
    #[error("the database url is not valid: it begins with sqlite: or postgres://")]
    Url,
    /// The folder of the embedded database cannot be made.
    #[error("the folder {} cannot be made", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file of the embedded database cannot be opened or written.
    #[error("the database file {} cannot be opened or written", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the driver said.
        source: DbErr,
    },
    /// The database does not answer, or not in time. The same call may succeed later.
    #[error("the database does not answer")]
    Unavailable(#[source] Option<DbErr>),
    /// The database answered with a refusal. The same call will fail again.
    #[error("the database refused a statement")]
    Refused(#[source] DbErr),
}

impl Error {
    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match trouble(&error) {
            Trouble::Refused => Self::Refused(error),
            Trouble::Conflict | Trouble::Lost | Trouble::Unavailable => Self::Unavailable(Some(error)),
        }
    }
}

impl From<LoadError<DbErr>> for Error {
    fn from(error: LoadError<DbErr>) -> Self {
        error.failure().map_or(Self::Unavailable(None), |failure| Self::from(failure.clone()))
    }
}

/// What an error of the database means to the work that met it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Another transaction was in the way; nothing was written.
    Conflict,
    /// The connection broke; what was not committed is gone.
    Lost,
    /// Nobody gets an answer at the moment.
    Unavailable,
    /// A statement is wrong or breaks a rule of the schema.
    Refused,
}

pub(crate) fn trouble(error: &DbErr) -> Trouble {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(RuntimeErr::Internal(_)) => Trouble::Unavailable,
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => driver_trouble(error),
        _ => Trouble::Refused,
    }
}

fn driver_trouble(error: &sqlx::Error) -> Trouble {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => {
            Trouble::Lost
        }
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => Trouble::Unavailable,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            if error.try_downcast_ref::<SqliteError>().is_some() {
                sqlite_trouble(code.parse().unwrap_or_default())
            } else {
                postgres_trouble(&code)
            }
        }
        _ => Trouble::Refused,
    }
}

/// See [SQLite/result codes](https://www.sqlite.org/rescode.html); the low byte is the primary code.
const fn sqlite_trouble(code: u32) -> Trouble {
    match (code, code & 0xff) {
        // Every insert is an upsert, so a unique key is broken only by two who claim a name at the same moment.
        (1555 | 2067, _) | (_, 5 | 6) => Trouble::Conflict,
        (_, 8 | 10 | 13 | 14) => Trouble::Unavailable,
        _ => Trouble::Refused,
    }
}

/// See [PostgreSQL/error codes](https://www.postgresql.org/docs/current/errcodes-appendix.html).
fn postgres_trouble(code: &str) -> Trouble {
    match code {
        "23505" | "40001" | "40P01" | "55P03" => Trouble::Conflict,
        "57014" => Trouble::Unavailable,
        _ if code.starts_with("08") || code.starts_with("57P") => Trouble::Lost,
        _ if code.starts_with("53") || code.starts_with("58") => Trouble::Unavailable,
        _ => Trouble::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_whether_to_try_again() {
        for (code, meaning) in [
            (5, Trouble::Conflict),
            (517, Trouble::Conflict),
            (2067, Trouble::Conflict),
            (13, Trouble::Unavailable),
            (787, Trouble::Refused),
            (275, Trouble::Refused),
        ] {
            assert_eq!(sqlite_trouble(code), meaning, "{code}");
        }
        for (code, meaning) in [
            ("40P01", Trouble::Conflict),
            ("23505", Trouble::Conflict),
            ("57P01", Trouble::Lost),
            ("53300", Trouble::Unavailable),
            ("23503", Trouble::Refused),
            ("23514", Trouble::Refused),
        ] {
            assert_eq!(postgres_trouble(code), meaning, "{code}");
        }
    }
}
