//! Bots that ordinary members add are banned while `bots` is locked.

use std::time::Duration;

use alita_dispatch::{Cx, Flow, Outcome, Reply, Sender, members::member_of_update};
use alita_i18n::t;
use alita_model::{LockType, Punishment};
use alita_permissions::{Change, Fact, Rights, Status, exemption};

use crate::app::{AlitaApp, Doors};
use crate::punish::punish;

/// Several bots that come at once are spoken of once.
const QUIET: Duration = Duration::from_secs(10);

pub(super) async fn watch(cx: Cx<AlitaApp>) -> Outcome {
    let Some(change) = cx.member_change() else { return Ok(Flow::Next) };
    let (before, after) =
        (member_of_update(&change.old_chat_member), member_of_update(&change.new_chat_member));
    let (Some(before), Some(after)) = (before, after) else { return Ok(Flow::Next) };
    // A bot that arrives as an administrator was added by somebody who may.
    let has_come =
        Change::between(&before, &after).has_joined() && after.is_bot && after.status == Status::Member;
    if !has_come || !cx.db().locks().of(cx.chat()).await?.contains(LockType::Bots) {
        return Ok(Flow::Next);
    }
    let Sender::User(adder) = cx.sender() else { return Ok(Flow::Next) };
    // Telegram: whoever acts as the group appears under a service account. Only an anonymous administrator does.
    if adder.id.is_service() {
        return Ok(Flow::Next);
    }
    let is_approved = cx.db().approvals().is_approved(cx.chat(), adder.id).await?;
    if exemption(cx.directory().is_admin(cx.chat(), adder.id).await, is_approved).is_some() {
        return Ok(Flow::Next);
    }
    let cx = cx.speak().await;
    let may_ban =
        matches!(cx.directory().bot(cx.chat()).await, Fact::Known(me) if me.has(Rights::RESTRICT_MEMBERS));
    if !may_ban {
        say_once(&cx, t::locks::cannot_ban_bots(cx.lang()).into()).await?;
        return Ok(Flow::Next);
    }
    punish(&cx, after.user, Punishment::Ban).await?;
    say_once(&cx, t::locks::bots_by_admins_only(cx.lang()).into()).await?;
    Ok(Flow::Done)
}

async fn say_once(cx: &Cx<AlitaApp>, reply: Reply) -> Result<(), alita_dispatch::No> {
    if cx.state().claim("botsLock", &cx.chat().to_string(), QUIET).await? {
        cx.send(reply).await?;
    }
    Ok(())
}
