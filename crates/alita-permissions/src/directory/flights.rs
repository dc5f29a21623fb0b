//! One question at a time: whoever asks the same meanwhile gets the same answer.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alita_model::ChatId;
use async_singleflight::Group;
use moka::sync::Cache;

use super::store::{Kind, Records};

/// What is asked.
pub(super) type Key = (ChatId, Kind);

/// For how many seconds a question that failed is not asked again.
const GROUNDED: u64 = 30;

/// The questions under way.
pub(super) struct Flights {
    group: Group<(Key, u64), Arc<Records>, ()>,
    boarding: Mutex<Boarding>,
    /// Until when a question is not asked again.
    grounded: Cache<Key, u64>,
}

#[derive(Default)]
struct Boarding {
    last: u64,
    /// The number of the flight that may fill the memory, and how many wait for it or for an older one.
    open: HashMap<Key, (u64, usize)>,
}

impl Default for Flights {
    fn default() -> Self {
        Self {
            group: Group::new(),
            boarding: Mutex::default(),
            grounded: Cache::builder().max_capacity(10_000).build(),
        }
    }
}

/// A place on a flight. It is no longer valid once the question was invalidated after boarding.
pub(super) struct Ticket<'a> {
    flights: &'a Flights,
    key: Key,
    number: u64,
}

impl Ticket<'_> {
    /// Whether what this flight brings may be remembered.
    pub(super) fn is_valid(&self) -> bool {
        self.flights.lock().open.get(&self.key).is_some_and(|(number, _)| *number == self.number)
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut boarding = self.flights.lock();
        if let Some((_, passengers)) = boarding.open.get_mut(&self.key) {
            *passengers -= 1;
            if *passengers == 0 {
                boarding.open.remove(&self.key);
            }
        }
    }
}

impl Flights {
    /// Asks, or waits for the answer to the same question; `None` when it failed now or a moment ago.
    ///
    /// Whoever boards after [`Flights::invalidate`] never gets an answer that was asked for before it.
    pub(super) async fn board<'a, F>(
        &'a self,
        key: Key,
        now: u64,
        ask: impl FnOnce(Arc<Ticket<'a>>) -> F,
    ) -> Option<Arc<Records>>
    where
        F: Future<Output = Option<Arc<Records>>> + Send,
    {
        if self.grounded.get(&key).is_some_and(|until| now < until) {
            return None;
        }
        let ticket = Arc::new(self.check_in(key));
        let number = ticket.number;
        let asked = ask(Arc::clone(&ticket));
        let answer = self.group.work(&(key, number), async { asked.await.ok_or(()) }).await;
        // Where the first passenger was cancelled and another took over, the group keeps the answer.
        self.group.purge_stale().await;
        if answer.is_err() && ticket.is_valid() {
            self.grounded.insert(key, now + GROUNDED);
        }
        answer.ok()
    }

    /// Lets nobody board what is under way, and lets it remember nothing.
    pub(super) fn invalidate(&self, key: Key) {
        self.grounded.invalidate(&key);
        let mut boarding = self.lock();
        boarding.last += 1;
        let next = boarding.last;
        if let Some((number, _)) = boarding.open.get_mut(&key) {
            *number = next;
        }
    }

    /// The same for every question.
    pub(super) fn invalidate_all(&self) {
        self.grounded.invalidate_all();
        let mut boarding = self.lock();
        boarding.last += 1;
        let next = boarding.last;
        boarding.open.values_mut().for_each(|(number, _)| *number = next);
    }

    /// A place without asking, for whoever has to know whether the question is invalidated meanwhile.
    pub(super) fn check_in(&self, key: Key) -> Ticket<'_> {
        let mut boarding = self.lock();
        boarding.last += 1;
        let next = boarding.last;
        let (number, passengers) = boarding.open.entry(key).or_insert((next, 0));
        *passengers += 1;
        Ticket { flights: self, key, number: *number }
    }

    /// Nothing can panic under this lock, so a poisoned one is whole.
    fn lock(&self) -> MutexGuard<'_, Boarding> {
        self.boarding.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
