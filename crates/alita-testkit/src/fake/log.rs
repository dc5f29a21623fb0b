//! What the bot called.

use std::collections::BTreeMap;

use serde_json::Value;

use super::refusal::Refusal;

/// One call, as it took effect.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Call {
    /// Counted from 1, in the order in which calls took effect.
    pub seq: u64,
    /// As the Bot API writes it.
    pub method: String,
    /// The parameters as JSON, however they travelled.
    pub params: Value,
    /// What came of it; for `getUpdates` the ids that were handed out.
    pub outcome: Result<Value, Refusal>,
    /// Was the bot told? Not when a fault hid an effect.
    pub was_told: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Log {
    calls: Vec<Call>,
    counts: BTreeMap<&'static str, u64>,
    seq: u64,
    is_paused: bool,
}

impl Log {
    /// Only counts from now on.
    pub(crate) fn pause(&mut self, is_paused: bool) {
        self.is_paused = is_paused;
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.is_paused
    }

    pub(crate) fn write(
        &mut self,
        method: &'static str,
        params: &Value,
        outcome: impl FnOnce() -> Result<Value, Refusal>,
        was_told: bool,
    ) {
        self.seq += 1;
        *self.counts.entry(method).or_default() += 1;
        if !self.is_paused {
            let (method, params) = (method.to_owned(), params.clone());
            self.calls.push(Call { seq: self.seq, method, params, outcome: outcome(), was_told });
        }
    }

    pub(crate) fn calls(&self) -> &[Call] {
        &self.calls
    }

    pub(crate) fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }

    pub(crate) fn forget(&mut self) {
        self.calls.clear();
        self.counts.clear();
    }
}
