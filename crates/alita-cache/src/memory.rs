//! The tier in the process.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasher;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use foldhash::quality::RandomState;

use crate::Listener;

/// Values one kind keeps at most.
const MOST: u64 = 10_000;
/// Counters of one kind; a `forget` may only disturb loads that are under way on its own counter.
const SHARDS: usize = 256;

/// The values of one kind, and counters that `forget` raises.
pub(crate) struct Memory<V> {
    lifetime: Duration,
    /// Of one type for all kinds: a cache for each type of value would make the program a good deal larger.
    values: moka::sync::Cache<String, Entry, RandomState>,
    /// A counter's lock is held while a value is kept or dropped, so none is kept after its `forget`.
    versions: Vec<Mutex<u64>>,
    hasher: RandomState,
    of: PhantomData<V>,
}

#[derive(Clone)]
struct Entry {
    value: Arc<dyn Any + Send + Sync>,
    kept_at: Duration,
}

impl<V: Send + Sync + 'static> Memory<V> {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self {
            lifetime,
            // This lifetime frees the room; what is served is decided by our own clock.
            values: moka::sync::Cache::builder()
                .max_capacity(MOST)
                .time_to_live(lifetime)
                .build_with_hasher(RandomState::default()),
            versions: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::default(),
            of: PhantomData,
        }
    }

    /// The value, if it is younger than its lifetime and than `oldest`.
    pub(crate) fn get(&self, key: &str, now: Duration, oldest: Duration) -> Option<Arc<V>> {
        let entry = self.values.get(key)?;
        let age = now.saturating_sub(entry.kept_at);
        // Only values of this type are kept here.
        if age < self.lifetime.min(oldest) { entry.value.downcast().ok() } else { None }
    }

    /// To be read before a load begins and handed back with what it brought.
    pub(crate) fn version(&self, key: &str) -> u64 {
        *self.shard(key)
    }

    /// Keeps a value unless its key was forgotten since the version was read.
    pub(crate) fn keep(&self, key: &str, version: u64, value: Arc<V>, now: Duration) {
        let current = self.shard(key);
        if *current == version {
            self.values.insert(key.to_owned(), Entry { value, kept_at: now });
        }
    }

    fn shard(&self, key: &str) -> MutexGuard<'_, u64> {
        let shards = u64::try_from(SHARDS).unwrap_or(1);
        let index = usize::try_from(self.hasher.hash_one(key) % shards).unwrap_or(0);
        self.versions[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What can be done to a kind whose values are not known.
pub(crate) trait Forgetful: Send + Sync {
    /// Drops one value, and whatever a load under way would bring for it.
    fn drop_key(&self, key: &str);
    /// Drops all values, and whatever loads under way would bring.
    fn drop_all(&self);
    /// How many values there are, about.
    fn len(&self) -> u64;
    /// Gives back the room of what has expired.
    fn sweep(&self);
    /// Drops the older half of the values; says how many.
    fn shrink(&self) -> u64;
}

impl<V: Send + Sync + 'static> Forgetful for Memory<V> {
    fn drop_key(&self, key: &str) {
        let mut version = self.shard(key);
        *version += 1;
        self.values.invalidate(key);
    }

    fn drop_all(&self) {
        for version in &self.versions {
            *version.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        }
        self.values.invalidate_all();
    }

    fn len(&self) -> u64 {
        self.values.entry_count()
    }

    fn sweep(&self) {
        self.values.run_pending_tasks();
    }

    fn shrink(&self) -> u64 {
        let mut ages: Vec<(Duration, Arc<String>)> =
            self.values.iter().map(|(key, entry)| (entry.kept_at, key)).collect();
        let half = ages.len() / 2;
        if half > 0 {
            ages.select_nth_unstable(half - 1);
        }
        for (_, key) in ages.iter().take(half) {
            // No version is raised: what a load under way brings is as good as what went.
            self.values.invalidate(key.as_str());
        }
        self.values.run_pending_tasks();
        u64::try_from(half).unwrap_or(u64::MAX)
    }
}

