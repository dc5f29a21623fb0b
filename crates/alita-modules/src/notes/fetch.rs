//! How a note is asked for, and what whoever asks gets to see.

use alita_db::NoteEntry;
use alita_dispatch::{Answer, Args, Cx, Event, Flow, Mistake, No, Outcome, Sender, mistake};
use alita_i18n::t;
use alita_model::{MessageId, Note, NoteName};
use alita_permissions::Fact;

use super::{bad_name, view};
use crate::app::{AlitaApp, Doors};
use crate::content::{Delivered, deliver, show_source};

/// `/get <name> [noformat]`
pub(super) async fn by_command(cx: Cx<AlitaApp>, mut args: Args) -> Outcome {
    let Some(word) = args.word() else { return mistake(t::notes::name_needed) };
    let name = NoteName::parse(&word).map_err(bad_name)?;
    let note = known(&cx, &name).await?;
    let is_raw = asks_for_source(args.peek());
    hand_out(&cx, &note, is_raw).await
}

/// `#name [noformat]`: a word that is no note's name is somebody's hashtag.
pub(super) async fn by_hash(cx: Cx<AlitaApp>) -> Outcome {
    let Some((name, is_raw)) = called(&cx) else { return Ok(Flow::Next) };
    let Some(note) = cx.db().notes().get(cx.chat(), &name).await? else { return Ok(Flow::Next) };
    hand_out(&cx.speak().await, &note, is_raw).await
}

/// Whether a message may call a note.
pub(super) fn is_called(cx: &Cx<AlitaApp>) -> bool {
    called(cx).is_some()
}

/// The note that a message calls, if it may be one that calls a note.
fn called(cx: &Cx<AlitaApp>) -> Option<(NoteName, bool)> {
    let Event::Message(message) = cx.event() else { return None };
    let text = message.text.as_deref().filter(|text| text.starts_with('#'))?;
    let is_own = matches!(cx.sender(), Sender::User(_) | Sender::AnonymousAdmin | Sender::Channel(_));
    if !is_own || !cx.place().is_group() || message.forward_origin.is_some() {
        return None;
    }
    let mut words = text.split_whitespace();
    let name = NoteName::parse(words.next()?).ok()?;
    Some((name, asks_for_source(words.next())))
}

fn asks_for_source(word: Option<&str>) -> bool {
    word.is_some_and(|word| word.eq_ignore_ascii_case("noformat"))
}

/// The note of this name; that there is none is said.
pub(super) async fn known(cx: &Cx<AlitaApp>, name: &NoteName) -> Result<Note, No> {
    match cx.db().notes().get(cx.chat(), name).await? {
        Some(note) => Ok(note),
        None => {
            let name = name.clone();
            Err(Mistake::new(move |lang| t::notes::unknown(lang, &name)).into())
        }
    }
}

/// Gives a note to whoever asked for it, wherever they may see it.
pub(super) async fn hand_out(cx: &Cx<AlitaApp>, note: &Note, is_raw: bool) -> Outcome {
    let lang = cx.lang();
    let (flags, in_private) = (note.flags, cx.place().is_private());
    if note.content.is_empty() {
        return t::notes::broken(lang, &note.name).reply();
    }
    if flags.is_admin_only || is_raw {
        match cx.is_by_admin().await {
            Fact::Known(true) => {}
            Fact::Known(false) | Fact::NotFound if flags.is_admin_only => {
                return t::notes::admins_only(lang).reply();
            }
            Fact::Known(false) | Fact::NotFound => return t::notes::source_admins_only(lang).reply(),
            Fact::Unknown => return t::denied::could_not_find_out(lang).reply(),
        }
    }
    let to = cx.replied().map(|replied| MessageId::new(replied.message_id));
    let delivered = if is_raw {
        show_source(cx, &note.content, to).await?
    } else if in_private && flags.is_group_only {
        return t::notes::group_only(lang, &note.name).reply();
    } else if !in_private && note.is_delivered_in_private(cx.db().notes().is_private(cx.chat()).await?) {
        return view::way_to_the_note(cx, &note.name, to).reply();
    } else {
        deliver(cx, &note.content, flags, to).await?
    };
    match delivered {
        Delivered::Blank => t::notes::broken(lang, &note.name).reply(),
        Delivered::Forbidden => t::content::file_forbidden(lang).reply(),
        Delivered::Sent => Ok(Flow::Done),
    }
}

/// The names that whoever asks may see: those for admins only if they certainly are one.
pub(super) async fn visible_names(cx: &Cx<AlitaApp>) -> Result<Vec<NoteName>, No> {
    let entries = cx.db().notes().names(cx.chat()).await?;
    let has_secrets = entries.iter().any(|entry| entry.is_admin_only);
    let sees_all = has_secrets && cx.is_by_admin().await == Fact::Known(true);
    let is_visible = |entry: &&NoteEntry| sees_all || !entry.is_admin_only;
    Ok(entries.iter().filter(is_visible).map(|entry| entry.name.clone()).collect())
}
