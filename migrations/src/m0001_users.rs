//! People who were seen. Needed by every table that names a person, and by look-ups of `@name`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::schema::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &["users"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let users = table("users")
            .col(big_integer("user_id").unique_key())
            .col(text_null("username"))
            .col(text("name"))
            .col(text("language"))
            .col(timestamp_with_time_zone("last_activity"))
            .take();
        manager.create_table(users).await?;
        // Finds a person by name, and lets one person at a time hold a name. Usernames are ASCII.
        execute(manager.get_connection(), "CREATE UNIQUE INDEX uq_users_username ON users (lower(username))")
            .await?;
        // Counts who was active of late.
        manager.create_index(index("users", "last_activity")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, TABLES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
