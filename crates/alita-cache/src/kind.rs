//! One sort of cached value.

use std::any::TypeId;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use alita_runtime::guarded;
use async_singleflight::UnaryGroup;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::cache::Shared;
use crate::encoding::{decode, encode};
use crate::flight::{Fault, Landing, Ticket};
use crate::memory::{Forgetful, Memory};
use crate::{LoadError, keys};

/// How a value that lay in the process is counted.
const LOCAL_HIT: &str = "local_hit";
/// Lifetimes are brought into this range.
const SHORTEST: Duration = Duration::from_secs(20);
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// While we cannot hear what other instances forget, nothing older than this is served from the process.
const OLDEST_UNHEARD: Duration = Duration::from_secs(20);
/// A load that takes longer is dropped, and the next caller begins a new one.
const LOAD_LIMIT: Duration = Duration::from_secs(30);

/// One sort of cached value: a name, a lifetime, and how to find a value or load it; clones are the same kind.
///
/// A loader must not ask its own kind for its own key: it would wait for itself until its limit.
pub struct Kind<V>(pub(crate) Arc<Inner<V>>);

pub(crate) struct Inner<V> {
    name: &'static str,
    lifetime: Duration,
    memory: Arc<Memory<V>>,
    flights: UnaryGroup<Ticket, Landing<V>>,
    shared: Arc<Shared>,
    local_hits: OnceLock<metrics::Counter>,
}

impl<V> Inner<V>
where
    V: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    pub(crate) fn new(
        name: &'static str,
        lifetime: Duration,
        shared: Arc<Shared>,
    ) -> (Arc<Self>, Arc<Memory<V>>) {
        debug_assert!(!name.contains(':'), "a colon ends the name of a kind in a key");
        let lifetime = lifetime.clamp(SHORTEST, LONGEST);
        let memory = Arc::new(Memory::new(lifetime));
        let inner = Self {
            name,
            lifetime,
            memory: Arc::clone(&memory),
            flights: UnaryGroup::new(),
            shared,
            local_hits: OnceLock::new(),
        };
        (Arc::new(inner), memory)
    }

    fn look(&self, key: &str) -> Option<Arc<V>> {
        let hearing = self.shared.redis.as_ref().is_none_or(|redis| *redis.listening.borrow());
        let oldest = if hearing { LONGEST } else { OLDEST_UNHEARD };
        self.memory.get(key, self.shared.clock.instant(), oldest)
    }

    fn keep(&self, ticket: &Ticket, value: &Arc<V>) {
        self.memory.keep(&ticket.key, ticket.version, Arc::clone(value), self.shared.clock.instant());
    }

    /// The one who leads a flight goes through the tiers; a panic or a long wait ends it for everybody on board.
    async fn lead<F, Fut, E>(&self, ticket: &Ticket, load: F) -> Landing<V>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<V, E>>,
        E: Send + Sync + 'static,
    {
        tokio::select! {
            landing = guarded(self.name, self.through_the_tiers(ticket, load)) => {
                landing.unwrap_or(Err(Fault::Panicked))
            }
            () = self.shared.clock.limit(LOAD_LIMIT) => {
                tracing::warn!(kind = self.name, "a load took too long and was dropped");
                Err(Fault::TimedOut)
            }
        }
    }

    async fn through_the_tiers<F, Fut, E>(&self, ticket: &Ticket, load: F) -> Landing<V>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<V, E>>,
        E: Send + Sync + 'static,
    {
        if let Some(value) = self.look(&ticket.key) {
            // Another flight landed between this caller's look and its departure.
            return Ok((value, "shared"));
        }
        let counting = &self.shared.counting;
        let name = keys::name(self.name, &ticket.key);
        let redis = self.shared.redis.as_ref().filter(|redis| !redis.pending.covers(&name));
        let mut fill_with = None;
        if let Some(redis) = redis
            && let Ok(found) = redis.read(counting, &name).await
        {
            match found.bytes.map(|bytes| decode(&bytes)) {
                Some(Some(value)) => {
                    let value = Arc::new(value);
                    self.keep(ticket, &value);
                    return Ok((value, "redis_hit"));
                }
                Some(None) => {
                    tracing::warn!(kind = self.name, "a value in redis cannot be read and is removed");
                    redis.remove_broken(counting, &name).await;
                }
                None => {}
            }
            fill_with = Some((redis, found.mark));
        }

        counting.loads.up();
        let value = load().await.map_err(|error| Fault::Failed(Arc::new(error)))?;
        let value = Arc::new(value);
        match encode(&*value) {
            Ok(bytes) => {
                let span = tracing::debug_span!(
                    "cache.set",
                    cache.key_ns = self.name,
                    cache.key_segments = keys::segments(&ticket.key)
                );
                let filled = match fill_with {
                    Some((redis, mark)) => {
                        let fill = redis.fill(counting, &name, mark, bytes, self.jittered());
                        fill.instrument(span).await
                    }
                    None => Ok(true),
                };
                // Only a clear no keeps it out of the process: then another instance has forgotten it meanwhile.
                if filled.unwrap_or(true) {
                    self.keep(ticket, &value);
                }
            }
            Err(error) => tracing::warn!(kind = self.name, error = %error, "a value cannot be remembered"),
        }
        Ok((value, "loaded"))
    }

    /// The lifetime give or take a tenth, so that what was written together does not expire together.
    fn jittered(&self) -> Duration {
        self.lifetime.mul_f64(0.9 + fastrand::f64() * 0.2)
    }

    fn count(&self, result: &'static str) {
        let counter =
            || metrics::counter!("alita_cache_requests_total", "module" => self.name, "result" => result);
        // The collector is asked once for what every update moves.
        if result == LOCAL_HIT {
            self.local_hits.get_or_init(counter).increment(1);
        } else {
            counter().increment(1);
        }
    }
}

