//! Members whom the automatic protections leave alone: table `approved_users`.
//!
//! The ids of a chat are cached together as `approvals` for half an hour.

use std::collections::BTreeSet;
use std::sync::Arc;

use alita_cache::{Cache, Kind};
use alita_model::{ChatId, UserId};
use sea_orm::entity::prelude::*;
use sea_orm::{QuerySelect, Set};

use crate::db::HALF_AN_HOUR;
use crate::upsert::or_keep;
use crate::{Db, Error, chats_repo};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "approved_users")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    pub(crate) user_id: i64,
    pub(crate) chat_id: i64,
    pub(crate) reason: String,
    pub(crate) approved_by: i64,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub(crate) struct Kinds {
    approved: Kind<BTreeSet<UserId>>,
}

impl Kinds {
    pub(crate) fn new(cache: &Cache) -> Self {
        Self { approved: cache.kind("approvals", HALF_AN_HOUR) }
    }
}

/// Members whom the automatic protections leave alone; from [`Db::approvals`].
#[derive(Debug, Clone, Copy)]
pub struct ApprovalsRepo<'a>(pub(crate) &'a Db);

impl ApprovalsRepo<'_> {
    /// Everybody who is approved in a chat.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn of(&self, chat: ChatId) -> Result<Arc<BTreeSet<UserId>>, Error> {
        self.0
            .cached(&self.0.inner.approvals.approved, &chat.to_string(), move |db| async move {
                let users = Entity::find().select_only().column(Column::UserId);
                let users = users.filter(Column::ChatId.eq(chat.get())).into_tuple::<i64>().all(&db).await?;
                Ok(users.into_iter().map(UserId::new).collect())
            })
            .await
    }

    /// Whether a person is approved in a chat.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn is_approved(&self, chat: ChatId, user: UserId) -> Result<bool, Error> {
        Ok(self.of(chat).await?.contains(&user))
    }

    /// Approves a person, and says whether that is new; an earlier approval keeps its reason and approver.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn approve(&self, chat: ChatId, user: UserId, by: UserId, reason: &str) -> Result<bool, Error> {
        let approved = self
            .0
            .write(move |tx| async move {
                let now = self.0.now();
                chats_repo::ensure(&tx, chat, now).await?;
                let row = ActiveModel {
                    user_id: Set(user.get()),
                    chat_id: Set(chat.get()),
                    reason: Set(reason.to_owned()),
                    approved_by: Set(by.get()),
                    created_at: Set(now),
                    updated_at: Set(now),
                    ..Default::default()
                };
                let keep = or_keep([Column::UserId, Column::ChatId]);
                Entity::insert(row).on_conflict(keep).exec_without_returning(&*tx).await
            })
            .await?;
        forget(self.0, chat).await;
        Ok(approved > 0)
    }

    /// Takes an approval back, and says whether there was one.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was taken back.
    pub async fn remove(&self, chat: ChatId, user: UserId) -> Result<bool, Error> {
        let gone = self
            .0
            .write(move |tx| async move {
                Entity::delete_many()
                    .filter(Column::ChatId.eq(chat.get()))
                    .filter(Column::UserId.eq(user.get()))
                    .exec(&*tx)
                    .await
            })
            .await?;
        forget(self.0, chat).await;
        Ok(gone.rows_affected > 0)
    }
}

pub(crate) async fn forget(db: &Db, chat: ChatId) {
    db.inner.approvals.approved.forget(&chat.to_string()).await;
}
