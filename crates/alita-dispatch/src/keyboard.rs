//! Inline keyboards.

use alita_telegram::types::{InlineKeyboardButton, InlineKeyboardMarkup};

use crate::payload::Payload;

/// Rows of buttons under a message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Keyboard {
    rows: Vec<Vec<InlineKeyboardButton>>,
}

impl Keyboard {
    /// A keyboard without buttons; it is not sent at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a new row.
    #[must_use]
    pub fn row(mut self) -> Self {
        if self.rows.last().is_none_or(|row| !row.is_empty()) {
            self.rows.push(Vec::new());
        }
        self
    }

    /// Adds a button that asks the bot for something, in the current row.
    ///
    /// Data that does not fit 64 bytes makes no button: a button that does nothing would be worse.
    #[must_use]
    pub fn ask(self, label: impl Into<String>, payload: &Payload) -> Self {
        match payload.encode() {
            Ok(data) => self.push(InlineKeyboardButton::builder().text(label).callback_data(data).build()),
            Err(error) => {
                tracing::error!(namespace = payload.namespace(), %error, "a button was left out");
                self
            }
        }
    }

    /// Adds a button that opens a link, in the current row.
    #[must_use]
    pub fn link(self, label: impl Into<String>, url: impl Into<String>) -> Self {
        self.push(InlineKeyboardButton::builder().text(label).url(url).build())
    }

    fn push(mut self, button: InlineKeyboardButton) -> Self {
        match self.rows.last_mut() {
            Some(row) => row.push(button),
            None => self.rows.push(vec![button]),
        }
        self
    }

    /// Whether there is nothing to press.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.iter().all(Vec::is_empty)
    }

    /// The markup as the Bot API wants it; `None` without buttons.
    #[must_use]
    pub fn markup(&self) -> Option<InlineKeyboardMarkup> {
        let rows: Vec<_> = self.rows.iter().filter(|row| !row.is_empty()).cloned().collect();
        (!rows.is_empty()).then(|| InlineKeyboardMarkup::builder().inline_keyboard(rows).build())
    }
}
