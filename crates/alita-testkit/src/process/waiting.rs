//! Conditions that are looked at until they hold, questions over HTTP, and ports.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// How long one question over HTTP may take.
const QUESTION: Duration = Duration::from_secs(5);

/// Returns when it is so; looks again and again.
///
/// # Errors
///
/// When it is not so in time; `what` says what was waited for.
pub async fn until(limit: Duration, what: &str, mut is_so: impl FnMut() -> bool) -> io::Result<()> {
    let began = Instant::now();
    while !is_so() {
        if began.elapsed() > limit {
            return Err(too_late(limit, what));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// Asks a server on this machine: the status and the body.
///
/// # Errors
///
/// When nobody answers.
pub async fn get(port: u16, path: &str) -> io::Result<(u16, String)> {
    let uri = format!("http://127.0.0.1:{port}{path}").parse().map_err(io::Error::other)?;
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let answer = async {
        let response = client.get(uri).await.map_err(io::Error::other)?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    };
    tokio::time::timeout(QUESTION, answer).await.map_err(|_| too_late(QUESTION, "an answer"))?
}

/// A port on which nobody listens, and from which the system opens no connections by itself.
///
/// # Panics
///
/// When there is none.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes that look at the same time begin at different places.
    let begin = u16::try_from(std::process::id() % 1_000).unwrap_or_default() * 11;
    let candidates =
        (0..12_000).map(|_| 20_000 + begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000);
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)).is_ok();
    candidates.into_iter().find(is_free).expect("a free port")
}

pub(super) fn too_late(limit: Duration, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("waited {} s in vain for {what}", limit.as_secs_f32()))
}
