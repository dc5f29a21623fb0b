//! Users: writes down who and what was seen, so that names lead to people and rows have something to point to.
//!
//! It has no commands, says nothing, and makes no Bot API call. Conversations: `docs/src/modules/users.md`.
//! How seldom the same fact is written: `alita-db`'s users, chats and channels, which remember what they wrote.

mod seen;

use alita_dispatch::{Cx, Flow, Module, On, Outcome, Sender, Stage, Watcher};

use crate::app::{AlitaApp, Doors};
use seen::Seen;

pub(crate) fn module() -> Module<AlitaApp> {
    Module::new("users").watcher(Watcher::new(Stage::Remember, "speaker", speaker)).watcher(
        Watcher::new(Stage::Remember, "bystanders", bystanders)
            .on(&[On::Message, On::CallbackQuery, On::ChatMember, On::ChatJoinRequest])
            .when(|cx| !Seen::beside_the_speaker(cx).is_empty()),
    )
}

/// Who writes, and where. It waits until they are stored, so that whatever the message asks for finds them.
///
/// An anonymous admin and the posts of the linked channel are no people, so only their chat is written down.
async fn speaker(cx: Cx<AlitaApp>) -> Outcome {
    let place = cx.place();
    let mut member = None;
    match cx.sender() {
        Sender::User(someone) => {
            if let Some(person) = seen::person(someone) {
                cx.db().users().seen(&person).await?;
                member = Some(person.id);
            }
        }
        Sender::Channel(speaker) | Sender::LinkedChannel(speaker) => {
            if let Some(channel) = seen::channel(speaker) {
                cx.db().channels().seen(&channel).await?;
            }
        }
        _ => {}
    }
    if place.is_group() {
        cx.db().chats().seen(place.id, &place.title, member).await?;
        cx.db().activity().heard(place.id);
    }
    Ok(Flow::Next)
}

/// Everybody else whom an update shows. Nobody waits for it.
async fn bystanders(cx: Cx<AlitaApp>) -> Outcome {
    let Seen { people, channels } = Seen::beside_the_speaker(&cx);
    let db = cx.db().clone();
    cx.tasks().spawn("bystanders", async move {
        for person in people {
            if let Err(error) = db.users().seen(&person).await {
                tracing::warn!(%error, "somebody who was seen could not be written down");
            }
        }
        for channel in channels {
            if let Err(error) = db.channels().seen(&channel).await {
                tracing::warn!(%error, "a channel that was seen could not be written down");
            }
        }
    });
    Ok(Flow::Next)
}