/// All kinds of a cache by their names, so that one name is one set of values however often it is asked for.
#[derive(Default)]
pub(crate) struct Kinds(RwLock<HashMap<&'static str, Vec<Registered>>>, RwLock<Listeners>);

/// Those who remember something of their own, by the names of their lines.
type Listeners = Vec<(&'static str, Arc<dyn Listener>)>;

struct Registered {
    of: TypeId,
    kind: Arc<dyn Any + Send + Sync>,
    memory: Arc<dyn Forgetful>,
}

impl Kinds {
    /// The kind of this name and type; made by `make` when it is asked for the first time.
    pub(crate) fn get_or_make<K, M>(
        &self,
        name: &'static str,
        make: impl FnOnce() -> (Arc<K>, Arc<M>),
    ) -> Arc<K>
    where
        K: Any + Send + Sync,
        M: Forgetful + 'static,
    {
        let mut kinds = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let namesakes = kinds.entry(name).or_default();
        let of = TypeId::of::<K>();
        let known = namesakes.iter().find(|registered| registered.of == of);
        if let Some(kind) = known.and_then(|registered| Arc::clone(&registered.kind).downcast().ok()) {
            return kind;
        }
        debug_assert!(namesakes.is_empty(), "two kinds of different values are both named {name}");
        let (kind, memory) = make();
        let erased: Arc<dyn Any + Send + Sync> = kind.clone();
        namesakes.push(Registered { of, kind: erased, memory });
        kind
    }

    /// Goes through all kinds.
    pub(crate) fn map<T>(&self, mut look: impl FnMut(&'static str, &dyn Forgetful) -> T) -> Vec<T> {
        let kinds = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let all = kinds.iter().flat_map(|(name, same)| same.iter().map(|one| (*name, &*one.memory)));
        all.map(|(name, memory)| look(name, memory)).collect()
    }

    /// From now on this listener hears what is dropped under this name.
    pub(crate) fn listen(&self, name: &'static str, listener: Arc<dyn Listener>) {
        self.1.write().unwrap_or_else(PoisonError::into_inner).push((name, listener));
    }

    /// Drops what another instance has forgotten.
    pub(crate) fn drop_key(&self, name: &str, key: &str) {
        let kinds = self.0.read().unwrap_or_else(PoisonError::into_inner);
        kinds.get(name).into_iter().flatten().for_each(|registered| registered.memory.drop_key(key));
        let listeners = self.1.read().unwrap_or_else(PoisonError::into_inner);
        listeners.iter().filter(|(its, _)| *its == name).for_each(|(_, listener)| listener.forget(key));
    }

    pub(crate) fn drop_all(&self) {
        let kinds = self.0.read().unwrap_or_else(PoisonError::into_inner);
        kinds.values().flatten().for_each(|registered| registered.memory.drop_all());
        self.1.read().unwrap_or_else(PoisonError::into_inner).iter().for_each(|(_, one)| one.forget_all());
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = self.0.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(kinds.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn what_was_forgotten_meanwhile_is_not_kept() {
        let memory = Memory::new(HOUR);
        let version = memory.version("a");
        memory.drop_key("a");
        memory.keep("a", version, Arc::new(1), Duration::ZERO);
        assert_eq!(memory.get("a", Duration::ZERO, HOUR), None);
        memory.keep("a", memory.version("a"), Arc::new(2), Duration::ZERO);
        assert_eq!(memory.get("a", Duration::ZERO, HOUR).as_deref(), Some(&2));
        memory.drop_all();
        assert_eq!(memory.get("a", Duration::ZERO, HOUR), None);
    }

    #[test]
    fn age_is_told_by_our_clock() {
        let memory = Memory::new(HOUR);
        memory.keep("a", memory.version("a"), Arc::new(1), HOUR);
        assert!(memory.get("a", HOUR + HOUR / 2, HOUR).is_some());
        assert!(memory.get("a", HOUR + HOUR / 2, HOUR / 2).is_none(), "too old for this reader");
        assert!(memory.get("a", 2 * HOUR, HOUR).is_none());
    }
}
