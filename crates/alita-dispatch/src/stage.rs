//! The order in which an update is looked at.

/// The stages of an update, in the order in which they run.
///
/// This is the whole order: a handler that answers [`Flow::Done`](crate::Flow::Done) or anything
/// that is sent ends the update, so that no later stage sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// May this person speak at all? Captcha, antiraid, antispam.
    Gatekeep,
    /// Who is there? Users, chats, admin lists.
    Remember,
    /// Is this allowed here? Antiflood, locks, blocklists; before commands, so that none escapes.
    Enforce,
    /// What was asked? Commands, buttons, deep links, joins, `#note`.
    Command,
    /// What answers by itself? Report mentions, reactions, filters.
    Respond,
    /// What is left to clear away? Pins, service messages.
    Tidy,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Self; 6] =
        [Self::Gatekeep, Self::Remember, Self::Enforce, Self::Command, Self::Respond, Self::Tidy];

    /// Its name in the fields of spans.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gatekeep => "gatekeep",
            Self::Remember => "remember",
            Self::Enforce => "enforce",
            Self::Command => "command",
            Self::Respond => "respond",
            Self::Tidy => "tidy",
        }
    }

    /// The name of its span.
    pub(crate) const fn span_name(self) -> &'static str {
        match self {
            Self::Gatekeep => "stage gatekeep",
            Self::Remember => "stage remember",
            Self::Enforce => "stage enforce",
            Self::Command => "stage command",
            Self::Respond => "stage respond",
            Self::Tidy => "stage tidy",
        }
    }
}

/// The kinds of update that a watcher can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum On {
    /// A new message in any chat but a channel.
    Message,
    /// A message that its author changed.
    EditedMessage,
    /// A press on a button.
    CallbackQuery,
    /// Somebody's membership changed.
    ChatMember,
    /// The bot's own membership changed.
    MyChatMember,
    /// Somebody asks to join.
    ChatJoinRequest,
}

impl On {
    /// Its name as Telegram writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::EditedMessage => "edited_message",
            Self::CallbackQuery => "callback_query",
            Self::ChatMember => "chat_member",
            Self::MyChatMember => "my_chat_member",
            Self::ChatJoinRequest => "chat_join_request",
        }
    }
}
