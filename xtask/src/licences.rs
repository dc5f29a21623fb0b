//! Every crate that we use has a licence that `deny.toml` allows; its exceptions are for tools, not for the bot.

use serde::Deserialize;
use spdx::{Expression, ParseMode};

use crate::crates::{Crates, Foreign};

/// What people are given.
const SHIPPED: &str = "alita-bot";

#[derive(Deserialize)]
struct Deny {
    licenses: Licences,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

/// Licences that are allowed to one crate.
#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

/// The problems, for the text of `deny.toml`.
pub(crate) fn check(deny: Option<&str>, crates: &Crates) -> Vec<String> {
    let Some(deny) = deny else { return vec!["deny.toml is missing".to_owned()] };
    let licences = match toml::from_str::<Deny>(deny) {
        Ok(deny) => deny.licenses,
        Err(error) => return vec![format!("deny.toml: {error}")],
    };
    let mut problems: Vec<String> = crates.foreign.iter().filter_map(|it| problem(it, &licences)).collect();
    let shipped = crates.ours.iter().filter(|it| it.name == SHIPPED);
    for name in licences.exceptions.iter().map(|it| &it.name) {
        if shipped.clone().any(|it| it.reach.contains(name)) {
            problems.push(format!("{name} is inside {SHIPPED}, where deny.toml may make no exception"));
        }
    }
    problems
}

fn problem(it: &Foreign, licences: &Licences) -> Option<String> {
    let Some(licence) = &it.licence else { return Some(format!("{} names no licence", it.name)) };
    let Ok(expression) = Expression::parse_mode(licence, ParseMode::LAX) else {
        return Some(format!("{}: `{licence}` is no licence that we know", it.name));
    };
    let (name, _version) = it.name.split_once(' ').unwrap_or((&it.name, ""));
    let exceptions = licences.exceptions.iter().filter(|exception| exception.name == name);
    let allowed: Vec<&String> =
        licences.allow.iter().chain(exceptions.flat_map(|exception| &exception.allow)).collect();
    let may = expression.evaluate(|wanted| {
        let wanted = wanted.to_string();
        allowed.contains(&&wanted)
    });
    (!may).then(|| format!("{}: `{licence}` is not allowed by deny.toml", it.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crates::Crate;

    const DENY: &str = r#"
[licenses]
allow = ["MIT", "Unicode-3.0"]
exceptions = [{ crate = "icons", allow = ["CC-BY-4.0"] }]
confidence-threshold = 0.9
"#;

    fn problems_of(name: &str, licence: Option<&str>) -> usize {
        let it = Foreign { name: name.to_owned(), licence: licence.map(str::to_owned) };
        check(Some(DENY), &Crates { ours: Vec::new(), foreign: vec![it] }).len()
    }

    fn problems(licence: Option<&str>) -> usize {
        problems_of("serde 1.0.0", licence)
    }

    #[test]
    fn an_exception_is_for_one_crate_and_not_for_the_bot() {
        assert_eq!(problems_of("icons 1.0.0", Some("CC-BY-4.0 AND MIT")), 0);
        assert_eq!(problems_of("icons-too 1.0.0", Some("CC-BY-4.0 AND MIT")), 1);
        let bot = Crate { name: SHIPPED.to_owned(), reach: ["icons".to_owned()].into(), ..Crate::default() };
        assert_eq!(check(Some(DENY), &Crates { ours: vec![bot], foreign: Vec::new() }).len(), 1);
    }

    #[test]
    fn one_of_the_choices_must_be_allowed() {
        for allowed in ["MIT", "MIT OR GPL-3.0-only", "Apache-2.0/MIT", "(MIT OR Apache-2.0) AND Unicode-3.0"]
        {
            assert_eq!(problems(Some(allowed)), 0, "{allowed}");
        }
        for not_allowed in ["GPL-3.0-only", "MIT AND GPL-3.0-only", "Apache-2.0 WITH LLVM-exception", "mine"]
        {
            assert_eq!(problems(Some(not_allowed)), 1, "{not_allowed}");
        }
        assert_eq!(problems(None), 1);
    }

    #[test]
    fn without_the_list_nothing_is_allowed() {
        assert_eq!(check(None, &Crates::default()), ["deny.toml is missing"]);
        assert_eq!(check(Some("[bans]"), &Crates::default()).len(), 1);
    }
}
