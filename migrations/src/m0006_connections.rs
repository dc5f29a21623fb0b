//! Which group a person manages from the private chat. Needed by commands that work through a connection.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::schema::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &["connection", "connection_settings"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = table("connection")
            .col(big_integer("user_id").unique_key())
            .col(big_integer("chat_id"))
            .col(flag("connected"))
            .foreign_key(&mut to_user("connection"))
            .foreign_key(&mut to_chat("connection"))
            .take();
        manager.create_table(connection).await?;
        // The foreign key's cascade, and who is connected to a chat that moves.
        manager.create_index(index("connection", "chat_id")).await?;
        manager.create_table(table_of_chat("connection_settings").col(flag("allow_connect")).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, TABLES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
