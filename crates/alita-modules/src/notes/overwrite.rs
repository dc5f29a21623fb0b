//! A name that is taken: the admin is asked before the old note goes.
//!
//! What was to be saved waits for five minutes under a token that only the button knows.
//! It is looked at first and taken when the right person has answered, so that nobody else can use it up.
//! The answer that took it finds it again when a crash cuts it short and it comes again.

use std::time::Duration;

use alita_dispatch::{Cx, Flow, Mistake, No, Outcome, Payload, mistake, toast};
use alita_i18n::t;
use alita_model::{ChatId, Note, UserId};
use alita_permissions::{Check, Rights};
use serde::{Deserialize, Serialize};

use super::view;
use crate::app::{AlitaApp, Doors};
use crate::content::Remarks;
use crate::saved::Saved;

/// The namespace of the buttons.
pub(super) const NAMESPACE: &str = "notes.overwrite";

const KIND: &str = "note_overwrite";

/// Tokens whose question has been dealt with.
const ANSWERED: &str = "note_overwrite_answered";

const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// What waits for an answer.
#[derive(Debug, Serialize, Deserialize)]
struct Waiting {
    /// The chat that the note belongs to.
    chat: ChatId,
    /// The chat where the question stands.
    place: ChatId,
    /// Who saved; nobody knows it of a trusted anonymous admin.
    saver: Option<UserId>,
    note: Note,
}

/// Keeps the new note aside and asks.
pub(super) async fn ask(cx: &Cx<AlitaApp>, note: Note, remarks: &Remarks) -> Outcome {
    let token = token()?;
    let question = view::ask_to_overwrite(cx, &note.name, &token, remarks);
    let saver = cx.sender().user().map(|someone| someone.id);
    let waiting = Waiting { chat: cx.chat(), place: cx.place().id, saver, note };
    if let Err(error) = cx.state().put(KIND, &token, &waiting, LIFETIME).await {
        tracing::error!(chat.id = %cx.chat(), %error, "a question could not be kept");
        return mistake(t::notes::could_not_ask);
    }
    let sent = cx.send(question).await;
    if !matches!(sent, Ok(Some(_))) {
        cx.state().take::<Waiting>(KIND, &token).await?;
    }
    sent?;
    Ok(Flow::Done)
}

/// The answer to the question.
pub(super) async fn answer(cx: Cx<AlitaApp>, payload: Payload) -> Outcome {
    let token: String = payload.get("t")?;
    let wants_it = match payload.text("a") {
        Some("yes") => true,
        Some("no") => false,
        _ => return Err(Mistake::invalid_button().into()),
    };
    let Some(waiting) = cx.state().get_for::<Waiting>(cx.update_id(), KIND, &token).await? else {
        return too_late(&cx, &token).await;
    };
    if waiting.place != cx.place().id {
        return Err(Mistake::invalid_button().into());
    }
    let presser = cx.person()?.id;
    if waiting.saver.is_some_and(|saver| saver != presser) {
        return toast(t::denied::not_for_you_toast(cx.lang()));
    }
    // In the private chat no gate could know which group this is about.
    let presser = cx.directory().admin(waiting.chat, presser).await;
    Check::needs(Rights::CHANGE_INFO).actor(&presser).verdict().map_err(No::Denied)?;
    let Some(waiting) = cx.state().take_for::<Waiting>(cx.update_id(), KIND, &token, LIFETIME).await? else {
        return too_late(&cx, &token).await;
    };
    cx.state().claim(ANSWERED, &token, LIFETIME).await?;
    if !wants_it {
        return view::edit_and_say(&cx, t::common::cancelled(cx.lang())).await;
    }
    let words = match cx.db().notes().update(waiting.chat, &waiting.note).await.saved() {
        Ok(true) => t::notes::overwritten(cx.lang(), &waiting.note.name),
        Ok(false) => t::notes::vanished(cx.lang(), &waiting.note.name),
        Err(no) => {
            cx.edit(t::mistakes::could_not_save(cx.lang()).into()).await?;
            return Err(no);
        }
    };
    view::edit_and_say(&cx, words).await
}

/// The question was answered, or has waited too long. Only a question that still waits is rewritten,
/// so that neither a second tap nor a forged press changes what the chat reads.
async fn too_late(cx: &Cx<AlitaApp>, token: &str) -> Outcome {
    let words = t::notes::question_is_over(cx.lang());
    let is_first = cx.state().claim(ANSWERED, token, LIFETIME).await?;
    if is_first && cx.button_stands() == Some(true) {
        return view::edit_and_say(cx, words).await;
    }
    toast(alita_markup::strip_tags(&words))
}

/// Eight bytes that nobody can guess, as 16 hexadecimal digits.
fn token() -> Result<String, No> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| No::fault(error.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
