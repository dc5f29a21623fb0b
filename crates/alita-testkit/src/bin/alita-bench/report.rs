//! The figures, printed as they come, and all of them as JSON in the end.

use serde::Serialize;

use crate::Failure;

/// Everything that was found out.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    figures: Vec<Figure>,
}

#[derive(Debug, Serialize)]
struct Figure {
    /// What was measured: `sqlite`, `shared`, `keywords`.
    part: String,
    name: String,
    value: f64,
    /// `/s`, `µs`, `ms`, `MiB`, or nothing for a plain number.
    unit: String,
}

impl Report {
    pub(crate) fn add(&mut self, part: &str, name: &str, value: f64, unit: &str) {
        let digits = if value.abs() >= 100.0 { 0 } else { 2 };
        println!("{part:<10} {name:<42} {value:>12.digits$} {unit}");
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

    pub(crate) fn json(&self) -> Result<String, Failure> {
        Ok(serde_json::to_string_pretty(self)?)
    }
}
