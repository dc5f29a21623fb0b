//! What is built from a chat's data and cannot leave the process: a keyword matcher, say.
//!
//! A built value carries the fingerprint of what it was built of. As long as the data has that fingerprint, it serves;
//! when the data has changed, it is built anew. Building much takes a thread of its own, and meanwhile the old one
//! serves, so that no message waits for ten thousand keywords.

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use alita_runtime::{Clock, TaskSet};

/// Values of one kind that are kept at most.
const MOST: u32 = 10_000;
/// Bytes that the values of one kind take at most.
const MOST_BYTES: u32 = 256 << 20;
/// A value that nobody has asked for in this time goes.
const IDLE: Duration = Duration::from_secs(30 * 60);

/// Built values by key; clones are the same.
pub struct Built<K, V> {
    clock: Clock,
    tasks: TaskSet,
    values: moka::sync::Cache<K, Entry<V>>,
    /// Keys whose value is being built beside the work.
    building: Arc<Mutex<HashSet<K>>>,
}

#[derive(Debug)]
struct Entry<V> {
    fingerprint: u64,
    value: Arc<V>,
    used_at: Arc<Mutex<Duration>>,
}

/// What a value is built of, and how large that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Differs when the data differs.
    pub fingerprint: u64,
    /// Whether building takes so long that nobody should wait for it when there is an older value.
    pub is_heavy: bool,
}

impl<K, V> fmt::Debug for Built<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Built").finish_non_exhaustive()
    }
}

impl<K, V> Clone for Built<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    fn clone(&self) -> Self {
        Self {
            clock: self.clock.clone(),
            tasks: self.tasks.clone(),
            values: self.values.clone(),
            building: Arc::clone(&self.building),
        }
    }
}

impl<V> Clone for Entry<V> {
    fn clone(&self) -> Self {
        Self {
            fingerprint: self.fingerprint,
            value: Arc::clone(&self.value),
            used_at: Arc::clone(&self.used_at),
        }
    }
}

impl<K, V> Built<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// Room for values, of which `bytes` says how large each is; `tasks` carries what is built beside the work.
    pub fn new(clock: Clock, tasks: TaskSet, bytes: impl Fn(&V) -> usize + Send + Sync + 'static) -> Self {
        // One limit for both: a small value weighs its share of the number, a large one its bytes.
        let weigh = move |_: &K, entry: &Entry<V>| {
            u32::try_from(bytes(&entry.value)).unwrap_or(u32::MAX).max(MOST_BYTES / MOST)
        };
        let values = moka::sync::Cache::builder().max_capacity(MOST_BYTES.into()).weigher(weigh).build();
        Self { clock, tasks, values, building: Arc::default() }
    }

    /// The value for this plan. A light one, and the first of a key, is waited for; while a heavy one is built anew,
    /// the one before it serves.
    pub async fn get(&self, key: &K, plan: Plan, build: impl FnOnce() -> V + Send + 'static) -> Arc<V> {
        let now = self.clock.instant();
        let known = self.values.get(key);
        if let Some(entry) = &known {
            *entry.used_at.lock().unwrap_or_else(PoisonError::into_inner) = now;
            if entry.fingerprint == plan.fingerprint {
                return Arc::clone(&entry.value);
            }
        }
        match known {
            Some(entry) if plan.is_heavy => {
                self.build_beside(key.clone(), plan, build);
                entry.value
            }
            None if plan.is_heavy => match tokio::task::spawn_blocking(build).await {
                Ok(value) => self.keep(key, plan, value),
                // It panicked; whoever asked hears of it as of any panic in its own work.
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            },
            _ => self.keep(key, plan, build()),
        }
    }

    /// Drops what nobody has asked for lately; says how many went. To be called every few minutes.
    pub fn sweep(&self) -> usize {
        let now = self.clock.instant();
        let is_idle = |entry: &Entry<V>| {
            let used_at = *entry.used_at.lock().unwrap_or_else(PoisonError::into_inner);
            now.saturating_sub(used_at) >= IDLE
        };
        let idle: Vec<Arc<K>> =
            self.values.iter().filter(|(_, entry)| is_idle(entry)).map(|(key, _)| key).collect();
        for key in &idle {
            // Somebody may have asked for it since; then it stays.
            if self.values.get(&**key).is_some_and(|entry| is_idle(&entry)) {
                self.values.invalidate(&**key);
            }
        }
        self.values.run_pending_tasks();
        idle.len()
    }

    /// How many values are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.run_pending_tasks();
        usize::try_from(self.values.entry_count()).unwrap_or(usize::MAX)
    }

    /// Is nothing kept?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn keep(&self, key: &K, plan: Plan, value: V) -> Arc<V> {
        let value = Arc::new(value);
        let used_at = Arc::new(Mutex::new(self.clock.instant()));
        let entry = Entry { fingerprint: plan.fingerprint, value: Arc::clone(&value), used_at };
        self.values.insert(key.clone(), entry);
        value
    }

    /// One at a time for each key; what changes meanwhile is seen by the next who asks.
    fn build_beside(&self, key: K, plan: Plan, build: impl FnOnce() -> V + Send + 'static) {
        let is_new = self.building.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        if !is_new {
            return;
        }
        let place = Place { building: Arc::clone(&self.building), key };
        let built = self.clone();
        self.tasks.spawn("building", async move {
            match tokio::task::spawn_blocking(build).await {
                Ok(value) => drop(built.keep(&place.key, plan, value)),
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            }
        });
    }
}

