//! Mutes: somebody stays in the group and cannot write, for good or for a while.
//!
//! Conversations: `docs/src/modules/mutes.md`. What a mute is for Telegram: [`crate::punish`].
//! Telegram keeps the state and ends a timed mute by itself, so there is nothing to remember here.

mod view;

use alita_dispatch::{
    Answer, Command, Cx, Flow, HelpPage, Lasting, Module, Outcome, Reason, Replied, TargetMember, TargetUser,
};
use alita_i18n::t;
use alita_model::Punishment;
use alita_permissions::Rights;

use crate::app::AlitaApp;
use crate::punish::{delete_beside, punish, punish_for, unmute};

pub(crate) fn module() -> Module<AlitaApp> {
    let may_delete = Rights::RESTRICT_MEMBERS.union(Rights::DELETE_MESSAGES);
    Module::new("mutes")
        .help(
            HelpPage::new(t::mutes::title_button, t::mutes::help)
                .also_known_as(&["mute", "unmute", "tmute", "silence"]),
        )
        .command(Command::new("mute", mute).needs(Rights::RESTRICT_MEMBERS).help(t::mutes::mute_help))
        .command(Command::new("smute", mute_silently).needs(may_delete).help(t::mutes::smute_help))
        .command(Command::new("dmute", mute_and_delete).needs(may_delete).help(t::mutes::dmute_help))
        .command(
            Command::new("tmute", mute_for_a_while)
                .needs(Rights::RESTRICT_MEMBERS)
                .help(t::mutes::tmute_help),
        )
        .command(
            Command::new("unmute", lift_mute).needs(Rights::RESTRICT_MEMBERS).help(t::mutes::unmute_help),
        )
}

/// `/mute <reply | @user | id> [reason]`: a timed mute becomes one without an end.
async fn mute(cx: Cx<AlitaApp>, who: TargetMember, reason: Option<Reason>) -> Outcome {
    punish(&cx, who.id, Punishment::Mute).await?;
    view::muted(&cx, &who, reason.as_ref()).reply()
}

/// `/smute <reply | @user | id>`: nobody is told.
async fn mute_silently(cx: Cx<AlitaApp>, who: TargetMember) -> Outcome {
    punish(&cx, who.id, Punishment::Mute).await?;
    if let Some(command) = cx.message_id() {
        delete_beside(&cx, command).await;
    }
    Ok(Flow::Done)
}

/// `/dmute [reason]`, as a reply: the message goes, too.
async fn mute_and_delete(cx: Cx<AlitaApp>, spam: Replied<TargetMember>, reason: Option<Reason>) -> Outcome {
    delete_beside(&cx, spam.message).await;
    punish(&cx, spam.who.id, Punishment::Mute).await?;
    view::muted(&cx, &spam.who, reason.as_ref()).reply()
}

/// `/tmute <reply | @user | id> <duration> [reason]`
async fn mute_for_a_while(
    cx: Cx<AlitaApp>,
    who: TargetMember,
    lasting: Lasting,
    reason: Option<Reason>,
) -> Outcome {
    punish_for(&cx, who.id, Punishment::Mute, lasting.0).await?;
    view::muted_for(&cx, &who, lasting.0, reason.as_ref()).reply()
}

/// `/unmute <reply | @user | id>`
async fn lift_mute(cx: Cx<AlitaApp>, who: TargetUser) -> Outcome {
    let member = unmute(&cx, who.id).await?;
    view::unmuted(&cx, &member, &who).reply()
}
