//! A server that answers as the test says and remembers what it saw.

use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alita_telegram::{Client, ClientConfig, Limits, Url};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub(crate) const TOKEN: &str = "123456:AAsecret-token_text";

/// One request as the server saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) connection: usize,
    pub(crate) path: String,
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn method(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub(crate) enum Answer {
    Status(u16, String),
    Cut,
    Hang,
}

impl Answer {
    pub(crate) fn ok(result: &str) -> Self {
        Self::Status(200, format!(r#"{{"ok":true,"result":{result}}}"#))
    }

    pub(crate) fn no(code: u16, description: &str) -> Self {
        Self::Status(code, format!(r#"{{"ok":false,"error_code":{code},"description":"{description}"}}"#))
    }

    pub(crate) fn throttled(seconds: u64) -> Self {
        let parameters = format!(r#"{{"retry_after":{seconds}}}"#);
        Self::Status(
            429,
            format!(
                r#"{{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{parameters}}}"#
            ),
        )
    }
}

/// Answers request number `n`, counted from 0.
type Script = dyn Fn(usize, &Seen) -> Answer + Send + Sync;

pub(crate) struct Server {
    pub(crate) url: Url,
    seen: Arc<Seens>,
}

#[derive(Default)]
struct Seens {
    list: Mutex<Vec<Seen>>,
    count: watch::Sender<usize>,
}

impl Server {
    pub(crate) async fn start(script: impl Fn(usize, &Seen) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let seen = Arc::<Seens>::default();
        spawn(accept(listener, Arc::new(script), Arc::clone(&seen)));
        Self { url, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.list.lock().unwrap().clone()
    }

    /// Returns when that many more requests have come.
    pub(crate) async fn sees_more(&self, more: usize) {
        let mut count = self.seen.count.subscribe();
        let wanted = *count.borrow() + more;
        count.wait_for(|count| *count >= wanted).await.unwrap();
    }

    pub(crate) fn methods(&self) -> Vec<String> {
        self.seen().iter().map(|seen| seen.method().to_owned()).collect()
    }

    /// A configuration that reaches this server, without limits and with hardly any waiting.
    pub(crate) fn config(&self) -> ClientConfig {
        let mut config =
            ClientConfig::new(TOKEN).with_api_server(self.url.clone()).with_limits(Limits::none());
        config.retry_base = Duration::from_millis(1);
        config
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.config()).unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "the server ends with the test's runtime")]
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(future));
}

async fn accept(listener: TcpListener, script: Arc<Script>, seen: Arc<Seens>) {
    let connections = AtomicUsize::new(0);
    while let Ok((stream, _)) = listener.accept().await {
        let connection = connections.fetch_add(1, Ordering::SeqCst);
        let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
        spawn(async move {
            let service =
                service_fn(|request| answer(connection, request, Arc::clone(&script), Arc::clone(&seen)));
            let _cut = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    connection: usize,
    request: Request<Incoming>,
    script: Arc<Script>,
    log: Arc<Seens>,
) -> io::Result<Response<Full<Bytes>>> {
    let path = request.uri().path().to_owned();
    let content_type =
        request.headers().get("content-type").map_or("", |value| value.to_str().unwrap()).to_owned();
    let body = request.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
    let seen = Seen { connection, path, content_type, body };
    let number = {
        let mut list = log.list.lock().unwrap();
        list.push(seen.clone());
        list.len() - 1
    };
    log.count.send_replace(number + 1);
    match script(number, &seen) {
        Answer::Status(status, text) => {
            let response = Response::builder().status(status).body(Full::new(Bytes::from(text)));
            Ok(response.unwrap())
        }
        Answer::Cut => Err(io::Error::other("cut")),
        Answer::Hang => {
            let never: Infallible = std::future::pending().await;
            match never {}
        }
    }
}
