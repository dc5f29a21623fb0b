//! Adds up the summaries of the test runner, so that the last line tells the whole.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

/// Tests that ran, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
}

static RESULT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^test result: .*?([0-9]+) passed; ([0-9]+) failed; ([0-9]+) ignored")
        .expect("a sound pattern")
});

impl Summary {
    /// Takes in a line of output; lines that are no summary change nothing.
    pub(crate) fn read(&mut self, line: &str) {
        if let Some(found) = RESULT.captures(line) {
            let number =
                |group| found.get(group).and_then(|number| number.as_str().parse().ok()).unwrap_or(0);
            self.passed += number(1);
            self.failed += number(2);
            self.ignored += number(3);
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.ignored > 0 {
            write!(f, ", {} skipped", self.ignored)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_all_crates_are_added() {
        let mut summary = Summary::default();
        for line in [
            "running 24 tests",
            "test result: ok. 24 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.12s",
            "     test result: ok. 9 passed; 0 failed; 0 ignored (a line that somebody printed)",
            "test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.00s",
        ] {
            summary.read(line);
        }
        assert_eq!(summary, Summary { passed: 27, failed: 2, ignored: 1 });
        assert_eq!(summary.to_string(), "27 passed, 2 failed, 1 skipped");
    }
}
