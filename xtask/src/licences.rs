//! Every crate that we use has a licence that `deny.toml` allows.

use serde::Deserialize;
use spdx::{Expression, ParseMode};

use crate::crates::Foreign;

#[derive(Deserialize)]
struct Deny {
    licenses: Licences,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
}

/// The problems, for the text of `deny.toml`.
pub(crate) fn check(deny: Option<&str>, crates: &[Foreign]) -> Vec<String> {
    let Some(deny) = deny else { return vec!["deny.toml is missing".to_owned()] };
    match toml::from_str::<Deny>(deny) {
        Ok(deny) => crates.iter().filter_map(|it| problem(it, &deny.licenses.allow)).collect(),
        Err(error) => vec![format!("deny.toml: {error}")],
    }
}

fn problem(it: &Foreign, allowed: &[String]) -> Option<String> {
    let Some(licence) = &it.licence else { return Some(format!("{} names no licence", it.name)) };
    let Ok(expression) = Expression::parse_mode(licence, ParseMode::LAX) else {
        return Some(format!("{}: `{licence}` is no licence that we know", it.name));
    };
    let may = expression.evaluate(|wanted| {
        let wanted = wanted.to_string();
        allowed.contains(&wanted)
    });
    (!may).then(|| format!("{}: `{licence}` is not allowed by deny.toml", it.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENY: &str = "[licenses]\nallow = [\"MIT\", \"Unicode-3.0\"]\nconfidence-threshold = 0.9\n";

    fn problems(licence: Option<&str>) -> usize {
        let it = Foreign { name: "serde 1.0.0".to_owned(), licence: licence.map(str::to_owned) };
        check(Some(DENY), &[it]).len()
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
        assert_eq!(check(None, &[]), ["deny.toml is missing"]);
        assert_eq!(check(Some("[bans]"), &[]).len(), 1);
    }
}
