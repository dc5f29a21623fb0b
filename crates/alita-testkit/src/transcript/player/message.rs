//! People's messages: written, edited, pinned.

use alita_model::{ChatId, MessageId, UserId};

use super::{Player, cast};
use crate::transcript::Bot;
use crate::transcript::render::Moment;
use crate::transcript::script::{Content, Forward, Pick, Place, Say, Voice};
use crate::{Draft, Speaker};

impl<B: Bot> Player<'_, B> {
    pub(super) fn say(&mut self, say: &Say) -> Result<Moment, String> {
        let (speaker, actor) = match &say.voice {
            Voice::Posts => (Speaker::Linked(self.scene.need_chat(&say.who)?), None),
            voice => {
                let user = self.scene.need_person(&say.who)?;
                let speaker = match voice {
                    Voice::Anonymous => Speaker::Anonymous(user),
                    Voice::Channel(title) => Speaker::Channel { user, channel: self.scene.need_chat(title)? },
                    Voice::Own | Voice::Posts => Speaker::User(user),
                };
                (speaker, Some(user))
            }
        };
        let chat = self.place(say.place.as_ref(), actor)?;
        let mut draft = self.draft(&say.content)?;
        if let Some(pick) = &say.to {
            draft = draft.reply_to(self.pick(chat, pick)?);
        }
        if let Some(topic) = say.topic {
            draft = draft.thread(topic);
        }
        let message = self.fake.say(chat, speaker, draft);
        let mut moment = self.noted(chat, message);
        moment.actor = actor.map(|user| user.get());
        if let (Voice::Anonymous, Some(user)) = (&say.voice, actor) {
            // The bot cannot see who it was, but the reader of the conversation can.
            self.board.written_by(chat.get(), message.get().into(), user.get());
        }
        Ok(moment)
    }

    /// Somebody opens the bot's private chat by a link.
    pub(super) fn start_with(&mut self, who: &str, payload: &str) -> Result<Moment, String> {
        self.say(&Say {
            who: who.to_owned(),
            voice: Voice::Own,
            place: Some(Place::Private(None)),
            topic: None,
            to: None,
            content: Content { text: format!("/start {payload}"), ..Content::default() },
        })
    }

    pub(super) fn edit(
        &mut self,
        who: &str,
        place: Option<&Place>,
        which: Option<&str>,
        content: &Content,
    ) -> Result<Moment, String> {
        let user = self.scene.person(who);
        let chat = self.place(place, user)?;
        let message = self.pick(chat, &Pick { whose: who.to_owned(), begins: which.map(str::to_owned) })?;
        let draft = self.draft(content)?;
        self.fake.edit(chat, message, draft);
        let mut moment = self.noted(chat, message);
        moment.actor = user.map(|user| user.get());
        Ok(moment)
    }

    pub(super) fn pin(&mut self, who: &str, pick: &Pick) -> Result<Moment, String> {
        let (chat, user) = (self.here()?, self.scene.need_person(who)?);
        let message = self.pick(chat, pick)?;
        self.fake.pin_by(chat, message, user);
        Ok(self.after(chat, user))
    }

    /// Remembers the messages that Telegram wrote about an event; the last is the one that answers are measured
    /// against.
    pub(super) fn after(&mut self, chat: ChatId, actor: UserId) -> Moment {
        let mut moment = Moment { chat: chat.get(), actor: Some(actor.get()), ..Moment::default() };
        for message in self.fake.messages(chat) {
            let id = message["message_id"].as_i64().unwrap_or_default();
            if self.board.get(chat.get(), id).is_none() {
                self.board.note(&message);
                moment.message = Some(id);
            }
        }
        moment
    }

    /// Remembers how a message looks, and makes it the one that answers are measured against.
    fn noted(&mut self, chat: ChatId, message: MessageId) -> Moment {
        if let Some(value) = self.fake.message(chat, message) {
            self.board.note(&value);
        }
        let id = i64::from(message.get());
        let thread = self.board.get(chat.get(), id).and_then(|seen| seen.thread);
        Moment { chat: chat.get(), message: Some(id), thread, ..Moment::default() }
    }

    fn draft(&self, content: &Content) -> Result<Draft, String> {
        let text = self.scene.fill_in(&content.text)?;
        let mut draft = match self.with_mentions(&text, content.html)? {
            Some(html) => Draft::html(html),
            None => Draft::text(text),
        };
        if let Some((kind, detail)) = &content.media {
            draft = draft.media(cast::media(kind, detail, &self.scene)?);
        }
        match &content.forward {
            None => {}
            Some(Forward::Person(name)) => draft = draft.forward_from(self.scene.need_person(name)?),
            Some(Forward::Hidden(name)) => draft = draft.forward_from_hidden(name),
            Some(Forward::Channel(title)) => draft = draft.forward_from_channel(self.scene.need_chat(title)?),
        }
        if let Some(bot) = &content.via {
            draft = draft.via_bot(self.scene.need_person(bot)?);
        }
        if !content.rows.is_empty() {
            draft = draft.inline_keyboard(cast::keyboard(&content.rows, &self.scene)?);
        }
        Ok(draft)
    }

    /// The text as HTML, if it is HTML or mentions somebody by `@[Tom]`.
    fn with_mentions(&self, text: &str, is_html: bool) -> Result<Option<String>, String> {
        if !is_html && !text.contains("@[") {
            return Ok(None);
        }
        let mut html = if is_html { text.to_owned() } else { escaped(text) };
        while let Some((before, after)) = html.split_once("@[") {
            let Some((name, after)) = after.split_once(']') else { break };
            let id = self.scene.need_person(name)?;
            html = format!("{before}<a href=\"tg://user?id={id}\">{}</a>{after}", escaped(name));
        }
        Ok(Some(html))
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
