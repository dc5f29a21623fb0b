//! Which chats a call may name, and what the bot may do there.

use serde_json::Value;

use super::chats::ChatKind;
use super::media::MediaKind;
use super::members::{Member, MemberStatus};
use super::params::{Params, int};
use super::refusal::Refusal;
use super::world::{BOT, World};

impl World {
    /// The chat that a parameter names, wherever the bot stands to it.
    pub(crate) fn named_chat(&self, value: Option<&Value>) -> Result<i64, Refusal> {
        let not_found = || Refusal::bad("chat not found");
        let value = value.ok_or_else(|| Refusal::bad("chat_id is empty"))?;
        let id = match (int(value), value.as_str()) {
            (Some(id), _) => id,
            (None, Some("")) => return Err(Refusal::bad("chat_id is empty")),
            (None, Some(name)) => {
                let name = name.strip_prefix('@').ok_or_else(not_found)?;
                // Telegram: only groups and channels are found by their name.
                self.by_username(name).filter(|id| *id < 0).ok_or_else(not_found)?
            }
            (None, None) => return Err(not_found()),
        };
        match self.chats.get(&id) {
            Some(chat) => match chat.migrated_to {
                Some(new) => Err(Refusal::migrated(new)),
                None => Ok(id),
            },
            None if self.people.contains_key(&id) => Ok(id),
            None => Err(not_found()),
        }
    }

    /// A chat that the bot can look at.
    pub(crate) fn visible_chat(&self, params: &Params) -> Result<i64, Refusal> {
        let id = self.named_chat(params.get("chat_id"))?;
        if id > 0 {
            return if self.has_met(id) { Ok(id) } else { Err(Refusal::bad("chat not found")) };
        }
        match self.presence(id) {
            Err(_) if self.chat(id).username.is_some() && self.bot_in(id).status == MemberStatus::Left => {
                Ok(id)
            }
            presence => presence.map(|()| id),
        }
    }

    /// A chat in which the bot can act.
    pub(crate) fn open_chat(&self, params: &Params) -> Result<i64, Refusal> {
        let id = self.named_chat(params.get("chat_id"))?;
        if id > 0 {
            let person = self.person(id);
            if person.is_bot {
                return Err(Refusal::forbidden("bots can't send messages to bots"));
            }
            if person.has_blocked {
                return Err(Refusal::forbidden("bot was blocked by the user"));
            }
            if !person.has_started {
                let refused = Refusal::forbidden("bot can't initiate conversation with a user");
                return Err(if self.has_met(id) { refused } else { Refusal::bad("chat not found") });
            }
            return Ok(id);
        }
        self.presence(id).map(|()| id)
    }

    /// A supergroup in which the bot can act.
    pub(crate) fn open_supergroup(&self, params: &Params) -> Result<i64, Refusal> {
        let chat = self.open_chat(params)?;
        match self.kind(chat) {
            ChatKind::Supergroup => Ok(chat),
            _ => Err(Refusal::bad("method is available only for supergroups")),
        }
    }

    pub(crate) fn kind(&self, chat: i64) -> ChatKind {
        if chat > 0 { ChatKind::Private } else { self.chat(chat).kind }
    }

    /// Is the bot in the group or channel?
    fn presence(&self, chat: i64) -> Result<(), Refusal> {
        let bot = self.bot_in(chat);
        if bot.is_in_chat() {
            return Ok(());
        }
        let kind = self.kind(chat).word();
        if bot.status == MemberStatus::Banned {
            Err(Refusal::forbidden(format!("bot was kicked from the {kind} chat")))
        } else if self.chat(chat).members.contains_key(&BOT) || self.chat(chat).username.is_some() {
            Err(Refusal::forbidden(format!("bot is not a member of the {kind} chat")))
        } else {
            // Telegram: a chat in which the bot has never been does not exist.
            Err(Refusal::bad("chat not found"))
        }
    }

    /// Has the bot ever seen this person?
    fn has_met(&self, user: i64) -> bool {
        self.person(user).has_started
            || user == BOT
            || self.chats.values().any(|chat| {
                chat.members.contains_key(&user) && chat.members.get(&BOT).is_some_and(Member::is_in_chat)
            })
    }

    /// May the bot send this there? `None` is a text.
    pub(crate) fn may_send(&self, chat: i64, kind: Option<MediaKind>) -> Result<(), Refusal> {
        if chat > 0 {
            return Ok(());
        }
        let bot = self.bot_in(chat);
        if self.kind(chat) == ChatKind::Channel {
            let may = bot.has("can_post_messages");
            return if may {
                Ok(())
            } else {
                Err(Refusal::bad("need administrator rights in the channel chat"))
            };
        }
        let permission = kind.map_or("can_send_messages", MediaKind::permission);
        if self.permits(chat, &bot, permission) {
            return Ok(());
        }
        let what = kind.map_or("text messages", MediaKind::plural);
        Err(Refusal::bad(format!("not enough rights to send {what} to the chat")))
    }

    /// Administrators may all that members may; others what the chat and their restriction leave them.
    pub(crate) fn permits(&self, chat: i64, member: &Member, permission: &str) -> bool {
        if member.is_admin() {
            return true;
        }
        let restricted = member.status == MemberStatus::Restricted && !member.permissions.has(permission);
        !restricted && self.chat(chat).permissions.has(permission)
    }

    pub(crate) fn bot_has(&self, chat: i64, right: &str, otherwise: &str) -> Result<(), Refusal> {
        if self.bot_in(chat).has(right) { Ok(()) } else { Err(Refusal::bad(otherwise)) }
    }
}
