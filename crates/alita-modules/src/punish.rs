//! What the bot does to people and takes back from them: the one place where a punishment becomes a call.

pub(crate) mod wording;

use std::time::Duration;

use alita_dispatch::{Cx, Mistake, No, denied};
use alita_i18n::t;
use alita_model::{ChatId, MessageId, Peer, Punishment, UserId};
use alita_permissions::{ChatMember, Denied, Fact, Status};
use alita_telegram::Error;

use crate::app::{AlitaApp, Doors};

/// Bans, kicks or mutes somebody in the chat that this is about, without an end.
///
/// # Errors
///
/// What Telegram refused; the pipeline finds the words for it.
pub(crate) async fn punish(cx: &Cx<AlitaApp>, user: UserId, punishment: Punishment) -> Result<(), Error> {
    until(cx, user, punishment, None).await
}

/// The same for a while; Telegram ends it by itself. A kick has no length.
///
/// # Errors
///
/// As [`punish`].
pub(crate) async fn punish_for(
    cx: &Cx<AlitaApp>,
    user: UserId,
    punishment: Punishment,
    duration: Duration,
) -> Result<(), Error> {
    let now = u64::try_from(cx.clock().now().timestamp()).unwrap_or_default();
    until(cx, user, punishment, Some(now.saturating_add(duration.as_secs()))).await
}

async fn until(
    cx: &Cx<AlitaApp>,
    user: UserId,
    punishment: Punishment,
    end: Option<u64>,
) -> Result<(), Error> {
    if punishment == Punishment::Kick {
        begin(cx).await;
    }
    // Somebody has banned them since: to kick or to mute them would let them in again.
    let is_kick_cut_short = punishment == Punishment::Kick && cx.chat().is_basic_group();
    if punishment != Punishment::Ban && cx.is_target_banned() && !is_kick_cut_short {
        return Ok(());
    }
    let (action, done) = match punishment {
        Punishment::Ban => ("ban", cx.client().ban(cx.chat(), user, end).await),
        Punishment::Kick => ("kick", cx.client().kick(cx.chat(), user).await),
        Punishment::Mute => ("mute", cx.client().mute(cx.chat(), user, end).await),
    };
    cx.count_action(action, done.as_ref().err());
    done
}

/// Notes that what follows can be seen by its effect alone, so that its notice is not lost when the process dies.
///
/// The act does not depend on it: somebody is kicked even while the database is away.
pub(crate) async fn begin(cx: &Cx<AlitaApp>) {
    if let Err(error) = cx.db().begin().await {
        tracing::warn!(chat.id = %cx.chat(), %error, "a crash before the notice would lose the notice");
    }
}

/// Bans a channel: nobody can speak as it in the chat any more.
///
/// # Errors
///
/// As [`punish`].
pub(crate) async fn ban_channel(cx: &Cx<AlitaApp>, channel: ChatId) -> Result<(), Error> {
    let done = cx.client().ban_sender_chat(cx.chat(), channel).await;
    cx.count_action("ban", done.as_ref().err());
    done
}

/// Lifts the ban of a person or a channel. Whoever is in the chat stays there.
///
/// # Errors
///
/// As [`punish`].
pub(crate) async fn unban(cx: &Cx<AlitaApp>, who: Peer) -> Result<(), Error> {
    let done = match who {
        Peer::User(user) => cx.client().unban(cx.chat(), user).await,
        Peer::Chat(channel) => cx.client().unban_sender_chat(cx.chat(), channel).await,
    };
    cx.count_action("unban", done.as_ref().err());
    done
}

/// Lets somebody write again, and tells who it is.
///
/// Whoever left while they were muted would still be silent when they come back, so they count too.
/// Telegram: to lift the restrictions of somebody who is banned would lift the ban.
///
/// # Errors
///
/// A denial for those who cannot be muted, and for those who are banned or unknown; or what Telegram refused.
pub(crate) async fn unmute(cx: &Cx<AlitaApp>, user: UserId) -> Result<ChatMember, No> {
    if user == cx.me().id {
        return denied(Denied::TargetIsBotItself);
    }
    if user.is_service() {
        return denied(Denied::TargetIsService);
    }
    let member = match cx.directory().member_live(cx.chat(), user).await {
        Fact::Known(member) => member,
        Fact::NotFound => return denied(Denied::TargetIsNotInChat),
        Fact::Unknown => return denied(Denied::CouldNotFindOut),
    };
    match member.status {
        Status::Owner | Status::Administrator => {
            Err(Mistake::new(t::mutes::is_admin).or_toast(t::mutes::is_admin_toast).into())
        }
        Status::Banned => Err(Mistake::new(t::mutes::is_banned).or_toast(t::mutes::is_banned_toast).into()),
        Status::Member | Status::Restricted { .. } | Status::Left => {
            let done = cx.client().lift(cx.chat(), user).await;
            cx.count_action("unmute", done.as_ref().err());
            done?;
            Ok(member)
        }
    }
}

/// Deletes the message that a punishment is about, or the command of a silent one.
///
/// The punishment does not depend on it: somebody goes even when their message stays.
pub(crate) async fn delete_beside(cx: &Cx<AlitaApp>, message: MessageId) {
    if let Err(error) = cx.delete(message).await {
        tracing::warn!(chat.id = %cx.chat(), %error, "a message stays beside a punishment");
    }
}
