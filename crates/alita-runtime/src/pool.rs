//! Bounded room for heavy jobs.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// All workers are busy and all waiting places are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} has no room for another job")]
pub struct PoolFull {
    /// The name of the pool.
    pub name: &'static str,
}

/// Lets `workers` jobs run and `queue` more wait; a job beyond that is turned away at once.
#[derive(Clone, Debug)]
pub struct Pool {
    name: &'static str,
    rooms: Arc<Rooms>,
}

#[derive(Debug)]
struct Rooms {
    admitted: Semaphore,
    working: Semaphore,
}

impl Pool {
    /// Makes a pool; at least one job can always run.
    #[must_use]
    pub fn new(name: &'static str, workers: usize, queue: usize) -> Self {
        let workers = workers.clamp(1, Semaphore::MAX_PERMITS / 2);
        let admitted = Semaphore::new(workers + queue.min(Semaphore::MAX_PERMITS / 2));
        Self { name, rooms: Arc::new(Rooms { admitted, working: Semaphore::new(workers) }) }
    }

    /// Runs the job inside the caller's task as soon as a worker is free; dropping the call drops the job.
    ///
    /// # Errors
    ///
    /// [`PoolFull`] when nobody may even wait; the job was not begun.
    pub async fn run<F: Future>(&self, job: F) -> Result<F::Output, PoolFull> {
        let full = PoolFull { name: self.name };
        let Ok(_place) = self.rooms.admitted.try_acquire() else {
            metrics::counter!("alita_pool_full_total", "pool" => self.name).increment(1);
            return Err(full);
        };
        // The semaphores are never closed, so this only waits.
        let Ok(_worker) = self.rooms.working.acquire().await else { return Err(full) };
        Ok(job.await)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    #[tokio::test]
    async fn one_works_one_waits_and_the_third_is_turned_away() {
        let pool = Pool::new("drawing", 1, 1);
        let (finish, finished) = tokio::sync::oneshot::channel::<()>();
        let mut first = pin!(pool.run(finished));
        assert!(futures_util::poll!(first.as_mut()).is_pending());
        let mut second = pin!(pool.run(async { 2 }));
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        assert_eq!(pool.run(async { 3 }).await, Err(PoolFull { name: "drawing" }));

        finish.send(()).expect("the first job still waits");
        first.await.expect("the first job had room").expect("the sender was used");
        assert_eq!(second.await, Ok(2));
        assert_eq!(pool.run(async { 4 }).await, Ok(4));
    }
}
