//! A released step never changes: a checksum of what it tells each database is written down in `checksums.txt`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;
use sha2::{Digest, Sha256};

use super::{connect, databases, names};
use crate::{Change, Migrator, preview, up};

/// A step and the database that it was told to, with the checksum.
type Checksums = BTreeMap<(String, String), String>;

const HEAD: &str = "\
# What each step tells each database, as SHA-256. A line of a released step never changes.
# UPDATE_EXPECT=1 adds the lines of new steps; for a step that is not released yet, take its lines out first.
";

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("checksums.txt")
}

fn written() -> Checksums {
    let text = fs::read_to_string(file()).expect("checksums.txt can be read");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let words = lines.map(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>());
    words
        .map(|words| match <[String; 3]>::try_from(words) {
            Ok([step, backend, sum]) => ((step, backend), sum),
            Err(words) => panic!("a line is a step, a backend and a checksum: {words:?}"),
        })
        .collect()
}

fn write(checksums: &Checksums) {
    let mut text = HEAD.to_owned();
    for ((step, backend), sum) in checksums {
        writeln!(text, "{step} {backend} {sum}").expect("a text takes everything");
    }
    fs::write(file(), text).expect("checksums.txt can be written");
}

/// Applies the steps one by one, and takes the checksum of each before.
async fn told(url: &str) -> Checksums {
    let db = connect(url).await;
    let backend = match db.get_database_backend() {
        DbBackend::Postgres => "postgresql",
        _ => "sqlite",
    };
    let ledger = Migrator::migration_table_name().to_string();
    let mut checksums = Checksums::new();
    for step in names() {
        let mut sql = preview(&db, Change::Up(Some(1))).await.unwrap();
        // The list of the steps is no part of a step, and it holds the time.
        sql.retain(|statement| !statement.contains(&ledger));
        assert!(!sql.is_empty(), "{step} tells nothing");
        checksums.insert((step, backend.to_owned()), sha256(&sql.join(";\n")));
        up(&db, Some(1)).await.unwrap();
    }
    checksums
}

fn sha256(text: &str) -> String {
    let mut sum = String::new();
    for byte in Sha256::digest(text) {
        write!(sum, "{byte:02x}").expect("a text takes everything");
    }
    sum
}

#[tokio::test]
async fn a_released_step_never_changes() {
    let mut told_now = Checksums::new();
    for database in databases::all().await {
        told_now.extend(told(&database.url).await);
    }
    let mut expected = written();
    if databases::environment("UPDATE_EXPECT").as_deref() == Some("1") {
        for (step, sum) in &told_now {
            expected.entry(step.clone()).or_insert_with(|| sum.clone());
        }
        write(&expected);
    }
    for (step, sum) in &told_now {
        let Some(expected) = expected.get(step) else {
            panic!("{step:?} is not in checksums.txt: UPDATE_EXPECT=1 adds it");
        };
        assert_eq!(
            sum, expected,
            "{step:?} was edited: what is released stays, and a new step changes the rest"
        );
    }
    let known = names();
    let gone: Vec<_> = expected.keys().filter(|(step, _)| !known.contains(step)).collect();
    assert!(gone.is_empty(), "{gone:?} are in checksums.txt, and there are no such steps any more");
}
