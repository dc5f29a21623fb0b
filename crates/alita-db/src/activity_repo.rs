//! Who was active when: columns `last_activity` and `last_seen`, tables `bot_activity` and `chat_activity`.
//!
//! Times that only move on are written behind, all together every few seconds. The counts are cached as
//! `activity_counts` for five minutes.

mod behind;
mod counts;
mod sweep;

use std::time::Duration;

use alita_cache::{Cache, Kind};
use alita_model::ChatId;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::{DbBackend, Set};

use crate::upsert::{or_keep, or_set};
use crate::watched::Transaction;
use crate::{Db, Error};

pub(crate) use behind::Behind;
pub use counts::{ActivityCounts, Windows};
pub use sweep::Swept;

/// How long the counts are believed.
const BELIEVED: Duration = Duration::from_secs(5 * 60);

/// The one row: the bot as a whole, all its instances together.
const NAME: &str = "bot";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bot_activity")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    #[sea_orm(unique)]
    pub(crate) name: String,
    pub(crate) alive_at: DateTimeUtc,
    pub(crate) alive_since: DateTimeUtc,
    pub(crate) swept_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Messages and people of a group on a day.
pub(crate) mod days {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "chat_activity")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        pub(crate) chat_id: i64,
        pub(crate) day: Date,
        pub(crate) messages: i64,
        pub(crate) users_estimate: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) struct Memory {
    pub(crate) behind: Behind,
    counts: Kind<ActivityCounts>,
}

impl Memory {
    pub(crate) fn new(cache: &Cache) -> Self {
        Self { behind: Behind::default(), counts: cache.kind("activity_counts", BELIEVED) }
    }
}

/// What was said in a group on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChatDay {
    /// The day, in UTC.
    pub day: Date,
    /// How many messages were heard.
    pub messages: u64,
    /// How many people were seen, as far as the last look at it knows.
    pub users_estimate: u64,
}

/// Who was active when; from [`Db::activity`].
#[derive(Debug, Clone, Copy)]
pub struct ActivityRepo<'a>(pub(crate) &'a Db);

impl ActivityRepo<'_> {
    /// Counts a message of a group; it is written with the next [`ActivityRepo::flush`].
    pub fn heard(&self, chat: ChatId) {
        self.0.inner.activity.behind.heard(chat, self.0.now().date_naive());
    }

    /// How many facts wait to be written.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.inner.activity.behind.len()
    }

    /// Waits until so much has to be written that it should be done now.
    pub async fn is_full(&self) {
        self.0.inner.activity.behind.is_full().await;
    }

    /// Writes what waits, all of it in one transaction, and says how many facts that were.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then all of it waits for the next call.
    pub async fn flush(&self) -> Result<usize, Error> {
        behind::flush(self.0).await
    }

    /// Writes down that the bot is alive, and says since when it has been, without a gap longer than `gap`.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn alive(&self, gap: TimeDelta) -> Result<DateTime<Utc>, Error> {
        self.0.write(move |tx| async move { alive(&tx, self.0.now(), gap).await }).await
    }

    /// How many groups and people were active; counted anew after five minutes.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn counts(&self) -> Result<ActivityCounts, Error> {
        let now = self.0.now();
        let counts =
            self.0
                .cached(&self.0.inner.activity.counts, "all", move |db| async move {
                    counts::count(&db, now).await
                })
                .await?;
        Ok(*counts)
    }

    /// Marks groups in which nothing was said for longer than `silence`, and takes the mark from those that were
    /// heard since; brings the days of groups up to date. `None` when another process has done it within `period`.
    ///
    /// A bot that was itself away for longer than `silence` marks nobody until it has listened for that long.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; what was done until then stays done.
    pub async fn sweep(&self, silence: TimeDelta, period: TimeDelta) -> Result<Option<Swept>, Error> {
        sweep::sweep(self.0, silence, period).await
    }

    /// The last days of a group, the latest first.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn days(&self, chat: ChatId, since: Date) -> Result<Vec<ChatDay>, Error> {
        use sea_orm::QueryOrder;
        let rows = self
            .0
            .read(move |db| async move {
                let of_chat = days::Entity::find().filter(days::Column::ChatId.eq(chat.get()));
                of_chat.filter(days::Column::Day.gte(since)).order_by_desc(days::Column::Day).all(&db).await
            })
            .await?;
        let number = |number: i64| u64::try_from(number).unwrap_or_default();
        let day = |row: days::Model| ChatDay {
            day: row.day,
            messages: number(row.messages),
            users_estimate: number(row.users_estimate),
        };
        Ok(rows.into_iter().map(day).collect())
    }
}

async fn alive(tx: &Transaction, now: DateTime<Utc>, gap: TimeDelta) -> Result<DateTime<Utc>, DbErr> {
    let known = Entity::find().filter(Column::Name.eq(NAME)).one(tx).await?;
    let since = match &known {
        Some(row) if now - row.alive_at <= gap => row.alive_since,
        Some(_) | None => now,
    };
    let row = ActiveModel {
        name: Set(NAME.to_owned()),
        alive_at: Set(now),
        alive_since: Set(since),
        swept_at: Set(None),
        ..Default::default()
    };
    let end = or_set([Column::Name], [Column::AliveAt, Column::AliveSince]);
    Entity::insert(row).on_conflict(end).exec_without_returning(tx).await?;
    Ok(since)
}

/// Makes sure that the one row is there.
async fn ensure(tx: &Transaction, now: DateTime<Utc>) -> Result<(), DbErr> {
    let row = ActiveModel {
        name: Set(NAME.to_owned()),
        alive_at: Set(now),
        alive_since: Set(now),
        swept_at: Set(None),
        ..Default::default()
    };
    Entity::insert(row).on_conflict(or_keep([Column::Name])).exec_without_returning(tx).await?;
    Ok(())
}

/// Statements that look at whole tables may take longer than those for which somebody waits.
async fn take_time(tx: &Transaction) -> Result<(), DbErr> {
    if tx.get_database_backend() == DbBackend::Postgres {
        tx.execute_unprepared("SET LOCAL statement_timeout = '60s'").await?;
    }
    Ok(())
}
