//! Reads variables by their declarations, and remembers every problem instead of stopping at the first.

use std::fmt;

use alita_monitoring::Redactor;
use alita_telegram::SecretString;

use super::env::{Env, Source};
use super::variable::{Kind, Preset, Variable};

/// What is wrong with a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) variable: String,
    what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.variable, self.what)
    }
}

/// A value as `check-config` shows it.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) variable: &'static str,
    pub(crate) value: String,
    pub(crate) source: Source,
}

/// A secret that was read, and which part of it must not be seen.
#[derive(Debug, Clone)]
pub(crate) enum Secret {
    Whole(SecretString),
    /// An address, of which the password is the secret.
    Address(SecretString),
}

impl Secret {
    /// Has it hidden from now on.
    pub(crate) fn register(&self, redactor: &Redactor) {
        match self {
            Self::Whole(secret) => redactor.register(secret),
            Self::Address(address) => redactor.register_url(address),
        }
    }
}

/// The reader; its lists fill while it reads.
#[derive(Debug)]
pub(crate) struct Reader<'e> {
    env: &'e Env,
    pub(crate) problems: Vec<Problem>,
    pub(crate) warnings: Vec<String>,
    pub(crate) shown: Vec<Shown>,
    pub(crate) secrets: Vec<Secret>,
}

/// A text that was found or stands by default, and under which name it was found.
struct Found {
    name: String,
    text: String,
    source: Source,
}

impl<'e> Reader<'e> {
    pub(crate) const fn new(env: &'e Env) -> Self {
        Self { env, problems: Vec::new(), warnings: Vec::new(), shown: Vec::new(), secrets: Vec::new() }
    }

    /// A problem that concerns more than the form of one value.
    pub(crate) fn problem(&mut self, variable: &Variable, what: impl Into<String>) {
        self.problems.push(Problem { variable: variable.name.to_owned(), what: what.into() });
    }

    /// Says that there is nothing where there must be something.
    pub(crate) fn miss(&mut self, variable: &Variable) {
        // What is there and wrong has been told already.
        if !self.is_set(variable) {
            self.problem(variable, variable.is_missed());
        }
    }

    /// Something that an operator should know, although the bot starts.
    pub(crate) fn warn(&mut self, variable: &Variable, what: impl fmt::Display) {
        self.warnings.push(format!("{}: {what}", variable.name));
    }

    /// Whether the operator said anything about it.
    pub(crate) fn is_set(&self, variable: &Variable) -> bool {
        let file = variable.file_name();
        let mut names = std::iter::once(variable.name).chain(variable.aliases.iter().copied());
        names.any(|name| self.env.get(name).is_some())
            || file.is_some_and(|name| self.env.get(&name).is_some())
    }

    /// A text, or what stands for it by its declaration.
    pub(crate) fn text(&mut self, variable: &'static Variable) -> Option<String> {
        self.find(variable, None).map(|found| found.text)
    }

    /// The same for a text that always has a default.
    pub(crate) fn word(&mut self, variable: &'static Variable) -> String {
        self.text(variable).unwrap_or_default()
    }

    /// A text, or what follows from other variables.
    pub(crate) fn text_or(&mut self, variable: &'static Variable, default: &str) -> String {
        self.find(variable, Some(default.to_owned())).map_or_else(|| default.to_owned(), |found| found.text)
    }

    /// A secret, or nothing; it is never shown.
    pub(crate) fn secret(
        &mut self,
        variable: &'static Variable,
        is_right: impl FnOnce(&str) -> bool,
    ) -> Option<String> {
        let found = self.find(variable, None)?;
        if !is_right(&found.text) {
            self.refuse(variable, &found);
        }
        Some(found.text)
    }

    /// A secret, or what follows from other variables, which is none and is shown.
    pub(crate) fn secret_or(
        &mut self,
        variable: &'static Variable,
        default: &str,
        is_right: impl FnOnce(&str) -> bool,
    ) -> String {
        let Some(found) = self.find(variable, Some(default.to_owned())) else { return default.to_owned() };
        if !is_right(&found.text) {
            self.refuse(variable, &found);
        }
        found.text
    }

    /// A whole number in the declared range.
    pub(crate) fn number<T: TryFrom<i64> + Default>(&mut self, variable: &'static Variable) -> T {
        let found = self.find(variable, None);
        self.whole(variable, found)
    }

