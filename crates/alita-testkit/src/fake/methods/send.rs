//! Everything that makes a new message.

use serde_json::{Value, json};

use crate::fake::chats::ChatKind;
use crate::fake::media::MediaKind;
use crate::fake::messages::write_text;
use crate::fake::params::Params;
use crate::fake::refusal::{Answer, Refusal};
use crate::fake::text::{Formatted, MAX_CAPTION, MAX_TEXT};
use crate::fake::world::{BOT, World};

pub(super) fn message(world: &mut World, params: &Params) -> Answer {
    let text = world.read_text(params, "text", "entities")?;
    check_text(&text)?;
    let message = begin(world, params, None)?;
    finish(world, params, message, |_, message| {
        write_text(message, None, &text.text, &text.entities_wire());
        if let Ok(Some(options)) = params.nested("link_preview_options") {
            message["link_preview_options"] = options;
        }
        Ok(())
    })
}

pub(crate) fn check_text(text: &Formatted) -> Result<(), Refusal> {
    if text.text.is_empty() {
        return Err(Refusal::bad("message text is empty"));
    }
    if text.utf16_len() > MAX_TEXT {
        return Err(Refusal::bad("message is too long"));
    }
    Ok(())
}

pub(crate) fn check_caption(caption: &Formatted) -> Result<(), Refusal> {
    if caption.utf16_len() > MAX_CAPTION {
        return Err(Refusal::bad("message caption is too long"));
    }
    Ok(())
}

pub(super) fn photo(world: &mut World, params: &Params) -> Answer {
    file(world, params, MediaKind::Photo)
}

pub(super) fn sticker(world: &mut World, params: &Params) -> Answer {
    file(world, params, MediaKind::Sticker)
}

pub(super) fn document(world: &mut World, params: &Params) -> Answer {
    file(world, params, MediaKind::Document)
}

pub(super) fn audio(world: &mut World, params: &Params) -> Answer {
    file(world, params, MediaKind::Audio)
}

pub(super) fn voice(world: &mut World, params: &Params) -> Answer {
    file(world, params, MediaKind::Voice)
}

pub(super) fn video(world: &mut World, params: &Params) -> Answer {
    file(world, params, MediaKind::Video)
}

pub(super) fn video_note(world: &mut World, params: &Params) -> Answer {
    file(world, params, MediaKind::VideoNote)
}

pub(super) fn animation(world: &mut World, params: &Params) -> Answer {
    file(world, params, MediaKind::Animation)
}

pub(super) fn contact(world: &mut World, params: &Params) -> Answer {
    made_of(
        world,
        params,
        MediaKind::Contact,
        &["phone_number", "first_name", "last_name"],
        &["phone_number", "first_name"],
    )
}

pub(super) fn location(world: &mut World, params: &Params) -> Answer {
    made_of(world, params, MediaKind::Location, &["latitude", "longitude"], &["latitude", "longitude"])
}

pub(super) fn venue(world: &mut World, params: &Params) -> Answer {
    made_of(
        world,
        params,
        MediaKind::Venue,
        &["title", "address"],
        &["latitude", "longitude", "title", "address"],
    )
}

pub(super) fn dice(world: &mut World, params: &Params) -> Answer {
    made_of(world, params, MediaKind::Dice, &["emoji"], &[])
}

pub(super) fn chat_action(world: &mut World, params: &Params) -> Answer {
    let chat = world.open_chat(params)?;
    let known = [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ];
    if !params.text("action").is_some_and(|action| known.contains(&action)) {
        return Err(Refusal::bad("wrong parameter action in request"));
    }
    world.may_send(chat, None)?;
    Ok(true.into())
}

fn file(world: &mut World, params: &Params, kind: MediaKind) -> Answer {
    let caption = world.read_text(params, "caption", "caption_entities")?;
    check_caption(&caption)?;
    let message = begin(world, params, Some(kind))?;
    let id = world.sent_file(params, kind)?;
    finish(world, params, message, |world, message| {
        world.carry(message, kind, Some(&id));
        write_text(message, Some(kind), &caption.text, &caption.entities_wire());
        Ok(())
    })
}

