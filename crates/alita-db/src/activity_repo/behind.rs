//! What is written behind: times that move on, and messages that are counted.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::{Mutex, PoisonError};

use alita_model::{ChatId, UserId};
use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, IntoIden, OnConflict, Query, TableRef, UpdateStatement, ValueTuple};
use sea_orm::{QuerySelect, Set};
use tokio::sync::Notify;

use super::days;
use crate::watched::Transaction;
use crate::{Db, Error, chats_repo};

/// So many facts of one sort may wait; what comes beyond that is written at once, or is not counted.
const ROOM: usize = 50_000;

/// From so many facts on nobody waits for the next round.
const MANY: usize = 1_000;

/// So many rows are written by one statement; SQLite takes at most 32766 values in one.
const CHUNK: usize = 1_000;

type Time = DateTime<Utc>;

/// Facts that wait, and the turn to write them.
#[derive(Debug, Default)]
pub(crate) struct Behind {
    waiting: Mutex<Waiting>,
    many: Notify,
    /// Only one writes; whoever changes what is written behind by other means waits for it.
    turn: tokio::sync::Mutex<()>,
}

/// In the order of the keys, so that two processes lock rows in the same order.
#[derive(Debug, Default)]
struct Waiting {
    users: BTreeMap<UserId, Time>,
    chats: BTreeMap<ChatId, Time>,
    members: BTreeMap<(ChatId, UserId), Time>,
    messages: BTreeMap<(ChatId, Date), i64>,
}

impl Waiting {
    fn len(&self) -> usize {
        self.users.len() + self.chats.len() + self.members.len() + self.messages.len()
    }

    /// Takes back what could not be written; what was noted since is later.
    fn take_back(&mut self, failed: Self) {
        keep_latest(&mut self.users, failed.users);
        keep_latest(&mut self.chats, failed.chats);
        keep_latest(&mut self.members, failed.members);
        for (key, messages) in failed.messages {
            *self.messages.entry(key).or_default() += messages;
        }
    }
}

fn keep_latest<K: Ord>(all: &mut BTreeMap<K, Time>, more: BTreeMap<K, Time>) {
    for (key, time) in more {
        let known = all.entry(key).or_insert(time);
        *known = Ord::max(time, *known);
    }
}

impl Behind {
    /// A person was active; `false` when there is no room to remember it.
    pub(crate) fn user(&self, user: UserId, now: Time) -> bool {
        self.note(|waiting| put(&mut waiting.users, user, now))
    }

    /// A group was active.
    pub(crate) fn chat(&self, chat: ChatId, now: Time) -> bool {
        self.note(|waiting| put(&mut waiting.chats, chat, now))
    }

    /// A person was active in a group.
    pub(crate) fn member(&self, chat: ChatId, user: UserId, now: Time) -> bool {
        self.note(|waiting| put(&mut waiting.members, (chat, user), now))
    }

    pub(super) fn heard(&self, chat: ChatId, day: Date) {
        self.note(|waiting| {
            let has_room = waiting.messages.len() < ROOM || waiting.messages.contains_key(&(chat, day));
            if has_room {
                *waiting.messages.entry((chat, day)).or_default() += 1;
            }
            has_room
        });
    }

    /// Forgets that a group was active; what is being written now is written first.
    pub(crate) async fn forget_chat(&self, chat: ChatId) {
        let _turn = self.turn.lock().await;
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).chats.remove(&chat);
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(super) async fn is_full(&self) {
        self.many.notified().await;
    }

    fn note(&self, note: impl FnOnce(&mut Waiting) -> bool) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let before = waiting.len();
        let has_room = note(&mut waiting);
        if before < MANY && waiting.len() >= MANY {
            self.many.notify_one();
        }
        has_room
    }

    fn take(&self) -> Taken<'_> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        Taken { behind: self, facts: mem::take(&mut waiting) }
    }
}

fn put<K: Ord>(all: &mut BTreeMap<K, Time>, key: K, now: Time) -> bool {
    let has_room = all.len() < ROOM || all.contains_key(&key);
    if has_room {
        all.insert(key, now);
    }
    has_room
}

/// Facts on their way into the database; dropped on it, they wait again.
struct Taken<'b> {
    behind: &'b Behind,
    facts: Waiting,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut waiting = self.behind.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.take_back(mem::take(&mut self.facts));
    }
}

pub(super) async fn flush(db: &Db) -> Result<usize, Error> {
    let behind = &db.inner.activity.behind;
    let _turn = behind.turn.lock().await;
    let mut taken = behind.take();
    let count = taken.facts.len();
    if count == 0 {
        return Ok(0);
    }
    let facts = &taken.facts;
    let revived = db.write(move |tx| async move { write(&tx, facts).await }).await?;
    taken.facts = Waiting::default();
    for chat in revived {
        chats_repo::forget(db, chat).await;
    }
    Ok(count)
}

