//! What a chat is, and who is in it.

use serde_json::{Map, Value, json};

use crate::fake::chats::ChatKind;
use crate::fake::members::{Member, MemberStatus};
use crate::fake::params::Params;
use crate::fake::refusal::{Answer, Refusal};
use crate::fake::world::{BOT, World};

pub(super) fn get_chat(world: &mut World, params: &Params) -> Answer {
    let id = world.visible_chat(params)?;
    let mut wire = world.chat_wire(id);
    wire["accent_color_id"] = 1.into();
    wire["max_reaction_count"] = 11.into();
    wire["accepted_gift_types"] = json!({
        "unlimited_gifts": false, "limited_gifts": false, "unique_gifts": false,
        "premium_subscription": false, "gifts_from_channels": false,
    });
    let Some(chat) = world.chats.get(&id) else { return Ok(wire) };
    if let Some(username) = &chat.username {
        wire["active_usernames"] = json!([username]);
    }
    if !chat.is_private() {
        let mut permissions = Map::new();
        chat.permissions.write(&mut permissions);
        if chat.kind != ChatKind::Channel {
            wire["permissions"] = permissions.into();
        }
        if let Some(link) = chat.invite_link.as_ref().filter(|_| world.bot_in(id).has("can_invite_users")) {
            wire["invite_link"] = link.as_str().into();
        }
        if let Some(linked) = chat.linked {
            wire["linked_chat_id"] = linked.into();
        }
    }
    if let Some(pinned) = chat.pinned.last().and_then(|id| chat.messages.get(id)) {
        wire["pinned_message"] = pinned.clone();
    }
    Ok(wire)
}

pub(super) fn get_chat_member(world: &mut World, params: &Params) -> Answer {
    let chat = world.visible_chat(params)?;
    let user = params.user_id()?;
    if !world.people.contains_key(&user) {
        // Telegram: a person it does not know at all is no possible member.
        return Err(Refusal::bad("PARTICIPANT_ID_INVALID"));
    }
    if world.kind(chat) == ChatKind::Channel && user != BOT && !world.bot_in(chat).is_admin() {
        return Err(Refusal::bad("member list is inaccessible"));
    }
    Ok(wire(world, chat, user))
}

pub(super) fn get_chat_administrators(world: &mut World, params: &Params) -> Answer {
    let chat = world.visible_chat(params)?;
    if chat > 0 {
        return Err(Refusal::bad("there are no administrators in the private chat"));
    }
    if world.kind(chat) == ChatKind::Channel && !world.bot_in(chat).is_admin() {
        return Err(Refusal::bad("member list is inaccessible"));
    }
    // Telegram: other bots are left out unless they are asked for.
    let is_shown = |id: i64| id == BOT || params.flag("return_bots") || !world.person(id).is_bot;
    let admins: Vec<i64> = world
        .chat(chat)
        .members
        .iter()
        .filter(|(id, member)| member.is_admin() && is_shown(**id))
        .map(|(id, _)| *id)
        .collect();
    Ok(admins.into_iter().map(|id| wire(world, chat, id)).collect())
}

pub(super) fn get_chat_member_count(world: &mut World, params: &Params) -> Answer {
    let chat = world.visible_chat(params)?;
    if chat > 0 {
        return Ok(2.into());
    }
    let now = world.now();
    let inside = world.chat(chat).members.values().filter(|member| member.at(now).is_in_chat()).count();
    Ok(inside.into())
}

pub(super) fn leave_chat(world: &mut World, params: &Params) -> Answer {
    let chat = world.open_chat(params)?;
    if chat > 0 {
        return Err(Refusal::bad("chat member status can't be changed in private chats"));
    }
    world.change_member(chat, BOT, Member::left(), BOT);
    Ok(true.into())
}

pub(super) fn export_chat_invite_link(world: &mut World, params: &Params) -> Answer {
    let chat = world.open_chat(params)?;
    if chat > 0 {
        return Err(Refusal::bad("private chats have no invite link"));
    }
    world.bot_has(chat, "can_invite_users", "not enough rights to manage chat invite link")?;
    world.invites += 1;
    let link = format!("https://t.me/+FakeInvite{:05}", world.invites);
    world.chat_mut(chat).invite_link = Some(link.clone());
    Ok(link.into())
}

pub(super) fn set_chat_title(world: &mut World, params: &Params) -> Answer {
    let chat = world.open_chat(params)?;
    if chat > 0 {
        return Err(Refusal::bad("can't change private chat title"));
    }
    world.bot_has(chat, "can_change_info", "not enough rights to change chat title")?;
    let title = params.text("title").map(str::trim).unwrap_or_default();
    if title.is_empty() {
        return Err(Refusal::bad("title must be non-empty"));
    }
    title.clone_into(&mut world.chat_mut(chat).title);
    world.service(chat, BOT, &json!({"new_chat_title": title}));
    Ok(true.into())
}

fn wire(world: &World, chat: i64, user: i64) -> Value {
    let bot_may_promote = chat < 0 && world.bot_in(chat).has("can_promote_members");
    let member = world.member(chat, user);
    let member = match world.kind(chat) {
        // Telegram: a basic group knows no restrictions.
        ChatKind::Group if member.status == MemberStatus::Restricted => Member::member(),
        _ => member,
    };
    member.to_wire(world.user(user), world.kind(chat), bot_may_promote)
}