fn made_of(world: &mut World, params: &Params, kind: MediaKind, copied: &[&str], needed: &[&str]) -> Answer {
    if let Some(missing) = needed.iter().find(|name| params.get(name).is_none()) {
        return Err(Refusal::bad(format!("{} is not specified", missing.replace('_', " "))));
    }
    let message = begin(world, params, Some(kind))?;
    finish(world, params, message, |world, message| {
        world.carry(message, kind, None);
        for name in copied {
            if let Some(value) = params.get(name) {
                message[kind.word()][*name] = value.clone();
            }
        }
        Ok(())
    })
}

/// The frame of the bot's message, when the chat, the topic and the reply are as they should be.
pub(crate) fn begin(world: &mut World, params: &Params, kind: Option<MediaKind>) -> Answer {
    let chat = world.open_chat(params)?;
    world.may_send(chat, kind)?;
    let mut message = world.frame(chat);
    if world.kind(chat) == ChatKind::Channel {
        message["sender_chat"] = world.chat_wire(chat);
    } else {
        message["from"] = world.user(BOT);
    }
    let thread = params.int("message_thread_id").filter(|thread| *thread != 0);
    if let Some(thread) = thread {
        message["message_thread_id"] = thread.into();
        message["is_topic_message"] = true.into();
    }
    if let Some(reply_to) = reply(world, chat, params)? {
        world.attach_reply(chat, &mut message, reply_to);
    }
    // Telegram: an answer to a message of a topic lands in that topic.
    if thread.is_some() || message["is_topic_message"] == true {
        let thread = message["message_thread_id"].as_i64().unwrap_or_default();
        check_topic(world, chat, thread)?;
    }
    Ok(message)
}

fn check_topic(world: &World, chat: i64, thread: i64) -> Result<(), Refusal> {
    let not_found = || Refusal::bad("message thread not found");
    let topics = world.chats.get(&chat).map(|chat| &chat.topics);
    let id = i32::try_from(thread).map_err(|_| not_found())?;
    let topic = topics.and_then(|topics| topics.get(&id)).ok_or_else(not_found)?;
    if topic.is_closed && !world.bot_in(chat).has("can_manage_topics") {
        return Err(Refusal::bad("TOPIC_CLOSED"));
    }
    Ok(())
}

/// The message that is replied to, if it can be.
fn reply(world: &World, chat: i64, params: &Params) -> Result<Option<i32>, Refusal> {
    let given = params.nested("reply_parameters")?.unwrap_or(Value::Null);
    let old = json!({
        "message_id": params.get("reply_to_message_id"),
        "allow_sending_without_reply": params.get("allow_sending_without_reply"),
    });
    let given = if given.is_object() { given } else { old };
    let given = Params { values: given, ..Params::default() };
    let Some(id) = given.int("message_id").filter(|id| *id != 0) else { return Ok(None) };
    let elsewhere = match given.get("chat_id") {
        Some(other) => world.named_chat(Some(other))? != chat,
        None => false,
    };
    let id = i32::try_from(id).ok().filter(|id| world.message(chat, *id).is_some());
    match id {
        Some(id) if !elsewhere => Ok(Some(id)),
        // A reply to another chat's message shows a quotation, which nobody here reads.
        _ if elsewhere => Ok(None),
        _ if given.flag("allow_sending_without_reply") => Ok(None),
        _ => Err(Refusal::bad("message to be replied not found")),
    }
}

/// Adds the content and the buttons, and stores the message.
pub(crate) fn finish(
    world: &mut World,
    params: &Params,
    mut message: Value,
    fill: impl FnOnce(&mut World, &mut Value) -> Result<(), Refusal>,
) -> Answer {
    let keyboard = world.read_keyboard(params)?;
    fill(world, &mut message)?;
    if let Some(keyboard) = keyboard {
        message["reply_markup"] = keyboard;
    }
    if params.flag("protect_content") {
        message["has_protected_content"] = true.into();
    }
    let chat = message["chat"]["id"].as_i64().unwrap_or_default();
    Ok(world.store(chat, message))
}
