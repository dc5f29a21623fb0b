//! `health`: asks the bot on this machine, for the health checks of containers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::config::{self, Env};

const LIMIT: Duration = Duration::from_secs(5);

/// Ends with 0 when `/health` answers 200, and with 1 otherwise. Needs nothing of the configuration but where the bot
/// listens.
pub(crate) async fn ask(env: &Env) -> ExitCode {
    let place = match config::http_place(env) {
        Ok(place) => place,
        Err(problems) => {
            config::complain(&problems);
            return ExitCode::from(1);
        }
    };
    let address = format!("http://{}/health", near(place));
    let Ok(uri) = address.parse() else { return ExitCode::from(1) };
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    match tokio::time::timeout(LIMIT, client.get(uri)).await {
        Ok(Ok(response)) if response.status() == hyper::StatusCode::OK => ExitCode::SUCCESS,
        Ok(Ok(response)) => fail(&format!("{address} answered {}", response.status())),
        Ok(Err(error)) => fail(&format!("{address} does not answer: {error}")),
        Err(_) => fail(&format!("{address} did not answer within {} seconds", LIMIT.as_secs())),
    }
}

/// Where this machine finds a server that listens there.
fn near(place: SocketAddr) -> SocketAddr {
    match place.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), place.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::new(Ipv6Addr::LOCALHOST.into(), place.port()),
        _ => place,
    }
}

fn fail(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::from(1)
}
