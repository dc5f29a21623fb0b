//! Who may know whom: arrows point down, and each outside world has one crate that knows it.

use crate::crates::{Arrow, Crate, Crates};

/// Each crate and its floor; a crate knows only those below.
const FLOORS: &[(&str, u8)] = &[
    ("alita-bot", 4),
    ("alita-modules", 3),
    ("alita-dispatch", 2),
    ("alita-db", 2),
    ("alita-permissions", 1),
    ("alita-cache", 1),
    ("alita-monitoring", 1),
    ("alita-testkit", 1),
    ("alita-model", 0),
    ("alita-markup", 0),
    ("alita-i18n", 0),
    ("alita-telegram", 0),
    ("alita-runtime", 0),
];

/// Arrows on one floor: the model is everybody's vocabulary, and texts are made of safe HTML.
const BESIDE: &[(&str, &str)] = &[
    ("alita-markup", "alita-model"),
    ("alita-i18n", "alita-model"),
    ("alita-telegram", "alita-model"),
    ("alita-runtime", "alita-model"),
    ("alita-i18n", "alita-markup"),
];

/// Known by tests only.
const TESTKIT: &str = "alita-testkit";

/// Known by the binary; tests may use it too.
const MIGRATIONS: &str = "alita-migrations";
const BINARY: &str = "alita-bot";

/// Stands outside the house.
const XTASK: &str = "xtask";

/// An outside world, and the crates that may name it; the binary joins the parts and may name any.
const DOORS: &[(&str, &[&str])] = &[
    ("fred", &["alita-cache"]),
    ("sea-orm", &["alita-db"]),
    ("sea-orm-migration", &["alita-migrations"]),
    ("frankenstein", &["alita-telegram", "alita-permissions"]),
];

/// What must stay usable anywhere, and what it therefore never pulls in.
const PURE: &[(&str, &[&str])] = &[
    ("alita-model", &["tokio", "hyper", "sqlx-core", "fred", "frankenstein"]),
    ("alita-markup", &["tokio", "hyper", "sqlx-core", "fred", "frankenstein"]),
    ("alita-permissions", &["hyper", "sqlx-core", "fred"]),
];

/// The problems.
pub(crate) fn check(crates: &Crates) -> Vec<String> {
    crates.ours.iter().flat_map(|from| from_crate(from, crates)).collect()
}

fn from_crate(from: &Crate, crates: &Crates) -> Vec<String> {
    let mut problems = Vec::new();
    if floor(&from.name).is_none() && ![XTASK, MIGRATIONS].contains(&from.name.as_str()) {
        problems.push(format!("{} stands on no floor: give it one in xtask/src/floors.rs", from.name));
    }
    for arrow in &from.arrows {
        let is_ours = crates.ours.iter().any(|ours| ours.name == arrow.to);
        let why = if is_ours { why_not(&from.name, arrow) } else { closed_door(&from.name, arrow) };
        problems.extend(why.map(|why| format!("{} -> {}: {why}", from.name, arrow.to)));
    }
    for (_, worlds) in PURE.iter().filter(|(name, _)| *name == from.name) {
        let reached = worlds.iter().filter(|world| from.reach.contains(**world));
        problems.extend(reached.map(|world| format!("{} pulls in {world}, and must not", from.name)));
    }
    problems
}

/// Why there must be no such arrow between crates of ours.
fn why_not(from: &str, arrow: &Arrow) -> Option<&'static str> {
    let to = arrow.to.as_str();
    if from == XTASK || to == XTASK {
        return Some("xtask runs our programs, it does not link them");
    }
    if from == MIGRATIONS {
        return Some("a migration is data, it knows nothing of today's code");
    }
    if to == MIGRATIONS {
        return (!arrow.is_dev && from != BINARY).then_some("only the binary and tests run migrations");
    }
    if to == TESTKIT {
        return (!arrow.is_dev).then_some("the test kit is for tests");
    }
    let (Some(above), Some(below)) = (floor(from), floor(to)) else { return None };
    let is_down = below < above || BESIDE.contains(&(from, to));
    (!is_down).then_some("arrows point down")
}

/// Why the crate must not name this outside world.
fn closed_door(from: &str, arrow: &Arrow) -> Option<&'static str> {
    let (_, who) = DOORS.iter().find(|(world, _)| *world == arrow.to)?;
    let may = arrow.is_dev || from == BINARY || who.contains(&from);
    (!may).then_some("another crate is the door to that world")
}

fn floor(name: &str) -> Option<u8> {
    FLOORS.iter().find(|(listed, _)| *listed == name).map(|(_, floor)| *floor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house(from: &str, to: &str, is_dev: bool) -> Vec<String> {
        let arrow = Arrow { to: to.to_owned(), is_dev };
        let ours = FLOORS.iter().map(|(name, _)| *name).chain([XTASK, MIGRATIONS]);
        let ours = ours.map(|name| Crate {
            name: name.to_owned(),
            arrows: if name == from { vec![arrow.clone()] } else { Vec::new() },
            ..Crate::default()
        });
        check(&Crates { ours: ours.collect(), ..Crates::default() })
    }

    #[test]
    fn arrows_point_down() {
        for (from, to) in [
            ("alita-bot", "alita-model"),
            ("alita-modules", "alita-db"),
            ("alita-db", "alita-cache"),
            ("alita-i18n", "alita-markup"),
            ("alita-telegram", "alita-model"),
            ("alita-bot", "alita-migrations"),
        ] {
            assert_eq!(house(from, to, false), Vec::<String>::new());
        }
        for (from, to) in [
            ("alita-model", "alita-db"),
            ("alita-db", "alita-dispatch"),
            ("alita-markup", "alita-i18n"),
            ("alita-cache", "alita-cache"),
            ("alita-modules", "alita-migrations"),
            ("alita-modules", "alita-testkit"),
            ("alita-migrations", "alita-model"),
            ("xtask", "alita-migrations"),
        ] {
            assert_eq!(house(from, to, false).len(), 1, "{from} -> {to}");
        }
    }

    #[test]
    fn tests_may_use_the_test_kit_and_the_migrations() {
        assert_eq!(house("alita-telegram", "alita-testkit", true), Vec::<String>::new());
        assert_eq!(house("alita-db", "alita-migrations", true), Vec::<String>::new());
        assert_eq!(house("alita-model", "alita-db", true), ["alita-model -> alita-db: arrows point down"]);
    }

    #[test]
    fn each_outside_world_has_one_door() {
        assert_eq!(house("alita-cache", "fred", false), Vec::<String>::new());
        assert_eq!(house("alita-bot", "fred", false), Vec::<String>::new());
        assert_eq!(house("alita-modules", "sea-orm", true), Vec::<String>::new());
        assert_eq!(house("alita-modules", "sea-orm", false).len(), 1);
    }

    #[test]
    fn what_is_pure_stays_pure_however_far_away_the_reason_is() {
        let model = Crate { name: "alita-model".to_owned(), ..Crate::default() };
        let model = Crate { reach: ["serde", "tokio"].map(str::to_owned).into(), ..model };
        let problems = check(&Crates { ours: vec![model], ..Crates::default() });
        assert_eq!(problems, ["alita-model pulls in tokio, and must not"]);
    }

    #[test]
    fn a_new_crate_needs_a_floor() {
        let new = Crate { name: "alita-attic".to_owned(), ..Crate::default() };
        assert_eq!(check(&Crates { ours: vec![new], ..Crates::default() }).len(), 1);
    }
}
