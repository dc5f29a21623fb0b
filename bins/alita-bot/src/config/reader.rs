//! Reads variables one after the other, and remembers every problem instead of stopping at the first.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::env::{Env, Source};

/// What is wrong with a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) variable: &'static str,
    found: Option<String>,
    allowed: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Some(found) => write!(f, "{}: found `{found}`, allowed is {}", self.variable, self.allowed),
            None => write!(f, "{}: {}", self.variable, self.allowed),
        }
    }
}

/// A value as `check-config` shows it.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) variable: &'static str,
    pub(crate) value: String,
    pub(crate) source: Source,
}

/// The reader; its lists fill while it reads.
#[derive(Debug)]
pub(crate) struct Reader<'e> {
    env: &'e Env,
    pub(crate) problems: Vec<Problem>,
    pub(crate) shown: Vec<Shown>,
}

impl<'e> Reader<'e> {
    pub(crate) const fn new(env: &'e Env) -> Self {
        Self { env, problems: Vec::new(), shown: Vec::new() }
    }

    fn show(&mut self, variable: &'static str, value: impl Into<String>, source: Source) {
        self.shown.push(Shown { variable, value: value.into(), source });
    }

    /// A problem that concerns more than the form of one value.
    pub(crate) fn problem(&mut self, variable: &'static str, allowed: impl Into<String>) {
        self.problems.push(Problem { variable, found: None, allowed: allowed.into() });
    }

    /// A text, or nothing.
    pub(crate) fn text(&mut self, variable: &'static str) -> Option<String> {
        let (value, source) = match self.env.get(variable) {
            Some((value, source)) => (Some(value.to_owned()), source),
            None => (None, Source::Default),
        };
        self.show(variable, value.clone().unwrap_or_else(|| "(unset)".to_owned()), source);
        value
    }

    /// A text, or what stands for it.
    pub(crate) fn text_or(&mut self, variable: &'static str, default: &str) -> String {
        let (value, source) = self.env.get(variable).unwrap_or((default, Source::Default));
        let value = value.to_owned();
        self.show(variable, value.clone(), source);
        value
    }

    /// Whether the operator said anything about it.
    pub(crate) fn is_set(&self, variable: &str) -> bool {
        self.env.get(variable).is_some()
    }

    /// A secret, or nothing; it is never shown.
    pub(crate) fn secret(&mut self, variable: &'static str) -> Option<String> {
        let found = self.env.get(variable).map(|(value, source)| (value.to_owned(), source));
        let (shown, source) =
            found.as_ref().map_or(("(unset)", Source::Default), |(_, source)| ("(set)", *source));
        self.show(variable, shown, source);
        found.map(|(value, _)| value)
    }

    /// A whole number in a range.
    pub(crate) fn number<T>(&mut self, variable: &'static str, default: T, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + fmt::Display + Copy,
    {
        let Some((text, source)) = self.env.get(variable) else {
            self.show(variable, default.to_string(), Source::Default);
            return default;
        };
        self.show(variable, text, source);
        match text.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let allowed = format!("a whole number from {} to {}", range.start(), range.end());
                self.problems.push(Problem { variable, found: Some(text.to_owned()), allowed });
                default
            }
        }
    }

    /// Yes or no.
    pub(crate) fn switch(&mut self, variable: &'static str, default: bool) -> bool {
        let Some((text, source)) = self.env.get(variable) else {
            self.show(variable, default.to_string(), Source::Default);
            return default;
        };
        self.show(variable, text, source);
        match text.to_lowercase().as_str() {
            "yes" | "true" | "1" | "on" => true,
            "no" | "false" | "0" | "off" => false,
            _ => {
                let allowed = "yes, true, 1, on, no, false, 0 or off".to_owned();
                self.problems.push(Problem { variable, found: Some(text.to_owned()), allowed });
                default
            }
        }
    }

    /// A value with a grammar of its own.
    pub(crate) fn parsed<T>(
        &mut self,
        variable: &'static str,
        allowed: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(variable)?;
        let value = parse(&text);
        if value.is_none() {
            self.problems.push(Problem { variable, found: Some(text), allowed: allowed.to_owned() });
        }
        value
    }
}
