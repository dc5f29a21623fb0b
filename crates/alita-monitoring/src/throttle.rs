//! Keeps a warning that comes in masses from filling the log: one line a second for each place that warns.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use alita_runtime::Clock;
use tracing::callsite::Identifier;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::logs::NEVER_LEFT_OUT;

/// How long a place is silent after it has warned.
const PAUSE: Duration = Duration::from_secs(1);

/// Formats events, but of each warning only one a second; the next line is followed by the number left out.
pub(crate) struct Throttled<F> {
    inner: F,
    clock: Clock,
    note: fn(&Metadata<'_>, u64) -> String,
    places: Mutex<HashMap<Identifier, Place>>,
}

#[derive(Default)]
struct Place {
    next: Duration,
    left_out: u64,
}

enum Turn {
    Write { left_out: u64 },
    LeaveOut,
}

impl<F> Throttled<F> {
    /// `note` writes the line that says how many were left out.
    pub(crate) fn new(inner: F, clock: Clock, note: fn(&Metadata<'_>, u64) -> String) -> Self {
        Self { inner, clock, note, places: Mutex::default() }
    }

    fn turn(&self, metadata: &Metadata<'_>) -> Turn {
        // Lines of the `log` facade all come from one place and cannot be told apart.
        let is_exempt = matches!(metadata.target(), "log" | NEVER_LEFT_OUT);
        if *metadata.level() != Level::WARN || is_exempt {
            return Turn::Write { left_out: 0 };
        }
        let now = self.clock.instant();
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places.entry(metadata.callsite()).or_default();
        if now < place.next {
            place.left_out += 1;
            return Turn::LeaveOut;
        }
        place.next = now + PAUSE;
        Turn::Write { left_out: std::mem::take(&mut place.left_out) }
    }
}

impl<S, N, F> FormatEvent<S, N> for Throttled<F>
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
        match self.turn(event.metadata()) {
            Turn::LeaveOut => Ok(()),
            Turn::Write { left_out } => {
                self.inner.format_event(ctx, writer.by_ref(), event)?;
                if left_out > 0 {
                    writeln!(writer, "{}", (self.note)(event.metadata(), left_out))?;
                }
                Ok(())
            }
        }
    }
}
