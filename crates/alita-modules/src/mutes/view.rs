//! What a chat reads about mutes.

use std::time::Duration;

use alita_dispatch::{Answer, Cx, Reason, Reply, TargetUser};
use alita_i18n::{duration_text, t};
use alita_markup::mention;
use alita_permissions::ChatMember;

use crate::app::AlitaApp;
use crate::punish::wording::{name, unmute_button, with_reason};

pub(super) fn muted(cx: &Cx<AlitaApp>, who: &TargetUser, reason: Option<&Reason>) -> Reply {
    let lang = cx.lang();
    with_reason(lang, t::mutes::muted(lang, name(who)), reason).with(unmute_button(lang, who.id))
}

pub(super) fn muted_for(
    cx: &Cx<AlitaApp>,
    who: &TargetUser,
    duration: Duration,
    reason: Option<&Reason>,
) -> Reply {
    let lang = cx.lang();
    with_reason(lang, t::mutes::muted_for(lang, name(who), duration_text(lang, duration)), reason)
        .with(unmute_button(lang, who.id))
}

pub(super) fn unmuted(cx: &Cx<AlitaApp>, member: &ChatMember, who: &TargetUser) -> Reply {
    let name = if member.name.is_empty() { &who.name } else { &member.name };
    t::mutes::unmuted(cx.lang(), mention(who.id, name)).into()
}
