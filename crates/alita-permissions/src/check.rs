//! The question, and the one place where its gates stand in order.

use alita_model::UserId;

use crate::{Actor, ChatMember, Denied, Fact, Rights};

/// What kind of chat it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChatKind {
    /// With one person.
    Private,
    /// A basic group.
    Group,
    /// A supergroup.
    Supergroup,
    /// A channel.
    Channel,
}

/// The answer of [`Check::judge`].
///
/// These three are the point of the type, so a `match` is meant to be complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Verdict {
    /// Go on.
    Allowed,
    /// No, and why.
    Denied(Denied),
    /// An anonymous administrator has to show who they are; then the check runs again for that person.
    Deferred,
}

/// Whom it is done to.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    user: UserId,
    member: Fact<&'a ChatMember>,
}

impl<'a> From<&'a ChatMember> for Target<'a> {
    fn from(member: &'a ChatMember) -> Self {
        Self { user: member.user, member: Fact::Known(member) }
    }
}

impl<'a> From<(UserId, &'a Fact)> for Target<'a> {
    fn from((user, fact): (UserId, &'a Fact)) -> Self {
        Self { user, member: fact.as_ref() }
    }
}

#[derive(Debug, Clone, Copy)]
enum Need {
    Nothing,
    Admin(Rights),
    Owner,
}

/// May this actor do this, here, to this target, and can the bot do it for them?
///
/// What was not handed in is not asked, except for the actor: a check that needs one and has none refuses.
/// It is `Copy`, so one check serves for many actors and targets.
///
/// ```
/// use alita_permissions::{Actor, ChatMember, Check, Denied, Fact, Rights, Verdict};
///
/// let pin = Check::needs(Rights::PIN_MESSAGES);
/// let anonymous = Actor::AnonymousAdmin { is_trusted: false };
/// assert_eq!(pin.actor(&anonymous).judge(), Verdict::Deferred);
/// assert_eq!(pin.actor(&Fact::Unknown).judge(), Verdict::Denied(Denied::CouldNotFindOut));
/// assert_eq!(pin.actor(&ChatMember::owner(1)).judge(), Verdict::Allowed);
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Check<'a> {
    need: Need,
    bot_rights: Rights,
    chat: Option<ChatKind>,
    bot: Option<Fact<&'a ChatMember>>,
    actor: Actor<&'a ChatMember>,
    target: Option<Target<'a>>,
    is_target_in_chat_needed: bool,
}

impl<'a> Check<'a> {
    const fn new(need: Need, bot_rights: Rights) -> Self {
        Self {
            need,
            bot_rights,
            chat: None,
            bot: None,
            actor: Actor::Nobody,
            target: None,
            is_target_in_chat_needed: false,
        }
    }

    /// Anybody may ask.
    pub const fn everyone() -> Self {
        Self::new(Need::Nothing, Rights::empty())
    }

    /// Administrators may ask, whatever their rights.
    pub const fn admin() -> Self {
        Self::new(Need::Admin(Rights::empty()), Rights::empty())
    }

    /// Administrators who have all of these rights may ask, and the bot needs the same.
    pub const fn needs(rights: Rights) -> Self {
        Self::new(Need::Admin(rights), rights)
    }

    /// The owner alone may ask. An anonymous owner always has to show who they are.
    pub const fn owner() -> Self {
        Self::new(Need::Owner, Rights::empty())
    }

    /// What the bot needs, where that is not what the actor needs.
    pub const fn bot_needs(mut self, rights: Rights) -> Self {
        self.bot_rights = rights;
        self
    }

    /// Refuses everywhere but in groups and supergroups.
    pub const fn in_group(mut self, kind: ChatKind) -> Self {
        self.chat = Some(kind);
        self
    }

    /// The bot, who has to be an administrator with the rights that it needs.
    pub fn bot(mut self, bot: impl Into<Fact<&'a ChatMember>>) -> Self {
        self.bot = Some(bot.into());
        self
    }

    /// Who asks: `&ChatMember`, `&Fact` or `&Actor`.
    pub fn actor(mut self, actor: impl Into<Actor<&'a ChatMember>>) -> Self {
        self.actor = actor.into();
        self
    }

