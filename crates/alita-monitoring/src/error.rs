//! What can go wrong while the watching is set up or taken down.

use std::net::SocketAddr;

/// Why the logs, the metrics or the HTTP server could not be set up, or not be closed in time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The log filter could not be understood.
    #[error("the log filter `{filter}` could not be understood")]
    Filter {
        /// The filter as it was given.
        filter: String,
        /// What the parser says.
        source: tracing_subscriber::filter::ParseError,
    },
    /// This process already has a log output.
    #[error("the logs are already installed")]
    LogsInstalled(#[source] tracing_subscriber::util::TryInitError),
    /// The metrics recorder could not be built, or this process already has one.
    #[error("the metrics recorder could not be installed")]
    Recorder(#[source] metrics_exporter_prometheus::BuildError),
    /// The port is taken, or may not be used.
    #[error("cannot listen on {address}")]
    Bind {
        /// Where the server should have listened.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// Requests were still being answered when the time to stop had run out.
    #[error("some HTTP requests were not answered in time")]
    NotDrained,
    /// The address of the collector cannot be read; it is not shown, for it may hold a password.
    #[error("the collector's address is not valid: it is host:port, or begins with http:// or https://")]
    TraceEndpoint,
    /// The way out for spans could not be opened.
    #[error("the exporter of spans could not be set up")]
    TraceExporter(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Spans were still waiting when the time to stop had run out, or the collector did not take them.
    #[error("not all spans could be delivered")]
    NotFlushed(#[source] Box<dyn std::error::Error + Send + Sync>),
}
