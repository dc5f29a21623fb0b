//! Admin: who administers the group, who is appointed and dismissed, and how people get in.
//!
//! Conversations: `docs/src/modules/admin.md`. What a promoter can hand on: [`alita_permissions::grantable`].
//! How anonymous administrators show who they are: [`alita_dispatch::proof`].

mod appoint;
mod view;

use std::sync::Arc;
use std::time::Duration;

use alita_dispatch::{
    Answer, Audience, Command, Cx, Gate, HelpPage, Module, No, Outcome, Reason, Switch, TargetUser, When,
    denied, mistake,
};
use alita_i18n::t;
use alita_model::AdminTitle;
use alita_permissions::directory::Records;
use alita_permissions::{ChatMember, Denied, Fact, Rights};
use alita_telegram::AsyncTelegramApi;
use alita_telegram::methods::{ExportChatInviteLinkParams, GetChatParams};

use crate::app::{AlitaApp, Doors};
use crate::punish::begin;
use crate::saved::Saved;

/// How long a chat waits between two readings of its list by hand.
const RELOAD_PAUSE: Duration = Duration::from_secs(10 * 60);

pub(crate) fn module() -> Module<AlitaApp> {
    let anybody = Gate { audience: Audience::Everyone, ..Gate::default() };
    let owner = Gate { audience: Audience::Owner, ..Gate::default() };
    Module::new("admin")
        .help(
            HelpPage::new(t::admin::title_button, t::admin::help)
                .also_known_as(&["admins", "promote", "demote", "title"]),
        )
        .command(
            Command::new("adminlist", list)
                .for_everyone()
                .bot_needs(Rights::empty())
                .can_be_disabled()
                .help(t::admin::adminlist_help),
        )
        .command(
            Command::new("promote", promote)
                .needs(Rights::PROMOTE_MEMBERS)
                .checked_live()
                .help(t::admin::promote_help),
        )
        .command(
            Command::new("demote", demote)
                .needs(Rights::PROMOTE_MEMBERS)
                .checked_live()
                .help(t::admin::demote_help),
        )
        .command(Command::new("title", entitle).needs(Rights::PROMOTE_MEMBERS).help(t::admin::title_help))
        .command(
            Command::new("invitelink", invite_link)
                .needs(Rights::INVITE_USERS)
                .gate_when(When::ChatIsPublic, anybody)
                .help(t::admin::invitelink_help),
        )
        .command(
            Command::new("anonadmin", trust)
                .for_everyone()
                .bot_needs(Rights::empty())
                .gate_when(When::WordsFollow, owner)
                .help(t::admin::anonadmin_help),
        )
        .command(Command::new("admincache", reload).checked_live().help(t::admin::admincache_help))
        .command(Command::new("clearadmincache", forget).help(t::admin::clearadmincache_help))
}

/// `/adminlist`: the people who administer the group and show it.
async fn list(cx: Cx<AlitaApp>) -> Outcome {
    let list = administrators(&cx).await?;
    view::list(&cx, &list, cx.directory().age(&list)).reply()
}

/// `/promote <reply | @user | id> [title]`: hands on what both the bot and the promoter have.
async fn promote(cx: Cx<AlitaApp>, who: TargetUser, title: Option<Reason>) -> Outcome {
    administrators(&cx).await?;
    let member = appointable(&cx, &who).await?;
    let user = view::name(&who, &member);
    if member.is_admin() && !cx.has_begun().await? {
        return mistake(move |lang| t::admin::already_admin(lang, &user));
    }
    let rights = appoint::rights_to_hand_on(&cx).await?;
    if rights.is_empty() {
        return mistake(t::admin::nothing_to_hand_on);
    }
    begin(&cx).await;
    if let Err(error) = appoint::appoint(&cx, who.id, rights).await {
        return appoint::refused(error, move |lang| t::admin::cannot_promote(lang, &user));
    }
    // At once: whoever was appointed by the bot must not stay "no admin" until the list is old.
    cx.directory().forget(cx.chat()).await;
    let Some(title) = title.and_then(|title| AdminTitle::cut(&title.0)) else {
        return t::admin::promoted(cx.lang(), &user).reply();
    };
    match appoint::entitle(&cx, who.id, &title).await {
        Ok(()) => view::promoted(&cx, &user, &title).reply(),
        Err(error) => {
            tracing::info!(chat.id = %cx.chat(), %error, "somebody was promoted without the title");
            view::promoted_without_title(&cx, &user, &title, error.kind()).reply()
        }
    }
}

/// `/demote <reply | @user | id>`
async fn demote(cx: Cx<AlitaApp>, who: TargetUser) -> Outcome {
    administrators(&cx).await?;
    let member = administrator(&cx, &who).await?;
    let user = view::name(&who, &member);
    begin(&cx).await;
    if let Err(error) = appoint::appoint(&cx, who.id, Rights::empty()).await {
        return appoint::refused(error, move |lang| t::admin::cannot_demote(lang, &user));
    }
    cx.directory().forget(cx.chat()).await;
    t::admin::demoted(cx.lang(), &user).reply()
}

