//! The least that a bot can do: fetch updates, read them, confirm them.

use std::hint::black_box;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::Failure;

/// Reads until it is killed; the address ends with the token.
pub(crate) async fn run(address: &str) -> Result<(), Failure> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let mut offset = 0;
    loop {
        let question = json!({"offset": offset, "limit": 100, "timeout": 50});
        let request = hyper::Request::post(format!("{address}/getUpdates"))
            .header("content-type", "application/json")
            .body(Full::from(question.to_string()))?;
        let body = client.request(request).await?.into_body().collect().await?.to_bytes();
        let answer: Value = serde_json::from_slice(&body)?;
        let updates = answer["result"].as_array().ok_or("an answer without updates")?;
        if let Some(last) = updates.last() {
            offset = last["update_id"].as_i64().ok_or("an update without a number")? + 1;
        }
        black_box(updates);
    }
}
