//! Locks: kinds of content that a group forbids. Matching messages of ordinary members are deleted.
//!
//! What a message is made of: [`content::kinds`]. Conversations: `docs/src/modules/locks.md`.

mod added_bots;
mod comments;
mod content;
mod view;

use std::time::Duration;

use alita_dispatch::{
    Answer, Args, Command, Cx, Flow, Gate, HelpPage, Module, No, On, Outcome, Sender, Stage, Watcher, When,
    mistake,
};
use alita_i18n::t;
use alita_model::{LockSet, LockType};
use alita_permissions::{Actor, Fact, Rights, exemption};

use crate::app::{AlitaApp, Doors};
use crate::saved::Saved;

/// Telegram: a message older than this cannot be deleted by everybody; an edit of one is left alone.
const OLDEST_EDIT: Duration = Duration::from_secs(48 * 60 * 60);

pub(crate) fn module() -> Module<AlitaApp> {
    // Where bots are locked, the bot bans: nobody has that done who could not do it themselves.
    let may_ban = Gate { rights: Rights::DELETE_MESSAGES.union(Rights::RESTRICT_MEMBERS), ..Gate::default() };
    Module::new("locks")
        .help(HelpPage::new(t::locks::title_button, t::locks::help).also_known_as(&["lock", "unlock"]))
        .command(
            Command::new("lock", lock)
                .caller_needs(Rights::DELETE_MESSAGES)
                .gate_when(When::Says(LockType::Bots.as_str()), may_ban)
                .via_connection()
                .help(t::locks::lock_help),
        )
        .command(
            Command::new("unlock", unlock)
                .caller_needs(Rights::DELETE_MESSAGES)
                .via_connection()
                .help(t::locks::unlock_help),
        )
        .command(
            Command::new("locks", show)
                .for_everyone()
                .bot_needs(Rights::empty())
                .via_connection()
                .can_be_disabled()
                .help(t::locks::locks_help),
        )
        .command(
            Command::new("locktypes", types)
                .for_everyone()
                .anywhere()
                .can_be_disabled()
                .help(t::locks::locktypes_help),
        )
        .watcher(Watcher::new(Stage::Enforce, "locks", watch).on(&[On::Message, On::EditedMessage]))
        .watcher(Watcher::new(Stage::Enforce, "added bots", added_bots::watch).on(&[On::ChatMember]))
}

/// `/lock <type>...`
async fn lock(cx: Cx<AlitaApp>, args: Args) -> Outcome {
    set(&cx, &args, true).await
}

/// `/unlock <type>...`
async fn unlock(cx: Cx<AlitaApp>, args: Args) -> Outcome {
    set(&cx, &args, false).await
}

/// All types of one command are stored together, or none.
async fn set(cx: &Cx<AlitaApp>, args: &Args, is_locked: bool) -> Outcome {
    let mut types = LockSet::EMPTY;
    for word in args.rest().split_whitespace() {
        let Ok(lock) = word.parse::<LockType>() else {
            let word = word.to_owned();
            return mistake(move |lang| t::locks::unknown_type(lang, word.as_str()));
        };
        types.insert(lock);
    }
    if types.is_empty() {
        return mistake(if is_locked { t::locks::lock_usage } else { t::locks::unlock_usage });
    }
    let list: Vec<LockType> = types.iter().collect();
    cx.db().locks().set(cx.chat(), &list, is_locked).await.saved_or(|| view::not_saved(types))?;
    let missing = if is_locked { missing_rights(cx, types).await } else { Rights::empty() };
    view::changed(cx.lang(), types, is_locked, missing).reply()
}

/// What the bot lacks to keep these locks.
async fn missing_rights(cx: &Cx<AlitaApp>, types: LockSet) -> Rights {
    let only_bots = types.iter().all(|lock| lock == LockType::Bots);
    let mut needed = if only_bots { Rights::empty() } else { Rights::DELETE_MESSAGES };
    if types.contains(LockType::Bots) {
        needed |= Rights::RESTRICT_MEMBERS;
    }
    match cx.directory().bot(cx.chat()).await {
        Fact::Known(bot) => needed.difference(bot.effective_rights()),
        _ => Rights::empty(),
    }
}

/// `/locks`: every type, and which are locked.
async fn show(cx: Cx<AlitaApp>) -> Outcome {
    let locked = cx.db().locks().of(cx.chat()).await?;
    view::locks(cx.lang(), locked).reply()
}

/// `/locktypes`
async fn types(cx: Cx<AlitaApp>) -> Outcome {
    view::types(cx.lang()).reply()
}

/// Deletes what is locked. What nobody locked costs nothing; then comes what is remembered, and last what Telegram
/// has to be asked for.
async fn watch(cx: Cx<AlitaApp>) -> Outcome {
    let Some(message) = cx.message().filter(|_| cx.place().is_group()) else { return Ok(Flow::Next) };
    let locked = cx.db().locks().of(cx.chat()).await?;
    if locked.is_empty() || is_old_edit(&cx) {
        return Ok(Flow::Next);
    }
    let hit = locked.intersection(content::kinds(message, cx.sender()));
    if hit.is_empty() || is_exempt(&cx).await? {
        return Ok(Flow::Next);
    }
    let is_comment_only = hit.iter().all(|lock| lock == LockType::Comments);
    match cx.directory().bot(cx.chat()).await {
        Fact::Known(bot) if bot.has(Rights::DELETE_MESSAGES) => {}
        // Whether a comment is an outsider's is not asked for nothing.
        Fact::Known(_) if !is_comment_only => {
            cx.count_refused("delete");
            tracing::debug!(chat.id = %cx.chat(), "what is locked stays, because the bot may not delete messages");
            return Ok(Flow::Next);
        }
        _ => return Ok(Flow::Next),
    }
    if is_comment_only && !comments::is_outsider(&cx).await {
        return Ok(Flow::Next);
    }
    if let Some(id) = cx.message_id() {
        cx.delete(id).await?;
    }
    Ok(Flow::Done)
}

fn is_old_edit(cx: &Cx<AlitaApp>) -> bool {
    let written = cx.message().map_or(0, |message| message.date);
    let now = u64::try_from(cx.clock().now().timestamp()).unwrap_or_default();
    cx.event().kind() == On::EditedMessage && now.saturating_sub(written) > OLDEST_EDIT.as_secs()
}

/// Posts of the linked channel are subject to one lock alone, and to that one without exemption.
async fn is_exempt(cx: &Cx<AlitaApp>) -> Result<bool, No> {
    let author: Actor<bool> = match cx.sender() {
        Sender::User(someone) => Actor::Person(cx.directory().is_admin(cx.chat(), someone.id).await),
        Sender::AnonymousAdmin => Actor::AnonymousAdmin { is_trusted: false },
        Sender::Channel(_) => Actor::Channel,
        Sender::LinkedChannel(_) => return Ok(false),
        _ => Actor::Nobody,
    };
    let is_approved = match cx.sender() {
        Sender::User(someone) => cx.db().approvals().is_approved(cx.chat(), someone.id).await?,
        _ => false,
    };
    Ok(exemption(author, is_approved).is_some())
}
