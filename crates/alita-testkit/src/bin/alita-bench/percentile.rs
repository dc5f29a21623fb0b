//! How long most had to wait, and how long nearly all.

use std::time::Duration;

/// Waits in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Percentiles {
    /// Half of them waited no longer.
    pub(crate) p50: f64,
    /// One of a hundred waited longer.
    pub(crate) p99: f64,
}

impl Percentiles {
    /// Nothing where nobody waited.
    pub(crate) fn of(mut waits: Vec<Duration>) -> Option<Self> {
        waits.sort_unstable();
        let at = |percent: usize| {
            let wait = waits.get((waits.len() * percent).div_ceil(100).checked_sub(1)?)?;
            Some(wait.as_secs_f64() * 1e3)
        };
        Some(Self { p50: at(50)?, p99: at(99)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_hundred_is_left_out() {
        let waits = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(Percentiles::of(waits), Some(Percentiles { p50: 50.0, p99: 99.0 }));
        let one = vec![Duration::from_millis(7)];
        assert_eq!(Percentiles::of(one), Some(Percentiles { p50: 7.0, p99: 7.0 }));
        assert_eq!(Percentiles::of(Vec::new()), None);
    }
}
