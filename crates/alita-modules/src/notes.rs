//! Notes: an admin keeps a message under a name; `#name` or `/get name` brings it back.
//!
//! Conversations: `docs/src/modules/notes.md`. How messages are read and sent: [`crate::content`].

mod fetch;
mod links;
mod overwrite;
mod view;

use alita_db::AddNote;
use alita_dispatch::{
    Answer, Args, Button, Command, Cx, DeepLink, HelpPage, Mistake, Module, No, Outcome, Payload, Stage,
    Switch, Watcher, mistake,
};
use alita_i18n::t;
use alita_model::{MAX_NOTES, Note, NoteName, NoteNameError};
use alita_permissions::Rights;

use crate::app::{AlitaApp, Doors};
use crate::content::{Captured, capture};
use crate::saved::Saved;

pub(crate) fn module() -> Module<AlitaApp> {
    Module::new("notes")
        .help(
            HelpPage::new(t::notes::title_button, t::notes::help)
                .also_known_as(&["note", "save", "saved", "get"]),
        )
        .command(
            Command::new("save", save)
                .alias("addnote")
                .caller_needs(Rights::CHANGE_INFO)
                .via_connection()
                .help(t::notes::save_help),
        )
        .command(
            Command::new("get", fetch::by_command)
                .for_everyone()
                .via_connection()
                .can_be_disabled()
                .help(t::notes::get_help),
        )
        .command(
            Command::new("notes", list)
                .alias("saved")
                .for_everyone()
                .bot_needs(Rights::empty())
                .via_connection()
                .can_be_disabled()
                .help(t::notes::notes_help),
        )
        .command(
            Command::new("clear", clear)
                .alias("rmnote")
                .caller_needs(Rights::CHANGE_INFO)
                .via_connection()
                .help(t::notes::clear_help),
        )
        .command(Command::new("clearall", ask_to_clear_all).for_owner().help(t::notes::clearall_help))
        .command(
            Command::new("privnote", private_mode)
                .alias("privatenotes")
                .caller_needs(Rights::CHANGE_INFO)
                .bot_needs_nothing()
                .via_connection()
                .help(t::notes::privnote_help),
        )
        .button(Button::new(overwrite::NAMESPACE, overwrite::answer).carries(&["a", "t"]).with_secret())
        .button(Button::new(view::CLEAR_ALL, clear_all).carries(&["a"]).for_owner())
        .watcher(Watcher::new(Stage::Command, "hash name", fetch::by_hash).when(fetch::is_called))
        .deep_link(DeepLink::prefix("notes_", links::list))
        .deep_link(DeepLink::prefix("note_", links::note))
        .deep_link(DeepLink::prefix("noteb_", links::encoded_note))
        .deep_link(DeepLink::prefix("note", links::broken))
}

/// `/save <name> <content>`, or as a reply: `/save <name> [other text]`
async fn save(cx: Cx<AlitaApp>, mut args: Args) -> Outcome {
    let is_reply = cx.replied().is_some();
    let Some(word) = args.word() else {
        return mistake(if is_reply { t::notes::name_needed } else { t::notes::save_usage });
    };
    let name = NoteName::parse(&word).map_err(bad_name)?;
    let Captured { content, flags, remarks } = capture(&cx, &args, name.as_str())?;
    let note = Note { name, content, flags };
    match cx.db().notes().add(cx.chat(), &note).await.saved()? {
        AddNote::Added => view::saved(&cx, &note.name, &remarks).reply(),
        AddNote::Exists => overwrite::ask(&cx, note, &remarks).await,
        AddNote::Full => t::notes::full(cx.lang(), MAX_NOTES).reply(),
    }
}

/// `/clear <name>`
async fn clear(cx: Cx<AlitaApp>, mut args: Args) -> Outcome {
    let Some(word) = args.word() else { return mistake(t::notes::name_needed) };
    let name = NoteName::parse(&word).map_err(bad_name)?;
    match cx.db().notes().remove(cx.chat(), &name).await.saved()? {
        true => t::notes::cleared(cx.lang(), name).reply(),
        false => t::notes::unknown(cx.lang(), name).reply(),
    }
}

fn bad_name(error: NoteNameError) -> No {
    No::Mistake(match error {
        NoteNameError::TooLong => Mistake::new(|lang| t::notes::name_too_long(lang, NoteName::MAX_CHARS)),
        _ => Mistake::new(t::notes::name_needed),
    })
}

/// `/clearall`: asks the owner first.
async fn ask_to_clear_all(cx: Cx<AlitaApp>) -> Outcome {
    if cx.db().notes().names(cx.chat()).await?.is_empty() {
        return t::notes::none(cx.lang()).reply();
    }
    view::ask_to_clear_all(&cx).reply()
}

async fn clear_all(cx: Cx<AlitaApp>, payload: Payload) -> Outcome {
    let words = match payload.get::<String>("a")?.as_str() {
        "yes" => {
            cx.db().notes().remove_all(cx.chat()).await.saved()?;
            t::notes::all_cleared(cx.lang())
        }
        "no" => t::common::cancelled(cx.lang()),
        _ => return Err(Mistake::invalid_button().into()),
    };
    view::edit_and_say(&cx, words).await
}

/// `/notes`: the names, or in private mode the way to them.
async fn list(cx: Cx<AlitaApp>) -> Outcome {
    let names = fetch::visible_names(&cx).await?;
    if names.is_empty() {
        return t::notes::none(cx.lang()).reply();
    }
    if cx.place().is_private() {
        view::list_in_private(&cx, &names).reply()
    } else if cx.db().notes().is_private(cx.chat()).await? {
        view::way_to_the_list(&cx).reply()
    } else {
        view::list_in_group(&cx, &names).reply()
    }
}

/// `/privnote [on | off]`
async fn private_mode(cx: Cx<AlitaApp>, switch: Option<Switch>) -> Outcome {
    let Some(switch) = switch else {
        let is_private = cx.db().notes().is_private(cx.chat()).await?;
        return if is_private {
            t::notes::private_is_on(cx.lang())
        } else {
            t::notes::private_is_off(cx.lang())
        }
        .reply();
    };
    cx.db().notes().set_private(cx.chat(), switch.is_on()).await.saved()?;
    if switch.is_on() { t::notes::private_set_on(cx.lang()) } else { t::notes::private_set_off(cx.lang()) }
        .reply()
}
