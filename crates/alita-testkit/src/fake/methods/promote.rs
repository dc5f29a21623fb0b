//! Administrators are made and unmade.

use crate::fake::chats::ChatKind;
use crate::fake::members::{Member, MemberStatus};
use crate::fake::params::Params;
use crate::fake::refusal::{Answer, Refusal};
use crate::fake::rights::AdminRights;
use crate::fake::world::{BOT, World};

const TITLE_LIMIT: usize = 16;

pub(super) fn promote(world: &mut World, params: &Params) -> Answer {
    let chat = world.open_chat(params)?;
    if !matches!(world.kind(chat), ChatKind::Supergroup | ChatKind::Channel) {
        return Err(Refusal::bad("method is available for supergroup and channel chats only"));
    }
    let user = params.user_id()?;
    if user == BOT {
        return Err(Refusal::bad("can't promote self"));
    }
    if !world.people.contains_key(&user) {
        return Err(Refusal::bad("user not found"));
    }
    world.bot_has(chat, "can_promote_members", "not enough rights")?;
    let old = world.member(chat, user);
    match old.status {
        MemberStatus::Owner => return Err(Refusal::bad("can't remove chat owner")),
        MemberStatus::Administrator if !old.appointed_by_bot => {
            return Err(Refusal::bad("CHAT_ADMIN_REQUIRED"));
        }
        _ if !old.is_in_chat() => return Err(Refusal::bad("USER_NOT_PARTICIPANT")),
        _ => {}
    }
    let rights = AdminRights::asked(|name| params.flag(name));
    let bot = world.bot_in(chat);
    if bot.status != MemberStatus::Owner
        && rights.beyond(&bot.rights).is_some_and(|right| right != "can_manage_chat")
    {
        return Err(Refusal::bad("RIGHT_FORBIDDEN"));
    }
    let is_anonymous = params.flag("is_anonymous");
    let new = if rights.is_empty() && !is_anonymous {
        Member::member()
    } else {
        let mut new =
            Member { rights, is_anonymous, ..Member::administrator::<&str>(&[]) }.appointed_by_bot();
        new.custom_title = old.custom_title.filter(|_| old.status == MemberStatus::Administrator);
        new
    };
    world.change_member(chat, user, new, BOT);
    Ok(true.into())
}

pub(super) fn set_custom_title(world: &mut World, params: &Params) -> Answer {
    let chat = world.open_supergroup(params)?;
    let user = params.user_id()?;
    if !world.people.contains_key(&user) {
        return Err(Refusal::bad("user not found"));
    }
    let mut member = world.member(chat, user);
    match member.status {
        MemberStatus::Owner => return Err(Refusal::bad("only creator can edit their custom title")),
        MemberStatus::Administrator => {}
        _ => return Err(Refusal::bad("user is not an administrator")),
    }
    if !member.appointed_by_bot || !world.bot_in(chat).has("can_promote_members") {
        return Err(Refusal::bad("not enough rights to change custom title of the user"));
    }
    let title = params.text("custom_title").map(str::trim).unwrap_or_default();
    if title.chars().any(is_emoji) {
        return Err(Refusal::bad("ADMIN_RANK_EMOJI_NOT_ALLOWED"));
    }
    if title.chars().count() > TITLE_LIMIT {
        return Err(Refusal::bad("ADMIN_RANK_INVALID"));
    }
    member.custom_title = (!title.is_empty()).then(|| title.to_owned());
    world.change_member(chat, user, member, BOT);
    Ok(true.into())
}

/// The blocks in which nearly all emoji live.
fn is_emoji(c: char) -> bool {
    matches!(
        u32::from(c),
        0x1F000..=0x1FAFF | 0x2600..=0x27BF | 0x2B00..=0x2BFF | 0x2300..=0x23FF | 0xFE0F | 0x200D | 0x20E3
    )
}
