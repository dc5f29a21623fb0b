//! Channels that speak in the group. Telegram: only whoever has spoken here can be told from the linked channel and
//! from the group itself, so the command has to be a reply.

use alita_dispatch::view::{Sender, author};
use alita_dispatch::{Answer, Cx, No, Outcome, Reason, denied, mistake};
use alita_i18n::t;
use alita_model::{ChatId, Peer};
use alita_permissions::Denied;

use super::view;
use crate::app::AlitaApp;
use crate::punish;

/// `/ban [reason]` in reply to a channel's message.
pub(super) async fn ban(cx: &Cx<AlitaApp>, channel: ChatId, reason: Option<&Reason>) -> Outcome {
    let title = title_of_speaker(cx, channel)?;
    punish::ban_channel(cx, channel).await?;
    view::channel_banned(cx, channel, &title, reason).reply()
}

/// `/unban` in reply to a channel's message.
pub(super) async fn lift_ban(cx: &Cx<AlitaApp>, channel: ChatId) -> Outcome {
    let title = title_of_speaker(cx, channel)?;
    punish::unban(cx, Peer::Chat(channel)).await?;
    t::bans::channel_unbanned(cx.lang(), title.as_str()).reply()
}

/// The channel's title, when the message that is replied to was sent as this channel.
fn title_of_speaker(cx: &Cx<AlitaApp>, channel: ChatId) -> Result<String, No> {
    match cx.replied().map(author) {
        Some(Sender::Channel(place)) if place.id == channel => Ok(alita_markup::display_name(&place.title)),
        Some(Sender::LinkedChannel(place)) if place.id == channel => mistake(t::bans::linked_channel_stays),
        Some(Sender::AnonymousAdmin) if channel == cx.chat() => denied(Denied::TargetIsAdmin),
        _ => mistake(t::bans::channel_reply_needed),
    }
}
