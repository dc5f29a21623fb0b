//! Applying the steps: one process at a time, all of them or none.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use crate::Migrator;
use crate::adoption::{self, TakenOver};

/// The key of the lock under which one process at a time migrates a PostgreSQL database.
const LOCK: i64 = 0x616c_6974_6100;

/// Why the schema could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database has steps of which this build knows nothing.
    #[error("the database is newer than this build: it has {}", .0.join(", "))]
    Newer(Vec<String>),
    /// The tables are those of a Go bot that is too old to be taken over.
    #[error(
        "these are tables of the Go bot, and {} is missing: let its version 2.21.3 or a later one migrate them first",
        .0.join(", ")
    )]
    OldGoBot(Vec<&'static str>),
    /// The database refused a statement or did not answer.
    #[error("the schema could not be read or changed")]
    Database(#[from] DbErr),
}

/// A step and whether it is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The name of its file.
    pub name: String,
    /// Whether the database has it.
    pub is_applied: bool,
}

/// What was done to the schema.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// The names of the steps that it concerned, in their order.
    pub steps: Vec<String>,
    /// What came from the Go bot.
    pub taken_over: Vec<TakenOver>,
}

/// Applies the next steps, or all that are pending.
///
/// A PostgreSQL database of the Go bot is taken over: its tables are moved into the schema `go_alita`, where they stay
/// as they were, and what the steps have a place for is copied.
///
/// All of them are one transaction: after a failure the database is as before.
/// Another process that migrates at the same time waits, and then finds nothing to do.
///
/// # Errors
///
/// [`Error::Newer`] when the database has unknown steps, [`Error::OldGoBot`] when it is one that cannot be taken over,
/// else [`Error::Database`].
pub async fn up(db: &DatabaseConnection, steps: Option<u32>) -> Result<Outcome, Error> {
    change::<Migrator>(db, Change::Up(steps)).await
}

/// Takes the last steps back, or all of them. Their data is lost.
///
/// # Errors
///
/// [`Error::Newer`] when the database has unknown steps, else [`Error::Database`].
pub async fn down(db: &DatabaseConnection, steps: Option<u32>) -> Result<Outcome, Error> {
    change::<Migrator>(db, Change::Down(steps)).await
}

/// Takes all steps back and applies them again. All data is lost.
///
/// Tables that are not ours stay, and what the Go bot left is taken over anew.
///
/// # Errors
///
/// [`Error::Newer`] when the database has unknown steps, else [`Error::Database`].
pub async fn fresh(db: &DatabaseConnection) -> Result<Outcome, Error> {
    change::<Migrator>(db, Change::Fresh).await
}

/// All steps in order, and which of them the database has. Writes nothing.
///
/// # Errors
///
/// [`Error::Newer`] when the database has unknown steps, else [`Error::Database`].
pub async fn status(db: &DatabaseConnection) -> Result<Vec<Step>, Error> {
    steps::<Migrator>(&SchemaManager::new(db)).await
}

/// The names of the steps that the database lacks. Writes nothing.
///
/// # Errors
///
/// [`Error::Newer`] when the database has unknown steps, else [`Error::Database`].
pub async fn pending(db: &DatabaseConnection) -> Result<Vec<String>, Error> {
    let steps = status(db).await?;
    Ok(steps.into_iter().filter(|step| !step.is_applied).map(|step| step.name).collect())
}

