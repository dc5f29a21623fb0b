//! What reaches the log output: messages, fields, spans, errors, panics; and no secret in any of them.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alita_monitoring::{LogConfig, LogFormat, MARK, Redactor, logs};
use alita_runtime::Clock;
use chrono::DateTime;
use tracing_subscriber::util::SubscriberInitExt;

const TOKEN: &str = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123";
const SECRET: &str = "correct \"horse\" battery";

/// A log output that can be read again.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("nobody panicked here").clone()).expect("logs are text")
    }
}

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked here").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("GET http://localhost/bot{TOKEN}/getMe failed")]
struct Leaky(#[source] io::Error);

fn config(format: LogFormat) -> (LogConfig, Clock) {
    let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time"));
    (LogConfig { format, ..LogConfig::new(clock.clone()) }, clock)
}

fn knowing() -> Redactor {
    let redactor = Redactor::new();
    redactor.register(&SECRET.to_owned().into());
    redactor
}

/// Logs with a thread's own output, and returns what was written.
fn logged(format: LogFormat, work: impl FnOnce(&Clock)) -> String {
    let paper = Paper::default();
    let writer = paper.clone();
    let (config, clock) = config(format);
    let subscriber = logs::subscriber(&config, &knowing(), move || writer.clone()).expect("a sound filter");
    let guard = subscriber.set_default();
    work(&clock);
    drop(guard);
    paper.text()
}

fn leak(_clock: &Clock) {
    let error = Leaky(io::Error::other(format!("password is {SECRET}")));
    let span = tracing::info_span!("call", url = format!("https://api.telegram.org/bot{TOKEN}/getMe"));
    let _entered = span.enter();
    tracing::info!("asked with {TOKEN}");
    tracing::info!(secret = SECRET, debug = ?Some(SECRET), bytes = ?SECRET.as_bytes().first(), "fields");
    tracing::error!(error = &error as &dyn std::error::Error, "an error chain");
    tracing::info!(
        dsn = "postgres://ada:hush@db/alita",
        header = "Authorization: Bearer abcdefgh12345",
        "shapes"
    );
}

#[test]
fn no_secret_in_messages_fields_spans_and_error_chains() {
    for format in [LogFormat::Json, LogFormat::Text] {
        let text = logged(format, leak);
        for secret in ["AAE-abc", "horse", "hush", "abcdefgh12345"] {
            assert!(!text.contains(secret), "{secret} stands in {text}");
        }
        assert!(text.matches(MARK).count() >= 8, "{text}");
        assert!(text.contains("postgres://ada:"), "what is no secret stays: {text}");
    }
}

#[test]
fn json_lines_stay_json() {
    let text = logged(LogFormat::Json, leak);
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("every line is an object")).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["timestamp"], "2027-01-15T08:00:00.000Z");
    assert_eq!((&lines[0]["level"], &lines[0]["message"]), (&"INFO".into(), &"asked with [redacted]".into()));
    assert_eq!(lines[1]["secret"], MARK);
    assert_eq!(lines[2]["spans"][0]["url"], "https://api.telegram.org/bot[redacted]/getMe");
}

#[test]
fn what_looks_like_a_line_of_its_own_is_none() {
    let text = logged(LogFormat::Text, |_| tracing::info!(name = "Ada\n2027 ERROR all is lost", "joined"));
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn the_filter_decides_what_is_written() {
    let (config, _clock) = config(LogFormat::Json);
    let config = LogConfig { filter: "info,noisy=what".to_owned(), ..config };
    let refused = logs::subscriber(&config, &knowing(), io::sink).err().expect("no such level");
    assert_eq!(refused.to_string(), "the log filter `info,noisy=what` could not be understood");
    assert_eq!(logged(LogFormat::Json, |_| tracing::debug!("not now")), "");
}

#[test]
fn a_mass_of_warnings_is_one_line_a_second() {
    for (format, note) in [(LogFormat::Json, "\"left_out\":99"), (LogFormat::Text, "99 more of this line")] {
        let text = logged(format, |clock| {
            let warn = || tracing::warn!("the cache does not answer");
            (0..100).for_each(|_| warn());
            tracing::warn!("another place");
            clock.advance(Duration::from_secs(1));
            warn();
            (0..3).for_each(|_| tracing::error!("errors always show"));
        });
        assert_eq!(text.matches("the cache does not answer").count(), 2, "{text}");
        assert_eq!(text.matches("another place").count(), 1, "{text}");
        assert_eq!(text.matches("errors always show").count(), 3, "{text}");
        assert!(text.contains(note), "{text}");
    }
}

#[test]
fn warnings_about_settings_all_show() {
    for format in [LogFormat::Json, LogFormat::Text] {
        let text = logged(format, |_| {
            for number in 0..5 {
                tracing::warn!(target: alita_monitoring::logs::NEVER_LEFT_OUT, "setting {number} is odd");
            }
        });
        assert_eq!(text.matches(" is odd").count(), 5, "{text}");
    }
}

#[test]
fn a_filter_is_known_before_it_is_used() {
    use alita_monitoring::logs::is_filter;
    for (filter, is_one) in [("info", true), ("info,alita_telegram=debug", true), ("alita=shouting", false)] {
        assert_eq!(is_filter(filter), is_one, "{filter}");
    }
}
