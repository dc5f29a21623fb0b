//! Every conversation of the modules, those in the book included, played with the whole bot.

mod support;

use std::path::Path;

use alita_testkit::transcript::trials;
use libtest_mimic::Arguments;

use crate::support::TestBot;

fn main() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["tests/conversations", "../../docs/src/modules"] {
        let found = trials(&here.join(folder), TestBot::start).expect("readable conversations");
        assert!(!found.is_empty(), "{folder} has conversations");
        all.extend(found);
    }
    libtest_mimic::run(&Arguments::from_args(), all).exit();
}
