//! Changes of the bot's own messages.

use serde_json::Value;

use super::send::{check_caption, check_text};
use crate::fake::messages::{id_of, is_service, media_of, write_text};
use crate::fake::params::Params;
use crate::fake::refusal::{Answer, Refusal};
use crate::fake::world::{BOT, World};

pub(super) fn text(world: &mut World, params: &Params) -> Answer {
    let text = world.read_text(params, "text", "entities")?;
    check_text(&text)?;
    let mut message = editable(world, params)?;
    if media_of(&message).is_some() {
        return Err(Refusal::bad("there is no text in the message to edit"));
    }
    let old = message.clone();
    write_text(&mut message, None, &text.text, &text.entities_wire());
    finish(world, params, &old, message)
}

pub(super) fn caption(world: &mut World, params: &Params) -> Answer {
    let caption = world.read_text(params, "caption", "caption_entities")?;
    check_caption(&caption)?;
    let mut message = editable(world, params)?;
    let kind = media_of(&message).filter(|kind| kind.has_caption());
    let kind = kind.ok_or_else(|| Refusal::bad("there is no caption in the message to edit"))?;
    let old = message.clone();
    write_text(&mut message, Some(kind), &caption.text, &caption.entities_wire());
    finish(world, params, &old, message)
}

pub(super) fn reply_markup(world: &mut World, params: &Params) -> Answer {
    let message = editable(world, params)?;
    finish(world, params, &message.clone(), message)
}

/// A message that the bot wrote and may change.
fn editable(world: &World, params: &Params) -> Answer {
    if params.get("inline_message_id").is_some() {
        return Err(Refusal::bad("MESSAGE_ID_INVALID"));
    }
    let chat = world.open_chat(params)?;
    let message = world.message(chat, params.message_id()?);
    let message = message.ok_or_else(|| Refusal::bad("message to edit not found"))?;
    let is_own = message["from"]["id"].as_i64() == Some(BOT)
        || message["from"].is_null() && world.bot_in(chat).has("can_edit_messages");
    if !is_own || is_service(message) || !message["forward_origin"].is_null() {
        return Err(Refusal::bad("message can't be edited"));
    }
    Ok(message.clone())
}

fn finish(world: &mut World, params: &Params, old: &Value, mut message: Value) -> Answer {
    // Telegram: an edit without buttons takes the old ones away.
    if let Some(fields) = message.as_object_mut() {
        fields.remove("reply_markup");
    }
    if let Some(keyboard) = world.read_keyboard(params)? {
        message["reply_markup"] = keyboard;
    }
    if message == *old {
        return Err(Refusal::bad(
            "message is not modified: specified new message content and reply markup are exactly the same as a \
             current content and reply markup of the message",
        ));
    }
    message["edit_date"] = world.now().into();
    let chat = message["chat"]["id"].as_i64().unwrap_or_default();
    world.chat_mut(chat).messages.insert(id_of(&message).get(), message.clone());
    Ok(message)
}
