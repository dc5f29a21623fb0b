//! Spans as lines, for whoever develops without a collector.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use opentelemetry::trace::{SpanId, Status};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::SpanData;
use serde_json::{Map, Value, json};

/// One JSON object a span.
#[derive(Debug)]
pub(super) struct Console<W>(Mutex<W>);

impl<W: Write + Send> Console<W> {
    pub(super) fn new(out: W) -> Self {
        Self(Mutex::new(out))
    }

    pub(super) fn export(&self, batch: &[SpanData]) -> OTelSdkResult {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let written = batch.iter().try_for_each(|span| writeln!(out, "{}", line(span)));
        written.map_err(|error| OTelSdkError::InternalFailure(error.to_string()))
    }
}

fn line(span: &SpanData) -> Value {
    let attributes: Map<String, Value> = span
        .attributes
        .iter()
        .map(|attribute| (attribute.key.to_string(), attribute.value.to_string().into()))
        .collect();
    let took = span.end_time.duration_since(span.start_time).unwrap_or_default();
    let parent = (span.parent_span_id != SpanId::INVALID).then(|| span.parent_span_id.to_string());
    json!({
        "span": span.name,
        "trace_id": span.span_context.trace_id().to_string(),
        "span_id": span.span_context.span_id().to_string(),
        "parent_id": parent,
        "took_us": u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        "is_error": matches!(span.status, Status::Error { .. }),
        "attributes": attributes,
    })
}
