//! Reads `locales/<language>/<module>.yaml` without judging what is in it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// The file in each language's folder that holds its own name and its flag.
pub(crate) const META: &str = "_meta";

/// The language whose keys all others must have.
pub(crate) const REFERENCE: &str = "en";

/// One folder of `locales/`.
#[derive(Debug)]
pub(crate) struct Language {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) flag: String,
    /// Keys and texts by module, in the order of the file.
    pub(crate) modules: BTreeMap<String, Vec<(String, Entry)>>,
}

/// What stands behind a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// One text for every count.
    Text(String),
    /// One text a plural category.
    Forms(Vec<(String, Entry)>),
    /// Something that is no text.
    Other(&'static str),
}

/// Reads every language, the reference first, and names what could not be read.
pub(crate) fn read(root: &Path) -> (Vec<Language>, Vec<String>) {
    let mut problems = Vec::new();
    let mut languages = Vec::new();
    for folder in entries(root, &mut problems).into_iter().filter(|path| path.is_dir()) {
        languages.push(read_language(&folder, &mut problems));
    }
    languages.sort_by_key(|language| (language.code != REFERENCE, language.code.clone()));
    if languages.first().is_none_or(|language| language.code != REFERENCE) {
        problems.push(format!("{}: there is no folder `{REFERENCE}`", root.display()));
    }
    (languages, problems)
}

fn read_language(folder: &Path, problems: &mut Vec<String>) -> Language {
    let code = name_of(folder);
    let mut language =
        Language { code: code.clone(), name: String::new(), flag: String::new(), modules: BTreeMap::new() };
    for file in entries(folder, problems) {
        let module = name_of(&file);
        if file.extension().is_none_or(|extension| extension != "yaml") {
            problems.push(format!("{}: only `.yaml` files belong here", file.display()));
            continue;
        }
        let texts = match fs::read_to_string(&file).map_err(|error| error.to_string()).and_then(|t| parse(&t))
        {
            Ok(texts) => texts,
            Err(error) => {
                problems.push(format!("{code}/{module}.yaml: {error}"));
                continue;
            }
        };
        if module != META {
            language.modules.insert(module, texts);
            continue;
        }
        for (key, entry) in texts {
            match (key.as_str(), entry) {
                ("name", Entry::Text(name)) => language.name = name,
                ("flag", Entry::Text(flag)) => language.flag = flag,
                _ => problems
                    .push(format!("{code}/{META}.yaml: {key}: only the texts `name` and `flag` are known")),
            }
        }
    }
    if language.name.is_empty() || language.flag.is_empty() {
        problems.push(format!("{code}/{META}.yaml: the language needs its own `name` and a `flag`"));
    }
    language
}

/// Reads one file: keys in their order, with texts or plural forms.
pub(crate) fn parse(yaml: &str) -> Result<Vec<(String, Entry)>, String> {
    if yaml.trim().is_empty() {
        return Ok(Vec::new());
    }
    match serde_saphyr::from_str(yaml).map_err(|error| error.to_string().replace('\n', " "))? {
        Entry::Forms(texts) => Ok(texts),
        Entry::Text(_) | Entry::Other(_) => Err("a file is a list of `key: text`".to_owned()),
    }
}

fn entries(folder: &Path, problems: &mut Vec<String>) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).and_then(|entries| {
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<PathBuf>, _>>()
    });
    match listed {
        Ok(mut paths) => {
            paths.retain(|path| !name_of(path).starts_with('.'));
            paths.sort();
            paths
        }
        Err(error) => {
            problems.push(format!("{}: {error}", folder.display()));
            Vec::new()
        }
    }
}

fn name_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or plural forms")
    }

    fn visit_str<E>(self, text: &str) -> Result<Entry, E> {
        // A block text ends in a line break that nobody wants to send.
        Ok(Entry::Text(text.trim_end_matches('\n').to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
        let mut forms = Vec::new();
        while let Some(entry) = map.next_entry::<String, Entry>()? {
            forms.push(entry);
        }
        Ok(Entry::Forms(forms))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Entry, E> {
        Ok(Entry::Other("this word is read as yes or no; put it in quotes"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Entry, E> {
        Ok(Entry::Other("this is read as a number; put it in quotes"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Entry, E> {
        Ok(Entry::Other("this is read as a number; put it in quotes"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Entry, E> {
        Ok(Entry::Other("this is read as a number; put it in quotes"))
    }

    fn visit_unit<E>(self) -> Result<Entry, E> {
        Ok(Entry::Other("there is no text"))
    }
}
