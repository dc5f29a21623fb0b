//! Commands that a chat switched off: tables `disable` and `disable_chat_settings`.
//!
//! Cached together as `disabled_cmds` for half an hour.

use std::collections::BTreeSet;
use std::sync::Arc;

use alita_cache::{Cache, Kind};
use alita_model::ChatId;
use sea_orm::Set;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::db::HALF_AN_HOUR;
use crate::upsert::or_set;
use crate::{Db, Error, chats_repo};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disable")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    pub(crate) chat_id: i64,
    pub(crate) command: String,
    pub(crate) disabled: bool,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

mod settings {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "disable_chat_settings")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        #[sea_orm(unique)]
        pub(crate) chat_id: i64,
        pub(crate) delete_commands: bool,
        pub(crate) created_at: DateTimeUtc,
        pub(crate) updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What members of a group may not ask for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Disabled {
    /// The main names of the commands that are switched off.
    pub commands: BTreeSet<String>,
    /// Whether a message with such a command is deleted.
    pub delete: bool,
}

pub(crate) struct Kinds {
    disabled: Kind<Disabled>,
}

impl Kinds {
    pub(crate) fn new(cache: &Cache) -> Self {
        Self { disabled: cache.kind("disabled_cmds", HALF_AN_HOUR) }
    }
}

/// Commands that a chat switched off; from [`Db::disabling`].
#[derive(Debug, Clone, Copy)]
pub struct DisablingRepo<'a>(pub(crate) &'a Db);

impl DisablingRepo<'_> {
    /// What is switched off in a group, and whether attempts are deleted.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn get(&self, chat: ChatId) -> Result<Arc<Disabled>, Error> {
        self.0
            .cached(&self.0.inner.disabling.disabled, &chat.to_string(), move |db| async move {
                let rows = Entity::find().filter(Column::ChatId.eq(chat.get())).all(&db).await?;
                let settings = settings::Entity::find().filter(settings::Column::ChatId.eq(chat.get()));
                Ok(Disabled {
                    commands: rows.into_iter().filter(|row| row.disabled).map(|row| row.command).collect(),
                    delete: settings.one(&db).await?.is_some_and(|row| row.delete_commands),
                })
            })
            .await
    }

    /// Switches commands off; those that are off already stay so.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn disable(&self, chat: ChatId, commands: &[&str]) -> Result<(), Error> {
        if commands.is_empty() {
            return Ok(());
        }
        // One statement must not touch a row twice.
        let commands: BTreeSet<&str> = commands.iter().copied().collect();
        let commands = &commands;
        self.0
            .write(move |tx| async move {
                let now = self.0.now();
                chats_repo::ensure(&tx, chat, now).await?;
                let rows = commands.iter().map(|command| ActiveModel {
                    chat_id: Set(chat.get()),
                    command: Set((*command).to_owned()),
                    disabled: Set(true),
                    created_at: Set(now),
                    updated_at: Set(now),
                    ..Default::default()
                });
                let named = or_set([Column::ChatId, Column::Command], [Column::Disabled, Column::UpdatedAt]);
                Entity::insert_many(rows).on_conflict(named).exec_without_returning(&*tx).await
            })
            .await?;
        forget(self.0, chat).await;
        Ok(())
    }

    /// Switches commands on again; those that are on already stay so.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn enable(&self, chat: ChatId, commands: &[&str]) -> Result<(), Error> {
        self.0
            .write(move |tx| async move {
                Entity::delete_many()
                    .filter(Column::ChatId.eq(chat.get()))
                    .filter(Column::Command.is_in(commands.iter().copied()))
                    .exec(&*tx)
                    .await
            })
            .await?;
        forget(self.0, chat).await;
        Ok(())
    }

    /// Sets whether messages with a command that is switched off are deleted.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn set_delete(&self, chat: ChatId, delete: bool) -> Result<(), Error> {
        let row = settings::ActiveModel { delete_commands: Set(delete), ..Default::default() };
        self.0.set_for_chat(chat, row, settings::Column::DeleteCommands).await?;
        forget(self.0, chat).await;
        Ok(())
    }
}

pub(crate) async fn forget(db: &Db, chat: ChatId) {
    db.inner.disabling.disabled.forget(&chat.to_string()).await;
}
