//! The columns and keys that many steps share.
//!
//! Steps that were released depend on what stands here: add functions, never change one.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_pk_auto, boolean, timestamp_with_time_zone};
use sea_orm_migration::sea_orm::{ExecResult, Statement};

/// A table with its surrogate `id` and the two times.
///
/// The times carry no default: the application's clock sets them.
/// SQLite's `CURRENT_TIMESTAMP` is written in another shape than bound values, and shapes are compared as text.
pub(crate) fn table(name: &'static str) -> TableCreateStatement {
    Table::create()
        .table(name)
        .col(big_pk_auto("id"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .take()
}

/// A table with one row a chat.
pub(crate) fn table_of_chat(name: &'static str) -> TableCreateStatement {
    table(name).col(big_integer("chat_id").unique_key()).foreign_key(&mut to_chat(name)).take()
}

/// A yes or no that every insert writes.
pub(crate) fn flag(name: &'static str) -> ColumnDef {
    boolean(name).take()
}

/// `chat_id` names a row of `chats`; it follows the chat when its id changes and goes when the chat goes.
pub(crate) fn to_chat(table: &'static str) -> ForeignKeyCreateStatement {
    reference(table, "chat_id", "chats")
}

/// `user_id` names a row of `users`.
pub(crate) fn to_user(table: &'static str) -> ForeignKeyCreateStatement {
    reference(table, "user_id", "users")
}

fn reference(table: &'static str, column: &'static str, parent: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{table}_{column}"))
        .from(table, column)
        .to(parent, column)
        .on_delete(ForeignKeyAction::Cascade)
        .on_update(ForeignKeyAction::Cascade)
        .take()
}

/// Two columns that together name a row.
pub(crate) fn unique(table: &'static str, first: &'static str, second: &'static str) -> IndexCreateStatement {
    Index::create().name(format!("uq_{table}_{first}_{second}")).col(first).col(second).unique().take()
}

/// An index on one column; the step says which query needs it.
pub(crate) fn index(table: &'static str, column: &'static str) -> IndexCreateStatement {
    Index::create().name(format!("ix_{table}_{column}")).table(table).col(column).take()
}

/// Runs a statement that the builders have no words for. Statements that are sent unprepared are missing in a preview.
pub(crate) async fn execute(db: &impl ConnectionTrait, sql: &str) -> Result<ExecResult, DbErr> {
    db.execute_raw(Statement::from_string(db.get_database_backend(), sql)).await
}

/// Drops tables, the last one first.
pub(crate) async fn drop_tables(manager: &SchemaManager<'_>, tables: &[&'static str]) -> Result<(), DbErr> {
    for table in tables.iter().rev() {
        manager.drop_table(Table::drop().table(*table).if_exists().take()).await?;
    }
    Ok(())
}
