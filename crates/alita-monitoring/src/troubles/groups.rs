//! Which errors are of one kind, and when a kind is told.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::Trouble;

/// A kind that was told is not told again for so long.
const REST: Duration = Duration::from_secs(10 * 60);

/// Of all kinds together at most so many are told in a minute.
const MOST: usize = 10;
const MINUTE: Duration = Duration::from_secs(60);

/// So many kinds are told apart; the others are one kind.
const KINDS: usize = 100;

/// The place of the kind that stands for all that find no room.
const OTHERS: &str = "other places";

/// The errors that nobody was told of yet, by kind.
///
/// A kind is a place: texts of errors hold numbers and names, so the same fault may speak differently each time.
#[derive(Debug, Default)]
pub(super) struct Groups {
    kinds: HashMap<String, Kind>,
    /// In the order in which they are told.
    waiting: VecDeque<String>,
    /// When something was told within the last minute.
    told: VecDeque<Duration>,
}

#[derive(Debug, Default)]
struct Kind {
    count: u64,
    /// The text of the first one.
    error: String,
    told_at: Option<Duration>,
}

impl Groups {
    pub(super) fn add(&mut self, mut place: String, error: String) {
        if self.kinds.len() >= KINDS && !self.kinds.contains_key(&place) {
            OTHERS.clone_into(&mut place);
        }
        let kind = self.kinds.entry(place.clone()).or_default();
        if kind.count == 0 {
            kind.error = error;
            self.waiting.push_back(place);
        }
        kind.count = kind.count.saturating_add(1);
    }

    /// Takes out what is to be told now.
    pub(super) fn take(&mut self, now: Duration) -> Vec<Trouble> {
        let is_over = |at: &Duration, rest: Duration| now.saturating_sub(*at) >= rest;
        self.told.retain(|at| !is_over(at, MINUTE));
        self.kinds.retain(|_, kind| kind.count > 0 || kind.told_at.is_some_and(|at| !is_over(&at, REST)));
        let mut troubles = Vec::new();
        for place in std::mem::take(&mut self.waiting) {
            let Some(kind) = self.kinds.get_mut(&place) else { continue };
            let rests = kind.told_at.is_some_and(|at| !is_over(&at, REST));
            if rests || self.told.len() >= MOST {
                self.waiting.push_back(place);
                continue;
            }
            self.told.push_back(now);
            kind.told_at = Some(now);
            let (count, error) = (std::mem::take(&mut kind.count), std::mem::take(&mut kind.error));
            troubles.push(Trouble { place, error, count });
        }
        troubles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(groups: &mut Groups, now: Duration) -> Vec<(String, String, u64)> {
        let troubles = groups.take(now).into_iter();
        troubles.map(|Trouble { place, error, count }| (place, error, count)).collect()
    }

    fn one(place: &str, error: &str, count: u64) -> (String, String, u64) {
        (place.to_owned(), error.to_owned(), count)
    }

    #[test]
    fn many_of_a_kind_are_one_with_a_count_and_then_rest() {
        let mut groups = Groups::default();
        groups.add("warns.warn".into(), "row 1".into());
        groups.add("notes.get".into(), "no row".into());
        for n in 2..=30 {
            groups.add("warns.warn".into(), format!("row {n}"));
        }
        let began = Duration::from_secs(1_000);
        let expected = [one("warns.warn", "row 1", 30), one("notes.get", "no row", 1)];
        assert_eq!(told(&mut groups, began), expected);
        assert_eq!(told(&mut groups, began), []);

        // Whatever comes while it rests is told when the rest is over, and nothing is told when nothing came.
        groups.add("warns.warn".into(), "row 31".into());
        groups.add("warns.warn".into(), "row 32".into());
        assert_eq!(told(&mut groups, began + REST - Duration::from_millis(1)), []);
        assert_eq!(told(&mut groups, began + REST), [one("warns.warn", "row 31", 2)]);
        assert_eq!(told(&mut groups, began + 3 * REST), []);
        assert!(groups.kinds.is_empty() && groups.waiting.is_empty() && groups.told.is_empty());
    }

    #[test]
    fn there_are_never_many_at_once_and_none_is_lost() {
        let mut groups = Groups::default();
        for n in 0..25 {
            groups.add(format!("place {n:02}"), "broken".into());
        }
        let mut seen = Vec::new();
        for (minute, expected) in [(0, 10), (0, 0), (1, 10), (2, 5), (3, 0)] {
            let troubles = told(&mut groups, minute * MINUTE);
            assert_eq!(troubles.len(), expected, "minute {minute}");
            seen.extend(troubles.into_iter().map(|(place, ..)| place));
        }
        let all: Vec<_> = (0..25).map(|n| format!("place {n:02}")).collect();
        assert_eq!(seen, all, "in the order in which they came");
    }

    #[test]
    fn the_number_of_kinds_is_bounded() {
        let mut groups = Groups::default();
        for n in 0..10 * KINDS {
            groups.add(format!("place {n}"), "broken".into());
        }
        assert_eq!(groups.kinds.len(), KINDS + 1);
        let others = groups.kinds.get(OTHERS).map(|kind| kind.count);
        assert_eq!(others, u64::try_from(9 * KINDS).ok());
    }
}
