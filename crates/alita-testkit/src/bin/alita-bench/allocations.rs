//! What the program that counts allocations has found, taken over into the report.

use std::path::Path;

use serde::Deserialize;
use tokio::process::Command;

use crate::Failure;
use crate::report::Report;

/// One line of the program.
#[derive(Deserialize)]
struct Line {
    name: String,
    value: f64,
    unit: String,
}

pub(crate) async fn measure(program: &Path, is_quick: bool, report: &mut Report) -> Result<(), Failure> {
    let mut command = Command::new(program);
    if is_quick {
        command.arg("--quick");
    }
    let output = command.kill_on_drop(true).output().await?;
    if !output.status.success() {
        let log = String::from_utf8_lossy(&output.stderr);
        return Err(format!("allocations could not be counted ({}):\n{log}", output.status).into());
    }
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Line { name, value, unit } = serde_json::from_str(line)?;
        report.add("allocations", &name, value, &unit);
    }
    Ok(())
}
