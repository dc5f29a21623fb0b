//! Compares the languages and turns their files into what the functions are written from.

use std::collections::BTreeSet;

use crate::locales::{Entry, Language};
use crate::template::{Piece, cut, is_snake_word, parameters};

/// The CLDR categories, as the files name them.
pub(crate) const CATEGORIES: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// The parameter that chooses the plural form.
pub(crate) const SELECTOR: &str = "n";

const KEYWORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual",
    "where", "while", "yield",
];

/// All keys of one file.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) keys: Vec<Key>,
}

/// One key with its texts.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: String,
    /// Plain text for Telegram's own fields: toasts, labels, descriptions.
    pub(crate) is_plain: bool,
    /// In the order of their first appearance in the reference.
    pub(crate) parameters: Vec<String>,
    /// One a language, in the order of the languages.
    pub(crate) texts: Vec<Text>,
}

/// The forms of one key in one language.
#[derive(Debug, Clone, Default)]
pub(crate) struct Text {
    pub(crate) other: Vec<Piece>,
    /// Category and text, without `other`.
    pub(crate) forms: Vec<(String, Vec<Piece>)>,
}

impl Text {
    fn pieces(&self) -> impl Iterator<Item = &Piece> {
        self.forms.iter().flat_map(|(_, pieces)| pieces).chain(&self.other)
    }
}

/// Whether texts of this key are sent where Telegram takes no HTML.
pub(crate) fn is_plain(key: &str) -> bool {
    ["_toast", "_button", "_plain"].iter().any(|ending| key.ends_with(ending))
}

/// Names every problem; the modules are whole only when there is none.
pub(crate) fn check(languages: &[Language], problems: &mut Vec<String>) -> Vec<Module> {
    let Some((reference, others)) = languages.split_first() else { return Vec::new() };
    let mut modules = Vec::new();
    for (name, keys) in &reference.modules {
        if !is_usable(name) {
            problems.push(format!(
                "en/{name}.yaml: a file is named with a lower snake word that is no Rust keyword"
            ));
        }
        let keys = keys.iter().map(|(key, entry)| check_key(languages, name, key, entry, problems)).collect();
        modules.push(Module { name: name.clone(), keys });
    }
    for language in others {
        report_unknown(reference, language, problems);
    }
    modules
}

fn check_key(
    languages: &[Language],
    module: &str,
    key: &str,
    reference: &Entry,
    problems: &mut Vec<String>,
) -> Key {
    let mut say =
        |code: &str, problem: &str| problems.push(format!("{code}/{module}.yaml: {key}: {problem}"));
    if !is_usable(key) {
        say("en", "a key is a lower snake word that is no Rust keyword");
    }
    let is_plural =
        languages.iter().any(|language| matches!(find(language, module, key), Some(Entry::Forms(_))));
    let mut wanted = Vec::new();
    let mut texts = Vec::new();
    for (at, language) in languages.iter().enumerate() {
        let entry = if at == 0 { Some(reference) } else { find(language, module, key) };
        let Some(entry) = entry else {
            say(&language.code, "the key is missing");
            continue;
        };
        let text = read_text(entry, &mut |problem| say(&language.code, problem));
        let mut found = parameters(text.pieces());
        if is_plural && !found.iter().any(|name| name == SELECTOR) {
            found.push(SELECTOR.to_owned());
        }
        if at == 0 {
            for name in found.iter().filter(|name| !is_usable(name) || *name == "lang") {
                say(&language.code, &format!("{{{name}}} is no usable parameter name"));
            }
            wanted = found;
        } else if sorted(&found) != sorted(&wanted) {
            say(&language.code, &format!("the parameters are {found:?}, but {wanted:?} in English"));
        }
        // A form such as "one message" may leave out the number, but nothing else.
        for (category, form) in
            text.forms.iter().map(|(c, form)| (c.as_str(), form)).chain([("other", &text.other)])
        {
            let has = parameters(form);
            for name in wanted.iter().filter(|name| *name != SELECTOR && !has.contains(name)) {
                if is_plural && !text.forms.is_empty() {
                    say(&language.code, &format!("the form `{category}` lacks {{{name}}}"));
                }
            }
        }
        texts.push(text);
    }
    Key { name: key.to_owned(), is_plain: is_plain(key), parameters: wanted, texts }
}

fn read_text(entry: &Entry, say: &mut dyn FnMut(&str)) -> Text {
    let mut text = Text::default();
    match entry {
        Entry::Text(one) => text.other = read_form(one, say),
        Entry::Other(problem) => say(problem),
        Entry::Forms(forms) => {
            for (category, form) in forms {
                match form {
                    _ if !CATEGORIES.contains(&category.as_str()) => {
                        say(&format!("`{category}` is no plural category ({})", CATEGORIES.join(", ")));
                    }
                    Entry::Text(form) if category == "other" => text.other = read_form(form, say),
                    Entry::Text(form) => text.forms.push((category.clone(), read_form(form, say))),
                    Entry::Forms(_) => say(&format!("the form `{category}` is no text")),
                    Entry::Other(problem) => say(&format!("the form `{category}`: {problem}")),
                }
            }
            if !forms.iter().any(|(category, _)| category == "other") {
                say("the plural form `other` is missing");
            }
        }
    }
    text
}

fn read_form(text: &str, say: &mut dyn FnMut(&str)) -> Vec<Piece> {
    if text.trim().is_empty() {
        say("the text is empty");
    }
    for mark in ["%s", "%d"] {
        if text.contains(mark) {
            say(&format!("`{mark}` is no parameter; parameters have names in braces"));
        }
    }
    if text.contains("\\n") {
        say("the two characters `\\n` stand in the text; write a real line break");
    }
    cut(text)
}

fn report_unknown(reference: &Language, language: &Language, problems: &mut Vec<String>) {
    for (module, keys) in &language.modules {
        let Some(known) = reference.modules.get(module) else {
            problems.push(format!("{}/{module}.yaml: English has no such file", language.code));
            continue;
        };
        let known: BTreeSet<&str> = known.iter().map(|(key, _)| key.as_str()).collect();
        for (key, _) in keys.iter().filter(|(key, _)| !known.contains(key.as_str())) {
            problems.push(format!("{}/{module}.yaml: {key}: English has no such key", language.code));
        }
    }
}

fn find<'a>(language: &'a Language, module: &str, key: &str) -> Option<&'a Entry> {
    language.modules.get(module)?.iter().find(|(name, _)| name == key).map(|(_, entry)| entry)
}

fn is_usable(name: &str) -> bool {
    is_snake_word(name) && !KEYWORDS.contains(&name)
}

fn sorted(names: &[String]) -> Vec<&String> {
    let mut names: Vec<&String> = names.iter().collect();
    names.sort();
    names
}
