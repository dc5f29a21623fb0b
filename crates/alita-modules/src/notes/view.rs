//! What a chat reads about notes.

use alita_dispatch::{Answer, Cx, Keyboard, Outcome, Payload, Reply, toast};
use alita_i18n::{Language, t};
use alita_markup::{Html, strip_tags};
use alita_model::{MessageId, NoteName};

use super::{links, overwrite};
use crate::app::AlitaApp;
use crate::content::Remarks;

/// The namespace of the owner's yes and no.
pub(super) const CLEAR_ALL: &str = "rmAllNotes";

pub(super) fn saved(cx: &Cx<AlitaApp>, name: &NoteName, remarks: &Remarks) -> Reply {
    let mut text = t::notes::saved(cx.lang(), name);
    push_remarks(cx.lang(), &mut text, remarks);
    text.into()
}

pub(super) fn ask_to_overwrite(cx: &Cx<AlitaApp>, name: &NoteName, token: &str, remarks: &Remarks) -> Reply {
    let mut text = t::notes::overwrite_question(cx.lang(), name);
    push_remarks(cx.lang(), &mut text, remarks);
    text.with(yes_or_no(cx.lang(), |word| {
        Payload::new(overwrite::NAMESPACE).with("a", word).with("t", token)
    }))
}

/// What was understood otherwise than it was typed.
fn push_remarks(lang: Language, text: &mut Html, remarks: &Remarks) {
    if remarks.has_private_conflict {
        text.newline().newline().push(t::notes::private_conflict(lang));
    }
    if !remarks.dropped_buttons.is_empty() {
        let addresses = remarks.dropped_buttons.iter().map(|button| Html::code(&button.url));
        text.newline().newline().push(t::content::buttons_dropped(lang, Html::join(addresses, ", ")));
    }
}

pub(super) fn ask_to_clear_all(cx: &Cx<AlitaApp>) -> Reply {
    t::notes::clear_all_question(cx.lang())
        .with(yes_or_no(cx.lang(), |word| Payload::new(CLEAR_ALL).with("a", word)))
}

fn yes_or_no(lang: Language, answer: impl Fn(&str) -> Payload) -> Keyboard {
    Keyboard::new()
        .ask(t::common::yes_button(lang), &answer("yes"))
        .ask(t::common::no_button(lang), &answer("no"))
}

pub(super) fn list_in_group(cx: &Cx<AlitaApp>, names: &[NoteName]) -> Reply {
    let lang = cx.lang();
    let mut text = t::notes::list_header(lang);
    for name in names {
        text.newline().push_literal(" - ").push(Html::code(format!("#{name}")));
    }
    text.newline().newline().push(t::notes::list_hint(lang));
    text.into()
}

pub(super) fn list_in_private(cx: &Cx<AlitaApp>, names: &[NoteName]) -> Reply {
    let lang = cx.lang();
    let mut text = t::notes::list_header_of(lang, alita_markup::display_name(&cx.subject().title));
    for name in names {
        text.newline().push_literal(" - ");
        match links::to_note(cx.chat(), name) {
            Some(payload) => text.push(Html::link(&cx.start_link(&payload), name)),
            None => text.push(Html::code(name)),
        };
    }
    text.newline().newline().push(t::notes::list_hint_in_private(lang));
    text.into()
}

pub(super) fn way_to_the_list(cx: &Cx<AlitaApp>) -> Reply {
    let lang = cx.lang();
    t::notes::list_in_private(lang)
        .with(Keyboard::new().link(t::notes::open_button(lang), cx.start_link(&links::to_list(cx.chat()))))
}

/// The button under which a note waits in the private chat.
pub(super) fn way_to_the_note(cx: &Cx<AlitaApp>, name: &NoteName, to: Option<MessageId>) -> Reply {
    let lang = cx.lang();
    let reply = match links::to_note(cx.chat(), name) {
        Some(payload) => t::notes::note_in_private(lang, name)
            .with(Keyboard::new().link(t::notes::open_button(lang), cx.start_link(&payload))),
        None => t::notes::note_without_link(lang, name).into(),
    };
    match to {
        Some(message) => reply.to(message),
        None => reply,
    }
}

/// Rewrites the question and says the same to whoever pressed, who may not see the message any more.
pub(super) async fn edit_and_say(cx: &Cx<AlitaApp>, words: Html) -> Outcome {
    let line = strip_tags(&words);
    if let Err(error) = cx.edit(words.into()).await {
        tracing::debug!(%error, "an answered question stays as it is");
    }
    toast(line)
}
