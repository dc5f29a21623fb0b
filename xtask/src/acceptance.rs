//! Every numbered example of a module is shown somewhere: over a conversation, in a test's name, or in a line of a
//! module's page that says why not. What is shown only in part has a line that says so.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::house::House;

/// How many examples each module has, one module a line.
const NUMBERS: &str = "xtask/acceptance.txt";

/// Where the book speaks of the modules, and says what is not shown.
const BOOK: &str = "docs/src/modules/";

/// Where conversations stand.
const PAGES: &[&str] = &[BOOK, "crates/alita-modules/tests/conversations/"];

/// Where tests stand.
const TESTS: &[&str] = &["bins/", "crates/"];

static ID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b([a-z]+(?:_[a-z]+)*)-([0-9]{2})\b").expect("a sound pattern"));
/// `- warns-07: why it is not shown`, and `- warns-07 (part): what of it is not shown`.
static EXCUSE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[-*\s]*`?([a-z_]+-[0-9]{2})`?( \(part\))?: \S").expect("a sound pattern"));
static FUNCTION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*(?:pub )?(?:async )?fn ([a-z0-9_]+)").expect("a sound pattern"));
static TEST: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^#\[(?:[a-z_]+::)?test(?:\(.*\))?\]$").expect("a sound pattern"));

/// The problems.
pub(crate) fn check(house: &House) -> Vec<String> {
    let Some(numbers) = house.text(NUMBERS) else { return vec![format!("{NUMBERS} is missing")] };
    let shown = shown(house);
    let tests = tests(house);
    let (excused, in_part) = excused(house);
    let is_shown = |id: &str| shown.contains(id) || is_tested(id, &tests);
    let mut problems = Vec::new();
    for line in numbers.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let Some((module, count)) = counted(line) else {
            problems.push(format!("{NUMBERS}: `{line}` is not a module and a number"));
            continue;
        };
        let ids: Vec<String> = (1..=count).map(|number| format!("{module}-{number:02}")).collect();
        let listed = |belongs: &dyn Fn(&str) -> bool| -> Vec<&str> {
            ids.iter().map(String::as_str).filter(|id| belongs(id)).collect()
        };
        for (complaint, found) in [
            ("no conversation, test or reason for", listed(&|id| !is_shown(id) && !excused.contains(id))),
            ("a reason why not, and yet it is shown:", listed(&|id| is_shown(id) && excused.contains(id))),
            (
                "shown in part, they say, but it is not shown:",
                listed(&|id| !is_shown(id) && in_part.contains(id)),
            ),
        ] {
            if !found.is_empty() {
                problems.push(format!("{complaint} {}", found.join(" ")));
            }
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

/// The examples that a page says are not shown, and those of which it says that a part is missing.
fn excused(house: &House) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut excused, mut in_part) = (BTreeSet::new(), BTreeSet::new());
    for (_, text) in house.under(&[BOOK], ".md") {
        let mut is_inside = false;
        for line in text.lines() {
            if line.starts_with("```") {
                is_inside = !is_inside;
            } else if let Some(found) = EXCUSE.captures(line).filter(|_| !is_inside) {
                let kind = if found.get(2).is_some() { &mut in_part } else { &mut excused };
                kind.extend(found.get(1).map(|id| id.as_str().to_owned()));
            }
        }
    }
    (excused, in_part)
}

/// The names of the functions that run as tests: what is left out proves nothing.
fn tests(house: &House) -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    for (_, text) in house.under(TESTS, ".rs") {
        let (mut is_test, mut is_ignored) = (false, false);
        for line in text.lines() {
            let attribute = line.trim();
            if attribute.starts_with("#[") || attribute.starts_with("//") {
                is_test |= TEST.is_match(attribute);
                is_ignored |= attribute.starts_with("#[ignore");
                continue;
            }
            if is_test && !is_ignored {
                tests.extend(FUNCTION.captures(line).and_then(|name| Some(name.get(1)?.as_str().to_owned())));
            }
            (is_test, is_ignored) = (false, false);
        }
    }
    tests
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
        let source = "#[tokio::test(flavor = \"multi_thread\")]\nasync fn bot_updates_01_joins() {}\n";
        assert_eq!(
            missing("- `bot_updates-02`: Telegram sends no such update.\n", source),
            Vec::<String>::new()
        );
        assert_eq!(missing("bot_updates-02:\n", source).len(), 1, "a reason has words");
        let other = "#[test]\nfn robot_updates_01() {}\n#[test]\nfn bot_updates_021() {}\n";
        assert_eq!(missing("", other).len(), 1);
    }

    #[test]
    fn only_what_runs_is_a_test() {
        let reason = "- bot_updates-02: no such update.\n";
        for source in [
            "fn bot_updates_01() {}\n",
            "#[test]\n#[ignore]\nfn bot_updates_01() {}\n",
            "#[ignore = \"slow\"]\n#[tokio::test]\nasync fn bot_updates_01() {}\n",
            "// #[test]\nfn bot_updates_01() {}\n",
            "#[test]\n// fn bot_updates_01() {}\nfn another() {}\n",
            "#[test]\nfn another() {}\n\nfn bot_updates_01() {}\n",
            "#[cfg(test)]\nfn bot_updates_01() {}\n",
        ] {
            assert_eq!(
                missing(reason, source),
                ["no conversation, test or reason for bot_updates-01"],
                "{source}"
            );
        }
        for source in [
            "    #[test]\n    /// Says why.\n    fn bot_updates_01() {}\n",
            "#[tokio::test]\n#[expect(clippy::unwrap_used, reason = \"a test\")]\nasync fn bot_updates_01() {}\n",
        ] {
            assert_eq!(missing(reason, source), Vec::<String>::new(), "{source}");
        }
    }

    #[test]
    fn a_reason_stands_outside_of_fences_and_is_true() {
        let first = "```chat bot_updates-01\nAda: hi\n```\n";
        let within = format!("{first}```text\n- bot_updates-02: no such update.\n```\n");
        assert_eq!(missing(&within, ""), ["no conversation, test or reason for bot_updates-02"]);
        let both = format!("{first}- bot_updates-01: not yet.\n- bot_updates-02: not yet.\n");
        assert_eq!(missing(&both, ""), ["a reason why not, and yet it is shown: bot_updates-01"]);
        let part = format!("{first}- `bot_updates-01` (part): not yet.\n- bot_updates-02: not yet.\n");
        assert_eq!(missing(&part, ""), Vec::<String>::new());
        let hollow = format!("{first}- bot_updates-02 (part): not yet.\n");
        assert_eq!(
            missing(&hollow, ""),
            [
                "no conversation, test or reason for bot_updates-02",
                "shown in part, they say, but it is not shown: bot_updates-02",
            ]
        );
    }

    #[test]
    fn the_list_itself_is_checked() {
        assert_eq!(check(&House::of(&[])), ["xtask/acceptance.txt is missing"]);
        assert_eq!(check(&House::of(&[(NUMBERS, "warns many\n")])).len(), 1);
    }
}
