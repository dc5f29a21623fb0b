//! One word, one column: what a crate and a module need beside their code.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use crate::crates::Crates;
use crate::house::House;

const ARCHITECTURE: &str = "ARCHITECTURE.md";
const CONTENTS: &str = "docs/src/SUMMARY.md";
const MODULES: &[&str] = &["crates/alita-modules/src/"];

static MODULE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"Module::new\(\s*"([a-z_]+)""#).expect("a sound pattern"));

/// The problems.
pub(crate) fn check(house: &House, crates: &Crates) -> Vec<String> {
    let mut problems = Vec::new();
    if house.text(ARCHITECTURE).is_none() {
        problems.push(format!("{ARCHITECTURE} is missing"));
    }
    for it in &crates.ours {
        problems.extend(crate_column(house, &it.name, &it.folder));
    }
    for module in modules(house) {
        problems.extend(module_column(house, &module));
    }
    problems
}

/// The modules that the bot's code declares.
pub(crate) fn modules(house: &House) -> BTreeSet<String> {
    let sources = house.under(MODULES, ".rs");
    sources.flat_map(|(_, text)| MODULE.captures_iter(text).filter_map(|found| word(&found))).collect()
}

fn word(found: &regex::Captures<'_>) -> Option<String> {
    found.get(1).map(|word| word.as_str().to_owned())
}

fn crate_column(house: &House, name: &str, folder: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if house.text(&format!("{folder}/README.md")).is_none() {
        problems.push(format!("{name} has no front page: {folder}/README.md is missing"));
    }
    if !house.text(&format!("{folder}/Cargo.toml")).is_some_and(has_our_lints) {
        problems.push(format!("{folder}/Cargo.toml lacks `[lints] workspace = true`"));
    }
    if house.text(ARCHITECTURE).is_some_and(|text| !text.contains(name)) {
        problems.push(format!("{ARCHITECTURE} does not name {name}"));
    }
    problems
}

fn module_column(house: &House, module: &str) -> Vec<String> {
    let page = format!("modules/{module}.md");
    let mut problems = Vec::new();
    // A module that only listens says nothing, so it needs no words.
    let is_shown =
        house.text(&format!("crates/alita-modules/src/{module}.rs")).is_some_and(|it| it.contains(".help("));
    let words = is_shown.then(|| format!("locales/en/{module}.yaml"));
    for path in std::iter::once(format!("docs/src/{page}")).chain(words) {
        if house.text(&path).is_none() {
            problems.push(format!("the module {module} lacks {path}"));
        }
    }
    if house.text(CONTENTS).is_some_and(|text| !text.contains(&page)) {
        problems.push(format!("{CONTENTS} does not list {page}"));
    }
    problems
}

#[derive(Default, Deserialize)]
struct Manifest {
    #[serde(default)]
    lints: Lints,
}

#[derive(Default, Deserialize)]
struct Lints {
    #[serde(default)]
    workspace: bool,
}

fn has_our_lints(manifest: &str) -> bool {
    toml::from_str::<Manifest>(manifest).is_ok_and(|manifest| manifest.lints.workspace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crates::Crate;

    const SOURCE: (&str, &str) = ("crates/alita-modules/src/warns.rs", "Module::new(\"warns\").help(page)\n");

    #[test]
    fn a_module_has_a_page_and_words() {
        let bare = House::of(&[SOURCE, (ARCHITECTURE, ""), (CONTENTS, "- [Bans](modules/bans.md)")]);
        let problems = check(&bare, &Crates::default());
        assert_eq!(problems.len(), 3, "{problems:?}");
        let whole = House::of(&[
            SOURCE,
            (ARCHITECTURE, ""),
            (CONTENTS, "- [Warns](modules/warns.md)"),
            ("docs/src/modules/warns.md", "# Warns"),
            ("locales/en/warns.yaml", "help: Help"),
        ]);
        assert_eq!(check(&whole, &Crates::default()), Vec::<String>::new());
    }

    #[test]
    fn a_crate_has_a_front_page_our_lints_and_a_place_in_the_drawing() {
        let it = Crate { name: "alita-db".into(), folder: "crates/alita-db".into(), ..Crate::default() };
        let crates = Crates { ours: vec![it], ..Crates::default() };
        let bare =
            House::of(&[(ARCHITECTURE, "nothing yet"), ("crates/alita-db/Cargo.toml", "[lints.rust]\n")]);
        assert_eq!(check(&bare, &crates).len(), 3);
        let whole = House::of(&[
            (ARCHITECTURE, "alita-db knows SQL"),
            ("crates/alita-db/Cargo.toml", "[lints]\nworkspace = true\n"),
            ("crates/alita-db/README.md", "# alita-db"),
        ]);
        assert_eq!(check(&whole, &crates), Vec::<String>::new());
    }
}
