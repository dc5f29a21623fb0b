//! The context of a handler: what happened, where, by whom, and the doors to everything else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use alita_i18n::Language;
use alita_model::{ChatId, MessageId, ThreadId, UserId};
use alita_permissions::{ChatMember, Status};
use alita_runtime::TaskSet;
use alita_telegram::types::{CallbackQuery, ChatMemberUpdated, Message};

use crate::app::App;
use crate::args::Args;
use crate::outcome::{Mistake, No};
use crate::payload::Payload;
use crate::router::Router;
use crate::services::{Services, doors};
use crate::view::{Event, Place, Sender, Someone, View};

/// What may happen only once for an update.
#[derive(Debug, Default)]
struct Marks {
    is_answered: AtomicBool,
    is_target_banned: AtomicBool,
}

/// The context of a handler. Cloning it is cheap, and nothing in it changes.
pub struct Cx<A: App> {
    pub(crate) services: Arc<Services<A>>,
    pub(crate) router: Arc<Router<A>>,
    pub(crate) view: Arc<View>,
    subject: Option<Arc<Place>>,
    language: Option<Language>,
    args: Args,
    payload: Option<Arc<Payload>>,
    marks: Arc<Marks>,
    /// In whose handler we are.
    module: &'static str,
}

doors!(Cx);

impl<A: App> Clone for Cx<A> {
    fn clone(&self) -> Self {
        Self {
            services: Arc::clone(&self.services),
            router: Arc::clone(&self.router),
            view: Arc::clone(&self.view),
            subject: self.subject.clone(),
            language: self.language,
            args: self.args.clone(),
            payload: self.payload.clone(),
            marks: Arc::clone(&self.marks),
            module: self.module,
        }
    }
}

impl<A: App> std::fmt::Debug for Cx<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cx")
            .field("update_id", &self.view.update_id)
            .field("chat", &self.chat())
            .finish_non_exhaustive()
    }
}

impl<A: App> Cx<A> {
    pub(crate) fn new(services: Arc<Services<A>>, router: Arc<Router<A>>, view: Arc<View>) -> Self {
        Self {
            services,
            router,
            view,
            subject: None,
            language: None,
            args: Args::default(),
            payload: None,
            marks: Arc::default(),
            module: "none",
        }
    }

    pub(crate) const fn within(mut self, module: &'static str) -> Self {
        self.module = module;
        self
    }

