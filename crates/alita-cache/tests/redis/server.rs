//! Where the tests find a Redis, and one of their own that can be killed.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fred::clients::Client;
use fred::prelude::{Builder, ClientLike, Config, KeysInterface};

/// A Redis for this test: the one of the test command if it names one, else its own.
pub(crate) async fn any() -> Option<(String, Option<Server>)> {
    if let Some(url) = variable("ALITA_TEST_REDIS_URL") {
        return Some((url, None));
    }
    let server = Server::start().await?;
    Some((server.url(), Some(server)))
}

/// A private server on a free port; it keeps its data on disk, so that a restart finds them again.
pub(crate) struct Server {
    child: Option<Child>,
    port: u16,
    folder: tempfile::TempDir,
}

impl Server {
    /// `None` only where the test run was told to leave such tests out.
    pub(crate) async fn start() -> Option<Self> {
        // Below the range from which the system takes ports for outgoing connections: while the server is down, its
        // port must not become somebody's, least of all that of a client trying to reach it.
        let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
        let port =
            std::iter::repeat_with(|| fastrand::u16(20_000..32_000)).find(is_free).expect("a free port");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut server = Self { child: None, port, folder };
        match server.try_run() {
            Ok(()) => {
                server.answers().await;
                Some(server)
            }
            Err(error) if variable("ALITA_TEST_NO_SERVICES").as_deref() == Some("1") => {
                eprintln!("left out: redis-server cannot be started: {error}");
                None
            }
            Err(error) => panic!("this test needs redis-server on the PATH: {error}"),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Starts it, or starts it again, and waits until it answers.
    pub(crate) async fn run(&mut self) {
        self.try_run().expect("redis-server was there before");
        self.answers().await;
    }

    /// Ends it without a word.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it runs");
            child.wait().expect("it ended");
        }
    }

    fn try_run(&mut self) -> std::io::Result<()> {
        let port = self.port.to_string();
        let child = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"])
            .args(["--loglevel", "warning", "--dir"])
            .arg(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        self.child = Some(child);
        Ok(())
    }

    async fn answers(&self) {
        let port = self.port;
        eventually("redis-server answers", async || {
            tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok()
        })
        .await;
        raw(&self.url()).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A plain client, to look at Redis from the side.
pub(crate) async fn raw(url: &str) -> Client {
    let url = if url.contains("://") { url.to_owned() } else { format!("redis://{url}") };
    let config = Config::from_url(&url).expect("an address");
    let mut found = None;
    // While it still reads its file it lets nobody in, or lets them in and answers nothing.
    eventually("redis has read its data", async || {
        let client = Builder::from_config(config.clone()).build().expect("a client");
        let ready = client.init().await.is_ok() && client.exists::<u64, _>("alita:c:nothing").await.is_ok();
        found = ready.then_some(client);
        ready
    })
    .await;
    found.expect("it was ready")
}

/// Waits for what another process does; it has no clock that we could turn.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let asking = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        loop {
            ticks.tick().await;
            if is_so().await {
                return;
            }
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(30), asking).await;
    assert!(in_time.is_ok(), "did not happen: {what}");
}

#[expect(clippy::disallowed_methods, reason = "the test command says in the environment where Redis is")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
