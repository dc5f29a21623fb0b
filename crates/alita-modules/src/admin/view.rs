//! What a chat reads about its administrators.

use std::time::Duration;

use alita_dispatch::{Cx, Reply, TargetUser};
use alita_i18n::{Language, duration_text, t};
use alita_markup::{Html, mention};
use alita_model::AdminTitle;
use alita_permissions::ChatMember;
use alita_permissions::directory::Records;
use alita_telegram::RefusalKind;

use crate::app::AlitaApp;

/// Somebody as the chat knows them.
pub(super) fn name(who: &TargetUser, member: &ChatMember) -> Html {
    mention(who.id, if member.name.is_empty() { &who.name } else { &member.name })
}

/// Everybody who administers the group as themselves, and how old the news are.
pub(super) fn list(cx: &Cx<AlitaApp>, list: &Records, age: Duration) -> Reply {
    let lang = cx.lang();
    let people: Vec<&ChatMember> =
        list.members.iter().filter(|member| !member.is_bot && !member.is_anonymous).collect();
    let mut text = match people.is_empty() {
        true => t::admin::nobody_visible(lang),
        false => t::admin::list_header(lang, alita_markup::display_name(&cx.subject().title)),
    };
    for person in people {
        text.newline().push_literal("• ");
        match &person.username {
            Some(username) => text.push_text("@").push_text(username),
            None => text.push(mention(person.user, &person.name)),
        };
    }
    text.newline().newline().push(match age.is_zero() {
        true => t::admin::list_is_fresh(lang),
        false => t::admin::list_is_remembered(lang, duration_text(lang, age)),
    });
    text.into()
}

pub(super) fn promoted(cx: &Cx<AlitaApp>, user: &Html, title: &AdminTitle) -> Reply {
    with_note(cx.lang(), t::admin::promoted_with_title(cx.lang(), user, title.as_str()), title).into()
}

/// The promotion worked, and what became of the title is a matter of its own.
pub(super) fn promoted_without_title(
    cx: &Cx<AlitaApp>,
    user: &Html,
    title: &AdminTitle,
    refusal: Option<RefusalKind>,
) -> Reply {
    let lang = cx.lang();
    let mut text = t::admin::promoted(lang, user);
    text.newline().push(match refusal {
        Some(RefusalKind::TitleRejected) => title_rejected(lang, title),
        _ => t::admin::title_failed(lang),
    });
    text.into()
}

pub(super) fn entitled(cx: &Cx<AlitaApp>, user: &Html, title: &AdminTitle) -> Reply {
    with_note(cx.lang(), t::admin::entitled(cx.lang(), user, title.as_str()), title).into()
}

pub(super) fn title_rejected(lang: Language, title: &AdminTitle) -> Html {
    with_note(lang, t::admin::title_rejected(lang, title.as_str()), title)
}

/// Tells how long a title was that had to be cut.
fn with_note(lang: Language, mut text: Html, title: &AdminTitle) -> Html {
    if let Some(length) = title.cut_from() {
        text.newline().push(t::admin::title_cut(lang, AdminTitle::LIMIT, length));
    }
    text
}

pub(super) fn invite_link(cx: &Cx<AlitaApp>, link: &str) -> Reply {
    t::admin::invite_link(cx.lang(), alita_markup::display_name(&cx.subject().title), link).into()
}
