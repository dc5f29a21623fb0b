//! What is counted and logged about a call.

use std::time::Duration;

use tokio::time::Instant;

use crate::{Error, RefusalKind, WireError, WireKind};

pub(crate) fn outcome(error: Option<&Error>) -> &'static str {
    match error {
        None => "ok",
        Some(Error::Refused(refusal)) if refusal.kind == RefusalKind::Throttled => "throttled",
        Some(Error::Refused(refusal)) if refusal.kind.is_expected() => "expected",
        Some(Error::Refused(_)) => "4xx",
        Some(Error::Wire(WireError { kind: WireKind::Status(500..), .. })) => "5xx",
        Some(Error::Wire(_)) => "network",
        Some(Error::WaitedTooLong { .. } | Error::Overloaded { .. }) => "dropped",
        Some(Error::AlreadySent { .. }) => "already_sent",
        Some(_) => "error",
    }
}

pub(crate) fn count(method: &str, error: Option<&Error>, started: Instant) {
    let outcome = outcome(error);
    metrics::counter!("alita_telegram_requests_total", "method" => method.to_owned(), "outcome" => outcome)
        .increment(1);
    metrics::histogram!("alita_telegram_request_duration_seconds", "method" => method.to_owned())
        .record(started.elapsed());
}

/// An attempt that will be made again.
pub(crate) fn count_retry(method: &str) {
    metrics::counter!("alita_telegram_requests_total", "method" => method.to_owned(), "outcome" => "retry")
        .increment(1);
}

/// Telegram told us to come back later: for one chat, or for all.
pub(crate) fn count_throttling(scope: &'static str, wait: Duration) {
    metrics::counter!("alita_telegram_throttled_total", "scope" => scope).increment(1);
    metrics::counter!("alita_telegram_retry_after_seconds_total", "scope" => scope).increment(wait.as_secs());
}

/// Codes and kinds only: descriptions and sources stay with the error.
pub(crate) fn log(method: &str, chat: Option<i64>, error: &Error) {
    let (kind, code) = match error {
        Error::Refused(refusal) => (Some(refusal.kind), Some(refusal.code)),
        _ => (error.kind(), None),
    };
    if error.is_expected() {
        tracing::debug!(method, chat.id = chat, ?kind, code, "Telegram said no");
    } else {
        tracing::warn!(
            method,
            chat.id = chat,
            ?kind,
            code,
            outcome = outcome(Some(error)),
            "a call to Telegram failed"
        );
    }
}
