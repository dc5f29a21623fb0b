//! Bot updates: the bot comes into a chat or leaves it, and administrators come and go.
//!
//! Conversations: `docs/src/modules/bot_updates.md`. The button with which anonymous administrators show who they
//! are is declared here; it lives in [`alita_dispatch::proof`].

mod view;

use alita_dispatch::members::member_of_update;
use alita_dispatch::view::ChatKind;
use alita_dispatch::{Button, Cx, Flow, Module, On, Outcome, Stage, Watcher, proof};
use alita_permissions::{Change, ChatMember};
use alita_telegram::AsyncTelegramApi;
use alita_telegram::methods::LeaveChatParams;

use crate::app::{AlitaApp, Doors};

pub(crate) fn module() -> Module<AlitaApp> {
    Module::new("bot_updates")
        .watcher(Watcher::new(Stage::Remember, "own_membership", own_membership).on(&[On::MyChatMember]))
        .watcher(Watcher::new(Stage::Remember, "administrators", administrators).on(&[On::ChatMember]))
        .button(Button::new(proof::NAMESPACE, proof::prove).carries(proof::FIELDS))
}

/// The bot was added, removed, or given other rights.
async fn own_membership(cx: Cx<AlitaApp>) -> Outcome {
    let Some((before, after)) = records(&cx) else { return Ok(Flow::Next) };
    let change = Change::between(&before, &after);
    match cx.place().kind {
        ChatKind::Group | ChatKind::Supergroup => {}
        ChatKind::Channel if change.has_joined() => return leave(&cx).await,
        _ => return Ok(Flow::Done),
    }
    if change.has_left() {
        cx.directory().forget(cx.chat()).await;
        cx.db().chats().mark_inactive(cx.chat()).await?;
        return Ok(Flow::Next);
    }
    learn(&cx, change).await;
    match cx.place().kind {
        _ if !change.has_joined() => Ok(Flow::Next),
        ChatKind::Group => explain_and_leave(&cx).await,
        _ => greet(&cx, after.is_admin()).await,
    }
}

/// Somebody else became an administrator or ceased to be one, or has other rights or another title.
async fn administrators(cx: Cx<AlitaApp>) -> Outcome {
    if cx.place().is_group()
        && let Some((before, after)) = records(&cx)
    {
        learn(&cx, Change::between(&before, &after)).await;
    }
    Ok(Flow::Next)
}

fn records(cx: &Cx<AlitaApp>) -> Option<(ChatMember, ChatMember)> {
    let change = cx.member_change()?;
    Some((member_of_update(&change.old_chat_member)?, member_of_update(&change.new_chat_member)?))
}

/// Takes in a change; a list that it makes untrue is read again at once, beside this update.
async fn learn(cx: &Cx<AlitaApp>, change: Change<'_>) {
    if cx.directory().learn(cx.chat(), change).await {
        let (directory, chat) = (cx.directory().clone(), cx.chat());
        cx.tasks().spawn("admin_list", async move {
            directory.administrators(chat).await;
        });
    }
}

/// Says hello in a supergroup. Neither words that do not arrive nor a row that cannot be written spoil the rest.
async fn greet(cx: &Cx<AlitaApp>, is_admin: bool) -> Outcome {
    if let Err(error) = cx.db().chats().seen(cx.chat(), &cx.place().title, None).await {
        tracing::warn!(chat.id = %cx.chat(), %error, "a new group could not be written down");
    }
    if let Err(error) = cx.send(view::greeting(&cx.speak().await, is_admin)).await {
        tracing::warn!(chat.id = %cx.chat(), %error, "a greeting could not be sent");
    }
    Ok(Flow::Next)
}

/// Telegram: a basic group has no topics, no single restrictions and ids of another kind, and it changes its own
/// id when it grows up.
async fn explain_and_leave(cx: &Cx<AlitaApp>) -> Outcome {
    if let Err(error) = cx.send(view::supergroup_needed(&cx.speak().await)).await {
        tracing::warn!(chat.id = %cx.chat(), %error, "a farewell could not be sent");
    }
    leave(cx).await
}

/// Leaves, and nobody else looks at the update.
async fn leave(cx: &Cx<AlitaApp>) -> Outcome {
    let params = LeaveChatParams::builder().chat_id(cx.chat().get()).build();
    if let Err(error) = cx.client().leave_chat(&params).await {
        tracing::warn!(chat.id = %cx.chat(), %error, "the bot could not leave a chat");
    }
    Ok(Flow::Done)
}
