//! Which lines of the log are internal errors, and what of them is told.

use std::io;

use alita_monitoring::{LogConfig, Redactor, TraceConfig, Traces, Trouble, Troubles, logs};
use alita_runtime::Clock;
use chrono::DateTime;
use tracing_subscriber::util::SubscriberInitExt;

const SECRET: &str = "correct horse battery";

fn collection() -> (Troubles, LogConfig, Redactor) {
    let clock = Clock::manual(DateTime::UNIX_EPOCH);
    let redactor = Redactor::new();
    redactor.register(&SECRET.to_owned().into());
    let troubles = Troubles::new(redactor.clone(), clock.clone());
    let config = LogConfig { troubles: Some(troubles.clone()), ..LogConfig::new(clock) };
    (troubles, config, redactor)
}

fn a_day_with_errors() {
    for update_id in 0..3 {
        let error = io::Error::other(format!("update {update_id} knows {SECRET}"));
        tracing::error!(
            class = "internal", module = "notes", handler = "get", update_id, %error,
            cause = "a <b>row</b>", "a handler failed"
        );
    }
    tracing::error!(class = "database", module = "notes", handler = "get", "the database is away");
    tracing::error!(class = "panic", module = "notes", handler = "get", "the handler panicked");
    tracing::error!("something else");
    tracing::warn!(class = "internal", "a warning is no error");
    tracing::error!(class = "internal", payload = "oh no", location = "src/notes.rs:7:9", "panicked");
    tracing::error!(class = "internal", "an error without a place");
}

fn told(troubles: &Troubles) -> Vec<(String, String, u64)> {
    troubles.take().into_iter().map(|Trouble { place, error, count, .. }| (place, error, count)).collect()
}

fn expected() -> Vec<(String, String, u64)> {
    [
        ("notes.get", "update 0 knows [redacted]: a <b>row</b>", 3),
        ("src/notes.rs:7:9", "oh no", 1),
        ("troubles", "an error without a place", 1),
    ]
    .map(|(place, error, count)| (place.to_owned(), error.to_owned(), count))
    .to_vec()
}

#[test]
fn only_internal_errors_are_told_and_without_secrets() {
    let (troubles, config, redactor) = collection();
    let log = logs::subscriber(&config, &redactor, io::sink).expect("a sound filter");
    let guard = log.set_default();
    a_day_with_errors();
    drop(guard);
    assert_eq!(told(&troubles), expected());
    assert_eq!(told(&troubles), []);
}

#[tokio::test]
async fn with_traces_they_are_the_same_and_no_more_spans_are_made() {
    let (troubles, config, redactor) = collection();
    let traces = TraceConfig {
        service: "alita".to_owned(),
        version: "0",
        endpoint: None,
        is_insecure: false,
        to_console: true,
        sample_rate: 0.0,
    };
    let traces = Traces::open(&traces, &redactor).expect("a console").expect("it is asked for");
    let log = logs::with_traces(&config, &redactor, io::sink, &traces).expect("a sound filter");
    let guard = log.set_default();
    a_day_with_errors();
    let of_a_library = tracing::trace_span!(target: "hyper", "poll");
    assert!(of_a_library.is_disabled());
    drop(guard);
    assert_eq!(told(&troubles), expected());
}

#[tokio::test]
async fn errors_of_the_telling_itself_are_not_told() {
    let (troubles, config, redactor) = collection();
    let log = logs::subscriber(&config, &redactor, io::sink).expect("a sound filter");
    let _guard = log.set_default();
    let answer = Troubles::telling(async {
        tokio::task::yield_now().await;
        tracing::error!(class = "internal", "the chat is gone");
        7
    });
    assert_eq!(answer.await, 7);
    assert_eq!(told(&troubles), []);
    tracing::error!(class = "internal", "something else");
    assert_eq!(told(&troubles).len(), 1);
}

#[test]
fn a_long_error_is_cut() {
    let (troubles, config, redactor) = collection();
    let log = logs::subscriber(&config, &redactor, io::sink).expect("a sound filter");
    let _guard = log.set_default();
    tracing::error!(class = "internal", error = "ü".repeat(10_000), "much to say");
    let lengths: Vec<_> = troubles.take().iter().map(|trouble| trouble.error.chars().count()).collect();
    assert_eq!(lengths, [400]);
}
