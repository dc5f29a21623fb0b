//! A group becomes a supergroup: its settings move with it.

use alita_model::{LockType, Note, NoteFlags, NoteName, Punishment, SavedContent};

use super::*;

const OLD: ChatId = ChatId::new(-4_000_001);
const NEW: ChatId = CHAT;

fn note(word: &str, html: &str) -> Note {
    Note {
        name: NoteName::parse(word).expect("a name"),
        content: SavedContent { html: html.into(), ..SavedContent::default() },
        flags: NoteFlags::default(),
    }
}

async fn furnish(db: &Db, chat: ChatId) {
    db.chats().seen(chat, "Rust Tea", Some(ADA)).await.unwrap();
    db.languages().set_chat(chat, "es").await.unwrap();
    db.admin().set_anon_admin(chat, true).await.unwrap();
    db.disabling().disable(chat, &["rules"]).await.unwrap();
    db.disabling().set_delete(chat, true).await.unwrap();
    db.connections().connect(ADA, chat).await.unwrap();
    db.connections().set_allows(chat, false).await.unwrap();
    db.warns().set_limit(chat, 7).await.unwrap();
    db.warns().set_punishment(chat, Punishment::Ban).await.unwrap();
    db.warns().add(chat, ADA, Some("old")).await.unwrap();
    db.locks().set(chat, &[LockType::Url], true).await.unwrap();
    db.notes().add(chat, &note("tea", "old")).await.unwrap();
    db.notes().set_private(chat, true).await.unwrap();
    db.approvals().approve(chat, BOB, ADA, "").await.unwrap();
    db.rules().set(chat, "Be kind").await.unwrap();
}

/// All that can be read of a chat, as text.
async fn all_of(db: &Db, chat: ChatId) -> String {
    let tea = NoteName::parse("tea").expect("a name");
    let warns = db.warns().policy(chat).await.unwrap();
    format!(
        "{:?}",
        (
            db.chats().get(chat).await.unwrap().map(|chat| chat.title),
            db.languages().chat(chat).await.unwrap(),
            (db.admin().get(chat).await.unwrap(), db.disabling().get(chat).await.unwrap()),
            (
                db.connections().of(ADA).await.unwrap() == Some(chat),
                db.connections().allows(chat).await.unwrap()
            ),
            (warns.limit(), warns.punishment, db.warns().of(chat, ADA).await.unwrap()),
            (db.locks().of(chat).await.unwrap(), db.approvals().of(chat).await.unwrap()),
            (db.notes().names(chat).await.unwrap(), db.notes().get(chat, &tea).await.unwrap()),
            (db.notes().is_private(chat).await.unwrap(), db.rules().get(chat).await.unwrap()),
        )
    )
}

#[tokio::test]
async fn everything_moves_to_an_id_that_is_new() {
    for world in worlds().await {
        let nothing = all_of(&world.db, NEW).await;
        assert_eq!(all_of(&world.db, OLD).await, nothing);
        assert!(!world.db.chats().migrate(OLD, NEW).await.unwrap(), "nothing to move");
        furnish(&world.db, OLD).await;
        let before = all_of(&world.db, OLD).await;
        assert!(world.db.chats().migrate(OLD, NEW).await.unwrap());
        world.everybody_reads(async |db: &Db| all_of(db, NEW).await, before).await;
        assert_eq!(all_of(&world.db, OLD).await, nothing);
        assert!(!world.db.chats().migrate(OLD, NEW).await.unwrap(), "the second notice finds nothing");
        assert!(!world.db.chats().migrate(NEW, NEW).await.unwrap());
    }
}

#[tokio::test]
async fn everything_moves_to_an_id_that_was_seen_already() {
    for world in worlds().await {
        furnish(&world.db, OLD).await;
        let before = all_of(&world.db, OLD).await;
        world.db.chats().seen(NEW, "Rust Tea", Some(ADA)).await.unwrap();
        assert!(world.db.chats().migrate(OLD, NEW).await.unwrap());
        world.everybody_reads(async |db: &Db| all_of(db, NEW).await, before).await;
    }
}

#[tokio::test]
async fn what_the_new_id_has_stays() {
    for world in worlds().await {
        let db = &world.db;
        furnish(db, OLD).await;
        db.chats().seen(NEW, "New Tea", Some(BOB)).await.unwrap();
        db.languages().set_chat(NEW, "ru").await.unwrap();
        db.admin().set_anon_admin(NEW, false).await.unwrap();
        db.warns().set_limit(NEW, 2).await.unwrap();
        db.warns().add(NEW, ADA, Some("new")).await.unwrap();
        db.warns().add(OLD, BOB, Some("old")).await.unwrap();
        db.locks().set(NEW, &[LockType::Url], false).await.unwrap();
        db.locks().set(OLD, &[LockType::Rtl], true).await.unwrap();
        db.notes().add(NEW, &note("tea", "new")).await.unwrap();
        db.notes().add(OLD, &note("cake", "old")).await.unwrap();

        assert!(db.chats().migrate(OLD, NEW).await.unwrap());
        let read = async |db: &Db| {
            let cake = NoteName::parse("cake").expect("a name");
            let tea = NoteName::parse("tea").expect("a name");
            format!(
                "{:?}",
                (
                    db.chats().get(NEW).await.unwrap().map(|chat| chat.title),
                    db.languages().chat(NEW).await.unwrap(),
                    db.admin().get(NEW).await.unwrap().anon_admin,
                    db.warns().policy(NEW).await.unwrap().limit(),
                    db.warns().of(NEW, ADA).await.unwrap().reasons,
                    db.warns().of(NEW, BOB).await.unwrap().reasons,
                    db.locks().of(NEW).await.unwrap().iter().collect::<Vec<_>>(),
                    db.notes().get(NEW, &tea).await.unwrap().map(|note| note.content.html),
                    db.notes().get(NEW, &cake).await.unwrap().map(|note| note.content.html),
                    db.rules().get(NEW).await.unwrap().map(|rules| rules.html),
                    db.connections().of(ADA).await.unwrap() == Some(NEW),
                )
            )
        };
        let expected = r#"(Some("New Tea"), Some("ru"), false, 2, ["new"], ["old"], [Rtl], Some("new"), Some("old"), Some("Be kind"), true)"#;
        world.everybody_reads(read, expected.to_owned()).await;
        assert_eq!(db.chats().members_seen(NEW).await.unwrap(), 2);
    }
}

#[tokio::test]
async fn a_failure_moves_nothing() {
    for world in worlds().await {
        furnish(&world.db, OLD).await;
        world.db.chats().seen(NEW, "Rust Tea", None).await.unwrap();
        let before = all_of(&world.db, OLD).await;
        let migrate = async || assert!(world.db.chats().migrate(OLD, NEW).await.is_err());
        world.without_table("rules", migrate).await;
        world.everybody_reads(async |db: &Db| all_of(db, OLD).await, before).await;
    }
}
