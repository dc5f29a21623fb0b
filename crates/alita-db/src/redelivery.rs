//! The memory for writes whose repetition people would see.
//!
//! An update that was delivered, worked on and not confirmed is delivered again after a crash.
//! Such a write leaves its answer in the same transaction, under the update's id and the number of its step;
//! when the same step of the same update comes again, it gets that answer and writes nothing.

use alita_runtime::origin;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::Set;
use sea_orm::entity::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::upsert::or_keep;
use crate::watched::Transaction;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "update_writes")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    pub(crate) update_id: i64,
    pub(crate) step: i64,
    pub(crate) name: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) answer: Json,
    pub(crate) written_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How long an answer is kept. Telegram: updates that nobody fetched are kept for 24 hours.
const LIFETIME: TimeDelta = TimeDelta::hours(48);

/// The name of one write of one update.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    update_id: i64,
    step: i64,
    name: &'static str,
}

impl Stamp {
    /// The next step of the update in whose name we are working; `None` outside of any.
    pub(crate) fn next(name: &'static str) -> Option<Self> {
        let (update_id, step) = origin::current().zip(origin::next_step())?;
        Some(Self { update_id, step: i64::from(step), name })
    }

    fn filter(self) -> sea_orm::Condition {
        sea_orm::Condition::all()
            .add(Column::UpdateId.eq(self.update_id))
            .add(Column::Step.eq(self.step))
            .add(Column::Name.eq(self.name))
    }

    /// The answer of an earlier delivery, or `None` when this one is the first and shall write.
    ///
    /// Where two deliveries meet, the second waits here until the first has committed or failed.
    pub(crate) async fn earlier<T: DeserializeOwned>(
        self,
        tx: &Transaction,
        now: DateTime<Utc>,
    ) -> Result<Option<T>, DbErr> {
        let row = ActiveModel {
            update_id: Set(self.update_id),
            step: Set(self.step),
            name: Set(self.name.to_owned()),
            answer: Set(Json::Null),
            written_at: Set(now),
            ..Default::default()
        };
        let key = [Column::UpdateId, Column::Step, Column::Name];
        if Entity::insert(row).on_conflict(or_keep(key)).exec_without_returning(tx).await? == 1 {
            return Ok(None);
        }
        let Some(row) = Entity::find().filter(self.filter()).one(tx).await? else { return Ok(None) };
        serde_json::from_value(row.answer).map(Some).map_err(|error| DbErr::Json(error.to_string()))
    }

    /// Keeps the answer for a later delivery.
    pub(crate) async fn keep(self, tx: &Transaction, answer: &impl Serialize) -> Result<(), DbErr> {
        let answer = serde_json::to_value(answer).map_err(|error| DbErr::Json(error.to_string()))?;
        Entity::update_many()
            .col_expr(Column::Answer, Expr::value(answer))
            .filter(self.filter())
            .exec(tx)
            .await?;
        Ok(())
    }
}

/// Whether an earlier delivery of an update has written anything.
pub(crate) async fn has_written(db: &impl ConnectionTrait, update_id: i64) -> Result<bool, DbErr> {
    Ok(Entity::find().filter(Column::UpdateId.eq(update_id)).one(db).await?.is_some())
}

/// Forgets answers for which no delivery can ask any more; returns how many.
pub(crate) async fn sweep(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let gone = Entity::delete_many().filter(Column::WrittenAt.lt(now - LIFETIME)).exec(db).await?;
    Ok(gone.rows_affected)
}
