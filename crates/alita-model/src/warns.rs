//! Warns: the tally of a member, the policy of a chat, and the verdict.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What happens to a member at the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Punishment {
    /// Out, and unable to return.
    Ban,
    /// Out, and able to return.
    Kick,
    /// In, and unable to write.
    #[default]
    Mute,
}

/// A word that is no punishment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such punishment")]
pub struct UnknownPunishment;

impl Punishment {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Ban, Self::Kick, Self::Mute];

    /// The word that people type and the database keeps.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ban => "ban",
            Self::Kick => "kick",
            Self::Mute => "mute",
        }
    }
}

impl FromStr for Punishment {
    type Err = UnknownPunishment;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let word = word.to_lowercase();
        Self::ALL.into_iter().find(|p| p.as_str() == word).ok_or(UnknownPunishment)
    }
}

/// The warnings of one member in one chat, the oldest reason first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// How many there are.
    pub count: u32,
    /// Why; as many as there are warnings.
    pub reasons: Vec<String>,
}

/// When a chat punishes, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarnPolicy {
    limit: u32,
    /// What happens at the limit.
    pub punishment: Punishment,
}

/// A limit outside 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a warn limit lies between 1 and 100")]
pub struct WarnLimitError;

impl Default for WarnPolicy {
    fn default() -> Self {
        Self { limit: 3, punishment: Punishment::default() }
    }
}

impl WarnPolicy {
    /// A policy with this limit.
    ///
    /// # Errors
    ///
    /// [`WarnLimitError`] when the limit is not between 1 and 100.
    pub const fn new(limit: u32, punishment: Punishment) -> Result<Self, WarnLimitError> {
        if limit >= 1 && limit <= 100 { Ok(Self { limit, punishment }) } else { Err(WarnLimitError) }
    }

    /// At how many warnings the chat punishes; 1 to 100.
    #[must_use]
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// What a tally means under this policy.
    #[must_use]
    pub const fn judge(&self, tally: &Tally) -> Verdict {
        if tally.count >= self.limit {
            Verdict::LimitReached(self.punishment)
        } else {
            Verdict::StillCounting
        }
    }
}

/// The answer of [`WarnPolicy::judge`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Below the limit.
    StillCounting,
    /// At the limit or above it.
    LimitReached(Punishment),
}

/// A reason as it is stored: at most 3000 bytes, cut between characters.
#[must_use]
pub fn cut_reason(reason: &str) -> &str {
    let end = (0..=reason.len().min(3000)).rev().find(|at| reason.is_char_boundary(*at)).unwrap_or(0);
    reason.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_reached_at_the_limit() {
        let policy = WarnPolicy::new(3, Punishment::Kick).unwrap();
        let tally = |count| Tally { count, reasons: Vec::new() };
        assert_eq!(policy.judge(&tally(2)), Verdict::StillCounting);
        assert_eq!(policy.judge(&tally(3)), Verdict::LimitReached(Punishment::Kick));
        assert_eq!(policy.judge(&tally(4)), Verdict::LimitReached(Punishment::Kick));
    }

    #[test]
    fn limits_have_a_range() {
        assert_eq!(WarnPolicy::new(0, Punishment::Ban), Err(WarnLimitError));
        assert_eq!(WarnPolicy::new(101, Punishment::Ban), Err(WarnLimitError));
        assert_eq!(WarnPolicy::new(100, Punishment::Ban).map(|p| p.limit()), Ok(100));
    }

    #[test]
    fn words_are_read_in_any_case() {
        assert_eq!("KICK".parse(), Ok(Punishment::Kick));
        assert_eq!("freeze".parse::<Punishment>(), Err(UnknownPunishment));
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let reason = "€".repeat(2000);
        assert_eq!(cut_reason(&reason).len(), 3000);
        assert_eq!(cut_reason(&"é".repeat(1501)).len(), 3000);
        assert_eq!(cut_reason(&format!("a{}", "é".repeat(1500))).len(), 2999);
        assert_eq!(cut_reason("short"), "short");
    }
}
