//! Forwarding and copying.

use serde_json::{Value, json};

use super::send::{begin, check_caption, finish};
use crate::fake::messages::{is_service, media_of, write_text};
use crate::fake::params::Params;
use crate::fake::refusal::{Answer, Refusal};
use crate::fake::world::World;

pub(super) fn forward(world: &mut World, params: &Params) -> Answer {
    let source = source(world, params, "forward")?;
    let message = begin(world, params, media_of(&source))?;
    let origin = origin(&source);
    finish(world, params, message, |_, message| {
        take_content(&source, message);
        message["forward_origin"] = origin;
        Ok(())
    })
}

pub(super) fn copy(world: &mut World, params: &Params) -> Answer {
    let source = source(world, params, "copy")?;
    let kind = media_of(&source);
    let caption = match params.get("caption") {
        Some(_) => Some(world.read_text(params, "caption", "caption_entities")?),
        None => None,
    };
    if let Some(caption) = &caption {
        check_caption(caption)?;
    }
    let message = begin(world, params, kind)?;
    let made = finish(world, params, message, |_, message| {
        take_content(&source, message);
        if let Some(caption) = caption.filter(|_| kind.is_some()) {
            write_text(message, kind, &caption.text, &caption.entities_wire());
        }
        Ok(())
    })?;
    // Telegram: a copy answers only with its id.
    Ok(json!({"message_id": made["message_id"]}))
}

fn source(world: &World, params: &Params, verb: &str) -> Answer {
    let from = world.named_chat(params.get("from_chat_id"))?;
    let message = world.message(from, params.message_id()?);
    let message = message.ok_or_else(|| Refusal::bad(format!("message to {verb} not found")))?;
    if is_service(message) || message["has_protected_content"] == true {
        let done = if verb == "copy" { "copied" } else { "forwarded" };
        return Err(Refusal::bad(format!("the message can't be {done}")));
    }
    Ok(message.clone())
}

/// Everything that is content and not circumstance.
fn take_content(source: &Value, message: &mut Value) {
    let circumstances = [
        "message_id",
        "message_thread_id",
        "is_topic_message",
        "from",
        "sender_chat",
        "author_signature",
        "chat",
        "date",
        "edit_date",
        "reply_to_message",
        "reply_markup",
        "forward_origin",
        "is_automatic_forward",
        "via_bot",
    ];
    for (name, value) in source.as_object().into_iter().flatten() {
        if !circumstances.contains(&name.as_str()) {
            message[name.as_str()] = value.clone();
        }
    }
}

fn origin(source: &Value) -> Value {
    if !source["forward_origin"].is_null() {
        return source["forward_origin"].clone();
    }
    let date = &source["date"];
    match (&source["sender_chat"], &source["from"]) {
        (Value::Null, user) => json!({"type": "user", "date": date, "sender_user": user}),
        (chat, _) if chat["type"] == "channel" => {
            json!({"type": "channel", "date": date, "chat": chat, "message_id": source["message_id"]})
        }
        (chat, _) => json!({"type": "chat", "date": date, "sender_chat": chat}),
    }
}
