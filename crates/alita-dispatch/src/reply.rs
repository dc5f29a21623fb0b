//! A message that the bot is about to send.

use alita_markup::Html;
use alita_model::{ContentKind, MessageId};

use crate::keyboard::Keyboard;
use crate::media::Media;
use crate::outcome::{Flow, Outcome};

/// Which message an answer replies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ReplyTo {
    /// The message that asked.
    #[default]
    Trigger,
    /// Another message of the same chat.
    Message(MessageId),
    /// None.
    Nothing,
}

/// A text message: HTML, without link preview, as a reply in the same topic, unless it says otherwise.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Reply {
    pub(crate) html: Html,
    pub(crate) media: Option<Media>,
    pub(crate) keyboard: Keyboard,
    pub(crate) to: ReplyTo,
    pub(crate) is_plain: bool,
    pub(crate) has_preview: bool,
    pub(crate) is_silent: bool,
    pub(crate) is_protected: bool,
    pub(crate) is_bulk: bool,
    pub(crate) removes_keyboard: bool,
    pub(crate) toast: Option<String>,
}

impl Reply {
    /// A message with this text.
    pub fn new(html: Html) -> Self {
        Self { html, ..Self::default() }
    }

    /// A message that Telegram shows exactly as it is, without a parse mode.
    pub fn plain(text: &str) -> Self {
        Self { html: Html::escaped(text), is_plain: true, ..Self::default() }
    }

    /// Sends a file that Telegram keeps, with the text as its caption or, where that does not fit, behind it.
    ///
    /// Without a `file_id` there is only the text.
    pub fn media(mut self, kind: ContentKind, file_id: &str) -> Self {
        self.media = Media::new(kind, file_id);
        self
    }

    /// Whether its text has nothing that can be seen.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        alita_markup::strip_tags(&self.html).trim().is_empty()
    }

    /// Puts buttons under it.
    pub fn keyboard(mut self, keyboard: Keyboard) -> Self {
        self.keyboard = keyboard;
        self
    }

    /// Makes it a reply to another message.
    pub fn to(mut self, message: MessageId) -> Self {
        self.to = ReplyTo::Message(message);
        self
    }

    /// Makes it stand alone.
    pub fn standing_alone(mut self) -> Self {
        self.to = ReplyTo::Nothing;
        self
    }

    /// Lets links show their preview.
    pub fn with_preview(mut self, has_preview: bool) -> Self {
        self.has_preview = has_preview;
        self
    }

    /// Lets it arrive without a sound.
    pub fn silent(mut self, is_silent: bool) -> Self {
        self.is_silent = is_silent;
        self
    }

    /// Forbids forwarding and saving.
    pub fn protected(mut self, is_protected: bool) -> Self {
        self.is_protected = is_protected;
        self
    }

    /// Lets it stand back behind what people wait for more urgently: moderation, and answers to commands.
    ///
    /// For notes, filters, greetings and whatever is sent to many. Where it would come more than 15 seconds late it is
    /// left out, and that is no error.
    pub fn bulk(mut self) -> Self {
        self.is_bulk = true;
        self
    }

    /// What the presser hears instead when the message that should be rewritten is gone; else it is the text itself.
    pub fn or_toast(mut self, text: impl Into<String>) -> Self {
        self.toast = Some(text.into());
        self
    }

    /// Takes away a reply keyboard that some bot left behind.
    pub fn removing_keyboard(mut self) -> Self {
        self.removes_keyboard = true;
        self
    }
}

impl From<Html> for Reply {
    fn from(html: Html) -> Self {
        Self::new(html)
    }
}

/// Turns words into a handler's answer: `view::warned(..).reply()`.
pub trait Answer: Into<Reply> {
    /// Answers with a message in the chat.
    ///
    /// # Errors
    ///
    /// Never: it is an outcome already.
    fn reply(self) -> Outcome {
        Ok(Flow::Reply(Box::new(self.into())))
    }

    /// Answers by rewriting the message whose button was pressed.
    ///
    /// # Errors
    ///
    /// Never: it is an outcome already.
    fn edit(self) -> Outcome {
        Ok(Flow::Edit(Box::new(self.into())))
    }

    /// Puts buttons under it.
    fn with(self, keyboard: Keyboard) -> Reply {
        self.into().keyboard(keyboard)
    }
}

impl<T: Into<Reply>> Answer for T {}

/// Answers a press with a short line over the chat.
///
/// # Errors
///
/// Never: it is an outcome already.
pub fn toast(text: impl Into<String>) -> Outcome {
    Ok(Flow::Toast(text.into()))
}
