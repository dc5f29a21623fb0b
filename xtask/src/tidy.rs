//! The house rules, all of them, and everything that breaks one.

use anyhow::{Result, bail};

use crate::cargo::{heading, root};
use crate::crates::Crates;
use crate::house::House;
use crate::{acceptance, columns, deploy, floors, fuzz, licences, links, metrics, names};

/// Checks every rule and says all that is wrong.
pub(crate) fn run() -> Result<()> {
    heading("tidy");
    let house = House::read(root())?;
    let crates = Crates::read()?;
    let rules = [
        ("arrows between crates", floors::check(&crates)),
        ("licences", licences::check(house.text("deny.toml"), &crates)),
        ("names and lengths", names::check(&house, &crates)),
        ("columns", columns::check(&house, &crates)),
        ("acceptance examples", acceptance::check(&house)),
        ("metrics", metrics::check(&house)),
        ("links", links::check(&house)),
        ("deploy", deploy::check(&house)),
        ("versions of the fuzz targets", fuzz::check(&house)),
    ];
    let mut count = 0;
    for (rule, problems) in &rules {
        eprintln!("    {rule}: {}", if problems.is_empty() { "fine" } else { "" });
        for problem in problems {
            eprintln!("        {problem}");
        }
        count += problems.len();
    }
    if count > 0 {
        bail!("tidy: {count} problems");
    }
    Ok(())
}
