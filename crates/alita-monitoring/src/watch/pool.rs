//! Watches the pool of database connections, and warns before it is the reason why people wait.

use std::time::Duration;

use alita_runtime::{Clock, TaskSet};

use super::reading::Pool;

const PERIOD: Duration = Duration::from_secs(60);

/// So many looks in a row have to find the pool nearly used up.
const IN_A_ROW: u32 = 3;

/// From this share of the connections on, in percent.
const NEARLY: u64 = 80;

/// Nobody should have to wait longer for a connection.
const LONG: Duration = Duration::from_secs(1);

/// Looks at the pool each minute.
pub fn watch_pool(tasks: &TaskSet, clock: &Clock, look: impl Fn() -> Pool + Send + 'static) {
    let mut nearly_full = 0;
    tasks.every("pool watch", clock, PERIOD, move || {
        let pool = look();
        tracing::debug!(open = pool.open, used = pool.used(), idle = pool.idle, "the database pool");
        if let Some(words) = judge(&pool, &mut nearly_full) {
            tracing::warn!(
                used = pool.used(),
                max_open = pool.max_open,
                waiting = pool.waiting,
                longest_wait_ms = pool.longest_wait.as_millis(),
                "{words}"
            );
        }
        std::future::ready(())
    });
}

fn judge(pool: &Pool, nearly_full: &mut u32) -> Option<&'static str> {
    let is_nearly_full = u64::from(pool.used()) * 100 > u64::from(pool.max_open) * NEARLY;
    *nearly_full = if is_nearly_full { *nearly_full + 1 } else { 0 };
    if pool.longest_wait > LONG {
        return Some("somebody waited long for a database connection");
    }
    (*nearly_full >= IN_A_ROW).then_some("most database connections have been in use for minutes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_looks_in_a_row_or_one_long_wait() {
        let busy = Pool { max_open: 10, open: 10, idle: 1, ..Pool::default() };
        let calm = Pool { idle: 5, ..busy };
        let slow = Pool { longest_wait: Duration::from_millis(1_001), ..calm };
        let mut nearly_full = 0;
        let looks = [busy, busy, calm, busy, busy, busy, busy, slow];
        let warned: Vec<bool> = looks.iter().map(|pool| judge(pool, &mut nearly_full).is_some()).collect();
        assert_eq!(warned, [false, false, false, false, false, true, true, true]);
    }
}
