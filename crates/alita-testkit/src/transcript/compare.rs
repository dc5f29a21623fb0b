//! Keeps what was written where it says the same as what happened.

use regex::Regex;

use super::scene::Scene;

/// The lines that stand for what happened: the written ones where they fit, else the real ones.
///
/// `{any}` fits any text within a line, `{one of a|b}` one of several, a line `{any lines}` any further lines.
pub(super) fn settle(written: &[String], real: &[String], scene: &Scene) -> Vec<String> {
    let patterns: Vec<String> = written.iter().map(|line| pattern(line, scene)).collect();
    if fits(&block(&patterns), &real.join("\n")) {
        return written.to_vec();
    }
    let mut candidates = written.iter().zip(&patterns).filter(|(line, _)| !is_any_lines(line));
    real.iter()
        .map(|line| {
            // Written lines keep their order, so a line that fits also moves the search on.
            let fitting = candidates.clone().position(|(_, pattern)| fits(pattern, line));
            fitting
                .and_then(|at| candidates.nth(at))
                .map_or_else(|| line.clone(), |(written, _)| written.clone())
        })
        .collect()
}

fn is_any_lines(line: &str) -> bool {
    line.trim() == "{any lines}"
}

fn block(patterns: &[String]) -> String {
    let mut all = String::new();
    for (at, pattern) in patterns.iter().enumerate() {
        let newline = if at == 0 { "" } else { "\n" };
        if pattern == ANY_LINES {
            all.push_str(&format!("(?:{newline}(?:[^\n]*\n)*?[^\n]*)?"));
        } else {
            all.push_str(newline);
            all.push_str(pattern);
        }
    }
    all
}

/// No text of ours holds this, so it can stand for a line that fits several.
const ANY_LINES: &str = "\u{0}";

fn pattern(line: &str, scene: &Scene) -> String {
    if is_any_lines(line) {
        return ANY_LINES.to_owned();
    }
    let line = scene.fill_in(line).unwrap_or_else(|_| line.to_owned());
    let mut pattern = String::new();
    let mut rest = line.as_str();
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        pattern.push_str(&regex::escape(before));
        if let Some(after) = from.strip_prefix("{any}") {
            pattern.push_str("[^\n]*");
            rest = after;
        } else if let Some((choices, after)) =
            from.strip_prefix("{one of ").and_then(|from| from.split_once('}'))
        {
            let choices: Vec<String> =
                choices.split('|').map(|choice| regex::escape(choice.trim())).collect();
            pattern.push_str(&format!("(?:{})", choices.join("|")));
            rest = after;
        } else {
            pattern.push_str(r"\{");
            rest = from.strip_prefix('{').unwrap_or(from);
        }
    }
    pattern.push_str(&regex::escape(rest));
    pattern
}

fn fits(pattern: &str, text: &str) -> bool {
    Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(text))
}

#[cfg(test)]
mod tests {
    use alita_model::{ChatId, UserId};

    use super::*;

    fn scene() -> Scene {
        let mut scene = Scene::new(UserId::new(777));
        scene.name_person("Mallory", UserId::new(43));
        scene.name_chat("Rust Tea", ChatId::new(-1001));
        scene
    }

    fn settled(written: &str, real: &str) -> String {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        settle(&lines(written), &lines(real), &scene()).join("\n")
    }

    #[test]
    fn marks_stay_where_they_fit() {
        let written = "  Alita: {id of Mallory} took {any} ms\n    {one of tea|coffee}";
        assert_eq!(settled(written, "  Alita: 43 took 12 ms\n    coffee"), written);
        assert_eq!(
            settled(written, "  Alita: 43 took 12 ms\n    milk"),
            "  Alita: {id of Mallory} took {any} ms\n    milk"
        );
        assert_eq!(settled(written, "  Alita: 44 took 12 ms"), "  Alita: 44 took 12 ms");
    }

    #[test]
    fn any_lines_fit_none_one_or_many() {
        let written = "  Alita: Help\n    {any lines}\n    [Back]";
        for real in ["  Alita: Help\n    [Back]", "  Alita: Help\n    a\n\n    b\n    [Back]"] {
            assert_eq!(settled(written, real), written);
        }
        assert_eq!(settled(written, "  Alita: Help\n    a"), "  Alita: Help\n    a");
    }

    #[test]
    fn other_braces_are_plain_text() {
        assert_eq!(settled("  Alita: hi {silent}", "  Alita: hi {silent}"), "  Alita: hi {silent}");
        assert_eq!(settled("  Alita: hi {silent}", "  Alita: hi"), "  Alita: hi");
    }
}
