//! What can be told of a person or a chat: from the message itself, from memory, else from Telegram.

use alita_dispatch::{Cx, No, Reply, Target};
use alita_model::{ChatId, Tally, UserId};
use alita_permissions::{ChatMember, Fact};
use alita_telegram::AsyncTelegramApi;
use alita_telegram::methods::GetChatParams;
use alita_telegram::types::ChatFullInfo;

use super::view;
use crate::app::{AlitaApp, Doors};

/// How somebody stands in the group where it was asked.
pub(super) struct Standing {
    pub(super) member: Fact<ChatMember>,
    pub(super) is_approved: bool,
    pub(super) warnings: Tally,
    pub(super) limit: u32,
}

/// What somebody is to the bot.
pub(super) struct Role {
    pub(super) is_owner: bool,
    pub(super) is_developer: bool,
}

pub(super) async fn person(cx: &Cx<AlitaApp>, user: UserId, mut who: Target) -> Result<Reply, No> {
    let standing = if cx.place().is_group() { Some(standing(cx, user).await?) } else { None };
    if is_nameless(&who) {
        let member = standing.as_ref().and_then(|standing| standing.member.as_ref().known());
        match member.filter(|member| !member.name.is_empty()) {
            Some(member) => {
                who.name.clone_from(&member.name);
                who.username.clone_from(&member.username);
            }
            None => match ask(cx, user.get()).await? {
                Some(chat) => call_after(&mut who, chat),
                None => return Ok(view::nothing_known(cx, who.peer.get()).into()),
            },
        }
    }
    let team = cx.db().devs().get(user).await?;
    let role = Role { is_owner: cx.settings().owner == Some(user), is_developer: team.is_dev };
    Ok(view::person(cx, user, &who, &role, standing.as_ref()).into())
}

async fn standing(cx: &Cx<AlitaApp>, user: UserId) -> Result<Standing, No> {
    let chat = cx.place().id;
    Ok(Standing {
        member: cx.directory().member(chat, user).await,
        is_approved: cx.db().approvals().is_approved(chat, user).await?,
        warnings: cx.db().warns().of(chat, user).await?,
        limit: cx.db().warns().policy(chat).await?.limit(),
    })
}

pub(super) async fn chat(cx: &Cx<AlitaApp>, chat: ChatId, mut who: Target) -> Result<Reply, No> {
    if is_nameless(&who) {
        match ask(cx, chat.get()).await? {
            // The title of a closed group is nobody's business outside of it.
            Some(found) if found.username.is_some() || chat == cx.place().id => call_after(&mut who, found),
            _ => return Ok(view::nothing_known(cx, chat.get()).into()),
        }
    }
    Ok(view::chat(cx, chat, &who).into())
}

fn is_nameless(who: &Target) -> bool {
    who.name.is_empty() || who.name == who.peer.get().to_string()
}

fn call_after(who: &mut Target, chat: ChatFullInfo) {
    let first_and_last =
        [chat.first_name, chat.last_name].into_iter().flatten().collect::<Vec<_>>().join(" ");
    who.name = chat.title.unwrap_or(first_and_last);
    who.username = chat.username;
}

/// Telegram: `getChat` knows public chats, chats of the bot's, and people who have met it.
async fn ask(cx: &Cx<AlitaApp>, id: i64) -> Result<Option<ChatFullInfo>, No> {
    match cx.client().get_chat(&GetChatParams::builder().chat_id(id).build()).await {
        Ok(response) => Ok(Some(response.result)),
        Err(error) if error.could_not_find_out() => Err(error.into()),
        Err(error) => {
            tracing::debug!(%error, "Telegram tells nothing of somebody");
            Ok(None)
        }
    }
}
