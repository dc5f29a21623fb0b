//! In which language people and groups are addressed: a column of `users` and one of `chats`.
//!
//! Cached as `user_lang` and `chat_lang` for an hour; "none chosen" is cached too.

use alita_cache::{Cache, Kind};
use alita_model::{ChatId, UserId};
use sea_orm::entity::prelude::*;
use sea_orm::{QuerySelect, Set};

use crate::db::AN_HOUR;
use crate::upsert::or_set;
use crate::{Db, Error, chats_repo, users_repo};

pub(crate) struct Kinds {
    of_user: Kind<Option<String>>,
    of_chat: Kind<Option<String>>,
}

impl Kinds {
    pub(crate) fn new(cache: &Cache) -> Self {
        Self { of_user: cache.kind("user_lang", AN_HOUR), of_chat: cache.kind("chat_lang", AN_HOUR) }
    }
}

/// In which language people and groups are addressed; from [`Db::languages`].
#[derive(Debug, Clone, Copy)]
pub struct LanguagesRepo<'a>(pub(crate) &'a Db);

impl LanguagesRepo<'_> {
    /// The code of the language that a person chose.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn user(&self, user: UserId) -> Result<Option<String>, Error> {
        let code = self
            .0
            .cached(&self.0.inner.languages.of_user, &user.to_string(), move |db| async move {
                use users_repo::{Column, Entity};
                let query = Entity::find().select_only().column(Column::Language);
                let code =
                    query.filter(Column::UserId.eq(user.get())).into_tuple::<String>().one(&db).await?;
                Ok(code.filter(|code| !code.is_empty()))
            })
            .await?;
        Ok((*code).clone())
    }

    /// The code of the language that a group's admins chose.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn chat(&self, chat: ChatId) -> Result<Option<String>, Error> {
        let code = self
            .0
            .cached(&self.0.inner.languages.of_chat, &chat.to_string(), move |db| async move {
                use chats_repo::{Column, Entity};
                let query = Entity::find().select_only().column(Column::Language);
                let code =
                    query.filter(Column::ChatId.eq(chat.get())).into_tuple::<String>().one(&db).await?;
                Ok(code.filter(|code| !code.is_empty()))
            })
            .await?;
        Ok((*code).clone())
    }

    /// Sets a person's language; an empty code takes the choice back.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn set_user(&self, user: UserId, code: &str) -> Result<(), Error> {
        use users_repo::{ActiveModel, Column, Entity};
        self.0
            .write(move |tx| async move {
                let row = ActiveModel {
                    language: Set(code.to_owned()),
                    ..users_repo::stranger(user, self.0.now())
                };
                let named = or_set([Column::UserId], [Column::Language, Column::UpdatedAt]);
                Entity::insert(row).on_conflict(named).exec_without_returning(&*tx).await
            })
            .await?;
        self.0.inner.languages.of_user.forget(&user.to_string()).await;
        Ok(())
    }

    /// Sets a group's language; an empty code takes the choice back.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn set_chat(&self, chat: ChatId, code: &str) -> Result<(), Error> {
        use chats_repo::{ActiveModel, Column, Entity};
        self.0
            .write(move |tx| async move {
                let row =
                    ActiveModel { language: Set(code.to_owned()), ..chats_repo::unknown(chat, self.0.now()) };
                let named = or_set([Column::ChatId], [Column::Language, Column::UpdatedAt]);
                Entity::insert(row).on_conflict(named).exec_without_returning(&*tx).await
            })
            .await?;
        forget_chat(self.0, chat).await;
        Ok(())
    }
}

pub(crate) async fn forget_chat(db: &Db, chat: ChatId) {
    db.inner.languages.of_chat.forget(&chat.to_string()).await;
}
