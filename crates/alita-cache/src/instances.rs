//! What instances tell each other to drop.

use std::sync::Arc;
use std::time::Duration;

use fred::prelude::{ClientLike, EventInterface, PubsubInterface};
use tokio::sync::broadcast::error::RecvError;

use crate::cache::Shared;
use crate::keys;
use crate::memory::Kinds;
use crate::redis::{EVERYTHING, Redis};

/// How often we make sure that the line is alive.
const CHECK: Duration = Duration::from_secs(5);
/// Removals made up for at once.
const BATCH: usize = 200;

/// Listens until the cache is closed.
///
/// Whenever the line was down, words may have been lost; so everything in the process is dropped once it is up again.
pub(crate) async fn listen(shared: Arc<Shared>, kinds: Arc<Kinds>) {
    let Some(redis) = &shared.redis else { return };
    let subscriber = &redis.subscriber;
    let mut connected = subscriber.reconnect_rx();
    let mut broken = subscriber.error_rx();
    let mut messages = subscriber.message_rx();
    let mut checks = tokio::time::interval(CHECK);
    let cancelled = shared.tasks.cancelled();
    subscriber.connect();
    loop {
        tokio::select! {
            biased;
            () = cancelled.cancelled() => return,
            error = broken.recv() => {
                if redis.listening.send_replace(false) {
                    let error = error.map_or_else(|error| error.to_string(), |(error, _)| error.to_string());
                    tracing::warn!(error, "redis is gone, the cache goes on alone");
                }
            }
            _ = connected.recv() => begin(redis, &shared, &kinds).await,
            _ = checks.tick() => check(redis, &shared, &kinds).await,
            message = messages.recv() => match message {
                Ok(message) => {
                    if let Some(text) = message.value.as_str() {
                        obey(&text, redis, &kinds);
                    }
                }
                Err(RecvError::Lagged(_)) => kinds.drop_all(),
                Err(RecvError::Closed) => return,
            },
        }
    }
}

/// First the line, then the dropping, then the trust: nothing can slip in between.
async fn begin(redis: &Redis, shared: &Arc<Shared>, kinds: &Kinds) {
    if let Err(error) = redis.subscriber.subscribe(redis.channel.as_str()).await {
        tracing::debug!(error = %error, "cannot listen to other instances yet");
        return;
    }
    kinds.drop_all();
    if !redis.listening.send_replace(true) {
        tracing::info!("redis is there");
    }
    catch_up(shared, kinds).await;
}

/// A line that died without a word is noticed here, and one that could not be opened is tried again.
async fn check(redis: &Redis, shared: &Arc<Shared>, kinds: &Kinds) {
    if !redis.subscriber.is_connected() {
        redis.listening.send_replace(false);
    } else if !*redis.listening.borrow() {
        begin(redis, shared, kinds).await;
    } else if redis.subscriber.ping::<()>(None).await.is_err() {
        redis.listening.send_replace(false);
        // It fails only where there is nothing to reconnect.
        let _ = redis.subscriber.force_reconnection().await;
    }
}

/// Does what another instance said; our own words come back too and are not for us.
fn obey(text: &str, redis: &Redis, kinds: &Kinds) {
    let Some((instance, name)) = text.split_once('|') else { return };
    if instance == redis.instance {
        return;
    }
    if name == EVERYTHING {
        kinds.drop_all();
    } else if let Some((kind, key)) = keys::split(name) {
        kinds.drop_key(kind, key);
    }
}

/// Makes up for the removals that Redis has not confirmed.
pub(crate) async fn catch_up(shared: &Shared, kinds: &Kinds) -> bool {
    let Some(redis) = &shared.redis else { return true };
    if !redis.is_up() {
        return false;
    }
    if let Some(until) = redis.pending.covers_everything() {
        tracing::warn!("too many removals are waiting, everything cached is cleared instead");
        let is_cleared = clear(shared, kinds).await.is_ok();
        if is_cleared {
            redis.pending.everything_confirmed(until);
        }
        return is_cleared;
    }
    for (name, ticket) in redis.pending.take_some(redis.clock.instant(), BATCH) {
        metrics::counter!("alita_cache_invalidation_retries_total").increment(1);
        if !redis.forget_pending(&shared.counting, &name, ticket).await {
            return false;
        }
    }
    true
}

/// Drops all cached values here, in Redis, and in the other instances.
pub(crate) async fn clear(shared: &Shared, kinds: &Kinds) -> Result<u64, crate::Error> {
    kinds.drop_all();
    let Some(redis) = &shared.redis else { return Ok(0) };
    let removed = redis.clear_cached(&shared.counting).await?;
    redis.tell_everything(&shared.counting).await?;
    // What was read from Redis while it was being cleared goes too.
    kinds.drop_all();
    Ok(removed)
}
