//! The declared gates: who may ask, where, and what the bot needs for it. Checked in one place.

use alita_permissions::{Actor, Check, Denied, Fact, Rights, Verdict};

use crate::app::App;
use crate::cx::Cx;
use crate::outcome::{No, denied};
use crate::view::Sender;

/// Where a command works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Where {
    /// In groups and supergroups.
    #[default]
    Group,
    /// In the private chat with the bot.
    Private,
    /// In both.
    Anywhere,
}

/// Who may use something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Audience {
    /// Anybody, whoever they are.
    Everyone,
    /// Administrators who have the gate's rights, and the owner.
    #[default]
    Admin,
    /// Administrators in a group; in the private chat the person.
    AdminOrOneself,
    /// The owner.
    Owner,
}

/// The conditions under which a handler runs, as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    /// Where it works.
    pub place: Where,
    /// Who may use it.
    pub audience: Audience,
    /// The rights that a person needs.
    pub rights: Rights,
    /// The rights that the bot needs as an administrator; `None` when it need not be one.
    pub bot: Option<Rights>,
    /// Whether the person's record is read from Telegram instead of the remembered list.
    pub is_live: bool,
    /// Whether a refusal says nothing.
    pub is_silent: bool,
}

impl Default for Gate {
    /// In groups, for administrators, and the bot is one.
    fn default() -> Self {
        Self {
            place: Where::Group,
            audience: Audience::Admin,
            rights: Rights::empty(),
            bot: Some(Rights::empty()),
            is_live: false,
            is_silent: false,
        }
    }
}

/// When another gate stands before a command than its usual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum When {
    /// Words follow the command: whoever only looks may need less than whoever changes something.
    WordsFollow,
    /// The chat has a public name, so everybody knows the way in.
    ChatIsPublic,
    /// One of the words after the command is this one, in lower case: what it asks for takes other rights.
    Says(&'static str),
}

impl When {
    pub(crate) fn holds<A: App>(self, cx: &Cx<A>) -> bool {
        match self {
            Self::WordsFollow => !cx.args().is_empty(),
            Self::ChatIsPublic => cx.subject().username.is_some(),
            Self::Says(word) => cx.args().rest().split_whitespace().any(|said| said.to_lowercase() == word),
        }
    }
}

/// The answer of a gate that did not refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passage {
    /// Go on.
    Open,
    /// An anonymous administrator has to show who they are first.
    ProofNeeded,
}

impl Gate {
    pub(crate) const fn caller(mut self, rights: Rights) -> Self {
        self.audience = Audience::Admin;
        self.rights = rights;
        self
    }

    pub(crate) const fn bot(mut self, rights: Rights) -> Self {
        self.bot = Some(rights);
        self
    }

    /// Whether it lets everybody through wherever it works.
    const fn is_open(&self) -> bool {
        matches!(self.audience, Audience::Everyone) && self.bot.is_none()
    }

    /// Checks the gate for the sender of an update: first what costs nothing, then what has to be looked up.
    pub(crate) async fn pass<A: App>(&self, cx: &Cx<A>) -> Result<Passage, No> {
        let is_group = cx.subject().is_group();
        match self.place {
            Where::Group if !is_group => return denied(Denied::NotAGroup),
            Where::Private if !cx.place().is_private() => return denied(Denied::NotPrivate),
            _ if !is_group || self.is_open() => return Ok(Passage::Open),
            _ => {}
        }
        let bot = match self.bot {
            Some(_) => Some(cx.directory().bot(cx.chat()).await),
            None => None,
        };
        let actor = self.actor(cx).await?;
        let check = match self.audience {
            Audience::Everyone => Check::everyone(),
            Audience::Admin | Audience::AdminOrOneself => Check::needs(self.rights),
            Audience::Owner => Check::owner(),
        };
        let check = match (self.bot, &bot) {
            (Some(rights), Some(bot)) => check.bot_needs(rights).bot(bot),
            _ => check,
        };
        match check.actor(&actor).judge() {
            Verdict::Allowed => Ok(Passage::Open),
            Verdict::Deferred => Ok(Passage::ProofNeeded),
            Verdict::Denied(reason) => denied(reason),
        }
    }

    async fn actor<A: App>(&self, cx: &Cx<A>) -> Result<Actor, No> {
        Ok(match cx.sender() {
            _ if matches!(self.audience, Audience::Everyone) => Actor::Nobody,
            Sender::User(someone) if self.is_live || matches!(self.audience, Audience::Owner) => {
                Actor::Person(cx.directory().member_live(cx.chat(), someone.id).await)
            }
            Sender::User(someone) => Actor::Person(cx.directory().admin(cx.chat(), someone.id).await),
            Sender::AnonymousAdmin => Actor::AnonymousAdmin {
                is_trusted: cx.app().trusts_anonymous_admins(cx.chat()).await.map_err(No::Fault)?,
            },
            Sender::LinkedChannel(_) => Actor::LinkedChannel,
            Sender::Channel(_) | Sender::ChannelPost => Actor::Channel,
            Sender::Nobody => Actor::Nobody,
        })
    }
}

/// Whether somebody is an administrator, for those that show or allow admins more than others.
impl<A: App> Cx<A> {
    /// Whether the sender is an administrator of the chat that this is about.
    ///
    /// Telegram: only administrators speak as the group.
    pub async fn is_by_admin(&self) -> Fact<bool> {
        match self.sender() {
            Sender::User(someone) => self.directory().is_admin(self.chat(), someone.id).await,
            Sender::AnonymousAdmin => Fact::Known(true),
            _ => Fact::Known(false),
        }
    }
}
