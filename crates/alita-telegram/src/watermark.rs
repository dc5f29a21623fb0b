//! Which updates are done with. The offset that Telegram is told never passes one that is not.

use std::collections::{BTreeMap, BTreeSet};
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
    /// What is kept in a backlog, so that the offset need not wait for it.
    aside: BTreeMap<i64, Aside>,
}

#[derive(Debug)]
struct Entry {
    stage: Stage,
    deliveries: u8,
}

#[derive(Debug)]
struct Aside {
    entry: Entry,
    /// The update, should it be given back.
    json: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    InHand,
    Returned,
    Done,
    /// Done with, and no longer kept, but Telegram may still send it.
    Forgotten,
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
        if asked.is_some_and(|asked| id < asked && state.offset.is_none_or(|offset| offset >= asked)) {
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
        let is_aside = state.aside.contains_key(&id);
        let Some(entry) = state.known.get_mut(&id) else {
            let stage = if is_aside { Stage::Done } else { Stage::InHand };
            state.known.insert(id, Entry { stage, deliveries: 1 });
            if is_aside {
                state.advance();
            }
            return !is_aside;
        };
        if entry.stage != Stage::Returned {
            return false;
        }
        let is_handed_out = entry.may_come_again(id);
        state.advance();
        is_handed_out
    }

    pub(crate) fn done(&self, id: i64) {
        let mut state = self.state();
        if let Some(entry) = state.entry(id) {
            entry.stage = Stage::Done;
        }
        if state.advance() {
            drop(state);
            self.moved.notify_one();
        }
    }

    /// Nobody finished it: it may be handed out again.
    pub(crate) fn returned(&self, id: i64) {
        let mut state = self.state();
        if let Some(entry) = state.entry(id) {
            entry.stage = Stage::Returned;
        }
        drop(state);
        self.moved.notify_one();
    }

    /// What was handed out and is not finished, and for which the offset waits.
    pub(crate) fn in_hand(&self) -> Vec<i64> {
        let state = self.state();
        let in_hand = state.known.iter().filter(|(_, entry)| entry.stage == Stage::InHand);
        in_hand.map(|(id, _)| *id).collect()
    }

    /// The offset need not wait for this one any more, for it is kept.
    pub(crate) fn set_aside(&self, id: i64, json: String) {
        let mut state = self.state();
        let entry = match state.known.get_mut(&id) {
            Some(entry) => {
                let stage = std::mem::replace(&mut entry.stage, Stage::Done);
                Entry { stage, deliveries: entry.deliveries }
            }
            // It came to its end while it was written down.
            None => Entry { stage: Stage::Done, deliveries: 1 },
        };
        state.aside.insert(id, Aside { entry, json });
        state.advance();
    }

    /// This one is kept since an earlier time. Whether it is to be handed out: not if it is in hand already.
    pub(crate) fn resume(&self, id: i64, json: String) -> bool {
        let mut state = self.state();
        if state.aside.contains_key(&id) {
            return false;
        }
        if state.known.contains_key(&id) {
            drop(state);
            self.set_aside(id, json);
            return false;
        }
        let entry = Entry { stage: Stage::InHand, deliveries: 1 };
        state.aside.insert(id, Aside { entry, json });
        true
    }

    /// How many are kept.
    pub(crate) fn aside(&self) -> usize {
        self.state().aside.values().filter(|aside| aside.entry.stage != Stage::Forgotten).count()
    }

    /// Which of these nobody works on, and nobody will.
    pub(crate) fn gone(&self, ids: &BTreeSet<i64>) -> Vec<i64> {
        let state = self.state();
        let is_gone = |id: &&i64| {
            let is_open = state.known.get(id).is_some_and(|entry| entry.stage != Stage::Done);
            !is_open && !state.aside.contains_key(id)
        };
        ids.iter().filter(is_gone).copied().collect()
    }

    /// What was set aside and given back: it is handed out again, but not for ever.
    pub(crate) fn take_returned(&self) -> Vec<String> {
        let mut state = self.state();
        let returned = state.aside.iter_mut().filter(|(_, aside)| aside.entry.stage == Stage::Returned);
        returned
            .filter_map(|(id, aside)| aside.entry.may_come_again(*id).then(|| aside.json.clone()))
            .collect()
    }

    /// What was set aside and is finished: it need not be kept any longer.
    pub(crate) fn finished(&self) -> Vec<i64> {
        let state = self.state();
        let done = state.aside.iter().filter(|(_, aside)| aside.entry.stage == Stage::Done);
        done.map(|(id, _)| *id).collect()
    }

    /// These are kept no longer.
    pub(crate) fn forgotten(&self, ids: &[i64]) {
        let mut state = self.state();
        for id in ids {
            if let Some(aside) = state.aside.get_mut(id) {
                aside.entry.stage = Stage::Forgotten;
                aside.json = String::new();
            }
        }
        state.drop_forgotten();
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

impl Entry {
    /// Whether somebody may try again, which then counts.
    fn may_come_again(&mut self, id: i64) -> bool {
        if self.deliveries < MAX_DELIVERIES {
            self.stage = Stage::InHand;
            self.deliveries += 1;
            return true;
        }
        tracing::error!(update_id = id, deliveries = self.deliveries, "an update was given up");
        metrics::counter!("alita_telegram_updates_given_up_total").increment(1);
        self.stage = Stage::Done;
        false
    }
}

impl State {
    /// Where it is to be noted what became of an update.
    fn entry(&mut self, id: i64) -> Option<&mut Entry> {
        match self.aside.get_mut(&id) {
            Some(aside) => Some(&mut aside.entry),
            None => self.known.get_mut(&id),
        }
    }

    /// What Telegram cannot send any more need not be remembered.
    fn drop_forgotten(&mut self) {
        let offset = self.offset.unwrap_or(i64::MIN);
        self.aside.retain(|id, aside| aside.entry.stage != Stage::Forgotten || *id >= offset);
    }

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
        if moved && !self.aside.is_empty() {
            self.drop_forgotten();
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
        for id in [3, 4, 5] {
            assert!(mark.admit(id, Some(1001)));
        }
        assert_eq!(mark.offset(), Some(3), "all three are in hand");
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
