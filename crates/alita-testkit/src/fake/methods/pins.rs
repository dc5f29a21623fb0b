//! Pinning.

use crate::fake::chats::ChatKind;
use crate::fake::params::Params;
use crate::fake::refusal::{Answer, Refusal};
use crate::fake::world::{BOT, World};

pub(super) fn pin(world: &mut World, params: &Params) -> Answer {
    let chat = manageable(world, params)?;
    let id = params.message_id()?;
    let message = world.message(chat, id).ok_or_else(|| Refusal::bad("message to pin not found"))?;
    if crate::fake::messages::is_service(message) {
        return Err(Refusal::bad("message can't be pinned"));
    }
    world.pin(chat, id, BOT);
    Ok(true.into())
}

pub(super) fn unpin(world: &mut World, params: &Params) -> Answer {
    let chat = manageable(world, params)?;
    let place = world.chat_mut(chat);
    let id = match params.get("message_id") {
        Some(_) => params.message_id()?,
        // Telegram: without an id the youngest pinned message is meant.
        None => *place.pinned.last().ok_or_else(|| Refusal::bad("message to unpin not found"))?,
    };
    if !place.messages.contains_key(&id) {
        return Err(Refusal::bad("message to unpin not found"));
    }
    place.pinned.retain(|pinned| *pinned != id);
    Ok(true.into())
}

pub(super) fn unpin_all(world: &mut World, params: &Params) -> Answer {
    let chat = manageable(world, params)?;
    world.chat_mut(chat).pinned.clear();
    Ok(true.into())
}

/// A chat in which the bot may pin.
fn manageable(world: &World, params: &Params) -> Result<i64, Refusal> {
    let chat = world.open_chat(params)?;
    let bot = world.bot_in(chat);
    let may = match world.kind(chat) {
        ChatKind::Private => true,
        ChatKind::Channel => bot.has("can_edit_messages"),
        ChatKind::Group | ChatKind::Supergroup if bot.is_admin() => bot.has("can_pin_messages"),
        ChatKind::Group | ChatKind::Supergroup => world.permits(chat, &bot, "can_pin_messages"),
    };
    if may { Ok(chat) } else { Err(Refusal::bad("not enough rights to manage pinned messages in the chat")) }
}
