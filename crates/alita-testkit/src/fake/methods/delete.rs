//! Deleting.

use serde_json::Value;

use crate::fake::chats::ChatKind;
use crate::fake::params::{Params, int};
use crate::fake::refusal::{Answer, Refusal};
use crate::fake::world::{BOT, World};

/// Telegram: older messages can be deleted only by administrators with the right.
const TWO_DAYS: i64 = 48 * 3600;

pub(super) fn one(world: &mut World, params: &Params) -> Answer {
    let chat = world.open_chat(params)?;
    let id = params.message_id()?;
    let message = world.message(chat, id).ok_or_else(|| Refusal::bad("message to delete not found"))?;
    if !may_delete(world, chat, message) {
        return Err(Refusal::bad("message can't be deleted"));
    }
    forget(world, chat, id);
    Ok(true.into())
}

/// Telegram: those that are gone are passed over, but one that can't be deleted keeps all.
pub(super) fn many(world: &mut World, params: &Params) -> Answer {
    let chat = world.open_chat(params)?;
    let ids = params.nested("message_ids")?.unwrap_or(Value::Null);
    let ids: Vec<i32> = ids
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(int)
        .filter_map(|id| i32::try_from(id).ok())
        .collect();
    if ids.is_empty() {
        return Err(Refusal::bad("message identifiers are not specified"));
    }
    if ids.len() > 100 {
        return Err(Refusal::bad("too many message identifiers specified"));
    }
    let there: Vec<i32> = ids.into_iter().filter(|id| world.message(chat, *id).is_some()).collect();
    if there
        .iter()
        .any(|id| !world.message(chat, *id).is_some_and(|message| may_delete(world, chat, message)))
    {
        return Err(Refusal::bad("message can't be deleted"));
    }
    for id in there {
        forget(world, chat, id);
    }
    Ok(true.into())
}

fn may_delete(world: &World, chat: i64, message: &Value) -> bool {
    let kind = world.kind(chat);
    // Telegram: the message that made a topic goes only with the topic.
    if !message["forum_topic_created"].is_null() || !message["migrate_from_chat_id"].is_null() {
        return false;
    }
    let is_young = world.now() - message["date"].as_i64().unwrap_or_default() < TWO_DAYS;
    let is_own = message["from"]["id"].as_i64() == Some(BOT);
    let bot = world.bot_in(chat);
    match kind {
        ChatKind::Private => is_young,
        ChatKind::Channel if message["from"].is_null() && bot.has("can_post_messages") && is_young => true,
        ChatKind::Group | ChatKind::Supergroup | ChatKind::Channel => {
            bot.has("can_delete_messages") || is_own && is_young
        }
    }
}

fn forget(world: &mut World, chat: i64, id: i32) {
    let chat = world.chat_mut(chat);
    chat.messages.remove(&id);
    chat.pinned.retain(|pinned| *pinned != id);
}
