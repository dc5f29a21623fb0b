//! Which handlers ran and how they ended, as the metrics tell it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use metrics::{Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

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
            metrics::set_global_recorder(witness.clone()).expect("nobody else collects metrics here");
            witness
        };
        WITNESS.get_or_init(install).clone()
    }

    /// What has ended since the last time.
    pub(crate) fn take(&self) -> Vec<Ended> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Recorder for Witness {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        if key.name() != "alita_handler_results_total" {
            return Counter::noop();
        }
        let label = |name: &str| {
            let label = key.labels().find(|label| label.key() == name);
            label.map(|label| label.value().to_owned()).unwrap_or_default()
        };
        let ended = (label("handler"), label("result"));
        Counter::from_arc(Arc::new(Note { witness: self.clone(), ended }))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

struct Note {
    witness: Witness,
    ended: Ended,
}

impl CounterFn for Note {
    fn increment(&self, times: u64) {
        let mut notes = self.witness.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.extend((0..times).map(|_| self.ended.clone()));
    }

    fn absolute(&self, _: u64) {}
}
