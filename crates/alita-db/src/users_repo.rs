//! People who were seen: table `users`; cached as `user` for an hour and by name as `username` for a minute.

use std::time::Duration;

use alita_cache::{Cache, Kind};
use alita_model::{Person, UserId};
use alita_runtime::Clock;
use chrono::{DateTime, Utc};
use sea_orm::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Func};

use crate::db::AN_HOUR;
use crate::throttle::Throttle;
use crate::upsert::{or_keep, or_set};
use crate::watched::Transaction;
use crate::{Db, Error};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    #[sea_orm(unique)]
    pub(crate) user_id: i64,
    pub(crate) username: Option<String>,
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) last_activity: DateTimeUtc,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub(crate) struct Memory {
    by_id: Kind<Option<Person>>,
    by_username: Kind<Option<Person>>,
    seen: Throttle<UserId>,
}

impl Memory {
    pub(crate) fn new(cache: &Cache, clock: &Clock) -> Self {
        Self {
            by_id: cache.kind("user", AN_HOUR),
            by_username: cache.kind("username", Duration::from_secs(60)),
            seen: Throttle::new(clock.clone()),
        }
    }

    /// Forgets what keeps nothing from being written any more; says how much is left.
    pub(crate) fn sweep(&self) -> usize {
        self.seen.sweep()
    }
}

/// People who were seen; from [`Db::users`].
#[derive(Debug, Clone, Copy)]
pub struct UsersRepo<'a>(pub(crate) &'a Db);

impl UsersRepo<'_> {
    /// Writes down that a person was seen, and says whether that was needed.
    ///
    /// At most once in five minutes, unless the name or the username changed. Of many calls at once one writes.
    /// Where only the time moves on, it is written behind.
    /// A username belongs to whoever was seen with it last. The language is left alone.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then the next call tries again.
    pub async fn seen(&self, person: &Person) -> Result<bool, Error> {
        let memory = &self.0.inner.users;
        let username = person.username.as_deref().and_then(plain_username);
        let Some(claim) = memory.seen.claim(person.id, &(&person.name, username)) else { return Ok(false) };
        let behind = &self.0.inner.activity.behind;
        let Some(claim) = claim.or_behind(|| behind.user(person.id, self.0.now())) else { return Ok(true) };
        let former_owners = self
            .0
            .write(move |tx| async move {
                let former_owners = match username {
                    Some(username) => take_username(&tx, person.id, username, self.0.now()).await?,
                    None => Vec::new(),
                };
                write(&tx, person, username, self.0.now()).await?;
                Ok(former_owners)
            })
            .await?;
        claim.done();
        for user in &former_owners {
            // Should they get it back, that is news.
            memory.seen.forget(user);
        }
        for user in former_owners.into_iter().chain([person.id]) {
            memory.by_id.forget(&user.to_string()).await;
        }
        if let Some(username) = username {
            memory.by_username.forget(&username.to_lowercase()).await;
        }
        Ok(true)
    }

    /// A person by id, if anything else than the id is known of them.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn get(&self, user: UserId) -> Result<Option<Person>, Error> {
        let found = self
            .0
            .cached(&self.0.inner.users.by_id, &user.to_string(), move |db| async move {
                let row = Entity::find().filter(Column::UserId.eq(user.get())).one(&db).await?;
                // A row of the id alone was made so that others can point to it; making one changes no answer.
                Ok(row
                    .map(Person::from)
                    .filter(|person| !person.name.is_empty() || person.username.is_some()))
            })
            .await?;
        Ok((*found).clone())
    }

    /// The person who was last seen with this username, with or without `@`, in any case.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn by_username(&self, username: &str) -> Result<Option<Person>, Error> {
        let Some(username) = plain_username(username).map(str::to_lowercase) else { return Ok(None) };
        let key = username.clone();
        let found = self
            .0
            .cached(&self.0.inner.users.by_username, &key, move |db| {
                let query = Entity::find().filter(has_username(&username));
                async move { Ok(query.one(&db).await?.map(Person::from)) }
            })
            .await?;
        // The name may have been given up since it was cached by name; the entry by id knows at once.
        let Some(person) = &*found else { return Ok(None) };
        let person = self.get(person.id).await?;
        Ok(person.filter(|person| person.username.as_deref().is_some_and(|name| name.to_lowercase() == key)))
    }
}

impl From<Model> for Person {
    fn from(row: Model) -> Self {
        Self { id: UserId::new(row.user_id), name: row.name, username: row.username }
    }
}

/// A username as it is stored: without `@`, and not empty.
pub(crate) fn plain_username(username: &str) -> Option<&str> {
    let username = username.trim();
    Some(username.strip_prefix('@').unwrap_or(username)).filter(|username| !username.is_empty())
}

/// Usernames are compared in lower case; the unique index stands on the same expression.
fn has_username(username: &str) -> Expr {
    Expr::expr(Func::lower(Expr::col(Column::Username))).eq(username.to_lowercase())
}

/// Clears the username wherever else it stands, and says where.
async fn take_username(
    tx: &Transaction,
    owner: UserId,
    username: &str,
    now: DateTime<Utc>,
) -> Result<Vec<UserId>, DbErr> {
    let cleared = Entity::update_many()
        .col_expr(Column::Username, Expr::value(Option::<String>::None))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(has_username(username))
        .filter(Column::UserId.ne(owner.get()))
        .exec_with_returning(tx)
        .await?;
    Ok(cleared.into_iter().map(|row| UserId::new(row.user_id)).collect())
}

async fn write(
    tx: &Transaction,
    person: &Person,
    username: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        username: Set(username.map(str::to_owned)),
        name: Set(person.name.clone()),
        ..stranger(person.id, now)
    };
    let mut columns = vec![Column::Username, Column::LastActivity, Column::UpdatedAt];
    if !person.name.is_empty() {
        columns.push(Column::Name);
    }
    Entity::insert(row).on_conflict(or_set([Column::UserId], columns)).exec_without_returning(tx).await?;
    Ok(())
}

/// Makes sure that a person has a row to which other rows can point; one that is there stays as it is.
pub(crate) async fn ensure(tx: &Transaction, user: UserId, now: DateTime<Utc>) -> Result<(), DbErr> {
    let row = stranger(user, now);
    Entity::insert(row).on_conflict(or_keep([Column::UserId])).exec_without_returning(tx).await?;
    Ok(())
}

/// The row of somebody of whom only the id is known.
pub(crate) fn stranger(user: UserId, now: DateTime<Utc>) -> ActiveModel {
    ActiveModel {
        user_id: Set(user.get()),
        username: Set(None),
        name: Set(String::new()),
        language: Set(String::new()),
        last_activity: Set(now),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    }
}
