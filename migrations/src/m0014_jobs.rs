//! What is to happen later. Needed for everything that must survive a restart before its time has come: prompts that expire, messages that vanish, regular work that one of many instances does.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::schema::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &["jobs"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // A job may be about a private chat, or about one that nobody has written down yet, hence no foreign key.
        // A group that gets another id takes its jobs along all the same.
        let jobs = table("jobs")
            .col(text("name"))
            .col(json_binary("payload"))
            .col(text_null("dedupe_key"))
            .col(big_integer_null("chat_id"))
            .col(text("state"))
            .col(timestamp_with_time_zone("due_at"))
            .col(big_integer("attempts"))
            .col(big_integer("turn"))
            .col(timestamp_with_time_zone_null("lease_until"))
            .col(text_null("last_error"))
            .check(Expr::col("state").is_in(["waiting", "dead"]))
            .take();
        manager.create_table(jobs).await?;
        // The look for what is due, twice a second; and the counts of what waits and what is dead.
        let due =
            Index::create().name("ix_jobs_state_due_at").table("jobs").col("state").col("due_at").take();
        manager.create_index(due).await?;
        // One waiting job a key, and the way to cancel it. Dead letters keep their key and are in nobody's way.
        let key = "CREATE UNIQUE INDEX uq_jobs_dedupe_key ON jobs (dedupe_key) WHERE state = 'waiting'";
        execute(manager.get_connection(), key).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, TABLES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
