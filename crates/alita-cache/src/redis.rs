//! The tier that instances share.

use std::time::Duration;

use alita_runtime::Clock;
use fred::bytes::Bytes;
use fred::clients::{Client, Pool, SubscriberClient, WithOptions};
use fred::error::Error as FredError;
use fred::prelude::{ClientLike, KeysInterface, LuaInterface};
use fred::types::config::Options;
use fred::types::{Expiration, SetOptions};
use tokio::sync::watch;
use tracing::Instrument;

use crate::breaker::Breaker;
use crate::counters::Counting;
use crate::pending::Pending;
use crate::{Error, keys};

/// A cached value is worth no longer a wait than this: then it is loaded.
const VALUE_LIMIT: Duration = Duration::from_millis(250);
/// Live state cannot be had elsewhere, so it may take a little longer.
const STATE_LIMIT: Duration = Duration::from_secs(1);
/// Longer than any load may take, so that the mark is seen by every load that began before it was left.
const MARK_LIFETIME: Duration = Duration::from_secs(60);
/// Everything one message can say instead of a name.
pub(crate) const EVERYTHING: &str = "*";

/// Fills a key only if its mark is still the one the load began with.
const FILL: &str = "if (redis.call('GET', KEYS[2]) or '') == ARGV[1] then \
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1 else return 0 end";

/// Leaves a mark, removes the value, and tells the other instances, all at once.
const FORGET: &str = "redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2]) \
    redis.call('UNLINK', KEYS[1]) \
    redis.call('PUBLISH', ARGV[3], ARGV[4]) return 1";

/// Moves a value to its taker's key, unless it is there already, and answers with it.
const SHIFT: &str = "local taken = redis.call('GET', KEYS[2]) if taken then return taken end \
    local value = redis.call('GET', KEYS[1]) if not value then return false end \
    redis.call('SET', KEYS[2], value, 'PX', ARGV[1]) redis.call('UNLINK', KEYS[1]) return value";

/// Puts our name under a piece of work if there is none, renews it if it is ours, and answers with what stood there.
const BEGIN_WORK: &str = "local found = redis.call('GET', KEYS[1]) \
    if not found or found == ARGV[1] then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end return found";

/// Puts a word and a lifetime under each piece of work that is ours or nobody's; an empty word takes ours away.
const TELL_WORK: &str = "for i, key in ipairs(KEYS) do \
    local found, word = redis.call('GET', key), ARGV[2 * i] \
    if not found or found == ARGV[1] then \
        if word == '' then redis.call('UNLINK', key) \
        else redis.call('SET', key, word, 'PX', ARGV[2 * i + 1]) end \
    end end return 1";

/// Counts, and lets the count end some time after its first.
const COUNT: &str = "local count = redis.call('INCR', KEYS[1]) \
    if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end return count";

/// What lies under a name, and the mark to hand back with a fill.
pub(crate) struct Found {
    pub(crate) bytes: Option<Bytes>,
    pub(crate) mark: Bytes,
}

/// One Redis, asked with limits and only while it answers.
#[derive(Debug)]
pub(crate) struct Redis {
    pub(crate) pool: Pool,
    pub(crate) subscriber: SubscriberClient,
    pub(crate) channel: String,
    /// Tells our own messages from those of others.
    pub(crate) instance: String,
    /// Do we hear what other instances forget?
    pub(crate) listening: watch::Sender<bool>,
    pub(crate) pending: Pending,
    pub(crate) breaker: Breaker,
    pub(crate) clock: Clock,
}

impl Redis {
    pub(crate) fn is_connected(&self) -> bool {
        self.pool.clients().iter().any(ClientLike::is_connected)
    }

    pub(crate) fn is_up(&self) -> bool {
        self.is_connected() && self.breaker.lets_through(self.clock.instant())
    }

