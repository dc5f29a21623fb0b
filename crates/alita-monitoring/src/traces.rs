//! Where spans go: to a collector over OTLP, or to standard error.
//!
//! The other crates make spans with `tracing` and know nothing of this one. Spans are made at level `debug`, so that a
//! process without traces, whose log begins at `info`, does not make them at all; the traces have a filter of their
//! own. Everything that leaves passes the redactor.

mod console;
mod counted;
mod endpoint;
mod http;
mod leaving;
mod request;

use std::time::Duration;

use opentelemetry::propagation::TextMapCompositePropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider,
};
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata, Subscriber};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::{Error, Redactor};

use console::Console;
use counted::Counted;
use endpoint::Endpoint;
use leaving::{Exit, Leaving};

pub(crate) use request::current_trace;
pub use request::webhook_span;

/// How many ended spans wait for the next batch; those that come while it is full are dropped and counted.
const WAITING: usize = 4_096;

/// How often a batch leaves.
const PERIOD: Duration = Duration::from_secs(2);

/// Whether spans are kept, which of them, and where they go.
#[derive(Clone, Debug)]
pub struct TraceConfig {
    /// The name of the service in its spans.
    pub service: String,
    /// The version of the service in its spans.
    pub version: &'static str,
    /// The collector: an URL, or `host:port`.
    pub endpoint: Option<String>,
    /// Reach a collector that is named as `host:port` without TLS.
    pub is_insecure: bool,
    /// Without a collector: write spans to standard error.
    pub to_console: bool,
    /// Which part of the traces is kept, from 0.0 (none) to 1.0 (all).
    pub sample_rate: f64,
}

/// The way out for spans; it is open until [`Traces::close`].
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
    endpoint: Option<Endpoint>,
}

impl Traces {
    /// Opens the way that the configuration names; `None` when it names none. To be called inside the runtime.
    ///
    /// A collector need not be there yet: what cannot be delivered is counted and dropped.
    ///
    /// # Errors
    ///
    /// [`Error::TraceEndpoint`] and [`Error::TraceExporter`]; neither is a reason not to start.
    pub fn open(config: &TraceConfig, redactor: &Redactor) -> Result<Option<Self>, Error> {
        global::set_text_map_propagator(TextMapCompositePropagator::new(vec![
            Box::new(TraceContextPropagator::new()),
            Box::new(BaggagePropagator::new()),
        ]));
        let (exit, endpoint) = match &config.endpoint {
            Some(place) => {
                let endpoint = Endpoint::read(place, config.is_insecure)?;
                redactor.register_url(&endpoint.url.to_string().into());
                (Exit::Collector(Box::new(collector(&endpoint)?)), Some(endpoint))
            }
            None if config.to_console => (Exit::Console(Console::new(std::io::stderr())), None),
            None => return Ok(None),
        };
        Ok(Some(Self { provider: provider(config, redactor, exit), endpoint }))
    }

    /// What turns `tracing` spans into ours. Only spans of this workspace, and of events only warnings and errors:
    /// whatever the libraries beneath do, the exporter's own requests among it, makes no span.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let layer: OpenTelemetryLayer<S, SdkTracer> = tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("alita"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false);
        layer.with_filter(filter_fn(is_ours).with_max_level_hint(LevelFilter::DEBUG))
    }

    /// Says in the log where spans go, and what was assumed.
    pub(crate) fn announce(&self) {
        let Some(endpoint) = &self.endpoint else {
            tracing::info!("spans are written to standard error");
            return;
        };
        let (host, port) = (endpoint.url.host_str(), endpoint.url.port_or_known_default());
        tracing::info!(host, port, path = endpoint.url.path(), "spans go to a collector over OTLP/HTTP");
        if endpoint.is_moved {
            tracing::warn!("port 4317 is that of OTLP over gRPC; we speak OTLP over HTTP and use port 4318");
        }
        if endpoint.is_plain {
            tracing::warn!(host, "spans travel without TLS");
        }
    }

    /// Sends what is still waiting and ends; what has not left after `limit` is lost.
    ///
    /// # Errors
    ///
    /// [`Error::NotFlushed`] when that was not possible in time.
    pub async fn close(self, limit: Duration) -> Result<(), Error> {
        // The exporter's thread is waited for, which must not hold up the thread of other tasks.
        let closing = tokio::task::spawn_blocking(move || self.provider.shutdown_with_timeout(limit));
        match closing.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Error::NotFlushed(Box::new(error))),
            Err(error) => Err(Error::NotFlushed(Box::new(error))),
        }
    }
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("alita_") && (metadata.is_span() || *metadata.level() <= Level::WARN)
}

fn collector(endpoint: &Endpoint) -> Result<SpanExporter, Error> {
    SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_http_client(http::Http::new()?)
        .with_endpoint(endpoint.url.as_str())
        .build()
        .map_err(|error| Error::TraceExporter(Box::new(error)))
}

fn provider(config: &TraceConfig, redactor: &Redactor, exit: Exit) -> SdkTracerProvider {
    let resource = Resource::builder()
        .with_service_name(config.service.clone())
        .with_attribute(KeyValue::new("service.version", config.version))
        .with_attribute(KeyValue::new("service.instance.id", format!("{:016x}", fastrand::u64(..))))
        .build();
    let (leaving, waiting) = Leaving::new(exit, redactor.clone());
    let batches = BatchConfigBuilder::default().with_max_queue_size(WAITING).with_scheduled_delay(PERIOD);
    let processor = BatchSpanProcessor::builder(leaving).with_batch_config(batches.build()).build();
    SdkTracerProvider::builder()
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.sample_rate))))
        .with_resource(resource)
        .with_span_processor(Counted::new(processor, waiting, WAITING))
        .build()
}
