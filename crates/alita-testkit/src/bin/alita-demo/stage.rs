//! The bot's process on the stage: it comes, goes, falls, and comes back.

use std::io;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use alita_testkit::process::{Program, Running};
use alita_testkit::transcript::{Bot, Scene, Stop};
use alita_testkit::{FakeTelegram, MemberStatus};
use async_trait::async_trait;
use tokio::sync::Mutex;

/// How long coming and going may take.
const LIMIT: Duration = Duration::from_secs(20);

/// How often somebody looks whether the bot is still there.
const LOOK: Duration = Duration::from_millis(50);

/// Clones are the same stage.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    telegram: FakeTelegram,
    program: Program,
    /// Locked while it comes or goes on purpose.
    running: Arc<Mutex<Option<Running>>>,
}

impl Stage {
    pub(crate) fn new(telegram: FakeTelegram, program: Program) -> Self {
        Self { telegram, program, running: Arc::default() }
    }

    /// Starts the bot, and returns when it is up.
    pub(crate) async fn start(&self) -> io::Result<()> {
        let mut place = self.running.lock().await;
        let mut running = self.program.start()?;
        running.is_up(LIMIT).await?;
        *place = Some(running);
        Ok(())
    }

    /// Asks the bot to leave; it must do so in good order.
    pub(crate) async fn stop(&self) -> io::Result<()> {
        let mut place = self.running.lock().await;
        let Some(mut running) = place.take() else { return Ok(()) };
        let status = running.terminate(LIMIT).await?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("it left with {status}"))) }
    }

    /// Pulls the plug.
    async fn kill(&self) -> io::Result<()> {
        let mut place = self.running.lock().await;
        match place.take() {
            Some(mut running) => running.kill().await,
            None => Ok(()),
        }
    }

    /// Returns when the bot ends although nobody told it to.
    pub(crate) async fn falls(&self) -> ExitStatus {
        loop {
            if let Some(running) = &mut *self.running.lock().await
                && let Ok(Some(status)) = running.has_ended()
            {
                return status;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn is(&self, scene: &Scene, who: &str, what: &str) -> Result<bool, String> {
        let chat = scene.here().ok_or("this is nowhere")?;
        let user = scene.person(who).ok_or_else(|| format!("nobody is called {who}"))?;
        let status = self.telegram.member(chat, user).status;
        match what {
            "banned" => Ok(status == MemberStatus::Banned),
            "muted" => Ok(status == MemberStatus::Restricted),
            "an ordinary member" => Ok(status == MemberStatus::Member),
            _ => Err("somebody is banned, muted or an ordinary member".to_owned()),
        }
    }
}

#[async_trait]
impl Bot for Stage {
    /// What another process does shows in its calls, and those are waited for anyway.
    async fn settle(&self) {}

    async fn given(&self, _scene: &Scene, line: &str) -> Result<(), String> {
        let done = match line {
            "a power cut" => self.kill().await,
            "the power is back" => self.start().await,
            _ => return Err("only: given a power cut, given the power is back".to_owned()),
        };
        done.map_err(|error| error.to_string())
    }

    async fn then(&self, scene: &Scene, line: &str) -> Result<(), String> {
        let (who, what) = line.split_once(" is ").ok_or("only: then Mallory is banned")?;
        if self.is(scene, who, what)? { Ok(()) } else { Err(format!("{who} is not {what}")) }
    }

    async fn restart(&mut self, how: Stop) -> Result<(), String> {
        let stopped = if how == Stop::Crash { self.kill().await } else { self.stop().await };
        stopped.map_err(|error| error.to_string())?;
        self.start().await.map_err(|error| error.to_string())
    }
}
