//! `check-config`, `version` and `reference`: what can be said without opening anything.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use crate::config::reference::{self, Form};
use crate::config::{Config, Env, Shown, THEMES, complain};

/// Prints the version.
pub(crate) fn version() -> ExitCode {
    say(&format!("v{}\n", env!("CARGO_PKG_VERSION")))
}

/// Prints what can be configured.
pub(crate) fn reference(form: Form) -> ExitCode {
    say(&reference::text(form))
}

/// Prints every value with its source, theme by theme, or every problem.
pub(crate) fn config(env: &Env) -> ExitCode {
    match Config::read(env) {
        Ok(config) => say(&listed(&config)),
        Err(problems) => {
            complain(&problems);
            ExitCode::from(1)
        }
    }
}

fn listed(config: &Config) -> String {
    let mut out = String::new();
    // Writing to a text cannot fail.
    for theme in THEMES {
        let _ = writeln!(out, "{}", theme.title);
        for variable in theme.variables {
            let shown = config.shown.iter().find(|shown| shown.variable == variable.name);
            if let Some(Shown { variable, value, source }) = shown {
                let _ = writeln!(out, "  {variable:<30} {value} ({source})");
            }
        }
        out.push('\n');
    }
    if !config.warnings.is_empty() {
        let _ = writeln!(out, "Warnings\n  {}\n", config.warnings.join("\n  "));
    }
    out.push_str("The configuration is fine.\n");
    out
}

/// Says what the person asked for; one who has read enough (`| head`) is no reason to panic.
fn say(text: &str) -> ExitCode {
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}
