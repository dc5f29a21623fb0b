//! A database that does not answer, refuses, or is not there at all.

use sea_orm::ConnectionTrait;
use tokio::task::JoinSet;

use super::*;
use crate::Error;

#[tokio::test]
async fn an_error_is_never_cached() {
    for world in worlds().await {
        let get = async || world.db.admin().get(CHAT).await;
        world
            .without_table("admin", async || {
                let error = get().await.unwrap_err();
                assert!(matches!(error, Error::Refused(_)), "{error:?}");
            })
            .await;
        assert!(!get().await.unwrap().anon_admin);
    }
}

#[tokio::test]
async fn who_was_not_written_down_is_written_with_the_next_message() {
    for world in worlds().await {
        let ada = person(ADA, "Ada", None);
        world
            .without_table("users", async || {
                assert!(world.db.users().seen(&ada).await.is_err());
                assert!(world.db.chats().seen(CHAT, "Rust Tea", Some(ADA)).await.is_err());
            })
            .await;
        assert!(world.db.users().seen(&ada).await.unwrap());
        assert!(world.db.chats().seen(CHAT, "Rust Tea", Some(ADA)).await.unwrap());
        assert_eq!(world.db.chats().members_seen(CHAT).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn without_a_database_warm_reads_go_on_and_writes_say_so() {
    for world in worlds().await {
        world.db.warns().set_limit(CHAT, 5).await.unwrap();
        assert_eq!(world.db.warns().policy(CHAT).await.unwrap().limit(), 5);
        world.db.close().await.unwrap();
        assert_eq!(world.db.warns().policy(CHAT).await.unwrap().limit(), 5);
        assert!(world.db.warns().policy(OTHER_CHAT).await.unwrap_err().is_unavailable());
        assert!(world.db.warns().count(CHAT).await.unwrap_err().is_unavailable());
        assert!(world.db.warns().set_limit(CHAT, 6).await.unwrap_err().is_unavailable());
        assert!(world.db.users().seen(&person(ADA, "Ada", None)).await.unwrap_err().is_unavailable());
        assert!(world.db.ping().await.unwrap_err().is_unavailable());
    }
}

#[tokio::test]
async fn a_broken_connection_costs_nobody_an_answer() {
    let Some(database) = databases::postgres().await else { return };
    let world = World::on(database).await;
    let neighbour = world.neighbour().await;
    let kill = async || {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        neighbour.connection().execute_unprepared(sql).await.expect("the administrator may do that");
    };
    kill().await;
    world.db.admin().set_anon_admin(CHAT, true).await.unwrap();
    kill().await;
    assert!(world.db.admin().get(CHAT).await.unwrap().anon_admin);
    kill().await;
    assert_eq!(world.db.warns().count(CHAT).await.unwrap(), 0);
}

#[tokio::test]
async fn a_bad_address_is_named_and_its_password_is_not() {
    let clock = Clock::system();
    let open = async |url: &str| {
        let mut config = DbConfig::new(url);
        config.connect_attempts = 1;
        if url.contains(":1/") {
            // Nobody listens there, so nothing that could need longer is cut short.
            config.acquire_timeout = Duration::from_millis(200);
        }
        let shown = format!("{config:?}");
        let error = Db::connect(config, Cache::in_memory(clock.clone()), clock.clone()).await.unwrap_err();
        assert!(!format!("{shown}{error}{error:?}").contains("hunter2"), "{error:?}");
        error
    };
    for url in ["mysql://root:hunter2@localhost/x", "postgres://root:hunter2@[::/x", "data/alita.db", ""] {
        assert!(matches!(open(url).await, Error::Url), "{url}");
    }
    assert!(open("postgres://root:hunter2@127.0.0.1:1/x").await.is_unavailable());
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().display();
    std::fs::write(folder.path().join("file"), "").unwrap();
    assert!(matches!(open(&format!("sqlite://{here}/file/alita.db")).await, Error::Folder { .. }));
    assert!(matches!(open(&format!("sqlite://{here}")).await, Error::File { .. }));
}

#[tokio::test]
async fn a_server_says_how_many_it_serves() {
    for empty in databases::all().await {
        let clock = Clock::system();
        let db =
            Db::connect(DbConfig::new(&empty.url), Cache::in_memory(clock.clone()), clock).await.unwrap();
        let allowed = db.server_connections().await.unwrap();
        let is_served = empty.url.starts_with("postgres");
        assert!(allowed.is_some() == is_served && allowed != Some(0), "{allowed:?}");
        db.close().await.unwrap();
    }
}

#[tokio::test]
async fn the_folder_of_an_embedded_database_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/data/deep/alita.db", folder.path().display());
    let clock = Clock::system();
    let db = Db::connect(DbConfig::new(url), Cache::in_memory(clock.clone()), clock).await.unwrap();
    db.ping().await.unwrap();
    assert!(folder.path().join("data/deep/alita.db").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_that_start_at_once_all_come_up() {
    for database in databases::all().await {
        let mut starts = JoinSet::new();
        for _ in 0..4 {
            let (url, clock) = (database.url.clone(), Clock::system());
            starts.spawn(async move {
                let db = connect(&url, &Cache::in_memory(clock.clone()), &clock).await;
                alita_migrations::up(db.connection(), None).await.unwrap();
                db.warns().add(CHAT, ADA, None).await.unwrap().0.count
            });
        }
        let mut counts = starts.join_all().await;
        counts.sort_unstable();
        assert_eq!(counts, [1, 2, 3, 4]);
    }
}

#[tokio::test]
async fn a_database_in_memory_keeps_its_rows() {
    let clock = Clock::system();
    let config = DbConfig::new("sqlite::memory:");
    let db = Db::connect(config, Cache::in_memory(clock.clone()), clock).await.unwrap();
    alita_migrations::up(db.connection(), None).await.unwrap();
    db.warns().add(CHAT, ADA, None).await.unwrap();
    assert_eq!(db.warns().of(CHAT, ADA).await.unwrap().count, 1);
}
