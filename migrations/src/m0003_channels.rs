//! Channels that were seen. Needed by look-ups of `@name`; a channel is no chat with settings, hence no foreign key.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::schema::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &["channels"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The username stands in lower case, so the plain unique key lets one channel hold a name.
        let channels = table("channels")
            .col(big_integer("chat_id").unique_key())
            .col(text("channel_name"))
            .col(text_null("username").unique_key())
            .take();
        manager.create_table(channels).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, TABLES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
