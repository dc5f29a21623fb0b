//! How much the cache holds in this process, and how to make that less.

use std::time::Duration;

use crate::memory::Kinds;
use crate::{Cache, Error};

/// How long the key of a probe may stay when the probe was cut off.
const PROBE_LIFETIME: Duration = Duration::from_secs(5);

impl Cache {
    /// How many values each kind holds in this process, and how many entries the live state has (as `state`).
    #[must_use]
    pub fn sizes(&self) -> Vec<(&'static str, u64)> {
        let mut sizes = self.kinds.sizes();
        let state = self.shared.local.len(self.shared.clock.instant());
        sizes.push(("state", u64::try_from(state).unwrap_or(u64::MAX)));
        sizes
    }

    /// Gives up the room of what has expired; nothing that is still worth something goes.
    pub fn sweep(&self) {
        self.kinds.sweep();
        self.shared.local.sweep(self.shared.clock.instant());
    }

    /// Drops the older half of the values in this process; says how many those were.
    ///
    /// They are loaded again when somebody asks. Live state stays: it cannot be loaded again.
    pub fn shrink(&self) -> u64 {
        self.kinds.shrink()
    }

    /// Is somebody there who hears what other instances forget? Without Redis there is nothing to hear.
    ///
    /// Not whether Redis is up: that comes and goes, while a listener that has ended does not come back.
    #[must_use]
    pub fn is_listener_alive(&self) -> bool {
        self.shared.redis.is_none() || self.shared.tasks.counts().contains_key("cache instances")
    }

    /// Puts a value, reads it, compares it and takes it away again: does Redis do what it is for?
    ///
    /// Without Redis it asks the process, which can only say yes.
    ///
    /// # Errors
    ///
    /// Redis does not answer.
    pub async fn probe(&self) -> Result<bool, Error> {
        let state = self.state();
        let (key, value) = (format!("{:016x}", fastrand::u64(..)), fastrand::u64(..));
        state.put("probe", &key, &value, PROBE_LIFETIME).await?;
        let read = state.get::<u64>("probe", &key).await?;
        let taken = state.take::<u64>("probe", &key).await?;
        Ok(read == Some(value) && taken == Some(value))
    }
}

impl Kinds {
    fn sizes(&self) -> Vec<(&'static str, u64)> {
        self.map(|name, memory| (name, memory.len()))
    }

    fn sweep(&self) {
        self.map(|_, memory| memory.sweep());
    }

    fn shrink(&self) -> u64 {
        self.map(|_, memory| memory.shrink()).into_iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use alita_runtime::Clock;
    use chrono::DateTime;

    use super::*;

    #[tokio::test]
    async fn the_older_half_goes_and_can_be_loaded_again() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let cache = Cache::in_memory(clock.clone());
        let kind = cache.kind::<u32>("numbers", Duration::from_secs(600));
        for number in 0..10_u32 {
            clock.advance(Duration::from_secs(1));
            kind.get_or_load(&number.to_string(), move || async move { Ok::<_, Infallible>(number) })
                .await
                .expect("it loads");
        }
        cache.sweep();
        assert_eq!(cache.sizes(), [("numbers", 10), ("state", 0)]);
        assert_eq!(cache.shrink(), 5);
        cache.sweep();
        assert_eq!(cache.sizes(), [("numbers", 5), ("state", 0)]);
        assert_eq!((kind.peek("4"), kind.peek("5").as_deref()), (None, Some(&5)));
        let again = kind.get_or_load("4", || async { Ok::<_, Infallible>(4) }).await;
        assert_eq!(again.ok().as_deref(), Some(&4));
    }

    #[tokio::test]
    async fn a_probe_leaves_nothing_and_what_has_expired_is_swept() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let cache = Cache::in_memory(clock.clone());
        assert!(cache.probe().await.expect("it answers"));
        assert_eq!(cache.sizes(), [("state", 0)]);
        cache.state().put("proof", "1", &1, Duration::from_secs(60)).await.expect("it is kept");
        assert_eq!(cache.sizes(), [("state", 1)]);
        cache.shrink();
        assert_eq!(cache.sizes(), [("state", 1)], "live state stays");
        clock.advance(Duration::from_secs(60));
        cache.sweep();
        assert_eq!(cache.sizes(), [("state", 0)]);
        assert!(cache.is_listener_alive());
    }
}
