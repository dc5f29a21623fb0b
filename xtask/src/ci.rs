//! What the build server runs, and what to run before a commit.
//!
//! The tests come last, so that the output ends with the lines that sum them up.

use anyhow::Result;
use clap::Args;

use crate::cargo::{step, step_with};
use crate::{fuzz, locales, programs, schemas, test, tidy};

/// What strangers may switch on in the crate that is made for them.
const FEATURES_FOR_STRANGERS: [&str; 3] = ["", "frankenstein", "directory"];

/// What to leave out, and how to run the tests.
#[derive(Args)]
pub(crate) struct CiOptions {
    /// Do not hold the manifests of `deploy/` and `.github/` against their schemas, which needs Python.
    #[arg(long)]
    pub(crate) no_schemas: bool,
    #[command(flatten)]
    pub(crate) test: test::Options,
}

/// Runs every check, the tests last, and stops at the first that fails.
pub(crate) fn run(options: &CiOptions) -> Result<()> {
    step(&["fmt", "--all", "--check"])?;
    step(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    step_with(&[("RUSTDOCFLAGS", "-D warnings")], &["doc", "--workspace", "--no-deps"])?;
    tidy::run()?;
    locales::run()?;
    if !options.no_schemas {
        schemas::check()?;
    }
    for feature in FEATURES_FOR_STRANGERS {
        // Within the workspace somebody always switches everything on; alone it must build, too.
        step(&["check", "--package", "alita-permissions", "--no-default-features", "--features", feature])?;
    }
    fuzz::compiles()?;
    programs::demo(&[])?;
    if options.no_schemas {
        schemas::say_what_is_left_out();
    }
    test::run(&options.test)
}
