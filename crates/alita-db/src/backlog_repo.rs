//! Updates that take long, so that those after them need not wait: table `backlog`, not cached.

use chrono::TimeDelta;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, Set};

use crate::upsert::or_keep;
use crate::{Db, Error};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "backlog")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    #[sea_orm(unique)]
    pub(crate) update_id: i64,
    #[sea_orm(column_type = "Text")]
    pub(crate) body: String,
    pub(crate) kept_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What people asked for longer ago is of no use to them. Telegram: updates that nobody fetched are kept for 24 hours.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// Forgets what is too old; returns how many.
pub(crate) async fn sweep(db: &impl ConnectionTrait, now: DateTimeUtc) -> Result<u64, DbErr> {
    let gone = Entity::delete_many().filter(Column::KeptAt.lt(now - LIFETIME)).exec(db).await?;
    Ok(gone.rows_affected)
}

/// Updates that take long; from [`Db::backlog`].
#[derive(Debug, Clone, Copy)]
pub struct BacklogRepo<'a>(pub(crate) &'a Db);

impl BacklogRepo<'_> {
    /// Keeps updates by their numbers, all of them or none; those that are kept already stay as they are.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was kept.
    pub async fn keep(&self, updates: &[(i64, String)]) -> Result<(), Error> {
        let now = self.0.now();
        let rows = updates.iter().map(|(update_id, body)| ActiveModel {
            update_id: Set(*update_id),
            body: Set(body.clone()),
            kept_at: Set(now),
            ..Default::default()
        });
        let rows: Vec<ActiveModel> = rows.collect();
        let rows = &rows;
        self.0
            .write(move |tx| async move {
                let insert = Entity::insert_many(rows.clone()).on_conflict(or_keep([Column::UpdateId]));
                insert.exec_without_returning(&*tx).await
            })
            .await?;
        Ok(())
    }

    /// Every update that has been kept for at most a day, the lowest number first.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn all(&self) -> Result<Vec<(i64, String)>, Error> {
        let oldest = self.0.now() - LIFETIME;
        let rows = self
            .0
            .read(|db| async move {
                let kept = Entity::find().filter(Column::KeptAt.gte(oldest));
                kept.order_by_asc(Column::UpdateId).all(&db).await
            })
            .await?;
        Ok(rows.into_iter().map(|row| (row.update_id, row.body)).collect())
    }

    /// Keeps these no longer.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then all of them are still kept.
    pub async fn forget(&self, ids: &[i64]) -> Result<(), Error> {
        self.0
            .write(move |tx| async move {
                Entity::delete_many().filter(Column::UpdateId.is_in(ids.iter().copied())).exec(&*tx).await
            })
            .await?;
        Ok(())
    }
}
