//! Live state in the process: bounded, and expiring by the clock.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Beyond so many entries the one that would expire first has to go.
const MOST: usize = 100_000;

/// Keys and bytes with an end; `now` is what the clock says has passed.
#[derive(Debug, Default)]
pub(crate) struct LocalState(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    entries: HashMap<Arc<str>, Entry>,
    by_end: BTreeSet<(Duration, Arc<str>)>,
}

#[derive(Debug)]
struct Entry {
    bytes: Vec<u8>,
    end: Duration,
}

impl LocalState {
    pub(crate) fn put(&self, key: &str, bytes: Vec<u8>, now: Duration, lifetime: Duration) {
        self.lock(now).insert(key, bytes, now.saturating_add(lifetime));
    }

    pub(crate) fn get(&self, key: &str, now: Duration) -> Option<Vec<u8>> {
        self.lock(now).entries.get(key).map(|entry| entry.bytes.clone())
    }

    pub(crate) fn take(&self, key: &str, now: Duration) -> Option<Vec<u8>> {
        self.lock(now).remove(key)
    }

    /// Moves what lies under a key to another one, unless something lies there already; says what lies there then.
    pub(crate) fn shift(&self, from: &str, to: &str, now: Duration, lifetime: Duration) -> Option<Vec<u8>> {
        let mut held = self.lock(now);
        if let Some(entry) = held.entries.get(to) {
            return Some(entry.bytes.clone());
        }
        let bytes = held.remove(from)?;
        held.insert(to, bytes.clone(), now.saturating_add(lifetime));
        Some(bytes)
    }

    /// Puts the key if nobody has; says whether it did.
    pub(crate) fn claim(&self, key: &str, now: Duration, lifetime: Duration) -> bool {
        let mut held = self.lock(now);
        let free = !held.entries.contains_key(key);
        if free {
            held.insert(key, Vec::new(), now.saturating_add(lifetime));
        }
        free
    }

    pub(crate) fn len(&self, now: Duration) -> usize {
        self.lock(now).entries.len()
    }

    /// Gives back the room of what has expired.
    pub(crate) fn sweep(&self, now: Duration) {
        self.lock(now).entries.shrink_to_fit();
    }

    /// Puts the holder's word if there is none; says which stood there. The holder's own lives on.
    pub(crate) fn hold(
        &self,
        key: &str,
        holder: &str,
        done: &str,
        now: Duration,
        lifetime: Duration,
    ) -> Option<String> {
        let mut held = self.lock(now);
        let found = held.entries.get(key).map(|entry| String::from_utf8_lossy(&entry.bytes).into_owned());
        if found.as_deref() != Some(done) {
            held.insert(key, holder.into(), now.saturating_add(lifetime));
        }
        found
    }

    /// One more since the first, whose end holds for all.
    pub(crate) fn count(&self, key: &str, now: Duration, window: Duration) -> u64 {
        let mut held = self.lock(now);
        let (before, end) = match held.entries.get(key) {
            Some(entry) => (entry.bytes.as_slice().try_into().map_or(0, u64::from_le_bytes), entry.end),
            None => (0, now.saturating_add(window)),
        };
        let count = before.saturating_add(1);
        held.insert(key, count.to_le_bytes().to_vec(), end);
        count
    }

    /// Every look first drops what has expired, so nobody sees it and it takes no room.
    fn lock(&self, now: Duration) -> MutexGuard<'_, Held> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while held.by_end.first().is_some_and(|(end, _)| *end <= now) {
            held.drop_first();
        }
        held
    }
}

impl Held {
    fn insert(&mut self, key: &str, bytes: Vec<u8>, end: Duration) {
        self.remove(key);
        if self.entries.len() >= MOST {
            self.drop_first();
        }
        let key: Arc<str> = key.into();
        self.by_end.insert((end, Arc::clone(&key)));
        self.entries.insert(key, Entry { bytes, end });
    }

    fn remove(&mut self, key: &str) -> Option<Vec<u8>> {
        let (key, entry) = self.entries.remove_entry(key)?;
        self.by_end.remove(&(entry.end, key));
        Some(entry.bytes)
    }

    fn drop_first(&mut self) {
        if let Some((_, key)) = self.by_end.pop_first() {
            self.entries.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn it_is_bounded_and_the_first_to_expire_goes() {
        let state = LocalState::default();
        state.put("soonest", vec![], Duration::ZERO, MINUTE);
        for n in 0..MOST {
            state.put(&n.to_string(), vec![], Duration::ZERO, 2 * MINUTE);
        }
        assert_eq!(state.get("soonest", Duration::ZERO), None);
        assert_eq!(state.get("0", Duration::ZERO), Some(vec![]));
        assert_eq!(state.get("0", 2 * MINUTE), None);
        let held = state.lock(Duration::ZERO);
        assert!(held.entries.is_empty() && held.by_end.is_empty());
    }

    #[test]
    fn a_new_value_has_its_own_end() {
        let state = LocalState::default();
        state.put("a", vec![1], Duration::ZERO, MINUTE);
        state.put("a", vec![2], Duration::ZERO, 3 * MINUTE);
        assert_eq!(state.get("a", 2 * MINUTE), Some(vec![2]));
        assert_eq!(state.take("a", 2 * MINUTE), Some(vec![2]));
        assert_eq!(state.take("a", 2 * MINUTE), None);
    }
}
