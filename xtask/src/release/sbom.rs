//! What is inside the binary, as a bill of materials (CycloneDX 1.5, JSON).

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use cargo_metadata::{MetadataCommand, Package, PackageId};
use serde_json::{Value, json};

use crate::cargo::root;
use crate::crates::{pulls_in, reach};

/// The bill for the binary of one machine: every crate that it pulls in, with its version and licence, and who pulls in
/// whom. `at` is when the commit was made, so that the same commit makes the same bill.
pub(super) fn bill(version: &str, target: &str, at: &str) -> Result<String> {
    let mut command = MetadataCommand::new();
    command.current_dir(root()).other_options(vec!["--filter-platform".to_owned(), target.to_owned()]);
    let metadata = command.exec().context("cargo metadata failed")?;
    let bot = metadata.packages.iter().find(|package| package.name.as_str() == "alita-bot");
    let bot = bot.context("the workspace has no alita-bot")?;
    let pulls_in = pulls_in(&metadata);
    let inside = reach(&bot.id, &pulls_in);
    let mut packages: Vec<&Package> =
        metadata.packages.iter().filter(|package| inside.contains(&package.id)).collect();
    packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    let names: BTreeMap<&PackageId, String> =
        packages.iter().chain([&bot]).map(|package| (&package.id, reference(package))).collect();
    let arrows = names.iter().map(|(id, name)| {
        let pulled_in = pulls_in.get(*id).into_iter().flatten();
        let pulled_in: BTreeSet<&String> = pulled_in.filter_map(|id| names.get(id)).collect();
        json!({ "ref": name, "dependsOn": pulled_in })
    });
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": at,
            "component": {
                "bom-ref": reference(bot),
                "type": "application",
                "name": "alita-bot",
                "version": version,
                "licenses": [{ "license": { "id": "MIT" } }],
            },
        },
        "components": packages.into_iter().map(component).collect::<Vec<Value>>(),
        "dependencies": arrows.collect::<Vec<Value>>(),
    });
    Ok(serde_json::to_string_pretty(&bill)?)
}

/// How other parts of the bill call a package.
fn reference(package: &Package) -> String {
    format!("{}@{}", package.name, package.version)
}

fn component(package: &Package) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(package),
        "name": package.name.as_str(),
        "version": package.version.to_string(),
    });
    if package.source.is_some() {
        component["purl"] = format!("pkg:cargo/{}@{}", package.name, package.version).into();
    }
    if let Some(licence) = &package.license {
        // A slash is how licences were joined before expressions had words for it.
        let words = licence.replace('/', " OR ");
        let expression = words.split_whitespace().collect::<Vec<_>>().join(" ");
        component["licenses"] = json!([{ "expression": expression }]);
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_is_named_and_what_only_tests_need_is_not() {
        let bill = bill("1.2.3", "x86_64-unknown-linux-gnu", "2026-01-02T03:04:05Z").unwrap();
        let bill: Value = serde_json::from_str(&bill).unwrap();
        let components = bill["components"].as_array().unwrap();
        let named = |name: &str| components.iter().find(|it| it["name"] == name);
        let tokio = named("tokio").expect("the runtime is inside");
        assert!(tokio["purl"].as_str().unwrap().starts_with("pkg:cargo/tokio@1."), "{tokio}");
        assert_eq!(tokio["licenses"][0]["expression"], "MIT");
        assert!(named("alita-dispatch").is_some_and(|it| it.get("purl").is_none()));
        assert!(named("proptest").is_none() && named("alita-testkit").is_none());
        assert!(components.iter().all(|it| it.get("licenses").is_some()));

        // Who pulls in whom, each by the name under which it is listed, and each listed once.
        let arrows = bill["dependencies"].as_array().unwrap();
        let listed: BTreeSet<&str> = components
            .iter()
            .chain([&bill["metadata"]["component"]])
            .map(|it| it["bom-ref"].as_str().unwrap())
            .collect();
        assert_eq!(listed.len(), components.len() + 1);
        let from: BTreeSet<&str> = arrows.iter().map(|it| it["ref"].as_str().unwrap()).collect();
        assert_eq!(from, listed);
        let bot = arrows.iter().find(|it| it["ref"] == bill["metadata"]["component"]["bom-ref"]).unwrap();
        assert!(bot["dependsOn"].as_array().unwrap().contains(&tokio["bom-ref"]), "{bot}");
    }
}
