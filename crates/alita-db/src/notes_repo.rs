//! Saved messages of a chat: tables `notes` and `notes_settings`.
//!
//! Cached for half an hour: the names as `notes_list`, one note as `note`, the settings as `notes_settings`.

use std::sync::Arc;

use alita_cache::{Cache, Kind};
use alita_model::{ChatId, ContentKind, MAX_NOTES, Note, NoteFlags, NoteName, SavedContent};
use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ActiveValue, Iterable, QuerySelect, Set};
use serde::{Deserialize, Serialize};

use crate::db::HALF_AN_HOUR;
use crate::upsert::or_keep;
use crate::watched::Transaction;
use crate::{Db, Error, chats_repo};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notes")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    pub(crate) chat_id: i64,
    pub(crate) note_name: String,
    pub(crate) note_content: String,
    pub(crate) file_id: String,
    pub(crate) msg_type: i64,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) buttons: Json,
    pub(crate) admin_only: bool,
    pub(crate) private_only: bool,
    pub(crate) group_only: bool,
    pub(crate) web_preview: bool,
    pub(crate) is_protected: bool,
    pub(crate) no_notif: bool,
    pub(crate) created_at: DateTimeUtc,
    pub(crate) updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

mod settings {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "notes_settings")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        #[sea_orm(unique)]
        pub(crate) chat_id: i64,
        pub(crate) private: bool,
        pub(crate) created_at: DateTimeUtc,
        pub(crate) updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A note as it stands in the list of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteEntry {
    /// Its name.
    pub name: NoteName,
    /// Whether only admins may fetch it.
    pub is_admin_only: bool,
}

/// The answer of [`NotesRepo::add`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AddNote {
    /// It is saved.
    Added,
    /// A note of this name is there already, and stays as it is.
    Exists,
    /// The chat has [`MAX_NOTES`] notes, and none of this name.
    Full,
}

pub(crate) struct Kinds {
    names: Kind<Vec<NoteEntry>>,
    note: Kind<Option<Note>>,
    is_private: Kind<bool>,
}

impl Kinds {
    pub(crate) fn new(cache: &Cache) -> Self {
        Self {
            names: cache.kind("notes_list", HALF_AN_HOUR),
            note: cache.kind("note", HALF_AN_HOUR),
            is_private: cache.kind("notes_settings", HALF_AN_HOUR),
        }
    }
}

/// Saved messages of a chat; from [`Db::notes`].
#[derive(Debug, Clone, Copy)]
pub struct NotesRepo<'a>(pub(crate) &'a Db);

