//! Content on its way back into a chat: filled in, with its buttons and its file.

use std::time::Duration;

use alita_dispatch::{Cx, Keyboard, No, Place, Reply, Sender};
use alita_i18n::t;
use alita_markup::{FilledUser, Fillings, RulesButton, UrlButton, needs_member_count, render, to_source};
use alita_model::{MessageId, NoteFlags, Peer, SavedContent};
use alita_permissions::Fact;
use alita_telegram::methods::GetChatMemberCountParams;
use alita_telegram::{AsyncTelegramApi, RefusalKind};

use crate::app::{AlitaApp, Doors};

/// For how long nobody is told again that the file of the same content is gone.
const TOLD: Duration = Duration::from_secs(24 * 60 * 60);

/// What became of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// It is there, as far as the chat lets the bot write, and write in time.
    Sent,
    /// Nothing is left of it that could be sent.
    Blank,
    /// It is a file of a kind that the chat does not allow.
    Forbidden,
}

/// Sends content to where it was asked for, with the words in braces filled in for who asked.
///
/// It replies to `to`, or else to the message that asked.
///
/// # Errors
///
/// What the database or Telegram refused.
pub(crate) async fn deliver(
    cx: &Cx<AlitaApp>,
    content: &SavedContent,
    flags: NoteFlags,
    to: Option<MessageId>,
) -> Result<Delivered, No> {
    let lang = cx.lang();
    let unknown_name = t::common::somebody_plain(lang);
    let has_rules_button = content.html.contains("{rules");
    let rules = if has_rules_button { cx.db().rules().get(cx.chat()).await? } else { None };
    let label = rules.as_ref().and_then(|rules| rules.button.clone());
    let label = label.unwrap_or_else(|| t::content::rules_button(lang));
    let url = cx.start_link(&format!("rules_{}", cx.chat()));
    let fillings = Fillings {
        user: speaker(cx),
        unknown_name: &unknown_name,
        chat_title: &cx.subject().title,
        member_count: if needs_member_count(content) { member_count(cx).await } else { 0 },
        rules: rules.is_some().then_some(RulesButton { label: &label, url: &url }),
    };
    let rendered = render(content, &fillings, |variants| fastrand::usize(..variants));
    let reply = Reply::new(rendered.html)
        .keyboard(keyboard(rendered.rows))
        .with_preview(flags.has_preview)
        .protected(flags.is_protected)
        .silent(flags.is_silent);
    send(cx, reply, content, to).await
}

/// Sends content as it would be typed, without formatting and buttons: `noformat`.
///
/// # Errors
///
/// What Telegram refused.
pub(crate) async fn show_source(
    cx: &Cx<AlitaApp>,
    content: &SavedContent,
    to: Option<MessageId>,
) -> Result<Delivered, No> {
    send(cx, Reply::plain(&to_source(content)), content, to).await
}

/// A file that Telegram has forgotten, or that the chat does not allow, costs the file; the words arrive.
async fn send(
    cx: &Cx<AlitaApp>,
    reply: Reply,
    content: &SavedContent,
    to: Option<MessageId>,
) -> Result<Delivered, No> {
    let reply = match to {
        Some(message) => reply.to(message),
        None => reply,
    };
    let is_blank = reply.is_blank();
    if is_blank && content.file_id.is_empty() {
        return Ok(Delivered::Blank);
    }
    let reply = reply.bulk();
    let Err(error) = cx.send(reply.clone().media(content.kind, &content.file_id)).await else {
        return Ok(Delivered::Sent);
    };
    let without_file = match error.kind() {
        Some(RefusalKind::WrongFileId) => Delivered::Blank,
        Some(RefusalKind::CannotWrite) => Delivered::Forbidden,
        _ => return Err(error.into()),
    };
    tracing::warn!(chat.id = %cx.chat(), %error, "the file of saved content could not be sent");
    if is_blank {
        return Ok(without_file);
    }
    cx.send(reply).await?;
    if without_file == Delivered::Blank {
        tell_that_file_is_gone(cx, &content.file_id).await;
    }
    Ok(Delivered::Sent)
}

/// Only an administrator can save it again, so nobody else is told. The words are there, so what fails here is let be.
async fn tell_that_file_is_gone(cx: &Cx<AlitaApp>, file_id: &str) {
    if cx.is_by_admin().await != Fact::Known(true) {
        return;
    }
    match cx.state().claim("fileGone", &format!("{}:{file_id}", cx.chat()), TOLD).await {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => {
            tracing::debug!(%error, "could not look up whether it was told that a file is gone");
            return;
        }
    }
    if let Err(error) = cx.send(Reply::new(t::content::file_gone(cx.lang()))).await {
        tracing::warn!(chat.id = %cx.chat(), %error, "nobody could be told that a file is gone");
    }
}

/// Whom the words in braces speak of.
fn speaker(cx: &Cx<AlitaApp>) -> Option<FilledUser<'_>> {
    match cx.sender() {
        Sender::User(someone) => Some(FilledUser {
            id: Peer::User(someone.id),
            first_name: &someone.first_name,
            last_name: someone.last_name.as_deref().unwrap_or_default(),
            username: someone.username.as_deref(),
        }),
        Sender::AnonymousAdmin => Some(as_chat(cx.place())),
        Sender::Channel(place) => Some(as_chat(place)),
        _ => None,
    }
}

fn as_chat(place: &Place) -> FilledUser<'_> {
    FilledUser {
        id: Peer::Chat(place.id),
        first_name: &place.title,
        last_name: "",
        username: place.username.as_deref(),
    }
}

/// How many members the chat has, as of a minute ago at most; 0 when Telegram does not tell.
async fn member_count(cx: &Cx<AlitaApp>) -> i64 {
    let (client, chat) = (cx.client().clone(), cx.chat());
    let load = move || async move {
        let params = GetChatMemberCountParams::builder().chat_id(chat.get()).build();
        client.get_chat_member_count(&params).await.map(|response| i64::from(response.result))
    };
    match cx.app().member_counts().get_or_load(&chat.to_string(), load).await {
        Ok(count) => *count,
        Err(error) => {
            tracing::debug!(chat.id = %chat, %error, "the members of a chat could not be counted");
            0
        }
    }
}

fn keyboard(rows: Vec<Vec<UrlButton>>) -> Keyboard {
    rows.into_iter().fold(Keyboard::new(), |keyboard, row| {
        row.into_iter().fold(keyboard.row(), |keyboard, button| keyboard.link(button.label, button.url))
    })
}