    /// Asks Redis one thing, unless it has stopped answering.
    async fn ask<T, F>(
        &self,
        counting: &Counting,
        op: &'static str,
        limit: Duration,
        question: impl FnOnce(WithOptions<Client>) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, FredError>>,
    {
        let began = self.clock.instant();
        if !self.is_connected() || !self.breaker.lets_through(began) {
            return Err(Error::Unavailable(None));
        }
        let options =
            Options { fail_fast: true, max_attempts: Some(1), timeout: Some(limit), ..Options::default() };
        let client = self.pool.next_connected().with_options(&options);
        counting.redis_round_trips.up();
        let answer = question(client).instrument(tracing::debug_span!("cache.redis", op)).await;
        let ended = self.clock.instant();
        metrics::histogram!("alita_cache_operation_seconds", "op" => op).record(ended.saturating_sub(began));
        match answer {
            Ok(answer) => {
                self.breaker.succeeded();
                Ok(answer)
            }
            Err(error) => {
                metrics::counter!("alita_cache_errors_total", "op" => op).increment(1);
                if self.breaker.failed(ended) {
                    tracing::warn!(op, error = %error, "redis does not answer and is left alone for a while");
                }
                Err(Error::Unavailable(Some(error.into())))
            }
        }
    }

    pub(crate) async fn ping(&self, counting: &Counting) -> Result<(), Error> {
        self.ask(counting, "ping", STATE_LIMIT, |redis| async move { redis.ping::<()>(None).await }).await
    }

    pub(crate) async fn read(&self, counting: &Counting, name: &str) -> Result<Found, Error> {
        let both = vec![keys::cached(name), keys::mark(name)];
        let mut found: Vec<Option<Bytes>> =
            self.ask(counting, "get", VALUE_LIMIT, |redis| async move { redis.mget(both).await }).await?;
        let mark = found.pop().flatten().unwrap_or_default();
        Ok(Found { bytes: found.pop().flatten(), mark })
    }

    /// Stores the value unless somebody has forgotten the name since; says whether it did.
    pub(crate) async fn fill(
        &self,
        counting: &Counting,
        name: &str,
        mark: Bytes,
        bytes: Vec<u8>,
        lifetime: Duration,
    ) -> Result<bool, Error> {
        let both = vec![keys::cached(name), keys::mark(name)];
        let arguments = vec![mark, bytes.into(), milliseconds(lifetime).to_string().into()];
        let filled: i64 =
            self.ask(counting, "fill", VALUE_LIMIT, |redis| async move {
                redis.eval(FILL, both, arguments).await
            })
            .await?;
        Ok(filled == 1)
    }

    /// Forgets a name; what Redis does not confirm stays pending, also when the caller goes away meanwhile.
    pub(crate) async fn forget(&self, counting: &Counting, name: &str) {
        let ticket = self.pending.add(name, self.clock.instant());
        self.forget_pending(counting, name, ticket).await;
    }

    pub(crate) async fn forget_pending(&self, counting: &Counting, name: &str, ticket: u64) -> bool {
        let both = vec![keys::cached(name), keys::mark(name)];
        let arguments = vec![
            // Not a counter: that would begin again at 1 after it has expired, and an old load could match it.
            format!("{:016x}", fastrand::u64(..)),
            milliseconds(MARK_LIFETIME).to_string(),
            self.channel.clone(),
            format!("{}|{name}", self.instance),
        ];
        let question = |redis: WithOptions<Client>| async move {
            redis.eval::<(), _, _, _>(FORGET, both, arguments).await
        };
        let forgotten = self.ask(counting, "forget", STATE_LIMIT, question).await.is_ok();
        if forgotten {
            self.pending.confirmed(name, ticket);
        }
        forgotten
    }

    /// Removes a value that cannot be read; should that fail, the next reader tries again.
    pub(crate) async fn remove_broken(&self, counting: &Counting, name: &str) {
        let key = keys::cached(name);
        let question = |redis: WithOptions<Client>| async move { redis.unlink::<(), _>(key).await };
        let _ = self.ask(counting, "delete", VALUE_LIMIT, question).await;
    }

    /// Tells the other instances to drop everything.
    pub(crate) async fn tell_everything(&self, counting: &Counting) -> Result<(), Error> {
        use fred::prelude::PubsubInterface;
        let (channel, text) = (self.channel.clone(), format!("{}|{EVERYTHING}", self.instance));
        let question =
            |redis: WithOptions<Client>| async move { redis.publish::<(), _, _>(channel, text).await };
        self.ask(counting, "publish", STATE_LIMIT, question).await
    }

    /// Removes all cached values, page by page, and nothing else.
    pub(crate) async fn clear_cached(&self, counting: &Counting) -> Result<u64, Error> {
        let (mut cursor, mut removed) = ("0".to_owned(), 0);
        loop {
            let from = cursor.clone();
            let question = |redis: WithOptions<Client>| async move {
                redis.scan_page::<(String, Vec<String>), _, _>(from, keys::ALL_CACHED, Some(1000), None).await
            };
            let (next, page) = self.ask(counting, "scan", STATE_LIMIT, question).await?;
            if !page.is_empty() {
                let question = |redis: WithOptions<Client>| async move { redis.unlink::<u64, _>(page).await };
                removed += self.ask(counting, "delete", STATE_LIMIT, question).await?;
            }
            if next == "0" {
                return Ok(removed);
            }
            cursor = next;
        }
    }

    pub(crate) async fn put_state(
        &self,
        counting: &Counting,
        key: String,
        bytes: Vec<u8>,
        lifetime: Duration,
    ) -> Result<(), Error> {
        let expiry = Some(Expiration::PX(milliseconds(lifetime)));
        let bytes = Bytes::from(bytes);
        let question = |redis: WithOptions<Client>| async move {
            redis.set::<(), _, _>(key, bytes, expiry, None, false).await
        };
        self.ask(counting, "state_put", STATE_LIMIT, question).await
    }

    pub(crate) async fn get_state(&self, counting: &Counting, key: String) -> Result<Option<Bytes>, Error> {
        self.ask(counting, "state_get", STATE_LIMIT, |redis| async move { redis.get(key).await }).await
    }

    pub(crate) async fn take_state(&self, counting: &Counting, key: String) -> Result<Option<Bytes>, Error> {
        self.ask(counting, "state_take", STATE_LIMIT, |redis| async move { redis.getdel(key).await }).await
    }

    pub(crate) async fn shift_state(
        &self,
        counting: &Counting,
        from: String,
        to: String,
        lifetime: Duration,
    ) -> Result<Option<Bytes>, Error> {
        let (both, lifetime) = (vec![from, to], milliseconds(lifetime).to_string());
        let question = |redis: WithOptions<Client>| async move { redis.eval(SHIFT, both, lifetime).await };
        self.ask(counting, "state_take", STATE_LIMIT, question).await
    }

    pub(crate) async fn claim(
        &self,
        counting: &Counting,
        key: String,
        lifetime: Duration,
    ) -> Result<bool, Error> {
        let (expiry, only_new) = (Some(Expiration::PX(milliseconds(lifetime))), Some(SetOptions::NX));
        let question = |redis: WithOptions<Client>| async move {
            redis.set::<Option<String>, _, _>(key, "1", expiry, only_new, false).await
        };
        Ok(self.ask(counting, "claim", STATE_LIMIT, question).await?.is_some())
    }

    pub(crate) async fn begin_work(
        &self,
        counting: &Counting,
        key: String,
        lifetime: Duration,
    ) -> Result<Option<String>, Error> {
        let arguments = vec![self.instance.clone(), milliseconds(lifetime).to_string()];
        let question =
            |redis: WithOptions<Client>| async move { redis.eval(BEGIN_WORK, key, arguments).await };
        self.ask(counting, "begin_work", STATE_LIMIT, question).await
    }

    pub(crate) async fn tell_work(
        &self,
        counting: &Counting,
        works: Vec<(String, &str, Duration)>,
    ) -> Result<(), Error> {
        let (mut names, mut arguments) = (Vec::with_capacity(works.len()), vec![self.instance.clone()]);
        for (key, word, lifetime) in works {
            names.push(key);
            arguments.extend([word.to_owned(), milliseconds(lifetime).to_string()]);
        }
        let question =
            |redis: WithOptions<Client>| async move { redis.eval(TELL_WORK, names, arguments).await };
        self.ask(counting, "tell_work", STATE_LIMIT, question).await
    }

    pub(crate) async fn count(
        &self,
        counting: &Counting,
        key: String,
        window: Duration,
    ) -> Result<u64, Error> {
        let window = milliseconds(window).to_string();
        let question = |redis: WithOptions<Client>| async move { redis.eval(COUNT, key, window).await };
        self.ask(counting, "count", STATE_LIMIT, question).await
    }

    pub(crate) async fn release(&self, counting: &Counting, key: String) -> Result<(), Error> {
        let question = |redis: WithOptions<Client>| async move { redis.unlink::<(), _>(key).await };
        self.ask(counting, "release", STATE_LIMIT, question).await
    }
}

/// Redis refuses a lifetime of 0.
fn milliseconds(lifetime: Duration) -> i64 {
    i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX).max(1)
}
