//! A database that is away: asked now and then whether it is back, and not waited for by everybody.
//!
//! Without this, each statement of an outage waits for a connection as long as it may, and a lane of ten commands
//! stands still for a minute, with locked links behind it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use alita_runtime::Clock;
use sea_orm::error::ConnAcquireErr;
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// How long nobody asks after a question without an answer.
const REST: Duration = Duration::from_secs(1);

/// Whether the database is away, as far as anybody noticed.
#[derive(Debug)]
pub(crate) struct Outage {
    clock: Clock,
    /// How long a question may take.
    patience: Duration,
    /// When the next one may ask; `None` while it is there.
    ask_again_at: Mutex<Option<Duration>>,
}

impl Outage {
    pub(crate) fn new(clock: Clock, patience: Duration) -> Self {
        Self { clock, patience, ask_again_at: Mutex::default() }
    }

    /// Lets a question pass, or fails at once what would wait in vain. Of those who ask during an outage one passes.
    pub(crate) fn check(&self) -> Result<(), DbErr> {
        let mut ask_again_at = self.ask_again_at.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = *ask_again_at else { return Ok(()) };
        let now = self.clock.instant();
        if now < at {
            return Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout));
        }
        // Whoever passes may be dropped before it has an answer; then the next one passes after the time of one.
        *ask_again_at = Some(now + self.patience);
        Ok(())
    }

    /// Takes note of how a question ended, and hands its end on.
    pub(crate) fn note<T>(&self, outcome: Result<T, DbErr>) -> Result<T, DbErr> {
        let is_away = outcome.as_ref().is_err_and(is_without_connection);
        let mut ask_again_at = self.ask_again_at.lock().unwrap_or_else(PoisonError::into_inner);
        match (is_away, ask_again_at.is_some()) {
            (true, was_away) => {
                *ask_again_at = Some(self.clock.instant() + REST);
                if !was_away {
                    tracing::error!("the database is away; it is asked once a second whether it is back");
                }
            }
            (false, true) => {
                *ask_again_at = None;
                tracing::info!("the database is back");
            }
            (false, false) => {}
        }
        outcome
    }
}

/// No connection could be had. A refusal, or a connection that broke, is an answer of somebody who is there.
fn is_without_connection(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) => true,
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => matches!(**error, sqlx::Error::PoolTimedOut),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn away<T>() -> Result<T, DbErr> {
        Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))
    }

    #[test]
    fn one_asks_for_all() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let outage = Outage::new(clock.clone(), Duration::from_secs(5));
        assert!(outage.check().is_ok() && outage.check().is_ok());
        assert!(outage.note(away::<()>()).is_err());
        assert!(outage.check().is_err(), "nobody asks for a second");
        clock.advance(REST);
        assert!(outage.check().is_ok(), "then one asks");
        assert!(outage.check().is_err(), "and the others are told at once");
        clock.advance(Duration::from_secs(5));
        assert!(outage.check().is_ok(), "a question that was dropped holds nobody for ever");
        assert!(outage.note(Ok(())).is_ok());
        assert!(outage.check().is_ok() && outage.check().is_ok());
    }

    #[test]
    fn a_refusal_comes_from_somebody_who_is_there() {
        let outage = Outage::new(Clock::manual(DateTime::UNIX_EPOCH), Duration::from_secs(5));
        assert!(outage.note(away::<()>()).is_err());
        assert!(outage.note::<()>(Err(DbErr::Custom("no such table".to_owned()))).is_err());
        assert!(outage.check().is_ok());
    }
}
