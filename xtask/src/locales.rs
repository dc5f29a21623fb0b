//! Texts that nobody uses, and texts that a language lacks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use anyhow::{Result, bail};
use regex::Regex;
use serde::de::IgnoredAny;

use crate::cargo::{heading, root};
use crate::house::House;

/// The language that has every text.
const REFERENCE: &str = "en";

static PATH: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b[a-z0-9_]+(?:::[a-z0-9_]+)+").expect("a sound pattern"));
static GROUP: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b([a-z0-9_]+)::\{([^{}]*)\}").expect("a sound pattern"));
static ALIAS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\bt::([a-z0-9_]+) as ([a-z0-9_]+)").expect("a sound pattern"));

/// A text by file and key, as `t::<file>::<key>` names it.
type Key = (String, String);

/// Checks the texts of the project.
pub(crate) fn run() -> Result<()> {
    heading("locales");
    let problems = check(&House::read(root())?);
    if problems.is_empty() {
        eprintln!("    every language has every text, and every text is used");
        return Ok(());
    }
    for problem in &problems {
        eprintln!("    {problem}");
    }
    bail!("locales: {} problems", problems.len())
}

/// The problems.
pub(crate) fn check(house: &House) -> Vec<String> {
    let (languages, mut problems) = texts(house);
    let Some(reference) = languages.get(REFERENCE) else {
        problems.push(format!("there is no folder locales/{REFERENCE}"));
        return problems;
    };
    for (language, keys) in &languages {
        for (file, key) in reference.difference(keys) {
            problems.push(format!("locales/{language}/{file}.yaml lacks `{key}`"));
        }
        for (file, key) in keys.difference(reference) {
            problems.push(format!("locales/{language}/{file}.yaml has `{key}`, which {REFERENCE} lacks"));
        }
    }
    let used = used(house);
    for (file, key) in reference.difference(&used) {
        problems.push(format!("nobody uses `{file}::{key}`"));
    }
    problems
}

/// The keys of each language. Files that begin with `_` describe the language itself.
fn texts(house: &House) -> (BTreeMap<&str, BTreeSet<Key>>, Vec<String>) {
    let mut languages: BTreeMap<&str, BTreeSet<Key>> = BTreeMap::new();
    let mut problems = Vec::new();
    for (path, text) in house.under(&["locales/"], ".yaml") {
        let parts: Vec<&str> = path.trim_end_matches(".yaml").split('/').collect();
        let [_, language, file] = parts.as_slice() else { continue };
        let keys = languages.entry(*language).or_default();
        if file.starts_with('_') {
            continue;
        }
        match serde_saphyr::from_str::<BTreeMap<String, IgnoredAny>>(text) {
            Ok(texts) => keys.extend(texts.into_keys().map(|key| ((*file).to_owned(), key))),
            Err(error) => problems.push(format!("{path}: {error}")),
        }
    }
    (languages, problems)
}

/// Every `<file>::<key>` in the code, with groups and renamed files resolved.
fn used(house: &House) -> BTreeSet<Key> {
    let mut used = BTreeSet::new();
    for (_, text) in house.under(&["bins/", "crates/"], ".rs") {
        let aliases: BTreeMap<String, String> =
            pairs(&ALIAS, text).map(|(file, alias)| (alias, file)).collect();
        let mut add = |file: String, key: String| {
            if let Some(real) = aliases.get(&file) {
                used.insert((real.clone(), key.clone()));
            }
            used.insert((file, key));
        };
        for path in PATH.find_iter(text) {
            let words: Vec<&str> = path.as_str().split("::").collect();
            for pair in words.windows(2) {
                if let [file, key] = pair {
                    add((*file).to_owned(), (*key).to_owned());
                }
            }
        }
        for (file, keys) in pairs(&GROUP, text) {
            keys.split([',', ' ', '\n']).for_each(|key| add(file.clone(), key.trim().to_owned()));
        }
    }
    used
}

fn pairs<'t>(pattern: &'t Regex, text: &'t str) -> impl Iterator<Item = (String, String)> + 't {
    pattern
        .captures_iter(text)
        .filter_map(|found| Some((found.get(1)?.as_str().to_owned(), found.get(2)?.as_str().to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const META: (&str, &str) = ("locales/en/_meta.yaml", "name: English\n");
    const ENGLISH: (&str, &str) =
        ("locales/en/warns.yaml", "warned: Warned.\nremoved:\n  one: a\n  other: b\n");

    fn check_with(files: &[(&str, &str)]) -> Vec<String> {
        check(&House::of(&[&[META, ENGLISH], files].concat()))
    }

    #[test]
    fn a_text_is_used_by_any_of_these() {
        for source in [
            "t::warns::warned(lang); let f = alita_i18n::t::warns::removed;",
            "use alita_i18n::t::warns;\nview(warns::warned, warns::removed)",
            "use alita_i18n::t::warns::{warned,\n    removed};",
            "use alita_i18n::t::warns as words;\nwords::warned(lang) + words::removed(lang)",
        ] {
            assert_eq!(check_with(&[("crates/a/src/a.rs", source)]), Vec::<String>::new(), "{source}");
        }
        let source = "t::warns::warned(lang); t::bans::removed(lang); removed(x)";
        assert_eq!(check_with(&[("crates/a/src/a.rs", source)]), ["nobody uses `warns::removed`"]);
    }

    #[test]
    fn every_language_has_the_same_texts() {
        let source = ("bins/b/src/a.rs", "t::warns::warned; t::warns::removed");
        let spanish = ("locales/es/warns.yaml", "warned: Avisado.\ngone: Fuera.\n");
        assert_eq!(
            check_with(&[source, spanish]),
            ["locales/es/warns.yaml lacks `removed`", "locales/es/warns.yaml has `gone`, which en lacks"]
        );
        assert_eq!(
            check_with(&[source, ("locales/es/_meta.yaml", "")]).len(),
            2,
            "an empty language lacks all"
        );
    }

    #[test]
    fn what_cannot_be_read_is_a_problem() {
        assert_eq!(check_with(&[("locales/en/bans.yaml", "a: [")]).len(), 3);
        assert_eq!(check(&House::of(&[])), ["there is no folder locales/en"]);
    }
}
