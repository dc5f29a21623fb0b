//! Jobs of modules: what the group hears of later, restart or not.
//!
//! A module declares a job as it declares a command, with [`Module::job`](crate::Module::job), and schedules it
//! through [`Cx::jobs`](crate::Cx::jobs). Where jobs are kept is the binary's business.

use std::future::Future;
use std::sync::Arc;

use alita_i18n::Language;
use alita_model::{ChatId, UserId};
use alita_runtime::jobs::{Failure, Handlers, Job, Run, Subject};
use alita_telegram::{Error, RefusalKind};

use crate::app::App;
use crate::services::{Services, doors};
use crate::{clean_up, proof};

/// The context of a job: there is no update, nobody asked, and nobody gets an answer.
#[derive(Debug)]
pub struct JobCx<A: App> {
    services: Arc<Services<A>>,
    run: Run,
}

doors!(JobCx);

impl<A: App> Clone for JobCx<A> {
    fn clone(&self) -> Self {
        Self { services: Arc::clone(&self.services), run: self.run }
    }
}

impl<A: App> JobCx<A> {
    /// The chat that the job is about, under the id that it has by now.
    #[must_use]
    pub fn chat(&self) -> Option<ChatId> {
        self.run.subject.map(|subject| ChatId::new(subject.get()))
    }

    /// How often the job was begun, this time included.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.run.attempt
    }

    /// The language in which a chat is addressed.
    pub async fn language(&self, chat: ChatId) -> Language {
        let found = if chat.is_private() {
            self.app().language_of_user(UserId::new(chat.get())).await
        } else {
            self.app().language_of_chat(chat).await
        };
        match found {
            Ok(language) => language.unwrap_or(Language::EN),
            Err(error) => {
                tracing::warn!(chat.id = %chat, error, "could not read the language, so it is English this time");
                Language::EN
            }
        }
    }
}

/// A chat as the subject of a job: the job follows the group when its id changes.
#[must_use]
pub const fn about(chat: ChatId) -> Subject {
    Subject::new(chat.get())
}

/// For a job that ends with a call of the Bot API which is only worth a try: Telegram's no ends it as well as a yes.
///
/// # Errors
///
/// What may go better another time: a broken wire, trouble at the server, too many requests.
pub fn unless_refused(outcome: Result<(), Error>) -> Result<(), Failure> {
    use RefusalKind::{Conflict, Throttled, Unauthorized};
    match outcome {
        Err(Error::Refused(refusal))
            if refusal.code < 500 && !matches!(refusal.kind, Conflict | Throttled | Unauthorized) =>
        {
            tracing::debug!(%refusal, "Telegram refused what a job tried");
            Ok(())
        }
        other => Ok(other?),
    }
}

type Register<A> = Arc<dyn Fn(Handlers, &Arc<Services<A>>) -> Handlers + Send + Sync>;

/// A job that a module declares.
pub(crate) struct Declared<A: App> {
    pub(crate) name: &'static str,
    register: Register<A>,
}

impl<A: App> std::fmt::Debug for Declared<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Declared").field(&self.name).finish()
    }
}

impl<A: App> Declared<A> {
    pub(crate) fn new<J, F, Fut>(work: F) -> Self
    where
        J: Job,
        F: Fn(JobCx<A>, J) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let work = Arc::new(work);
        let register = move |handlers: Handlers, services: &Arc<Services<A>>| {
            let (work, services) = (Arc::clone(&work), Arc::clone(services));
            handlers.on(move |job: J, run| work(JobCx { services: Arc::clone(&services), run }, job))
        };
        Self { name: J::NAME, register: Arc::new(register) }
    }

    /// What every bot can do later.
    pub(crate) fn of_the_pipeline() -> [Self; 2] {
        [Self::new(clean_up::delete), Self::new(proof::expire)]
    }

    pub(crate) fn register(&self, handlers: Handlers, services: &Arc<Services<A>>) -> Handlers {
        (self.register)(handlers, services)
    }
}
