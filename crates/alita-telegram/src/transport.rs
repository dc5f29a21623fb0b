//! Requests over hyper and rustls. Two pools: one for calls, one for the long poll, so that neither waits for the
//! other's connection.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::Request;
use hyper::header::CONTENT_LENGTH;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::{Error, WireKind};

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const IDLE_LIMIT: Duration = Duration::from_secs(120);
/// Connections beyond the idle ones that may be open at once.
const MORE_THAN_IDLE: usize = 20;

type Http = HyperClient<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Which pool a request uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    Calls,
    Polling,
}

#[derive(Debug)]
pub(crate) struct Transport {
    calls: Pool,
    polling: Pool,
}

#[derive(Debug)]
struct Pool {
    http: Http,
    open: Semaphore,
}

/// The right to one connection, for one request.
#[derive(Debug)]
pub(crate) struct Seat<'t> {
    pool: &'t Pool,
    _permit: Option<SemaphorePermit<'t>>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

/// Why no answer came.
#[derive(Debug)]
pub(crate) enum Broken {
    Wire(WireKind, Option<Box<dyn std::error::Error + Send + Sync>>),
    TooLarge,
}

impl Transport {
    pub(crate) fn new(idle_connections: usize) -> Result<Self, Error> {
        Ok(Self { calls: Pool::new(idle_connections)?, polling: Pool::new(1)? })
    }

    /// Waits for one of the connections that may be open at once. Whoever has a seat need not wait for anybody else.
    pub(crate) async fn seat(&self, lane: Lane) -> Seat<'_> {
        let pool = match lane {
            Lane::Calls => &self.calls,
            Lane::Polling => &self.polling,
        };
        // The semaphore is never closed; without a permit the request would only go unlimited.
        Seat { pool, _permit: pool.open.acquire().await.ok() }
    }
}

impl Seat<'_> {
    /// Sends a request and reads the whole answer, both within `limit`.
    pub(crate) async fn exchange(
        self,
        request: Request<Full<Bytes>>,
        limit: Duration,
        max_body: usize,
    ) -> Result<Answer, Broken> {
        match timeout(limit, self.pool.exchange(request, max_body)).await {
            Ok(result) => result,
            Err(_) => Err(Broken::Wire(WireKind::TimedOut(limit), None)),
        }
    }
}

impl Pool {
    fn new(idle_connections: usize) -> Result<Self, Error> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_LIMIT));
        // The provider is passed by hand, so that no process-wide default is needed.
        let https = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .map_err(|_| Error::Config("the TLS provider knows no usable protocol version"))?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let http = HyperClient::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_LIMIT)
            .pool_max_idle_per_host(idle_connections)
            .build(https);
        Ok(Self { http, open: Semaphore::new(idle_connections.saturating_add(MORE_THAN_IDLE)) })
    }

    async fn exchange(&self, request: Request<Full<Bytes>>, max_body: usize) -> Result<Answer, Broken> {
        let response = self.http.request(request).await.map_err(|error| {
            let kind = if error.is_connect() { WireKind::NotConnected } else { WireKind::Cut };
            Broken::Wire(kind, Some(Box::new(error)))
        })?;
        let status = response.status().as_u16();
        let declared = response
            .headers()
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.parse::<usize>().ok());
        if declared.is_some_and(|length| length > max_body) {
            return Err(Broken::TooLarge);
        }
        match Limited::new(response.into_body(), max_body).collect().await {
            Ok(body) => Ok(Answer { status, body: body.to_bytes() }),
            Err(error) if error.is::<LengthLimitError>() => Err(Broken::TooLarge),
            Err(error) => Err(Broken::Wire(WireKind::Cut, Some(error))),
        }
    }
}
