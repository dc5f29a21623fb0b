//! The crates as cargo sees them: ours, their arrows, and everything that they pull in.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

use crate::cargo::root;

/// What we ship; crates that only other systems need are not looked at.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// A crate of ours.
#[derive(Debug, Default, Clone)]
pub(crate) struct Crate {
    pub(crate) name: String,
    /// From the root of the workspace.
    pub(crate) folder: String,
    /// What it names in its manifest.
    pub(crate) arrows: Vec<Arrow>,
    /// Everything that it pulls in, however far away, but for tests and build scripts.
    pub(crate) reach: BTreeSet<String>,
}

/// A dependency in a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrow {
    pub(crate) to: String,
    /// Only for tests.
    pub(crate) is_dev: bool,
}

/// A crate of somebody else.
#[derive(Debug, Clone)]
pub(crate) struct Foreign {
    pub(crate) name: String,
    pub(crate) licence: Option<String>,
}

/// All crates.
#[derive(Debug, Default)]
pub(crate) struct Crates {
    pub(crate) ours: Vec<Crate>,
    pub(crate) foreign: Vec<Foreign>,
}

impl Crates {
    /// Asks cargo.
    pub(crate) fn read() -> Result<Self> {
        let mut command = MetadataCommand::new();
        command.current_dir(root()).other_options(vec!["--filter-platform".to_owned(), PLATFORM.to_owned()]);
        let metadata = command.exec().context("cargo metadata failed")?;
        let pulls_in = pulls_in(&metadata);
        let names: BTreeMap<&PackageId, &str> =
            metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
        let mut crates = Self::default();
        for package in &metadata.packages {
            if !metadata.workspace_members.contains(&package.id) {
                let licence = package.license.clone();
                crates
                    .foreign
                    .push(Foreign { name: format!("{} {}", package.name, package.version), licence });
                continue;
            }
            let manifest = package.manifest_path.parent().context("a manifest lies in a folder")?;
            let folder = manifest.strip_prefix(&metadata.workspace_root)?.as_str().replace('\\', "/");
            let arrows = package.dependencies.iter().map(|dependency| Arrow {
                to: dependency.name.clone(),
                is_dev: dependency.kind == DependencyKind::Development,
            });
            let reach = reach(&package.id, &pulls_in);
            let reach = reach.iter().filter_map(|id| names.get(id).copied());
            crates.ours.push(Crate {
                name: package.name.to_string(),
                folder,
                arrows: arrows.collect(),
                reach: reach.map(str::to_owned).collect(),
            });
        }
        crates.ours.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(crates)
    }
}

/// What each package names for itself, tests and build scripts left out.
pub(crate) type PullsIn<'m> = BTreeMap<&'m PackageId, Vec<&'m PackageId>>;

/// Reads who pulls in whom.
pub(crate) fn pulls_in(metadata: &Metadata) -> PullsIn<'_> {
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    nodes
        .map(|node| {
            let ordinary = node
                .deps
                .iter()
                .filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal))
                .map(|dep| &dep.pkg);
            (&node.id, ordinary.collect())
        })
        .collect()
}

/// Everything that a package pulls in, however far away.
pub(crate) fn reach<'m>(from: &'m PackageId, pulls_in: &PullsIn<'m>) -> BTreeSet<&'m PackageId> {
    let mut seen = BTreeSet::new();
    let mut waiting = VecDeque::from([from]);
    while let Some(id) = waiting.pop_front() {
        for next in pulls_in.get(id).into_iter().flatten() {
            if seen.insert(*next) {
                waiting.push_back(next);
            }
        }
    }
    seen
}
