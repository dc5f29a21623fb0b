//! One suite on SQLite and on PostgreSQL. The harness stands here.

#[path = "../../../migrations/src/tests/databases.rs"]
mod databases;

mod activity;
mod backlog;
mod faults;
mod jobs;
mod migrating;
mod notes;
mod people;
mod redelivery;
mod schema;
mod settings;
mod spans;
mod warns;

use std::fmt::Debug;
use std::time::Duration;

use alita_cache::Cache;
use alita_model::{ChatId, Person, UserId};
use alita_runtime::Clock;
use chrono::DateTime;

use crate::{Db, DbConfig};

const CHAT: ChatId = ChatId::new(-1_001_000_000_001);
const OTHER_CHAT: ChatId = ChatId::new(-1_001_000_000_002);
const ADA: UserId = UserId::new(7_123_456_789_012);
const BOB: UserId = UserId::new(43);

/// One process with its cache on a database of its own.
struct World {
    db: Db,
    cache: Cache,
    clock: Clock,
    database: databases::Empty,
}

impl World {
    async fn on(database: databases::Empty) -> Self {
        let clock =
            Clock::manual(DateTime::from_timestamp(1_800_000_000, 123_456_789).expect("a valid time"));
        let cache = Cache::in_memory(clock.clone());
        let db = connect(&database.url, &cache, &clock).await;
        alita_migrations::up(db.connection(), None).await.expect("the schema is made");
        Self { db, cache, clock, database }
    }

    /// Another process on the same database, whose cache is cold.
    async fn neighbour(&self) -> Db {
        connect(&self.database.url, &Cache::in_memory(self.clock.clone()), &self.clock).await
    }

    /// What everybody reads: with a cache that was written through, warm, with none, and in another process.
    async fn everybody_reads<T: Debug + PartialEq>(&self, read: impl AsyncFn(&Db) -> T, expected: T) {
        assert_eq!(read(&self.db).await, expected, "right after the write");
        self.costs_nothing(async || assert_eq!(read(&self.db).await, expected, "warm")).await;
        self.cache.clear_rebuildable().await.expect("a cache in memory can be cleared");
        assert_eq!(read(&self.db).await, expected, "without a cache");
        assert_eq!(read(&self.neighbour().await).await, expected, "in another process");
    }

    async fn costs_nothing(&self, work: impl AsyncFnOnce()) {
        let before = self.db.queries();
        work().await;
        assert_eq!(self.db.queries(), before, "a warm read asks nobody");
    }

    /// Lets statements about a table fail while `work` runs.
    async fn without_table(&self, table: &str, work: impl AsyncFnOnce()) {
        use sea_orm::ConnectionTrait;
        let db = self.db.connection();
        db.execute_unprepared(&format!("ALTER TABLE {table} RENAME TO away"))
            .await
            .expect("it can be renamed");
        work().await;
        db.execute_unprepared(&format!("ALTER TABLE away RENAME TO {table}"))
            .await
            .expect("it can be renamed back");
    }
}

async fn connect(url: &str, cache: &Cache, clock: &Clock) -> Db {
    let mut config = DbConfig::new(url);
    config.max_connections = 8;
    config.acquire_timeout = Duration::from_secs(30);
    Db::connect(config, cache.clone(), clock.clone()).await.expect("the database opens")
}

/// A world on each kind of database.
async fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    for database in databases::all().await {
        worlds.push(World::on(database).await);
    }
    worlds
}

fn person(id: UserId, name: &str, username: Option<&str>) -> Person {
    Person { id, name: name.to_owned(), username: username.map(str::to_owned) }
}
