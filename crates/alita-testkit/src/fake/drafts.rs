//! What people write.

use alita_model::{ChatId, MessageId, UserId};
use serde_json::{Value, json};

use super::media::Media;

/// In whose name somebody writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Speaker {
    /// As themselves.
    User(UserId),
    /// An administrator who speaks as the group.
    Anonymous(UserId),
    /// Somebody who speaks as a channel.
    Channel {
        /// Who it really is.
        user: UserId,
        /// What the others see.
        channel: ChatId,
    },
    /// The post of the linked channel that Telegram forwards into the group.
    Linked(ChatId),
}

/// From where a message was forwarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    User(i64),
    Hidden(String),
    Channel(i64),
}

/// A message that is about to be written.
///
/// ```
/// use alita_testkit::{Draft, Media};
///
/// let photo = Draft::text("my cat").media(Media::photo());
/// let bold = Draft::html("read <b>this</b>");
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Draft {
    pub(crate) text: String,
    pub(crate) is_html: bool,
    pub(crate) entities: Option<Value>,
    pub(crate) reply_to: Option<MessageId>,
    pub(crate) thread: Option<i64>,
    pub(crate) media: Option<Media>,
    pub(crate) origin: Option<Origin>,
    pub(crate) via: Option<i64>,
    pub(crate) keyboard: Option<Value>,
    pub(crate) more: Vec<(String, Value)>,
}

impl Draft {
    /// Plain text; commands, links and mentions in it become entities. Beside a medium it is the caption.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Text formatted with Telegram's HTML.
    #[must_use]
    pub fn html(html: impl Into<String>) -> Self {
        Self { text: html.into(), is_html: true, ..Self::default() }
    }

    /// With exactly these entities (a JSON array); none is found automatically then.
    #[must_use]
    pub fn entities(self, entities: Value) -> Self {
        Self { entities: Some(entities), ..self }
    }

    /// As an answer to a message of the same chat.
    #[must_use]
    pub fn reply_to(self, message: MessageId) -> Self {
        Self { reply_to: Some(message), ..self }
    }

    /// In a topic of a forum; the topic is made by its first message.
    #[must_use]
    pub fn thread(self, thread: i64) -> Self {
        Self { thread: Some(thread), ..self }
    }

    /// With a photo, a sticker, ..
    #[must_use]
    pub fn media(self, media: Media) -> Self {
        Self { media: Some(media), ..self }
    }

    /// Forwarded from somebody.
    #[must_use]
    pub fn forward_from(self, user: UserId) -> Self {
        Self { origin: Some(Origin::User(user.get())), ..self }
    }

    /// Forwarded from somebody who hides the account.
    #[must_use]
    pub fn forward_from_hidden(self, name: impl Into<String>) -> Self {
        Self { origin: Some(Origin::Hidden(name.into())), ..self }
    }

    /// Forwarded from a channel.
    #[must_use]
    pub fn forward_from_channel(self, channel: ChatId) -> Self {
        Self { origin: Some(Origin::Channel(channel.get())), ..self }
    }

    /// Sent through an inline bot.
    #[must_use]
    pub fn via_bot(self, bot: UserId) -> Self {
        Self { via: Some(bot.get()), ..self }
    }

    /// With rows of buttons (the JSON of `inline_keyboard`).
    #[must_use]
    pub fn inline_keyboard(self, rows: Value) -> Self {
        Self { keyboard: Some(rows), ..self }
    }

    /// With any other field of a message, as it stands on the wire.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: Value) -> Self {
        self.more.push((name.into(), value));
        self
    }
}

impl From<&str> for Draft {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl Origin {
    pub(crate) fn to_wire(&self, world: &super::world::World, date: i64) -> Value {
        match self {
            Self::User(user) => json!({"type": "user", "date": date, "sender_user": world.user(*user)}),
            Self::Hidden(name) => json!({"type": "hidden_user", "date": date, "sender_user_name": name}),
            Self::Channel(chat) => {
                json!({"type": "channel", "date": date, "chat": world.chat_wire(*chat), "message_id": 1})
            }
        }
    }
}
