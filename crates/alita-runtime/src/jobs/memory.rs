//! A store that ends with the process.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Claim, Counts, Due, End, Error, JobId, JobStore, Order, later};

/// Keeps jobs in memory: for tests, and for programs whose jobs need not survive.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Rows>);

#[derive(Debug, Default)]
struct Rows {
    last: i64,
    rows: BTreeMap<JobId, Row>,
}

#[derive(Debug)]
struct Row {
    job: Claim,
    key: Option<String>,
    lease: Option<DateTime<Utc>>,
    dead: Option<String>,
}

impl Row {
    fn is_free(&self, now: DateTime<Utc>) -> bool {
        self.dead.is_none() && self.lease.is_none_or(|lease| lease <= now)
    }

    fn waits_as(&self, key: &str) -> bool {
        self.dead.is_none() && self.key.as_deref() == Some(key)
    }
}

impl MemoryStore {
    /// A store without jobs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The names of the jobs that were put aside, and why.
    #[must_use]
    pub fn dead(&self) -> Vec<(String, String)> {
        let rows = self.rows();
        rows.rows.values().filter_map(|row| Some((row.job.name.clone(), row.dead.clone()?))).collect()
    }

    /// When the waiting jobs with this name are due.
    #[must_use]
    pub fn waiting(&self, name: &str) -> Vec<DateTime<Utc>> {
        let rows = self.rows();
        let waiting = rows.rows.values().filter(|row| row.dead.is_none() && row.job.name == name);
        waiting.map(|row| row.job.due).collect()
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl JobStore for MemoryStore {
    async fn schedule(&self, order: &Order, _now: DateTime<Utc>) -> Result<bool, Error> {
        let mut rows = self.rows();
        let same = order.key.as_deref().and_then(|key| {
            rows.rows.iter().find_map(|(id, row)| row.waits_as(key).then_some((*id, row.job.turn)))
        });
        if same.is_some() && !order.is_replacing {
            return Ok(false);
        }
        let (id, turn) = same.unwrap_or_else(|| {
            rows.last += 1;
            (JobId::new(rows.last), 0)
        });
        let job = Claim {
            id,
            turn: turn + 1,
            name: order.name.to_owned(),
            value: order.value.clone(),
            subject: order.subject,
            due: order.due,
            attempt: 0,
        };
        rows.rows.insert(id, Row { job, key: order.key.clone(), lease: None, dead: None });
        Ok(true)
    }

    async fn cancel(&self, key: &str) -> Result<bool, Error> {
        let mut rows = self.rows();
        let before = rows.rows.len();
        rows.rows.retain(|_, row| !row.waits_as(key));
        Ok(rows.rows.len() < before)
    }

    async fn claim(&self, now: DateTime<Utc>, lease: Duration, limit: usize) -> Result<Due, Error> {
        let mut rows = self.rows();
        let mut free: Vec<_> = rows.rows.values_mut().filter(|row| row.is_free(now)).collect();
        free.sort_by_key(|row| (row.job.due, row.job.id));
        let (mut claims, mut next) = (Vec::new(), None);
        for row in free {
            if row.job.due > now || claims.len() == limit {
                next = Some(row.job.due);
                break;
            }
            row.job.attempt = row.job.attempt.saturating_add(1);
            row.job.turn += 1;
            row.lease = Some(later(now, lease));
            claims.push(row.job.clone());
        }
        Ok(Due { claims, next })
    }

    async fn end(&self, claim: &Claim, end: End, _now: DateTime<Utc>) -> Result<bool, Error> {
        let mut rows = self.rows();
        let Some(row) = rows.rows.get_mut(&claim.id) else { return Ok(false) };
        if row.dead.is_some() || row.job.turn != claim.turn {
            return Ok(false);
        }
        row.lease = None;
        match end {
            End::Done => drop(rows.rows.remove(&claim.id)),
            End::Retry { due, .. } => row.job.due = due,
            End::Repeat { due } => (row.job.due, row.job.attempt) = (due, 0),
            End::Release => row.job.attempt = row.job.attempt.saturating_sub(1),
            End::Bury { why } => row.dead = Some(why),
        }
        Ok(true)
    }

    async fn counts(&self) -> Result<Counts, Error> {
        let rows = self.rows();
        let dead = rows.rows.values().filter(|row| row.dead.is_some()).count();
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Ok(Counts { waiting: count(rows.rows.len() - dead), dead: count(dead) })
    }

    async fn recover(&self, _now: DateTime<Utc>) -> Result<u64, Error> {
        Ok(0)
    }
}
