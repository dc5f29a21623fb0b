//! A collector of spans on this machine: it reads OTLP over HTTP, as a real one does.
#![allow(dead_code, unreachable_pub, reason = "every test file uses a part of it")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use alita_runtime::TaskSet;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span as WireSpan;
use prost::Message;
use tokio::net::TcpListener;

/// What has come so far.
#[derive(Debug)]
pub struct Collector {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
    _tasks: TaskSet,
}

/// A span as it came.
#[derive(Debug, Clone)]
pub struct Span {
    pub name: String,
    pub trace: String,
    pub id: String,
    /// Empty at the root.
    pub parent: String,
    pub attributes: BTreeMap<String, String>,
    /// The traces to which it links.
    pub links: Vec<String>,
    pub took_ns: u64,
    pub is_error: bool,
}

impl Collector {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (seen, tasks) = (Arc::default(), TaskSet::new());
        let (store, connections) = (Arc::clone(&seen), tasks.clone());
        tasks.spawn("collector", async move {
            while let Ok((stream, _)) = listener.accept().await {
                let store = Arc::clone(&store);
                connections.spawn("connection to the collector", async move {
                    let service = service_fn(move |request| take(request, Arc::clone(&store)));
                    let http = hyper::server::conn::http1::Builder::new();
                    let _gone = http.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, seen, _tasks: tasks }
    }

    /// One that takes connections and says nothing.
    pub async fn hanging() -> (SocketAddr, TcpListener) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        (listener.local_addr().expect("an address"), listener)
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn spans(&self) -> Vec<Span> {
        let seen = self.seen.lock().expect("nobody panicked");
        let scopes = seen.iter().flat_map(|batch| &batch.resource_spans).flat_map(|it| &it.scope_spans);
        scopes.flat_map(|scope| &scope.spans).map(read).collect()
    }

    /// What every batch says of the service.
    pub fn resource(&self) -> BTreeMap<String, String> {
        let seen = self.seen.lock().expect("nobody panicked");
        let resources =
            seen.iter().flat_map(|batch| &batch.resource_spans).filter_map(|it| it.resource.as_ref());
        resources.flat_map(|resource| attributes(&resource.attributes)).collect()
    }

    /// Everything that came, as text in which any word can be looked for.
    pub fn text(&self) -> String {
        format!("{:?}", self.seen.lock().expect("nobody panicked"))
    }
}

async fn take(
    request: Request<Incoming>,
    store: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let is_right = request.uri().path() == "/v1/traces"
        && request.headers().get("content-type").is_some_and(|kind| kind == "application/x-protobuf");
    let body =
        request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let batch = ExportTraceServiceRequest::decode(body);
    let mut response = Response::new(Empty::new());
    match batch {
        Ok(batch) if is_right => store.lock().expect("nobody panicked").push(batch),
        _ => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    Ok(response)
}

fn read(span: &WireSpan) -> Span {
    Span {
        name: span.name.clone(),
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        attributes: attributes(&span.attributes).collect(),
        links: span.links.iter().map(|link| hex(&link.trace_id)).collect(),
        took_ns: span.end_time_unix_nano.saturating_sub(span.start_time_unix_nano),
        is_error: span.status.as_ref().is_some_and(|status| status.code == 2),
    }
}

fn attributes(all: &[KeyValue]) -> impl Iterator<Item = (String, String)> {
    all.iter().map(|it| {
        let value = it.value.as_ref().and_then(|value| value.value.as_ref());
        let text = match value {
            Some(Value::StringValue(text)) => text.clone(),
            Some(Value::BoolValue(is_so)) => is_so.to_string(),
            Some(Value::IntValue(number)) => number.to_string(),
            other => format!("{other:?}"),
        };
        (it.key.clone(), text)
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
