//! Live state: what lives only for a while and cannot be loaded again.
//!
//! Calls of Redis are boxed: their futures are large, and would make every caller's future as large.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cache::Shared;
use crate::encoding::{decode, encode};
use crate::{Error, keys};

/// Live state, shared by all instances when there is a Redis, else held by this process; clones share it too.
///
/// In the process it expires by the clock; in Redis, Redis decides.
#[derive(Clone, Debug)]
pub struct State(pub(crate) Arc<Shared>);

impl State {
    /// Keeps the value for `lifetime`, in place of any before it.
    ///
    /// # Errors
    ///
    /// The value cannot be encoded, or Redis does not answer; then nothing may be promised to anybody.
    pub async fn put<T: Serialize + Sync>(
        &self,
        kind: &'static str,
        key: &str,
        value: &T,
        lifetime: Duration,
    ) -> Result<(), Error> {
        let (key, bytes) = (keys::state(kind, key), encode(value)?);
        match &self.0.redis {
            Some(redis) => Box::pin(redis.put_state(&self.0.counting, key, bytes, lifetime)).await,
            None => {
                self.0.local.put(&key, bytes, self.now(), lifetime);
                Ok(())
            }
        }
    }

    /// The value, if it is there and has not expired; one of another encoding counts as not there.
    ///
    /// # Errors
    ///
    /// Redis does not answer.
    pub async fn get<T: DeserializeOwned>(&self, kind: &'static str, key: &str) -> Result<Option<T>, Error> {
        let key = keys::state(kind, key);
        Ok(match &self.0.redis {
            Some(redis) => {
                Box::pin(redis.get_state(&self.0.counting, key)).await?.and_then(|bytes| decode(&bytes))
            }
            None => self.0.local.get(&key, self.now()).and_then(|bytes| decode(&bytes)),
        })
    }

    /// Takes the value away; of several callers at once only one gets it.
    ///
    /// # Errors
    ///
    /// Redis does not answer.
    pub async fn take<T: DeserializeOwned>(&self, kind: &'static str, key: &str) -> Result<Option<T>, Error> {
        let key = keys::state(kind, key);
        Ok(match &self.0.redis {
            Some(redis) => {
                Box::pin(redis.take_state(&self.0.counting, key)).await?.and_then(|bytes| decode(&bytes))
            }
            None => self.0.local.take(&key, self.now()).and_then(|bytes| decode(&bytes)),
        })
    }

    /// Takes the value away for the sake of one piece of work, such as the handling of an update. Of several takers
    /// only one gets it, but that one gets it again when its work is done again, for `lifetime` from the first time.
    ///
    /// So a crash between the taking and what is done with the value does not lose it.
    ///
    /// # Errors
    ///
    /// Redis does not answer.
    pub async fn take_for<T: DeserializeOwned>(
        &self,
        taker: i64,
        kind: &'static str,
        key: &str,
        lifetime: Duration,
    ) -> Result<Option<T>, Error> {
        let (from, to) = (keys::state(kind, key), keys::taken(kind, key, taker));
        Ok(match &self.0.redis {
            Some(redis) => Box::pin(redis.shift_state(&self.0.counting, from, to, lifetime))
                .await?
                .and_then(|bytes| decode(&bytes)),
            None => self.0.local.shift(&from, &to, self.now(), lifetime).and_then(|bytes| decode(&bytes)),
        })
    }

    /// The value that this taker could [take](State::take_for), without taking it.
    ///
    /// # Errors
    ///
    /// Redis does not answer.
    pub async fn get_for<T: DeserializeOwned>(
        &self,
        taker: i64,
        kind: &'static str,
        key: &str,
    ) -> Result<Option<T>, Error> {
        if let Some(waiting) = self.get(kind, key).await? {
            return Ok(Some(waiting));
        }
        let key = keys::taken(kind, key, taker);
        Ok(match &self.0.redis {
            Some(redis) => {
                Box::pin(redis.get_state(&self.0.counting, key)).await?.and_then(|bytes| decode(&bytes))
            }
            None => self.0.local.get(&key, self.now()).and_then(|bytes| decode(&bytes)),
        })
    }

    /// Claims a key for `lifetime`; `true` for the first one only, until it ends or is released.
    ///
    /// While Redis does not answer, each instance claims for itself: two of them may do the work, but never none.
    ///
    /// # Errors
    ///
    /// None at present.
    pub async fn claim(&self, kind: &'static str, key: &str, lifetime: Duration) -> Result<bool, Error> {
        let key = keys::claim(kind, key);
        let Some(redis) = &self.0.redis else {
            return Ok(self.0.local.claim(&key, self.now(), lifetime));
        };
        match Box::pin(redis.claim(&self.0.counting, key.clone(), lifetime)).await {
            Ok(claimed) => {
                if claimed {
                    // Noted here as well, so that this instance still knows it if Redis goes away.
                    self.0.local.put(&key, Vec::new(), self.now(), lifetime);
                }
                Ok(claimed)
            }
            Err(_unavailable) => {
                tracing::debug!(kind, "redis does not answer, the claim is local");
                Ok(self.0.local.claim(&key, self.now(), lifetime))
            }
        }
    }

    /// Gives a claim back before it ends.
    ///
    /// # Errors
    ///
    /// Redis does not answer; the claim then ends by itself.
    pub async fn release(&self, kind: &'static str, key: &str) -> Result<(), Error> {
        let key = keys::claim(kind, key);
        self.0.local.take(&key, self.now());
        match &self.0.redis {
            Some(redis) => Box::pin(redis.release(&self.0.counting, key)).await,
            None => Ok(()),
        }
    }

    pub(crate) fn now(&self) -> Duration {
        self.0.clock.instant()
    }
}
