//! A group gets another id: everything that belongs to it follows.

use alita_model::{ChatId, NoteName, UserId};
use sea_orm::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, ExprTrait, Query};

use crate::watched::Transaction;
use crate::{
    Db, Error, admin_repo, approvals_repo, chats_repo, connections_repo, disabling_repo, jobs_repo,
    languages_repo, locks_repo, notes_repo, rules_repo, warns_repo,
};

/// The tables that point to `chats`, and the column that tells two rows of one chat apart.
///
/// A test compares this list with the foreign keys of the schema.
pub(crate) const CHILDREN: &[(&str, Option<&str>)] = &[
    ("chat_members", Some("user_id")),
    ("admin", None),
    ("disable", Some("command")),
    ("disable_chat_settings", None),
    ("connection", Some("user_id")),
    ("connection_settings", None),
    ("warns_settings", None),
    ("warns_users", Some("user_id")),
    ("locks", Some("lock_type")),
    ("notes", Some("note_name")),
    ("notes_settings", None),
    ("approved_users", Some("user_id")),
    ("rules", None),
    ("chat_activity", Some("day")),
];

pub(crate) async fn migrate(db: &Db, old: ChatId, new: ChatId) -> Result<bool, Error> {
    if old == new {
        return Ok(false);
    }
    let moved = db.write(move |tx| async move { move_rows(db, &tx, old, new).await }).await?;
    let Some(moved) = moved else { return Ok(false) };
    for chat in [old, new] {
        chats_repo::forget(db, chat).await;
        chats_repo::forget_seen(db, chat);
        languages_repo::forget_chat(db, chat).await;
        admin_repo::forget(db, chat).await;
        disabling_repo::forget(db, chat).await;
        connections_repo::forget_chat(db, chat).await;
        warns_repo::forget(db, chat, &moved.warned).await;
        locks_repo::forget(db, chat).await;
        notes_repo::forget(db, chat, &moved.notes).await;
        approvals_repo::forget(db, chat).await;
        rules_repo::forget(db, chat).await;
    }
    for user in moved.connected {
        connections_repo::forget_user(db, user).await;
    }
    Ok(true)
}

/// Whose cached rows have to be dropped.
struct Moved {
    warned: Vec<UserId>,
    connected: Vec<UserId>,
    notes: Vec<NoteName>,
}

async fn move_rows(db: &Db, tx: &Transaction, old: ChatId, new: ChatId) -> Result<Option<Moved>, DbErr> {
    use chats_repo::{Column, Entity};
    let find = |chat: ChatId| Entity::find().filter(Column::ChatId.eq(chat.get()));
    // What is to happen later in the chat, whether or not anything else is known of it.
    jobs_repo::move_chat(tx, old, new, db.now()).await?;
    let Some(before) = find(old).one(tx).await? else { return Ok(None) };
    let moved = Moved {
        warned: warns_repo::warned(tx, old).await?,
        connected: connections_repo::connected(tx, old).await?,
        notes: notes_repo::names(tx, old).await?.into_iter().map(|entry| entry.name).collect(),
    };
    match find(new).one(tx).await? {
        None => {
            // The foreign keys carry all other tables along.
            Entity::update_many()
                .col_expr(Column::ChatId, Expr::value(new.get()))
                .col_expr(Column::UpdatedAt, Expr::value(db.now()))
                .filter(Column::ChatId.eq(old.get()))
                .exec(tx)
                .await?;
        }
        Some(after) => {
            for (table, key) in CHILDREN {
                move_what_is_missing(tx, table, *key, old, new).await?;
            }
            let mut row = chats_repo::ActiveModel {
                id: Set(after.id),
                updated_at: Set(db.now()),
                ..Default::default()
            };
            if after.language.is_empty() {
                row.language = Set(before.language);
            }
            if after.chat_name.is_empty() {
                row.chat_name = Set(before.chat_name);
            }
            Entity::update(row).exec_without_returning(tx).await?;
            // What is left belongs to the old id alone and goes with it.
            Entity::delete_many().filter(Column::ChatId.eq(old.get())).exec(tx).await?;
        }
    }
    Ok(Some(moved))
}

/// Moves the rows of one table for which the new chat has none of its own.
async fn move_what_is_missing(
    tx: &Transaction,
    table: &'static str,
    key: Option<&'static str>,
    old: ChatId,
    new: ChatId,
) -> Result<(), DbErr> {
    let mut there = Query::select();
    there
        .expr(Expr::value(1))
        .from_as(table, "there")
        .and_where(Expr::col(("there", "chat_id")).eq(new.get()));
    if let Some(key) = key {
        there.and_where(Expr::col(("there", key)).equals((table, key)));
    }
    let statement = Query::update()
        .table(Alias::new(table))
        .value("chat_id", new.get())
        .and_where(Expr::col((table, "chat_id")).eq(old.get()))
        .and_where(Expr::exists(there.take()).not())
        .take();
    tx.execute(&statement).await?;
    Ok(())
}
