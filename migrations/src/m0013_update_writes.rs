//! What a write answered, kept beside the write. Needed when an update is delivered again after a crash: the same write answers the same and changes nothing.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::schema::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &["update_writes"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let writes = Table::create()
            .table("update_writes")
            .col(big_pk_auto("id"))
            .col(big_integer("update_id"))
            .col(big_integer("step"))
            .col(text("name"))
            .col(json_binary("answer"))
            .col(timestamp_with_time_zone("written_at"))
            .index(
                Index::create()
                    .name("uq_update_writes_update_id_step_name")
                    .col("update_id")
                    .col("step")
                    .col("name")
                    .unique(),
            )
            .take();
        manager.create_table(writes).await?;
        // The sweep of answers that nobody can ask for any more.
        manager.create_index(index("update_writes", "written_at")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, TABLES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
