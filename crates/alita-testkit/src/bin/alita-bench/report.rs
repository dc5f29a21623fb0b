//! The figures, printed as they come, and all of them as JSON in the end.

use std::num::NonZero;

use serde::Serialize;

use crate::Failure;

/// Everything that was found out.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// How many processors the machine has for bot, Telegram and servers together.
    processors: usize,
    figures: Vec<Figure>,
}

#[derive(Debug, Serialize)]
struct Figure {
    /// What was measured: `sqlite`, `shared webhook`, `keywords`, ..
    part: String,
    name: String,
    value: f64,
    /// `/s`, `µs`, `ms`, `MiB`, `bytes`, or nothing for a plain number.
    unit: String,
}

impl Report {
    pub(crate) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self { processors, figures: Vec::new() }
    }

    pub(crate) fn add(&mut self, part: &str, name: &str, value: f64, unit: &str) {
        let digits = if value.abs() >= 100.0 { 0 } else { 2 };
        println!("{part:<15} {name:<45} {value:>12.digits$} {unit}");
        self.figures.push(Figure {
            part: part.to_owned(),
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
        });
    }

    /// Memory in KiB, where the system tells.
    pub(crate) fn add_memory(&mut self, part: &str, name: &str, kib: Option<u64>) {
        if let Some(kib) = kib {
            self.add(part, name, kib as f64 / 1024.0, "MiB");
        }
    }

    /// By how much memory grew, in KiB, where the system tells.
    pub(crate) fn add_growth(&mut self, part: &str, name: &str, before: Option<u64>, after: Option<u64>) {
        if let Some((before, after)) = before.zip(after) {
            self.add(part, name, (after as f64 - before as f64) / 1024.0, "MiB");
        }
    }

    pub(crate) fn json(&self) -> Result<String, Failure> {
        Ok(serde_json::to_string_pretty(self)?)
    }
}
