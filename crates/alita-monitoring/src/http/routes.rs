//! The routes that every bot has.

use std::future::ready;
use std::num::NonZeroU32;

use alita_runtime::Clock;
use hyper::{Method, StatusCode};
use serde::Serialize;

use super::access::Access;
use super::router::{Reply, Router, empty, json, text};
use crate::{Health, Metrics, Report};

/// So often a second each route with figures or profiles answers.
pub const RATE: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);

/// `/health` (200 when all is well, else 503), `/readyz` (200 as long as the bot can work), `/livez` (200 as long as a
/// restart would change nothing), `/metrics`.
///
/// Restart a bot by `/livez`, send it traffic by `/readyz`: one whose Redis is down is ready but not well.
#[must_use]
pub fn standard_routes(health: &Health, metrics: &Metrics, access: &Access) -> Router {
    let (health, working, alive, metrics) = (health.clone(), health.clone(), health.clone(), metrics.clone());
    let clock = metrics.clock().clone();
    let figures = Router::new()
        .protected(Method::GET, "/metrics", access, move |_| {
            ready(text(StatusCode::OK, "text/plain; version=0.0.4", metrics.render()))
        })
        .at_most_per_second(RATE, &clock);
    // Without a limit: a stranger's flood must not make the bot look ill, and it asks nobody more often than one probe.
    Router::new()
        .route(Method::GET, "/health", move |_| report(health.clone(), Report::is_well))
        .route(Method::GET, "/readyz", move |_| report(working.clone(), Report::is_ready))
        .route(Method::GET, "/livez", move |_| ready(liveness(&alive)))
        .and(figures)
}

async fn report(health: Health, is_good: fn(&Report) -> bool) -> Reply {
    let report = health.report().await;
    let status = if is_good(&report) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    as_json(status, &report)
}

fn liveness(health: &Health) -> Reply {
    let liveness = health.liveness();
    let status = if liveness.alive { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    as_json(status, &liveness)
}

/// What `/db_metrics` answers, in the words of the pool that the bot's first version had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DbMetrics {
    /// Connections that are open.
    pub open_connections: u32,
    /// Open connections that somebody uses.
    pub in_use: u32,
    /// Open connections that nobody uses.
    pub idle: u32,
    /// How many had to wait for a connection so far.
    pub wait_count: u64,
    /// How long all of them waited together, in nanoseconds.
    pub wait_duration: u64,
    /// Connections closed because too many were idle: our pool has no such limit.
    pub max_idle_closed: u64,
    /// Connections closed because they were too old, too long idle, or broken.
    pub max_lifetime_closed: u64,
    /// The most connections that are open at the same time.
    pub max_open: u32,
    /// Who waits for a connection now.
    pub waiting: u64,
}

/// `/db_metrics`: what the pool of database connections looks like; 503 while there is none.
#[must_use]
pub fn db_metrics<F>(access: &Access, clock: &Clock, look: F) -> Router
where
    F: Fn() -> Option<DbMetrics> + Send + Sync + 'static,
{
    Router::new()
        .protected(Method::GET, "/db_metrics", access, move |_| {
            ready(match look() {
                Some(figures) => as_json(StatusCode::OK, &figures),
                None => empty(StatusCode::SERVICE_UNAVAILABLE),
            })
        })
        .at_most_per_second(RATE, clock)
}

fn as_json(status: StatusCode, body: &impl Serialize) -> Reply {
    match serde_json::to_string(body) {
        Ok(body) => json(status, body),
        // These are texts, numbers and booleans, so this cannot be; if it could, the bot would not be well.
        Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}
