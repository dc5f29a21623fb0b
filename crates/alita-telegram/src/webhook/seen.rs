//! Which updates this process is at, and which it has handled.

use std::collections::{HashSet, VecDeque};

/// Copies come within minutes; so many updates do not.
const KEPT: usize = 10_000;

/// What is known of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    New,
    InWork,
    Done,
}

#[derive(Debug, Default)]
pub(super) struct Seen {
    in_work: HashSet<i64>,
    done: HashSet<i64>,
    order: VecDeque<i64>,
}

impl Seen {
    /// Notes that the handling of a new one begins.
    pub(super) fn begin(&mut self, id: i64) -> Known {
        if self.done.contains(&id) {
            Known::Done
        } else if self.in_work.insert(id) {
            Known::New
        } else {
            Known::InWork
        }
    }

    /// The handling has ended; what was not handled is as good as new.
    pub(super) fn end(&mut self, id: i64, is_handled: bool) {
        self.in_work.remove(&id);
        if is_handled && self.done.insert(id) {
            self.order.push_back(id);
            if self.order.len() > KEPT
                && let Some(oldest) = self.order.pop_front()
            {
                self.done.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_recognised_until_ten_thousand_others_came() {
        let mut seen = Seen::default();
        assert_eq!(seen.begin(1), Known::New);
        assert_eq!(seen.begin(1), Known::InWork);
        seen.end(1, false);
        assert_eq!(seen.begin(1), Known::New, "it was given back");
        seen.end(1, true);
        assert_eq!(seen.begin(1), Known::Done);
        for id in 2..10_001 {
            assert_eq!(seen.begin(id), Known::New);
            seen.end(id, true);
        }
        assert_eq!(seen.begin(1), Known::Done);
        seen.end(10_001, true);
        assert_eq!(seen.begin(1), Known::New);
        assert_eq!((seen.done.len(), seen.order.len()), (KEPT, KEPT));
    }
}
