//! Which instance is at which update, and which updates are done: one record in Redis for all instances.
//!
//! An update costs one round trip, when it is claimed. What goes on and what has ended is told for all updates
//! together, every other second.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alita_cache::{Standing, State, Work};
use alita_runtime::{Clock, TaskSet};
use alita_telegram::{Claimed, Claims};
use async_trait::async_trait;

/// The kind of these claims.
const UPDATE: &str = "update";
/// How often Redis is told.
const TELL: Duration = Duration::from_secs(2);
/// How long a claim outlives its instance; a slow Redis or a busy machine must not end it.
const WORK: Duration = Duration::from_secs(10);
/// How long it is remembered that an update is done. Copies come within minutes.
const DONE: Duration = Duration::from_secs(10 * 60);
/// What Redis could not be told, because it was away for long, is forgotten beyond this.
const MOST: usize = 50_000;

/// The record, as one instance sees it.
#[derive(Debug)]
pub(crate) struct SharedClaims {
    state: State,
    mine: Mutex<Mine>,
}

#[derive(Debug, Default)]
struct Mine {
    going_on: BTreeSet<i64>,
    /// What has ended since Redis was told last.
    ended: HashMap<i64, bool>,
}

impl SharedClaims {
    pub(crate) fn new(state: State) -> Arc<Self> {
        Arc::new(Self { state, mine: Mutex::default() })
    }

    /// Tells Redis from time to time until the task set is closed.
    pub(crate) fn keep(self: &Arc<Self>, tasks: &TaskSet, clock: &Clock) {
        let claims = Arc::clone(self);
        tasks.every("claims of updates", clock, TELL, move || {
            let claims = Arc::clone(&claims);
            async move { claims.tell().await }
        });
    }

    /// Tells Redis how everything stands; what it does not hear is told the next time.
    ///
    /// Says whether it heard.
    pub(crate) async fn tell(&self) -> bool {
        let (going_on, ended) = {
            let mut mine = self.mine();
            (mine.going_on.clone(), std::mem::take(&mut mine.ended))
        };
        let goes_on = |id: i64| (id.to_string(), Standing::GoingOn(WORK));
        let has_ended = |(id, is_handled): (&i64, &bool)| {
            (id.to_string(), if *is_handled { Standing::Done(DONE) } else { Standing::GivenBack })
        };
        let works: Vec<_> = going_on.into_iter().map(goes_on).chain(ended.iter().map(has_ended)).collect();
        if let Err(error) = self.state.tell_work(UPDATE, &works).await {
            tracing::debug!(%error, "the other instances do not hear which updates are done");
            let mut mine = self.mine();
            if mine.ended.len() + ended.len() <= MOST {
                for (id, is_handled) in ended {
                    // What has ended once more meanwhile is the newer word.
                    mine.ended.entry(id).or_insert(is_handled);
                }
            }
            return false;
        }
        true
    }

    fn mine(&self) -> MutexGuard<'_, Mine> {
        self.mine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Claims for SharedClaims {
    async fn begin(&self, update_id: i64) -> Claimed {
        match self.state.begin_work(UPDATE, &update_id.to_string(), WORK).await {
            Ok(Work::Done) => Claimed::Done,
            Ok(Work::Elsewhere) => Claimed::Elsewhere,
            // Without Redis every instance is alone; the database and the log of sent messages see to the rest.
            Ok(Work::Ours) | Err(_) => {
                let mut mine = self.mine();
                mine.ended.remove(&update_id);
                mine.going_on.insert(update_id);
                Claimed::Ours
            }
        }
    }

    fn ended(&self, update_id: i64, is_handled: bool) {
        let mut mine = self.mine();
        // What was not ours (or not yet) when the request was dropped is nobody's to give back.
        if mine.going_on.remove(&update_id) {
            mine.ended.insert(update_id, is_handled);
        }
    }
}

#[cfg(test)]
mod tests {
    use alita_cache::Cache;

    use super::*;

    #[tokio::test]
    async fn what_is_done_is_remembered_and_what_failed_is_begun_again() {
        let clock = Clock::manual(Clock::system().now());
        let claims = SharedClaims::new(Cache::in_memory(clock.clone()).state());
        for id in 1..=3 {
            assert_eq!(claims.begin(id).await, Claimed::Ours);
        }
        claims.ended(2, true);
        claims.ended(3, false);
        claims.ended(4, true);
        claims.tell().await;
        assert_eq!(claims.mine().going_on, BTreeSet::from([1]));
        assert!(claims.mine().ended.is_empty());
        clock.advance(DONE - Duration::from_secs(1));
        let again = [claims.begin(2).await, claims.begin(3).await, claims.begin(4).await];
        assert_eq!(again, [Claimed::Done, Claimed::Ours, Claimed::Ours], "the fourth was never ours");
        clock.advance(Duration::from_secs(1));
        assert_eq!(claims.begin(2).await, Claimed::Ours);
    }
}
