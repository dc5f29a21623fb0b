//! The book and the pages at the root lead somewhere: every relative link has its file and its heading, and every page
//! of the book is in its table of contents.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::house::House;

const BOOK: &str = "docs/src/";
const CONTENTS: &str = "docs/src/SUMMARY.md";

/// Pages of the book that people who write it read, and nobody else.
const NOT_IN_THE_BOOK: &[&str] = &[CONTENTS, "docs/src/writing-conversations.md"];

static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\]\(([^()\s]+)\)").expect("a sound pattern"));
static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new("`[^`\n]*`").expect("a sound pattern"));

/// The problems.
pub(crate) fn check(house: &House) -> Vec<String> {
    // The pages inside crates are read by rustdoc, which checks their links by its own rules.
    let is_page = |path: &str| path.ends_with(".md") && (path.starts_with("docs/") || !path.contains('/'));
    let pages: Vec<(&str, &str)> = house.files().filter(|(path, _)| is_page(path)).collect();
    let mut problems: Vec<String> =
        pages.iter().flat_map(|(path, text)| broken_links(house, path, text)).collect();
    let contents: BTreeSet<String> = links(house.text(CONTENTS).unwrap_or_default())
        .into_iter()
        .filter_map(|link| target(CONTENTS, &link))
        .collect();
    for (path, _) in pages.iter().filter(|(path, _)| path.starts_with(BOOK)) {
        if !NOT_IN_THE_BOOK.contains(path) && !contents.contains(*path) {
            problems.push(format!("{path} is not in {CONTENTS}"));
        }
    }
    problems
}

fn broken_links(house: &House, page: &str, text: &str) -> Vec<String> {
    let is_foreign = |link: &str| link.contains("://") || link.starts_with("mailto:");
    let links = links(text).into_iter().filter(|link| !is_foreign(link));
    links
        .filter(|link| !leads_somewhere(house, page, text, link))
        .map(|link| format!("{page}: {link}"))
        .collect()
}

fn leads_somewhere(house: &House, page: &str, text: &str, link: &str) -> bool {
    let (file, heading) = link.split_once('#').map_or((link, None), |(file, heading)| (file, Some(heading)));
    let there =
        if file.is_empty() { Some(text) } else { target(page, file).and_then(|path| house.text(&path)) };
    match (there, heading) {
        (Some(text), Some(heading)) => headings(text).contains(heading),
        (there, _) => there.is_some(),
    }
}

/// What stands in `](...)`, outside of code.
fn links(text: &str) -> Vec<String> {
    let mut is_code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            let line = CODE.replace_all(line, "");
            found.extend(
                LINK.captures_iter(&line).filter_map(|it| it.get(1)).map(|it| it.as_str().to_owned()),
            );
        }
    }
    found
}

/// The path from the root of what a page calls `link`.
fn target(page: &str, link: &str) -> Option<String> {
    let mut path = PathBuf::new();
    for part in Path::new(page).parent()?.join(link.split('#').next()?).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::ParentDir => {
                path.pop();
            }
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path.to_str()?.replace('\\', "/"))
}

/// The names under which mdBook lets headings be found.
fn headings(text: &str) -> BTreeSet<String> {
    let titles =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    titles
        .map(|title| {
            let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.collect::<String>().to_lowercase().replace(' ', "-")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_leads_somewhere_and_every_page_is_found() {
        let house = House::of(&[
            (CONTENTS, "- [A](a.md)\n- [B](part/b.md)"),
            ("docs/src/a.md", "[there](part/b.md#two-words) [here](#one) [out](https://x.example)\n## One"),
            ("docs/src/part/b.md", "[back](../a.md) `[code](nowhere.md)`\n# Two words\n```\n[x](y.md)\n```"),
            ("docs/src/c.md", "[gone](d.md) [no heading](a.md#two)"),
        ]);
        let problems = check(&house);
        assert_eq!(
            problems,
            ["docs/src/c.md: d.md", "docs/src/c.md: a.md#two", "docs/src/c.md is not in docs/src/SUMMARY.md"]
        );
    }
}
