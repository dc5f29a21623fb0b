//! The list of metrics in `alita-monitoring` is whole: nobody counts what is not on it, nothing on it is never counted.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::house::House;

/// The list.
const LIST: &str = "crates/alita-monitoring/src/metric_names.rs";

static NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#""(alita_[a-z0-9_]+)""#).expect("a sound pattern"));
static COUNTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\b(?:counter|gauge|histogram)!\(\s*"(alita_[a-z0-9_]+)""#).expect("a sound pattern")
});

/// The problems.
pub(crate) fn check(house: &House) -> Vec<String> {
    let listed = names(&NAME, house.text(LIST).unwrap_or_default());
    let mut counted = BTreeMap::new();
    let mut named = Vec::new();
    for (path, text) in house.under(&["bins/", "crates/"], ".rs").filter(|(path, _)| *path != LIST) {
        counted.extend(names(&COUNTED, text).into_iter().map(|name| (name, path)));
        named.extend(names(&NAME, text));
    }
    let unlisted = counted
        .iter()
        .filter(|(name, _)| !listed.contains(name))
        .map(|(name, path)| format!("{path} counts {name}, which {LIST} does not list"));
    let unused = listed
        .iter()
        .filter(|name| !named.contains(name))
        .map(|name| format!("{LIST} lists {name}, which nobody counts"));
    unlisted.chain(unused).collect()
}

fn names<'t>(pattern: &Regex, text: &'t str) -> Vec<&'t str> {
    pattern.captures_iter(text).filter_map(|found| found.get(1)).map(|name| name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_and_the_code_agree() {
        let list = (LIST, "counter(\"alita_commands_total\", &[])\ngauge(\"alita_tasks\", &[])");
        let code =
            "counter!(\n    \"alita_commands_total\").increment(1); gauge!(\"alita_oddities\").set(1);";
        let problems = check(&House::of(&[list, ("crates/a/src/a.rs", code)]));
        assert_eq!(
            problems,
            [
                "crates/a/src/a.rs counts alita_oddities, which crates/alita-monitoring/src/metric_names.rs does not list",
                "crates/alita-monitoring/src/metric_names.rs lists alita_tasks, which nobody counts",
            ]
        );
    }
}
