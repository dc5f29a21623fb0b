//! Ban, kick, mute, and their undoing.

use crate::fake::chats::ChatKind;
use crate::fake::members::{Member, MemberStatus};
use crate::fake::params::Params;
use crate::fake::refusal::{Answer, Refusal};
use crate::fake::rights::Permissions;
use crate::fake::world::{BOT, World};

const NOT_ENOUGH: &str = "not enough rights to restrict/unrestrict chat member";
const YEAR: i64 = 366 * 24 * 3600;

pub(super) fn ban(world: &mut World, params: &Params) -> Answer {
    let chat = world.open_chat(params)?;
    if chat > 0 {
        return Err(Refusal::bad("can't ban members in private chats"));
    }
    let user = params.user_id()?;
    if world.kind(chat) == ChatKind::Group {
        world.bot_has(chat, "can_restrict_members", "CHAT_ADMIN_REQUIRED")?;
    } else {
        world.bot_has(chat, "can_restrict_members", NOT_ENOUGH)?;
    }
    check_target(world, chat, user)?;
    let mut banned = Member::banned();
    // Telegram: a basic group bans for ever.
    banned.until = until(world, params).filter(|_| world.kind(chat) != ChatKind::Group);
    world.change_member(chat, user, banned, BOT);
    Ok(true.into())
}

pub(super) fn unban(world: &mut World, params: &Params) -> Answer {
    let chat = world.open_chat(params)?;
    if !matches!(world.kind(chat), ChatKind::Supergroup | ChatKind::Channel) {
        return Err(Refusal::bad("method is available for supergroup and channel chats only"));
    }
    let user = params.user_id()?;
    world.bot_has(chat, "can_restrict_members", NOT_ENOUGH)?;
    let status = world.member(chat, user).status;
    if params.flag("only_if_banned") && status != MemberStatus::Banned {
        return if world.people.contains_key(&user) { Ok(true.into()) } else { Err(unknown()) };
    }
    check_target(world, chat, user)?;
    world.change_member(chat, user, Member::left(), BOT);
    Ok(true.into())
}

pub(super) fn restrict(world: &mut World, params: &Params) -> Answer {
    let chat = world.open_supergroup(params)?;
    let user = params.user_id()?;
    let permissions = params.nested("permissions")?;
    let permissions = permissions.ok_or_else(|| Refusal::bad("can't parse permissions: empty object"))?;
    world.bot_has(chat, "can_restrict_members", NOT_ENOUGH)?;
    check_target(world, chat, user)?;
    let old = world.member(chat, user);
    let permissions = Permissions::read(&permissions, params.flag("use_independent_chat_permissions"));
    let new = if permissions.is_all() {
        // Telegram: who may everything is restricted no more, and who was banned may come again.
        if old.is_in_chat() { Member::member() } else { Member::left() }
    } else {
        let mut restricted = Member::restricted(permissions);
        restricted.is_in_chat = old.is_in_chat();
        restricted.until = until(world, params);
        restricted
    };
    world.change_member(chat, user, new, BOT);
    Ok(true.into())
}

pub(super) fn set_chat_permissions(world: &mut World, params: &Params) -> Answer {
    let chat = world.open_chat(params)?;
    if !matches!(world.kind(chat), ChatKind::Group | ChatKind::Supergroup) {
        return Err(Refusal::bad("can't change chat permissions in this chat"));
    }
    world.bot_has(chat, "can_restrict_members", "not enough rights to change chat permissions")?;
    let permissions = params.nested("permissions")?;
    let permissions = permissions.ok_or_else(|| Refusal::bad("can't parse permissions: empty object"))?;
    let permissions = Permissions::read(&permissions, params.flag("use_independent_chat_permissions"));
    if world.chat(chat).permissions == permissions {
        return Err(Refusal::bad("CHAT_NOT_MODIFIED"));
    }
    world.chat_mut(chat).permissions = permissions;
    Ok(true.into())
}

pub(super) fn ban_sender_chat(world: &mut World, params: &Params) -> Answer {
    sender_chat(world, params, true)
}

pub(super) fn unban_sender_chat(world: &mut World, params: &Params) -> Answer {
    sender_chat(world, params, false)
}

fn sender_chat(world: &mut World, params: &Params, is_ban: bool) -> Answer {
    let chat = world.open_chat(params)?;
    if !matches!(world.kind(chat), ChatKind::Supergroup | ChatKind::Channel) {
        return Err(Refusal::bad("method is available for supergroup and channel chats only"));
    }
    let sender = world.named_chat(params.get("sender_chat_id"));
    let sender = sender.ok().filter(|id| *id < 0 && *id != chat);
    let sender = sender.ok_or_else(|| Refusal::bad("PARTICIPANT_ID_INVALID"))?;
    world.bot_has(chat, "can_restrict_members", NOT_ENOUGH)?;
    let linked = world.chat(chat).linked == Some(sender);
    if is_ban && linked {
        return Err(Refusal::bad("CHANNEL_LINKED"));
    }
    let place = world.chat_mut(chat);
    if is_ban {
        place.members.insert(sender, Member::banned());
    } else {
        place.members.remove(&sender);
    }
    Ok(true.into())
}

/// Whom a bot can act upon.
fn check_target(world: &World, chat: i64, user: i64) -> Result<(), Refusal> {
    if user == BOT {
        return Err(Refusal::bad("can't restrict self"));
    }
    if !world.people.contains_key(&user) {
        return Err(unknown());
    }
    match world.member(chat, user).status {
        MemberStatus::Owner => Err(Refusal::bad("can't remove chat owner")),
        MemberStatus::Administrator => Err(Refusal::bad("user is an administrator of the chat")),
        _ if alita_model::UserId::new(user).is_service() => Err(unknown()),
        _ => Ok(()),
    }
}

fn unknown() -> Refusal {
    Refusal::bad("PARTICIPANT_ID_INVALID")
}

/// Telegram: less than 30 seconds or more than 366 days from now is for ever.
fn until(world: &World, params: &Params) -> Option<i64> {
    let until = params.int("until_date")?;
    let left = until - world.now();
    (30..=YEAR).contains(&left).then_some(until)
}
