//! Writes the id of the trace into log lines, so that one leads to the other.

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::traces::current_trace;

/// Formats events as `inner` does, and adds `trace_id` to those inside a trace that is kept.
pub(crate) struct InTrace<F> {
    inner: F,
    /// How a line ends.
    end: &'static str,
    /// What stands before and after the id at the end of a line.
    around: (&'static str, &'static str),
}

impl<F> InTrace<F> {
    /// For lines that are JSON objects.
    pub(crate) fn json(inner: F) -> Self {
        Self { inner, end: "}\n", around: (",\"trace_id\":\"", "\"}\n") }
    }

    /// For lines for people.
    pub(crate) fn text(inner: F) -> Self {
        Self { inner, end: "\n", around: (" trace_id=", "\n") }
    }
}

impl<S, N, F> FormatEvent<S, N> for InTrace<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        let Some(trace) = current_trace() else { return self.inner.format_event(ctx, writer, event) };
        let mut line = String::new();
        self.inner.format_event(ctx, Writer::new(&mut line), event)?;
        match line.strip_suffix(self.end) {
            Some(line) => write!(writer, "{line}{}{trace}{}", self.around.0, self.around.1),
            None => writer.write_str(&line),
        }
    }
}
