//! The rules of a chat. Needed by the button under a warning and by the `{rules}` of a saved message.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::schema::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &["rules"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let rules =
            table_of_chat("rules").col(text("rules")).col(text("rules_btn")).col(flag("private")).take();
        manager.create_table(rules).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, TABLES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
