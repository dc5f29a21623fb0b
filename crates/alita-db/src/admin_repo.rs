//! Whether anonymous admins are trusted without a proof: table `admin`; cached as `admin_settings` for half an hour.

use alita_cache::{Cache, Kind};
use alita_model::ChatId;
use sea_orm::Set;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::db::HALF_AN_HOUR;
use crate::{Db, Error};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admin")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    #[sea_orm(unique)]
    pub(crate) chat_id: i64,
    pub(crate) anon_admin: bool,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How a group treats its admins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AdminSettings {
    /// Whether anonymous admins are trusted without a proof.
    pub anon_admin: bool,
}

pub(crate) struct Kinds {
    settings: Kind<AdminSettings>,
}

impl Kinds {
    pub(crate) fn new(cache: &Cache) -> Self {
        Self { settings: cache.kind("admin_settings", HALF_AN_HOUR) }
    }
}

/// How groups treat their admins; from [`Db::admin`].
#[derive(Debug, Clone, Copy)]
pub struct AdminRepo<'a>(pub(crate) &'a Db);

impl AdminRepo<'_> {
    /// The settings of a group, or the default ones.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn get(&self, chat: ChatId) -> Result<AdminSettings, Error> {
        let settings = self
            .0
            .cached(&self.0.inner.admin.settings, &chat.to_string(), move |db| async move {
                let row = Entity::find().filter(Column::ChatId.eq(chat.get())).one(&db).await?;
                Ok(row.map(|row| AdminSettings { anon_admin: row.anon_admin }).unwrap_or_default())
            })
            .await?;
        Ok(*settings)
    }

    /// Sets whether anonymous admins are trusted without a proof.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn set_anon_admin(&self, chat: ChatId, anon_admin: bool) -> Result<(), Error> {
        let row = ActiveModel { anon_admin: Set(anon_admin), ..Default::default() };
        self.0.set_for_chat(chat, row, Column::AnonAdmin).await?;
        forget(self.0, chat).await;
        Ok(())
    }
}

pub(crate) async fn forget(db: &Db, chat: ChatId) {
    db.inner.admin.settings.forget(&chat.to_string()).await;
}
