//! Tells a supervisor (systemd, `Type=notify`) how it goes: ready, still alive, stopping.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alita_monitoring::{Health, Status};
use alita_runtime::{Clock, TaskSet};

use crate::config::Supervisor;

/// How often we look whether the bot is well, until it is for the first time.
const LOOK: Duration = Duration::from_millis(200);

const READY: &str = "READY=1\nSTATUS=Handling updates";
const ALIVE: &str = "WATCHDOG=1";
const STOPPING: &str = "STOPPING=1\nSTATUS=Finishing what was begun";

/// What the supervisor is to hear; clones are the same.
#[derive(Clone)]
pub(crate) struct Supervised {
    by: Supervisor,
    is_stopping: Arc<AtomicBool>,
    send: fn(&str) -> io::Result<()>,
}

impl Supervised {
    pub(crate) fn by(supervisor: Supervisor) -> Self {
        Self { by: supervisor, is_stopping: Arc::default(), send }
    }

    /// Tells when the bot is well for the first time, and from then on that it is alive, twice in the time after which
    /// the supervisor would take it for dead.
    pub(crate) fn attend(&self, health: &Health, clock: &Clock) {
        if !self.by.listens {
            return;
        }
        let (us, health, clock) = (self.clone(), health.clone(), clock.clone());
        // Nobody closes this set: signs of life are wanted until the process ends, and there is nothing to put away.
        TaskSet::new().spawn("supervisor", async move {
            while health.report().await.status == Status::Unhealthy {
                clock.sleep(LOOK).await;
            }
            us.tell(READY);
            let Some(patience) = us.by.patience else { return };
            loop {
                // Whoever is stopping has a limit of its own, and closes what it would need to be alive.
                if us.is_stopping.load(Ordering::Relaxed) || health.liveness().alive {
                    us.tell(ALIVE);
                }
                clock.sleep(patience / 2).await;
            }
        });
    }

    /// Tells that the end has begun.
    pub(crate) fn stopping(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        self.tell(STOPPING);
    }

    fn tell(&self, news: &str) {
        if self.by.listens
            && let Err(error) = (self.send)(news)
        {
            // It will restart us if it minds.
            tracing::warn!(%error, news, "the supervisor could not be told");
        }
    }
}

#[cfg(target_os = "linux")]
fn send(news: &str) -> io::Result<()> {
    sd_notify::notify(&[sd_notify::NotifyState::Custom(news)])
}

#[cfg(not(target_os = "linux"))]
fn send(_news: &str) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use chrono::DateTime;

    use super::*;

    static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());

    fn heard() -> Vec<String> {
        std::mem::take(&mut HEARD.lock().unwrap())
    }

    /// Lets the task work until it waits for the clock, and turns the clock.
    async fn turn(clock: &Clock) {
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_secs(30));
    }

    #[tokio::test]
    async fn it_hears_what_health_knows() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let health = Health::new(clock.clone(), "1.2.3");
        let is_alive = Arc::new(AtomicBool::new(true));
        let sign = Arc::clone(&is_alive);
        health.critical("a task", move || sign.load(Ordering::Relaxed));
        let supervised = Supervised {
            send: |news| {
                HEARD.lock().unwrap().push(news.to_owned());
                Ok(())
            },
            ..Supervised::by(Supervisor { listens: true, patience: Some(Duration::from_secs(60)) })
        };
        supervised.attend(&health, &clock);
        turn(&clock).await;
        turn(&clock).await;
        assert_eq!(heard(), [""; 0], "it is still starting");
        health.started();
        turn(&clock).await;
        assert_eq!(heard(), [READY, ALIVE]);
        turn(&clock).await;
        assert_eq!(heard(), [ALIVE]);
        is_alive.store(false, Ordering::Relaxed);
        turn(&clock).await;
        turn(&clock).await;
        assert_eq!(heard(), [""; 0], "nothing but a new process helps");
        supervised.stopping();
        turn(&clock).await;
        assert_eq!(heard(), [STOPPING, ALIVE]);
    }
}
