//! What a chat reads about warnings.

use alita_dispatch::{Answer, Cx, Keyboard, Payload, Reply, TargetUser};
use alita_i18n::t;
use alita_markup::{Html, mention};
use alita_model::{Punishment, Tally, UserId, WarnPolicy};

use crate::app::AlitaApp;

/// The namespace of the button that takes a warning back.
pub(super) const REMOVE: &str = "rmWarn";

/// The namespace of the owner's yes and no.
pub(super) const RESET_ALL: &str = "rmAllChatWarns";

pub(super) fn warned(
    cx: &Cx<AlitaApp>,
    who: &TargetUser,
    tally: &Tally,
    policy: &WarnPolicy,
    has_rules: bool,
) -> Reply {
    let lang = cx.lang();
    let mut text = t::warns::warned(lang, mention(who.id, &who.name), tally.count, policy.limit());
    if let Some(reason) = tally.reasons.last() {
        text.newline().push(t::common::reason(lang, reason.as_str()));
    }
    let mut keyboard =
        Keyboard::new().ask(t::warns::remove_button(lang), &Payload::new(REMOVE).with("u", who.id));
    if has_rules {
        keyboard =
            keyboard.link(t::warns::rules_button(lang), cx.start_link(&format!("rules_{}", cx.chat())));
    }
    text.with(keyboard)
}

pub(super) fn punished(cx: &Cx<AlitaApp>, who: &TargetUser, tally: &Tally, policy: &WarnPolicy) -> Reply {
    let who = mention(who.id, &who.name);
    let (lang, count, limit) = (cx.lang(), tally.count, policy.limit());
    let mut text = match policy.punishment {
        Punishment::Ban => t::warns::banned(lang, count, limit, who),
        Punishment::Kick => t::warns::kicked(lang, count, limit, who),
        Punishment::Mute => t::warns::muted(lang, count, limit, who),
    };
    text.push(reasons(tally));
    text.into()
}

pub(super) fn tally(
    cx: &Cx<AlitaApp>,
    user: UserId,
    name: &str,
    tally: &Tally,
    policy: &WarnPolicy,
) -> Reply {
    let (lang, who) = (cx.lang(), mention(user, name));
    if tally.count == 0 {
        return t::warns::none(lang, who).into();
    }
    let mut text = t::warns::tally(lang, who, tally.count, policy.limit());
    text.push(reasons(tally));
    text.into()
}

/// One line a reason, each after a line break.
fn reasons(tally: &Tally) -> Html {
    let mut lines = Html::new();
    for reason in &tally.reasons {
        lines.newline().push_literal("• ").push_text(reason);
    }
    lines
}

pub(super) fn ask_to_reset_all(cx: &Cx<AlitaApp>) -> Reply {
    let lang = cx.lang();
    let answer = |word: &str| Payload::new(RESET_ALL).with("a", word);
    t::warns::reset_all_question(lang).with(
        Keyboard::new()
            .ask(t::common::yes_button(lang), &answer("yes"))
            .ask(t::common::no_button(lang), &answer("no")),
    )
}

pub(super) fn policy(cx: &Cx<AlitaApp>, policy: &WarnPolicy) -> Reply {
    t::warns::policy(cx.lang(), policy.limit().into(), policy.punishment.as_str()).into()
}
