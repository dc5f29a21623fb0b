//! What an update is about, worked out once: chat, sender, thread, message.

use alita_model::{ChatId, MessageId, Peer, ThreadId, UserId};
pub use alita_permissions::ChatKind;
use alita_telegram::types::{
    CallbackQuery, Chat, ChatJoinRequest, ChatMemberUpdated, ChatType, MaybeInaccessibleMessage, Message,
    User,
};
use alita_telegram::updates::{Update, UpdateContent};

use crate::stage::On;

/// The part of an update that handlers look at.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A new message.
    Message(Box<Message>),
    /// A message that its author changed.
    EditedMessage(Box<Message>),
    /// A press on a button.
    CallbackQuery(Box<CallbackQuery>),
    /// Somebody's membership changed.
    ChatMember(Box<ChatMemberUpdated>),
    /// The bot's own membership changed.
    MyChatMember(Box<ChatMemberUpdated>),
    /// Somebody asks to join.
    ChatJoinRequest(Box<ChatJoinRequest>),
}

impl Event {
    /// Its kind, as watchers name it.
    #[must_use]
    pub const fn kind(&self) -> On {
        match self {
            Self::Message(_) => On::Message,
            Self::EditedMessage(_) => On::EditedMessage,
            Self::CallbackQuery(_) => On::CallbackQuery,
            Self::ChatMember(_) => On::ChatMember,
            Self::MyChatMember(_) => On::MyChatMember,
            Self::ChatJoinRequest(_) => On::ChatJoinRequest,
        }
    }
}

/// A chat as an update or `getChat` tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its id.
    pub id: ChatId,
    /// What it is.
    pub kind: ChatKind,
    /// Its title; the person's name in a private chat.
    pub title: String,
    /// Its public name without `@`.
    pub username: Option<String>,
}

impl Place {
    /// A group or a supergroup.
    #[must_use]
    pub const fn is_group(&self) -> bool {
        matches!(self.kind, ChatKind::Group | ChatKind::Supergroup)
    }

    /// A private chat.
    #[must_use]
    pub const fn is_private(&self) -> bool {
        matches!(self.kind, ChatKind::Private)
    }
}

impl From<&Chat> for Place {
    fn from(chat: &Chat) -> Self {
        let title = chat.title.clone().or_else(|| chat.first_name.clone()).unwrap_or_default();
        Self {
            id: ChatId::new(chat.id),
            kind: chat.type_field.into(),
            title,
            username: chat.username.clone(),
        }
    }
}

/// A person or a bot as an update tells of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Someone {
    /// Their id.
    pub id: UserId,
    /// Never empty in Telegram, except for deleted accounts.
    pub first_name: String,
    /// The second part of the name, if they have one.
    pub last_name: Option<String>,
    /// Without `@`.
    pub username: Option<String>,
    /// Whether it is a bot.
    pub is_bot: bool,
}

impl Someone {
    /// First and last name.
    #[must_use]
    pub fn full_name(&self) -> String {
        match &self.last_name {
            Some(last) => format!("{} {last}", self.first_name),
            None => self.first_name.clone(),
        }
    }
}

impl From<&User> for Someone {
    fn from(user: &User) -> Self {
        Self {
            id: UserId::new(i64::try_from(user.id).unwrap_or(0)),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            username: user.username.clone(),
            is_bot: user.is_bot,
        }
    }
}

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sender {
    /// A person or a bot under their own name.
    User(Someone),
    /// An administrator who speaks as the group.
    AnonymousAdmin,
    /// Somebody who speaks as a channel of theirs.
    Channel(Place),
    /// The channel that the group belongs to, through an automatic forward.
    LinkedChannel(Place),
    /// A post in a channel itself.
    ChannelPost,
    /// Nobody whom Telegram names.
    Nobody,
}

impl Sender {
    fn of(message: &Message) -> Self {
        let Some(speaker) = message.sender_chat.as_deref() else {
            return message.from.as_deref().map_or(Self::Nobody, |user| Self::User(user.into()));
        };
        let is_channel = speaker.type_field == ChatType::Channel;
        match (speaker.id == message.chat.id, message.is_automatic_forward == Some(true)) {
            (true, _) if is_channel => Self::ChannelPost,
            (true, _) => Self::AnonymousAdmin,
            (false, true) => Self::LinkedChannel(speaker.into()),
            (false, false) => Self::Channel(speaker.into()),
        }
    }

    /// The person, if it is one.
    #[must_use]
    pub const fn user(&self) -> Option<&Someone> {
        match self {
            Self::User(someone) => Some(someone),
            _ => None,
        }
    }

    /// The id under which the sender is known in this chat.
    #[must_use]
    pub fn peer(&self, chat: ChatId) -> Option<Peer> {
        match self {
            Self::User(someone) => Some(Peer::User(someone.id)),
            Self::AnonymousAdmin | Self::ChannelPost => Some(Peer::Chat(chat)),
            Self::Channel(place) | Self::LinkedChannel(place) => Some(Peer::Chat(place.id)),
            Self::Nobody => None,
        }
    }
}

