//! Members whom the automatic protections leave alone. Needed for every message that a protection looks at.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::schema::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &["approved_users"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // A person may be approved by number before anybody saw them, hence no foreign key to users.
        let approved = table("approved_users")
            .col(big_integer("user_id"))
            .col(big_integer("chat_id"))
            .col(text("reason"))
            .col(big_integer("approved_by"))
            .index(&mut unique("approved_users", "user_id", "chat_id"))
            .foreign_key(&mut to_chat("approved_users"))
            .take();
        manager.create_table(approved).await?;
        // The foreign key's cascade, and the list of a chat.
        manager.create_index(index("approved_users", "chat_id")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, TABLES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
