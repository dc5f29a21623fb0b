//! The cache itself: who shares what, opening and closing.

use std::sync::Arc;
use std::time::Duration;

use alita_runtime::{Clock, TaskSet};
use fred::prelude::ClientLike;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::breaker::Breaker;
use crate::counters::Counting;
use crate::kind::Inner;
use crate::local::LocalState;
use crate::memory::Kinds;
use crate::pending::Pending;
use crate::redis::Redis;
use crate::{Counters, Error, Kind, RedisConfig, State, instances, keys};

/// How long opening waits for a Redis that is there; one that is not comes up later by itself.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// How long closing waits, for the tasks and for Redis each.
const LAST_WAIT: Duration = Duration::from_secs(1);
/// How often removals that failed are tried again.
const CATCH_UP: Duration = Duration::from_secs(1);

/// Values that are costly to load, and state that lives only for a while; clones are the same cache.
#[derive(Clone, Debug)]
pub struct Cache {
    pub(crate) shared: Arc<Shared>,
    pub(crate) kinds: Arc<Kinds>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) tasks: TaskSet,
    pub(crate) counting: Counting,
    pub(crate) local: LocalState,
    pub(crate) redis: Option<Redis>,
}

impl Cache {
    /// A cache of this process alone.
    #[must_use]
    pub fn in_memory(clock: Clock) -> Self {
        Self::new(clock, None)
    }

    /// A cache that shares its values through Redis; if Redis is down it works alone until Redis comes up.
    ///
    /// # Errors
    ///
    /// The address cannot be read.
    pub async fn with_redis(clock: Clock, config: RedisConfig) -> Result<Self, Error> {
        let (pool, subscriber, database) = config.connections()?;
        let redis = Redis {
            pool,
            subscriber,
            channel: keys::channel(database),
            instance: format!("{:016x}", fastrand::u64(..)),
            listening: watch::Sender::new(false),
            pending: Pending::default(),
            breaker: Breaker::default(),
            clock: clock.clone(),
        };
        let mut listening = redis.listening.subscribe();
        let pool = redis.pool.clone();
        let cache = Self::new(clock, Some(redis));
        let (shared, kinds) = (Arc::clone(&cache.shared), Arc::clone(&cache.kinds));
        shared.tasks.clone().spawn("cache instances", instances::listen(shared, kinds));
        let (shared, kinds) = (Arc::clone(&cache.shared), Arc::clone(&cache.kinds));
        cache.shared.tasks.every("cache catch up", &cache.shared.clock, CATCH_UP, move || {
            let (shared, kinds) = (Arc::clone(&shared), Arc::clone(&kinds));
            async move { instances::catch_up(&shared, &kinds).await }
        });
        let first = async {
            // Neither can fail while the cache holds the other ends.
            let _ = pool.wait_for_connect().await;
            let _ = listening.wait_for(|listening| *listening).await;
        };
        if timeout(FIRST_WAIT, first).await.is_err() {
            tracing::warn!("redis is not there yet, the cache begins alone");
        }
        Ok(cache)
    }

    fn new(clock: Clock, redis: Option<Redis>) -> Self {
        let shared = Shared {
            clock,
            tasks: TaskSet::new(),
            counting: Counting::default(),
            local: LocalState::default(),
            redis,
        };
        Self { shared: Arc::new(shared), kinds: Arc::default() }
    }

    /// One kind of cached value; the same name is the same kind, and its first lifetime holds.
    ///
    /// The lifetime is brought between 20 seconds and 1 hour. A name has no colon.
    #[must_use]
    pub fn kind<V>(&self, name: &'static str, lifetime: Duration) -> Kind<V>
    where
        V: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        Kind(self.kinds.get_or_make(name, || Inner::new(name, lifetime, Arc::clone(&self.shared))))
    }

    /// What lives only for a while and cannot be loaded again.
    #[must_use]
    pub fn state(&self) -> State {
        State(Arc::clone(&self.shared))
    }

    /// Drops every cached value, here, in Redis and in the other instances, and says how many lay in Redis.
    ///
    /// Live state, claims and foreign keys stay. A large Redis is walked page by page; run it beside the start.
    ///
    /// # Errors
    ///
    /// Redis does not answer; what was removed until then stays removed.
    pub async fn clear_rebuildable(&self) -> Result<u64, Error> {
        instances::clear(&self.shared, &self.kinds).await
    }

    /// What has happened so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.counting.read()
    }

    /// Does Redis answer? `None` if there is none to ask.
    #[must_use]
    pub fn is_redis_up(&self) -> Option<bool> {
        self.shared.redis.as_ref().map(Redis::is_up)
    }

    /// Asks Redis for a sign of life; without Redis all is well.
    ///
    /// # Errors
    ///
    /// Redis does not answer.
    pub async fn ping(&self) -> Result<(), Error> {
        match &self.shared.redis {
            Some(redis) => redis.ping(&self.shared.counting).await,
            None => Ok(()),
        }
    }

    /// Ends the loads and leaves Redis; whoever asks later gets [`crate::LoadError::Closed`].
    ///
    /// What Redis still has to forget it forgets first, for the next process would believe it.
    pub async fn close(&self) {
        // What does not succeed in this time ends by its lifetime, or is cleared at the next start.
        let _ = timeout(LAST_WAIT, instances::catch_up(&self.shared, &self.kinds)).await;
        self.shared.tasks.close(LAST_WAIT).await;
        if let Some(redis) = &self.shared.redis {
            let leave = async { (redis.pool.quit().await, redis.subscriber.quit().await) };
            // A Redis that is down cannot be left politely; the connections end with the process.
            let _ = timeout(LAST_WAIT, leave).await;
        }
    }
}
