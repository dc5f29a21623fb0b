//! When the bot was alive, and how much was said in a group on a day. Needed by the counts of active chats and people, and by the sweep that marks silent groups: a bot that was away must not take all of them for silent.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::schema::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &["bot_activity", "chat_activity"];
const INDEX: &str = "ix_chats_is_inactive_last_activity";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let bot_activity = Table::create()
            .table("bot_activity")
            .col(big_pk_auto("id"))
            .col(text("name").unique_key())
            .col(timestamp_with_time_zone("alive_at"))
            .col(timestamp_with_time_zone("alive_since"))
            .col(timestamp_with_time_zone_null("swept_at"))
            .take();
        manager.create_table(bot_activity).await?;
        let chat_activity = Table::create()
            .table("chat_activity")
            .col(big_pk_auto("id"))
            .col(big_integer("chat_id"))
            .col(date("day"))
            .col(big_integer("messages"))
            .col(big_integer("users_estimate"))
            .index(&mut unique("chat_activity", "chat_id", "day"))
            .foreign_key(&mut to_chat("chat_activity"))
            .take();
        manager.create_table(chat_activity).await?;
        // Today's rows, and those that are too old.
        manager.create_index(index("chat_activity", "day")).await?;
        // Counts active and silent groups without reading them, and finds those that fell silent.
        let of_chats =
            Index::create().name(INDEX).table("chats").col("is_inactive").col("last_activity").take();
        manager.create_index(of_chats).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(INDEX).table("chats").to_owned()).await?;
        drop_tables(manager, TABLES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
