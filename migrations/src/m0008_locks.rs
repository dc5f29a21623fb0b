//! What a chat forbids. Needed for every message in a group.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::schema::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &["locks"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let locks = table("locks")
            .col(big_integer("chat_id"))
            .col(text("lock_type").check(Expr::cust("length(lock_type) BETWEEN 1 AND 100")))
            .col(flag("locked"))
            .index(&mut unique("locks", "chat_id", "lock_type"))
            .foreign_key(&mut to_chat("locks"))
            .take();
        manager.create_table(locks).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, TABLES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
