//! Work that one instance does for all, and counts that all share.
//!
//! A piece of work is begun, goes on, and is done. While it goes on its holder says so again and again, so that the
//! claim of an instance that died ends soon; that it is done is remembered for long.
//!
//! Calls of Redis are boxed, as those of the live state are.

use std::time::Duration;

use crate::{Error, State, keys};

/// What stands under a piece of work that is done. No instance is called so: their names are hexadecimal.
const DONE: &str = "done";
/// The name of an instance without Redis: there is no other.
const ALONE: &str = "alone";
/// So many pieces of work are told to Redis at once.
const BATCH: usize = 500;

/// What became of an attempt to begin.
///
/// Each of these asks for something else to be done, so a `match` is meant to be complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// It is ours to do.
    Ours,
    /// Another instance is at it, or was when it died.
    Elsewhere,
    /// It was done.
    Done,
}

/// How a piece of work stands.
///
/// More words may come; whoever tells uses those that fit.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It goes on; without another word the claim ends after this time.
    GoingOn(Duration),
    /// It is done, and that is remembered for this time.
    Done(Duration),
    /// It was not done; whoever wants may begin it.
    GivenBack,
}

impl State {
    /// Begins a piece of work, unless somebody else is at it or it is done. What is ours already may be begun again.
    ///
    /// # Errors
    ///
    /// Redis does not answer; nobody knows then what the others do.
    pub async fn begin_work(&self, kind: &'static str, key: &str, lifetime: Duration) -> Result<Work, Error> {
        let key = keys::claim(kind, key);
        let found = match &self.0.redis {
            Some(redis) => Box::pin(redis.begin_work(&self.0.counting, key, lifetime)).await?,
            None => self.0.local.hold(&key, ALONE, DONE, self.now(), lifetime),
        };
        Ok(match found.as_deref() {
            Some(DONE) => Work::Done,
            None | Some(ALONE) => Work::Ours,
            Some(holder) if Some(holder) == self.instance() => Work::Ours,
            Some(_) => Work::Elsewhere,
        })
    }

    /// Says how pieces of work stand, in one round trip for 500 of them. What another instance holds stays as it is.
    ///
    /// # Errors
    ///
    /// Redis does not answer; say it again, or the claims end by themselves.
    pub async fn tell_work(&self, kind: &'static str, works: &[(String, Standing)]) -> Result<(), Error> {
        for batch in works.chunks(BATCH) {
            let told = batch.iter().map(|(key, standing)| {
                let (word, lifetime) = match standing {
                    Standing::GoingOn(lifetime) => (self.instance().unwrap_or(ALONE), *lifetime),
                    Standing::Done(lifetime) => (DONE, *lifetime),
                    Standing::GivenBack => ("", Duration::ZERO),
                };
                (keys::claim(kind, key), word, lifetime)
            });
            match &self.0.redis {
                Some(redis) => Box::pin(redis.tell_work(&self.0.counting, told.collect())).await?,
                None => told.for_each(|(key, word, lifetime)| {
                    if word.is_empty() {
                        self.0.local.take(&key, self.now());
                    } else {
                        self.0.local.put(&key, word.into(), self.now(), lifetime);
                    }
                }),
            }
        }
        Ok(())
    }

    /// One more; answers how many there are since the first of them, at most `window` ago. All instances count
    /// together, and each for itself while Redis does not answer.
    pub async fn count(&self, kind: &'static str, key: &str, window: Duration) -> u64 {
        let key = keys::count(kind, key);
        if let Some(redis) = &self.0.redis {
            match Box::pin(redis.count(&self.0.counting, key.clone(), window)).await {
                Ok(count) => return count,
                Err(_unavailable) => tracing::debug!(kind, "redis does not answer, the count is local"),
            }
        }
        self.0.local.count(&key, self.now(), window)
    }

    fn instance(&self) -> Option<&str> {
        self.0.redis.as_ref().map(|redis| redis.instance.as_str())
    }
}
