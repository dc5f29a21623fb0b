//! Structured logs: one line an event on standard error, with every secret hidden.

use std::io::IsTerminal;

use alita_runtime::Clock;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::format::{JsonFields, Writer, format};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use crate::in_trace::InTrace;
use crate::throttle::Throttled;
use crate::{Error, RedactingWriter, Redactor, Traces, Troubles, panics};

/// How a log line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for programs.
    #[default]
    Json,
    /// Words and `key=value`, for people.
    Text,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// JSON or text.
    pub format: LogFormat,
    /// Levels as `info` or `info,alita_telegram=debug`.
    pub filter: String,
    /// Say in which file and line an event was logged.
    pub source_location: bool,
    /// Tells the time of each line.
    pub clock: Clock,
    /// Who collects the internal errors among the lines, if somebody is to be told of them.
    pub troubles: Option<Troubles>,
}

impl LogConfig {
    /// JSON lines from level `info` on.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            format: LogFormat::Json,
            filter: "info".to_owned(),
            source_location: false,
            clock,
            troubles: None,
        }
    }
}

/// The target of warnings of which each one says something else, so that none may be left out when they come at once.
pub const NEVER_LEFT_OUT: &str = "alita_bot::settings";

/// Whether [`LogConfig::filter`] would be understood.
#[must_use]
pub fn is_filter(filter: &str) -> bool {
    EnvFilter::builder().parse(filter).is_ok()
}

/// Makes standard error the log output of this process, and lets panics be logged there.
///
/// # Errors
///
/// [`Error::Filter`] when the filter cannot be understood, [`Error::LogsInstalled`] when the process has a log output
/// already.
pub fn install(config: &LogConfig, redactor: &Redactor) -> Result<(), Error> {
    subscriber(config, redactor, std::io::stderr)?.try_init().map_err(Error::LogsInstalled)?;
    panics::install(redactor.clone());
    Ok(())
}

/// [`install`], and lets spans go where `traces` leads.
///
/// The log and the traces have a filter each, so that a quiet log does not cost spans.
///
/// # Errors
///
/// As [`install`].
pub fn install_with_traces(config: &LogConfig, redactor: &Redactor, traces: &Traces) -> Result<(), Error> {
    with_traces(config, redactor, std::io::stderr, traces)?.try_init().map_err(Error::LogsInstalled)?;
    panics::install(redactor.clone());
    traces.announce();
    Ok(())
}

/// The subscriber of [`install_with_traces`] with another writer behind it, not installed yet.
///
/// # Errors
///
/// [`Error::Filter`] when the filter cannot be understood.
pub fn with_traces<W>(
    config: &LogConfig,
    redactor: &Redactor,
    writer: W,
    traces: &Traces,
) -> Result<impl Subscriber + Send + Sync + use<W>, Error>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let log = layer(config, redactor, writer).with_filter(filter(config)?);
    // A filter of its own here too, or it would switch on every span of every library.
    let troubles = config.troubles.as_ref().map(|troubles| troubles.layer().with_filter(LevelFilter::ERROR));
    Ok(Registry::default().with(traces.layer()).with(troubles).with(log))
}

/// The same log output with another writer behind it, not installed yet.
///
/// # Errors
///
/// [`Error::Filter`] when the filter cannot be understood.
pub fn subscriber<W>(
    config: &LogConfig,
    redactor: &Redactor,
    writer: W,
) -> Result<impl Subscriber + Send + Sync + use<W>, Error>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let troubles = config.troubles.as_ref().map(Troubles::layer);
    Ok(Registry::default().with(filter(config)?).with(troubles).with(layer(config, redactor, writer)))
}

fn filter(config: &LogConfig) -> Result<EnvFilter, Error> {
    EnvFilter::builder()
        .parse(&config.filter)
        .map_err(|source| Error::Filter { filter: config.filter.clone(), source })
}

fn layer<S, W>(config: &LogConfig, redactor: &Redactor, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let is_for_people = config.format == LogFormat::Text;
    let layer = fmt::layer()
        .with_writer(RedactingWriter::new(redactor.clone(), writer))
        // Its own complaints would go to standard error past the redactor.
        .log_internal_errors(false)
        .with_ansi(is_for_people && std::io::stderr().is_terminal());
    let style = format()
        .with_timer(Timestamp(config.clock.clone()))
        .with_file(config.source_location)
        .with_line_number(config.source_location);
    if is_for_people {
        let style = InTrace::text(style);
        layer.event_format(Throttled::new(style, config.clock.clone(), text_note)).boxed()
    } else {
        let style = style.json().flatten_event(true).with_current_span(false).with_span_list(true);
        let style = Throttled::new(InTrace::json(style), config.clock.clone(), json_note);
        layer.fmt_fields(JsonFields::new()).event_format(style).boxed()
    }
}

/// UTC with milliseconds, from our clock.
struct Timestamp(Clock);

impl FormatTime for Timestamp {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        write!(writer, "{}", self.0.now().format("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }
}

fn text_note(metadata: &Metadata<'_>, left_out: u64) -> String {
    format!("  {left_out} more of this line were left out ({})", metadata.target())
}

fn json_note(metadata: &Metadata<'_>, left_out: u64) -> String {
    serde_json::json!({
        "level": "WARN",
        "message": "more of the line before were left out",
        "left_out": left_out,
        "target": metadata.target(),
    })
    .to_string()
}
