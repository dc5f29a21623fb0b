//! The piece of outside work in whose name we are working, for example one update.
//!
//! Its id comes again when the same work is delivered again after a crash, and the steps inside it are counted in
//! the order in which they are asked for, so `(id, step)` names one write of one piece of work for ever.
//! Messages to people are counted apart from other steps: work that is delivered again may find what it has done
//! already and take another way, and its first answer is still the first answer.
//! A spawned task does not inherit it: what runs beside the work is not a numbered step of it.

use std::cell::Cell;

struct Origin {
    id: i64,
    steps: Cell<u32>,
    messages: Cell<u32>,
}

tokio::task_local! {
    static ORIGIN: Origin;
}

/// Runs `future` in the name of `id`; its steps count from 0.
///
/// No async function: that would keep a second copy of the future's room.
pub fn scope<F: Future>(id: i64, future: F) -> impl Future<Output = F::Output> {
    ORIGIN.scope(Origin { id, steps: Cell::new(0), messages: Cell::new(0) }, future)
}

/// The id in whose name we are working, or `None` outside of any [`scope`].
#[must_use]
pub fn current() -> Option<i64> {
    ORIGIN.try_with(|origin| origin.id).ok()
}

/// The number of the next step of this scope: 0, then 1, then 2.
#[must_use]
pub fn next_step() -> Option<u32> {
    ORIGIN.try_with(|origin| next(&origin.steps)).ok()
}

/// The number of the next message that this scope sends to people: 0, then 1, then 2.
#[must_use]
pub fn next_message() -> Option<u32> {
    ORIGIN.try_with(|origin| next(&origin.messages)).ok()
}

fn next(count: &Cell<u32>) -> u32 {
    count.replace(count.get().saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn steps_count_within_their_scope() {
        assert_eq!((current(), next_step()), (None, None));
        let seen = scope(7, async { (current(), next_step(), next_step()) }).await;
        assert_eq!(seen, (Some(7), Some(0), Some(1)));
        let again = scope(7, async { next_step() }).await;
        assert_eq!(again, Some(0));
    }

    #[tokio::test]
    async fn messages_are_counted_apart() {
        assert_eq!(next_message(), None);
        let seen = scope(7, async { (next_step(), next_message(), next_step(), next_message()) }).await;
        assert_eq!(seen, (Some(0), Some(0), Some(1), Some(1)));
    }
}
