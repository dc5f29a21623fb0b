//! The bot itself, its webhook, its answers to pressed buttons.

use serde_json::{Value, json};

use crate::fake::params::Params;
use crate::fake::refusal::{Answer, Refusal};
use crate::fake::world::{BOT, World};

pub(super) fn get_me(world: &mut World, _: &Params) -> Answer {
    let mut me = world.user(BOT);
    for (field, value) in [
        ("can_join_groups", true),
        ("can_read_all_group_messages", true),
        ("supports_inline_queries", false),
        ("can_connect_to_business", false),
        ("has_main_web_app", false),
    ] {
        me[field] = value.into();
    }
    Ok(me)
}

#[expect(clippy::unnecessary_wraps, reason = "every method has this shape")]
pub(super) fn yes(_: &mut World, _: &Params) -> Answer {
    Ok(true.into())
}

pub(super) fn delete_webhook(world: &mut World, params: &Params) -> Answer {
    world.webhook = None;
    if params.flag("drop_pending_updates") {
        world.queue.clear();
    }
    Ok(true.into())
}

pub(super) fn set_webhook(world: &mut World, params: &Params) -> Answer {
    let url = params.text("url").unwrap_or_default();
    if url.is_empty() {
        return delete_webhook(world, params);
    }
    world.set_webhook(url, params)
}

#[expect(clippy::unnecessary_wraps, reason = "every method has this shape")]
pub(super) fn get_webhook_info(world: &mut World, _: &Params) -> Answer {
    Ok(world.webhook_info())
}

pub(super) fn answer_callback_query(world: &mut World, params: &Params) -> Answer {
    let id = match params.get("callback_query_id") {
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => String::new(),
    };
    world.answer_callback(&id, params.text("text"))
}

pub(super) fn get_user_profile_photos(world: &mut World, params: &Params) -> Answer {
    let user = params.user_id()?;
    if !world.people.contains_key(&user) {
        return Err(Refusal::bad("user not found"));
    }
    Ok(json!({"total_count": 0, "photos": []}))
}
