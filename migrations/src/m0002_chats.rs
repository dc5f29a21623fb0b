//! Groups, and who was seen in them. Needed by every table of settings; the settings follow a group whose id changes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::schema::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &["chats", "chat_members"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let chats = table("chats")
            .col(big_integer("chat_id").unique_key())
            .col(text("chat_name"))
            .col(text("language"))
            .col(flag("is_inactive"))
            .col(timestamp_with_time_zone("last_activity"))
            .take();
        manager.create_table(chats).await?;
        // Counts active chats and finds those that fell silent.
        manager.create_index(index("chats", "last_activity")).await?;
        let chat_members = Table::create()
            .table("chat_members")
            .col(big_pk_auto("id"))
            .col(big_integer("chat_id"))
            .col(big_integer("user_id"))
            .col(timestamp_with_time_zone("first_seen"))
            .col(timestamp_with_time_zone("last_seen"))
            .index(&mut unique("chat_members", "chat_id", "user_id"))
            .foreign_key(&mut to_chat("chat_members"))
            .foreign_key(&mut to_user("chat_members"))
            .take();
        manager.create_table(chat_members).await?;
        // The foreign key's cascade, and the chats of a person.
        manager.create_index(index("chat_members", "user_id")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, TABLES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
