//! The rules of a chat: table `rules`; cached as `rules` for half an hour.

use alita_cache::{Cache, Kind};
use alita_model::ChatId;
use sea_orm::Set;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::db::HALF_AN_HOUR;
use crate::{Db, Error};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rules")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    #[sea_orm(unique)]
    pub(crate) chat_id: i64,
    pub(crate) rules: String,
    pub(crate) rules_btn: String,
    pub(crate) private: bool,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The rules of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rules {
    /// The text as Telegram HTML; never empty.
    pub html: String,
    /// The label of the button that leads to them; `None` is the usual one.
    pub button: Option<String>,
    /// Whether they are shown in the private chat.
    pub is_private: bool,
}

pub(crate) struct Kinds {
    rules: Kind<Option<Rules>>,
}

impl Kinds {
    pub(crate) fn new(cache: &Cache) -> Self {
        Self { rules: cache.kind("rules", HALF_AN_HOUR) }
    }
}

/// The rules of a chat; from [`Db::rules`].
#[derive(Debug, Clone, Copy)]
pub struct RulesRepo<'a>(pub(crate) &'a Db);

impl RulesRepo<'_> {
    /// The rules of a chat, if it has any.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn get(&self, chat: ChatId) -> Result<Option<Rules>, Error> {
        let rules = self
            .0
            .cached(&self.0.inner.rules.rules, &chat.to_string(), move |db| async move {
                let row = Entity::find().filter(Column::ChatId.eq(chat.get())).one(&db).await?;
                Ok(row.filter(|row| !row.rules.is_empty()).map(Rules::from))
            })
            .await?;
        Ok((*rules).clone())
    }

    /// Sets the text, as Telegram HTML; an empty one takes the rules away and keeps the button's label.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn set(&self, chat: ChatId, html: &str) -> Result<(), Error> {
        let row = ActiveModel { rules: Set(html.to_owned()), ..no_rules() };
        self.write(chat, row, Column::Rules).await
    }

    /// Sets the label of the button that leads to the rules; `None` is the usual one.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn set_button(&self, chat: ChatId, label: Option<&str>) -> Result<(), Error> {
        let row = ActiveModel { rules_btn: Set(label.unwrap_or_default().to_owned()), ..no_rules() };
        self.write(chat, row, Column::RulesBtn).await
    }

    /// Sets whether the rules are shown in the private chat.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn set_private(&self, chat: ChatId, private: bool) -> Result<(), Error> {
        self.write(chat, ActiveModel { private: Set(private), ..no_rules() }, Column::Private).await
    }

    async fn write(&self, chat: ChatId, row: ActiveModel, column: Column) -> Result<(), Error> {
        self.0.set_for_chat(chat, row, column).await?;
        forget(self.0, chat).await;
        Ok(())
    }
}

impl From<Model> for Rules {
    fn from(row: Model) -> Self {
        Self {
            html: row.rules,
            button: Some(row.rules_btn).filter(|label| !label.is_empty()),
            is_private: row.private,
        }
    }
}

/// What a chat without a row has.
fn no_rules() -> ActiveModel {
    ActiveModel {
        rules: Set(String::new()),
        rules_btn: Set(String::new()),
        private: Set(false),
        ..Default::default()
    }
}

pub(crate) async fn forget(db: &Db, chat: ChatId) {
    db.inner.rules.rules.forget(&chat.to_string()).await;
}
