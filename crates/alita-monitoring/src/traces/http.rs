//! Carries batches to the collector, over the hyper that everything else uses too.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use opentelemetry_http::{HttpClient, HttpError};
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::Error;

/// How long a batch may take; the next one waits meanwhile.
const LIMIT: Duration = Duration::from_secs(5);

/// An answer says which spans were refused, in a few words.
const MAX_ANSWER: usize = 64 << 10;

#[derive(Debug)]
pub(super) struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    runtime: Handle,
}

impl Http {
    pub(super) fn new() -> Result<Self, Error> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // The provider is passed by hand, so that no process-wide default is needed.
        let https = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| Error::TraceExporter(Box::new(error)))?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(https);
        let runtime = Handle::try_current().map_err(|error| Error::TraceExporter(Box::new(error)))?;
        Ok(Self { client, runtime })
    }
}

#[async_trait]
impl HttpClient for Http {
    /// Batches come from a thread of their own, which knows no runtime: the request is made inside ours.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let exchange = async move {
            let response = client.request(request.map(Full::new)).await?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, MAX_ANSWER).collect().await?.to_bytes();
            Ok(Response::from_parts(head, body))
        };
        // Made inside, too: a timer that is made outside of the runtime finds no clock.
        self.runtime.spawn(async move { timeout(LIMIT, exchange).await }).await??
    }
}
