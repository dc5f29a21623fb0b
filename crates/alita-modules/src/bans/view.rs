//! What a chat reads about bans and kicks.

use std::time::Duration;

use alita_dispatch::{Answer, Cx, Keyboard, Payload, Reason, Reply, TargetUser, Words};
use alita_i18n::{duration_text, t};
use alita_markup::{Html, strip_tags};
use alita_model::{ChatId, Peer, Punishment};

use super::buttons::Pardon;
use crate::app::AlitaApp;
use crate::punish::wording::{self, name, presser, with_reason};

/// The namespace of the menu that punishes.
pub(super) const RESTRICT: &str = "restrict";

pub(super) fn banned(cx: &Cx<AlitaApp>, who: &TargetUser, reason: Option<&Reason>) -> Reply {
    let lang = cx.lang();
    with_reason(lang, t::bans::banned(lang, name(who)), reason)
        .with(wording::unban_button(lang, Peer::User(who.id)))
}

pub(super) fn banned_for(
    cx: &Cx<AlitaApp>,
    who: &TargetUser,
    duration: Duration,
    reason: Option<&Reason>,
) -> Reply {
    let lang = cx.lang();
    with_reason(lang, t::bans::banned_for(lang, name(who), duration_text(lang, duration)), reason).into()
}

pub(super) fn channel_banned(
    cx: &Cx<AlitaApp>,
    channel: ChatId,
    title: &str,
    reason: Option<&Reason>,
) -> Reply {
    let lang = cx.lang();
    with_reason(lang, t::bans::channel_banned(lang, title), reason)
        .with(wording::unban_button(lang, Peer::Chat(channel)))
}

pub(super) fn unbanned(cx: &Cx<AlitaApp>, who: &TargetUser) -> Reply {
    t::bans::unbanned(cx.lang(), name(who)).into()
}

pub(super) fn kicked(cx: &Cx<AlitaApp>, who: &TargetUser, reason: Option<&Reason>) -> Reply {
    with_reason(cx.lang(), t::bans::kicked(cx.lang(), name(who)), reason).into()
}

pub(super) fn left(cx: &Cx<AlitaApp>) -> Reply {
    t::bans::left(cx.lang(), presser(cx)).into()
}

pub(super) fn ask_what_to_do(cx: &Cx<AlitaApp>, who: &TargetUser) -> Reply {
    let lang = cx.lang();
    let choice =
        |punishment: Punishment| Payload::new(RESTRICT).with("a", punishment.as_str()).with("u", who.id);
    t::bans::restrict_question(lang, name(who)).with(
        Keyboard::new()
            .ask(t::bans::ban_button(lang), &choice(Punishment::Ban))
            .ask(t::bans::kick_button(lang), &choice(Punishment::Kick))
            .row()
            .ask(t::bans::mute_button(lang), &choice(Punishment::Mute)),
    )
}

pub(super) fn ask_what_to_lift(cx: &Cx<AlitaApp>, who: &TargetUser) -> Reply {
    let lang = cx.lang();
    let choice = |word: &str| wording::payload(word, Peer::User(who.id));
    t::bans::unrestrict_question(lang, name(who)).with(
        Keyboard::new()
            .ask(t::bans::unban_button(lang), &choice(wording::UNBAN))
            .ask(t::bans::unmute_button(lang), &choice(wording::UNMUTE)),
    )
}

/// Who did what to whom, after a press.
pub(super) fn done_by(cx: &Cx<AlitaApp>, punishment: Punishment, who: &TargetUser) -> Html {
    let words = match punishment {
        Punishment::Ban => t::bans::banned_by,
        Punishment::Kick => t::bans::kicked_by,
        Punishment::Mute => t::bans::muted_by,
    };
    words(cx.lang(), presser(cx), name(who))
}

/// What it said before, and who took it back, after a press.
pub(super) fn lifted_by(cx: &Cx<AlitaApp>, action: Pardon, old: &Words) -> Reply {
    let outcome = match action {
        Pardon::Unban => t::bans::unbanned_by(cx.lang(), presser(cx)),
        Pardon::Unmute => t::bans::unmuted_by(cx.lang(), presser(cx)),
    };
    let toast = strip_tags(&outcome);
    Reply::new(wording::struck_through(old, outcome)).or_toast(toast)
}