/// `/title <reply | @user | id> <title>`
async fn entitle(cx: Cx<AlitaApp>, who: TargetUser, title: Option<Reason>) -> Outcome {
    let member = administrator(&cx, &who).await?;
    let user = view::name(&who, &member);
    let Some(title) = title.and_then(|title| AdminTitle::cut(&title.0)) else {
        return mistake(t::admin::title_missing);
    };
    if let Err(error) = appoint::entitle(&cx, who.id, &title).await {
        return appoint::title_refused(error, &title, user);
    }
    view::entitled(&cx, &user, &title).reply()
}

/// `/invitelink`: of a public chat its name, of a private one the bot's own link.
async fn invite_link(cx: Cx<AlitaApp>) -> Outcome {
    if let Some(name) = &cx.subject().username {
        return view::invite_link(&cx, &format!("https://t.me/{name}")).reply();
    }
    let chat = GetChatParams::builder().chat_id(cx.chat().get()).build();
    let known = match cx.client().get_chat(&chat).await {
        Ok(response) => response.result.invite_link,
        Err(error) => return appoint::refused(error, t::admin::no_invite_link),
    };
    if let Some(link) = known {
        return view::invite_link(&cx, &link).reply();
    }
    let new = ExportChatInviteLinkParams::builder().chat_id(cx.chat().get()).build();
    match cx.client().export_chat_invite_link(&new).await {
        Ok(response) => view::invite_link(&cx, &response.result).reply(),
        Err(error) => appoint::refused(error, t::admin::no_invite_link),
    }
}

/// `/anonadmin [on | off]`: whether anonymous administrators are taken at their word.
async fn trust(cx: Cx<AlitaApp>, switch: Option<Switch>) -> Outcome {
    let is_on = cx.db().admin().get(cx.chat()).await?.anon_admin;
    let words = match (is_on, switch) {
        (true, None) => t::admin::trust_is_on,
        (false, None) => t::admin::trust_is_off,
        (true, Some(Switch::On)) => t::admin::trust_already_on,
        (false, Some(Switch::Off)) => t::admin::trust_already_off,
        (_, Some(switch)) => {
            cx.db().admin().set_anon_admin(cx.chat(), switch.is_on()).await.saved()?;
            if switch.is_on() { t::admin::trust_set_on } else { t::admin::trust_set_off }
        }
    };
    words(cx.lang()).reply()
}

/// `/admincache`: reads the list again, not more often than Telegram likes.
async fn reload(cx: Cx<AlitaApp>) -> Outcome {
    const KIND: &str = "admincache";
    let chat = cx.chat().to_string();
    if !cx.state().claim(KIND, &chat, RELOAD_PAUSE).await? {
        return mistake(t::admin::reloaded_before);
    }
    // What was remembered serves on for as long as Telegram does not answer.
    cx.directory().doubt(cx.chat()).await;
    match administrators(&cx).await {
        Ok(list) if list.is_doubted => {
            cx.state().release(KIND, &chat).await?;
            mistake(t::admin::list_unavailable)
        }
        Ok(list) => {
            let n = i64::try_from(list.members.len()).unwrap_or(i64::MAX);
            t::admin::reloaded(cx.lang(), n).reply()
        }
        Err(no) => {
            cx.state().release(KIND, &chat).await?;
            Err(no)
        }
    }
}

/// `/clearadmincache`: the next question about rights asks Telegram.
async fn forget(cx: Cx<AlitaApp>) -> Outcome {
    cx.directory().forget(cx.chat()).await;
    t::admin::forgotten(cx.lang()).reply()
}

/// The list of the chat's administrators. Every chat has an owner, so an empty one tells nothing.
async fn administrators(cx: &Cx<AlitaApp>) -> Result<Arc<Records>, No> {
    match cx.directory().administrators(cx.chat()).await {
        Fact::Known(list) if !list.members.is_empty() => Ok(list),
        _ => mistake(t::admin::list_unavailable),
    }
}

/// The record of somebody in the chat whose rights can change at all, as it is right now.
async fn appointable(cx: &Cx<AlitaApp>, who: &TargetUser) -> Result<ChatMember, No> {
    if who.id == cx.me().id {
        return denied(Denied::TargetIsBotItself);
    }
    if who.id.is_service() {
        return denied(Denied::TargetIsService);
    }
    let member = cx.in_chat(who.id).await?;
    // Neither an appointment nor its end sends anybody out, so it was somebody else.
    if !member.is_in_chat() {
        return denied(Denied::TargetIsNotInChat);
    }
    if member.is_owner() {
        let user = view::name(who, &member);
        return mistake(move |lang| t::admin::is_owner(lang, &user));
    }
    Ok(member)
}

/// The same of somebody who has to be an administrator, or was one before a crash cut this very update short.
async fn administrator(cx: &Cx<AlitaApp>, who: &TargetUser) -> Result<ChatMember, No> {
    let member = appointable(cx, who).await?;
    if !member.is_admin() && !cx.has_begun().await? {
        let user = view::name(who, &member);
        return mistake(move |lang| t::admin::not_admin(lang, &user));
    }
    Ok(member)
}
