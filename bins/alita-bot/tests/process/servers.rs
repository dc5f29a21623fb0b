//! A PostgreSQL and a Redis of a test's own, which it may stop and start again. They keep what they were told.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use alita_testkit::process::{free_port, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::LIMIT;

/// A server on a free loopback port, with its data in a folder that outlives a stop.
pub(crate) struct Server {
    kind: Kind,
    program: PathBuf,
    account: Option<(u32, u32)>,
    folder: tempfile::TempDir,
    port: u16,
    child: Option<Child>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Postgres,
    Redis,
}

impl Server {
    /// A PostgreSQL with an empty cluster; `None` only where the run was told to do without.
    pub(crate) async fn postgres() -> Option<Self> {
        let bin = found("PostgreSQL", folder_of_postgres())?;
        let (folder, account) = private_folder();
        let mut initdb = command(&bin.join("initdb"), folder.path(), account);
        initdb.args([
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "-D",
        ]);
        let made = initdb.arg(folder.path().join("data")).output().expect("initdb can be started");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let program = bin.join("postgres");
        let mut server =
            Self { kind: Kind::Postgres, program, account, folder, port: free_port(), child: None };
        server.start().await;
        Some(server)
    }

    /// A Redis that keeps everything on disk; `None` only where the run was told to do without.
    pub(crate) async fn redis() -> Option<Self> {
        let program =
            found("Redis", ["redis-server", "valkey-server"].iter().find_map(|name| on_path(name)))?;
        let (folder, account) = private_folder();
        let mut server = Self { kind: Kind::Redis, program, account, folder, port: free_port(), child: None };
        server.start().await;
        Some(server)
    }

    /// Where the bot finds it.
    pub(crate) fn url(&self) -> String {
        match self.kind {
            Kind::Postgres => format!("postgres://postgres@127.0.0.1:{}/postgres", self.port),
            Kind::Redis => format!("redis://127.0.0.1:{}/0", self.port),
        }
    }

    /// Starts it, also again, and waits until it answers.
    pub(crate) async fn start(&mut self) {
        let mut command = command(&self.program, self.folder.path(), self.account);
        let port = self.port.to_string();
        match self.kind {
            Kind::Postgres => {
                command.arg("-D").arg(self.folder.path().join("data")).args(["-p", &port]);
                for setting in [
                    "listen_addresses=127.0.0.1",
                    "unix_socket_directories=",
                    "shared_buffers=16MB",
                    "fsync=off",
                    "autovacuum=off",
                ] {
                    command.args(["-c", setting]);
                }
            }
            Kind::Redis => {
                command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]);
                command.args(["--appendfsync", "always"]);
            }
        }
        let log = std::fs::File::create(self.folder.path().join("server.log")).expect("a file for its log");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().expect("the server can be started"));
        let began = std::time::Instant::now();
        while !self.answers().await {
            assert!(began.elapsed() < LIMIT, "the server does not answer: {}", self.log());
            tokio::task::yield_now().await;
        }
    }

    /// Takes it away as an administrator in a hurry would: every connection is cut at once.
    pub(crate) async fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        // PostgreSQL leaves shared memory behind when it is killed, so it is told to end immediately instead.
        signal(&child, if self.kind == Kind::Postgres { "QUIT" } else { "KILL" });
        until(LIMIT, "the end of the server", || child.try_wait().expect("the system tells").is_some())
            .await
            .expect("it ends");
    }

    /// A first word in its own language, to which it answers only when it is ready.
    async fn answers(&self) -> bool {
        let question: &[u8] = match self.kind {
            // The length, protocol 3.0, and who we are.
            Kind::Postgres => b"\0\0\0\x17\0\x03\0\0user\0postgres\0\0",
            Kind::Redis => b"PING\r\n",
        };
        let expected: &[u8] = if self.kind == Kind::Postgres { b"R" } else { b"+" };
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)).await else { return false };
        let mut answer = [0];
        stream.write_all(question).await.is_ok()
            && stream.read_exact(&mut answer).await.is_ok()
            && answer == expected
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            signal(&child, if self.kind == Kind::Postgres { "QUIT" } else { "KILL" });
            // There is nobody left to tell.
            let _ended = child.wait();
        }
    }
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &id]).output();
    assert!(sent.is_ok_and(|sent| sent.status.success()), "no {name} for the server");
}

/// What was looked for; a run that has it not fails, unless it was told to do without.
fn found(what: &str, path: Option<PathBuf>) -> Option<PathBuf> {
    if path.is_none() {
        assert!(
            variable("ALITA_TEST_NO_SERVICES").as_deref() == Some("1"),
            "this test starts and stops a {what} of its own: install it, run `cargo xtask test`, or set \
             ALITA_TEST_NO_SERVICES=1 to leave it out"
        );
        eprintln!("left out: {what} cannot be found (ALITA_TEST_NO_SERVICES=1)");
    }
    path
}

/// Debian keeps the programs of PostgreSQL off the path, a folder a version.
fn folder_of_postgres() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut bins: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    bins.sort();
    let on_path = on_path("initdb").and_then(|initdb| initdb.parent().map(Path::to_owned));
    on_path
        .into_iter()
        .chain(bins.into_iter().rev())
        .find(|bin| ["initdb", "postgres"].iter().all(|program| bin.join(program).is_file()))
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = variable("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A folder, and the account that owns it when we are root: PostgreSQL refuses to be root.
fn private_folder() -> (tempfile::TempDir, Option<(u32, u32)>) {
    // Root's own folder for temporary files may be closed to everybody else.
    let folder = tempfile::Builder::new().prefix("alita-test-").tempdir_in("/tmp").expect("a folder");
    if std::fs::metadata(folder.path()).expect("it is there").uid() != 0 {
        return (folder, None);
    }
    let accounts = std::fs::read_to_string("/etc/passwd").expect("the list of accounts");
    let ids = |name: &str| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(|number| number.parse().ok());
        Some((numbers.next()??, numbers.next()??))
    };
    let (user, group) =
        ["postgres", "nobody"].iter().find_map(|name| ids(name)).expect("an account for servers");
    chown(folder.path(), Some(user), Some(group)).expect("root may give a folder away");
    (folder, Some((user, group)))
}

fn command(program: &Path, home: &Path, account: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(home).env("LC_ALL", "C");
    if let Some((user, group)) = account {
        command.uid(user).gid(group);
    }
    command
}

#[expect(
    clippy::disallowed_methods,
    reason = "where programs are and what to leave out stands in the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
