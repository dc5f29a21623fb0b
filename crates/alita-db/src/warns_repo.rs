//! Warnings, and when a chat punishes: tables `warns_users` and `warns_settings`.
//!
//! Cached as `warns` by person and chat and as `warn_settings` by chat, both for half an hour.

use alita_cache::{Cache, Kind};
use alita_model::{ChatId, Punishment, Tally, UserId, WarnPolicy, cut_reason};
use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DbBackend, PaginatorTrait, QuerySelect, Set};

use crate::db::{HALF_AN_HOUR, Tx};
use crate::watched::Transaction;
use crate::{Db, Error, chats_repo, users_repo};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "warns_users")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    pub(crate) user_id: i64,
    pub(crate) chat_id: i64,
    pub(crate) num_warns: i64,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) warns: Json,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

mod settings {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "warns_settings")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        #[sea_orm(unique)]
        pub(crate) chat_id: i64,
        pub(crate) warn_limit: i64,
        pub(crate) warn_mode: String,
        pub(crate) created_at: DateTimeUtc,
        pub(crate) updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) struct Kinds {
    policy: Kind<WarnPolicy>,
    tally: Kind<Tally>,
}

impl Kinds {
    pub(crate) fn new(cache: &Cache) -> Self {
        Self { policy: cache.kind("warn_settings", HALF_AN_HOUR), tally: cache.kind("warns", HALF_AN_HOUR) }
    }
}

/// Warnings, and when a chat punishes; from [`Db::warns`].
#[derive(Debug, Clone, Copy)]
pub struct WarnsRepo<'a>(pub(crate) &'a Db);

impl WarnsRepo<'_> {
    /// When a chat punishes, and how.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn policy(&self, chat: ChatId) -> Result<WarnPolicy, Error> {
        let policy = self
            .0
            .cached(&self.0.inner.warns.policy, &chat.to_string(), move |db| async move {
                policy(&db, chat).await
            })
            .await?;
        Ok(*policy)
    }

    /// Sets at how many warnings a chat punishes; at least 1.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn set_limit(&self, chat: ChatId, limit: u32) -> Result<(), Error> {
        let row = settings_row(limit, Punishment::default());
        self.set(chat, row, settings::Column::WarnLimit).await
    }

    /// Sets how a chat punishes.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn set_punishment(&self, chat: ChatId, punishment: Punishment) -> Result<(), Error> {
        let row = settings_row(WarnPolicy::default().limit(), punishment);
        self.set(chat, row, settings::Column::WarnMode).await
    }

    async fn set(
        &self,
        chat: ChatId,
        row: settings::ActiveModel,
        column: settings::Column,
    ) -> Result<(), Error> {
        self.0.set_for_chat(chat, row, column).await?;
        self.0.inner.warns.policy.forget(&chat.to_string()).await;
        Ok(())
    }

    /// The warnings of a person in a chat.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn of(&self, chat: ChatId, user: UserId) -> Result<Tally, Error> {
        let tally = self
            .0
            .cached(&self.0.inner.warns.tally, &key(chat, user), move |db| async move {
                let row = Entity::find().filter(of(chat, user)).one(&db).await?;
                row.map(tally).transpose().map(Option::unwrap_or_default)
            })
            .await?;
        Ok((*tally).clone())
    }

    /// How many people have warnings in a chat. Not cached.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn count(&self, chat: ChatId) -> Result<u64, Error> {
        let warned = Entity::find().filter(Column::ChatId.eq(chat.get())).filter(Column::NumWarns.gt(0));
        let warned = &warned;
        self.0.read(move |db| async move { warned.clone().count(&db).await }).await
    }

    /// Adds a warning, and answers what then stands and under which policy, both as of the same moment.
    ///
    /// The reason is cut to 3000 bytes; no reason is kept as an empty one. One transaction; a redelivered update
    /// adds nothing and gets the first answer.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was added.
    pub async fn add(
        &self,
        chat: ChatId,
        user: UserId,
        reason: Option<&str>,
    ) -> Result<(Tally, WarnPolicy), Error> {
        let reason = cut_reason(reason.unwrap_or_default());
        let answer = self
            .0
            .write_once("warns.add", move |tx| async move {
                let now = self.0.now();
                chats_repo::ensure(&tx, chat, now).await?;
                users_repo::ensure(&tx, user, now).await?;
                let tally = append(&tx, chat, user, reason, now).await?;
                Ok((tally, policy(&*tx, chat).await?))
            })
            .await?;
        self.forget(chat, user).await;
        Ok(answer)
    }

    /// Takes the last warning back; `None` when there was none.
    ///
    /// A redelivered update takes nothing back and gets the first answer.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was taken back.
    pub async fn remove_last(&self, chat: ChatId, user: UserId) -> Result<Option<Tally>, Error> {
        let left = self
            .0
            .write_once("warns.remove_last", move |tx| async move {
                let shortened = match tx.get_database_backend() {
                    DbBackend::Sqlite => "json_remove(warns, '$[#-1]')",
                    _ => "warns - (-1)",
                };
                let rows = Entity::update_many()
                    .col_expr(Column::NumWarns, Expr::cust("num_warns - 1"))
                    .col_expr(Column::Warns, Expr::cust(shortened))
                    .col_expr(Column::UpdatedAt, Expr::value(self.0.now()))
                    .filter(of(chat, user))
                    .filter(Column::NumWarns.gt(0))
                    .exec_with_returning(&*tx)
                    .await?;
                rows.into_iter().next().map(tally).transpose()
            })
            .await?;
        self.forget(chat, user).await;
        Ok(left)
    }

    /// Takes all warnings of a person in a chat back, and says whether there were any.
    ///
    /// A redelivered update takes nothing back and gets the first answer.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was taken back.
    pub async fn reset(&self, chat: ChatId, user: UserId) -> Result<bool, Error> {
        let work = move |tx: Tx| async move { delete(&tx, chat, user, 1).await };
        let is_gone = self.0.write_once("warns.reset", work).await?;
        self.forget(chat, user).await;
        Ok(is_gone)
    }

    /// Lets a person start again after the punishment: takes their warnings back if they still stand at the limit.
    ///
    /// Says whether they did; of two callers at once one hears yes.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was taken back.
    pub async fn clear_at_limit(&self, chat: ChatId, user: UserId) -> Result<bool, Error> {
        let work = move |tx: Tx| async move {
            let limit = policy(&*tx, chat).await?.limit();
            delete(&tx, chat, user, limit).await
        };
        let is_gone = self.0.write_once("warns.clear_at_limit", work).await?;
        self.forget(chat, user).await;
        Ok(is_gone)
    }

    /// Takes all warnings in a chat back, and says how many people had some.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was taken back.
    pub async fn reset_all(&self, chat: ChatId) -> Result<u64, Error> {
        let warned = self
            .0
            .write_once("warns.reset_all", move |tx| async move {
                let rows = Entity::delete_many()
                    .filter(Column::ChatId.eq(chat.get()))
                    .exec_with_returning(&*tx)
                    .await?;
                let warned =
                    rows.into_iter().filter(|row| row.num_warns > 0).map(|row| UserId::new(row.user_id));
                Ok(warned.collect::<Vec<_>>())
            })
            .await?;
        for user in &warned {
            self.forget(chat, *user).await;
        }
        Ok(warned.len().try_into().unwrap_or(u64::MAX))
    }

    async fn forget(&self, chat: ChatId, user: UserId) {
        self.0.inner.warns.tally.forget(&key(chat, user)).await;
    }
}

