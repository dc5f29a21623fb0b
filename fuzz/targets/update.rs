//! Any bytes as an update: reading, looking at it once, its words and its entities.
#![no_main]

use std::sync::Arc;

use alita_dispatch::{Event, View, Words};
use alita_telegram::read_update;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(update) = read_update(bytes) else { return };
    let Some(view) = View::of(Arc::unwrap_or_clone(update)) else { return };
    let _key = view.order_key();
    let (Event::Message(message) | Event::EditedMessage(message)) = &view.event else { return };
    let words = Words::of(message);
    for mark in words.marks() {
        // A mark is a part of the text, on the borders of characters.
        assert!(words.as_str().get(mark.start..mark.end).is_some());
    }
    let _html = (words.to_html(), words.entities());
});
