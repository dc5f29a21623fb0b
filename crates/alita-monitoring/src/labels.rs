//! Metric labels from closed sets: what people type never becomes a new time series.

use std::collections::BTreeSet;

/// A closed set of label values.
///
/// ```
/// use alita_monitoring::Labels;
///
/// let commands = Labels::new(["ban", "warn"]);
/// assert_eq!(commands.of("warn"), "warn");
/// assert_eq!(commands.of("whatever-somebody-typed"), "other");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Labels(BTreeSet<&'static str>);

impl Labels {
    /// The set of these values.
    pub fn new(known: impl IntoIterator<Item = &'static str>) -> Self {
        Self(known.into_iter().collect())
    }

    /// The value itself if it is in the set, else `other`.
    #[must_use]
    pub fn of(&self, value: &str) -> &'static str {
        self.0.get(value).copied().unwrap_or("other")
    }
}
