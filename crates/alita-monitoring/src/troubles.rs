//! Internal errors, grouped for somebody who wants to be told of them.
//!
//! A line of the log at level `error` whose field `class` is `internal` is such an error: a fault of ours, not one of
//! Telegram, of the database, or of Redis. Many of one kind become one [`Trouble`] with a count, a kind that was told
//! is not told again for a while, and there are never many at once. Everything passes the redactor.

mod groups;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use alita_runtime::Clock;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::Redactor;

use groups::Groups;

/// The class of errors that are told of.
const INTERNAL: &str = "internal";

/// An error text is cut to this many characters.
const LONGEST: usize = 400;

tokio::task_local! {
    /// Set while somebody is told: what goes wrong with that is not worth telling.
    static TELLING: ();
}

/// Several errors of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trouble {
    /// Where it happened: a handler, or a line of code.
    pub place: String,
    /// What the first of them said, without secrets and not longer than a few lines.
    pub error: String,
    /// How many there were since the last time this kind was told.
    pub count: u64,
}

/// Collects internal errors out of the log; clones are the same collection.
#[derive(Clone)]
pub struct Troubles(Arc<Inner>);

struct Inner {
    redactor: Redactor,
    clock: Clock,
    groups: Mutex<Groups>,
}

impl fmt::Debug for Troubles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Troubles").finish_non_exhaustive()
    }
}

impl Troubles {
    /// An empty collection. To be filled it goes into [`LogConfig`](crate::LogConfig).
    #[must_use]
    pub fn new(redactor: Redactor, clock: Clock) -> Self {
        Self(Arc::new(Inner { redactor, clock, groups: Mutex::default() }))
    }

    /// What is to be told now: each kind once in ten minutes, and at most ten in a minute. To be called often.
    #[must_use]
    pub fn take(&self) -> Vec<Trouble> {
        let now = self.0.clock.instant();
        self.0.groups.lock().unwrap_or_else(PoisonError::into_inner).take(now)
    }

    /// Does the work of telling: errors in it are in the log like any other, and not collected.
    pub async fn telling<F: Future>(work: F) -> F::Output {
        TELLING.scope((), work).await
    }

    /// What listens to the log.
    pub(crate) fn layer(&self) -> Ear {
        Ear(self.clone())
    }

    fn add(&self, heard: Heard, place: &str) {
        let place = heard.place().unwrap_or_else(|| place.to_owned());
        let error = match heard.cause {
            Some(cause) => format!("{}: {cause}", heard.error),
            None => heard.error,
        };
        let error: String = self.0.redactor.redact(&error).chars().take(LONGEST).collect();
        let place = self.0.redactor.redact(&place).into_owned();
        self.0.groups.lock().unwrap_or_else(PoisonError::into_inner).add(place, error);
    }
}

/// Hears every line of the log.
pub(crate) struct Ear(Troubles);

impl<S: Subscriber> Layer<S> for Ear {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() != Level::ERROR || TELLING.try_with(|()| ()).is_ok() {
            return;
        }
        let mut heard = Heard::default();
        event.record(&mut heard);
        if heard.is_internal {
            self.0.add(heard, event.metadata().target());
        }
    }
}

/// The fields of a line that are worth telling.
#[derive(Default)]
struct Heard {
    is_internal: bool,
    module: Option<String>,
    handler: Option<String>,
    location: Option<String>,
    error: String,
    cause: Option<String>,
}

impl Heard {
    /// The handler, or else the line of code.
    fn place(&self) -> Option<String> {
        match (&self.module, &self.handler) {
            (Some(module), Some(handler)) => Some(format!("{module}.{handler}")),
            _ => self.location.clone(),
        }
    }
}

impl Visit for Heard {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "class" => self.is_internal = value == INTERNAL,
            "module" => self.module = Some(value.to_owned()),
            "handler" => self.handler = Some(value.to_owned()),
            "location" => self.location = Some(value.to_owned()),
            "cause" => self.cause = Some(value.to_owned()),
            "error" | "payload" => value.clone_into(&mut self.error),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "error" => self.error = format!("{value:?}"),
            // Stands for the error of a line that has none.
            "message" if self.error.is_empty() => self.error = format!("{value:?}"),
            _ => {}
        }
    }
}
