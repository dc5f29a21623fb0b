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
    gauge("alita_build_info", &["version", "commit", "mode"], "Always 1; the labels say what is running"),
    gauge("alita_start_time_seconds", &[], "When the process started, in seconds since 1970"),
    gauge("alita_uptime_seconds", &[], "How long the process has been running"),
    gauge(
        "alita_memory_bytes",
        &["kind"],
        "Memory of the process: resident, its peak, and what is allocated",
    ),
    gauge("alita_cpu_seconds", &[], "Processor time that the process has used"),
    gauge("alita_open_files", &[], "Open files and sockets of the process"),
    gauge("alita_tasks", &[], "Tasks that are alive"),
    gauge("alita_scheduler_lag_seconds", &[], "How late a task was woken when this was last measured"),
    gauge("alita_background_task_last_success_seconds", &["task"], "When periodic work last succeeded"),
    gauge("alita_background_task_period_seconds", &["task"], "How often periodic work is to be done"),
    counter("alita_remediation_actions_total", &["action"], "What was done against too much load"),
    // updates
    counter("alita_updates_received_total", &["type", "source"], "Updates that came"),
    counter("alita_updates_dropped_total", &["reason"], "Updates that were not handled, see above"),
    histogram("alita_update_queue_seconds", &[], "How long an update waited until its handling began"),
    histogram("alita_message_age_seconds", &[], "How old a message was when its handling began"),
    gauge("alita_dispatcher_permits", &[], "How many updates may be handled at once"),
    gauge("alita_updates_in_flight", &[], "Updates that are being handled"),
    counter("alita_webhook_requests_total", &["outcome"], "Requests to the webhook, by what was answered"),
    gauge("alita_webhook_pending_updates", &[], "Updates that wait at Telegram, when it was last asked"),
    gauge(
        "alita_webhook_last_error_seconds",
        &[],
        "When Telegram last failed to deliver an update, in seconds since 1970, 0 for never",
    ),
    histogram("alita_handler_duration_seconds", &["module", "kind"], "How long a handler took"),
    counter("alita_handler_results_total", &["module", "result"], "How handlers ended"),
    counter("alita_commands_total", &["command"], "Commands that were run"),
    counter("alita_handler_errors_total", &["module", "class"], "Faults in handlers"),
    counter("alita_panics_total", &["where"], "Panics that were caught"),
    counter("alita_moderation_actions_total", &["module", "action", "outcome"], "What was done to people"),
    counter("alita_restricted_chats_skips_total", &["result"], "Looks whether a chat lets the bot write"),
    counter("alita_pool_full_total", &["pool"], "Heavy jobs turned away by a full queue"),
    // the Bot API
    counter("alita_telegram_requests_total", &["method", "outcome"], "Calls of the Bot API"),
    histogram("alita_telegram_request_duration_seconds", &["method"], "How long a call of the Bot API took"),
    counter("alita_telegram_throttled_total", &["scope"], "Calls that Telegram told to come back later"),
    counter("alita_telegram_retry_after_seconds_total", &["scope"], "How long Telegram told us to wait"),
    gauge("alita_telegram_queue_depth", &["priority"], "Calls that wait for limits or a connection"),
    counter("alita_telegram_suppressed_total", &["reason"], "Calls that were left out"),
    histogram("alita_telegram_limiter_wait_seconds", &["priority"], "How long our own limits held a call"),
    counter("alita_telegram_dropped_total", &["priority"], "Calls that gave up waiting for our own limits"),
    counter("alita_telegram_updates_given_up_total", &[], "Updates that came back too often"),
    counter("alita_telegram_updates_set_aside_total", &[], "Updates that took long and held up others"),
    // the cache
    counter("alita_cache_requests_total", &["module", "result"], "Look-ups in the cache"),
    histogram("alita_cache_operation_seconds", &["op"], "How long Redis took"),
    counter("alita_cache_errors_total", &["op"], "Calls of Redis that failed"),
    counter("alita_cache_invalidation_retries_total", &[], "Removals that Redis had to be asked for again"),
    // the database
    counter("alita_db_queries_total", &["domain", "op", "outcome"], "Statements to the database"),
    histogram("alita_db_query_seconds", &["domain", "op"], "How long a statement took"),
    gauge(
        "alita_db_pool_connections",
        &["state"],
        "The pool: open, used and idle connections, and who waits",
    ),
    histogram("alita_db_pool_wait_seconds", &[], "How long somebody waited for a connection"),
    // jobs
    counter("alita_jobs_total", &["job", "result"], "Runs of durable jobs"),
    histogram("alita_job_delay_seconds", &["job"], "How late a durable job began"),
    gauge("alita_jobs_waiting", &[], "Durable jobs that wait or run, of all instances together"),
    gauge("alita_jobs_dead", &[], "Durable jobs that were put aside, of all instances together"),
    // activity
    gauge(
        "alita_active_chats",
        &["window"],
        "Groups in which something was said within a day, a week, a month",
    ),
    gauge("alita_active_users", &["window"], "People who were seen within a day, a week, a month"),
    gauge("alita_chats", &["state"], "Groups: all, active, marked as inactive"),
    gauge("alita_users", &["state"], "People: all, seen within a month, not seen for a month"),
    gauge("alita_activity_waiting", &[], "Facts that wait to be written"),
    // the watching itself
    counter("alita_log_redactions_total", &["rule"], "Secrets that were hidden in log lines"),
    counter(
        "alita_trace_spans_total",
        &["result"],
        "Spans that left, could not be delivered, or found no room",
    ),
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
    fn the_page_for_operators_has_this_very_table() {
        let page = include_str!("../../../docs/src/operators/monitoring.md");
        let mut table = "| Metric | Kind | Labels | Meaning |\n|---|---|---|---|\n".to_owned();
        for Metric { kind, name, labels, meaning } in METRICS {
            let kind = format!("{kind:?}").to_lowercase();
            let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
            table.push_str(&format!("| `{name}` | {kind} | {} | {meaning} |\n", labels.join(", ")));
        }
        assert!(page.contains(&table), "the table in docs/src/operators/monitoring.md should be:\n{table}");
    }

    #[test]
    fn no_label_names_a_chat_or_a_person() {
        let labels: BTreeSet<_> = METRICS.iter().flat_map(|metric| metric.labels).copied().collect();
        assert!(labels.iter().all(|label| !label.contains("chat") && !label.contains("user")), "{labels:?}");
    }
}
