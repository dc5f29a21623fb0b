//! Empty databases for tests: a SQLite file, and a database of the PostgreSQL server that the runner started.

use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait, Database};

/// An empty database of its own, gone with this value if it is a file.
#[derive(Debug)]
pub(crate) struct Empty {
    pub(crate) url: String,
    _folder: Option<tempfile::TempDir>,
}

/// One empty database of each kind.
pub(crate) async fn all() -> Vec<Empty> {
    let mut databases = vec![sqlite()];
    databases.extend(postgres().await);
    databases
}

pub(crate) fn sqlite() -> Empty {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("test.db").display());
    Empty { url, _folder: Some(folder) }
}

pub(crate) async fn postgres() -> Option<Empty> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let Some(admin) = environment("ALITA_TEST_POSTGRES_URL") else {
        assert!(
            environment("ALITA_TEST_NO_SERVICES").as_deref() == Some("1"),
            "this test needs PostgreSQL: run `cargo xtask test`, or set ALITA_TEST_POSTGRES_URL to the URL of a \
             server's administrator, or set ALITA_TEST_NO_SERVICES=1 to leave PostgreSQL out"
        );
        eprintln!("left out: PostgreSQL (ALITA_TEST_NO_SERVICES=1)");
        return None;
    };
    let name = format!("alita_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let server = Database::connect(&admin).await.expect("the test server answers");
    for statement in
        [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name} TEMPLATE template0")]
    {
        server.execute_unprepared(&statement).await.expect("the administrator may create databases");
    }
    server.close().await.expect("the connection closes");
    let (server, _) = admin.rsplit_once('/').expect("an administrator's URL ends with a database");
    Some(Empty { url: format!("{server}/{name}"), _folder: None })
}

#[expect(clippy::disallowed_methods, reason = "the runner of the tests tells them by the environment")]
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