    /// Whom it is done to; it need not be somebody in the chat, but nobody who is protected.
    ///
    /// `&ChatMember`, or `(UserId, &Fact)` where there may be no record.
    pub fn target(mut self, target: impl Into<Target<'a>>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// Whom it is done to; somebody in the chat who is not protected.
    pub fn target_in_chat(mut self, target: impl Into<Target<'a>>) -> Self {
        self.is_target_in_chat_needed = true;
        self.target(target)
    }

    /// The answer where an anonymous administrator can be asked to show who they are.
    pub fn judge(self) -> Verdict {
        match self.gates() {
            Ok(()) => Verdict::Allowed,
            Err(verdict) => verdict,
        }
    }

    /// The answer where nobody can be asked: a proof that would be needed is a denial.
    ///
    /// # Errors
    ///
    /// The reason of the denial.
    pub fn verdict(self) -> Result<(), Denied> {
        match self.judge() {
            Verdict::Allowed => Ok(()),
            Verdict::Denied(denied) => Err(denied),
            Verdict::Deferred => Err(Denied::ActorIsAnonymous),
        }
    }

    /// The gates in their order; the first that stays shut is the answer.
    fn gates(self) -> Result<(), Verdict> {
        self.chat_is_group()?;
        self.actor_is_admin()?;
        self.bot_is_admin()?;
        self.actor_has_rights()?;
        self.bot_has_rights()?;
        self.target_may_be_touched()
    }

    fn chat_is_group(self) -> Result<(), Verdict> {
        match self.chat {
            None | Some(ChatKind::Group | ChatKind::Supergroup) => Ok(()),
            Some(ChatKind::Private | ChatKind::Channel) => no(Denied::NotAGroup),
        }
    }

    fn actor_is_admin(self) -> Result<(), Verdict> {
        let is_owner_needed = match self.need {
            Need::Nothing => return Ok(()),
            Need::Admin(_) => false,
            Need::Owner => true,
        };
        match self.actor.seen_through() {
            Actor::Person(Fact::Known(member)) if is_owner_needed && member.is_owner() => Ok(()),
            Actor::Person(Fact::Known(member)) if !is_owner_needed && member.is_admin() => Ok(()),
            Actor::Person(Fact::Known(_) | Fact::NotFound) if is_owner_needed => no(Denied::ActorIsNotOwner),
            Actor::Person(Fact::Known(_) | Fact::NotFound) => no(Denied::ActorIsNotAdmin),
            Actor::Person(Fact::Unknown) => no(Denied::CouldNotFindOut),
            Actor::AnonymousAdmin { is_trusted } if is_trusted && !is_owner_needed => Ok(()),
            Actor::AnonymousAdmin { .. } => Err(Verdict::Deferred),
            Actor::Channel | Actor::LinkedChannel => no(Denied::ActorIsChannel),
            Actor::Nobody => no(Denied::ActorIsUnidentified),
        }
    }

    fn bot_is_admin(self) -> Result<(), Verdict> {
        match self.bot {
            None => Ok(()),
            Some(Fact::Known(bot)) if bot.is_admin() => Ok(()),
            Some(Fact::Known(_) | Fact::NotFound) => no(Denied::BotIsNotAdmin),
            Some(Fact::Unknown) => no(Denied::CouldNotFindOut),
        }
    }

    /// A trusted anonymous administrator has every right: Telegram does not tell which they have.
    fn actor_has_rights(self) -> Result<(), Verdict> {
        let (Need::Admin(rights), Actor::Person(fact)) = (self.need, self.actor) else { return Ok(()) };
        let missing = fact.known().map_or(rights, |member| rights.difference(member.effective_rights()));
        if missing.is_empty() { Ok(()) } else { no(Denied::ActorLacks(missing)) }
    }

    fn bot_has_rights(self) -> Result<(), Verdict> {
        let Some(bot) = self.bot else { return Ok(()) };
        // A bot cannot own a chat, so only what is listed counts.
        let missing = bot.known().map_or(self.bot_rights, |member| self.bot_rights.difference(member.rights));
        if missing.is_empty() { Ok(()) } else { no(Denied::BotLacks(missing)) }
    }

    fn target_may_be_touched(self) -> Result<(), Verdict> {
        let Some(Target { user, member }) = self.target else { return Ok(()) };
        if self.bot.and_then(Fact::known).is_some_and(|bot| bot.user == user) {
            return no(Denied::TargetIsBotItself);
        }
        if user.is_service() {
            return no(Denied::TargetIsService);
        }
        match member {
            Fact::Unknown => no(Denied::CouldNotFindOut),
            Fact::Known(member) if member.is_admin() => no(Denied::TargetIsAdmin),
            Fact::Known(member) if self.is_target_in_chat_needed && !member.is_in_chat() => {
                no(Denied::TargetIsNotInChat)
            }
            Fact::NotFound if self.is_target_in_chat_needed => no(Denied::TargetIsNotInChat),
            Fact::Known(_) | Fact::NotFound => Ok(()),
        }
    }
}

const fn no(denied: Denied) -> Result<(), Verdict> {
    Err(Verdict::Denied(denied))
}
