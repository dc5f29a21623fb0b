//! Every metric of the bot: its name, its kind and what it means. Names and labels are a contract with whoever
//! draws graphs of them; label values come from closed sets and never hold the id of a chat or of a person.

use metrics::{describe_counter, describe_gauge, describe_histogram};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only goes up.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A distribution; all of ours are seconds.
    Histogram,
}

/// A metric as `/metrics` describes it.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// What is measured.
    pub kind: Kind,
    /// The name, beginning with `alita_`.
    pub name: &'static str,
    /// The labels.
    pub labels: &'static [&'static str],
    /// One sentence for the reader of a graph.
    pub meaning: &'static str,
}

const fn counter(name: &'static str, labels: &'static [&'static str], meaning: &'static str) -> Metric {
    Metric { kind: Kind::Counter, name, labels, meaning }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], meaning: &'static str) -> Metric {
    Metric { kind: Kind::Gauge, name, labels, meaning }
}

const fn histogram(name: &'static str, labels: &'static [&'static str], meaning: &'static str) -> Metric {
    Metric { kind: Kind::Histogram, name, labels, meaning }
}

/// All metrics, in the order of an update's journey.
pub const METRICS: &[Metric] = &[
    gauge("alita_build_info", &["version", "mode"], "Always 1; the labels say what is running"),
    gauge("alita_start_time_seconds", &[], "When the process started, in seconds since 1970"),
    gauge("alita_uptime_seconds", &[], "How long the process has been running"),
    gauge("alita_memory_bytes", &["kind"], "Memory of the process: resident now, and its peak"),
    gauge("alita_open_files", &[], "Open files and sockets of the process"),
    // updates
    gauge("alita_updates_in_flight", &[], "Updates that are being handled"),
    counter("alita_updates_turned_away_total", &[], "Updates given back because no permit came free in time"),
    counter("alita_webhook_requests_total", &["outcome"], "Requests to the webhook, by what was answered"),
    gauge("alita_webhook_pending_updates", &[], "Updates that wait at Telegram, when it was last asked"),
    histogram("alita_handler_duration_seconds", &["module", "handler", "kind"], "How long a handler took"),
    counter("alita_handler_results_total", &["module", "handler", "result"], "How handlers ended"),
    counter("alita_commands_total", &["command"], "Commands that were run"),
    counter("alita_handler_errors_total", &["module", "class"], "Faults in handlers"),
    counter("alita_panics_total", &["where"], "Panics that were caught"),
    counter("alita_pool_full_total", &["pool"], "Heavy jobs turned away by a full queue"),
    // the Bot API
    counter("alita_telegram_requests_total", &["method", "outcome"], "Calls of the Bot API"),
    histogram("alita_telegram_request_duration_seconds", &["method"], "How long a call of the Bot API took"),
    counter("alita_telegram_retries_total", &["method"], "Calls that were made again"),
    counter("alita_telegram_throttled_total", &["method"], "Calls that Telegram told to come back later"),
    histogram("alita_telegram_limiter_wait_seconds", &["priority"], "How long our own limits held a call"),
    counter("alita_telegram_dropped_total", &["priority"], "Calls that gave up waiting for our own limits"),
    counter("alita_telegram_unreadable_updates_total", &[], "Updates that could not be read"),
    counter("alita_telegram_updates_given_up_total", &[], "Updates that came back too often"),
    // the cache
    counter("alita_cache_requests_total", &["module", "result"], "Look-ups in the cache"),
    histogram("alita_cache_operation_seconds", &["op"], "How long Redis took"),
    counter("alita_cache_errors_total", &["op"], "Calls of Redis that failed"),
    // the database
    counter("alita_db_queries_total", &["domain", "op", "outcome"], "Statements to the database"),
    histogram("alita_db_query_seconds", &["domain", "op"], "How long a statement took"),
    // the watching itself
    counter("alita_log_redactions_total", &["rule"], "Secrets that were hidden in log lines"),
];

/// Tells the installed recorder what each metric means.
pub(crate) fn describe() {
    for metric in METRICS {
        match metric.kind {
            Kind::Counter => describe_counter!(metric.name, metric.meaning),
            Kind::Gauge => describe_gauge!(metric.name, metric.meaning),
            Kind::Histogram => describe_histogram!(metric.name, metric.meaning),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_say_their_unit() {
        let names: BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), METRICS.len());
        for metric in METRICS {
            assert!(metric.name.starts_with("alita_"), "{}", metric.name);
            assert_eq!(metric.name.ends_with("_total"), metric.kind == Kind::Counter, "{}", metric.name);
            // The buckets are chosen by this ending.
            if metric.kind == Kind::Histogram {
                assert!(metric.name.ends_with("_seconds"), "{}", metric.name);
            }
        }
    }

    #[test]
    fn no_label_names_a_chat_or_a_person() {
        let labels: BTreeSet<_> = METRICS.iter().flat_map(|metric| metric.labels).copied().collect();
        assert!(labels.iter().all(|label| !label.contains("chat") && !label.contains("user")), "{labels:?}");
    }
}
