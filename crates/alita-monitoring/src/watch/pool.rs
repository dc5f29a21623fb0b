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

/// For whom the figures of each look are logged; warnings are for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// For everybody.
    Everybody,
    /// For whoever has the log say more.
    Debuggers,
}

/// Looks at the pool each minute.
pub fn watch_pool(tasks: &TaskSet, clock: &Clock, told: Told, look: impl Fn() -> Pool + Send + 'static) {
    let mut nearly_full = 0;
    tasks.every("pool watch", clock, PERIOD, move || {
        let pool = look();
        tell(&pool, told);
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

fn tell(pool: &Pool, told: Told) {
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                open = pool.open,
                used = pool.used(),
                idle = pool.idle,
                waiting = pool.waiting,
                max_open = pool.max_open,
                "the database pool"
            )
        };
    }
    match told {
        Told::Everybody => line!(info),
        Told::Debuggers => line!(debug),
    }
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
    use chrono::DateTime;

    use super::*;
    use crate::watch::remedy::tests::Log;
    use crate::{LogConfig, Redactor, logs};

    #[test]
    fn the_figures_are_for_everybody_or_for_debugging() {
        for (told, filter, is_said) in [
            (Told::Everybody, "info", true),
            (Told::Debuggers, "info", false),
            (Told::Debuggers, "debug", true),
        ] {
            let log = Log::default();
            let clock = Clock::manual(DateTime::UNIX_EPOCH);
            let config = LogConfig { filter: filter.to_owned(), ..LogConfig::new(clock) };
            let subscriber = logs::subscriber(&config, &Redactor::new(), log.clone()).expect("a filter");
            let pool = Pool { max_open: 10, open: 4, idle: 1, ..Pool::default() };
            tracing::subscriber::with_default(subscriber, || tell(&pool, told));
            assert_eq!(log.text().contains("the database pool"), is_said, "{told:?} {filter}");
        }
    }

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