    /// A whole number, or what follows from other variables.
    pub(crate) fn number_or<T>(&mut self, variable: &'static Variable, default: T) -> T
    where
        T: TryFrom<i64> + Default + fmt::Display + Copy,
    {
        let found = self.find(variable, Some(default.to_string()));
        self.whole(variable, found)
    }

    /// Yes or no.
    pub(crate) fn switch(&mut self, variable: &'static Variable) -> bool {
        let found = self.find(variable, None);
        self.yes_or_no(variable, found)
    }

    /// Yes or no, or what follows from other variables.
    pub(crate) fn switch_or(&mut self, variable: &'static Variable, default: bool) -> bool {
        let found = self.find(variable, Some(default.to_string()));
        self.yes_or_no(variable, found)
    }

    /// A number from 0.0 to 1.0. What is none is no reason to stop.
    pub(crate) fn share(&mut self, variable: &'static Variable) -> f64 {
        let Some(found) = self.find(variable, None) else { return 1.0 };
        let share = match found.text.parse::<f64>() {
            Ok(number) if (0.0..=1.0).contains(&number) => return number,
            Ok(number) if !number.is_nan() => number.clamp(0.0, 1.0),
            _ => 1.0,
        };
        self.warn(variable, format_args!("found `{}`, which counts as {share:?}", found.text));
        if let Some(shown) = self.shown.last_mut() {
            shown.value = format!("{share:?}");
        }
        share
    }

    /// A value with a grammar of its own.
    pub(crate) fn parsed<T>(
        &mut self,
        variable: &'static Variable,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let found = self.find(variable, None)?;
        let value = parse(&found.text);
        if value.is_none() {
            self.refuse(variable, &found);
        }
        value
    }

    fn whole<T: TryFrom<i64> + Default>(&mut self, variable: &'static Variable, found: Option<Found>) -> T {
        let Some(found) = found else { return T::default() };
        let is_allowed = |number: &i64| match variable.kind {
            Kind::Whole { min, max } => (min..=max).contains(number),
            _ => false,
        };
        let number = found.text.parse().ok().filter(is_allowed);
        if let Some(number) = number.and_then(|number| T::try_from(number).ok()) {
            return number;
        }
        self.refuse(variable, &found);
        // Nobody sees it, for a problem ends the start.
        T::default()
    }

    fn yes_or_no(&mut self, variable: &'static Variable, found: Option<Found>) -> bool {
        let Some(found) = found else { return false };
        match found.text.to_lowercase().as_str() {
            "yes" | "true" | "1" | "on" => true,
            "no" | "false" | "0" | "off" => false,
            _ => {
                self.refuse(variable, &found);
                false
            }
        }
    }

    /// Says what was found and what is allowed.
    pub(crate) fn refuse_text(&mut self, variable: &'static Variable, text: &str) {
        let found = Found { name: variable.name.to_owned(), text: text.to_owned(), source: Source::Process };
        self.refuse(variable, &found);
    }

    fn refuse(&mut self, variable: &Variable, found: &Found) {
        let allowed = variable.kind.allowed();
        let what = if variable.kind.is_secret() {
            format!("not {allowed}")
        } else {
            format!("found `{}`, allowed is {allowed}", without_user(&found.text))
        };
        self.problems.push(Problem { variable: found.name.clone(), what });
    }

    /// Looks for a value under all its names, remembers how it is shown, and registers it if it is a secret.
    fn find(&mut self, variable: &'static Variable, computed: Option<String>) -> Option<Found> {
        debug_assert!(
            computed.is_none() || matches!(variable.preset, Preset::Follows(_)),
            "{} is declared with a default of its own",
            variable.name
        );
        let names = std::iter::once(&variable.name).chain(variable.aliases);
        let named = names.filter_map(|name| {
            let (text, source) = self.env.get(name)?;
            Some(Found { name: (*name).to_owned(), text: text.to_owned(), source })
        });
        let mut found = named.into_iter().next();
        if let Some(file) = variable.file_name() {
            found = self.find_file(variable, &file, found);
        }
        match (&found, variable.kind) {
            (Some(found), Kind::Secret(_)) => self.secrets.push(Secret::Whole(found.text.clone().into())),
            (Some(found), Kind::SecretAddress(_)) => {
                self.secrets.push(Secret::Address(found.text.clone().into()))
            }
            _ => {}
        }
        let is_hidden = found.is_some() && variable.kind.is_secret();
        let found = found.or_else(|| {
            let preset = match variable.preset {
                Preset::Fixed(text) => Some(text.to_owned()),
                Preset::Follows(_) | Preset::None => computed,
            };
            preset.map(|text| Found { name: variable.name.to_owned(), text, source: Source::Default })
        });
        let (value, source) = match &found {
            None => ("(unset)".to_owned(), Source::Default),
            Some(found) if is_hidden => ("(set)".to_owned(), found.source),
            Some(found) => (without_user(&found.text), found.source),
        };
        self.shown.push(Shown { variable: variable.name, value, source });
        found
    }

    /// A secret from the file that `<NAME>_FILE` names, unless it stands in the environment.
    fn find_file(&mut self, variable: &Variable, name: &str, found: Option<Found>) -> Option<Found> {
        let Some((path, _)) = self.env.get(name) else { return found };
        if found.is_some() {
            self.problem(variable, format!("set it or {name}, not both"));
            return found;
        }
        let what = match std::fs::read_to_string(path) {
            Ok(text) if text.trim().is_empty() => format!("the file `{path}` is empty"),
            Ok(text) => {
                let text = text.trim().to_owned();
                return Some(Found { name: name.to_owned(), text, source: Source::File });
            }
            Err(error) => format!("the file `{path}` cannot be read: {error}"),
        };
        self.problems.push(Problem { variable: name.to_owned(), what });
        None
    }
}

/// An address without the user and the password that somebody wrote into it.
fn without_user(text: &str) -> String {
    match text.split_once("://").map(|(scheme, rest)| (scheme, rest.rsplit_once('@'))) {
        // A password may hold any letter, so everything up to the last `@` goes.
        Some((scheme, Some((_, host)))) => format!("{scheme}://...@{host}"),
        _ => text.to_owned(),
    }
}
