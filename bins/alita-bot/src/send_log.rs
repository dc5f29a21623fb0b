//! Which messages went out for which update, in a file that survives the process.
//!
//! After a crash Telegram delivers again what was not confirmed. The database makes sure that nothing is written
//! twice; this log makes sure that nothing is said twice. A line is written right before a message leaves, so
//! a crash in that very moment costs one message rather than sending it again.
//!
//! What Telegram refused is taken back by one more line, before anybody waits to try again: whoever dies in that
//! wait has said nothing. A crash before that line costs the message, too, and so may a Redis that does not hear of it;
//! there is no moment in which a crash sends it twice.
//!
//! Ids of updates mean something only together with their bot, so every bot has a file of its own. A `sent.log` of
//! an earlier build names no bot and is not read.
//!
//! Where there is a Redis, all instances look at one more log there, because an update may come again to another one
//! than that which died. It costs one round trip a message that is sent for an update. While Redis is away each
//! instance goes by its own file.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alita_cache::{Standing, State, Work};
use alita_runtime::{Clock, origin};
use alita_telegram::{Entry, SendLog};
use async_trait::async_trait;

/// A batch of updates is 100, so this is more than can come again.
const KEPT: usize = 10_000;

/// Telegram keeps unconfirmed updates for a day; twice as long is more than enough.
const KEPT_SECONDS: i64 = 2 * 24 * 60 * 60;

/// How long Redis remembers a message. Telegram tries to deliver an update for a day, but what is behind by more
/// than this was held up for everybody, and the instance that has its line in the file is back by then.
const SHARED: Duration = Duration::from_secs(6 * 60 * 60);

/// Under which kind Redis knows the messages.
const SENT: &str = "sent";

/// The last word of a line that takes an earlier one back.
const BACK: &str = "back";

/// The log of all instances: the file of this one, and what Redis knows of the others.
#[derive(Debug)]
pub(crate) struct SharedLog {
    file: FileLog,
    others: Option<State>,
}

impl SharedLog {
    /// Without `others` the file alone decides.
    pub(crate) fn new(file: FileLog, others: Option<State>) -> Self {
        Self { file, others }
    }
}

#[async_trait]
impl SendLog for SharedLog {
    fn next(&self) -> Option<Entry> {
        Some(Entry { work: origin::current()?, message: origin::next_message()? })
    }

    async fn may_send(&self, method: &str, entry: Entry) -> bool {
        let may_go = self.file.note(entry) && self.is_first(entry).await;
        if !may_go {
            tracing::info!(update_id = entry.work, method, "left out: it went out before");
        }
        may_go
    }

    async fn take_back(&self, entry: Entry) {
        self.file.take_back(entry);
        let Some(others) = &self.others else { return };
        if let Err(error) = others.tell_work(SENT, &[(shared_key(entry), Standing::GivenBack)]).await {
            tracing::debug!(%error, "the other instances do not hear what was not sent");
        }
    }
}

impl SharedLog {
    async fn is_first(&self, entry: Entry) -> bool {
        let Some(others) = &self.others else { return true };
        match others.begin_work(SENT, &shared_key(entry), SHARED).await {
            Ok(work) => work == Work::Ours,
            Err(error) => {
                tracing::debug!(%error, "the other instances do not hear what was sent");
                true
            }
        }
    }
}

fn shared_key(Entry { work, message }: Entry) -> String {
    format!("{work}:{message}")
}

/// The log of one process.
#[derive(Debug)]
pub(crate) struct FileLog {
    path: PathBuf,
    clock: Clock,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    sent: HashSet<Entry>,
    order: VecDeque<Line>,
    lines: usize,
    /// The last line could not be written, or only a part of it: the next one begins on a line of its own.
    is_torn: bool,
}

/// That a message went out for an update, and when, in seconds since 1970; or that it did not after all.
#[derive(Debug, Clone, Copy)]
struct Line {
    entry: Entry,
    at: i64,
    is_back: bool,
}

impl Line {
    /// What does not read as a line is none: a machine that lost power may leave half of one.
    /// Half of a line that takes back is none or reads as one that does not: then the message counts as sent.
    fn parse(text: &str) -> Option<Self> {
        let (text, is_back) = match text.strip_suffix(BACK).and_then(|text| text.strip_suffix(' ')) {
            Some(text) => (text, true),
            None => (text, false),
        };
        let mut words = text.split(' ').map(str::parse::<i64>);
        let (Some(Ok(work)), Some(Ok(message)), Some(Ok(at)), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return None;
        };
        Some(Self { entry: Entry { work, message: message.try_into().ok()? }, at, is_back })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entry: Entry { work, message }, at, is_back } = self;
        write!(f, "{work} {message} {at}")?;
        if *is_back {
            write!(f, " {BACK}")?;
        }
        writeln!(f)
    }
}

