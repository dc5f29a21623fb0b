//! Which module a word means, and in which order the menu shows them.

use alita_dispatch::{Cx, HelpPage};
use alita_i18n::Language;

use crate::app::AlitaApp;

/// A module that the menu shows: its name and its page.
pub(super) type Entry = (&'static str, HelpPage<AlitaApp>);

/// All modules that have a page, by their names in the viewer's language.
pub(super) fn entries(cx: &Cx<AlitaApp>) -> Vec<&Entry> {
    let mut entries: Vec<&Entry> = cx.router().help_pages().iter().collect();
    entries.sort_by_key(|entry| title(entry, cx.lang()));
    entries
}

/// The module that somebody means: by its name, its title, another word for it, or one of its commands.
pub(super) fn find<'a>(cx: &'a Cx<AlitaApp>, word: &str) -> Option<&'a Entry> {
    let word = word.trim_start_matches('/').to_lowercase();
    let is_called_so = |entry: &&Entry| {
        entry.0 == word || entry.1.also_known_as.contains(&word.as_str()) || title(entry, cx.lang()) == word
    };
    let pages = cx.router().help_pages();
    pages.iter().find(is_called_so).or_else(|| {
        let command =
            cx.router().commands().iter().find(|command| command.names().any(|name| name == word))?;
        pages.iter().find(|(module, _)| *module == command.module)
    })
}

/// What the data of a button calls the module: its name in the code, which no translator changes.
pub(super) fn key((module, _): &Entry) -> String {
    let mut letters = module.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn title((_, page): &Entry, lang: Language) -> String {
    (page.title)(lang).to_lowercase()
}