/// A key's mark that its value is being built; it goes on every way out.
struct Place<K: Hash + Eq> {
    building: Arc<Mutex<HashSet<K>>>,
    key: K,
}

impl<K: Hash + Eq> Drop for Place<K> {
    fn drop(&mut self) {
        self.building.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn room() -> (Built<i64, String>, Clock, TaskSet) {
        let (clock, tasks) = (Clock::manual(DateTime::UNIX_EPOCH), TaskSet::new());
        (Built::new(clock.clone(), tasks.clone(), String::len), clock, tasks)
    }

    const fn light(fingerprint: u64) -> Plan {
        Plan { fingerprint, is_heavy: false }
    }

    const fn heavy(fingerprint: u64) -> Plan {
        Plan { fingerprint, is_heavy: true }
    }

    #[tokio::test]
    async fn the_same_data_is_built_once() {
        let (built, ..) = room();
        assert_eq!(*built.get(&1, light(7), || "a".to_owned()).await, "a");
        assert_eq!(*built.get(&1, light(7), || unreachable!("it is there")).await, "a");
        assert_eq!(*built.get(&1, light(8), || "b".to_owned()).await, "b");
        assert_eq!(*built.get(&2, light(8), || "c".to_owned()).await, "c", "another key");
        assert_eq!(built.len(), 2);
    }

    #[tokio::test]
    async fn while_much_is_built_the_old_one_serves() {
        let (built, _clock, tasks) = room();
        assert_eq!(*built.get(&1, heavy(7), || "old".to_owned()).await, "old", "the first is waited for");
        let (finish, finished) = std::sync::mpsc::channel();
        let slowly = move || {
            finished.recv().expect("somebody lets it go on");
            "new".to_owned()
        };
        assert_eq!(*built.get(&1, heavy(8), slowly).await, "old");
        assert_eq!(*built.get(&1, heavy(8), || unreachable!("it is being built")).await, "old");
        finish.send(()).expect("the builder listens");
        tasks.idle().await;
        assert_eq!(*built.get(&1, heavy(8), || unreachable!("it is there")).await, "new");
    }

    #[tokio::test]
    async fn a_builder_that_panics_is_followed_by_another() {
        let (built, _clock, tasks) = room();
        built.get(&1, heavy(7), || "old".to_owned()).await;
        assert_eq!(*built.get(&1, heavy(8), || panic!("it breaks")).await, "old");
        tasks.idle().await;
        built.get(&1, heavy(8), || "new".to_owned()).await;
        tasks.idle().await;
        assert_eq!(*built.get(&1, heavy(8), || unreachable!("it is there")).await, "new");
    }

    #[tokio::test]
    async fn what_nobody_asks_for_goes() {
        let (built, clock, _tasks) = room();
        built.get(&1, light(7), || "a".to_owned()).await;
        built.get(&2, light(7), || "b".to_owned()).await;
        clock.advance(IDLE / 2);
        built.get(&1, light(7), || unreachable!("it is there")).await;
        assert_eq!(built.sweep(), 0);
        clock.advance(IDLE / 2);
        assert_eq!((built.sweep(), built.len()), (1, 1));
        built.get(&1, light(7), || unreachable!("it is still there")).await;
    }

    #[tokio::test]
    async fn there_is_a_most_in_number_and_in_bytes() {
        let (built, ..) = room();
        for key in 0..i64::from(MOST) + 500 {
            built.get(&key, light(1), String::new).await;
        }
        assert!(built.len() <= usize::try_from(MOST).expect("a small number"), "{}", built.len());
        let (built, ..) = room();
        let large = usize::try_from(MOST_BYTES / 4).expect("a small number");
        for key in 0..8 {
            built.get(&key, light(1), move || "x".repeat(large)).await;
        }
        assert!(built.len() <= 4, "{}", built.len());
    }
}
