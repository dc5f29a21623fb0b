//! Groups, and who was seen in them: tables `chats` and `chat_members`; cached as `chat` for half an hour.

use alita_cache::{Cache, Kind};
use alita_model::{ChatId, UserId};
use alita_runtime::Clock;
use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::{PaginatorTrait, Set};
use serde::{Deserialize, Serialize};

use crate::db::HALF_AN_HOUR;
use crate::throttle::Throttle;
use crate::upsert::{or_keep, or_set};
use crate::watched::Transaction;
use crate::{Db, Error, chats_move, users_repo};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chats")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    #[sea_orm(unique)]
    pub(crate) chat_id: i64,
    pub(crate) chat_name: String,
    pub(crate) language: String,
    pub(crate) is_inactive: bool,
    pub(crate) last_activity: DateTimeUtc,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

mod members {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "chat_members")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        pub(crate) chat_id: i64,
        pub(crate) user_id: i64,
        pub(crate) first_seen: DateTimeUtc,
        pub(crate) last_seen: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A group as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    /// Its id.
    pub id: ChatId,
    /// Its title.
    pub title: String,
    /// Whether the bot is out of it, or nobody has written for long.
    pub is_inactive: bool,
}

pub(crate) struct Memory {
    by_id: Kind<Option<Chat>>,
    seen: Throttle<ChatId>,
    seen_members: Throttle<(ChatId, UserId)>,
}

impl Memory {
    pub(crate) fn new(cache: &Cache, clock: &Clock) -> Self {
        Self {
            by_id: cache.kind("chat", HALF_AN_HOUR),
            seen: Throttle::new(clock.clone()),
            seen_members: Throttle::new(clock.clone()),
        }
    }

    /// Forgets what keeps nothing from being written any more; says how much is left.
    pub(crate) fn sweep(&self) -> usize {
        self.seen.sweep() + self.seen_members.sweep()
    }
}

/// Groups, and who was seen in them; from [`Db::chats`].
#[derive(Debug, Clone, Copy)]
pub struct ChatsRepo<'a>(pub(crate) &'a Db);

impl ChatsRepo<'_> {
    /// Writes down that a group is alive and that a person is in it, and says whether that was needed.
    ///
    /// At most once in five minutes for each group, unless its title changed, and for each person in it.
    /// Where only a time moves on, it is written behind.
    /// An empty title leaves the known one alone.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then the next call tries again.
    pub async fn seen(&self, chat: ChatId, title: &str, user: Option<UserId>) -> Result<bool, Error> {
        let memory = &self.0.inner.chats;
        let chat_claim = memory.seen.claim(chat, title);
        let member_claim =
            user.and_then(|user| memory.seen_members.claim((chat, user), "").map(|claim| (user, claim)));
        if chat_claim.is_none() && member_claim.is_none() {
            return Ok(false);
        }
        let (behind, now) = (&self.0.inner.activity.behind, self.0.now());
        let chat_claim = chat_claim.and_then(|claim| claim.or_behind(|| behind.chat(chat, now)));
        let member_claim = member_claim.and_then(|(user, claim)| {
            claim.or_behind(|| behind.member(chat, user, now)).map(|claim| (user, claim))
        });
        if chat_claim.is_none() && member_claim.is_none() {
            return Ok(true);
        }
        let (is_news, member) = (chat_claim.is_some(), member_claim.as_ref().map(|(user, _)| *user));
        self.0
            .write(move |tx| async move {
                let now = self.0.now();
                if is_news {
                    write(&tx, chat, title, now).await?;
                } else {
                    ensure(&tx, chat, now).await?;
                }
                if let Some(user) = member {
                    users_repo::ensure(&tx, user, now).await?;
                    write_member(&tx, chat, user, now).await?;
                }
                Ok(())
            })
            .await?;
        if let Some(claim) = chat_claim {
            claim.done();
            forget(self.0, chat).await;
        }
        if let Some((_, claim)) = member_claim {
            claim.done();
        }
        Ok(true)
    }

    /// A group by id, if its title is known.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn get(&self, chat: ChatId) -> Result<Option<Chat>, Error> {
        let found = self
            .0
            .cached(&self.0.inner.chats.by_id, &chat.to_string(), move |db| async move {
                let row = Entity::find().filter(Column::ChatId.eq(chat.get())).one(&db).await?;
                // A row of the id alone was made so that others can point to it; making one changes no answer.
                Ok(row.map(Chat::from).filter(|chat| !chat.title.is_empty()))
            })
            .await?;
        Ok((*found).clone())
    }

    /// How many people were seen in a group. Not cached.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn members_seen(&self, chat: ChatId) -> Result<u64, Error> {
        self.0
            .read(move |db| async move {
                members::Entity::find().filter(members::Column::ChatId.eq(chat.get())).count(&db).await
            })
            .await
    }

    /// Writes down that the bot is out of a group; its settings stay, and the next message makes it active again.
    ///
    /// Says whether the group was known and active.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn mark_inactive(&self, chat: ChatId) -> Result<bool, Error> {
        // Whatever was heard before shall not wake it.
        self.0.inner.activity.behind.forget_chat(chat).await;
        let changed = self
            .0
            .write(move |tx| async move {
                let changed = Entity::update_many()
                    .col_expr(Column::IsInactive, Expr::value(true))
                    .col_expr(Column::UpdatedAt, Expr::value(self.0.now()))
                    .filter(Column::ChatId.eq(chat.get()))
                    .filter(Column::IsInactive.eq(false))
                    .exec(&*tx)
                    .await?;
                Ok(changed.rows_affected > 0)
            })
            .await?;
        self.0.inner.chats.seen.forget(&chat);
        forget(self.0, chat).await;
        Ok(changed)
    }

    /// Lets everything that belongs to `old` belong to `new`: Telegram gives a group another id when it becomes a
    /// supergroup. Says whether there was anything to move.
    ///
    /// Where both have a setting, the one of `new` stays.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was moved.
    pub async fn migrate(&self, old: ChatId, new: ChatId) -> Result<bool, Error> {
        chats_move::migrate(self.0, old, new).await
    }
}

