//! The state of the bot: its database, its settings, and the answers that the pipeline asks of them.

use std::time::Duration;

use alita_cache::{Cache, Kind};
use alita_db::Db;
use alita_dispatch::{App, Cx, Disabled, Fault, FaultClass, Known};
use alita_i18n::Language;
use alita_model::{ChatId, Peer, UserId};

/// Links that the operator can set; an empty one has no button.
#[derive(Debug, Clone, Default)]
pub struct Links {
    /// Where news of the bot are told.
    pub news: Option<String>,
    /// Where people help each other.
    pub support: Option<String>,
    /// Where people can give something.
    pub donation: Option<String>,
    /// Where people help to translate.
    pub translation: Option<String>,
    /// How to turn a basic group into a supergroup.
    pub supergroup_help: Option<String>,
}

/// What the operator decided.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The person who runs the bot.
    pub owner: Option<UserId>,
    /// The languages that people can choose, in the order of the menu.
    pub languages: Vec<Language>,
    /// Links in menus.
    pub links: Links,
    /// Where `/tr` has texts translated; `None` switches it off.
    pub translation_endpoint: Option<String>,
    /// The version that `/about` tells.
    pub version: String,
}

/// The bot, as the pipeline and the modules see it.
#[derive(Debug, Clone)]
pub struct AlitaApp {
    db: Db,
    member_counts: Kind<i64>,
    settings: std::sync::Arc<Settings>,
}

impl AlitaApp {
    /// Joins the database, the cache and the settings.
    #[must_use]
    pub fn new(db: Db, cache: &Cache, settings: Settings) -> Self {
        let member_counts = cache.kind("member_count", Duration::from_secs(60));
        Self { db, member_counts, settings: std::sync::Arc::new(settings) }
    }

    /// How many members chats have, for texts that tell it.
    pub(crate) const fn member_counts(&self) -> &Kind<i64> {
        &self.member_counts
    }

    /// The database.
    #[must_use]
    pub const fn db(&self) -> &Db {
        &self.db
    }

    /// What the operator decided.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// Short ways from a context to what handlers need most.
pub(crate) trait Doors {
    /// The database.
    fn db(&self) -> &Db;
    /// What the operator decided.
    fn settings(&self) -> &Settings;
}

impl Doors for Cx<AlitaApp> {
    fn db(&self) -> &Db {
        self.app().db()
    }

    fn settings(&self) -> &Settings {
        self.app().settings()
    }
}

impl App for AlitaApp {
    async fn language_of_user(&self, user: UserId) -> Result<Option<Language>, Fault> {
        let code = self.db.languages().user(user).await?;
        Ok(code.as_deref().and_then(Language::from_code))
    }

    async fn language_of_chat(&self, chat: ChatId) -> Result<Option<Language>, Fault> {
        let code = self.db.languages().chat(chat).await?;
        Ok(code.as_deref().and_then(Language::from_code))
    }

    async fn disabled(&self, chat: ChatId) -> Result<Disabled, Fault> {
        let disabled = self.db.disabling().get(chat).await?;
        Ok(Disabled { commands: disabled.commands.clone(), deletes_attempts: disabled.delete })
    }

    async fn trusts_anonymous_admins(&self, chat: ChatId) -> Result<bool, Fault> {
        Ok(self.db.admin().get(chat).await?.anon_admin)
    }

    async fn is_approved(&self, chat: ChatId, user: UserId) -> Result<bool, Fault> {
        Ok(self.db.approvals().is_approved(chat, user).await?)
    }

    async fn has_begun(&self, update_id: i64) -> Result<bool, Fault> {
        Ok(self.db.has_begun(update_id).await?)
    }

    async fn connection(&self, user: UserId) -> Result<Option<ChatId>, Fault> {
        Ok(self.db.connections().of(user).await?)
    }

    async fn disconnect(&self, user: UserId) -> Result<(), Fault> {
        self.db.connections().disconnect(user).await?;
        Ok(())
    }

    async fn allows_connections(&self, chat: ChatId) -> Result<bool, Fault> {
        Ok(self.db.connections().allows(chat).await?)
    }

    async fn find_by_username(&self, username: &str) -> Result<Option<Known>, Fault> {
        if let Some(person) = self.db.users().by_username(username).await? {
            return Ok(Some(known_person(&person)));
        }
        let channel = self.db.channels().by_username(username).await?;
        Ok(channel.map(|channel| known_channel(&channel)))
    }

    async fn find_by_id(&self, peer: Peer) -> Result<Option<Known>, Fault> {
        match peer {
            Peer::User(user) => Ok(self.db.users().get(user).await?.map(|person| known_person(&person))),
            Peer::Chat(chat) => {
                Ok(self.db.channels().get(chat).await?.map(|channel| known_channel(&channel)))
            }
        }
    }

    fn class_of(&self, fault: &Fault) -> FaultClass {
        if fault.is::<alita_db::Error>() { FaultClass::Database } else { FaultClass::Internal }
    }

    async fn bot_removed(&self, chat: ChatId) -> Result<(), Fault> {
        self.db.chats().mark_inactive(chat).await?;
        Ok(())
    }

    async fn chat_migrated(&self, old: ChatId, new: ChatId) -> Result<(), Fault> {
        self.db.chats().migrate(old, new).await?;
        Ok(())
    }
}

fn known_person(person: &alita_model::Person) -> Known {
    Known { peer: Peer::User(person.id), name: person.name.clone(), username: person.username.clone() }
}

fn known_channel(channel: &alita_model::Channel) -> Known {
    Known { peer: Peer::Chat(channel.id), name: channel.title.clone(), username: channel.username.clone() }
}
