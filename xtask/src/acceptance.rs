//! Every numbered example of a module is shown somewhere: over a conversation, in a test's name, or in a line of the
//! module's page that says why not.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::house::House;

/// How many examples each module has, one module a line.
const NUMBERS: &str = "xtask/acceptance.txt";

/// Where conversations stand.
const PAGES: &[&str] = &["docs/src/modules/", "crates/alita-modules/tests/conversations/"];

/// Where tests stand.
const TESTS: &[&str] = &["bins/", "crates/"];

static ID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b([a-z]+(?:_[a-z]+)*)-([0-9]{2})\b").expect("a sound pattern"));
static EXCUSE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^[-*\s]*`?([a-z_]+-[0-9]{2})`?: \S").expect("a sound pattern"));
static TEST: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bfn ([a-z0-9_]+)").expect("a sound pattern"));

/// The problems.
pub(crate) fn check(house: &House) -> Vec<String> {
    let Some(numbers) = house.text(NUMBERS) else { return vec![format!("{NUMBERS} is missing")] };
    let shown = shown(house);
    let tests = tests(house);
    let mut problems = Vec::new();
    for line in numbers.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let Some((module, count)) = counted(line) else {
            problems.push(format!("{NUMBERS}: `{line}` is not a module and a number"));
            continue;
        };
        let page = house.text(&format!("docs/src/modules/{module}.md")).unwrap_or_default();
        let excused: BTreeSet<&str> =
            EXCUSE.captures_iter(page).filter_map(|found| found.get(1)).map(|id| id.as_str()).collect();
        let missing: Vec<String> = (1..=count)
            .map(|number| format!("{module}-{number:02}"))
            .filter(|id| !shown.contains(id) && !excused.contains(id.as_str()) && !is_tested(id, &tests))
            .collect();
        if !missing.is_empty() {
            problems.push(format!("no conversation, test or reason for {}", missing.join(" ")));
        }
    }
    problems
}

fn counted(line: &str) -> Option<(&str, u32)> {
    let (module, count) = line.trim().split_once(' ')?;
    Some((module, count.trim().parse().ok()?))
}

/// The examples that head a conversation: in the heading above it, behind its fence, or in a comment at its top.
fn shown(house: &House) -> BTreeSet<String> {
    let mut shown = BTreeSet::new();
    for (_, text) in house.under(PAGES, ".md") {
        let mut heading = "";
        let mut lines = text.lines().peekable();
        let mut is_inside = false;
        while let Some(line) = lines.next() {
            if let Some(info) = line.strip_prefix("```") {
                is_inside = !is_inside;
                if is_inside && info.split_whitespace().next() == Some("chat") {
                    let comment = lines.peek().copied().filter(|line| line.starts_with('#'));
                    for place in [heading, info, comment.unwrap_or_default()] {
                        shown.extend(ID.find_iter(place).map(|id| id.as_str().to_owned()));
                    }
                }
            } else if !is_inside && line.starts_with('#') {
                heading = line;
            }
        }
    }
    shown
}

fn tests(house: &House) -> BTreeSet<String> {
    let sources = house.under(TESTS, ".rs");
    sources
        .flat_map(|(_, text)| TEST.captures_iter(text).filter_map(|found| found.get(1)))
        .map(|name| name.as_str().to_owned())
        .collect()
}

/// `warns_07` at the beginning of a test's name or in it, as a word.
fn is_tested(id: &str, tests: &BTreeSet<String>) -> bool {
    let wanted = format!("_{}_", id.replace('-', "_"));
    tests.iter().any(|name| format!("_{name}_").contains(&wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(page: &str, source: &str) -> Vec<String> {
        check(&House::of(&[
            (NUMBERS, "# numbers\nbot_updates 2\n\n"),
            ("docs/src/modules/bot_updates.md", page),
            ("crates/alita-modules/tests/proof.rs", source),
        ]))
    }

    #[test]
    fn a_conversation_shows_what_stands_over_it() {
        for page in [
            "## bot_updates-01, bot_updates-02\n\nWords.\n\n```chat\nAda: hi\n```\n",
            "```chat bot_updates-01 bot_updates-02 joining\nAda: hi\n```\n",
            "```chat\n# bot_updates-01 bot_updates-02\nAda: hi\n```\n",
            "# Page\n```chat bot_updates-01\n```\n## bot_updates-02\n```chat\n```\n",
        ] {
            assert_eq!(missing(page, ""), Vec::<String>::new(), "{page}");
        }
    }

    #[test]
    fn a_number_without_a_conversation_shows_nothing() {
        for page in [
            "## bot_updates-01 bot_updates-02\n\nOnly words.\n",
            "## bot_updates-01 bot_updates-02\n```text\n```\n",
            "## bot_updates-01 bot_updates-02\n\n## Another\n```chat\n```\n",
            "```chat\nAda: bot_updates-01 bot_updates-02\n```\n",
            "```text\n## bot_updates-01 bot_updates-02\n```\n```chat\n```\n",
        ] {
            let expected = ["no conversation, test or reason for bot_updates-01 bot_updates-02"];
            assert_eq!(missing(page, ""), expected, "{page}");
        }
    }

    #[test]
    fn tests_and_reasons_count() {
        let source = "#[tokio::test]\nasync fn bot_updates_01_joins() {}\n";
        assert_eq!(
            missing("- `bot_updates-02`: Telegram sends no such update.\n", source),
            Vec::<String>::new()
        );
        assert_eq!(missing("bot_updates-02:\n", source).len(), 1, "a reason has words");
        assert_eq!(missing("", "fn robot_updates_01() {}\nfn bot_updates_021() {}").len(), 1);
    }

    #[test]
    fn the_list_itself_is_checked() {
        assert_eq!(check(&House::of(&[])), ["xtask/acceptance.txt is missing"]);
        assert_eq!(check(&House::of(&[(NUMBERS, "warns many\n")])).len(), 1);
    }
}
