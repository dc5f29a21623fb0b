//! What comes in with a request, and what the log wants to know of the trace that is being made.

use hyper::HeaderMap;
use opentelemetry::trace::{TraceContextExt, TraceId};
use opentelemetry::{Context, global};
use opentelemetry_http::HeaderExtractor;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The span of a request of the webhook: a child of the span that the request's `traceparent` names, if it names one.
///
/// `route` is the pattern of the path, never the path itself, which holds a secret. What the update is about stays
/// open until somebody has read it.
#[must_use]
pub fn webhook_span(headers: &HeaderMap, route: &'static str) -> Span {
    let span = tracing::debug_span!(
        "webhook.request",
        otel.kind = "server",
        http.method = "POST",
        http.route = route,
        bot.working_mode = "webhook",
        http.status_code = Empty,
        message.chat_id = Empty,
        message.from_id = Empty,
        message.text_length = Empty,
        callback_query.id = Empty,
        callback_query.from_id = Empty,
    );
    if !span.is_disabled() {
        let parent =
            global::get_text_map_propagator(|propagator| propagator.extract(&HeaderExtractor(headers)));
        // Fails where no traces are made, and then there is nothing to be a child of.
        let _ = span.set_parent(parent);
    }
    span
}

/// The trace in which the caller works, if it is one that will be seen.
pub(crate) fn current_trace() -> Option<TraceId> {
    Context::map_current(|context| {
        let span = context.span();
        let context = span.span_context();
        (context.is_valid() && context.is_sampled()).then(|| context.trace_id())
    })
}
