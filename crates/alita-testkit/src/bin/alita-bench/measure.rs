//! What is asked of each setting, and how the table calls it.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::Failure;
use crate::load::Load;
use crate::report::Report;
use crate::setting::{Setting, Way};
use crate::stage::{self, Figures, Stage};

/// How many groups the bot knows in the end, and on the way there.
const CHATS: [usize; 2] = [1_000, 10_000];

/// One run of the bench.
pub(crate) struct Bench {
    bot: PathBuf,
    is_quick: bool,
    minutes: f64,
    /// What the sinks read a second, each measured when it is first compared with.
    sinks: HashMap<Way, f64>,
    stages: u8,
}

impl Bench {
    pub(crate) fn new(bot: PathBuf, is_quick: bool, minutes: f64) -> Self {
        Self { bot, is_quick, minutes, sinks: HashMap::new(), stages: 0 }
    }

    /// Runs the bot in this setting, and reports what it cost.
    pub(crate) async fn measure(&mut self, setting: &Setting, report: &mut Report) -> Result<(), Failure> {
        let sink = self.sink(setting.way, report).await?;
        let folder = tempfile::tempdir()?;
        let which = (self.stages, self.is_quick);
        self.stages += 1;
        let mut stage = Stage::open(&self.bot, folder.path(), setting, which).await?;
        report.add_memory(setting.name, "resident, idle", stage.resident());
        stage.settle_in().await?;
        for load in loads(setting) {
            let figures = stage.carry(*load).await?;
            tell(setting, *load, &figures, report);
            if *load == Load::Plain {
                report.add(setting.name, "beside the sink", figures.rate / sink, "");
            }
        }
        let waits = stage.waits().await?;
        report.add(setting.name, "wait for an answer, p50", waits.p50, "ms");
        report.add(setting.name, "wait for an answer, p99", waits.p99, "ms");
        match setting.way {
            Way::Polling => self.remember(&mut stage, setting.name, report).await?,
            Way::Webhook => report.add_memory(setting.name, "resident, warm", stage.resident()),
        }
        stage.close().await
    }

    async fn sink(&mut self, way: Way, report: &mut Report) -> Result<f64, Failure> {
        if let Some(rate) = self.sinks.get(&way) {
            return Ok(*rate);
        }
        let rate = stage::sink(way, self.is_quick).await?;
        let name = match way {
            Way::Polling => "plain messages",
            Way::Webhook => "plain messages by webhook",
        };
        report.add("bare sink", name, rate, "/s");
        self.sinks.insert(way, rate);
        Ok(rate)
    }

    /// Memory: it depends on what the bot knows and not on the way by which it came to know it.
    async fn remember(
        &self,
        stage: &mut Stage,
        part: &'static str,
        report: &mut Report,
    ) -> Result<(), Failure> {
        for chats in CHATS.map(|chats| if self.is_quick { chats / 100 } else { chats }) {
            stage.greet_everywhere(chats).await?;
            report.add_memory(part, &format!("resident, {chats} chats"), stage.resident());
        }
        if self.minutes > 0.0 {
            let talked = stage.talk(self.minutes).await?;
            let minutes = self.minutes;
            report.add_memory(part, &format!("resident, after {minutes} minutes"), talked.after);
            report.add_growth(part, &format!("growth in {minutes} minutes"), talked.before, talked.after);
            report.add_growth(part, "growth in the second half of them", talked.halfway, talked.after);
        }
        Ok(())
    }
}

/// Several are measured by what they share: the messages and the servers behind them.
fn loads(setting: &Setting) -> &'static [Load] {
    match (setting.way, setting.instances) {
        (Way::Polling, _) => &Load::ALL,
        (Way::Webhook, 1) => &[Load::Plain, Load::Command],
        (Way::Webhook, _) => &[Load::Plain],
    }
}

fn tell(setting: &Setting, load: Load, figures: &Figures, report: &mut Report) {
    let part = setting.name;
    report.add(part, load.name(), figures.rate, "/s");
    let mut each = |what: &str, value: f64, unit: &str| {
        report.add(part, &format!("{}, {what}", load.name()), value, unit)
    };
    each("processor time each", figures.cpu_each, "µs");
    each("Bot API calls each", figures.calls_each, "");
    each("database statements each", figures.sql_each, "");
    if setting.is_shared() {
        each("Redis round trips each", figures.redis_each, "");
    }
    if setting.way == Way::Polling && load == Load::Plain {
        report.add(part, "messages a getUpdates", figures.batch, "");
    }
    if let Some(requests) = figures.requests {
        report.add(part, &format!("{}, a request takes, p50", load.name()), requests.p50, "ms");
        report.add(part, &format!("{}, a request takes, p99", load.name()), requests.p99, "ms");
    }
}
