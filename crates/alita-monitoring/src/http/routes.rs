//! The routes that every bot has.

use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};

use super::access::Access;
use super::router::{Peer, Reply, Router, empty, json, text};
use crate::{Health, Metrics, Status};

/// `/health` and `/readyz` (200 when all is well, else 503), `/livez` (200 as long as anything answers), `/metrics`.
///
/// Restart a bot by `/livez`, send it traffic by `/readyz`: one whose Redis is down is alive but not well.
#[must_use]
pub fn standard_routes(health: &Health, metrics: &Metrics, access: Access) -> Router {
    let (health, ready, metrics) = (health.clone(), health.clone(), metrics.clone());
    Router::new()
        .route(Method::GET, "/health", move |_| report(health.clone()))
        .route(Method::GET, "/readyz", move |_| report(ready.clone()))
        .route(Method::GET, "/livez", |_| std::future::ready(empty(StatusCode::OK)))
        .route(Method::GET, "/metrics", move |request| {
            std::future::ready(scrape(&metrics, &access, &request))
        })
}

async fn report(health: Health) -> Reply {
    let report = health.report().await;
    let status = if report.status == Status::Ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    match serde_json::to_string(&report) {
        Ok(body) => json(status, body),
        // The report is made of texts and booleans, so this cannot be; if it could, the bot would not be well.
        Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn scrape(metrics: &Metrics, access: &Access, request: &Request<Incoming>) -> Reply {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let refusal = access.refusal(request.headers(), peer);
    refusal.unwrap_or_else(|| text(StatusCode::OK, "text/plain; version=0.0.4", metrics.render()))
}
