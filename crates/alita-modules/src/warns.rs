//! Warns: an admin warns a member; at the chat's limit the member is muted, kicked or banned.
//!
//! Conversations: `docs/src/modules/warns.md`. The rule itself: [`WarnPolicy::judge`].

mod view;

use alita_dispatch::{
    Answer, Args, Button, Command, Cx, Flow, HelpPage, Module, No, Outcome, Payload, Reason, Replied, Target,
    TargetMember, TargetUser, mistake,
};
use alita_i18n::t;
use alita_model::{Punishment, Tally, UserId, Verdict, WarnPolicy};
use alita_permissions::Rights;

use crate::app::{AlitaApp, Doors};
use crate::punish::wording::presser;
use crate::punish::{delete_beside, punish};
use crate::saved::Saved;

pub(crate) fn module() -> Module<AlitaApp> {
    let may_delete = Rights::RESTRICT_MEMBERS.union(Rights::DELETE_MESSAGES);
    Module::new("warns")
        .help(
            HelpPage::new(t::warns::title_button, t::warns::help)
                .also_known_as(&["warn", "warning", "warnings"]),
        )
        .command(Command::new("warn", warn).needs(Rights::RESTRICT_MEMBERS).help(t::warns::warn_help))
        .command(Command::new("dwarn", warn_and_delete).needs(may_delete).help(t::warns::dwarn_help))
        .command(Command::new("swarn", warn_silently).needs(may_delete).help(t::warns::swarn_help))
        .command(Command::new("warns", show).for_everyone().can_be_disabled().help(t::warns::warns_help))
        .command(
            Command::new("rmwarn", remove)
                .alias("unwarn")
                .caller_needs(Rights::RESTRICT_MEMBERS)
                .help(t::warns::rmwarn_help),
        )
        .command(
            Command::new("resetwarns", reset)
                .alias("resetwarn")
                .caller_needs(Rights::RESTRICT_MEMBERS)
                .help(t::warns::resetwarns_help),
        )
        .command(
            Command::new("resetallwarns", ask_to_reset_all).for_owner().help(t::warns::resetallwarns_help),
        )
        .command(Command::new("warnings", show_policy).help(t::warns::warnings_help))
        .command(
            Command::new("setwarnlimit", set_limit)
                .caller_needs(Rights::RESTRICT_MEMBERS)
                .via_connection()
                .help(t::warns::setwarnlimit_help),
        )
        .command(
            Command::new("setwarnmode", set_mode)
                .caller_needs(Rights::RESTRICT_MEMBERS)
                .via_connection()
                .help(t::warns::setwarnmode_help),
        )
        .button(Button::new(view::REMOVE, remove_by_button).carries(&["u"]).needs(Rights::RESTRICT_MEMBERS))
        .button(Button::new(view::RESET_ALL, reset_all).carries(&["a"]).for_owner())
}

/// `/warn <reply | @user | id> [reason]`
async fn warn(cx: Cx<AlitaApp>, who: TargetMember, reason: Option<Reason>) -> Outcome {
    let count = record(&cx, &who, reason).await?;
    act(&cx, &who, count).await?.into_flow()
}

/// `/dwarn [reason]`, as a reply: the message goes, too, whatever becomes of its author.
async fn warn_and_delete(cx: Cx<AlitaApp>, spam: Replied<TargetMember>, reason: Option<Reason>) -> Outcome {
    let count = record(&cx, &spam.who, reason).await?;
    delete_beside(&cx, spam.message).await;
    act(&cx, &spam.who, count).await?.into_flow()
}

/// `/swarn <reply | @user | id> [reason]`: nobody sees it, unless it is the last one.
async fn warn_silently(cx: Cx<AlitaApp>, who: TargetMember, reason: Option<Reason>) -> Outcome {
    let count = record(&cx, &who, reason).await?;
    if let Some(command) = cx.message_id() {
        delete_beside(&cx, command).await;
    }
    match act(&cx, &who, count).await? {
        Notice::Counting(_) | Notice::ToldByAnother => Ok(Flow::Done),
        Notice::Punished(reply) => reply.standing_alone().reply(),
    }
}

/// What there is to tell after a warning.
enum Notice {
    Counting(alita_dispatch::Reply),
    Punished(alita_dispatch::Reply),
    /// Two have warned at the limit in the same moment, and the other one has cleared the tally.
    ToldByAnother,
}

impl Notice {
    fn into_flow(self) -> Outcome {
        match self {
            Self::Counting(reply) | Self::Punished(reply) => reply.reply(),
            Self::ToldByAnother => Ok(Flow::Done),
        }
    }
}

/// Where somebody stands after a warning, and what the chat makes of that.
struct Count {
    tally: Tally,
    policy: WarnPolicy,
}

/// One more warning is stored; nobody knows of it yet.
async fn record(cx: &Cx<AlitaApp>, who: &TargetUser, reason: Option<Reason>) -> Result<Count, No> {
    let reason = reason.map_or_else(|| t::warns::no_reason_plain(cx.lang()), |reason| reason.0);
    let (tally, policy) = cx.db().warns().add(cx.chat(), who.id, Some(&reason)).await.saved()?;
    cx.count_action("warn", None);
    Ok(Count { tally, policy })
}

