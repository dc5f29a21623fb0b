//! What a chat forbids: table `locks`; cached as `locks_map` for an hour.

use std::collections::BTreeSet;

use alita_cache::{Cache, Kind};
use alita_model::{ChatId, LockSet, LockType};
use sea_orm::Set;
use sea_orm::entity::prelude::*;

use crate::db::AN_HOUR;
use crate::upsert::or_set;
use crate::{Db, Error, chats_repo};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "locks")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    pub(crate) chat_id: i64,
    pub(crate) lock_type: String,
    pub(crate) locked: bool,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub(crate) struct Kinds {
    locks: Kind<LockSet>,
}

impl Kinds {
    pub(crate) fn new(cache: &Cache) -> Self {
        Self { locks: cache.kind("locks_map", AN_HOUR) }
    }
}

/// What a chat forbids; from [`Db::locks`].
#[derive(Debug, Clone, Copy)]
pub struct LocksRepo<'a>(pub(crate) &'a Db);

impl LocksRepo<'_> {
    /// What is locked in a chat; stored names that this build does not know are left out.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn of(&self, chat: ChatId) -> Result<LockSet, Error> {
        let locks = self
            .0
            .cached(&self.0.inner.locks.locks, &chat.to_string(), move |db| async move {
                let rows = Entity::find().filter(Column::ChatId.eq(chat.get())).all(&db).await?;
                let locked = rows.iter().filter(|row| row.locked);
                Ok(locked.filter_map(|row| row.lock_type.parse::<LockType>().ok()).collect())
            })
            .await?;
        Ok(*locks)
    }

    /// Locks or unlocks these types, all of them or none.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn set(&self, chat: ChatId, types: &[LockType], locked: bool) -> Result<(), Error> {
        if types.is_empty() {
            return Ok(());
        }
        // One statement must not touch a row twice.
        let types: BTreeSet<LockType> = types.iter().copied().collect();
        let types = &types;
        self.0
            .write(move |tx| async move {
                let now = self.0.now();
                chats_repo::ensure(&tx, chat, now).await?;
                let rows = types.iter().map(|lock| ActiveModel {
                    chat_id: Set(chat.get()),
                    lock_type: Set(lock.as_str().to_owned()),
                    locked: Set(locked),
                    created_at: Set(now),
                    updated_at: Set(now),
                    ..Default::default()
                });
                let named = or_set([Column::ChatId, Column::LockType], [Column::Locked, Column::UpdatedAt]);
                Entity::insert_many(rows).on_conflict(named).exec_without_returning(&*tx).await
            })
            .await?;
        forget(self.0, chat).await;
        Ok(())
    }
}

pub(crate) async fn forget(db: &Db, chat: ChatId) {
    db.inner.locks.locks.forget(&chat.to_string()).await;
}
