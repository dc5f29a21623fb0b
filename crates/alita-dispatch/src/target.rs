//! Whom a command is about: a replied message, an id, a `@name`, a text mention.

use std::future::Future;

use alita_i18n::t;
use alita_model::{ChatId, MessageId, Peer, UserId};
use alita_permissions::{ChatMember, Denied, Fact};
use alita_telegram::methods::GetChatParams;
use alita_telegram::{AsyncTelegramApi, RefusalKind};

use crate::app::{App, Known};
use crate::args::Args;
use crate::cx::Cx;
use crate::extract::FromCx;
use crate::outcome::{No, denied, mistake};
use crate::view::{Sender, Someone, author};

/// Telegram: a public name has at least so many characters, so a shorter one need not be asked for.
const SHORTEST_NAME: usize = 4;

/// Somebody whom a command names: a person, or a chat that speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Who it is.
    pub peer: Peer,
    /// Name or title; the id when nothing else is known.
    pub name: String,
    /// Without `@`.
    pub username: Option<String>,
    /// The message that named them by being replied to.
    pub message: Option<MessageId>,
}

/// A person whom a command names, wherever they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetUser {
    /// Their id.
    pub id: UserId,
    /// Their name; the id when nothing else is known.
    pub name: String,
    /// The message that named them by being replied to.
    pub message: Option<MessageId>,
}

/// A person against whom the bot may act: not the bot, not an administrator, not a service account.
/// They need not be in the chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetToBan(pub TargetUser);

/// A person against whom the bot may act, and who is in the chat right now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetMember(pub TargetUser);

macro_rules! target_user_like {
    ($($name:ident),*) => {
        $(impl std::ops::Deref for $name {
            type Target = TargetUser;

            fn deref(&self) -> &TargetUser {
                &self.0
            }
        })*
    };
}

target_user_like!(TargetToBan, TargetMember);

/// Somebody with the words about the author of the message that is replied to, whatever the words after the command
/// say: `Replied<TargetMember>`. For what also touches that message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replied<T> {
    /// The author.
    pub who: T,
    /// The message.
    pub message: MessageId,
}

impl<A: App> FromCx<A> for Target {
    async fn from_cx(cx: &Cx<A>, args: &mut Args) -> Result<Self, No> {
        match Self::find(cx, args).await? {
            Some(target) => Ok(target),
            None => mistake(t::mistakes::no_user_given),
        }
    }
}

impl Target {
    /// Finds whom the words or the reply name; `None` when they name nobody.
    ///
    /// # Errors
    ///
    /// A mistake when a `@name` belongs to nobody whom the bot has seen.
    pub async fn find<A: App>(cx: &Cx<A>, args: &mut Args) -> Result<Option<Self>, No> {
        let replied = cx.replied().and_then(|message| Self::author_of(cx, message));
        if replied.is_none() {
            return Self::in_words(cx, args).await;
        }
        let Some(peer) = args.peek().and_then(|word| id_in(word, true)) else { return Ok(replied) };
        args.skip_word();
        Ok(Some(Self::known(cx, peer).await))
    }

    /// Finds whom the next word names, whatever the message replies to; `None` when it names nobody.
    ///
    /// # Errors
    ///
    /// A mistake when a `@name` belongs to nobody whom the bot has seen.
    pub async fn in_words<A: App>(cx: &Cx<A>, args: &mut Args) -> Result<Option<Self>, No> {
        if let Some(mark) = args.mark_here()
            && let Some(user) = &mark.entity.user
        {
            let (end, someone) = (mark.end, Someone::from(user));
            args.skip_to(end);
            let (name, peer) = (someone.full_name(), Peer::User(someone.id));
            return Ok(Some(Self { peer, name, username: someone.username, message: None }));
        }
        let Some(word) = args.peek().map(str::to_owned) else { return Ok(None) };
        if let Some(peer) = id_in(&word, false) {
            args.skip_word();
            return Ok(Some(Self::known(cx, peer).await));
        }
        let Some(username) = word.strip_prefix('@').map(str::to_owned) else { return Ok(None) };
        args.skip_word();
        match Self::by_username(cx, &username).await? {
            Some(target) => Ok(Some(target)),
            None => mistake(move |lang| t::mistakes::user_never_seen(lang, format!("@{username}").as_str())),
        }
    }

