//! The team of this bot. Needed by commands that only the team may use.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::schema::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &["devs"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let devs = table("devs")
            .col(big_integer("user_id").unique_key())
            .col(flag("is_dev"))
            .col(flag("sudo"))
            .foreign_key(&mut to_user("devs"))
            .take();
        manager.create_table(devs).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, TABLES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
