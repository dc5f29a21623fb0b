//! Updates that take long, kept until their handling has ended, so that those after them need not wait.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::schema::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &["backlog"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backlog = Table::create()
            .table("backlog")
            .col(big_pk_auto("id"))
            .col(big_integer("update_id"))
            .col(text("body"))
            .col(timestamp_with_time_zone("kept_at"))
            .index(Index::create().name("uq_backlog_update_id").col("update_id").unique())
            .take();
        manager.create_table(backlog).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, TABLES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
