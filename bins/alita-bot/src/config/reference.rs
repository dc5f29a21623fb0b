//! The declarations as people read them: the example file of `deploy/`, and the page of the book.

use std::fmt::{self, Display, Write};

use super::retired::RETIRED;
use super::variable::{Kind, Preset, Theme, Variable};
use super::variables::THEMES;

const ENV_HEAD: &str = include_str!("reference/head.env");
const PAGE_HEAD: &str = include_str!("reference/head.md");

/// What is printed of the declarations.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Form {
    /// The example file, `deploy/alita.env.example`.
    Env,
    /// The page of the book, `docs/src/operators/configuration.md`.
    Markdown,
}

/// The declarations in this form.
pub(crate) fn text(form: Form) -> String {
    match form {
        Form::Env => env(),
        Form::Markdown => page(),
    }
}

/// How wide a comment of the example file gets.
const WIDTH: usize = 110;

/// The example file: every variable with its default, behind a `#` where the bot starts without it.
fn env() -> String {
    let mut out = ENV_HEAD.to_owned();
    for theme in THEMES {
        // Writing to a text cannot fail.
        let _ = env_theme(&mut out, theme);
    }
    out
}

fn env_theme(out: &mut String, theme: &Theme) -> fmt::Result {
    writeln!(out, "\n# --- {} ---", theme.title)?;
    comment(out, theme.about)?;
    for variable in theme.variables {
        writeln!(out)?;
        comment(out, &env_meaning(variable))?;
        let (mark, value) = match (variable.required, variable.preset) {
            (Some("always"), _) => ("", ""),
            (_, Preset::Fixed(value)) => ("#", value),
            _ => ("#", ""),
        };
        writeln!(out, "{mark}{}={value}", variable.name)?;
    }
    Ok(())
}

fn env_meaning(variable: &Variable) -> String {
    let mut text = variable.meaning.to_owned();
    match variable.required {
        Some("always") => text.push_str(" Required."),
        Some(when) => text.push_str(&format!(" Required {when}.")),
        None => {}
    }
    match variable.kind {
        Kind::Switch | Kind::Share => {}
        kind => text.push_str(&format!(" Allowed: {}.", kind.allowed())),
    }
    if let Preset::Follows(rule) = variable.preset {
        text.push_str(&format!(" Default: {rule}."));
    }
    if !variable.aliases.is_empty() {
        text.push_str(&format!(" Also read as {}.", variable.aliases.join(" or ")));
    }
    if let Some(file) = variable.file_name() {
        text.push_str(&format!(" Or {file}."));
    }
    text
}

/// Lines of a comment, none longer than [`WIDTH`] unless one word is.
fn comment(out: &mut String, text: &str) -> fmt::Result {
    let mut line = "#".to_owned();
    for word in text.split_whitespace() {
        if line.len() + word.len() >= WIDTH && line.len() > 1 {
            writeln!(out, "{line}")?;
            "#".clone_into(&mut line);
        }
        line.push(' ');
        line.push_str(word);
    }
    writeln!(out, "{line}")
}

/// The page of the book: a table a theme, and what is retired.
fn page() -> String {
    let mut out = PAGE_HEAD.to_owned();
    for theme in THEMES {
        let _ = page_theme(&mut out, theme);
    }
    let _ = page_retired(&mut out);
    out
}

fn page_theme(out: &mut String, theme: &Theme) -> fmt::Result {
    writeln!(out, "\n## {}\n\n{}\n", theme.title, theme.about.replace(". ", ".\n"))?;
    writeln!(out, "| Variable | Allowed | Default | Meaning |\n|---|---|---|---|")?;
    for variable in theme.variables {
        writeln!(
            out,
            "| {} | {} | {} | {} |",
            names(variable),
            Cell(allowed(variable.kind)),
            Cell(default(variable)),
            Cell(variable.meaning)
        )?;
    }
    Ok(())
}

fn names(variable: &Variable) -> String {
    let others = variable.aliases.iter().map(|name| (*name).to_owned()).chain(variable.file_name());
    others.fold(format!("`{}`", variable.name), |names, other| format!("{names} or `{other}`"))
}

fn allowed(kind: Kind) -> String {
    match kind {
        Kind::Switch => "yes or no".to_owned(),
        Kind::Whole { min, max } => format!("{min} to {max}"),
        Kind::Share => "0.0 to 1.0".to_owned(),
        Kind::Choice(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or "),
        Kind::Text(form) => form.to_owned(),
        Kind::Secret(form) | Kind::SecretAddress(form) => format!("secret: {form}"),
    }
}

fn default(variable: &Variable) -> String {
    match (variable.required, variable.preset) {
        (Some("always"), _) => "required".to_owned(),
        (Some(when), _) => format!("required {when}"),
        (None, Preset::None) => "none".to_owned(),
        (None, Preset::Fixed(value)) => format!("`{value}`"),
        (None, Preset::Follows(rule)) => rule.to_owned(),
    }
}

fn page_retired(out: &mut String) -> fmt::Result {
    writeln!(out, "\n## Retired names\n")?;
    writeln!(out, "Whoever comes from the Go bot may still set these.")?;
    writeln!(out, "They have no effect, and the bot says so once when it starts.\n")?;
    writeln!(out, "| Name | What to know |\n|---|---|")?;
    for (name, instead) in RETIRED {
        writeln!(out, "| `{name}` | {} |", Cell(instead))?;
    }
    Ok(())
}

/// A text inside a table: a bar would end the cell, and `<DATA_DIR>` is no HTML.
struct Cell<T>(T);

impl<T: Display> Display for Cell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_string().replace('|', "\\|").replace('<', "&lt;"))
    }
}
