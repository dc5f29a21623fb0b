//! Saved messages of a chat. Needed by `/save`, `/get`, `#name` and the deep links to notes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::schema::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &["notes", "notes_settings"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let notes = table("notes")
            .col(big_integer("chat_id"))
            .col(text("note_name").check(Expr::cust("length(note_name) BETWEEN 1 AND 100")))
            .col(text("note_content"))
            .col(text("file_id"))
            .col(big_integer("msg_type"))
            .col(json_binary("buttons"))
            .col(flag("admin_only"))
            .col(flag("private_only"))
            .col(flag("group_only"))
            .col(flag("web_preview"))
            .col(flag("is_protected"))
            .col(flag("no_notif"))
            .index(&mut unique("notes", "chat_id", "note_name"))
            .foreign_key(&mut to_chat("notes"))
            .take();
        manager.create_table(notes).await?;
        manager.create_table(table_of_chat("notes_settings").col(flag("private")).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, TABLES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
