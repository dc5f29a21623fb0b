//! The processes that are measured together: one, or several behind one address.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use alita_testkit::FakeTelegram;
use alita_testkit::process::{Program, Running, get};

use crate::Failure;
use crate::setting::{Setting, Way};

/// How long a process may take to come up, to leave, and to handle what was written.
pub(crate) const LIMIT: Duration = Duration::from_secs(300);

/// A route of the bot answers ten times a second.
const PAUSE: Duration = Duration::from_millis(120);

/// How often a bot that is busy is asked for its counters.
const QUESTIONS: usize = 50;

/// Processes that share the work.
pub(crate) struct Fleet {
    processes: Vec<Process>,
    has_metrics: bool,
}

struct Process {
    program: Program,
    running: Running,
}

/// What the bots have counted since they started.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Counts {
    /// Updates that came to their handlers.
    pub(crate) updates: f64,
    /// Questions to Redis.
    pub(crate) redis: f64,
    /// Statements to the database.
    pub(crate) sql: f64,
}

impl Fleet {
    /// One process that is no bot.
    pub(crate) fn of_one(program: Program) -> Result<Self, Failure> {
        let running = program.start()?;
        Ok(Self { processes: vec![Process { program, running }], has_metrics: false })
    }

    /// Starts the bots, each in a folder of its own, and waits until all are up.
    pub(crate) async fn of_bots(
        bot: &Path,
        folder: &Path,
        setting: &Setting,
        telegram: &FakeTelegram,
    ) -> Result<Self, Failure> {
        let mut fleet = Self { processes: Vec::new(), has_metrics: true };
        for number in 0..setting.instances {
            let folder = folder.join(number.to_string());
            std::fs::create_dir_all(&folder)?;
            let program = setting.tell(Program::bot(bot, folder, telegram));
            let running = program.start()?;
            fleet.processes.push(Process { program, running });
        }
        if setting.way == Way::Webhook {
            telegram.webhook_targets(&fleet.addresses());
        }
        for process in &mut fleet.processes {
            if let Err(error) = process.running.is_up(LIMIT).await {
                return Err(format!("{error}; the bot's log:\n{}", process.program.stderr()).into());
            }
        }
        Ok(fleet)
    }

    /// Where they listen.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        let address = |process: &Process| SocketAddr::from((Ipv4Addr::LOCALHOST, process.program.port()));
        self.processes.iter().map(address).collect()
    }

    /// Sends all of them a signal.
    pub(crate) async fn signal(&self, name: &str) -> Result<(), Failure> {
        for process in &self.processes {
            process.running.signal(name).await?;
        }
        Ok(())
    }

    /// KiB of memory of all together, where the system tells.
    pub(crate) fn resident(&self) -> Option<u64> {
        self.processes.iter().map(|process| process.running.resident_kib()).sum()
    }

    /// Processor time of all together, where the system tells.
    pub(crate) fn cpu_time(&self) -> Option<Duration> {
        self.processes.iter().map(|process| process.running.cpu_time()).sum()
    }

    /// What all together have counted; a sink counts nothing.
    pub(crate) async fn counts(&self) -> Result<Option<Counts>, Failure> {
        let mut counts = Counts::default();
        if !self.has_metrics {
            return Ok(None);
        }
        for process in &self.processes {
            let text = metrics(process.program.port()).await?;
            counts.updates += sum(&text, "alita_updates_received_total");
            counts.redis += sum(&text, "alita_cache_operation_seconds_count");
            counts.sql += sum(&text, "alita_db_queries_total");
        }
        Ok(Some(counts))
    }

    /// What they wrote to their logs.
    pub(crate) fn logs(&self) -> String {
        self.processes.iter().map(|process| process.program.stderr()).collect::<Vec<_>>().join("\n----\n")
    }

    /// Returns when one of them has ended, or when they had time enough.
    pub(crate) async fn ended(&mut self) -> String {
        let endings = self.processes.iter_mut().map(|process| Box::pin(process.running.ended(LIMIT)));
        let (ended, number, _others) = futures_util::future::select_all(endings).await;
        format!("process {number}: {ended:?}")
    }

    /// Stops them; one that does not leave in good order was not worth measuring.
    pub(crate) async fn close(mut self) -> Result<(), Failure> {
        for process in &mut self.processes {
            let status = process.running.terminate(LIMIT).await?;
            if !status.success() {
                return Err(
                    format!("a bot left with {status}; its log:\n{}", process.program.stderr()).into()
                );
            }
        }
        Ok(())
    }
}

/// What a bot says at `/metrics`.
async fn metrics(port: u16) -> Result<String, Failure> {
    let mut last = String::new();
    for _ in 0..QUESTIONS {
        match get(port, "/metrics").await {
            Ok((200, text)) => return Ok(text),
            Ok((status, _)) => last = status.to_string(),
            Err(error) => last = error.to_string(),
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(format!("the bot does not tell its metrics: {last}").into())
}

/// All values of one metric together, whatever their labels; what was never counted is nothing.
fn sum(text: &str, name: &str) -> f64 {
    let value = |line: &str| {
        let rest = line.strip_prefix(name)?;
        let is_it = rest.starts_with(['{', ' ']);
        is_it.then(|| rest.rsplit(' ').next()?.parse::<f64>().ok()).flatten()
    };
    text.lines().filter_map(value).sum()
}

#[cfg(test)]
mod tests {
    use super::sum;

    #[test]
    fn a_metric_is_summed_over_its_labels_and_is_not_another_one() {
        let text =
            "# TYPE a_total counter\na_total{op=\"x y\"} 3\na_total{op=\"z\"} 4.5\na_total_more 9\nb 1\n";
        assert!((sum(text, "a_total") - 7.5).abs() < f64::EPSILON);
        assert!((sum(text, "b") - 1.0).abs() < f64::EPSILON);
        assert!(sum(text, "c").abs() < f64::EPSILON);
    }
}
