//! The least that a bot can do: fetch updates or be sent them, read them, confirm them.

use std::convert::Infallible;
use std::hint::black_box;
use std::net::Ipv4Addr;

use alita_runtime::TaskSet;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::Failure;

/// Runs until it is killed: fetches from the address, which ends with the token, or listens at a port of loopback.
pub(crate) async fn run(address: &str, port: Option<u16>) -> Result<(), Failure> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    match port {
        None => fetch(&client, address).await,
        Some(port) => listen(&client, address, port).await,
    }
}

type Caller = Client<HttpConnector, Full<Bytes>>;

async fn fetch(client: &Caller, address: &str) -> Result<(), Failure> {
    let mut offset = 0;
    loop {
        let question = json!({"offset": offset, "limit": 100, "timeout": 50});
        let answer = call(client, &format!("{address}/getUpdates"), &question).await?;
        let updates = answer["result"].as_array().ok_or("an answer without updates")?;
        if let Some(last) = updates.last() {
            offset = last["update_id"].as_i64().ok_or("an update without a number")? + 1;
        }
        black_box(updates);
    }
}

/// Registers a webhook with as many connections as the bot would ask for.
async fn listen(client: &Caller, address: &str, port: u16) -> Result<(), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let wish = json!({"url": "https://bot.example/webhook", "max_connections": 100});
    call(client, &format!("{address}/setWebhook"), &wish).await?;
    let tasks = TaskSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tasks.spawn("a connection to the sink", async move {
            // Whoever called has gone.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service_fn(take))
                .await;
        });
    }
}

async fn take(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await;
    let update = body.ok().and_then(|body| serde_json::from_slice::<Value>(&body.to_bytes()).ok());
    let mut response = Response::new(Full::default());
    if black_box(update).is_none() {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
}

async fn call(client: &Caller, address: &str, question: &Value) -> Result<Value, Failure> {
    let request = Request::post(address)
        .header("content-type", "application/json")
        .body(Full::from(question.to_string()))?;
    let body = client.request(request).await?.into_body().collect().await?.to_bytes();
    Ok(serde_json::from_slice(&body)?)
}
