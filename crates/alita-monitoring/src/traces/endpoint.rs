//! Reads where the collector is. The original spoke gRPC, whose collectors listen on port 4317 and are named as
//! `host:port`; ours are asked over HTTP, on port 4318, under `/v1/traces`.

use url::{Host, Url};

use crate::Error;

const GRPC_PORT: u16 = 4317;
const HTTP_PORT: u16 = 4318;
const PATH: &str = "/v1/traces";

/// A collector, and what was assumed about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) url: Url,
    /// The port of gRPC was named and that of HTTP is used.
    pub(super) is_moved: bool,
    /// Spans leave this machine without TLS.
    pub(super) is_plain: bool,
}

impl Endpoint {
    /// `https://host`, `http://host:4318/v1/traces`, or `host:4317` as for the original, which means TLS unless
    /// `is_insecure`. On this machine TLS is of no use.
    pub(super) fn read(text: &str, is_insecure: bool) -> Result<Self, Error> {
        let text = text.trim();
        let mut url = if text.contains("://") {
            Url::parse(text)
        } else {
            Url::parse(&format!("http://{text}")).and_then(|url| {
                let scheme = if is_insecure || is_here(&url) { "http" } else { "https" };
                Url::parse(&format!("{scheme}://{text}"))
            })
        }
        .map_err(|_| Error::TraceEndpoint)?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(Error::TraceEndpoint);
        }
        let is_base = !url.path().trim_end_matches('/').ends_with(PATH);
        if is_base {
            let path = format!("{}{PATH}", url.path().trim_end_matches('/'));
            url.set_path(&path);
        }
        // Whoever writes the whole path of OTLP/HTTP means its port, too.
        let is_moved = is_base && url.port() == Some(GRPC_PORT);
        if is_moved {
            url.set_port(Some(HTTP_PORT)).map_err(|()| Error::TraceEndpoint)?;
        }
        let is_plain = url.scheme() == "http" && !is_here(&url);
        Ok(Self { url, is_moved, is_plain })
    }
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_name_a_collector_are_understood() {
        for (text, is_insecure, url, is_moved, is_plain) in [
            ("localhost:4317", false, "http://localhost:4318/v1/traces", true, false),
            ("127.0.0.1:4318", false, "http://127.0.0.1:4318/v1/traces", false, false),
            ("collector:4317", false, "https://collector:4318/v1/traces", true, false),
            ("collector:4317", true, "http://collector:4318/v1/traces", true, true),
            ("http://collector:4317", false, "http://collector:4318/v1/traces", true, true),
            ("http://collector:4317/v1/traces", false, "http://collector:4317/v1/traces", false, true),
            ("https://otlp.example/otlp/", true, "https://otlp.example/otlp/v1/traces", false, false),
            ("[::1]:4318", false, "http://[::1]:4318/v1/traces", false, false),
        ] {
            let found = Endpoint::read(text, is_insecure).expect("an endpoint");
            assert_eq!(
                (found.url.as_str(), found.is_moved, found.is_plain),
                (url, is_moved, is_plain),
                "{text}"
            );
        }
        for text in ["", "ftp://x", "http://", "a b"] {
            assert!(Endpoint::read(text, false).is_err(), "{text}");
        }
    }
}
