//! Channels that were seen: table `channels`; cached as `channel` for half an hour, by name for a minute.

use std::time::Duration;

use alita_cache::{Cache, Kind};
use alita_model::{Channel, ChatId};
use alita_runtime::Clock;
use sea_orm::Set;
use sea_orm::entity::prelude::*;

use crate::db::HALF_AN_HOUR;
use crate::throttle::Throttle;
use crate::upsert::or_set;
use crate::users_repo::plain_username;
use crate::{Db, Error};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "channels")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    #[sea_orm(unique)]
    pub(crate) chat_id: i64,
    pub(crate) channel_name: String,
    #[sea_orm(unique)]
    pub(crate) username: Option<String>,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub(crate) struct Memory {
    by_id: Kind<Option<Channel>>,
    by_username: Kind<Option<Channel>>,
    seen: Throttle<ChatId>,
}

impl Memory {
    pub(crate) fn new(cache: &Cache, clock: &Clock) -> Self {
        Self {
            by_id: cache.kind("channel", HALF_AN_HOUR),
            by_username: cache.kind("channel_username", Duration::from_secs(60)),
            seen: Throttle::new(clock.clone()),
        }
    }

    /// Forgets what keeps nothing from being written any more; says how much is left.
    pub(crate) fn sweep(&self) -> usize {
        self.seen.sweep()
    }
}

/// Channels that were seen; from [`Db::channels`].
#[derive(Debug, Clone, Copy)]
pub struct ChannelsRepo<'a>(pub(crate) &'a Db);

impl ChannelsRepo<'_> {
    /// Writes down that a channel was seen, and says whether that was needed.
    ///
    /// At most once in five minutes, unless the title or the username changed. An empty title leaves the known one
    /// alone; a username belongs to the channel that was seen with it last.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then the next call tries again.
    pub async fn seen(&self, channel: &Channel) -> Result<bool, Error> {
        let memory = &self.0.inner.channels;
        let username = channel.username.as_deref().and_then(plain_username).map(str::to_lowercase);
        let username = username.as_deref();
        let Some(claim) = memory.seen.claim(channel.id, &(&channel.title, username)) else {
            return Ok(false);
        };
        let former_owners = self
            .0
            .write(move |tx| async move {
                let now = self.0.now();
                let mut former_owners = Vec::new();
                if let Some(username) = username {
                    former_owners = Entity::update_many()
                        .col_expr(Column::Username, Expr::value(Option::<String>::None))
                        .col_expr(Column::UpdatedAt, Expr::value(now))
                        .filter(Column::Username.eq(username))
                        .filter(Column::ChatId.ne(channel.id.get()))
                        .exec_with_returning(&*tx)
                        .await?;
                }
                let row = ActiveModel {
                    chat_id: Set(channel.id.get()),
                    channel_name: Set(channel.title.clone()),
                    username: Set(username.map(str::to_owned)),
                    created_at: Set(now),
                    updated_at: Set(now),
                    ..Default::default()
                };
                let mut columns = vec![Column::Username, Column::UpdatedAt];
                if !channel.title.is_empty() {
                    columns.push(Column::ChannelName);
                }
                Entity::insert(row)
                    .on_conflict(or_set([Column::ChatId], columns))
                    .exec_without_returning(&*tx)
                    .await?;
                Ok(former_owners)
            })
            .await?;
        claim.done();
        for id in former_owners.iter().map(|row| row.chat_id).chain([channel.id.get()]) {
            memory.by_id.forget(&id.to_string()).await;
        }
        if let Some(username) = username {
            memory.by_username.forget(username).await;
        }
        Ok(true)
    }

    /// A channel by id, if it was seen.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn get(&self, channel: ChatId) -> Result<Option<Channel>, Error> {
        let found = self
            .0
            .cached(&self.0.inner.channels.by_id, &channel.to_string(), move |db| async move {
                Ok(Entity::find().filter(Column::ChatId.eq(channel.get())).one(&db).await?.map(Channel::from))
            })
            .await?;
        Ok((*found).clone())
    }

    /// The channel that was last seen with this username, with or without `@`, in any case.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn by_username(&self, username: &str) -> Result<Option<Channel>, Error> {
        let Some(username) = plain_username(username).map(str::to_lowercase) else { return Ok(None) };
        let key = username.clone();
        let found = self
            .0
            .cached(&self.0.inner.channels.by_username, &key, move |db| {
                let query = Entity::find().filter(Column::Username.eq(username.clone()));
                async move { Ok(query.one(&db).await?.map(Channel::from)) }
            })
            .await?;
        // The name may have been given up since it was cached by name; the entry by id knows at once.
        let Some(channel) = &*found else { return Ok(None) };
        let channel = self.get(channel.id).await?;
        Ok(channel.filter(|channel| channel.username.as_ref() == Some(&key)))
    }
}

impl From<Model> for Channel {
    fn from(row: Model) -> Self {
        Self { id: ChatId::new(row.chat_id), title: row.channel_name, username: row.username }
    }
}
