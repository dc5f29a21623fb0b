//! The list of commands that clients show.

use serde_json::{Value, json};

use crate::fake::params::Params;
use crate::fake::refusal::{Answer, Refusal};
use crate::fake::world::World;

pub(super) fn set(world: &mut World, params: &Params) -> Answer {
    let key = key(params)?;
    let list = params.nested("commands")?.unwrap_or(Value::Null);
    let commands = list.as_array().ok_or_else(|| Refusal::bad("expected an Array of BotCommand"))?;
    if commands.len() > 100 {
        return Err(Refusal::bad("BOT_COMMANDS_TOO_MUCH"));
    }
    for command in commands {
        let name = command["command"].as_str().unwrap_or_default();
        let name = name.strip_prefix('/').unwrap_or(name);
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || name.len() > 32 || !name.chars().all(fits) {
            return Err(Refusal::bad("BOT_COMMAND_INVALID"));
        }
        let length = command["description"].as_str().unwrap_or_default().trim().encode_utf16().count();
        if !(1..=256).contains(&length) {
            return Err(Refusal::bad("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
    }
    world.commands.insert(key, list);
    Ok(true.into())
}

pub(super) fn get(world: &mut World, params: &Params) -> Answer {
    let key = key(params)?;
    Ok(world.commands.get(&key).cloned().unwrap_or_else(|| json!([])))
}

pub(super) fn delete(world: &mut World, params: &Params) -> Answer {
    let key = key(params)?;
    world.commands.remove(&key);
    Ok(true.into())
}

/// The scope and the language.
fn key(params: &Params) -> Result<(String, String), Refusal> {
    let scope = params.nested("scope")?.unwrap_or(Value::Null);
    let scope = scope["type"].as_str().unwrap_or("default").to_owned();
    let known = [
        "default",
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
        "chat",
        "chat_administrators",
        "chat_member",
    ];
    if !known.contains(&scope.as_str()) {
        return Err(Refusal::bad("can't parse BotCommandScope: Unsupported type specified"));
    }
    let language = params.text("language_code").unwrap_or_default();
    if !language.is_empty() && (language.len() != 2 || !language.chars().all(|c| c.is_ascii_lowercase())) {
        return Err(Refusal::bad("invalid language code specified"));
    }
    Ok((scope, language.to_owned()))
}
