//! Warnings, and when a chat punishes. Needed by the warns module and by whatever warns by itself.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::schema::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &["warns_settings", "warns_users"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let settings = table_of_chat("warns_settings")
            .col(big_integer("warn_limit").check(Expr::cust("warn_limit > 0")))
            .col(text("warn_mode").check(Expr::cust("warn_mode IN ('ban', 'kick', 'mute', 'tban', 'tmute')")))
            .take();
        manager.create_table(settings).await?;
        let tallies = table("warns_users")
            .col(big_integer("user_id"))
            .col(big_integer("chat_id"))
            .col(big_integer("num_warns").check(Expr::cust("num_warns >= 0")))
            .col(json_binary("warns"))
            .index(&mut unique("warns_users", "user_id", "chat_id"))
            .foreign_key(&mut to_user("warns_users"))
            .foreign_key(&mut to_chat("warns_users"))
            .take();
        manager.create_table(tallies).await?;
        // The foreign key's cascade, and all tallies of a chat.
        manager.create_index(index("warns_users", "chat_id")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, TABLES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
