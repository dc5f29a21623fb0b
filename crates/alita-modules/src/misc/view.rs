//! What a chat reads of ids, people, pings and translations.

use std::time::Duration;

use alita_dispatch::{Cx, Reply, Sender, Target};
use alita_i18n::t;
use alita_markup::{Html, display_name, mention};
use alita_model::{ChatId, UserId};
use alita_permissions::{ChatMember, Fact, Status};
use alita_telegram::types::{Message, MessageOrigin};

use super::about::{Role, Standing};
use super::translate::Translation;
use crate::app::AlitaApp;

/// Lines under each other.
fn lines(lines: impl IntoIterator<Item = Html>) -> Html {
    Html::join(lines, "\n")
}

/// Somebody whom the command names.
pub(super) fn id_of(cx: &Cx<AlitaApp>, who: &Target) -> Html {
    of(cx, &who.name, who.peer.get())
}

/// A name with its id; without a name just the id.
fn of(cx: &Cx<AlitaApp>, name: &str, id: i64) -> Html {
    let name = display_name(name);
    if name.is_empty() || name == id.to_string() {
        return t::misc::id_alone(cx.lang(), id);
    }
    t::misc::id_of(cx.lang(), name, id)
}

/// Whoever asks, and where.
pub(super) fn own_ids(cx: &Cx<AlitaApp>) -> Html {
    let own = match cx.sender() {
        Sender::User(someone) => t::misc::id_own(cx.lang(), someone.id),
        Sender::Channel(place) => of(cx, &place.title, place.id.get()),
        _ => t::misc::anonymous(cx.lang()),
    };
    lines([own].into_iter().chain(here(cx)))
}

/// The group, and the topic.
fn here(cx: &Cx<AlitaApp>) -> impl Iterator<Item = Html> {
    let chat = cx.place().is_group().then(|| t::misc::id_chat(cx.lang(), cx.place().id));
    chat.into_iter().chain(cx.thread().map(|thread| t::misc::id_topic(cx.lang(), thread)))
}

/// Everything in the replied message that has an id.
pub(super) fn ids_in(cx: &Cx<AlitaApp>, message: &Message) -> Html {
    let lang = cx.lang();
    let author = match Target::author_of(cx, message) {
        Some(author) => id_of(cx, &author),
        None => t::misc::anonymous_author(lang),
    };
    let origin = message.forward_origin.as_deref().map(|origin| forwarded_from(cx, origin));
    let gif = message.animation.as_deref().map(|gif| t::misc::file_gif(lang, gif.file_id.as_str()));
    let sticker =
        message.sticker.as_deref().map(|sticker| t::misc::file_sticker(lang, sticker.file_id.as_str()));
    lines(here(cx).chain([author]).chain(origin).chain(gif).chain(sticker))
}

fn forwarded_from(cx: &Cx<AlitaApp>, origin: &MessageOrigin) -> Html {
    let from = |name: &str, id: i64| t::misc::forwarded_from(cx.lang(), display_name(name), id);
    match origin {
        MessageOrigin::User(origin) => {
            let user = alita_dispatch::Someone::from(&origin.sender_user);
            from(&user.full_name(), user.id.get())
        }
        MessageOrigin::Chat(origin) => {
            from(origin.sender_chat.title.as_deref().unwrap_or_default(), origin.sender_chat.id)
        }
        MessageOrigin::Channel(origin) => {
            from(origin.chat.title.as_deref().unwrap_or_default(), origin.chat.id)
        }
        MessageOrigin::HiddenUser(origin) => {
            t::misc::forwarded_from_hidden(cx.lang(), display_name(&origin.sender_user_name))
        }
    }
}

pub(super) fn nothing_known(cx: &Cx<AlitaApp>, id: i64) -> Html {
    t::misc::info_nothing(cx.lang(), id)
}

pub(super) fn person(
    cx: &Cx<AlitaApp>,
    user: UserId,
    who: &Target,
    role: &Role,
    standing: Option<&Standing>,
) -> Html {
    let lang = cx.lang();
    let mut all = vec![t::misc::info_about(lang, mention(user, &who.name)), t::misc::info_id(lang, user)];
    all.extend(who.username.as_deref().map(|username| t::misc::info_username(lang, username)));
    if let Some(standing) = standing {
        all.push(t::misc::info_standing(lang, status(cx, &standing.member).as_str()));
        all.push(t::misc::info_warnings(lang, standing.warnings.count, standing.limit));
        all.extend(standing.is_approved.then(|| t::misc::info_approved(lang)));
    }
    all.extend(role.is_owner.then(|| t::misc::info_owner(lang)));
    all.extend(role.is_developer.then(|| t::misc::info_developer(lang)));
    lines(all)
}

fn status(cx: &Cx<AlitaApp>, member: &Fact<ChatMember>) -> String {
    let lang = cx.lang();
    let member = match member {
        Fact::Known(member) => member,
        Fact::NotFound => return t::misc::status_absent_plain(lang),
        Fact::Unknown => return t::misc::status_unknown_plain(lang),
    };
    match member.status {
        Status::Owner => t::misc::status_owner_plain(lang),
        Status::Administrator => t::misc::status_admin_plain(lang),
        Status::Restricted { is_member: true } => t::misc::status_restricted_plain(lang),
        Status::Banned => t::misc::status_banned_plain(lang),
        _ if member.is_in_chat() => t::misc::status_member_plain(lang),
        _ => t::misc::status_absent_plain(lang),
    }
}

pub(super) fn chat(cx: &Cx<AlitaApp>, chat: ChatId, who: &Target) -> Html {
    let lang = cx.lang();
    let mut title = display_name(&who.name);
    if title.is_empty() {
        title = chat.to_string();
    }
    let mut all = vec![t::misc::info_about(lang, title), t::misc::info_id(lang, chat)];
    if let Some(username) = &who.username {
        all.push(t::misc::info_username(lang, username.as_str()));
        all.push(t::misc::info_link(lang, format!("https://t.me/{username}")));
    }
    lines(all)
}

pub(super) fn pong(cx: &Cx<AlitaApp>, sending: Duration, asking: Duration) -> Reply {
    let own = sending.saturating_sub(asking);
    t::misc::pong(cx.lang(), whole_ms(asking), whole_ms(sending), whole_ms(own)).into()
}

pub(super) fn half_a_pong(cx: &Cx<AlitaApp>, sending: Duration) -> Reply {
    t::misc::half_a_pong(cx.lang(), whole_ms(sending)).into()
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn translation(cx: &Cx<AlitaApp>, translation: &Translation) -> Html {
    t::misc::translated(cx.lang(), translation.from.as_str(), translation.text.as_str())
}

pub(super) fn stat(cx: &Cx<AlitaApp>, count: i32) -> Html {
    t::misc::stat(cx.lang(), count, display_name(&cx.subject().title))
}