/// Writes the facts, and says which groups were marked as inactive and are not any more.
async fn write(tx: &Transaction, facts: &Waiting) -> Result<Vec<ChatId>, DbErr> {
    let users: Vec<ValueTuple> = facts.users.iter().map(|(id, at)| pair(id.get(), *at)).collect();
    for chunk in users.chunks(CHUNK) {
        tx.execute(&later("users", "last_activity", &["user_id"], chunk)).await?;
    }
    let chats: Vec<ValueTuple> = facts.chats.iter().map(|(id, at)| pair(id.get(), *at)).collect();
    let mut revived = Vec::new();
    for chunk in chats.chunks(CHUNK) {
        tx.execute(&later("chats", "last_activity", &["chat_id"], chunk)).await?;
        for row in tx.query_all(&revive(chunk)).await? {
            revived.push(ChatId::new(row.try_get_by_index(0)?));
        }
    }
    let members: Vec<ValueTuple> = facts
        .members
        .iter()
        .map(|((chat, user), at)| ValueTuple::Three(chat.get().into(), user.get().into(), (*at).into()))
        .collect();
    for chunk in members.chunks(CHUNK) {
        tx.execute(&later("chat_members", "last_seen", &["chat_id", "user_id"], chunk)).await?;
    }
    count_messages(tx, &facts.messages).await?;
    Ok(revived)
}

fn pair(id: i64, at: Time) -> ValueTuple {
    ValueTuple::Two(id.into(), at.into())
}

/// The columns of a list of values have the same names on both databases.
const LISTED: [&str; 3] = ["column1", "column2", "column3"];

/// Rows of `table` that are named in the list: the first columns of the list are the key, the last is a time.
fn listed(table: &'static str, key: &[&'static str], rows: &[ValueTuple]) -> UpdateStatement {
    let mut statement = Query::update();
    statement.table(table).from(TableRef::ValuesList(rows.to_vec(), "listed".into_iden()));
    for (column, listed) in key.iter().zip(LISTED) {
        statement.and_where(Expr::col((table, *column)).equals(("listed", listed)));
    }
    statement
}

/// Moves a time on; a row that is gone stays gone.
fn later(
    table: &'static str,
    column: &'static str,
    key: &[&'static str],
    rows: &[ValueTuple],
) -> UpdateStatement {
    let time = Expr::col(("listed", LISTED.get(key.len()).copied().unwrap_or_default()));
    let mut statement = listed(table, key, rows);
    statement.value(column, time.clone()).and_where(Expr::col((table, column)).lt(time));
    statement
}

/// Takes the mark from groups that were heard after they were marked.
fn revive(rows: &[ValueTuple]) -> UpdateStatement {
    let mut statement = listed("chats", &["chat_id"], rows);
    statement
        .value("is_inactive", false)
        .and_where(Expr::col(("chats", "is_inactive")).eq(true))
        .and_where(Expr::col(("chats", "updated_at")).lt(Expr::col(("listed", "column2"))))
        .returning_col("chat_id");
    statement
}

/// A group whose id has changed meanwhile is not counted any more.
async fn count_messages(tx: &Transaction, messages: &BTreeMap<(ChatId, Date), i64>) -> Result<(), DbErr> {
    use days::{ActiveModel, Column, Entity};
    let all: Vec<_> = messages.iter().collect();
    for chunk in all.chunks(CHUNK) {
        let ids = chunk.iter().map(|((chat, _), _)| chat.get());
        let known: BTreeSet<i64> = chats_repo::Entity::find()
            .select_only()
            .column(chats_repo::Column::ChatId)
            .filter(chats_repo::Column::ChatId.is_in(ids))
            .into_tuple()
            .all(tx)
            .await?
            .into_iter()
            .collect();
        let rows: Vec<ActiveModel> = chunk
            .iter()
            .filter(|((chat, _), _)| known.contains(&chat.get()))
            .map(|((chat, day), messages)| ActiveModel {
                chat_id: Set(chat.get()),
                day: Set(*day),
                messages: Set(**messages),
                users_estimate: Set(0),
                ..Default::default()
            })
            .collect();
        if rows.is_empty() {
            continue;
        }
        let sum = Expr::col(("chat_activity", "messages")).add(Expr::col(("excluded", "messages")));
        let more = OnConflict::columns([Column::ChatId, Column::Day]).value(Column::Messages, sum).to_owned();
        Entity::insert_many(rows).on_conflict(more).exec_without_returning(tx).await?;
    }
    Ok(())
}
