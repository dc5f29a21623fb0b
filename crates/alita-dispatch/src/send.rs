//! How answers leave: replies, edits, toasts, splits, and chats that do not let the bot write.

use alita_i18n::{Language, t};
use alita_markup::{Html, split, strip_tags};
use alita_model::{ChatId, MessageId, ThreadId};
use alita_telegram::methods::{EditMessageTextParams, SendMessageParams};
use alita_telegram::types::{LinkPreviewOptions, Message, ReplyKeyboardRemove, ReplyMarkup, ReplyParameters};
use alita_telegram::{AsyncTelegramApi, Client, Error, ParseMode, RefusalKind};

use crate::app::App;
use crate::cx::Cx;
use crate::keyboard::Keyboard;
use crate::media::Media;
use crate::muted::{self, Door};
use crate::reply::{Reply, ReplyTo};

/// Telegram: a message has at most 4096 UTF-16 code units, counted without its markup.
const MESSAGE_LIMIT: usize = 4096;

/// A text that takes more messages than this would fill the screens of the whole chat.
const MOST_MESSAGES: usize = 5;

/// Telegram: the text of an answer to a press has at most 200 characters.
const TOAST_LIMIT: usize = 200;

impl<A: App> Cx<A> {
    /// Sends a message into the chat and topic where it was asked; the last one, when it took several.
    ///
    /// `None` when the chat does not let the bot write or no longer has it, for then nothing more can be said there,
    /// and when a [bulk](Reply::bulk) message would have come too late. That a file may not be sent is an error,
    /// because words may be; it is one as well while that kind of file is not tried, because it was refused of late.
    ///
    /// # Errors
    ///
    /// What Telegram refused, or the wire.
    pub async fn send(&self, reply: Reply) -> Result<Option<Message>, Error> {
        self.deliver_if_open(self.place().id, self.thread(), reply).await
    }

    /// Sends a message into another chat, as a message of its own.
    ///
    /// # Errors
    ///
    /// As [`Cx::send`].
    pub async fn send_to(&self, chat: ChatId, reply: Reply) -> Result<Option<Message>, Error> {
        self.deliver_if_open(chat, None, reply.standing_alone()).await
    }

    /// Where the bot may not write, nothing is said, and for a while nothing is tried.
    async fn deliver_if_open(
        &self,
        chat: ChatId,
        thread: Option<ThreadId>,
        reply: Reply,
    ) -> Result<Option<Message>, Error> {
        let door = muted::look(self, chat, thread).await;
        if door == Door::Closed {
            metrics::counter!("alita_telegram_suppressed_total", "reason" => "restricted").increment(1);
            return Ok(None);
        }
        let has_file = reply.media.is_some();
        let sent = self.deliver(chat, thread, &reply).await;
        match sent.as_ref().map_err(Error::kind) {
            Ok(_) if door == Door::Tried => muted::open(self, chat, thread).await,
            Err(Some(RefusalKind::CannotWrite)) if !has_file => muted::close(self, chat, None).await,
            Err(Some(RefusalKind::TopicClosed)) => muted::close(self, chat, thread).await,
            Err(Some(RefusalKind::BotRemoved)) => self.removed_from(chat).await,
            // The client has counted it.
            Err(Some(RefusalKind::Throttled)) if reply.is_bulk => {}
            _ => return sent,
        }
        Ok(sent.unwrap_or_default())
    }

    /// Nothing is said where the bot is not, until somebody brings it back.
    async fn removed_from(&self, chat: ChatId) {
        muted::close(self, chat, None).await;
        self.directory().forget(chat).await;
        if let Err(error) = self.app().bot_removed(chat).await {
            tracing::warn!(chat.id = %chat, error, "could not note that the bot is no longer in a group");
        }
    }

    /// What takes too many messages is a file, unless the chat allows no files.
    async fn deliver(
        &self,
        chat: ChatId,
        thread: Option<ThreadId>,
        reply: &Reply,
    ) -> Result<Option<Message>, Error> {
        let parts = parts(reply);
        if parts.len() > MOST_MESSAGES {
            let sent = self.deliver_parts(chat, thread, reply, as_file(reply, self.lang())).await;
            if sent.as_ref().map_err(Error::kind).err() != Some(Some(RefusalKind::CannotWrite)) {
                return sent;
            }
        }
        self.deliver_parts(chat, thread, reply, parts).await
    }

