//! Groups and topics that do not let the bot write: nothing is sent there in vain.
//!
//! What was asked for is done all the same; only the words about it are left out. Where only one kind of file is
//! forbidden, only that kind is left out.

use std::sync::atomic::Ordering;
use std::time::Duration;

use alita_model::{ChatId, ThreadId};

use crate::app::App;
use crate::cx::Cx;

const KIND: &str = "restricted";
const PROBE: &str = "restricted_probe";

/// How long a place counts as closed after the last refusal.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// After this long it is tried again.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// For this long nobody else tries.
const PROBE_LIFETIME: Duration = Duration::from_secs(60);

/// What is known of the place where something is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// Nothing stands against it.
    Open,
    /// It was closed a while ago; this message tries it.
    Tried,
    /// It is closed.
    Closed,
}

/// Looks whether something can be sent there. Not to know is no reason to be silent.
///
/// A private chat always counts as open: whoever asks there can be answered.
pub(crate) async fn look<A: App>(cx: &Cx<A>, chat: ChatId, thread: Option<ThreadId>) -> Door {
    if chat.is_private() {
        return Door::Open;
    }
    let mut door = look_at(cx, &key(chat, None)).await;
    if thread.is_some() && door == Door::Open {
        door = look_at(cx, &key(chat, thread)).await;
    }
    let (no, yes) = &cx.router().tally().restricted;
    let (result, count) = match door {
        Door::Open => ("miss", yes),
        Door::Tried => ("probe", yes),
        Door::Closed => ("hit", no),
    };
    count.fetch_add(1, Ordering::Relaxed);
    metrics::counter!("alita_restricted_chats_skips_total", "result" => result).increment(1);
    door
}

async fn look_at<A: App>(cx: &Cx<A>, key: &str) -> Door {
    let since = match cx.state().get::<i64>(KIND, key).await {
        Ok(Some(since)) => since,
        Ok(None) => return Door::Open,
        Err(error) => {
            tracing::debug!(%error, "could not look up whether a group lets the bot write");
            return Door::Open;
        }
    };
    let waited = cx.clock().now().timestamp().saturating_sub(since);
    // A mark from the future was made before the clock was set back: nobody knows its age, so it is tried.
    if u64::try_from(waited).is_ok_and(|waited| waited < PATIENCE.as_secs()) {
        return Door::Closed;
    }
    match cx.state().claim(PROBE, key, PROBE_LIFETIME).await {
        Ok(false) => Door::Closed,
        Ok(true) | Err(_) => Door::Tried,
    }
}

/// Telegram refused: the group, or one topic of it, is closed for a while.
pub(crate) async fn close<A: App>(cx: &Cx<A>, chat: ChatId, thread: Option<ThreadId>) {
    if chat.is_private() {
        return;
    }
    tracing::warn!(chat.id = %chat, "the group does not let the bot write; answers are left out for some minutes");
    note(cx, &key(chat, thread)).await;
}

async fn note<A: App>(cx: &Cx<A>, key: &str) {
    let now = cx.clock().now().timestamp();
    if let Err(error) = cx.state().put(KIND, key, &now, LIFETIME).await {
        tracing::debug!(%error, "could not note that a group does not let the bot write");
    }
}

/// The try succeeded, or the bot's rights have changed.
pub(crate) async fn open<A: App>(cx: &Cx<A>, chat: ChatId, thread: Option<ThreadId>) {
    for key in [Some(key(chat, None)), thread.map(|_| key(chat, thread))].into_iter().flatten() {
        forget(cx, &key).await;
    }
}

async fn forget<A: App>(cx: &Cx<A>, key: &str) {
    if let Err(error) = cx.state().take::<i64>(KIND, key).await {
        tracing::debug!(%error, "could not note that a group lets the bot write again");
    }
    if let Err(error) = cx.state().release(PROBE, key).await {
        tracing::debug!(%error, "the next try of a group has to wait");
    }
}

/// Looks whether files that leave by this method can be sent there.
pub(crate) async fn look_for_files<A: App>(cx: &Cx<A>, chat: ChatId, method: &str) -> Door {
    if chat.is_private() { Door::Open } else { look_at(cx, &files_key(chat, method)).await }
}

/// Telegram refused: files of this kind are left out for a while.
pub(crate) async fn close_for_files<A: App>(cx: &Cx<A>, chat: ChatId, method: &str) {
    if chat.is_private() {
        return;
    }
    tracing::warn!(chat.id = %chat, method, "the group does not allow such files; they are left out for some minutes");
    note(cx, &files_key(chat, method)).await;
}

/// The try succeeded.
pub(crate) async fn open_for_files<A: App>(cx: &Cx<A>, chat: ChatId, method: &str) {
    forget(cx, &files_key(chat, method)).await;
}

fn files_key(chat: ChatId, method: &str) -> String {
    format!("{chat}:{method}")
}

fn key(chat: ChatId, thread: Option<ThreadId>) -> String {
    match thread {
        Some(thread) => format!("{chat}:{thread}"),
        None => chat.to_string(),
    }
}