/// The SQL that a change would send to this database, one statement each. Changes nothing.
///
/// The change is really made, in a transaction that is then taken back, so what is shown is what this database would
/// be told. Another process that migrates at the same time waits.
///
/// # Errors
///
/// [`Error::Newer`] when the database has unknown steps, else [`Error::Database`]: the change would fail.
pub async fn preview(db: &DatabaseConnection, change: Change) -> Result<Vec<String>, Error> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut db = db.clone();
    let listener = Arc::clone(&told);
    db.set_metric_callback(move |info| {
        listener.lock().unwrap_or_else(PoisonError::into_inner).push(info.statement.to_string());
    });
    let tx = begin(&db).await?;
    let ledger = Migrator::migration_table_name().to_string();
    let mut has_ledger = SchemaManager::new(&tx).has_table(&ledger).await?;
    apply::<Migrator>(&tx, change).await?;
    tx.rollback().await?;
    let mut told = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
    // The ledger is asked for again and again, and made once.
    let makes_ledger = format!("CREATE TABLE IF NOT EXISTS \"{ledger}\"");
    told.retain(|sql| {
        changes_something(sql)
            && (!sql.starts_with(&makes_ledger) || !std::mem::replace(&mut has_ledger, true))
    });
    Ok(told)
}

/// Reading the ledger and setting limits are no part of a change.
fn changes_something(sql: &str) -> bool {
    let first = sql.split_whitespace().next().unwrap_or_default();
    !["SELECT", "SET", "PRAGMA", "WITH"].iter().any(|word| first.eq_ignore_ascii_case(word))
}

/// What is done to the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Apply the next steps, or all that are pending.
    Up(Option<u32>),
    /// Take the last steps back, or all of them.
    Down(Option<u32>),
    /// Take all steps back and apply them again.
    Fresh,
}

pub(crate) async fn change<M: MigratorTrait>(
    db: &DatabaseConnection,
    change: Change,
) -> Result<Outcome, Error> {
    let tx = begin(db).await?;
    let outcome = apply::<M>(&tx, change).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// Makes the change in a transaction.
async fn apply<M: MigratorTrait>(tx: &DatabaseTransaction, change: Change) -> Result<Outcome, Error> {
    let before = steps::<M>(&SchemaManager::new(tx)).await?;
    let brings = !matches!(change, Change::Down(_));
    if brings {
        adoption::make_room(tx, &M::migration_table_name().to_string()).await?;
    }
    match change {
        Change::Up(count) => M::up(tx, count).await?,
        Change::Down(count) => M::down(tx, count).await?,
        Change::Fresh => {
            M::down(tx, None).await?;
            M::up(tx, None).await?;
        }
    }
    let after = steps::<M>(&SchemaManager::new(tx)).await?;
    let all = matches!(change, Change::Fresh);
    let changed = after.into_iter().zip(before).filter(|(a, b)| all || a != b);
    let steps: Vec<String> = changed.map(|(step, _)| step.name).collect();
    let taken_over = if brings { adoption::take_over(tx, &steps).await? } else { Vec::new() };
    Ok(Outcome { steps, taken_over })
}

/// Begins a transaction that no other migrating process can begin at the same time.
async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let tx = db
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        })
        .await?;
    if tx.get_database_backend() == DbBackend::Postgres {
        for statement in [
            "SET LOCAL statement_timeout = '10min'".to_owned(),
            "SET LOCAL lock_timeout = '60s'".to_owned(),
            format!("SELECT pg_advisory_xact_lock({LOCK})"),
            "SET LOCAL lock_timeout = '5s'".to_owned(),
        ] {
            tx.execute_unprepared(&statement).await?;
        }
    }
    Ok(tx)
}

/// The steps of a migrator beside those that the database has.
async fn steps<M: MigratorTrait>(manager: &SchemaManager<'_>) -> Result<Vec<Step>, Error> {
    let known = M::migrations();
    let ledger = M::migration_table_name();
    let mut applied = BTreeSet::new();
    if manager.has_table(ledger.to_string()).await? {
        let versions = Query::select().column("version").from(ledger).take();
        for row in manager.get_connection().query_all(&versions).await? {
            applied.insert(row.try_get::<String>("", "version")?);
        }
    }
    let steps: Vec<Step> = known
        .iter()
        .map(|step| Step { name: step.name().to_owned(), is_applied: applied.remove(step.name()) })
        .collect();
    if applied.is_empty() { Ok(steps) } else { Err(Error::Newer(applied.into_iter().collect())) }
}
