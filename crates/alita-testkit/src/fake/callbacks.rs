//! Pressed buttons and their answers.

use std::collections::BTreeMap;

use super::refusal::{Answer, Refusal};
use super::world::World;

/// Telegram: the person's client stops waiting, and the answer comes too late.
const TOO_OLD_AFTER_SECONDS: i64 = 60;

#[derive(Debug, Default)]
pub(crate) struct Callbacks {
    pressed: BTreeMap<String, Pressed>,
    count: u64,
}

#[derive(Debug)]
pub(crate) struct Pressed {
    pub(crate) update: i64,
    pub(crate) at: i64,
    pub(crate) answers: u32,
}

impl Callbacks {
    pub(crate) fn next_id(&mut self) -> String {
        self.count += 1;
        (4_382_000_000_000_000_000 + self.count).to_string()
    }

    pub(crate) fn remember(&mut self, id: String, pressed: Pressed) {
        self.pressed.insert(id, pressed);
    }

    /// The presses that nobody answered, oldest first.
    pub(crate) fn unanswered(&self) -> impl Iterator<Item = (&str, &Pressed)> {
        self.pressed
            .iter()
            .filter(|(_, pressed)| pressed.answers == 0)
            .map(|(id, pressed)| (id.as_str(), pressed))
    }
}

impl World {
    pub(crate) fn answer_callback(&mut self, id: &str, text: Option<&str>) -> Answer {
        let now = self.now();
        let too_old = || Refusal::bad("query is too old and response timeout expired or query ID is invalid");
        if text.is_some_and(|text| text.encode_utf16().count() > 200) {
            return Err(Refusal::bad("MESSAGE_TOO_LONG"));
        }
        let pressed = self.callbacks.pressed.get_mut(id).ok_or_else(too_old)?;
        pressed.answers += 1;
        if pressed.answers > 1 {
            self.sin(format!("callback query {id} was answered twice"));
            return Err(too_old());
        }
        if now - pressed.at > TOO_OLD_AFTER_SECONDS {
            return Err(too_old());
        }
        Ok(true.into())
    }

    /// Every rule that was broken so far; a press counts as never answered once its update is confirmed.
    pub(crate) fn all_sins(&self) -> Vec<String> {
        let never = self
            .callbacks
            .unanswered()
            .filter(|(_, pressed)| self.queue.is_confirmed(pressed.update))
            .map(|(id, _)| format!("callback query {id} was never answered"));
        self.sins.iter().cloned().chain(never).collect()
    }
}