/// Who wrote a message: for replied messages and targets.
#[must_use]
pub fn author(message: &Message) -> Sender {
    Sender::of(message)
}

/// An update, looked at once.
#[derive(Debug, Clone)]
pub struct View {
    /// The update's id, by which a redelivery is recognised.
    pub update_id: i64,
    /// What happened.
    pub event: Event,
    /// Where it happened.
    pub place: Place,
    /// Who did it: the author, the presser, the one who changed a membership.
    pub sender: Sender,
    /// The forum topic, when there is one to answer into.
    pub thread: Option<ThreadId>,
}

impl View {
    /// Looks at an update; `None` for kinds that no handler can ask for.
    #[must_use]
    pub fn of(update: Update) -> Option<Self> {
        let update_id = i64::from(update.update_id);
        match update.content {
            UpdateContent::Message(message) => Some(Self::of_message(update_id, message, false)),
            UpdateContent::EditedMessage(message) => Some(Self::of_message(update_id, message, true)),
            UpdateContent::CallbackQuery(query) => Self::of_query(update_id, query),
            UpdateContent::ChatMember(change) => Some(Self::of_change(update_id, change, Event::ChatMember)),
            UpdateContent::MyChatMember(change) => {
                Some(Self::of_change(update_id, change, Event::MyChatMember))
            }
            UpdateContent::ChatJoinRequest(request) => Some(Self {
                update_id,
                place: (&request.chat).into(),
                sender: Sender::User((&request.from).into()),
                thread: None,
                event: Event::ChatJoinRequest(Box::new(request)),
            }),
            _ => None,
        }
    }

    /// The view of a message, new or edited.
    #[must_use]
    pub fn of_message(update_id: i64, message: Box<Message>, is_edited: bool) -> Self {
        let thread = thread_of(&message);
        let place = (&*message.chat).into();
        let sender = Sender::of(&message);
        let event = if is_edited { Event::EditedMessage(message) } else { Event::Message(message) };
        Self { update_id, event, place, sender, thread }
    }

    fn of_query(update_id: i64, query: Box<CallbackQuery>) -> Option<Self> {
        let (place, thread) = match &query.message {
            Some(MaybeInaccessibleMessage::Message(message)) => ((&*message.chat).into(), thread_of(message)),
            Some(MaybeInaccessibleMessage::InaccessibleMessage(message)) => ((&message.chat).into(), None),
            // Without a message only the presser is known; the answer can still be a toast.
            None => (private_place(&query.from)?, None),
        };
        let sender = Sender::User((&query.from).into());
        Some(Self { update_id, event: Event::CallbackQuery(query), place, sender, thread })
    }

    fn of_change(
        update_id: i64,
        change: ChatMemberUpdated,
        event: impl FnOnce(Box<ChatMemberUpdated>) -> Event,
    ) -> Self {
        let (place, sender) = ((&change.chat).into(), Sender::User((&change.from).into()));
        Self { update_id, event: event(Box::new(change)), place, sender, thread: None }
    }

    /// The message that was written or edited, or that carries the pressed button.
    ///
    /// Telegram: a message that is too old comes without anything but its ids, with a date of 0.
    #[must_use]
    pub fn message(&self) -> Option<&Message> {
        match &self.event {
            Event::Message(message) | Event::EditedMessage(message) => Some(message),
            Event::CallbackQuery(query) => match query.message.as_ref()? {
                MaybeInaccessibleMessage::Message(message) if message.date != 0 => Some(message),
                _ => None,
            },
            _ => None,
        }
    }

    /// The id of that message, known even when the message is inaccessible.
    #[must_use]
    pub fn message_id(&self) -> Option<MessageId> {
        let id = match &self.event {
            Event::Message(message) | Event::EditedMessage(message) => message.message_id,
            Event::CallbackQuery(query) => match query.message.as_ref()? {
                MaybeInaccessibleMessage::Message(message) => message.message_id,
                MaybeInaccessibleMessage::InaccessibleMessage(message) => message.message_id,
            },
            _ => return None,
        };
        Some(MessageId::new(id))
    }

    /// Updates with the same key are handled one after the other, in the order of their arrival.
    #[must_use]
    pub fn order_key(&self) -> (ChatId, i64) {
        (self.place.id, self.sender.peer(self.place.id).map_or(0, Peer::get))
    }
}

/// Telegram: the thread id of a reply in a group without topics must not be sent back.
fn thread_of(message: &Message) -> Option<ThreadId> {
    (message.is_topic_message == Some(true)).then_some(message.message_thread_id).flatten().map(ThreadId::new)
}

fn private_place(user: &User) -> Option<Place> {
    let id = i64::try_from(user.id).ok()?;
    Some(Place {
        id: ChatId::new(id),
        kind: ChatKind::Private,
        title: user.first_name.clone(),
        username: user.username.clone(),
    })
}
