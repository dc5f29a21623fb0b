//! Taking over a database of the Go bot, whose tables bear the names of ours.
//!
//! Its tables are moved aside, into a schema of their own, and stay there as they were. Each of our steps then copies
//! what it has a place for, in the same transaction. So tables of modules that are still to come wait there for the
//! steps of these modules, and nothing is lost by anything that could not be copied.

mod pieces;

use std::collections::BTreeSet;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DatabaseTransaction, DbBackend, Statement};

use crate::Error;
use crate::schema::execute;

/// The schema into which the tables of the Go bot are moved.
const ASIDE: &str = "go_alita";

/// The tables of version 2.21.3 of the Go bot.
const TABLES: [&str; 30] = [
    "admin",
    "antiflood_settings",
    "antiraid_settings",
    "approved_users",
    "blacklists",
    "captcha_attempts",
    "captcha_muted_users",
    "captcha_settings",
    "channels",
    "chats",
    "connection",
    "connection_settings",
    "devs",
    "disable",
    "disable_chat_settings",
    "filters",
    "greetings",
    "locks",
    "notes",
    "notes_settings",
    "pins",
    "reactions",
    "report_chat_settings",
    "report_user_settings",
    "rules",
    "schema_migrations",
    "stored_messages",
    "users",
    "warns_settings",
    "warns_users",
];

/// What a table took over from the Go bot.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TakenOver {
    /// The table.
    pub table: &'static str,
    /// How many rows it got.
    pub rows: u64,
    /// How many there were. What could not be copied stays where it was: names that are too long, second owners of a
    /// name, and the like.
    pub of: u64,
}

/// Moves the tables of the Go bot aside, if this is a database of it and not yet one of ours.
pub(crate) async fn make_room(tx: &DatabaseTransaction, ledger: &str) -> Result<(), Error> {
    if tx.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let found = tables_of(tx, "current_schema()").await?;
    if found.contains(ledger)
        || !["schema_migrations", "warns_users"].iter().all(|name| found.contains(*name))
    {
        return Ok(());
    }
    let missing: Vec<&str> = TABLES.into_iter().filter(|name| !found.contains(*name)).collect();
    if !missing.is_empty() {
        return Err(Error::OldGoBot(missing));
    }
    execute(tx, &format!("CREATE SCHEMA {ASIDE}")).await?;
    for table in TABLES {
        execute(tx, &format!("ALTER TABLE {table} SET SCHEMA {ASIDE}")).await?;
    }
    Ok(())
}

/// Copies what these steps have a place for, if tables of the Go bot stand aside.
pub(crate) async fn take_over(tx: &DatabaseTransaction, steps: &[String]) -> Result<Vec<TakenOver>, Error> {
    if tx.get_database_backend() != DbBackend::Postgres
        || tables_of(tx, &format!("'{ASIDE}'")).await?.is_empty()
    {
        return Ok(Vec::new());
    }
    let mut taken_over = Vec::new();
    for piece in pieces::PIECES.iter().filter(|piece| steps.iter().any(|step| step == piece.step)) {
        for parents in piece.parents() {
            execute(tx, &parents).await?;
        }
        let rows = execute(tx, piece.rows).await?.rows_affected();
        taken_over.push(TakenOver { table: piece.table, rows, of: count(tx, piece.source).await? });
    }
    Ok(taken_over)
}

/// The names of the tables in a schema, which is named by an expression.
async fn tables_of(tx: &DatabaseTransaction, schema: &str) -> Result<BTreeSet<String>, DbErr> {
    let sql = format!("SELECT table_name::text FROM information_schema.tables WHERE table_schema = {schema}");
    let rows = tx.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    rows.iter().map(|row| row.try_get("", "table_name")).collect()
}

async fn count(tx: &DatabaseTransaction, source: &str) -> Result<u64, DbErr> {
    let sql = format!("SELECT count(*) AS rows FROM {source} AS old");
    let row = tx.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let rows: i64 = row.map(|row| row.try_get("", "rows")).transpose()?.unwrap_or_default();
    Ok(rows.try_into().unwrap_or_default())
}
