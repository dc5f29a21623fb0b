//! The list of metrics in `alita-monitoring` is whole: nobody counts what is not on it, nothing on it is never counted,
//! and no graph, alert or page asks for a metric or a label that is not there.

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

/// A metric of the list with its labels.
static DECLARED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\b(counter|gauge|histogram)\(\s*"(alita_[a-z0-9_]+)",\s*&\[([^\]]*)\]"#)
        .expect("a sound pattern")
});
/// A metric in an expression, with its conditions; in JSON their quotes are escaped.
static ASKED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\b(alita_[a-z0-9_]+)(?:\{((?:[^}"]|"[^"]*")*)\})?"#).expect("a sound pattern")
});
static CONDITION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b([a-z_]+)\s*(?:=~|!~|!=|=)").expect("a sound pattern"));
static GROUPED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)").expect("a sound pattern"));

/// Labels that Prometheus adds.
const ADDED: &[&str] = &["instance", "job", "le"];

/// Where metrics are asked for: one expression a line.
const GRAPHS: &[&str] = &["deploy/grafana/", "deploy/prometheus/", "docs/src/operators/"];

/// It names crates and services, which look like metrics.
const NOT_A_GRAPH: &str = "docs/src/operators/configuration.md";

/// What is asked for and not there.
fn asked_in_vain(house: &House) -> Vec<String> {
    let list = house.text(LIST).unwrap_or_default();
    let listed: BTreeMap<&str, (bool, Vec<&str>)> = DECLARED
        .captures_iter(list)
        .map(|found| found.extract())
        .map(|(_, [kind, name, labels])| {
            let labels = labels.split(',').map(|label| label.trim().trim_matches('"')).collect();
            (name, (kind == "histogram", labels))
        })
        .collect();
    let mut problems = Vec::new();
    let is_graph = |path: &str| path != NOT_A_GRAPH && GRAPHS.iter().any(|folder| path.starts_with(folder));
    for (path, text) in house.files().filter(|(path, _)| is_graph(path)) {
        for line in text.lines() {
            let mut known: Vec<&str> = ADDED.to_vec();
            let mut is_whole = true;
            for found in ASKED.captures_iter(line) {
                let name = found.get(1).map_or("", |name| name.as_str());
                let Some(labels) = labels_of(name, &listed) else {
                    problems.push(format!("{path} asks for {name}, which {LIST} does not list"));
                    is_whole = false;
                    continue;
                };
                let conditions = found.get(2).map_or("", |conditions| conditions.as_str());
                for label in names(&CONDITION, conditions) {
                    if !labels.contains(&label) && !ADDED.contains(&label) {
                        problems.push(format!(
                            "{path} asks for the label {label} of {name}, which has none such"
                        ));
                    }
                }
                known.extend(labels);
            }
            // In prose `by (...)` means nothing, and a metric that is missing was told already.
            if known.len() == ADDED.len() || !is_whole {
                continue;
            }
            let groups = names(&GROUPED, line);
            for label in groups.iter().flat_map(|labels| labels.split(',')).map(str::trim) {
                if !known.contains(&label) {
                    problems.push(format!("{path} groups by {label}, which no metric of that line has"));
                }
            }
        }
    }
    problems
}

/// A histogram is asked for by its buckets, its sum or its count.
fn labels_of<'l>(name: &str, listed: &BTreeMap<&str, (bool, Vec<&'l str>)>) -> Option<Vec<&'l str>> {
    if let Some((_, labels)) = listed.get(name) {
        return Some(labels.clone());
    }
    let name = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end))?;
    listed.get(name).filter(|(is_histogram, _)| *is_histogram).map(|(_, labels)| labels.clone())
}

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
    unlisted.chain(unused).chain(asked_in_vain(house)).collect()
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

    #[test]
    fn graphs_and_alerts_ask_for_what_is_there() {
        let list = "counter(\"alita_calls_total\", &[\"method\"])\nhistogram(\"alita_wait_seconds\", &[])";
        let code = ("crates/a/src/a.rs", "\"alita_calls_total\" \"alita_wait_seconds\"");
        let problems = |path: &str, line: &str| check(&House::of(&[(LIST, list), code, (path, line)]));
        for fine in [
            "expr: sum by (method, instance) (rate(alita_calls_total{method!=\"a}b\"}[5m]))",
            "\"expr\": \"alita_calls_total{method=~\\\"a\\\"} > 0\"",
            "histogram_quantile(0.9, sum by (le) (rate(alita_wait_seconds_bucket[5m])))",
            "grouped by (nobody)",
        ] {
            assert!(problems("deploy/prometheus/a.yaml", fine).is_empty(), "{fine}");
        }
        for wrong in [
            "alita_calls > 0",
            "alita_calls_total_bucket",
            "alita_calls_total{outcome=\"ok\"}",
            "sum by (outcome) (alita_calls_total)",
            "\"expr\": \"alita_calls_total{a=\\\"b\\\"}\"",
        ] {
            assert_eq!(problems("deploy/grafana/a.json", wrong).len(), 1, "{wrong}");
        }
    }
}
