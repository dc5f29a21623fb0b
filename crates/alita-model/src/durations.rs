//! Durations as people type them: `30m`, `2h`, `3d`, `1w`.

use std::time::Duration;

/// The shortest time for which Telegram restricts somebody.
///
/// Telegram: a ban shorter than 30 seconds lasts for ever.
/// See [Bot API/banChatMember](https://core.telegram.org/bots/api#banchatmember).
pub const SHORTEST: Duration = Duration::from_secs(30);

/// The longest time for which Telegram restricts somebody; beyond it a restriction lasts for ever.
pub const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Why a word is no duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DurationError {
    /// Nothing was given.
    #[error("no duration was given")]
    Missing,
    /// The part before the unit is no whole number of 1 or more.
    #[error("the amount is not a whole number of 1 or more")]
    BadNumber,
    /// The last letter is none of `m`, `h`, `d`, `w`.
    #[error("the unit is none of m, h, d, w")]
    BadUnit,
    /// Shorter than [`SHORTEST`] or longer than [`LONGEST`].
    #[error("the duration lies outside 30 seconds to 366 days")]
    OutOfRange,
}

/// The four units, from the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seven days.
    Week,
    /// Twenty-four hours.
    Day,
    /// Sixty minutes.
    Hour,
    /// Sixty seconds.
    Minute,
    /// Only shown, never typed.
    Second,
}

impl Unit {
    const ALL: [Self; 5] = [Self::Week, Self::Day, Self::Hour, Self::Minute, Self::Second];

    /// How many seconds one of it has.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        match self {
            Self::Week => 7 * 24 * 60 * 60,
            Self::Day => 24 * 60 * 60,
            Self::Hour => 60 * 60,
            Self::Minute => 60,
            Self::Second => 1,
        }
    }
}

/// Reads `<n><unit>` with `n ≥ 1` and a unit of `m`, `h`, `d` or `w`, in either case.
///
/// # Errors
///
/// One [`DurationError`] for each way in which a word can be wrong.
pub fn parse(word: &str) -> Result<Duration, DurationError> {
    let mut letters = word.chars();
    let Some(last) = letters.next_back() else { return Err(DurationError::Missing) };
    let unit = match last.to_ascii_lowercase() {
        'm' => Unit::Minute,
        'h' => Unit::Hour,
        'd' => Unit::Day,
        'w' => Unit::Week,
        _ => return Err(DurationError::BadUnit),
    };
    let digits = letters.as_str();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DurationError::BadNumber);
    }
    let seconds = digits
        .parse::<u64>()
        .ok()
        .and_then(|amount| amount.checked_mul(unit.seconds()))
        .ok_or(DurationError::OutOfRange)?;
    match Duration::from_secs(seconds) {
        Duration::ZERO => Err(DurationError::BadNumber),
        duration if (SHORTEST..=LONGEST).contains(&duration) => Ok(duration),
        _ => Err(DurationError::OutOfRange),
    }
}

/// A duration as amounts of units, the longest first, without zeros: 4 minutes 12 seconds.
///
/// A whole second at least: `0` is shown as one amount of zero seconds.
#[must_use]
pub fn amounts(duration: Duration) -> Vec<(u64, Unit)> {
    let mut rest = duration.as_secs();
    let mut amounts = Vec::new();
    for unit in Unit::ALL {
        let amount = rest / unit.seconds();
        rest %= unit.seconds();
        if amount > 0 {
            amounts.push((amount, unit));
        }
    }
    if amounts.is_empty() {
        amounts.push((0, Unit::Second));
    }
    amounts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar() {
        for (word, answer) in [
            ("1m", Ok(60)),
            ("2h", Ok(7_200)),
            ("3d", Ok(259_200)),
            ("1w", Ok(604_800)),
            ("10M", Ok(600)),
            ("366d", Ok(31_622_400)),
            ("", Err(DurationError::Missing)),
            ("30", Err(DurationError::BadUnit)),
            ("30x", Err(DurationError::BadUnit)),
            ("2y", Err(DurationError::BadUnit)),
            ("never", Err(DurationError::BadUnit)),
            ("0m", Err(DurationError::BadNumber)),
            ("-5m", Err(DurationError::BadNumber)),
            ("xm", Err(DurationError::BadNumber)),
            ("m", Err(DurationError::BadNumber)),
            ("400d", Err(DurationError::OutOfRange)),
            ("9999999999999w", Err(DurationError::OutOfRange)),
            ("99999999999999999999999m", Err(DurationError::OutOfRange)),
        ] {
            assert_eq!(parse(word).map(|d| d.as_secs()), answer, "{word}");
        }
    }

    #[test]
    fn amounts_leave_out_zeros() {
        assert_eq!(amounts(Duration::from_secs(252)), [(4, Unit::Minute), (12, Unit::Second)]);
        assert_eq!(amounts(Duration::from_secs(7_200)), [(2, Unit::Hour)]);
        assert_eq!(amounts(Duration::ZERO), [(0, Unit::Second)]);
    }
}