impl NotesRepo<'_> {
    /// The notes of a chat, sorted by name.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn names(&self, chat: ChatId) -> Result<Arc<Vec<NoteEntry>>, Error> {
        self.0
            .cached(
                &self.0.inner.notes.names,
                &chat.to_string(),
                move |db| async move { names(&db, chat).await },
            )
            .await
    }

    /// A note by name. A name that is not in the list is answered without looking any further.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn get(&self, chat: ChatId, name: &NoteName) -> Result<Option<Note>, Error> {
        if !self.names(chat).await?.iter().any(|entry| entry.name == *name) {
            return Ok(None);
        }
        let key = key(chat, name);
        let name = name.clone();
        let note = self
            .0
            .cached(&self.0.inner.notes.note, &key, move |db| {
                let query = Entity::find().filter(of(chat, &name));
                async move { query.one(&db).await?.map(note).transpose().map(Option::flatten) }
            })
            .await?;
        Ok((*note).clone())
    }

    /// Saves a new note, if the chat has room for it; one of the same name stays as it is.
    ///
    /// A redelivered update saves nothing and gets the first answer.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn add(&self, chat: ChatId, note: &Note) -> Result<AddNote, Error> {
        let answer = self
            .0
            .write_once("notes.add", move |tx| async move {
                let now = self.0.now();
                chats_repo::ensure(&tx, chat, now).await?;
                let row = ActiveModel {
                    chat_id: Set(chat.get()),
                    note_name: Set(note.name.as_str().to_owned()),
                    created_at: Set(now),
                    ..content(note, now)?
                };
                if insert_into_room(&tx, chat, &row).await? {
                    return Ok(AddNote::Added);
                }
                let is_there = Entity::find().filter(of(chat, &note.name)).one(&*tx).await?.is_some();
                Ok(if is_there { AddNote::Exists } else { AddNote::Full })
            })
            .await?;
        forget_note(self.0, chat, &note.name).await;
        Ok(answer)
    }

    /// Replaces the content and the flags of a note that is there, and says whether it was.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn update(&self, chat: ChatId, note: &Note) -> Result<bool, Error> {
        let updated = self
            .0
            .write(move |tx| async move {
                let row = content(note, self.0.now())?;
                Entity::update_many().set(row).filter(of(chat, &note.name)).exec(&*tx).await
            })
            .await?;
        forget_note(self.0, chat, &note.name).await;
        Ok(updated.rows_affected > 0)
    }

    /// Removes a note, and says whether it was there.
    ///
    /// A redelivered update removes nothing and gets the first answer.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was removed.
    pub async fn remove(&self, chat: ChatId, name: &NoteName) -> Result<bool, Error> {
        let is_gone = self
            .0
            .write_once("notes.remove", move |tx| async move {
                Ok(Entity::delete_many().filter(of(chat, name)).exec(&*tx).await?.rows_affected > 0)
            })
            .await?;
        forget_note(self.0, chat, name).await;
        Ok(is_gone)
    }

    /// Removes all notes of a chat, and says how many there were.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was removed.
    pub async fn remove_all(&self, chat: ChatId) -> Result<u64, Error> {
        let gone = self
            .0
            .write_once("notes.remove_all", move |tx| async move {
                let rows = Entity::delete_many()
                    .filter(Column::ChatId.eq(chat.get()))
                    .exec_with_returning(&*tx)
                    .await?;
                Ok(rows.into_iter().map(|row| row.note_name).collect::<Vec<_>>())
            })
            .await?;
        self.0.inner.notes.names.forget(&chat.to_string()).await;
        for name in gone.iter().filter_map(|name| NoteName::parse(name).ok()) {
            self.0.inner.notes.note.forget(&key(chat, &name)).await;
        }
        Ok(gone.len().try_into().unwrap_or(u64::MAX))
    }

    /// Whether notes of a chat are delivered in the private chat.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn is_private(&self, chat: ChatId) -> Result<bool, Error> {
        use settings::{Column, Entity};
        let is_private = self
            .0
            .cached(&self.0.inner.notes.is_private, &chat.to_string(), move |db| async move {
                let row = Entity::find().filter(Column::ChatId.eq(chat.get())).one(&db).await?;
                Ok(row.is_some_and(|row| row.private))
            })
            .await?;
        Ok(*is_private)
    }

    /// Sets whether notes of a chat are delivered in the private chat.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was saved.
    pub async fn set_private(&self, chat: ChatId, private: bool) -> Result<(), Error> {
        let row = settings::ActiveModel { private: Set(private), ..Default::default() };
        self.0.set_for_chat(chat, row, settings::Column::Private).await?;
        self.0.inner.notes.is_private.forget(&chat.to_string()).await;
        Ok(())
    }
}

fn key(chat: ChatId, name: &NoteName) -> String {
    format!("{chat}:{name}")
}

fn of(chat: ChatId, name: &NoteName) -> sea_orm::Condition {
    sea_orm::Condition::all().add(Column::ChatId.eq(chat.get())).add(Column::NoteName.eq(name.as_str()))
}

