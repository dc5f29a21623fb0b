//! Languages: in which language the bot speaks, with a person in private and in a whole group.
//!
//! Conversations: `docs/src/modules/languages.md`. Which of the two counts where: [`Cx::lang`].

mod view;

use alita_dispatch::{Answer, Button, Command, Cx, HelpPage, Mistake, Module, Outcome, Payload};
use alita_i18n::{Language, t};
use alita_model::UserId;

use crate::app::{AlitaApp, Doors};
use crate::saved::Saved;

pub(crate) fn module() -> Module<AlitaApp> {
    Module::new("languages")
        .help(
            HelpPage::new(t::languages::title_button, t::languages::help)
                .also_known_as(&["language", "lang"])
                .rows(view::keyboard),
        )
        .command(
            Command::new("lang", show)
                .alias("language")
                .alias("setlang")
                .for_admins_or_oneself()
                .help(t::languages::lang_help),
        )
        .button(Button::new(view::CHANGE, change).carries(&["l"]).for_admins_or_oneself())
}

/// `/lang`: the language of this chat, and all others.
async fn show(cx: Cx<AlitaApp>) -> Outcome {
    view::current(&cx).reply()
}

/// The press on a language: in private it is the presser's from now on, in a group the group's.
async fn change(cx: Cx<AlitaApp>, payload: Payload) -> Outcome {
    let language = payload.text("l").and_then(Language::from_code);
    let Some(language) = language.filter(|language| cx.settings().languages.contains(language)) else {
        return Err(Mistake::invalid_button().or_toast(t::languages::not_offered_toast).into());
    };
    store(&cx, cx.person()?.id, language).await.saved()?;
    if cx.message_id().is_some() {
        // It is stored: whatever becomes of the message now, the presser shall not hear of a failure.
        cx.toast(None).await;
    }
    view::changed(&cx, language).edit()
}

/// What is chosen already is not written again.
async fn store(cx: &Cx<AlitaApp>, presser: UserId, language: Language) -> Result<(), alita_db::Error> {
    let languages = cx.db().languages();
    let is_private = cx.place().is_private();
    let stored = if is_private { languages.user(presser).await? } else { languages.chat(cx.chat()).await? };
    match stored {
        Some(code) if code == language.code() => Ok(()),
        _ if is_private => languages.set_user(presser, language.code()).await,
        _ => languages.set_chat(cx.chat(), language.code()).await,
    }
}
