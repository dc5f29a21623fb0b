//! Under a supervisor as systemd is one: it hears when the bot is ready, that it is alive, and that it stops.
#![cfg(target_os = "linux")]

use alita_testkit::Fault;
use alita_testkit::process::{Program, get, until};
use tokio::net::UnixDatagram;

use crate::{LIMIT, whole};

/// The socket of a supervisor.
struct Supervisor(UnixDatagram);

impl Supervisor {
    /// Listens in the folder of the program, and has the program know.
    fn of(program: Program) -> (Self, Program) {
        let path = program.folder().join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        (Self(socket), program.env("NOTIFY_SOCKET", path))
    }

    /// The next news.
    async fn hears(&self) -> String {
        let mut bytes = vec![0; 1_024];
        let length = tokio::time::timeout(LIMIT, self.0.recv(&mut bytes)).await.expect("news in time");
        bytes.truncate(length.expect("the socket is open"));
        String::from_utf8(bytes).expect("text")
    }

    /// Is there any news that was not heard yet?
    fn has_heard_all(&self) -> bool {
        self.0.try_recv(&mut [0; 1_024]).is_err()
    }
}

fn says(news: &str, word: &str) -> bool {
    news.lines().any(|line| line == word)
}

#[tokio::test]
async fn it_hears_of_the_beginning_and_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let (supervisor, program) = Supervisor::of(program);
    // As long as the bot does not know who it is, it is not ready.
    telegram.fail("getMe", Fault::Status(502), usize::MAX);
    let mut running = program.start().expect("it starts");
    let has_asked = || telegram.call_counts().contains_key("getMe");
    until(LIMIT, "that it asks who it is", has_asked).await.expect("it asks");
    assert!(supervisor.has_heard_all(), "it is not ready");
    telegram.heal();

    let news = supervisor.hears().await;
    assert!(says(&news, "READY=1"), "{news}");
    let (status, report) = get(program.port(), "/health").await.expect("an answer");
    assert_eq!(status, 200, "{report}");
    assert!(supervisor.has_heard_all(), "nobody wants signs of life");

    running.signal("TERM").await.expect("it runs");
    let news = supervisor.hears().await;
    assert!(says(&news, "STOPPING=1"), "{news}");
    assert!(running.ended(LIMIT).await.expect("it leaves").success(), "{}", program.stderr());
    assert!(supervisor.has_heard_all());
}

#[tokio::test]
async fn it_gets_signs_of_life_if_it_wants_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let (supervisor, program) = Supervisor::of(program);
    let mut running = program.env("WATCHDOG_USEC", "200000").start().expect("it starts");
    assert!(says(&supervisor.hears().await, "READY=1"));
    for _ in 0..3 {
        assert!(says(&supervisor.hears().await, "WATCHDOG=1"));
    }
    running.signal("TERM").await.expect("it runs");
    while says(&supervisor.hears().await, "WATCHDOG=1") {}
    assert!(running.ended(LIMIT).await.expect("it leaves").success());
}

#[tokio::test]
async fn a_supervisor_that_is_gone_does_no_harm() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let (supervisor, program) = Supervisor::of(program);
    drop(supervisor);
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    let has_said = || program.stderr().contains("the supervisor could not be told");
    until(LIMIT, "that it says so", has_said).await.expect("it says so");
    assert!(running.terminate(LIMIT).await.expect("it leaves").success());
}