impl<V> Kind<V>
where
    V: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// Finds the value, in the process or in Redis, or loads it; of many callers at once only one loads.
    ///
    /// The load runs in a task of its own, so it ends, and is remembered, even if its caller goes away.
    ///
    /// # Errors
    ///
    /// What the loader answered, for everybody who waited for it; or that it panicked or took longer than 30 seconds.
    /// None of it is remembered.
    pub async fn get_or_load<F, Fut, E>(&self, key: &str, load: F) -> Result<Arc<V>, LoadError<E>>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<V, E>> + Send + 'static,
        E: Send + Sync + 'static,
    {
        let inner = &self.0;
        let span = tracing::debug_span!(
            "cache.get",
            cache.key_ns = inner.name,
            cache.key_segments = keys::segments(key),
            cache.hit = Empty,
            result = Empty
        );
        if let Some(value) = inner.look(key) {
            inner.shared.counting.l1_hits.up();
            inner.count(LOCAL_HIT);
            span.record("cache.hit", true).record("result", LOCAL_HIT);
            return Ok(value);
        }
        inner.shared.counting.l1_misses.up();
        let told = self.take_off(key, load, span.clone());
        let Ok((landing, led)) = told.await else {
            inner.count("closed");
            return Err(LoadError::Closed);
        };
        match landing {
            Ok((value, from)) => {
                span.record("cache.hit", from != "loaded")
                    .record("result", if led { from } else { "shared" });
                inner.count(if led { from } else { "shared" });
                Ok(value)
            }
            Err(fault) => {
                span.record("cache.hit", false).record("result", fault.word());
                inner.count(fault.word());
                Err(fault.typed())
            }
        }
    }

    /// Starts the load in a task of its own.
    ///
    /// No async function: a future that has to remember this much would make every caller's future as large.
    fn take_off<F, Fut, E>(&self, key: &str, load: F, span: Span) -> oneshot::Receiver<(Landing<V>, bool)>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<V, E>> + Send + 'static,
        E: Send + Sync + 'static,
    {
        let inner = &self.0;
        let version = inner.memory.version(key);
        let ticket = Ticket { key: key.to_owned(), version, error: TypeId::of::<E>() };
        let (tell, told) = oneshot::channel();
        let flight = {
            let inner = Arc::clone(inner);
            async move {
                let led = AtomicBool::new(false);
                let leading = async {
                    led.store(true, Ordering::Relaxed);
                    inner.lead(&ticket, load).await
                };
                let landing = inner.flights.work(&ticket, leading).await;
                // The caller may have gone away; then nobody wants to hear it.
                let _ = tell.send((landing, led.load(Ordering::Relaxed)));
            }
        };
        // The load belongs to the one who leads it; who comes later only waits.
        inner.shared.tasks.spawn_in(span, inner.name, Box::pin(flight));
        told
    }

    /// The value if it lies in the process; asks nobody.
    #[must_use]
    pub fn peek(&self, key: &str) -> Option<Arc<V>> {
        self.0.look(key)
    }

    /// Drops the value everywhere; to be called after the write has been committed.
    ///
    /// Should Redis not answer, the removal is made up for as soon as it does, and until then this instance does not
    /// believe what Redis holds.
    pub async fn forget(&self, key: &str) {
        let span = tracing::debug_span!(
            "cache.delete",
            cache.key_ns = self.0.name,
            cache.key_segments = keys::segments(key)
        );
        self.0.memory.drop_key(key);
        if let Some(redis) = &self.0.shared.redis {
            // Boxed: a future of the Redis client is large, and would make every caller's future as large.
            let name = keys::name(self.0.name, key);
            Box::pin(redis.forget(&self.0.shared.counting, &name).instrument(span)).await;
        }
    }
}

impl<V> Clone for Kind<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V> fmt::Debug for Kind<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kind")
            .field("name", &self.0.name)
            .field("lifetime", &self.0.lifetime)
            .finish_non_exhaustive()
    }
}
