//! The table as the runner of jobs uses it.

use std::time::Duration;

use alita_runtime::jobs::{self, Claim, Counts, Due, End, JobId, JobStore, Order, Subject};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DbBackend, PaginatorTrait, QueryOrder, QuerySelect, Set, Statement};

use super::{ActiveModel, Column, DEAD, Entity, Model, WAITING, free};
use crate::watched::Transaction;
use crate::{Db, Error};

/// The table's partial unique key, as a conflict has to name it.
const WHILE_WAITING: &str = "state = 'waiting'";

/// Claims what is due and free. The array is worked out once and before anything is changed: a plain `IN` may be
/// asked again for each row, and would then claim more than the limit. What another instance is claiming at this
/// moment is passed over.
const CLAIM_POSTGRES: &str = r#"UPDATE "jobs" SET "lease_until" = $1, "attempts" = "attempts" + 1, "turn" = "turn" + 1, "updated_at" = $2
WHERE "id" = ANY(ARRAY(
    SELECT "id" FROM "jobs"
    WHERE "state" = 'waiting' AND "due_at" <= $2 AND ("lease_until" IS NULL OR "lease_until" <= $2)
    ORDER BY "due_at", "id" LIMIT $3 FOR UPDATE SKIP LOCKED))
RETURNING *"#;

/// The same where there is one writer at a time.
const CLAIM_SQLITE: &str = r#"UPDATE "jobs" SET "lease_until" = $1, "attempts" = "attempts" + 1, "turn" = "turn" + 1, "updated_at" = $2
WHERE "id" IN (
    SELECT "id" FROM "jobs"
    WHERE "state" = 'waiting' AND "due_at" <= $2 AND ("lease_until" IS NULL OR "lease_until" <= $2)
    ORDER BY "due_at", "id" LIMIT $3)
RETURNING *"#;

impl From<Error> for jobs::Error {
    fn from(error: Error) -> Self {
        Self::store(error)
    }
}

#[async_trait::async_trait]
impl JobStore for Db {
    async fn schedule(&self, order: &Order, now: DateTime<Utc>) -> Result<bool, jobs::Error> {
        Ok(self.write(move |tx| async move { schedule(&tx, order, now).await }).await?)
    }

    async fn cancel(&self, key: &str) -> Result<bool, jobs::Error> {
        let gone = self
            .write(move |tx| async move {
                let waiting = Column::State.eq(WAITING);
                Entity::delete_many().filter(Column::DedupeKey.eq(key)).filter(waiting).exec(&*tx).await
            })
            .await?;
        Ok(gone.rows_affected > 0)
    }

    async fn claim(&self, now: DateTime<Utc>, lease: Duration, limit: usize) -> Result<Due, jobs::Error> {
        // Mostly nothing is due, and then nothing is written.
        let next = self.read(move |db| async move { next_due(&db, now).await }).await?;
        if next.is_none_or(|due| due > now) {
            return Ok(Due { claims: Vec::new(), next });
        }
        let lease = now + TimeDelta::from_std(lease).unwrap_or(TimeDelta::zero());
        let rows = self.write(move |tx| async move { claim(&tx, now, lease, limit).await }).await?;
        Ok(Due { claims: rows.into_iter().map(claimed).collect(), next: None })
    }

    async fn end(&self, claim: &Claim, end: End, now: DateTime<Utc>) -> Result<bool, jobs::Error> {
        let end = &end;
        Ok(self.write(move |tx| async move { write_end(&tx, claim, end, now).await }).await?)
    }

    async fn counts(&self) -> Result<Counts, jobs::Error> {
        let count = |state: &'static str| {
            self.read(
                move |db| async move { Entity::find().filter(Column::State.eq(state)).count(&db).await },
            )
        };
        Ok(Counts { waiting: count(WAITING).await?, dead: count(DEAD).await? })
    }

    async fn recover(&self, now: DateTime<Utc>) -> Result<u64, jobs::Error> {
        // An embedded database has one process, so a claim that is there before this one claims is a dead one's.
        // Behind a server others may be alive, and only the end of the lease tells.
        if self.connection().get_database_backend() != DbBackend::Sqlite {
            return Ok(0);
        }
        let freed = self
            .write(move |tx| async move {
                Entity::update_many()
                    .col_expr(Column::LeaseUntil, Expr::cust("NULL"))
                    .col_expr(Column::UpdatedAt, Expr::value(now))
                    .filter(Column::State.eq(WAITING))
                    .filter(Column::LeaseUntil.is_not_null())
                    .exec(&*tx)
                    .await
            })
            .await?;
        Ok(freed.rows_affected)
    }
}