    async fn deliver_parts(
        &self,
        chat: ChatId,
        thread: Option<ThreadId>,
        reply: &Reply,
        parts: Vec<(Option<Media>, Html)>,
    ) -> Result<Option<Message>, Error> {
        let client = if reply.is_bulk { self.client().bulk() } else { self.client().clone() };
        let last = parts.len().saturating_sub(1);
        let mut sent = None;
        for (at, (media, part)) in parts.into_iter().enumerate() {
            let params = self.params(chat, thread, reply, &part, at == 0, at == last);
            let posted = match &media {
                Some(media) => self.post_file(&client, chat, params, media).await,
                None => post(&client, params, None).await,
            };
            sent = match posted {
                Ok(message) => Some(message),
                // This part went out before a crash; the next one may not have.
                Err(Error::AlreadySent { .. }) => None,
                Err(error) => return Err(error),
            };
        }
        Ok(sent)
    }

    /// A kind of file that the chat does not allow is not tried again for a while. The answer is the same.
    async fn post_file(
        &self,
        client: &Client,
        chat: ChatId,
        params: SendMessageParams,
        media: &Media,
    ) -> Result<Message, Error> {
        let door = muted::look_for_files(self, chat, media.method()).await;
        if door == Door::Closed {
            metrics::counter!("alita_telegram_suppressed_total", "reason" => "restricted").increment(1);
            return Err(media.not_tried());
        }
        let sent = post(client, params, Some(media)).await;
        match sent.as_ref().map_err(Error::kind) {
            Ok(_) if door == Door::Tried => muted::open_for_files(self, chat, media.method()).await,
            Err(Some(RefusalKind::CannotWrite)) => muted::close_for_files(self, chat, media.method()).await,
            _ => {}
        }
        sent
    }

    fn params(
        &self,
        chat: ChatId,
        thread: Option<ThreadId>,
        reply: &Reply,
        part: &Html,
        is_first: bool,
        is_last: bool,
    ) -> SendMessageParams {
        let replied = match reply.to {
            ReplyTo::Trigger => self.message_id(),
            ReplyTo::Message(message) => Some(message),
            ReplyTo::Nothing => None,
        };
        let reply_parameters = replied.filter(|_| is_first).map(|message| {
            ReplyParameters::builder().message_id(message.get()).allow_sending_without_reply(true).build()
        });
        let markup = match reply.keyboard.markup() {
            Some(keyboard) if is_last => Some(ReplyMarkup::InlineKeyboardMarkup(keyboard)),
            None if reply.removes_keyboard => Some(ReplyMarkup::ReplyKeyboardRemove(
                ReplyKeyboardRemove::builder().remove_keyboard(true).build(),
            )),
            _ => None,
        };
        let (text, parse_mode) =
            if reply.is_plain { (strip_tags(part), None) } else { (part.to_string(), Some(ParseMode::Html)) };
        SendMessageParams::builder()
            .chat_id(chat.get())
            .maybe_message_thread_id(thread.map(ThreadId::get))
            .text(text)
            .maybe_parse_mode(parse_mode)
            .link_preview_options(no_preview(!reply.has_preview))
            .maybe_disable_notification(reply.is_silent.then_some(true))
            .maybe_protect_content(reply.is_protected.then_some(true))
            .maybe_reply_parameters(reply_parameters)
            .maybe_reply_markup(markup)
            .build()
    }

    /// Rewrites the message whose button was pressed. What is no change is no error.
    ///
    /// # Errors
    ///
    /// What Telegram refused, or the wire.
    pub async fn edit(&self, reply: Reply) -> Result<(), Error> {
        let Some(message) = self.message_id() else { return Ok(()) };
        self.edit_message(self.place().id, message, reply).await
    }

    /// Rewrites a message of the bot's own. What is no change is no error.
    ///
    /// # Errors
    ///
    /// What Telegram refused, or the wire.
    pub async fn edit_message(&self, chat: ChatId, message: MessageId, reply: Reply) -> Result<(), Error> {
        edit_message(self.client(), chat, message, &reply).await
    }

