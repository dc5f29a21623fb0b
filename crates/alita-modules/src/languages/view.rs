//! What people read about languages, and the keyboard on which they choose one.

use alita_dispatch::{Answer, Cx, Keyboard, Payload, Reply};
use alita_i18n::{Language, t};
use alita_markup::Html;

use crate::app::{AlitaApp, Doors};

/// The namespace of the buttons that choose a language.
pub(super) const CHANGE: &str = "change_language";

pub(super) fn current(cx: &Cx<AlitaApp>) -> Reply {
    let (lang, language) = (cx.lang(), name(cx.lang()));
    let text = if cx.place().is_private() {
        t::languages::current_own(lang, language)
    } else {
        t::languages::current_group(lang, language)
    };
    text.with(keyboard(cx))
}

/// Every language on offer, two in a row, then where people help to translate.
pub(super) fn keyboard(cx: &Cx<AlitaApp>) -> Keyboard {
    let mut keyboard = Keyboard::new();
    for pair in cx.settings().languages.chunks(2) {
        keyboard = keyboard.row();
        for language in pair {
            let mark = if *language == cx.lang() { "✓ " } else { "" };
            let payload = Payload::new(CHANGE).with("l", language.code());
            keyboard = keyboard.ask(format!("{mark}{}", name(*language)), &payload);
        }
    }
    match &cx.settings().links.translation {
        Some(url) => keyboard.row().link(t::languages::translate_button(cx.lang()), url),
        None => keyboard,
    }
}

/// The confirmation is the first thing that is said in the new language.
pub(super) fn changed(cx: &Cx<AlitaApp>, language: Language) -> Html {
    if cx.place().is_private() {
        t::languages::changed_own(language, name(language))
    } else {
        t::languages::changed_group(language, name(language))
    }
}

fn name(language: Language) -> String {
    format!("{} {}", language.name(), language.flag())
}
