//! What the build server runs, and what to run before a commit.
//!
//! The tests come last, so that the output ends with the lines that sum them up.

use anyhow::Result;

use crate::cargo::{step, step_with};
use crate::{fuzz, locales, programs, test, tidy};

/// What strangers may switch on in the crate that is made for them.
const FEATURES_FOR_STRANGERS: [&str; 3] = ["", "frankenstein", "directory"];

/// Runs every check, the tests last, and stops at the first that fails.
pub(crate) fn run(options: &test::Options) -> Result<()> {
    step(&["fmt", "--all", "--check"])?;
    step(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    step_with(&[("RUSTDOCFLAGS", "-D warnings")], &["doc", "--workspace", "--no-deps"])?;
    tidy::run()?;
    locales::run()?;
    for feature in FEATURES_FOR_STRANGERS {
        // Within the workspace somebody always switches everything on; alone it must build, too.
        step(&["check", "--package", "alita-permissions", "--no-default-features", "--features", feature])?;
    }
    fuzz::compiles()?;
    programs::demo(&[])?;
    test::run(options)
}
