//! Which handlers ran and how they ended, as their spans tell it.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry, filter};

/// A handler's name, and `done`, `next`, `mistake`, `denied` or `error`.
pub(crate) type Ended = (String, String);

/// Everything that ended in this process; the tests of a file that look at it must take turns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Witness(Arc<Mutex<Vec<Ended>>>);

impl Witness {
    /// The one witness of this process.
    pub(crate) fn of_this_process() -> Self {
        static WITNESS: OnceLock<Witness> = OnceLock::new();
        let install = || {
            let witness = Self::default();
            let handlers = filter::filter_fn(|metadata| metadata.name() == "handler");
            let subscriber = Registry::default().with(witness.clone().with_filter(handlers));
            tracing::subscriber::set_global_default(subscriber).expect("nobody else listens to spans here");
            witness
        };
        WITNESS.get_or_init(install).clone()
    }

    /// What has ended since the last time.
    pub(crate) fn take(&self) -> Vec<Ended> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Witness {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut name = Word { field: "otel.name", found: None };
        attributes.record(&mut name);
        // `handler warns.warn` is the handler `warn`.
        let name = name.found.unwrap_or_default();
        let name = name.rsplit('.').next().unwrap_or_default().to_owned();
        context.span(id).expect("a new span").extensions_mut().insert(Handler(name));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut result = Word { field: "handler.result", found: None };
        values.record(&mut result);
        let Some(result) = result.found else { return };
        let span = context.span(id).expect("a span");
        let Handler(name) = span.extensions().get::<Handler>().expect("a handler").clone();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((name, result));
    }
}

#[derive(Clone)]
struct Handler(String);

/// Takes one field out of many.
struct Word {
    field: &'static str,
    found: Option<String>,
}

impl Visit for Word {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == self.field {
            self.found = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == self.field {
            self.found = Some(format!("{value:?}"));
        }
    }
}