fn key(chat: ChatId, user: UserId) -> String {
    format!("{user}:{chat}")
}

fn of(chat: ChatId, user: UserId) -> sea_orm::Condition {
    sea_orm::Condition::all().add(Column::UserId.eq(user.get())).add(Column::ChatId.eq(chat.get()))
}

fn settings_row(limit: u32, punishment: Punishment) -> settings::ActiveModel {
    settings::ActiveModel {
        warn_limit: Set(limit.into()),
        warn_mode: Set(punishment.as_str().to_owned()),
        ..Default::default()
    }
}

/// One statement that counts up and appends, so that warnings at the same moment all count.
async fn append(
    tx: &Transaction,
    chat: ChatId,
    user: UserId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Tally, DbErr> {
    let row = ActiveModel {
        user_id: Set(user.get()),
        chat_id: Set(chat.get()),
        num_warns: Set(1),
        warns: Set(Json::from(vec![reason])),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let appended = match tx.get_database_backend() {
        DbBackend::Sqlite => "json_insert(warns_users.warns, '$[#]', json_extract(excluded.warns, '$[0]'))",
        _ => "warns_users.warns || excluded.warns",
    };
    let count_up = OnConflict::columns([Column::UserId, Column::ChatId])
        .value(Column::NumWarns, Expr::cust("warns_users.num_warns + 1"))
        .value(Column::Warns, Expr::cust(appended))
        .update_column(Column::UpdatedAt)
        .to_owned();
    tally(Entity::insert(row).on_conflict(count_up).exec_with_returning(tx).await?)
}

/// Deletes the warnings of a person if there are at least so many.
async fn delete(tx: &Transaction, chat: ChatId, user: UserId, at_least: u32) -> Result<bool, DbErr> {
    let enough = Column::NumWarns.gte(at_least);
    let gone = Entity::delete_many().filter(of(chat, user)).filter(enough).exec(tx).await?;
    Ok(gone.rows_affected > 0)
}

fn tally(row: Model) -> Result<Tally, DbErr> {
    let reasons = serde_json::from_value(row.warns).map_err(|error| DbErr::Json(error.to_string()))?;
    Ok(Tally { count: row.num_warns.try_into().unwrap_or(u32::MAX), reasons })
}

/// The stored policy, or the default one; what this build does not know counts as the default.
async fn policy(db: &impl ConnectionTrait, chat: ChatId) -> Result<WarnPolicy, DbErr> {
    use settings::{Column, Entity};
    let Some(row) = Entity::find().filter(Column::ChatId.eq(chat.get())).one(db).await? else {
        return Ok(WarnPolicy::default());
    };
    let punishment = row.warn_mode.parse().unwrap_or_default();
    let limit = row.warn_limit.clamp(1, 100).try_into().unwrap_or(1);
    Ok(WarnPolicy::new(limit, punishment).unwrap_or_default())
}

/// Who has warnings in a chat.
pub(crate) async fn warned(tx: &Transaction, chat: ChatId) -> Result<Vec<UserId>, DbErr> {
    let users = Entity::find().select_only().column(Column::UserId).filter(Column::ChatId.eq(chat.get()));
    Ok(users.into_tuple::<i64>().all(tx).await?.into_iter().map(UserId::new).collect())
}

pub(crate) async fn forget(db: &Db, chat: ChatId, users: &[UserId]) {
    db.inner.warns.policy.forget(&chat.to_string()).await;
    for user in users {
        db.inner.warns.tally.forget(&key(chat, *user)).await;
    }
}