impl FileLog {
    /// Reads what an earlier process wrote, and goes on from there.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written to.
    pub(crate) fn open(folder: &Path, bot: i64, clock: Clock) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!("sent-{bot}.log"));
        let oldest = clock.now().timestamp() - KEPT_SECONDS;
        let order: VecDeque<Line> = read(&path)?.into_iter().filter(|line| line.at >= oldest).collect();
        let file = rewrite(&path, &order)?;
        let sent = order.iter().map(|line| line.entry).collect();
        let inner = Inner { file, sent, lines: order.len(), order, is_torn: false };
        Ok(Self { path, clock, inner: Mutex::new(inner) })
    }
}

impl FileLog {
    /// Notes a message that is about to leave; `false` when it did before.
    fn note(&self, entry: Entry) -> bool {
        let mut inner = self.inner();
        if !inner.sent.insert(entry) {
            return false;
        }
        let line = Line { entry, at: self.clock.now().timestamp(), is_back: false };
        inner.order.push_back(line);
        inner.write(&self.path, line);
        true
    }

    /// The message did not leave after all.
    fn take_back(&self, entry: Entry) {
        let mut inner = self.inner();
        if inner.sent.remove(&entry) {
            forget(&mut inner.order, entry);
            inner.write(&self.path, Line { entry, at: self.clock.now().timestamp(), is_back: true });
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// One write call for a line: a killed process leaves whole lines behind.
    fn write(&mut self, path: &Path, line: Line) {
        let gap = if self.is_torn { "\n" } else { "" };
        let written = self.file.write_all(format!("{gap}{line}").as_bytes());
        self.is_torn = written.is_err();
        if let Err(error) = written {
            tracing::warn!(%error, "the log of sent messages cannot be written");
        }
        self.lines += 1;
        self.shorten(path, line.at - KEPT_SECONDS);
    }

    /// The oldest lines go; the file is written anew when half of it is old.
    fn shorten(&mut self, path: &Path, oldest: i64) {
        while self.order.front().is_some_and(|line| line.at < oldest) || self.order.len() > KEPT {
            if let Some(line) = self.order.pop_front() {
                self.sent.remove(&line.entry);
            }
        }
        if self.lines > 2 * KEPT {
            match rewrite(path, &self.order) {
                Ok(file) => (self.file, self.lines) = (file, self.order.len()),
                Err(error) => tracing::warn!(%error, "the log of sent messages cannot be shortened"),
            }
        }
    }
}

/// A message is taken back soon after it was noted, so it stands near the end.
fn forget(order: &mut VecDeque<Line>, entry: Entry) {
    if let Some(at) = order.iter().rposition(|line| line.entry == entry) {
        order.remove(at);
    }
}

/// The messages that went out, in their order, without those that were taken back.
fn read(path: &Path) -> std::io::Result<VecDeque<Line>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(VecDeque::new()),
        Err(error) => return Err(error),
    };
    let mut lines = VecDeque::new();
    for line in BufReader::new(file).lines() {
        match Line::parse(&line?) {
            Some(line) if line.is_back => forget(&mut lines, line.entry),
            line => lines.extend(line),
        }
    }
    Ok(lines)
}

