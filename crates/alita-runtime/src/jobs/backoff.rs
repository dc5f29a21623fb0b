//! How long to wait before a job that failed is tried again.

use std::time::Duration;

/// Pauses that double, up to the longest one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The pause after the first failure.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(2), longest: Duration::from_secs(10 * 60) }
    }
}

impl Backoff {
    /// The pause after so many failures. `chance` lies between 0 and 1 and shortens the pause by up to a half, so
    /// that jobs which failed together do not come back together.
    #[must_use]
    pub fn pause(self, failures: u32, chance: f64) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        let whole = self.first.saturating_mul(doubled).min(self.longest);
        whole.mul_f64(1.0 - chance.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_chance_halves_them_at_most() {
        let backoff = Backoff::default();
        for (failures, chance, seconds) in [
            (1, 0.0, 2.0),
            (2, 0.0, 4.0),
            (3, 0.5, 6.0),
            (9, 0.0, 512.0),
            (10, 0.0, 600.0),
            (u32::MAX, 1.0, 300.0),
            (0, 7.0, 1.0),
            (1, -3.0, 2.0),
        ] {
            let pause = backoff.pause(failures, chance);
            assert_eq!(pause, Duration::from_secs_f64(seconds), "{failures} {chance}");
        }
    }
}
