//! A bot's program as a process of its own, beside the fake Telegram.
//!
//! For what only a process can show: what it says when it cannot start, what a signal does, what a crash leaves
//! behind. A process hears nothing of our environment but the path, and works in a folder of its own.

mod program;
mod running;
mod waiting;

pub use self::program::Program;
pub use self::running::Running;
pub use self::waiting::{free_port, get, until};

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use super::{Program, until};

    const LIMIT: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_process_hears_only_what_it_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = Program::new("/bin/sh", folder.path())
            .env("WORD", "tea")
            .arg("-c")
            .arg("echo $WORD$HOME; exit 3");
        let output = program.run(LIMIT).await.expect("it runs");
        assert_eq!((output.stdout.as_slice(), output.status.code()), (b"tea\n".as_slice(), Some(3)));
    }

    #[tokio::test]
    async fn signals_reach_it_and_its_log_outlives_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = "trap 'echo leaving >&2; exit 0' TERM; echo here >&2; while :; do sleep 0.01; done";
        let program = Program::new("/bin/sh", folder.path()).arg("-c").arg(script);
        for times in 1..=2 {
            let mut running = program.start().expect("it starts");
            let is_here = || program.stderr().matches("here").count() == times;
            until(LIMIT, "a sign of life", is_here).await.expect("it lives");
            assert!(running.has_ended().expect("the system tells").is_none());
            assert!(running.terminate(LIMIT).await.expect("it ends").success());
        }
        assert_eq!(program.stderr(), "here\nleaving\nhere\nleaving\n");
    }
}
