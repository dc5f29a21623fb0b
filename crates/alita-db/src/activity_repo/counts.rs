//! How many groups and people were active of late.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbBackend;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Query, SelectStatement};
use serde::{Deserialize, Serialize};

use super::take_time;
use crate::watched::Reader;

/// Active within the last day, week and month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// Within 24 hours.
    pub day: u64,
    /// Within 7 days.
    pub week: u64,
    /// Within 30 days.
    pub month: u64,
}

/// The nine counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityCounts {
    /// When they were counted.
    pub counted_at: DateTime<Utc>,
    /// Groups that are not marked as inactive.
    pub active_chats: Windows,
    /// All groups.
    pub chats: u64,
    /// Groups that are marked as inactive.
    pub inactive_chats: u64,
    /// People, whatever group they are in.
    pub active_users: Windows,
    /// All people.
    pub users: u64,
}

/// One query a table. Each number is a range of an index, so that no row is read.
pub(super) async fn count(db: &Reader, now: DateTime<Utc>) -> Result<ActivityCounts, DbErr> {
    let since = [1, 7, 30].map(|days| Expr::value(now - TimeDelta::days(days)));
    let is_inactive = |is_so: bool| Expr::col("is_inactive").eq(is_so);
    let active = |since: &Expr| Expr::col("last_activity").gte(since.clone());
    let mut chats: Vec<SelectStatement> =
        since.iter().map(|since| number("chats", Some(is_inactive(false).and(active(since))))).collect();
    chats.push(number("chats", None));
    chats.push(number("chats", Some(is_inactive(true))));
    let mut users: Vec<SelectStatement> =
        since.iter().map(|since| number("users", Some(active(since)))).collect();
    users.push(number("users", None));

    let (chats, users) = (together(chats), together(users));
    let (chats, users) = match db.get_database_backend() {
        DbBackend::Postgres => {
            let tx = db.begin().await?;
            take_time(&tx).await?;
            let rows = (tx.query_one(&chats).await?, tx.query_one(&users).await?);
            tx.commit().await?;
            rows
        }
        _ => (db.query_one(&chats).await?, db.query_one(&users).await?),
    };
    let (chats, users) = (Numbers(chats), Numbers(users));
    Ok(ActivityCounts {
        counted_at: now,
        active_chats: chats.windows()?,
        chats: chats.at(3)?,
        inactive_chats: chats.at(4)?,
        active_users: users.windows()?,
        users: users.at(3)?,
    })
}

fn number(table: &'static str, of: Option<Expr>) -> SelectStatement {
    let mut statement = Query::select();
    statement.expr(Expr::col("id").count()).from(table);
    if let Some(of) = of {
        statement.and_where(of);
    }
    statement
}

fn together(numbers: Vec<SelectStatement>) -> SelectStatement {
    let mut all = Query::select();
    for number in numbers {
        all.expr(Expr::SubQuery(None, Box::new(number.into())));
    }
    all
}

struct Numbers(Option<QueryResult>);

impl Numbers {
    fn at(&self, index: usize) -> Result<u64, DbErr> {
        let number: i64 = match &self.0 {
            Some(row) => row.try_get_by_index(index)?,
            None => 0,
        };
        Ok(u64::try_from(number).unwrap_or_default())
    }

    fn windows(&self) -> Result<Windows, DbErr> {
        Ok(Windows { day: self.at(0)?, week: self.at(1)?, month: self.at(2)? })
    }
}
