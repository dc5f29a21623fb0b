//! What is inside the binary, as a bill of materials (CycloneDX 1.5, JSON).

use anyhow::{Context, Result};
use cargo_metadata::{MetadataCommand, Package};
use serde_json::{Value, json};

use crate::cargo::root;
use crate::crates::{pulls_in, reach};

/// The bill for the binary of one machine: every crate that it pulls in, with its version and licence.
pub(super) fn bill(version: &str, target: &str) -> Result<String> {
    let mut command = MetadataCommand::new();
    command.current_dir(root()).other_options(vec!["--filter-platform".to_owned(), target.to_owned()]);
    let metadata = command.exec().context("cargo metadata failed")?;
    let bot = metadata.packages.iter().find(|package| package.name.as_str() == "alita-bot");
    let bot = bot.context("the workspace has no alita-bot")?;
    let inside = reach(&bot.id, &pulls_in(&metadata));
    let mut packages: Vec<&Package> =
        metadata.packages.iter().filter(|package| inside.contains(&package.id)).collect();
    packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": "alita-bot",
                "version": version,
                "licenses": [{ "license": { "id": "MIT" } }],
            },
        },
        "components": packages.into_iter().map(component).collect::<Vec<Value>>(),
    });
    Ok(serde_json::to_string_pretty(&bill)?)
}

fn component(package: &Package) -> Value {
    let mut component = json!({
        "type": "library",
        "name": package.name.as_str(),
        "version": package.version.to_string(),
    });
    if package.source.is_some() {
        component["purl"] = format!("pkg:cargo/{}@{}", package.name, package.version).into();
    }
    if let Some(licence) = &package.license {
        // A slash is how licences were joined before expressions had words for it.
        component["licenses"] = json!([{ "expression": licence.replace('/', " OR ") }]);
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_is_named_and_what_only_tests_need_is_not() {
        let bill: Value = serde_json::from_str(&bill("1.2.3", "x86_64-unknown-linux-gnu").unwrap()).unwrap();
        let components = bill["components"].as_array().unwrap();
        let named = |name: &str| components.iter().find(|it| it["name"] == name);
        let tokio = named("tokio").expect("the runtime is inside");
        assert!(tokio["purl"].as_str().unwrap().starts_with("pkg:cargo/tokio@1."), "{tokio}");
        assert_eq!(tokio["licenses"][0]["expression"], "MIT");
        assert!(named("alita-dispatch").is_some_and(|it| it.get("purl").is_none()));
        assert!(named("proptest").is_none() && named("alita-testkit").is_none());
        assert!(components.iter().all(|it| it.get("licenses").is_some()));
    }
}
