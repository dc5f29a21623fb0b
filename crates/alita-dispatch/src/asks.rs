//! How often people are heard: who asks faster than that is ignored, so that one person cannot use up what a group
//! gets answered.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use alita_model::{ChatId, UserId};
use alita_runtime::Clock;
use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

/// How often people are heard. 0 is no limit. Administrators of the group are always heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskLimits {
    /// Commands of one person in a minute.
    pub commands_per_user: u32,
    /// Commands in one group in a minute.
    pub commands_per_chat: u32,
    /// Presses of one person in a second.
    pub presses_per_user: u32,
}

impl AskLimits {
    /// Everybody is always heard.
    pub const NONE: Self = Self { commands_per_user: 0, commands_per_chat: 0, presses_per_user: 0 };
}

impl Default for AskLimits {
    fn default() -> Self {
        Self { commands_per_user: 20, commands_per_chat: 60, presses_per_user: 3 }
    }
}

/// The asks of late.
#[derive(Debug)]
pub(crate) struct Asks {
    of_user: Option<Counted<UserId>>,
    in_chat: Option<Counted<ChatId>>,
    presses: Option<Counted<UserId>>,
}

impl Asks {
    pub(crate) fn new(limits: AskLimits, clock: &Clock) -> Self {
        let minutely = |most| NonZeroU32::new(most).map(Quota::per_minute);
        let secondly = |most| NonZeroU32::new(most).map(Quota::per_second);
        Self {
            of_user: minutely(limits.commands_per_user).map(|quota| Counted::new(quota, clock)),
            in_chat: minutely(limits.commands_per_chat).map(|quota| Counted::new(quota, clock)),
            presses: secondly(limits.presses_per_user).map(|quota| Counted::new(quota, clock)),
        }
    }

    /// Counts a command; `false` when it is one too many.
    pub(crate) fn may_command(&self, user: Option<UserId>, chat: ChatId) -> bool {
        let of_user = user.zip(self.of_user.as_ref()).is_none_or(|(user, counted)| counted.counts(&user));
        of_user && (chat.is_private() || self.in_chat.as_ref().is_none_or(|counted| counted.counts(&chat)))
    }

    /// Counts a press; `false` when it is one too many.
    pub(crate) fn may_press(&self, user: Option<UserId>) -> bool {
        user.zip(self.presses.as_ref()).is_none_or(|(user, counted)| counted.counts(&user))
    }

    /// Forgets who has not asked of late; says how many are left.
    pub(crate) fn sweep(&self) -> usize {
        let of_user = self.of_user.as_ref().map_or(0, Counted::sweep);
        let in_chat = self.in_chat.as_ref().map_or(0, Counted::sweep);
        of_user + in_chat + self.presses.as_ref().map_or(0, Counted::sweep)
    }
}

/// Asks by who asks. **Invariant:** at most [`CAPACITY`] of them are remembered; beyond that everybody is heard.
#[derive(Debug)]
struct Counted<K: Hash + Eq + Clone>(RateLimiter<K, DashMapStateStore<K>, Ticks, NoOpMiddleware<Duration>>);

const CAPACITY: usize = 50_000;

/// Governor on the bot's clock.
#[derive(Debug, Clone)]
struct Ticks(Clock);

impl GovernorClock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.instant()
    }
}

impl<K: Hash + Eq + Clone> Counted<K> {
    fn new(quota: Quota, clock: &Clock) -> Self {
        Self(RateLimiter::dashmap_with_clock(quota, Ticks(clock.clone())))
    }

    fn counts(&self, key: &K) -> bool {
        if self.0.len() >= CAPACITY {
            self.0.retain_recent();
        }
        self.0.len() >= CAPACITY || self.0.check_key(key).is_ok()
    }

    fn sweep(&self) -> usize {
        self.0.retain_recent();
        self.0.shrink_to_fit();
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId::new(1);
    const BERT: UserId = UserId::new(2);
    const TEA: ChatId = ChatId::new(-1001);
    const COFFEE: ChatId = ChatId::new(-1002);

    fn heard(asks: &Asks, user: UserId, chat: ChatId) -> usize {
        (0..100).filter(|_| asks.may_command(Some(user), chat)).count()
    }

    #[test]
    fn each_has_an_allowance_that_comes_back() {
        let clock = Clock::manual(chrono::DateTime::UNIX_EPOCH);
        let asks = Asks::new(AskLimits { commands_per_chat: 30, ..AskLimits::default() }, &clock);
        assert_eq!(heard(&asks, ADA, TEA), 20, "one person");
        assert_eq!(heard(&asks, BERT, TEA), 10, "one group");
        assert_eq!(heard(&asks, BERT, COFFEE), 0, "what was asked in vain in one group");
        assert_eq!(asks.sweep(), 3);
        clock.advance(Duration::from_secs(180));
        assert_eq!(asks.sweep(), 0);
        assert_eq!(heard(&asks, BERT, COFFEE), 20);
        assert_eq!((0..10).filter(|_| asks.may_press(Some(ADA))).count(), 3);
    }

    #[test]
    fn without_limits_everybody_is_heard() {
        let clock = Clock::manual(chrono::DateTime::UNIX_EPOCH);
        let asks = Asks::new(AskLimits::NONE, &clock);
        assert_eq!(heard(&asks, ADA, TEA), 100);
        assert!((0..100).all(|_| asks.may_press(Some(ADA)) && asks.may_command(None, TEA)));
    }
}
