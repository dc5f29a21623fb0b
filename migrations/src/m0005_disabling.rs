//! Commands that a chat switched off. Needed before every command that can be switched off.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::schema::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &["disable", "disable_chat_settings"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let disable = table("disable")
            .col(big_integer("chat_id"))
            .col(text("command").check(Expr::cust("length(command) BETWEEN 1 AND 100")))
            .col(flag("disabled"))
            .index(&mut unique("disable", "chat_id", "command"))
            .foreign_key(&mut to_chat("disable"))
            .take();
        manager.create_table(disable).await?;
        manager.create_table(table_of_chat("disable_chat_settings").col(flag("delete_commands")).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, TABLES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
