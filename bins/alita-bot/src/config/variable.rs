//! What a variable is: its name, its form, its default and its meaning, declared once and read by everybody.
//!
//! The reading, `check-config`, the example file and the page of the book all follow from these declarations, so
//! that none of them can say something else than the others.

/// A variable of the environment.
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    /// Names that are looked at, in this order, when there is nothing under the first one.
    pub(crate) aliases: &'static [&'static str],
    pub(crate) kind: Kind,
    pub(crate) preset: Preset,
    /// When there must be one.
    pub(crate) required: Option<&'static str>,
    /// One to three sentences; the first one also ends the complaint when it is missing.
    pub(crate) meaning: &'static str,
}

/// The form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Yes or no.
    Switch,
    /// A whole number, both ends included.
    Whole { min: i64, max: i64 },
    /// From 0.0 to 1.0; what lies outside is moved to the nearer end.
    Share,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A text with a grammar of its own, described here.
    Text(&'static str),
    /// Nobody may see it. It may also stand in a file, whose path is in `<NAME>_FILE`.
    Secret(&'static str),
    /// An address with a password in it, otherwise like a secret.
    SecretAddress(&'static str),
}

impl Kind {
    /// What is allowed, in words.
    pub(crate) fn allowed(self) -> String {
        match self {
            Self::Switch => "yes, true, 1, on, no, false, 0 or off".to_owned(),
            Self::Whole { min, max } => format!("a whole number from {min} to {max}"),
            Self::Share => "a number from 0.0 to 1.0".to_owned(),
            Self::Choice(words) => words.join(" or "),
            Self::Text(form) | Self::Secret(form) | Self::SecretAddress(form) => form.to_owned(),
        }
    }

    pub(crate) const fn is_secret(self) -> bool {
        matches!(self, Self::Secret(_) | Self::SecretAddress(_))
    }
}

/// What holds where the operator says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preset {
    /// Nothing: the part that it belongs to is off, or it is required.
    None,
    /// Always this.
    Fixed(&'static str),
    /// It follows from other variables; in words.
    Follows(&'static str),
}

/// Variables that belong together.
#[derive(Debug)]
pub(crate) struct Theme {
    pub(crate) title: &'static str,
    /// What an operator should know before the first variable.
    pub(crate) about: &'static str,
    pub(crate) variables: &'static [&'static Variable],
}

pub(crate) const fn switch(meaning: &'static str) -> Variable {
    declare(Kind::Switch, meaning)
}

pub(crate) const fn whole(min: i64, max: i64, meaning: &'static str) -> Variable {
    declare(Kind::Whole { min, max }, meaning)
}

pub(crate) const fn share(meaning: &'static str) -> Variable {
    declare(Kind::Share, meaning)
}

pub(crate) const fn choice(words: &'static [&'static str], meaning: &'static str) -> Variable {
    declare(Kind::Choice(words), meaning)
}

pub(crate) const fn text(form: &'static str, meaning: &'static str) -> Variable {
    declare(Kind::Text(form), meaning)
}

pub(crate) const fn secret(form: &'static str, meaning: &'static str) -> Variable {
    declare(Kind::Secret(form), meaning)
}

pub(crate) const fn secret_address(form: &'static str, meaning: &'static str) -> Variable {
    declare(Kind::SecretAddress(form), meaning)
}

const fn declare(kind: Kind, meaning: &'static str) -> Variable {
    Variable { name: "", aliases: &[], kind, preset: Preset::None, required: None, meaning }
}

impl Variable {
    pub(crate) const fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    pub(crate) const fn or_else(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub(crate) const fn preset(mut self, value: &'static str) -> Self {
        self.preset = Preset::Fixed(value);
        self
    }

    pub(crate) const fn follows(mut self, rule: &'static str) -> Self {
        self.preset = Preset::Follows(rule);
        self
    }

    pub(crate) const fn required(mut self, when: &'static str) -> Self {
        self.required = Some(when);
        self
    }

    /// The variable that holds the path of a file with the value.
    pub(crate) fn file_name(&self) -> Option<String> {
        self.kind.is_secret().then(|| format!("{}_FILE", self.name))
    }

    /// What is said when it is missing: `required with USE_WEBHOOKS: where Telegram finds this bot`.
    pub(crate) fn is_missed(&self) -> String {
        let when = match self.required {
            None | Some("always") => "required".to_owned(),
            Some(when) => format!("required {when}"),
        };
        let first = self.meaning.split_once(". ").map_or(self.meaning, |(first, _)| first);
        let first = first.trim_end_matches('.');
        let mut letters = first.chars();
        let head = letters.next().map(|c| c.to_lowercase().to_string()).unwrap_or_default();
        format!("{when}: {head}{}", letters.as_str())
    }
}