/// Inserts a new note, unless its name is taken or the chat is full, and says whether it did.
///
/// The count is part of the statement, so a note that is added costs no other one.
async fn insert_into_room(tx: &Transaction, chat: ChatId, row: &ActiveModel) -> Result<bool, DbErr> {
    let there = Query::select()
        .expr(Expr::col(Column::Id).count())
        .from(Entity)
        .and_where(Expr::col(Column::ChatId).eq(chat.get()))
        .take();
    let most = i64::try_from(MAX_NOTES).unwrap_or(i64::MAX);
    let mut columns = Vec::new();
    let mut values = Query::select();
    for column in Column::iter() {
        if let Some(value) = row.get(column).into_value() {
            columns.push(column);
            values.expr(Expr::value(value));
        }
    }
    values.and_where(Expr::SubQuery(None, Box::new(there.into())).lt(most));
    let mut insert = Query::insert();
    insert.into_table(Entity).columns(columns).on_conflict(or_keep([Column::ChatId, Column::NoteName]));
    insert.select_from(values).map_err(|error| DbErr::Custom(error.to_string()))?;
    Ok(tx.execute(&insert).await?.rows_affected() == 1)
}

/// The columns that both a new note and a replaced one set.
fn content(note: &Note, now: DateTime<Utc>) -> Result<ActiveModel, DbErr> {
    let buttons =
        serde_json::to_value(&note.content.buttons).map_err(|error| DbErr::Json(error.to_string()))?;
    Ok(ActiveModel {
        id: ActiveValue::NotSet,
        chat_id: ActiveValue::NotSet,
        note_name: ActiveValue::NotSet,
        note_content: Set(note.content.html.clone()),
        file_id: Set(note.content.file_id.clone()),
        msg_type: Set(note.content.kind.code()),
        buttons: Set(buttons),
        admin_only: Set(note.flags.is_admin_only),
        private_only: Set(note.flags.is_private_only),
        group_only: Set(note.flags.is_group_only),
        web_preview: Set(note.flags.has_preview),
        is_protected: Set(note.flags.is_protected),
        no_notif: Set(note.flags.is_silent),
        created_at: ActiveValue::NotSet,
        updated_at: Set(now),
    })
}

/// The note of a row; `None` when its name is none that could be asked for.
fn note(row: Model) -> Result<Option<Note>, DbErr> {
    let Ok(name) = NoteName::parse(&row.note_name) else { return Ok(None) };
    let buttons = serde_json::from_value(row.buttons).map_err(|error| DbErr::Json(error.to_string()))?;
    Ok(Some(Note {
        name,
        content: SavedContent {
            kind: ContentKind::from_code(row.msg_type),
            html: row.note_content,
            file_id: row.file_id,
            buttons,
        },
        flags: NoteFlags {
            is_admin_only: row.admin_only,
            is_private_only: row.private_only,
            is_group_only: row.group_only,
            has_preview: row.web_preview,
            is_protected: row.is_protected,
            is_silent: row.no_notif,
        },
    }))
}

pub(crate) async fn names(db: &impl ConnectionTrait, chat: ChatId) -> Result<Vec<NoteEntry>, DbErr> {
    let rows = Entity::find()
        .select_only()
        .columns([Column::NoteName, Column::AdminOnly])
        .filter(Column::ChatId.eq(chat.get()))
        .into_tuple::<(String, bool)>()
        .all(db)
        .await?;
    let mut entries: Vec<NoteEntry> = rows
        .into_iter()
        .filter_map(|(name, is_admin_only)| {
            Some(NoteEntry { name: NoteName::parse(&name).ok()?, is_admin_only })
        })
        .collect();
    // Sorted here, for the two databases sort by different rules.
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

async fn forget_note(db: &Db, chat: ChatId, name: &NoteName) {
    db.inner.notes.names.forget(&chat.to_string()).await;
    db.inner.notes.note.forget(&key(chat, name)).await;
}

pub(crate) async fn forget(db: &Db, chat: ChatId, names: &[NoteName]) {
    db.inner.notes.is_private.forget(&chat.to_string()).await;
    db.inner.notes.names.forget(&chat.to_string()).await;
    for name in names {
        db.inner.notes.note.forget(&key(chat, name)).await;
    }
}
