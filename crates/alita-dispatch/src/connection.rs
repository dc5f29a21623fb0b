//! From the private chat to the group that somebody is connected to.

use alita_i18n::t;
use alita_model::{ChatId, UserId};
use alita_permissions::{Denied, Fact};
use alita_telegram::methods::GetChatParams;
use alita_telegram::{AsyncTelegramApi, RefusalKind};

use crate::app::App;
use crate::cx::Cx;
use crate::outcome::{No, denied, mistake};
use crate::view::Place;

impl<A: App> Cx<A> {
    /// The group that a command from the private chat is about.
    ///
    /// What Telegram could not tell changes nothing: a time-out must not end a connection.
    pub(crate) async fn connected(self) -> Result<Self, No> {
        let user = self.person()?.id;
        let Some(chat) = self.app().connection(user).await.map_err(No::Fault)? else {
            return mistake(t::denied::connection_needed);
        };
        let place = self.connected_place(chat).await?;
        let cx = self.with_subject(place);
        match cx.directory().is_admin(chat, user).await {
            Fact::Known(true) => return Ok(cx),
            Fact::Known(false) | Fact::NotFound => {}
            _ => return denied(Denied::CouldNotFindOut),
        }
        cx.member_may_connect(chat, user).await?;
        Ok(cx)
    }

    /// The same context about a group that a link in the private chat leads to.
    ///
    /// Nothing of a group is told to those who are not in it right now, not even that it is there.
    ///
    /// # Errors
    ///
    /// A mistake when there is no such group or they are not in it, a denial when Telegram did not answer.
    pub async fn as_member_of(&self, chat: ChatId) -> Result<Self, No> {
        let user = self.person()?.id;
        let Some(place) = self.find_place(chat).await?.filter(Place::is_group) else {
            return mistake(t::mistakes::chat_not_found);
        };
        match self.directory().member_live(chat, user).await {
            Fact::Known(member) if member.is_in_chat() => Ok(self.clone().with_subject(place)),
            Fact::Known(_) | Fact::NotFound => mistake(t::mistakes::chat_not_found),
            Fact::Unknown => denied(Denied::CouldNotFindOut),
        }
    }

    async fn connected_place(&self, chat: ChatId) -> Result<Place, No> {
        match self.find_place(chat).await? {
            Some(place) => Ok(place),
            None => denied(Denied::CouldNotFindOut),
        }
    }

    /// A chat as Telegram tells of it; `None` when it tells the bot of no such chat.
    async fn find_place(&self, chat: ChatId) -> Result<Option<Place>, No> {
        let params = GetChatParams::builder().chat_id(chat.get()).build();
        let chat = match self.client().get_chat(&params).await {
            Ok(response) => response.result,
            Err(error)
                if matches!(error.kind(), Some(RefusalKind::ChatNotFound | RefusalKind::BotRemoved)) =>
            {
                return Ok(None);
            }
            Err(error) => {
                tracing::debug!(chat.id = %chat, %error, "a chat could not be looked at");
                return denied(Denied::CouldNotFindOut);
            }
        };
        Ok(Some(Place {
            id: ChatId::new(chat.id),
            kind: chat.type_field.into(),
            title: chat.title.unwrap_or_default(),
            username: chat.username,
        }))
    }

    async fn member_may_connect(&self, chat: ChatId, user: UserId) -> Result<(), No> {
        match self.directory().member_live(chat, user).await {
            Fact::Known(member) if member.is_in_chat() => {}
            Fact::Known(_) | Fact::NotFound => {
                self.app().disconnect(user).await.map_err(No::Fault)?;
                return mistake(t::connections::stale);
            }
            _ => return denied(Denied::CouldNotFindOut),
        }
        if self.app().allows_connections(chat).await.map_err(No::Fault)? {
            Ok(())
        } else {
            mistake(t::connections::not_allowed)
        }
    }
}