    /// Answers the press, once; a second answer is left out.
    ///
    /// A press that Telegram has forgotten is no error, and neither is a line that did not arrive:
    /// what the press asked for has been done.
    pub async fn toast(&self, text: Option<&str>) {
        self.answer(text, false).await;
    }

    /// As [`Cx::toast`], with a window that the presser has to close.
    pub async fn alert(&self, text: &str) {
        self.answer(Some(text), true).await;
    }

    async fn answer(&self, text: Option<&str>, is_alert: bool) {
        let Some(query) = self.query() else { return };
        if !self.claim_answer() {
            return;
        }
        let text = text.map(|text| cut(text, TOAST_LIMIT));
        if let Err(error) = self.client().answer_callback(&query.id, text.as_deref(), is_alert).await {
            tracing::warn!(%error, "a press could not be answered");
        }
    }

    /// Deletes a message of the chat where it was asked; one that is gone already is no error.
    ///
    /// # Errors
    ///
    /// What Telegram refused, or the wire.
    pub async fn delete(&self, message: MessageId) -> Result<(), Error> {
        let deleted = self.client().delete_message_if_there(self.place().id, message).await;
        self.count_action("delete", deleted.as_ref().err());
        deleted
    }
}

/// A topic that is gone costs the topic, and markup that Telegram does not like costs the markup;
/// the words arrive.
async fn post(
    client: &Client,
    mut params: SendMessageParams,
    media: Option<&Media>,
) -> Result<Message, Error> {
    let error = match hand_over(client, &params, media).await {
        Ok(message) => return Ok(message),
        Err(error) => error,
    };
    match error.kind() {
        Some(RefusalKind::ThreadNotFound) if params.message_thread_id.is_some() => {
            params.message_thread_id = None
        }
        Some(RefusalKind::CantParseEntities) => {
            tracing::error!("Telegram refused the markup of a message, so it goes out as plain text");
            params.text = strip_tags(&Html::repaired(&params.text));
            params.parse_mode = None;
        }
        _ => return Err(error),
    }
    hand_over(client, &params, media).await
}

async fn hand_over(
    client: &Client,
    params: &SendMessageParams,
    media: Option<&Media>,
) -> Result<Message, Error> {
    match media {
        Some(media) => media.send(client, params).await,
        None => Ok(client.send_message(params).await?.result),
    }
}

/// Rewrites a message of the bot's own. What is no change is no error.
pub(crate) async fn edit_message(
    client: &Client,
    chat: ChatId,
    message: MessageId,
    reply: &Reply,
) -> Result<(), Error> {
    let params = EditMessageTextParams::builder()
        .chat_id(chat.get())
        .message_id(message.get())
        .text(reply.html.to_string())
        .parse_mode(ParseMode::Html)
        .link_preview_options(no_preview(!reply.has_preview))
        .maybe_reply_markup(Keyboard::markup(&reply.keyboard))
        .build();
    match client.edit_message_text(&params).await {
        Ok(_) => Ok(()),
        Err(error) => ignore_not_modified(error),
    }
}

/// The messages that an answer takes: a text that does not fit under its file follows behind it.
fn parts(reply: &Reply) -> Vec<(Option<Media>, Html)> {
    let mut parts: Vec<_> = split(&reply.html, MESSAGE_LIMIT).into_iter().map(|html| (None, html)).collect();
    let Some(media) = reply.media.clone() else { return parts };
    match parts.as_mut_slice() {
        [(file, text)] if media.takes_caption(text) => *file = Some(media),
        _ => parts.insert(0, (Some(media), Html::new())),
    }
    parts
}

/// The same with the text in a file of its own.
fn as_file(reply: &Reply, lang: Language) -> Vec<(Option<Media>, Html)> {
    let text = Media::of_text(strip_tags(&reply.html));
    let media = reply.media.clone().map(|media| (Some(media), Html::new()));
    media.into_iter().chain([(Some(text), t::common::long_text(lang))]).collect()
}

fn no_preview(is_disabled: bool) -> LinkPreviewOptions {
    LinkPreviewOptions::builder().is_disabled(is_disabled).build()
}

fn ignore_not_modified(error: Error) -> Result<(), Error> {
    match error.kind() {
        Some(RefusalKind::MessageNotModified) => Ok(()),
        _ => Err(error),
    }
}

fn cut(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
}
