//! Who sends nonsense, and how much of it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use tokio::time::Instant;

/// The time in which failures are counted, and in which one line is logged.
const MINUTE: Duration = Duration::from_secs(60);
/// More failures than this within a minute are a flood.
const MOST_FAILURES: u32 = 20;
/// So many addresses are told apart; beyond that new ones are not counted until a minute has passed.
const MOST_ADDRESSES: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Strangers {
    failures: HashMap<IpAddr, (Instant, u32)>,
    /// When room was last made; not at every failure, or many addresses would cost much time.
    swept: Option<Instant>,
    told: Option<Instant>,
    left_out: u64,
}

/// What to do about a failure.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Noted {
    /// Too many of these from there.
    pub(super) is_flood: bool,
    /// Write a line, and say how many were left out before it.
    pub(super) tell: Option<u64>,
}

impl Strangers {
    pub(super) fn note(&mut self, from: Option<IpAddr>, now: Instant) -> Noted {
        let is_flood = from.is_some_and(|from| self.count(network(from), now) > MOST_FAILURES);
        let is_silent = self.told.is_some_and(|told| now < told + MINUTE);
        if is_silent {
            self.left_out += 1;
            return Noted { is_flood, tell: None };
        }
        self.told = Some(now);
        Noted { is_flood, tell: Some(std::mem::take(&mut self.left_out)) }
    }

    fn count(&mut self, from: IpAddr, now: Instant) -> u32 {
        if self.failures.len() >= MOST_ADDRESSES && !self.failures.contains_key(&from) {
            if self.swept.is_none_or(|swept| now >= swept + MINUTE) {
                self.swept = Some(now);
                self.failures.retain(|_, (since, _)| now < *since + MINUTE);
            }
            if self.failures.len() >= MOST_ADDRESSES {
                return 0;
            }
        }
        let (since, count) = self.failures.entry(from).or_insert((now, 0));
        if now >= *since + MINUTE {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count
    }
}

/// Whoever has one address of version 6 has all of its network.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        ip @ IpAddr::V4(_) => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_a_minute_and_one_line() {
        let (mut strangers, now) = (Strangers::default(), Instant::now());
        let from: Option<IpAddr> = "192.0.2.7".parse().ok();
        assert_eq!(strangers.note(from, now), Noted { is_flood: false, tell: Some(0) });
        for _ in 1..20 {
            assert_eq!(strangers.note(from, now), Noted { is_flood: false, tell: None });
        }
        assert!(strangers.note(from, now).is_flood);
        assert!(!strangers.note("192.0.2.8".parse().ok(), now).is_flood);
        let later = now + MINUTE;
        assert_eq!(strangers.note(from, later), Noted { is_flood: false, tell: Some(21) });
    }

    #[test]
    fn memory_is_bounded_and_a_network_is_one() {
        let (mut strangers, now) = (Strangers::default(), Instant::now());
        for n in 0..20_u16 {
            assert!(!strangers.note(format!("2001:db8::{n:x}").parse().ok(), now).is_flood);
        }
        assert!(strangers.note("2001:db8::ffff".parse().ok(), now).is_flood);
        for n in 0..20_000_u32 {
            strangers.note(Some(IpAddr::V4(n.into())), now);
        }
        assert_eq!(strangers.failures.len(), MOST_ADDRESSES);
    }
}