    /// The author of a message: the channel for messages that are sent as one.
    #[must_use]
    pub fn author_of<A: App>(cx: &Cx<A>, message: &alita_telegram::types::Message) -> Option<Self> {
        let chat = ChatId::new(message.chat.id);
        let sender = author(message);
        let (name, username) = match &sender {
            Sender::User(someone) => (someone.full_name(), &someone.username),
            Sender::Channel(place) | Sender::LinkedChannel(place) => (place.title.clone(), &place.username),
            _ => (cx.subject().title.clone(), &cx.subject().username),
        };
        let message = Some(MessageId::new(message.message_id));
        Some(Self { peer: sender.peer(chat)?, name, username: username.clone(), message })
    }

    async fn known<A: App>(cx: &Cx<A>, peer: Peer) -> Self {
        let known = cx.app().find_by_id(peer).await.unwrap_or_else(|error| {
            tracing::warn!(error, "could not look up a name, so the id stands in for it");
            None
        });
        let (name, username) = known.map(|known| (known.name, known.username)).unwrap_or_default();
        let name = if name.is_empty() { peer.get().to_string() } else { name };
        Self { peer, name, username, message: None }
    }

    async fn by_username<A: App>(cx: &Cx<A>, username: &str) -> Result<Option<Self>, No> {
        if let Some(known) = cx.app().find_by_username(username).await.map_err(No::Fault)? {
            let Known { peer, name, username } = known;
            return Ok(Some(Self { peer, name, username, message: None }));
        }
        if username.chars().count() < SHORTEST_NAME {
            return Ok(None);
        }
        // Telegram: getChat knows the public names of channels and supergroups, never those of people.
        let params = GetChatParams::builder().chat_id(format!("@{username}")).build();
        match cx.client().get_chat(&params).await {
            Ok(response) => {
                let chat = response.result;
                let name = chat.title.or(chat.first_name).unwrap_or_default();
                Ok(Some(Self { peer: Peer::from_id(chat.id), name, username: chat.username, message: None }))
            }
            Err(error) if error.kind() == Some(RefusalKind::ChatNotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Digits name a person and `-100…` a channel. In a reply short numbers are words: "3 times is enough".
fn id_in(word: &str, is_reply: bool) -> Option<Peer> {
    let is_user = word.bytes().all(|b| b.is_ascii_digit()) && !(is_reply && word.len() <= 4);
    let is_chat =
        word.strip_prefix("-100").is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()));
    if !is_user && !is_chat {
        return None;
    }
    word.parse().ok().filter(|id| *id != 0).map(Peer::from_id)
}

/// A kind of person whom a command can be about, and what has to be true of them.
///
/// The same for commands and for buttons, whose targets may be something else by the time they are pressed.
pub trait TargetKind<A: App>: Sized + Send {
    /// Looks whether somebody is of this kind.
    ///
    /// # Errors
    ///
    /// The denial. "Could not find out" protects too.
    fn check(cx: &Cx<A>, who: TargetUser) -> impl Future<Output = Result<Self, No>> + Send;
}

impl<A: App> TargetKind<A> for TargetUser {
    async fn check(_: &Cx<A>, who: TargetUser) -> Result<Self, No> {
        Ok(who)
    }
}

impl Target {
    /// The person.
    ///
    /// # Errors
    ///
    /// A mistake when it is a channel or an anonymous administrator.
    pub fn into_user(self) -> Result<TargetUser, No> {
        match self.peer {
            Peer::User(id) => Ok(TargetUser { id, name: self.name, message: self.message }),
            Peer::Chat(_) => mistake(t::mistakes::not_for_channels),
        }
    }
}

impl TargetUser {
    /// Somebody of whom only the id is given, such as in the data of a button.
    pub async fn of_id<A: App>(cx: &Cx<A>, id: UserId) -> Self {
        let name = Target::known(cx, Peer::User(id)).await.name;
        Self { id, name, message: None }
    }

    /// With the name that Telegram knows, where the bot has not seen one yet.
    pub async fn named<A: App>(mut self, cx: &Cx<A>) -> Self {
        if self.is_nameless()
            && let Fact::Known(member) = cx.directory().member_live(cx.chat(), self.id).await
        {
            self.name = member.name;
        }
        self
    }

    fn is_nameless(&self) -> bool {
        self.name.is_empty() || self.name == self.id.to_string()
    }
}

impl<A: App> FromCx<A> for TargetUser {
    async fn from_cx(cx: &Cx<A>, args: &mut Args) -> Result<Self, No> {
        Target::from_cx(cx, args).await?.into_user()
    }
}

impl<A: App> FromCx<A> for TargetToBan {
    async fn from_cx(cx: &Cx<A>, args: &mut Args) -> Result<Self, No> {
        Self::check(cx, TargetUser::from_cx(cx, args).await?).await
    }
}

impl<A: App> FromCx<A> for TargetMember {
    async fn from_cx(cx: &Cx<A>, args: &mut Args) -> Result<Self, No> {
        Self::check(cx, TargetUser::from_cx(cx, args).await?).await
    }
}

impl<A: App, T: TargetKind<A>> FromCx<A> for Replied<T> {
    async fn from_cx(cx: &Cx<A>, _: &mut Args) -> Result<Self, No> {
        let Some(replied) = cx.replied() else { return mistake(t::mistakes::reply_needed) };
        let Some(author) = Target::author_of(cx, replied) else {
            return mistake(t::mistakes::author_unknown);
        };
        let message = MessageId::new(replied.message_id);
        Ok(Self { who: T::check(cx, author.into_user()?).await?, message })
    }
}

impl<A: App> TargetKind<A> for TargetToBan {
    async fn check(cx: &Cx<A>, target: TargetUser) -> Result<Self, No> {
        cx.may_act_against(target.id).await?;
        Ok(Self(target.named(cx).await))
    }
}

impl<A: App> TargetKind<A> for TargetMember {
    async fn check(cx: &Cx<A>, mut target: TargetUser) -> Result<Self, No> {
        cx.may_act_against(target.id).await?;
        let member = cx.in_chat(target.id).await?;
        if member.is_admin() {
            return denied(Denied::TargetIsAdmin);
        }
        if !member.name.is_empty() {
            target.name = member.name;
        }
        Ok(Self(target))
    }
}

impl<A: App> Cx<A> {
    /// Refuses to act against the bot itself, service accounts and administrators.
    ///
    /// # Errors
    ///
    /// The denial. "Could not find out" protects too.
    pub async fn may_act_against(&self, user: UserId) -> Result<(), No> {
        if user == self.me().id {
            return denied(Denied::TargetIsBotItself);
        }
        if user.is_service() {
            return denied(Denied::TargetIsService);
        }
        match self.directory().is_admin(self.chat(), user).await {
            Fact::Known(true) => denied(Denied::TargetIsAdmin),
            Fact::Known(false) | Fact::NotFound => Ok(()),
            _ => denied(Denied::CouldNotFindOut),
        }
    }

    /// The record of somebody who is in the chat right now, as Telegram knows it.
    ///
    /// When a crash came between a kick and its notice, the update comes again: then it may be about somebody who is
    /// out by its own doing.
    ///
    /// # Errors
    ///
    /// A denial when they are not, or when it could not be found out.
    pub async fn in_chat(&self, user: UserId) -> Result<ChatMember, No> {
        match self.directory().member_live(self.chat(), user).await {
            Fact::Known(member) if member.is_in_chat() => Ok(member),
            Fact::Known(member) if self.has_begun().await? => {
                self.note_absent(&member);
                Ok(member)
            }
            Fact::Known(_) | Fact::NotFound => denied(Denied::TargetIsNotInChat),
            _ => denied(Denied::CouldNotFindOut),
        }
    }

    /// Whether this update was delivered before, and its handler [began](App::has_begun) to act.
    ///
    /// # Errors
    ///
    /// When it could not be found out.
    pub async fn has_begun(&self) -> Result<bool, No> {
        self.app().has_begun(self.update_id()).await.map_err(No::Fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_ids() {
        assert_eq!(id_in("42", false), Some(Peer::from_id(42)));
        assert_eq!(id_in("42", true), None);
        assert_eq!(id_in("12345", true), Some(Peer::from_id(12_345)));
        assert_eq!(id_in("-1001234567890", true), Some(Peer::from_id(-1_001_234_567_890)));
        assert_eq!(id_in("-100", false), None);
        assert_eq!(id_in("0", false), None);
        assert_eq!(id_in("99999999999999999999", false), None);
        assert_eq!(id_in("three", false), None);
    }
}
