//! The menus of `/restrict` and `/unrestrict`, and the buttons below bans and mutes.
//!
//! A button is pressed days later, or forged: whom it names is looked at again, as if it were a command.

use std::str::FromStr;

use alita_dispatch::{
    Answer, Cx, Mistake, No, Outcome, Payload, TargetKind, TargetMember, TargetToBan, TargetUser, Words,
};
use alita_i18n::t;
use alita_model::{Peer, Punishment, UserId};

use super::view;
use crate::app::AlitaApp;
use crate::punish::{punish, unban, unmute, wording};

/// A press on "Ban", "Kick" or "Mute".
pub(super) async fn restrict(cx: Cx<AlitaApp>, payload: Payload) -> Outcome {
    words_of_message(&cx)?;
    let punishment: Punishment = payload.get("a")?;
    let user = person(payload.get("u")?)?;
    let who = TargetUser::of_id(&cx, user).await;
    let who = match punishment {
        Punishment::Ban => TargetToBan::check(&cx, who).await?.0,
        // A kick of somebody who is banned would let them in again.
        Punishment::Kick | Punishment::Mute => TargetMember::check(&cx, who).await?.0,
    };
    punish(&cx, user, punishment).await?;
    view::done_by(&cx, punishment, &who).edit()
}

/// A press on "Unban" or "Unmute".
pub(super) async fn unrestrict(cx: Cx<AlitaApp>, payload: Payload) -> Outcome {
    let old = words_of_message(&cx)?;
    let action: Pardon = payload.get("a")?;
    let peer = somebody(payload.get("u")?)?;
    match action {
        Pardon::Unban => {
            if let Peer::User(user) = peer {
                cx.may_act_against(user).await?;
            }
            unban(&cx, peer).await?;
        }
        Pardon::Unmute => {
            unmute(&cx, person(peer.get())?).await?;
        }
    }
    view::lifted_by(&cx, action, &old).edit()
}

/// What a button takes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pardon {
    /// Lets somebody in again.
    Unban,
    /// Lets somebody write again.
    Unmute,
}

impl FromStr for Pardon {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            wording::UNBAN => Ok(Self::Unban),
            wording::UNMUTE => Ok(Self::Unmute),
            _ => Err(()),
        }
    }
}

/// The words above the button.
///
/// Telegram: of a message that is too old nothing is told but its id, so it could not be rewritten.
fn words_of_message(cx: &Cx<AlitaApp>) -> Result<Words, No> {
    match cx.message() {
        Some(message) => Ok(Words::of(message)),
        None => Err(Mistake::new(t::bans::message_out_of_reach)
            .or_toast(t::bans::message_out_of_reach_toast)
            .into()),
    }
}

fn somebody(id: i64) -> Result<Peer, No> {
    if id == 0 { Err(Mistake::invalid_button().into()) } else { Ok(Peer::from_id(id)) }
}

fn person(id: i64) -> Result<UserId, No> {
    somebody(id)?.user().ok_or_else(|| Mistake::invalid_button().into())
}
