//! The page of a module, written from what it declares.

use alita_dispatch::{Audience, CommandInfo};
use alita_i18n::{Language, t};
use alita_markup::Html;

use super::menu::Entry;

type List = (fn(Language) -> Html, &'static [Audience]);

/// The lists of a page, and for whom the commands in them are.
const LISTS: [List; 3] = [
    (t::help::for_everyone, &[Audience::Everyone, Audience::AdminOrOneself]),
    (t::help::for_admins, &[Audience::Admin]),
    (t::help::for_owner, &[Audience::Owner]),
];

/// What the module is for, and every command of it.
pub(super) fn text(lang: Language, (module, page): &Entry, commands: &[CommandInfo]) -> Html {
    let mut text = Html::bold((page.title)(lang));
    text.newline().newline().push((page.text)(lang));
    for (heading, audiences) in LISTS {
        let mine: Vec<&CommandInfo> = commands
            .iter()
            .filter(|command| command.module == *module && audiences.contains(&command.gate.audience))
            .collect();
        if !mine.is_empty() {
            text.newline().newline().push(Html::bold(heading(lang)));
            mine.iter().for_each(|command| {
                text.newline().push(line(lang, command));
            });
        }
    }
    text
}

/// `/warns, /warnings – see the warnings of somebody`
pub(super) fn line(lang: Language, command: &CommandInfo) -> Html {
    let names: Vec<String> = command.names().map(|name| format!("/{name}")).collect();
    let mut line = Html::escaped(&names.join(", "));
    if let Some(help) = command.help {
        line.push_literal(" – ").push(help(lang));
    }
    line
}

#[cfg(test)]
mod tests {
    use alita_dispatch::Router;
    use alita_markup::visible_len_utf16;

    use super::*;

    #[test]
    fn help_12_every_page_is_whole_in_every_language_and_fits_a_message() {
        let router = Router::new(crate::modules()).unwrap();
        assert!(!router.help_pages().is_empty());
        for lang in Language::ALL.iter().copied() {
            for entry in router.help_pages() {
                let page = text(lang, entry, router.commands());
                let length = visible_len_utf16(&page);
                assert!(length <= 4096, "{lang}: the page of {} has {length} characters", entry.0);
                assert_eq!(Html::repaired(page.as_str()), page, "{lang}: the page of {} is no HTML", entry.0);
                for command in router.commands().iter().filter(|command| command.module == entry.0) {
                    let is_told = |name| page.as_str().contains(&format!("/{name}"));
                    assert!(command.names().all(is_told), "{lang}: /{} is not on its page", command.name);
                }
            }
        }
    }

    #[test]
    fn every_command_that_people_see_is_explained() {
        let router = Router::new(crate::modules()).unwrap();
        let pages: Vec<&str> = router.help_pages().iter().map(|(module, _)| *module).collect();
        let silent: Vec<&str> = router
            .commands()
            .iter()
            .filter(|command| pages.contains(&command.module) && command.help.is_none())
            .map(|command| command.name)
            .collect();
        assert!(silent.is_empty(), "these have no line on their module's page: {silent:?}");
    }
}
