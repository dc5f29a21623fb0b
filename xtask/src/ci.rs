//! What the build server runs, and what to run before a commit.

use anyhow::Result;

use crate::cargo::step;
use crate::{locales, test, tidy};

/// Runs every check, the tests last, and stops at the first that fails.
pub(crate) fn run(options: &test::Options) -> Result<()> {
    step(&["fmt", "--all", "--check"])?;
    step(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    tidy::run()?;
    locales::run()?;
    test::run(options)
}