/// Writes beside the file and moves over it, so that a crash leaves one of the two whole.
fn rewrite(path: &Path, lines: &VecDeque<Line>) -> std::io::Result<File> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    let text: String = lines.iter().map(ToString::to_string).collect();
    file.write_all(text.as_bytes())?;
    std::fs::rename(&beside, path)?;
    OpenOptions::new().append(true).open(path)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use alita_cache::Cache;
    use alita_telegram::methods::SendMessageParams;
    use alita_telegram::{AsyncTelegramApi, Client, ClientConfig, Error};
    use alita_testkit::{FakeTelegram, Fault, Member, NewChat};

    use super::*;

    fn open(folder: &Path, bot: i64, clock: &Clock) -> SharedLog {
        SharedLog::new(FileLog::open(folder, bot, clock.clone()).unwrap(), None)
    }

    async fn may_send(log: &SharedLog, update: i64) -> bool {
        let [may_go] = says(log, update).await;
        may_go
    }

    /// The messages of one update, in the order in which they want to leave.
    async fn says<const N: usize>(log: &SharedLog, update: i64) -> [bool; N] {
        origin::scope(update, async {
            let mut said = [false; N];
            for one in &mut said {
                let entry = log.next().unwrap();
                *one = log.may_send("sendMessage", entry).await;
            }
            said
        })
        .await
    }

    #[tokio::test]
    async fn what_was_said_before_a_crash_is_not_said_again() {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path(), 7, &Clock::system());
        assert_eq!(says(&log, 7).await, [true]);
        assert_eq!(says(&log, 8).await, [true, true]);
        drop(log);

        let log = open(folder.path(), 7, &Clock::system());
        assert_eq!(says(&log, 7).await, [false]);
        assert_eq!(says(&log, 8).await, [false, false, true]);
        assert_eq!(says(&log, 9).await, [true]);
    }

    #[tokio::test]
    async fn what_was_taken_back_may_be_said_again_before_and_after_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let first = |update| Entry { work: update, message: 0 };
        let log = open(folder.path(), 7, &Clock::system());
        assert_eq!(says(&log, 7).await, [true, true]);
        assert_eq!(says(&log, 8).await, [true]);
        log.take_back(first(7)).await;
        log.take_back(first(8)).await;
        log.take_back(first(9)).await;
        assert_eq!(says(&log, 8).await, [true], "once more, and this time it is taken");
        drop(log);

        let log = open(folder.path(), 7, &Clock::system());
        assert_eq!(says(&log, 7).await, [true, false], "the second one was not taken back");
        assert_eq!(says(&log, 8).await, [false]);
        assert_eq!(says(&log, 9).await, [true]);
    }

    #[tokio::test]
    async fn half_of_a_line_that_takes_back_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let now = Clock::system().now().timestamp();
        for half in [format!("7 0 {now} bac"), format!("7 0 {now} "), format!("7 0 {now}"), "7 0 ".to_owned()]
        {
            std::fs::write(folder.path().join("sent-7.log"), format!("7 0 {now}\n{half}")).unwrap();
            assert!(!may_send(&open(folder.path(), 7, &Clock::system()), 7).await, "{half}");
        }
        std::fs::write(folder.path().join("sent-7.log"), format!("7 0 {now}\n7 0 {now} back")).unwrap();
        assert!(may_send(&open(folder.path(), 7, &Clock::system()), 7).await);
    }

    #[tokio::test]
    async fn all_instances_hear_what_was_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let state = Cache::in_memory(Clock::system()).state();
        let file = FileLog::open(folder.path(), 7, Clock::system()).unwrap();
        let (log, entry) = (SharedLog::new(file, Some(state.clone())), Entry { work: 7, message: 0 });
        assert_eq!(says(&log, 7).await, [true]);
        // Thus it looks to all others.
        state.tell_work(SENT, &[("7:0".to_owned(), Standing::Done(SHARED))]).await.unwrap();
        assert!(!log.is_first(entry).await);
        log.take_back(entry).await;
        assert!(log.is_first(entry).await);
    }

    /// Telegram says 429, the process dies while it waits, and the update comes again.
    #[tokio::test]
    async fn an_answer_that_was_refused_with_429_comes_exactly_once() {
        let folder = tempfile::tempdir().unwrap();
        let telegram = FakeTelegram::start(Clock::system()).await;
        let chat = telegram.add_chat(NewChat::supergroup("Rust Tea"));
        telegram.set_member(chat, telegram.bot_id(), Member::member());
        telegram.fail("sendMessage", Fault::too_many(50), 1);
        let answer = async |wait: Duration| {
            let mut config = ClientConfig::new(FakeTelegram::TOKEN);
            config.api_server = telegram.base_url().parse().unwrap();
            let config = config.with_send_log(Arc::new(open(folder.path(), 7, &Clock::system())));
            let params = SendMessageParams::builder().chat_id(chat.get()).text("pong").build();
            let client = Client::new(config).unwrap().within(wait);
            origin::scope(7, async { client.send_message(&params).await.map(drop) }).await
        };
        let cut = answer(Duration::from_secs(1)).await.unwrap_err();
        assert!(matches!(cut, Error::Wire(_)), "{cut:?}");
        answer(Duration::from_secs(60)).await.unwrap();
        let again = answer(Duration::from_secs(60)).await.unwrap_err();
        assert!(matches!(again, Error::AlreadySent { .. }), "{again:?}");
        assert_eq!(telegram.messages(chat).len(), 1);
    }

    #[tokio::test]
    async fn without_an_update_everything_goes() {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path(), 7, &Clock::system());
        assert_eq!(log.next(), None);
    }

    #[tokio::test]
    async fn what_telegram_cannot_deliver_again_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Clock::system().now());
        let log = open(folder.path(), 7, &clock);
        assert!(may_send(&log, 1).await);
        clock.advance(std::time::Duration::from_secs(24 * 60 * 60));
        assert!(may_send(&log, 2).await);
        assert!(!may_send(&log, 1).await, "a day is not too long");
        clock.advance(std::time::Duration::from_secs(25 * 60 * 60));
        assert!(may_send(&log, 3).await);
        assert!(may_send(&log, 1).await, "two days are");
        drop(log);

        clock.advance(std::time::Duration::from_secs(24 * 60 * 60));
        let log = open(folder.path(), 7, &clock);
        let lines = std::fs::read_to_string(folder.path().join("sent-7.log")).unwrap();
        assert_eq!(lines.lines().count(), 2, "the old ones leave the file at the start: {lines}");
        assert!(may_send(&log, 2).await && !may_send(&log, 3).await);
    }

    #[tokio::test]
    async fn another_bot_has_other_updates_and_half_a_line_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::system();
        assert!(may_send(&open(folder.path(), 7, &clock), 1).await);
        assert!(may_send(&open(folder.path(), 8, &clock), 1).await);
        std::fs::write(folder.path().join("sent-7.log"), format!("5 0\n6 0 {}\n7 ", clock.now().timestamp()))
            .unwrap();
        let log = open(folder.path(), 7, &clock);
        assert!(may_send(&log, 5).await && !may_send(&log, 6).await && may_send(&log, 7).await);
    }
}
