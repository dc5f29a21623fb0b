//! Writes one typed function for each key of `locales/`, and fails when a language or a text is incomplete.

#[path = "build/check.rs"]
mod check;
#[path = "build/locales.rs"]
mod locales;
#[path = "build/template.rs"]
mod template;
#[path = "build/write.rs"]
mod write;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../locales");
    // Cargo looks at a whole folder, so a new file is noticed too.
    println!("cargo::rerun-if-changed={}", root.display());
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");

    let (languages, mut problems) = locales::read(&root);
    let modules = check::check(&languages, &mut problems);
    if problems.is_empty()
        && let Err(problem) = write_all(&languages, &modules)
    {
        problems.push(problem);
    }
    for problem in &problems {
        println!("cargo::error={problem}");
    }
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn write_all(languages: &[locales::Language], modules: &[check::Module]) -> Result<(), String> {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo gave no OUT_DIR")?);
    for (file, source) in [
        ("languages.rs", write::languages(languages)),
        ("texts.rs", write::functions(modules)),
        ("table.rs", write::table(languages, modules)),
    ] {
        std::fs::write(out.join(file), source)
            .map_err(|error| format!("{file} cannot be written: {error}"))?;
    }
    Ok(())
}
