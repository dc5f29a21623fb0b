//! The metrics that every update moves. The collector is asked for each of them once, not at every update.
//!
//! It is asked at the first use, so whoever collects has to be there before the first update.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram};

/// The kinds of handler, as the metrics name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Command,
    Button,
    Watcher,
}

impl Kind {
    const ALL: usize = 3;

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Button => "callback",
            Self::Watcher => "watcher",
        }
    }
}

/// What became of a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Others may look at the update, too.
    Next,
    Done,
    Denied,
    Mistake,
    Error,
    Timeout,
    Panic,
}

impl End {
    const ALL: usize = 7;

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Done => "done",
            Self::Denied => "denied",
            Self::Mistake => "mistake",
            Self::Error => "error",
            Self::Timeout => "timeout",
            Self::Panic => "panic",
        }
    }
}

/// The metrics of one router.
#[derive(Default)]
pub(crate) struct Meters {
    modules: BTreeMap<&'static str, OfModule>,
    in_flight: OnceLock<Gauge>,
    queue: OnceLock<Histogram>,
    age: OnceLock<Histogram>,
    polled_messages: OnceLock<Counter>,
}

/// What the handlers of one module did.
#[derive(Default)]
struct OfModule {
    ends: [OnceLock<Counter>; End::ALL],
    times: [OnceLock<Histogram>; Kind::ALL],
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.modules.keys()).finish()
    }
}

impl Meters {
    /// Makes room for the handlers of a module.
    pub(crate) fn join(&mut self, module: &'static str) {
        self.modules.entry(module).or_default();
    }

    pub(crate) fn received(&self, kind: &'static str, source: &'static str) {
        let meter = || metrics::counter!("alita_updates_received_total", "type" => kind, "source" => source);
        // Nearly all there is.
        if (kind, source) == ("message", "polling") {
            self.polled_messages.get_or_init(meter).increment(1);
        } else {
            meter().increment(1);
        }
    }

    pub(crate) fn waited(&self, time: Duration) {
        self.queue.get_or_init(|| metrics::histogram!("alita_update_queue_seconds")).record(time);
    }

    /// How old a message is, in seconds.
    pub(crate) fn aged(&self, seconds: u32) {
        self.age.get_or_init(|| metrics::histogram!("alita_message_age_seconds")).record(seconds);
    }

    pub(crate) fn in_flight(&self) -> &Gauge {
        self.in_flight.get_or_init(|| metrics::gauge!("alita_updates_in_flight"))
    }

    pub(crate) fn handled(&self, module: &'static str, kind: Kind, end: End, took: Duration) {
        let ended =
            || metrics::counter!("alita_handler_results_total", "module" => module, "result" => end.as_str());
        let timed = || metrics::histogram!("alita_handler_duration_seconds", "module" => module, "kind" => kind.as_str());
        if let Some(of_module) = self.modules.get(module) {
            of_module.ends[end as usize].get_or_init(ended).increment(1);
            of_module.times[kind as usize].get_or_init(timed).record(took);
        } else {
            // Nobody's button.
            ended().increment(1);
            timed().record(took);
        }
    }
}
