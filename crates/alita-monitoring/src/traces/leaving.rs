//! The last thing before spans leave: secrets are hidden, and what left or was lost is counted.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::trace::Status;
use opentelemetry::{Array, KeyValue, StringValue, Value};
use opentelemetry_otlp::SpanExporter as Collector;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::console::Console;
use crate::Redactor;

/// Where spans go.
#[derive(Debug)]
pub(super) enum Exit {
    Collector(Box<Collector>),
    Console(Console<std::io::Stderr>),
}

/// Stands before the exit.
#[derive(Debug)]
pub(super) struct Leaving {
    exit: Exit,
    redactor: Redactor,
    waiting: Arc<AtomicUsize>,
}

impl Leaving {
    /// Also returns the number of spans that have ended and not left, which whoever lets them in counts up.
    pub(super) fn new(exit: Exit, redactor: Redactor) -> (Self, Arc<AtomicUsize>) {
        let waiting = Arc::new(AtomicUsize::new(0));
        (Self { exit, redactor, waiting: Arc::clone(&waiting) }, waiting)
    }
}

impl SpanExporter for Leaving {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        self.waiting.fetch_sub(count, Ordering::Relaxed);
        for span in &mut batch {
            hide(span, &self.redactor);
        }
        let outcome = match &self.exit {
            Exit::Collector(collector) => collector.export(batch).await,
            Exit::Console(console) => console.export(&batch),
        };
        let result = if outcome.is_ok() { "exported" } else { "failed" };
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        metrics::counter!("alita_trace_spans_total", "result" => result).increment(count);
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        match &self.exit {
            Exit::Collector(collector) => collector.shutdown_with_timeout(timeout),
            Exit::Console(_) => Ok(()),
        }
    }

    fn set_resource(&mut self, resource: &Resource) {
        match &mut self.exit {
            Exit::Collector(collector) => collector.set_resource(resource),
            Exit::Console(_) => {}
        }
    }
}

fn hide(span: &mut SpanData, redactor: &Redactor) {
    if let Cow::Owned(hidden) = redactor.redact(&span.name) {
        span.name = hidden.into();
    }
    for attribute in &mut span.attributes {
        hide_value(attribute, redactor);
    }
    for event in &mut span.events.events {
        // The words of a log line.
        if let Cow::Owned(hidden) = redactor.redact(&event.name) {
            event.name = hidden.into();
        }
        event.attributes.iter_mut().for_each(|attribute| hide_value(attribute, redactor));
    }
    if let Status::Error { description } = &mut span.status
        && let Cow::Owned(hidden) = redactor.redact(description)
    {
        *description = hidden.into();
    }
}

fn hide_value(attribute: &mut KeyValue, redactor: &Redactor) {
    match &mut attribute.value {
        Value::String(text) => hide_text(text, redactor),
        Value::Array(Array::String(texts)) => texts.iter_mut().for_each(|text| hide_text(text, redactor)),
        _ => {}
    }
}

fn hide_text(text: &mut StringValue, redactor: &Redactor) {
    if let Cow::Owned(hidden) = redactor.redact(text.as_str()) {
        *text = hidden.into();
    }
}
