//! The lists in the code against the schema as it is.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, Statement};

use super::*;
use crate::{chats_move, watch};

async fn names(db: &Db, sql: &str) -> BTreeSet<String> {
    let statement = Statement::from_string(db.connection().get_database_backend(), sql);
    let rows = db.connection().query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect()
}

#[tokio::test]
async fn the_lists_of_tables_are_complete() {
    let world = World::on(databases::sqlite()).await;
    let tables =
        names(&world.db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            .await;
    let known: BTreeSet<String> = watch::DOMAINS
        .iter()
        .map(|(table, _)| table.to_string())
        .chain(["alita_migrations".into()])
        .collect();
    assert_eq!(tables, known, "every table belongs to a domain");

    let children = names(
        &world.db,
        "SELECT m.name FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f \
         WHERE m.type = 'table' AND f.\"table\" = 'chats' AND f.on_update = 'CASCADE' AND f.on_delete = 'CASCADE'",
    )
    .await;
    let moving: BTreeSet<String> = chats_move::CHILDREN.iter().map(|(table, _)| table.to_string()).collect();
    assert_eq!(children, moving, "whatever points to a chat moves with it");
}

#[tokio::test]
async fn reads_never_write() {
    for world in worlds().await {
        let db = &world.db;
        let before = db.transactions();
        db.activity().counts().await.unwrap();
        db.users().get(ADA).await.unwrap();
        db.users().by_username("ada").await.unwrap();
        db.chats().get(CHAT).await.unwrap();
        db.channels().by_username("news").await.unwrap();
        db.languages().user(ADA).await.unwrap();
        db.languages().chat(CHAT).await.unwrap();
        db.admin().get(CHAT).await.unwrap();
        db.disabling().get(CHAT).await.unwrap();
        db.connections().of(ADA).await.unwrap();
        db.connections().allows(CHAT).await.unwrap();
        db.warns().policy(CHAT).await.unwrap();
        db.warns().of(CHAT, ADA).await.unwrap();
        db.warns().count(CHAT).await.unwrap();
        db.locks().of(CHAT).await.unwrap();
        db.notes().names(CHAT).await.unwrap();
        db.notes().is_private(CHAT).await.unwrap();
        db.approvals().is_approved(CHAT, ADA).await.unwrap();
        db.rules().get(CHAT).await.unwrap();
        db.devs().get(ADA).await.unwrap();
        db.jobs().all(10).await.unwrap();
        db.jobs().dead(10).await.unwrap();
        assert_eq!(db.transactions(), before);
        for (table, _) in watch::DOMAINS {
            let sql = format!("SELECT CAST(id AS TEXT) FROM {table}");
            assert!(names(db, &sql).await.is_empty(), "{table}");
        }
    }
}

/// A handler runs on any thread, so whatever it awaits must be able to move to another.
#[test]
fn every_call_can_move_to_another_thread() {
    fn movable<T: Send>(_: T) {}
    fn all(db: &Db, note: &alita_model::Note) {
        movable(db.activity().flush());
        movable(db.activity().sweep(chrono::TimeDelta::days(30), chrono::TimeDelta::hours(1)));
        movable(db.users().seen(&person(ADA, "", None)));
        movable(db.users().by_username(""));
        movable(db.chats().seen(CHAT, "", Some(ADA)));
        movable(db.chats().migrate(CHAT, OTHER_CHAT));
        movable(db.chats().mark_inactive(CHAT));
        movable(db.languages().set_chat(CHAT, ""));
        movable(db.disabling().disable(CHAT, &[""]));
        movable(db.disabling().enable(CHAT, &[""]));
        movable(db.connections().connect(ADA, CHAT));
        movable(db.warns().add(CHAT, ADA, Some("")));
        movable(db.warns().count(CHAT));
        movable(db.locks().set(CHAT, &[], true));
        movable(db.notes().add(CHAT, note));
        movable(db.notes().get(CHAT, &note.name));
        movable(db.approvals().approve(CHAT, ADA, BOB, ""));
        movable(db.rules().set(CHAT, ""));
        movable(db.devs().set_dev(ADA, true));
        movable(db.jobs().retry_dead());
        movable(db.sweep());
    }
    let _ = all;
}
