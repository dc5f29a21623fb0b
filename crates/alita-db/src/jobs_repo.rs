//! What is to happen later: table `jobs`. Not cached.
//!
//! The runner uses the table through [`alita_runtime::jobs::JobStore`], which [`Db`] implements; what stands in this
//! file is for the operator. A job that is done is deleted, so the table holds what waits, what runs, and what was
//! put aside.

mod store;

use alita_model::ChatId;
use alita_runtime::jobs::JobId;
use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Query};
use sea_orm::{QueryOrder, QuerySelect};

use crate::watched::Transaction;
use crate::{Db, Error};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    pub(crate) name: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) payload: Json,
    pub(crate) dedupe_key: Option<String>,
    pub(crate) chat_id: Option<i64>,
    pub(crate) state: String,
    pub(crate) due_at: DateTimeUtc,
    pub(crate) attempts: i64,
    pub(crate) turn: i64,
    pub(crate) lease_until: Option<DateTimeUtc>,
    pub(crate) last_error: Option<String>,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// It waits for its time, or runs.
const WAITING: &str = "waiting";
/// It was put aside.
const DEAD: &str = "dead";

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobState {
    /// It waits for its time.
    Waiting,
    /// An instance has claimed it.
    Running,
    /// It was put aside.
    Dead,
}

/// A job as an operator sees it. What it is to do exactly stays in the database, for that may be about people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredJob {
    /// Its number.
    pub id: JobId,
    /// Which job it is.
    pub name: String,
    /// Where it stands.
    pub state: JobState,
    /// The chat that it is about.
    pub chat: Option<ChatId>,
    /// When it is to run.
    pub due: DateTime<Utc>,
    /// How often it was begun.
    pub attempts: u32,
    /// Why it failed the last time.
    pub last_error: Option<String>,
}

/// What became of the wish to have a job run now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retry {
    /// It is due.
    Due,
    /// An instance is running it at this moment.
    Running,
    /// Another job that waits is there for the same purpose.
    Superseded,
    /// There is no such job.
    NotFound,
}

/// What is to happen later, for the operator; from [`Db::jobs`].
#[derive(Debug, Clone, Copy)]
pub struct JobsRepo<'a>(pub(crate) &'a Db);

impl JobsRepo<'_> {
    /// At most so many jobs, in the order in which they are due.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn all(&self, limit: u64) -> Result<Vec<StoredJob>, Error> {
        self.list(Entity::find().limit(limit)).await
    }

    /// The same of those that were put aside.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn dead(&self, limit: u64) -> Result<Vec<StoredJob>, Error> {
        self.list(Entity::find().filter(Column::State.eq(DEAD)).limit(limit)).await
    }

    async fn list(&self, jobs: Select<Entity>) -> Result<Vec<StoredJob>, Error> {
        let jobs = jobs.order_by_asc(Column::DueAt).order_by_asc(Column::Id);
        let (jobs, now) = (&jobs, self.0.now());
        let rows = self.0.read(move |db| async move { jobs.clone().all(&db).await }).await?;
        Ok(rows.into_iter().map(|row| seen(row, now)).collect())
    }

    /// Makes a job due now, with all its attempts before it.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was changed.
    pub async fn retry(&self, id: JobId) -> Result<Retry, Error> {
        let now = self.0.now();
        self.0.write(move |tx| async move { revive(&tx, id.get(), now).await }).await
    }

    /// Makes all dead jobs due now, and says how many; those of which another one waits already stay dead.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was changed.
    pub async fn retry_dead(&self) -> Result<u64, Error> {
        let now = self.0.now();
        self.0
            .write(move |tx| async move {
                let dead = Entity::find().filter(Column::State.eq(DEAD)).order_by_asc(Column::Id);
                let mut revived = 0;
                // One by one, for of two with the same key only the first can wait.
                for id in dead.select_only().column(Column::Id).into_tuple::<i64>().all(&*tx).await? {
                    revived += u64::from(revive(&tx, id, now).await? == Retry::Due);
                }
                Ok(revived)
            })
            .await
    }

    /// Deletes a job, wherever it stands, and says whether it was there.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was deleted.
    pub async fn discard(&self, id: JobId) -> Result<bool, Error> {
        let gone =
            self.0.write(move |tx| async move { Entity::delete_by_id(id.get()).exec(&*tx).await }).await?;
        Ok(gone.rows_affected > 0)
    }
}

fn seen(row: Model, now: DateTime<Utc>) -> StoredJob {
    let state = match row.lease_until {
        _ if row.state == DEAD => JobState::Dead,
        Some(lease) if lease > now => JobState::Running,
        _ => JobState::Waiting,
    };
    StoredJob {
        id: JobId::new(row.id),
        name: row.name,
        state,
        chat: row.chat_id.map(ChatId::new),
        due: row.due_at,
        attempts: row.attempts.try_into().unwrap_or_default(),
        last_error: row.last_error,
    }
}

async fn revive(tx: &Transaction, id: i64, now: DateTime<Utc>) -> Result<Retry, DbErr> {
    let taken = Query::select()
        .expr(Expr::value(1))
        .from_as("jobs", "other")
        .and_where(Expr::col(("other", "state")).eq(WAITING))
        .and_where(Expr::col(("other", "dedupe_key")).equals(("jobs", "dedupe_key")))
        .and_where(Expr::col(("other", "id")).ne(id))
        .take();
    let changed = Entity::update_many()
        .col_expr(Column::State, Expr::value(WAITING))
        .col_expr(Column::DueAt, Expr::value(now))
        .col_expr(Column::Attempts, Expr::value(0))
        .col_expr(Column::Turn, Expr::cust("turn + 1"))
        .col_expr(Column::LeaseUntil, Expr::cust("NULL"))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(free(now))
        .filter(Expr::exists(taken).not())
        .exec(tx)
        .await?;
    if changed.rows_affected > 0 {
        return Ok(Retry::Due);
    }
    Ok(match Entity::find_by_id(id).one(tx).await? {
        None => Retry::NotFound,
        Some(row) if seen(row.clone(), now).state == JobState::Running => Retry::Running,
        Some(_) => Retry::Superseded,
    })
}

/// Nobody holds it.
fn free(now: DateTime<Utc>) -> sea_orm::Condition {
    sea_orm::Condition::any().add(Column::LeaseUntil.is_null()).add(Column::LeaseUntil.lte(now))
}

/// A chat got another id.
pub(crate) async fn move_chat(
    tx: &Transaction,
    old: ChatId,
    new: ChatId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::ChatId, Expr::value(new.get()))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::ChatId.eq(old.get()))
        .exec(tx)
        .await?;
    Ok(())
}
