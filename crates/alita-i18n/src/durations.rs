//! Durations in words.

use std::time::Duration;

use alita_model::durations::{Unit, amounts};

use crate::{Language, t};

/// A duration as people say it: "4 minutes 12 seconds".
#[must_use]
pub fn duration_text(language: Language, duration: Duration) -> String {
    let words = amounts(duration).into_iter().map(|(amount, unit)| {
        let amount = i64::try_from(amount).unwrap_or(i64::MAX);
        match unit {
            Unit::Week => t::units::week_plain(language, amount),
            Unit::Day => t::units::day_plain(language, amount),
            Unit::Hour => t::units::hour_plain(language, amount),
            Unit::Minute => t::units::minute_plain(language, amount),
            Unit::Second => t::units::second_plain(language, amount),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}
