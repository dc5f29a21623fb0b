//! Settings of chats: tables with one row for each chat, of which a setter changes one column and no other.

use std::str::FromStr;

use alita_model::ChatId;
use sea_orm::entity::prelude::*;

use crate::upsert::or_set;
use crate::{Db, Error, chats_repo};

/// The columns of the table to which a row belongs.
type ColumnOf<R> = <<R as ActiveModelTrait>::Entity as EntityTrait>::Column;

impl Db {
    /// Sets one column of a chat's settings to what `row` says; a chat that has none yet gets the rest of `row`, too.
    ///
    /// The table has `chat_id`, `created_at` and `updated_at`, which are filled in here. The caller forgets what is
    /// cached.
    pub(crate) async fn set_for_chat<R>(&self, chat: ChatId, row: R, column: ColumnOf<R>) -> Result<(), Error>
    where
        R: ActiveModelTrait + Sync,
    {
        let row = &row;
        self.write(move |tx| async move {
            let now = self.now();
            chats_repo::ensure(&tx, chat, now).await?;
            let (chat_id, updated_at) = (named::<R>("chat_id")?, named::<R>("updated_at")?);
            let mut row = row.clone();
            row.try_set(chat_id, chat.get().into())?;
            row.try_set(named::<R>("created_at")?, now.into())?;
            row.try_set(updated_at, now.into())?;
            let named = or_set([chat_id], [column, updated_at]);
            R::Entity::insert(row).on_conflict(named).exec_without_returning(&*tx).await
        })
        .await?;
        Ok(())
    }
}

fn named<R: ActiveModelTrait>(column: &str) -> Result<ColumnOf<R>, DbErr> {
    ColumnOf::<R>::from_str(column).map_err(|_| DbErr::Custom(format!("settings without a column {column}")))
}
