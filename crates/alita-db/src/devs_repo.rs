//! The team of this bot: table `devs`; cached as `team` for five minutes.

use std::time::Duration;

use alita_cache::{Cache, Kind};
use alita_model::UserId;
use sea_orm::Set;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::upsert::or_set;
use crate::{Db, Error, users_repo};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "devs")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    #[sea_orm(unique)]
    pub(crate) user_id: i64,
    pub(crate) is_dev: bool,
    pub(crate) sudo: bool,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What a person is in the team of this bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Team {
    /// A developer.
    pub is_dev: bool,
    /// A trusted helper.
    pub is_sudo: bool,
}

pub(crate) struct Kinds {
    team: Kind<Team>,
}

impl Kinds {
    pub(crate) fn new(cache: &Cache) -> Self {
        Self { team: cache.kind("team", Duration::from_secs(5 * 60)) }
    }
}

/// The team of this bot; from [`Db::devs`].
#[derive(Debug, Clone, Copy)]
pub struct DevsRepo<'a>(pub(crate) &'a Db);

impl DevsRepo<'_> {
    /// What a person is in the team; nothing, if nobody said otherwise.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn get(&self, user: UserId) -> Result<Team, Error> {
        let team = self
            .0
            .cached(&self.0.inner.devs.team, &user.to_string(), move |db| async move {
                let row = Entity::find().filter(Column::UserId.eq(user.get())).one(&db).await?;
                Ok(row.map(|row| Team { is_dev: row.is_dev, is_sudo: row.sudo }).unwrap_or_default())
            })
            .await?;
        Ok(*team)
    }

    /// Makes a person a developer, or no longer.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn set_dev(&self, user: UserId, is_dev: bool) -> Result<(), Error> {
        self.write(user, Team { is_dev, is_sudo: false }, Column::IsDev).await
    }

    /// Makes a person a trusted helper, or no longer.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn set_sudo(&self, user: UserId, is_sudo: bool) -> Result<(), Error> {
        self.write(user, Team { is_dev: false, is_sudo }, Column::Sudo).await
    }

    async fn write(&self, user: UserId, team: Team, column: Column) -> Result<(), Error> {
        self.0
            .write(move |tx| async move {
                let now = self.0.now();
                users_repo::ensure(&tx, user, now).await?;
                let row = ActiveModel {
                    user_id: Set(user.get()),
                    is_dev: Set(team.is_dev),
                    sudo: Set(team.is_sudo),
                    created_at: Set(now),
                    updated_at: Set(now),
                    ..Default::default()
                };
                let named = or_set([Column::UserId], [column, Column::UpdatedAt]);
                Entity::insert(row).on_conflict(named).exec_without_returning(&*tx).await
            })
            .await?;
        self.0.inner.devs.team.forget(&user.to_string()).await;
        Ok(())
    }
}
