//! Any text behind a command: words, phrases, the rest, and times.
#![no_main]

use alita_dispatch::Args;
use alita_model::durations;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut words = Args::from_text(text);
    let mut count = 0;
    while let Some(word) = words.word() {
        assert!(!word.is_empty() && !word.contains(char::is_whitespace));
        if let Ok(duration) = durations::parse(&word) {
            let _amounts = durations::amounts(duration);
        }
        count += 1;
    }
    assert_eq!(count, text.split_whitespace().count());
    assert!(words.is_empty() && words.rest().is_empty());
    let mut phrases = Args::from_text(text);
    while phrases.phrase().is_some() {
        let _here = (phrases.mark_here(), phrases.rest_with_marks(), phrases.peek());
    }
});
