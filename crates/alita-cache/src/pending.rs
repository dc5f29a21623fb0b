//! Names whose removal Redis has not confirmed; what it holds under them is not believed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Beyond so many, everything in Redis is distrusted and cleared once it is back.
const MOST: usize = 10_000;
/// No entry lives in Redis for longer than this, so then there is nothing left to remove.
const LONGEST: Duration = Duration::from_secs(70 * 60);

/// The removals still to be made.
#[derive(Debug, Default)]
pub(crate) struct Pending(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    names: HashMap<String, Removal>,
    /// The latest removal that found no room.
    everything: Option<u64>,
    tickets: u64,
}

#[derive(Clone, Copy, Debug)]
struct Removal {
    ticket: u64,
    since: Duration,
}

impl Pending {
    /// Distrusts a name from now on; the ticket says which of several removals was confirmed.
    pub(crate) fn add(&self, name: &str, now: Duration) -> u64 {
        let mut waiting = self.lock();
        waiting.tickets += 1;
        let ticket = waiting.tickets;
        if waiting.names.len() >= MOST && !waiting.names.contains_key(name) {
            waiting.everything = Some(ticket);
        } else {
            waiting.names.insert(name.to_owned(), Removal { ticket, since: now });
        }
        ticket
    }

    /// Redis confirmed the removal; a later removal of the same name goes on waiting.
    pub(crate) fn confirmed(&self, name: &str, ticket: u64) {
        let mut waiting = self.lock();
        if waiting.names.get(name).is_some_and(|removal| removal.ticket == ticket) {
            waiting.names.remove(name);
        }
    }

    /// Is what Redis holds under this name not to be believed?
    pub(crate) fn covers(&self, name: &str) -> bool {
        let waiting = self.lock();
        waiting.everything.is_some() || waiting.names.contains_key(name)
    }

    /// Must everything be cleared? Then clearing it now makes up for all removals up to this ticket.
    pub(crate) fn covers_everything(&self) -> Option<u64> {
        let waiting = self.lock();
        waiting.everything.map(|_| waiting.tickets)
    }

    /// Everything was cleared; only what was asked for since then still waits.
    pub(crate) fn everything_confirmed(&self, until: u64) {
        let mut waiting = self.lock();
        waiting.everything = waiting.everything.filter(|ticket| *ticket > until);
        waiting.names.retain(|_, removal| removal.ticket > until);
    }

    /// The removals to be tried again, at most `most` of them.
    pub(crate) fn take_some(&self, now: Duration, most: usize) -> Vec<(String, u64)> {
        let mut waiting = self.lock();
        waiting.names.retain(|_, removal| now.saturating_sub(removal.since) < LONGEST);
        waiting.names.iter().take(most).map(|(name, removal)| (name.clone(), removal.ticket)).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_removal_confirms_a_name() {
        let pending = Pending::default();
        let first = pending.add("warns:1", Duration::ZERO);
        let second = pending.add("warns:1", Duration::ZERO);
        pending.confirmed("warns:1", first);
        assert!(pending.covers("warns:1") && !pending.covers("warns:2"));
        assert_eq!(pending.take_some(Duration::ZERO, 9), [("warns:1".to_owned(), second)]);
        pending.confirmed("warns:1", second);
        assert!(!pending.covers("warns:1"));
    }

    #[test]
    fn too_many_names_become_everything_and_old_ones_are_dropped() {
        let pending = Pending::default();
        for n in 0..=MOST {
            pending.add(&n.to_string(), Duration::ZERO);
        }
        assert!(pending.covers("anything"));
        assert!(pending.take_some(LONGEST, 9).is_empty());
        let until = pending.covers_everything().expect("there was no room for the last one");
        pending.add("later", Duration::ZERO);
        pending.everything_confirmed(until);
        assert!(!pending.covers("anything") && pending.covers("later"));
    }
}