/// What the policy of the chat makes of the new count.
///
/// The tally is cleared only after the punishment: when Telegram refuses it, the next warning tries again.
async fn act(cx: &Cx<AlitaApp>, who: &TargetUser, count: Count) -> Result<Notice, No> {
    let Count { tally, policy } = count;
    match policy.judge(&tally) {
        Verdict::StillCounting => {
            let has_rules = cx.db().rules().get(cx.chat()).await?.is_some();
            Ok(Notice::Counting(view::warned(cx, who, &tally, &policy, has_rules)))
        }
        Verdict::LimitReached(punishment) => {
            punish(cx, who.id, punishment).await?;
            Ok(match cx.db().warns().clear_at_limit(cx.chat(), who.id).await? {
                true => Notice::Punished(view::punished(cx, who, &tally, &policy)),
                false => Notice::ToldByAnother,
            })
        }
    }
}

/// `/warns [reply | @user | id]`: somebody's warnings, or one's own.
async fn show(cx: Cx<AlitaApp>, mut args: Args) -> Outcome {
    let (user, name) = match Target::find(&cx, &mut args).await? {
        None => {
            let me = cx.person()?;
            (me.id, me.full_name())
        }
        Some(target) => match target.peer.user() {
            Some(user) => (user, target.name),
            None => return mistake(t::mistakes::not_for_channels),
        },
    };
    let tally = cx.db().warns().of(cx.chat(), user).await?;
    let policy = cx.db().warns().policy(cx.chat()).await?;
    view::tally(&cx, user, &name, &tally, &policy).reply()
}

/// `/rmwarn <reply | @user | id>`: takes the last warning back.
async fn remove(cx: Cx<AlitaApp>, who: TargetUser) -> Outcome {
    take_back(&cx, who.id).await?.reply()
}

async fn remove_by_button(cx: Cx<AlitaApp>, payload: Payload) -> Outcome {
    let user = payload.get("u")?;
    take_back(&cx, user).await?.edit()
}

async fn take_back(cx: &Cx<AlitaApp>, user: UserId) -> Result<alita_markup::Html, No> {
    Ok(match cx.db().warns().remove_last(cx.chat(), user).await.saved()? {
        Some(_) => t::warns::removed(cx.lang(), presser(cx)),
        None => t::warns::nothing_to_remove(cx.lang()),
    })
}

/// `/resetwarns <reply | @user | id>`: takes all warnings of somebody back.
async fn reset(cx: Cx<AlitaApp>, who: TargetUser) -> Outcome {
    match cx.db().warns().reset(cx.chat(), who.id).await.saved()? {
        true => t::warns::reset(cx.lang(), alita_markup::mention(who.id, &who.name)).reply(),
        false => t::warns::nothing_to_remove(cx.lang()).reply(),
    }
}

/// `/resetallwarns`: asks the owner before it forgets everybody's warnings.
async fn ask_to_reset_all(cx: Cx<AlitaApp>) -> Outcome {
    match cx.db().warns().count(cx.chat()).await? {
        0 => t::warns::nobody_warned(cx.lang()).reply(),
        _ => view::ask_to_reset_all(&cx).reply(),
    }
}

async fn reset_all(cx: Cx<AlitaApp>, payload: Payload) -> Outcome {
    match payload.get::<String>("a")?.as_str() {
        "yes" => {
            cx.db().warns().reset_all(cx.chat()).await.saved()?;
            t::warns::all_reset(cx.lang()).edit()
        }
        "no" => t::common::cancelled(cx.lang()).edit(),
        _ => Err(alita_dispatch::Mistake::invalid_button().into()),
    }
}

/// `/warnings`: the limit, and what happens there.
async fn show_policy(cx: Cx<AlitaApp>) -> Outcome {
    let policy = cx.db().warns().policy(cx.chat()).await?;
    view::policy(&cx, &policy).reply()
}

/// `/setwarnlimit <1-100>`
async fn set_limit(cx: Cx<AlitaApp>, mut args: Args) -> Outcome {
    let Some(word) = args.word() else { return mistake(t::warns::limit_usage) };
    let Ok(limit) = word.parse::<i64>() else {
        return mistake(move |lang| t::mistakes::number_expected(lang, word.as_str()));
    };
    let policy =
        u32::try_from(limit).ok().and_then(|limit| WarnPolicy::new(limit, Punishment::default()).ok());
    let Some(policy) = policy else { return mistake(|lang| t::mistakes::number_out_of_range(lang, 1, 100)) };
    cx.db().warns().set_limit(cx.chat(), policy.limit()).await.saved()?;
    t::warns::limit_set(cx.lang(), policy.limit().into()).reply()
}

/// `/setwarnmode <ban | kick | mute>`
async fn set_mode(cx: Cx<AlitaApp>, mut args: Args) -> Outcome {
    let Some(word) = args.word() else { return mistake(t::warns::mode_usage) };
    let Ok(punishment) = word.parse::<Punishment>() else {
        return mistake(move |lang| t::warns::mode_unknown(lang, word.as_str()));
    };
    cx.db().warns().set_punishment(cx.chat(), punishment).await.saved()?;
    t::warns::mode_set(cx.lang(), punishment.as_str()).reply()
}
