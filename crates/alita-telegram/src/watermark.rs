//! Which updates are done with. The offset that Telegram is told never passes one that is not.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// An update that nobody finishes is handed out this often, then it is given up.
const MAX_DELIVERIES: u8 = 3;

#[derive(Debug, Default)]
pub(crate) struct Watermark {
    state: Mutex<State>,
    moved: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The first id that is not confirmed; `None` before the first update.
    offset: Option<i64>,
    /// Everything at or above the offset that was handed out.
    known: BTreeMap<i64, Entry>,
}

#[derive(Debug)]
struct Entry {
    stage: Stage,
    deliveries: u8,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    InHand,
    Returned,
    Done,
}

impl Watermark {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The offset to ask with.
    pub(crate) fn offset(&self) -> Option<i64> {
        self.state().offset
    }

    /// Whether an update that came for the offset `asked` is to be handed out.
    pub(crate) fn admit(&self, id: i64, asked: Option<i64>) -> bool {
        let mut state = self.state();
        if asked.is_some_and(|asked| id < asked) {
            // Telegram: after a quiet week the numbers start anew, anywhere.
            tracing::warn!(update_id = id, offset = asked, "the numbers of updates started anew");
            state.known.clear();
            state.offset = Some(id);
        }
        let offset = *state.offset.get_or_insert(id);
        if id < offset {
            // It was finished while the question was under way.
            return false;
        }
        let Some(entry) = state.known.get_mut(&id) else {
            state.known.insert(id, Entry { stage: Stage::InHand, deliveries: 1 });
            return true;
        };
        if entry.stage != Stage::Returned {
            return false;
        }
        if entry.deliveries < MAX_DELIVERIES {
            entry.stage = Stage::InHand;
            entry.deliveries += 1;
            return true;
        }
        tracing::error!(update_id = id, deliveries = entry.deliveries, "an update was given up");
        metrics::counter!("alita_telegram_updates_given_up_total").increment(1);
        entry.stage = Stage::Done;
        state.advance();
        false
    }

    pub(crate) fn done(&self, id: i64) {
        let mut state = self.state();
        if let Some(entry) = state.known.get_mut(&id) {
            entry.stage = Stage::Done;
        }
        if state.advance() {
            drop(state);
            self.moved.notify_one();
        }
    }

    /// Nobody finished it: it may be handed out again.
    pub(crate) fn returned(&self, id: i64) {
        if let Some(entry) = self.state().known.get_mut(&id) {
            entry.stage = Stage::Returned;
        }
        self.moved.notify_one();
    }

    /// Returns when nothing that was handed out is unfinished.
    pub(crate) async fn caught_up(&self) {
        while !self.state().known.is_empty() {
            self.moved().await;
        }
    }

    /// Returns when something was finished or given back since the last wait.
    pub(crate) async fn moved(&self) {
        self.moved.notified().await;
    }
}

impl State {
    fn advance(&mut self) -> bool {
        let mut moved = false;
        while let Some(first) = self.known.first_entry() {
            if first.get().stage != Stage::Done {
                break;
            }
            // Ids come in order, so a gap below this one will never be filled.
            self.offset = Some(first.remove_entry().0 + 1);
            moved = true;
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_offset_waits_for_the_lowest() {
        let mark = Watermark::default();
        assert_eq!(mark.offset(), None);
        for id in [10, 11, 13] {
            assert!(mark.admit(id, None));
        }
        mark.done(13);
        mark.done(11);
        assert_eq!(mark.offset(), Some(10));
        assert!(!mark.admit(10, Some(10)), "in hand");
        assert!(!mark.admit(11, Some(10)), "done, above the offset");
        mark.done(10);
        assert_eq!(mark.offset(), Some(14));
        assert!(!mark.admit(13, Some(10)), "done while the question was under way");
    }

    #[test]
    fn what_is_given_back_comes_again_but_not_for_ever() {
        let mark = Watermark::default();
        assert!(mark.admit(5, None));
        for _ in 1..MAX_DELIVERIES {
            mark.returned(5);
            assert_eq!(mark.offset(), Some(5));
            assert!(mark.admit(5, Some(5)));
        }
        mark.returned(5);
        assert!(!mark.admit(5, Some(5)));
        assert_eq!(mark.offset(), Some(6));
    }

    #[test]
    fn numbers_may_start_anew() {
        let mark = Watermark::default();
        assert!(mark.admit(1000, None));
        mark.done(1000);
        assert!(mark.admit(3, Some(1001)));
        mark.done(3);
        assert_eq!(mark.offset(), Some(4));
    }

    proptest! {
        #[test]
        fn the_offset_never_passes_an_unfinished_update(order in Just((0_i64..40).collect::<Vec<_>>()).prop_shuffle()) {
            let mark = Watermark::default();
            for id in 0..40 {
                prop_assert!(mark.admit(id, None));
            }
            let mut open: std::collections::BTreeSet<i64> = (0..40).collect();
            for id in order {
                mark.done(id);
                open.remove(&id);
                prop_assert_eq!(mark.offset(), Some(open.first().copied().unwrap_or(40)));
            }
        }
    }
}
