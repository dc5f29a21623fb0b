//! Names and lengths: no room for odds and ends, and no file whose second idea was not looked for.

use crate::crates::Crates;
use crate::house::House;

/// Rooms that fill with whatever nobody found a place for.
const FORBIDDEN: &[&str] = &["utils", "common", "helpers"];

/// Longer files say at their head why.
const LONGEST: usize = 600;

/// The one module with unsafe code.
const UNSAFE: &str = "bins/alita-bot/src/allocator.rs";

/// What every other file may not say.
const ALLOWS_UNSAFE: &str = concat!("allow(unsafe", "_code");

/// What the head of a long file says, followed by the reason.
const REASON: &str = "long because";

/// How far down the head goes.
const HEAD: usize = 40;

/// The problems.
pub(crate) fn check(house: &House, crates: &Crates) -> Vec<String> {
    let mut problems: Vec<String> = house.files().flat_map(|(path, text)| in_file(path, text)).collect();
    for it in crates.ours.iter().filter(|it| it.name.split('-').any(is_forbidden)) {
        problems.push(format!("the crate {} is named after nothing in particular", it.name));
    }
    problems.sort();
    problems.dedup();
    problems
}

fn in_file(path: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    if folder.split('/').any(is_forbidden) {
        problems.push(format!("the folder {folder} is named after nothing in particular"));
    }
    let Some(name) = file.strip_suffix(".rs") else { return problems };
    if is_forbidden(name) {
        problems.push(format!("the file {path} is named after nothing in particular"));
    }
    if path != UNSAFE && text.contains(ALLOWS_UNSAFE) {
        problems.push(format!("{path} allows unsafe code, which stands in {UNSAFE} alone"));
    }
    let lines = text.lines().count();
    let mut head = text.lines().take(HEAD).filter(|line| line.starts_with("//"));
    if lines > LONGEST && !head.any(|line| line.to_lowercase().contains(REASON)) {
        problems.push(format!(
            "{path} has {lines} lines: look for the second idea in it, or say at its head `Long because …`"
        ));
    }
    problems
}

/// `misc` is the name of a module that people know; `misc_something` is a drawer.
fn is_forbidden(name: &str) -> bool {
    FORBIDDEN.contains(&name) || name.starts_with("misc_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crates::Crate;

    fn problems(path: &str, text: &str) -> usize {
        check(&House::of(&[(path, text)]), &Crates::default()).len()
    }

    #[test]
    fn rooms_for_odds_and_ends_are_found() {
        for path in ["crates/a/src/utils.rs", "crates/a/src/common/x.rs", "crates/a/src/misc_parts.rs"] {
            assert_eq!(problems(path, ""), 1, "{path}");
        }
        for path in ["crates/a/src/misc.rs", "locales/en/common.yaml", "crates/a/src/utility.rs"] {
            assert_eq!(problems(path, ""), 0, "{path}");
        }
        let ours = vec![Crate { name: "alita-utils".to_owned(), ..Crate::default() }];
        assert_eq!(check(&House::default(), &Crates { ours, ..Crates::default() }).len(), 1);
    }

    #[test]
    fn unsafe_code_stands_in_one_module() {
        let text = concat!("#![allow(unsafe", "_code, reason = \"..\")]");
        assert_eq!(problems("crates/a/src/a.rs", text), 1);
        assert_eq!(problems(UNSAFE, text), 0);
    }

    #[test]
    fn a_long_file_says_why() {
        let long = "let x = 1;\n".repeat(601);
        assert_eq!(problems("crates/a/src/a.rs", &long), 1);
        assert_eq!(problems("crates/a/src/a.rs", &"\n".repeat(600)), 0);
        assert_eq!(
            problems("crates/a/src/a.rs", &format!("//! A table. Long because it is one.\n{long}")),
            0
        );
        assert_eq!(problems("docs/src/a.md", &long), 0);
    }
}
