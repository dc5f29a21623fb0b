//! Bans: people and channels are removed from the group, for good, for a while or once, and let back in.
//!
//! Conversations: `docs/src/modules/bans.md`. What a ban or a kick is for Telegram: [`crate::punish`].

mod buttons;
mod channels;
mod view;

use alita_dispatch::view::Sender;
use alita_dispatch::{
    Answer, Button, Command, Cx, Flow, HelpPage, Lasting, Module, Outcome, Reason, Replied, Target,
    TargetKind, TargetMember, TargetToBan, denied, mistake,
};
use alita_i18n::t;
use alita_model::{Peer, Punishment};
use alita_permissions::{Denied, Rights, Status};

use crate::app::AlitaApp;
use crate::punish::{delete_beside, punish, punish_for, unban, wording};

pub(crate) fn module() -> Module<AlitaApp> {
    let may_delete = Rights::RESTRICT_MEMBERS.union(Rights::DELETE_MESSAGES);
    Module::new("bans")
        .help(
            HelpPage::new(t::bans::title_button, t::bans::help)
                .also_known_as(&["ban", "unban", "kick", "tban", "restrict"]),
        )
        .command(Command::new("ban", ban).needs(Rights::RESTRICT_MEMBERS).help(t::bans::ban_help))
        .command(Command::new("sban", ban_silently).needs(may_delete).help(t::bans::sban_help))
        .command(Command::new("dban", ban_and_delete).needs(may_delete).help(t::bans::dban_help))
        .command(
            Command::new("tban", ban_for_a_while).needs(Rights::RESTRICT_MEMBERS).help(t::bans::tban_help),
        )
        .command(Command::new("unban", lift_ban).needs(Rights::RESTRICT_MEMBERS).help(t::bans::unban_help))
        .command(Command::new("kick", kick).needs(Rights::RESTRICT_MEMBERS).help(t::bans::kick_help))
        .command(Command::new("dkick", kick_and_delete).needs(may_delete).help(t::bans::dkick_help))
        .command(
            Command::new("kickme", kick_me)
                .for_everyone()
                .bot_needs(Rights::RESTRICT_MEMBERS)
                .help(t::bans::kickme_help),
        )
        .command(
            Command::new("restrict", ask_what_to_do)
                .needs(Rights::RESTRICT_MEMBERS)
                .help(t::bans::restrict_help),
        )
        .command(
            Command::new("unrestrict", ask_what_to_lift)
                .needs(Rights::RESTRICT_MEMBERS)
                .help(t::bans::unrestrict_help),
        )
        .button(
            Button::new(view::RESTRICT, buttons::restrict)
                .carries(&["a", "u"])
                .needs(Rights::RESTRICT_MEMBERS)
                .checked_live(),
        )
        .button(
            Button::new(wording::UNRESTRICT, buttons::unrestrict)
                .carries(&["a", "u"])
                .needs(Rights::RESTRICT_MEMBERS),
        )
}

/// `/ban <reply | @user | id> [reason]`, and in reply to a channel's message the channel.
async fn ban(cx: Cx<AlitaApp>, who: Target, reason: Option<Reason>) -> Outcome {
    if let Peer::Chat(channel) = who.peer {
        return channels::ban(&cx, channel, reason.as_ref()).await;
    }
    let who = TargetToBan::check(&cx, who.into_user()?).await?;
    punish(&cx, who.id, Punishment::Ban).await?;
    view::banned(&cx, &who, reason.as_ref()).reply()
}

/// `/sban <reply | @user | id>`: nobody is told.
async fn ban_silently(cx: Cx<AlitaApp>, who: TargetToBan) -> Outcome {
    punish(&cx, who.id, Punishment::Ban).await?;
    if let Some(command) = cx.message_id() {
        delete_beside(&cx, command).await;
    }
    Ok(Flow::Done)
}

/// `/dban [reason]`, as a reply: the message goes, too.
async fn ban_and_delete(cx: Cx<AlitaApp>, spam: Replied<TargetToBan>, reason: Option<Reason>) -> Outcome {
    delete_beside(&cx, spam.message).await;
    punish(&cx, spam.who.id, Punishment::Ban).await?;
    view::banned(&cx, &spam.who, reason.as_ref()).reply()
}

/// `/tban <reply | @user | id> <duration> [reason]`
async fn ban_for_a_while(
    cx: Cx<AlitaApp>,
    who: TargetToBan,
    lasting: Lasting,
    reason: Option<Reason>,
) -> Outcome {
    punish_for(&cx, who.id, Punishment::Ban, lasting.0).await?;
    view::banned_for(&cx, &who, lasting.0, reason.as_ref()).reply()
}

/// `/unban <reply | @user | id>`, and in reply to a channel's message the channel.
async fn lift_ban(cx: Cx<AlitaApp>, who: Target) -> Outcome {
    if let Peer::Chat(channel) = who.peer {
        return channels::lift_ban(&cx, channel).await;
    }
    let who = who.into_user()?;
    if who.id == cx.me().id {
        return denied(Denied::TargetIsBotItself);
    }
    if who.id.is_service() {
        return denied(Denied::TargetIsService);
    }
    unban(&cx, Peer::User(who.id)).await?;
    view::unbanned(&cx, &who.named(&cx).await).reply()
}

/// `/kick <reply | @user | id> [reason]`
async fn kick(cx: Cx<AlitaApp>, who: TargetMember, reason: Option<Reason>) -> Outcome {
    punish(&cx, who.id, Punishment::Kick).await?;
    view::kicked(&cx, &who, reason.as_ref()).reply()
}

/// `/dkick [reason]`, as a reply: the message goes, too.
async fn kick_and_delete(cx: Cx<AlitaApp>, spam: Replied<TargetMember>, reason: Option<Reason>) -> Outcome {
    delete_beside(&cx, spam.message).await;
    punish(&cx, spam.who.id, Punishment::Kick).await?;
    view::kicked(&cx, &spam.who, reason.as_ref()).reply()
}

/// `/kickme`: goodbye. Admins are not kicked, not even by themselves.
///
/// Telegram: whoever was kicked comes back as an ordinary member, so a kick would lift a restriction.
async fn kick_me(cx: Cx<AlitaApp>) -> Outcome {
    if *cx.sender() == Sender::AnonymousAdmin {
        return mistake(t::bans::admins_stay);
    }
    let me = cx.person()?;
    match cx.in_chat(me.id).await?.status {
        Status::Owner | Status::Administrator => return mistake(t::bans::admins_stay),
        Status::Restricted { .. } => return mistake(t::bans::restricted_stay),
        _ => {}
    }
    punish(&cx, me.id, Punishment::Kick).await?;
    view::left(&cx).reply()
}

/// `/restrict <reply | @user | id>`: asks what shall happen to them.
async fn ask_what_to_do(cx: Cx<AlitaApp>, who: TargetMember) -> Outcome {
    view::ask_what_to_do(&cx, &who).reply()
}

/// `/unrestrict <reply | @user | id>`: asks what shall be lifted; whoever is banned is not in the chat.
async fn ask_what_to_lift(cx: Cx<AlitaApp>, who: TargetToBan) -> Outcome {
    view::ask_what_to_lift(&cx, &who).reply()
}
