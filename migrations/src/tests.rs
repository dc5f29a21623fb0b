//! The steps on both databases.

mod adoption;
mod checksums;
mod databases;

use sea_orm::{Database, DatabaseConnection};
use sea_orm_migration::prelude::*;

use crate::run::{Change, change};
use crate::{Error, Migrator, Outcome, down, fresh, pending, preview, status, up};

async fn connect(url: &str) -> DatabaseConnection {
    Database::connect(url).await.expect("the database opens")
}

fn names() -> Vec<String> {
    Migrator::migrations().iter().map(|step| step.name().to_owned()).collect()
}

async fn has_table(db: &DatabaseConnection, table: &str) -> bool {
    SchemaManager::new(db).has_table(table).await.unwrap()
}

#[tokio::test]
async fn up_down_and_fresh() {
    for database in databases::all().await {
        let db = connect(&database.url).await;
        assert_eq!(pending(&db).await.unwrap(), names());
        assert!(!has_table(&db, "alita_migrations").await, "looking writes nothing");

        assert_eq!(up(&db, Some(2)).await.unwrap().steps, names()[..2]);
        assert_eq!(up(&db, None).await.unwrap().steps, names()[2..]);
        assert_eq!(up(&db, None).await.unwrap(), Outcome::default(), "a second run is a no-op");
        assert!(status(&db).await.unwrap().iter().all(|step| step.is_applied));

        assert_eq!(down(&db, Some(1)).await.unwrap().steps, names()[names().len() - 1..]);
        assert!(!has_table(&db, "backlog").await);
        assert_eq!(up(&db, None).await.unwrap().steps, names()[names().len() - 1..]);

        db.execute_unprepared("CREATE TABLE of_a_neighbour (id integer)").await.unwrap();
        assert_eq!(fresh(&db).await.unwrap().steps, names());
        assert!(has_table(&db, "of_a_neighbour").await);
        assert_eq!(down(&db, None).await.unwrap().steps, names());
        assert!(!has_table(&db, "users").await);
    }
}

#[tokio::test]
async fn a_preview_shows_the_sql_and_changes_nothing() {
    for database in databases::all().await {
        let db = connect(&database.url).await;
        let told = preview(&db, Change::Up(None)).await.unwrap();
        for needle in
            [r#"CREATE TABLE "users""#, "uq_users_username", r#"CREATE TABLE "update_writes""#, "m0001_users"]
        {
            assert!(told.iter().any(|sql| sql.contains(needle)), "{needle} is missing in {told:#?}");
        }
        assert!(!told.iter().any(|sql| sql.starts_with("SELECT")), "{told:#?}");
        assert_eq!(pending(&db).await.unwrap(), names());
        assert!(!has_table(&db, "users").await);

        up(&db, None).await.unwrap();
        assert_eq!(preview(&db, Change::Up(None)).await.unwrap(), Vec::<String>::new());
        let told = preview(&db, Change::Down(Some(1))).await.unwrap();
        assert!(told.iter().any(|sql| sql.starts_with("DROP TABLE")), "{told:#?}");
        assert!(pending(&db).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn fresh_drops_rows_that_hang_together() {
    for database in databases::all().await {
        let db = connect(&database.url).await;
        up(&db, None).await.unwrap();
        for row in [
            "INSERT INTO users (user_id, name, language, last_activity, created_at, updated_at) \
             VALUES (1, '', '', '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00')",
            "INSERT INTO chats (chat_id, chat_name, language, is_inactive, last_activity, created_at, updated_at) \
             VALUES (-1, '', '', false, '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00')",
            "INSERT INTO chat_members (chat_id, user_id, first_seen, last_seen) \
             VALUES (-1, 1, '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00')",
        ] {
            db.execute_unprepared(row).await.unwrap();
        }
        fresh(&db).await.unwrap();
        let left = db.query_all(Query::select().column("id").from("users")).await.unwrap();
        assert!(left.is_empty());
    }
}

#[tokio::test]
async fn two_at_once_do_no_harm() {
    for database in databases::all().await {
        let (first, second) = (connect(&database.url).await, connect(&database.url).await);
        let (one, other) = tokio::join!(up(&first, None), up(&second, None));
        let mut applied = [one.unwrap().steps, other.unwrap().steps];
        applied.sort();
        assert_eq!(applied, [Vec::new(), names()]);
    }
}

/// Our steps and one more, which fails halfway.
struct Broken;

struct Half;

impl MigrationName for Half {
    fn name(&self) -> &'static str {
        "m9999_half"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Half {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("CREATE TABLE half (id integer)").await?;
        manager.get_connection().execute_unprepared("INSERT INTO nowhere VALUES (1)").await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

#[async_trait::async_trait]
impl MigratorTrait for Broken {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        Migrator::migrations().into_iter().chain([Box::new(Half) as Box<dyn MigrationTrait>]).collect()
    }

    fn migration_table_name() -> DynIden {
        Migrator::migration_table_name()
    }
}

#[tokio::test]
async fn a_failure_leaves_no_trace() {
    for database in databases::all().await {
        let db = connect(&database.url).await;
        let failure = change::<Broken>(&db, Change::Up(None)).await;
        assert!(matches!(failure, Err(Error::Database(_))), "{failure:?}");
        for table in ["half", "users", "alita_migrations"] {
            assert!(!has_table(&db, table).await, "{table}");
        }
        assert_eq!(up(&db, None).await.unwrap().steps, names(), "and the next run finds it as it was");
    }
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    for database in databases::all().await {
        let db = connect(&database.url).await;
        up(&db, None).await.unwrap();
        db.execute_unprepared("INSERT INTO alita_migrations VALUES ('m9999_future', 0)").await.unwrap();
        for refusal in [
            up(&db, None).await.map(drop),
            down(&db, None).await.map(drop),
            fresh(&db).await.map(drop),
            pending(&db).await.map(drop),
        ] {
            let Err(Error::Newer(unknown)) = refusal else { panic!("{refusal:?}") };
            assert_eq!(unknown, ["m9999_future"]);
        }
        assert!(has_table(&db, "update_writes").await);
    }
}
