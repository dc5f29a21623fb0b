//! Marks groups that fell silent, and keeps the days of groups.

use alita_model::ChatId;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Query};

use super::{Column, Entity, NAME, days, ensure, take_time};
use crate::watched::Transaction;
use crate::{Db, Error, chats_repo};

/// So many groups are marked in one transaction, so that nobody waits long for it.
const BATCH: u64 = 1_000;

/// How long the days of groups are kept.
const DAYS: TimeDelta = TimeDelta::days(90);

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Groups that are now marked as inactive.
    pub marked: u64,
    /// Groups that were marked and have been heard since.
    pub revived: u64,
    /// The bot has not listened for long enough to call anybody silent.
    pub is_too_early: bool,
}

pub(super) async fn sweep(db: &Db, silence: TimeDelta, period: TimeDelta) -> Result<Option<Swept>, Error> {
    let now = db.now();
    let Some(since) = db.write(move |tx| async move { claim(&tx, now, period).await }).await? else {
        return Ok(None);
    };
    let revived = db.write(move |tx| async move { revive(&tx).await }).await?;
    forget(db, &revived).await;
    let mut swept = Swept { revived: count(&revived), ..Swept::default() };
    let limit = now - silence;
    if since > limit {
        swept.is_too_early = true;
    } else {
        loop {
            let marked = db.write(move |tx| async move { mark(&tx, limit, now).await }).await?;
            forget(db, &marked).await;
            swept.marked += count(&marked);
            if count(&marked) < BATCH {
                break;
            }
        }
    }
    db.write(move |tx| async move { keep_days(&tx, now).await }).await?;
    Ok(Some(swept))
}

/// Takes the sweep of this period, and says since when the bot has been alive; of many processes one gets it.
async fn claim(
    tx: &Transaction,
    now: DateTime<Utc>,
    period: TimeDelta,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    ensure(tx, now).await?;
    // A little less than the period, or two clocks that differ by a second would skip every other one.
    let due = now - period * 9 / 10;
    let mine = Entity::update_many()
        .col_expr(Column::SweptAt, Expr::value(now))
        .filter(Column::Name.eq(NAME))
        .filter(Column::SweptAt.is_null().or(Column::SweptAt.lte(due)))
        .exec_with_returning(tx)
        .await?;
    Ok(mine.first().map(|row| row.alive_since))
}

/// A group whose bot left is marked after its last message, and stays so.
async fn revive(tx: &Transaction) -> Result<Vec<ChatId>, DbErr> {
    use chats_repo::{Column, Entity};
    take_time(tx).await?;
    let rows = Entity::update_many()
        .col_expr(Column::IsInactive, Expr::value(false))
        .filter(Column::IsInactive.eq(true))
        .filter(Expr::col(Column::LastActivity).gt(Expr::col(Column::UpdatedAt)))
        .exec_with_returning(tx)
        .await?;
    Ok(rows.into_iter().map(|row| ChatId::new(row.chat_id)).collect())
}

async fn mark(tx: &Transaction, limit: DateTime<Utc>, now: DateTime<Utc>) -> Result<Vec<ChatId>, DbErr> {
    use chats_repo::{Column, Entity};
    take_time(tx).await?;
    let silent: Vec<i64> = Entity::find()
        .select_only()
        .column(Column::ChatId)
        .filter(Column::IsInactive.eq(false))
        .filter(Column::LastActivity.lt(limit))
        .limit(BATCH)
        .into_tuple()
        .all(tx)
        .await?;
    if silent.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Entity::update_many()
        .col_expr(Column::IsInactive, Expr::value(true))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::ChatId.is_in(silent))
        // Somebody may have spoken since we looked.
        .filter(Column::LastActivity.lt(limit))
        .exec_with_returning(tx)
        .await?;
    Ok(rows.into_iter().map(|row| ChatId::new(row.chat_id)).collect())
}

/// Counts the people of today, as far as they were seen until now, and lets old days go.
async fn keep_days(tx: &Transaction, now: DateTime<Utc>) -> Result<(), DbErr> {
    take_time(tx).await?;
    let today = now.date_naive();
    let people = Query::select()
        .expr(Expr::col(("chat_members", "id")).count())
        .from("chat_members")
        .and_where(Expr::col(("chat_members", "chat_id")).equals(("chat_activity", "chat_id")))
        .and_where(
            Expr::col(("chat_members", "last_seen")).gte(today.and_time(chrono::NaiveTime::MIN).and_utc()),
        )
        .take();
    let statement = Query::update()
        .table("chat_activity")
        .value("users_estimate", Expr::SubQuery(None, Box::new(people.into())))
        .and_where(Expr::col(("chat_activity", "day")).eq(today))
        .take();
    tx.execute(&statement).await?;
    days::Entity::delete_many().filter(days::Column::Day.lt(today - DAYS)).exec(tx).await?;
    Ok(())
}

async fn forget(db: &Db, chats: &[ChatId]) {
    for chat in chats {
        chats_repo::forget(db, *chat).await;
    }
}

fn count(chats: &[ChatId]) -> u64 {
    u64::try_from(chats.len()).unwrap_or(u64::MAX)
}