/// Stores a job in somebody's transaction, so that it is there if and only if their write is.
pub(crate) async fn schedule(tx: &Transaction, order: &Order, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let row = ActiveModel {
        name: Set(order.name.to_owned()),
        payload: Set(order.value.clone()),
        dedupe_key: Set(order.key.clone()),
        chat_id: Set(order.subject.map(Subject::get)),
        state: Set(WAITING.to_owned()),
        due_at: Set(order.due),
        attempts: Set(0),
        turn: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let mut same = OnConflict::column(Column::DedupeKey);
    same.target_and_where(Expr::cust(WHILE_WAITING));
    if order.is_replacing {
        // Another turn: whoever runs the replaced job ends nothing any more.
        same.update_columns([
            Column::Name,
            Column::Payload,
            Column::ChatId,
            Column::DueAt,
            Column::Attempts,
            Column::LeaseUntil,
            Column::LastError,
            Column::UpdatedAt,
        ])
        .value(Column::Turn, Expr::cust("jobs.turn + 1"));
    } else {
        same.do_nothing();
    }
    let insert = Entity::insert(row);
    let stored = match order.key {
        Some(_) => insert.on_conflict(same).exec_without_returning(tx).await?,
        None => insert.exec_without_returning(tx).await?,
    };
    Ok(stored > 0)
}

/// The earliest time among the jobs that nobody holds.
async fn next_due(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, DbErr> {
    let waiting = Entity::find().filter(Column::State.eq(WAITING)).filter(free(now));
    let first = waiting.order_by_asc(Column::DueAt).select_only().column(Column::DueAt);
    first.into_tuple::<DateTime<Utc>>().one(db).await
}

async fn claim(
    tx: &Transaction,
    now: DateTime<Utc>,
    lease: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<Model>, DbErr> {
    let backend = tx.get_database_backend();
    let sql = if backend == DbBackend::Sqlite { CLAIM_SQLITE } else { CLAIM_POSTGRES };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values: [Value; 3] = [lease.into(), now.into(), limit.into()];
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let mut rows = Entity::find().from_raw_sql(statement).all(tx).await?;
    rows.sort_by_key(|row| (row.due_at, row.id));
    Ok(rows)
}

fn claimed(row: Model) -> Claim {
    Claim {
        id: JobId::new(row.id),
        turn: row.turn,
        name: row.name,
        value: row.payload,
        subject: row.chat_id.map(Subject::new),
        due: row.due_at,
        attempt: row.attempts.try_into().unwrap_or(u32::MAX),
    }
}

async fn write_end(tx: &Transaction, claim: &Claim, end: &End, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let ours = sea_orm::Condition::all()
        .add(Column::Id.eq(claim.id.get()))
        .add(Column::Turn.eq(claim.turn))
        .add(Column::State.eq(WAITING));
    let free = Entity::update_many()
        .col_expr(Column::LeaseUntil, Expr::cust("NULL"))
        .col_expr(Column::UpdatedAt, Expr::value(now));
    let changed = match end {
        End::Done => {
            return Ok(Entity::delete_many().filter(ours).exec(tx).await?.rows_affected > 0);
        }
        End::Retry { due, why } => free
            .col_expr(Column::DueAt, Expr::value(*due))
            .col_expr(Column::LastError, Expr::value(why.as_str())),
        End::Repeat { due } => {
            free.col_expr(Column::DueAt, Expr::value(*due)).col_expr(Column::Attempts, Expr::value(0))
        }
        End::Release => free.col_expr(Column::Attempts, Expr::cust("attempts - 1")),
        End::Bury { why } => free
            .col_expr(Column::State, Expr::value(DEAD))
            .col_expr(Column::LastError, Expr::value(why.as_str())),
    };
    Ok(changed.filter(ours).exec(tx).await?.rows_affected > 0)
}
