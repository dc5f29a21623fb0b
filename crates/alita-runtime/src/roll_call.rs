//! What every task set is at, for an operator who wonders.

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use crate::TaskSet;

/// The task sets that are asked, by name; clones are the same list.
#[derive(Clone, Debug, Default)]
pub struct RollCall(Arc<Mutex<Vec<(&'static str, TaskSet)>>>);

impl RollCall {
    /// Asks this set as well from now on.
    pub fn add(&self, name: &'static str, tasks: &TaskSet) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((name, tasks.clone()));
    }

    /// Writes a line to the log for each set: how many tasks are running, and how many of them under each name.
    pub fn tell(&self) {
        let sets = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (set, tasks) in sets {
            let counts = tasks.counts();
            let count: usize = counts.values().sum();
            // Somebody asked for it, so it is no warning.
            tracing::info!(set, count, running = list(counts), "task dump");
        }
    }
}

/// `lane=3, updates=1`
fn list(counts: impl IntoIterator<Item = (&'static str, usize)>) -> String {
    let mut list = String::new();
    for (name, count) in counts {
        let comma = if list.is_empty() { "" } else { ", " };
        // Writing into a text cannot fail.
        let _ = write!(list, "{comma}{name}={count}");
    }
    list
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn tasks_are_counted_by_name() {
        let tasks = TaskSet::new();
        assert_eq!(list(tasks.counts()), "");
        for name in ["lane", "sweep", "lane"] {
            tasks.spawn(name, pending());
        }
        assert_eq!(list(tasks.counts()), "lane=2, sweep=1");
        let roll_call = RollCall::default();
        roll_call.add("tasks", &tasks);
        roll_call.tell();
    }
}