impl From<Model> for Chat {
    fn from(row: Model) -> Self {
        Self { id: ChatId::new(row.chat_id), title: row.chat_name, is_inactive: row.is_inactive }
    }
}

async fn write(tx: &Transaction, chat: ChatId, title: &str, now: DateTime<Utc>) -> Result<(), DbErr> {
    let row = ActiveModel { chat_name: Set(title.to_owned()), ..unknown(chat, now) };
    let mut columns = vec![Column::IsInactive, Column::LastActivity, Column::UpdatedAt];
    if !title.is_empty() {
        columns.push(Column::ChatName);
    }
    Entity::insert(row).on_conflict(or_set([Column::ChatId], columns)).exec_without_returning(tx).await?;
    Ok(())
}

async fn write_member(tx: &Transaction, chat: ChatId, user: UserId, now: DateTime<Utc>) -> Result<(), DbErr> {
    use members::{ActiveModel, Column, Entity};
    let row = ActiveModel {
        chat_id: Set(chat.get()),
        user_id: Set(user.get()),
        first_seen: Set(now),
        last_seen: Set(now),
        ..Default::default()
    };
    let key = [Column::ChatId, Column::UserId];
    Entity::insert(row).on_conflict(or_set(key, [Column::LastSeen])).exec_without_returning(tx).await?;
    Ok(())
}

/// Makes sure that a group has a row to which other rows can point; one that is there stays as it is.
pub(crate) async fn ensure(tx: &Transaction, chat: ChatId, now: DateTime<Utc>) -> Result<(), DbErr> {
    let row = unknown(chat, now);
    Entity::insert(row).on_conflict(or_keep([Column::ChatId])).exec_without_returning(tx).await?;
    Ok(())
}

/// The row of a group of which only the id is known.
pub(crate) fn unknown(chat: ChatId, now: DateTime<Utc>) -> ActiveModel {
    ActiveModel {
        chat_id: Set(chat.get()),
        chat_name: Set(String::new()),
        language: Set(String::new()),
        is_inactive: Set(false),
        last_activity: Set(now),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    }
}

/// Drops what is cached about the group itself.
pub(crate) async fn forget(db: &Db, chat: ChatId) {
    db.inner.chats.by_id.forget(&chat.to_string()).await;
}

/// Lets the next message of this group be written down.
pub(crate) fn forget_seen(db: &Db, chat: ChatId) {
    db.inner.chats.seen.forget(&chat);
}