    /// The module in whose handler we are.
    #[must_use]
    pub const fn module(&self) -> &'static str {
        self.module
    }

    pub(crate) fn with_args(mut self, args: Args) -> Self {
        self.args = args;
        self
    }

    pub(crate) fn with_payload(mut self, payload: Payload) -> Self {
        self.payload = Some(Arc::new(payload));
        self
    }

    pub(crate) fn with_subject(mut self, place: Place) -> Self {
        self.subject = Some(Arc::new(place));
        self
    }

    pub(crate) const fn with_language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// The language is found out once, when the first words are needed.
    pub(crate) async fn speaking(self) -> Self {
        if self.language.is_some() {
            return self;
        }
        let language = self.find_language().await;
        self.with_language(language)
    }

    /// Private chats use the person's language, groups the group's, whoever speaks.
    pub(crate) async fn find_language(&self) -> Language {
        let place = &self.view.place;
        let found = if place.is_private() {
            self.app().language_of_user(UserId::new(place.id.get())).await
        } else {
            self.app().language_of_chat(place.id).await
        };
        match found {
            Ok(language) => language.unwrap_or(Language::EN),
            Err(error) => {
                tracing::warn!(chat.id = %place.id, error, "could not read the language, so it is English this time");
                Language::EN
            }
        }
    }

    /// The chat that this is about: the group, or the connected group when it was asked in private.
    #[must_use]
    pub fn chat(&self) -> ChatId {
        self.subject().id
    }

    /// That chat with its title and kind.
    #[must_use]
    pub fn subject(&self) -> &Place {
        self.subject.as_deref().unwrap_or(&self.view.place)
    }

    /// The chat where it was said, and where the answer goes.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.view.place
    }

    /// The forum topic where it was said.
    #[must_use]
    pub fn thread(&self) -> Option<ThreadId> {
        self.view.thread
    }

    /// Who did it.
    #[must_use]
    pub fn sender(&self) -> &Sender {
        &self.view.sender
    }

    /// The person who did it.
    ///
    /// # Errors
    ///
    /// A mistake that says so when it was a channel, an anonymous administrator, or nobody.
    pub fn person(&self) -> Result<&Someone, No> {
        self.view.sender.user().ok_or_else(|| {
            No::Mistake(
                Mistake::new(alita_i18n::t::denied::actor_unidentified)
                    .or_toast(alita_i18n::t::denied::actor_unidentified_toast),
            )
        })
    }

    /// What happened.
    #[must_use]
    pub fn event(&self) -> &Event {
        &self.view.event
    }

    /// The id of the update, by which a redelivery is recognised.
    #[must_use]
    pub fn update_id(&self) -> i64 {
        self.view.update_id
    }

    /// The message that was written or edited, or that carries the button; `None` when it is gone.
    #[must_use]
    pub fn message(&self) -> Option<&Message> {
        self.view.message()
    }

    /// Its id, known even when the message itself is inaccessible.
    #[must_use]
    pub fn message_id(&self) -> Option<MessageId> {
        self.view.message_id()
    }

    /// The message that it replies to.
    ///
    /// Telegram: in a forum every message "replies" to the service message that opened its topic.
    #[must_use]
    pub fn replied(&self) -> Option<&Message> {
        let message = self.message()?;
        message.reply_to_message.as_deref().filter(|replied| replied.forum_topic_created.is_none())
    }

    /// The press, for buttons.
    #[must_use]
    pub fn query(&self) -> Option<&CallbackQuery> {
        match &self.view.event {
            Event::CallbackQuery(query) => Some(query),
            _ => None,
        }
    }

    /// Whether the pressed button stands under the message that it was pressed on; `None` when there is no press, or
    /// its message is out of reach.
    ///
    /// Telegram: a client can send any data as a press on any message of the bot that carries buttons.
    #[must_use]
    pub fn button_stands(&self) -> Option<bool> {
        let data = self.query()?.data.as_deref();
        let rows = self.message()?.reply_markup.as_deref().map(|markup| &markup.inline_keyboard);
        let mut buttons = rows.into_iter().flatten().flatten();
        Some(data.is_some() && buttons.any(|button| button.callback_data.as_deref() == data))
    }

    /// The change of somebody's or the bot's own membership.
    #[must_use]
    pub fn member_change(&self) -> Option<&ChatMemberUpdated> {
        match &self.view.event {
            Event::ChatMember(change) | Event::MyChatMember(change) => Some(change),
            _ => None,
        }
    }

    /// What follows the command.
    #[must_use]
    pub const fn args(&self) -> &Args {
        &self.args
    }

    /// What the button carries.
    #[must_use]
    pub fn payload(&self) -> Option<&Payload> {
        self.payload.as_deref()
    }

    /// The language of the answer. Commands, buttons and links know it; a watcher calls [`Cx::speak`] first.
    #[must_use]
    pub fn lang(&self) -> Language {
        self.language.unwrap_or(Language::EN)
    }

    /// The same context with its language found out; for watchers, which seldom speak.
    #[must_use]
    pub async fn speak(&self) -> Self {
        self.clone().speaking().await
    }

    /// Work that outlives this handler.
    #[must_use]
    pub fn tasks(&self) -> &TaskSet {
        &self.services.tasks
    }

    /// Everything that is declared: for the help and the disable list.
    #[must_use]
    pub fn router(&self) -> &Router<A> {
        &self.router
    }

    /// A link that opens the private chat with the bot and hands it this payload.
    #[must_use]
    pub fn start_link(&self, payload: &str) -> String {
        format!("https://t.me/{}?start={payload}", self.me().username)
    }

    pub(crate) fn note_absent(&self, member: &ChatMember) {
        self.marks.is_target_banned.store(member.status == Status::Banned, Ordering::SeqCst);
    }

    /// Whether somebody whom this update is about was found [out of the chat](Cx::in_chat) and banned.
    ///
    /// Telegram: to kick or to restrict them would lift that ban.
    #[must_use]
    pub fn is_target_banned(&self) -> bool {
        self.marks.is_target_banned.load(Ordering::SeqCst)
    }

    /// Claims the one answer that a press gets; `false` when it was given.
    pub(crate) fn claim_answer(&self) -> bool {
        !self.marks.is_answered.swap(true, Ordering::SeqCst)
    }
}
