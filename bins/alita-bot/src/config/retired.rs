//! Names that the Go original once knew: whoever still sets one is told that it does nothing any more.

use super::env::Env;

const GONE: &str = "nothing takes its place, take it out";
const ONE_PORT: &str = "everything answers on HTTP_PORT";
const CACHE: &str = "the cache sizes itself";
const WORKERS: &str = "DISPATCHER_MAX_ROUTINES bounds what is done at once";
const STEPS: &str = "the steps of the schema are inside the program";

/// A name without effect, and what to know instead. One that ends with `*` stands for all that begin so.
pub(crate) static RETIRED: &[(&str, &str)] = &[
    ("CHAT_VALIDATION_WORKERS", WORKERS),
    ("DATABASE_WORKERS", WORKERS),
    ("MESSAGE_PIPELINE_WORKERS", WORKERS),
    ("BULK_OPERATION_WORKERS", WORKERS),
    ("CACHE_WORKERS", WORKERS),
    ("STATS_COLLECTION_WORKERS", WORKERS),
    ("MAX_CONCURRENT_OPERATIONS", WORKERS),
    ("OPERATION_TIMEOUT_SECONDS", GONE),
    ("ENABLE_QUERY_PREFETCHING", GONE),
    ("ENABLE_CACHE_PREWARMING", GONE),
    ("ENABLE_RESPONSE_CACHING", GONE),
    ("RESPONSE_CACHE_TTL", GONE),
    ("ENABLE_BATCH_REQUESTS", GONE),
    ("BATCH_REQUEST_TIMEOUT_MS", GONE),
    ("ENABLE_HTTP_CONNECTION_POOLING", GONE),
    ("ENABLE_ASYNC_PROCESSING", GONE),
    ("ENABLE_SENTRY", "errors are in the log, in metrics and in traces"),
    ("SENTRY_*", "errors are in the log, in metrics and in traces"),
    ("CACHE_NUM_COUNTERS", CACHE),
    ("CACHE_MAX_COST", CACHE),
    ("HEALTH_PORT", ONE_PORT),
    ("WEBHOOK_PORT", ONE_PORT),
    ("MIGRATIONS_PATH", STEPS),
];

/// One line for each name that is set.
pub(crate) fn warnings(env: &Env) -> Vec<String> {
    let is_meant = |pattern: &str, name: &str| match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == pattern,
    };
    env.names()
        .filter_map(|name| {
            let (_, instead) = RETIRED.iter().find(|(pattern, _)| is_meant(pattern, name))?;
            Some(format!("{name} is retired and has no effect: {instead}"))
        })
        .collect()
}
