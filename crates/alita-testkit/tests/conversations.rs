//! The blocks of the manual page about conversations, and those of the lines it has no room for, played with a tiny
//! bot.

mod tiny_bot;

use std::path::Path;

use alita_testkit::transcript::trials;
use libtest_mimic::Arguments;

use crate::tiny_bot::TinyBot;

fn main() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = [here.join("../../docs/src/writing-conversations.md"), here.join("tests/lines.md")];
    let mut all = Vec::new();
    for page in pages {
        let found = trials(&page, TinyBot::start).expect("the page is there");
        assert!(!found.is_empty(), "the page has conversations");
        all.extend(found);
    }
    libtest_mimic::run(&Arguments::from_args(), all).exit();
}
