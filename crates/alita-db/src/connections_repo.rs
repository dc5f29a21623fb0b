//! Which group a person manages from the private chat: tables `connection` and `connection_settings`.
//!
//! Cached as `connection` by person and as `connect_set` by chat, both for half an hour.

use alita_cache::{Cache, Kind};
use alita_model::{ChatId, UserId};
use sea_orm::entity::prelude::*;
use sea_orm::{QuerySelect, Set};
use serde::{Deserialize, Serialize};

use crate::db::HALF_AN_HOUR;
use crate::upsert::or_set;
use crate::watched::Transaction;
use crate::{Db, Error, chats_repo, users_repo};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "connection")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    #[sea_orm(unique)]
    pub(crate) user_id: i64,
    pub(crate) chat_id: i64,
    pub(crate) connected: bool,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

mod settings {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "connection_settings")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        #[sea_orm(unique)]
        pub(crate) chat_id: i64,
        pub(crate) allow_connect: bool,
        pub(crate) created_at: DateTimeUtc,
        pub(crate) updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The last group of a person, and whether they are still connected to it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Link {
    chat: ChatId,
    is_connected: bool,
}

pub(crate) struct Kinds {
    link: Kind<Option<Link>>,
    allows: Kind<bool>,
}

impl Kinds {
    pub(crate) fn new(cache: &Cache) -> Self {
        Self { link: cache.kind("connection", HALF_AN_HOUR), allows: cache.kind("connect_set", HALF_AN_HOUR) }
    }
}

/// Which group a person manages from the private chat; from [`Db::connections`].
#[derive(Debug, Clone, Copy)]
pub struct ConnectionsRepo<'a>(pub(crate) &'a Db);

impl ConnectionsRepo<'_> {
    /// The group to which a person is connected.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn of(&self, user: UserId) -> Result<Option<ChatId>, Error> {
        Ok(self.link(user).await?.filter(|link| link.is_connected).map(|link| link.chat))
    }

    /// The group to which a person was connected last, whether they still are or not.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn last(&self, user: UserId) -> Result<Option<ChatId>, Error> {
        Ok(self.link(user).await?.map(|link| link.chat))
    }

    async fn link(&self, user: UserId) -> Result<Option<Link>, Error> {
        let link = self
            .0
            .cached(&self.0.inner.connections.link, &user.to_string(), move |db| async move {
                let row = Entity::find().filter(Column::UserId.eq(user.get())).one(&db).await?;
                Ok(row.map(|row| Link { chat: ChatId::new(row.chat_id), is_connected: row.connected }))
            })
            .await?;
        Ok(*link)
    }

    /// Connects a person to a group, and to no other.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn connect(&self, user: UserId, chat: ChatId) -> Result<(), Error> {
        self.0
            .write(move |tx| async move {
                let now = self.0.now();
                chats_repo::ensure(&tx, chat, now).await?;
                users_repo::ensure(&tx, user, now).await?;
                let row = ActiveModel {
                    user_id: Set(user.get()),
                    chat_id: Set(chat.get()),
                    connected: Set(true),
                    created_at: Set(now),
                    updated_at: Set(now),
                    ..Default::default()
                };
                let named = or_set([Column::UserId], [Column::ChatId, Column::Connected, Column::UpdatedAt]);
                Entity::insert(row).on_conflict(named).exec_without_returning(&*tx).await
            })
            .await?;
        forget_user(self.0, user).await;
        Ok(())
    }

    /// Ends a person's connection, keeping in mind where it led; says whether there was one.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn disconnect(&self, user: UserId) -> Result<bool, Error> {
        let ended = self
            .0
            .write(move |tx| async move {
                Entity::update_many()
                    .col_expr(Column::Connected, Expr::value(false))
                    .col_expr(Column::UpdatedAt, Expr::value(self.0.now()))
                    .filter(Column::UserId.eq(user.get()))
                    .filter(Column::Connected.eq(true))
                    .exec(&*tx)
                    .await
            })
            .await?;
        forget_user(self.0, user).await;
        Ok(ended.rows_affected > 0)
    }

    /// Whether members who are no admins may connect to a group; they may unless somebody said no.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn allows(&self, chat: ChatId) -> Result<bool, Error> {
        use settings::{Column, Entity};
        let allows = self
            .0
            .cached(&self.0.inner.connections.allows, &chat.to_string(), move |db| async move {
                let row = Entity::find().filter(Column::ChatId.eq(chat.get())).one(&db).await?;
                Ok(row.is_none_or(|row| row.allow_connect))
            })
            .await?;
        Ok(*allows)
    }

    /// Sets whether members who are no admins may connect to a group.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn set_allows(&self, chat: ChatId, allows: bool) -> Result<(), Error> {
        let row = settings::ActiveModel { allow_connect: Set(allows), ..Default::default() };
        self.0.set_for_chat(chat, row, settings::Column::AllowConnect).await?;
        forget_chat(self.0, chat).await;
        Ok(())
    }
}

/// Whose last connection leads to a chat.
pub(crate) async fn connected(tx: &Transaction, chat: ChatId) -> Result<Vec<UserId>, DbErr> {
    let users = Entity::find().select_only().column(Column::UserId).filter(Column::ChatId.eq(chat.get()));
    Ok(users.into_tuple::<i64>().all(tx).await?.into_iter().map(UserId::new).collect())
}

pub(crate) async fn forget_user(db: &Db, user: UserId) {
    db.inner.connections.link.forget(&user.to_string()).await;
}

pub(crate) async fn forget_chat(db: &Db, chat: ChatId) {
    db.inner.connections.allows.forget(&chat.to_string()).await;
}
