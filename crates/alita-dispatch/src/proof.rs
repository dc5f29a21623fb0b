//! How an anonymous administrator shows who they are.
//!
//! The command is kept for a minute under its chat and message. Whoever presses the button and is an
//! administrator becomes its sender, and it runs through the ordinary pipeline with their own rights.
//! When nobody has pressed in time, a job tells so in the place of the prompt.

use std::time::Duration;

use alita_i18n::t;
use alita_model::{ChatId, MessageId};
use alita_permissions::{Denied, Fact};
use alita_runtime::jobs::{self, Failure, Job};
use alita_telegram::types::{Message, User};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::cx::Cx;
use crate::jobs::{JobCx, about, unless_refused};
use crate::keyboard::Keyboard;
use crate::outcome::{Flow, Mistake, Outcome, denied};
use crate::payload::Payload;
use crate::pipeline;
use crate::reply::{Answer, toast};
use crate::send::edit_message;
use crate::view::{Event, View};

/// The namespace of the proof's button.
pub const NAMESPACE: &str = "anon_admin";

/// What that button carries: the chat and the message of the command.
pub const FIELDS: &[&str] = &["c", "m"];

/// How long the proof can be given.
pub const LIFETIME: Duration = Duration::from_secs(60);

const KIND: &str = "anonAdmin";
const PROVED: &str = "anonAdminProved";

fn key(chat: ChatId, message: MessageId) -> String {
    format!("{chat}:{message}")
}

/// The prompt tells that it is too late.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Expiry {
    prompt: MessageId,
}

impl Job for Expiry {
    const NAME: &'static str = "proof_expiry";
}

fn expiry_key(chat: ChatId, message: MessageId) -> String {
    format!("proof:{chat}:{message}")
}

/// Keeps the command and asks for the proof; nothing else is said.
pub(crate) async fn ask<A: App>(cx: &Cx<A>) -> Outcome {
    let (Event::Message(message), Some(id)) = (cx.event(), cx.message_id()) else { return Ok(Flow::Done) };
    let key = key(cx.place().id, id);
    cx.state().put(KIND, &key, &**message, LIFETIME).await?;
    let payload = Payload::new(NAMESPACE).with("c", cx.place().id).with("m", id);
    let prompt =
        t::proof::prompt(cx.lang()).with(Keyboard::new().ask(t::proof::prove_button(cx.lang()), &payload));
    let prompt = match cx.send(prompt).await {
        Ok(prompt) => prompt,
        Err(error) => {
            cx.state().take::<Message>(KIND, &key).await?;
            return Err(error.into());
        }
    };
    if let Some(prompt) = prompt
        && let Err(error) = let_expire(cx, id, MessageId::new(prompt.message_id)).await
    {
        // The button itself still tells whoever presses it that it is too late.
        tracing::warn!(chat.id = %cx.place().id, %error, "the prompt of a proof will not expire by itself");
    }
    Ok(Flow::Done)
}

async fn let_expire<A: App>(cx: &Cx<A>, command: MessageId, prompt: MessageId) -> Result<(), jobs::Error> {
    let chat = cx.place().id;
    let order = cx.jobs().after(LIFETIME, &Expiry { prompt })?.about(about(chat));
    cx.jobs().schedule(&order.once(expiry_key(chat, command))).await?;
    Ok(())
}

/// Nobody has pressed in time. A prompt that is gone, for somebody pressed in the last moment, needs nothing more.
pub(crate) async fn expire<A: App>(cx: JobCx<A>, job: Expiry) -> Result<(), Failure> {
    let Some(chat) = cx.chat() else { return Ok(()) };
    let words = t::proof::expired(cx.language(chat).await).into();
    unless_refused(edit_message(cx.client(), chat, job.prompt, &words).await)
}

/// The press on the proof's button: runs the kept command as the presser's own.
///
/// # Errors
///
/// A denial for whoever is no administrator; the button stays for those who are.
pub async fn prove<A: App>(cx: Cx<A>, payload: Payload) -> Outcome {
    let (chat, message): (ChatId, MessageId) = (payload.get("c")?, payload.get("m")?);
    if chat != cx.place().id {
        return Err(Mistake::invalid_button().into());
    }
    let presser = cx.person()?.id;
    match cx.directory().is_admin(chat, presser).await {
        Fact::Known(true) => {}
        Fact::Known(false) | Fact::NotFound => return denied(Denied::ActorIsNotAdmin),
        _ => return denied(Denied::CouldNotFindOut),
    }
    let key = key(chat, message);
    let is_first = cx.state().claim(PROVED, &key, LIFETIME).await?;
    // Taken for this press alone: when a crash cuts it short it comes again, and finds the command again.
    let kept = cx.state().take_for::<Message>(cx.update_id(), KIND, &key, LIFETIME).await?;
    if kept.is_none() && !is_first {
        return toast(t::proof::another_was_faster(cx.lang()));
    }
    if let Err(error) = cx.jobs().cancel(&expiry_key(chat, message)).await {
        tracing::debug!(%error, "a proof that was given may seem to expire");
    }
    let Some(kept) = kept else { return t::proof::expired(cx.lang()).edit() };
    if let Some(prompt) = cx.message_id()
        && let Err(error) = cx.delete(prompt).await
    {
        tracing::debug!(%error, "the prompt of a proof stays");
    }
    cx.toast(None).await;
    let presser = cx.query().map(|query| query.from.clone());
    pipeline::replay(&cx, View::of_message(cx.update_id(), Box::new(spoken_by(presser, kept)), false)).await;
    Ok(Flow::Done)
}

/// The command as if the presser had written it.
fn spoken_by(presser: Option<User>, mut message: Message) -> Message {
    message.sender_chat = None;
    message.from = presser.map(Box::new);
    message
}
