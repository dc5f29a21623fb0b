//! Notes: added once, replaced, removed, listed.

use alita_model::{ContentKind, MAX_NOTES, Note, NoteFlags, NoteName, SavedButton, SavedContent};

use super::*;
use crate::{AddNote, NoteEntry};

fn name(word: &str) -> NoteName {
    NoteName::parse(word).expect("a name")
}

fn note(word: &str, html: &str) -> Note {
    Note {
        name: name(word),
        content: SavedContent { html: html.into(), ..SavedContent::default() },
        flags: NoteFlags::default(),
    }
}

fn full(word: &str) -> Note {
    Note {
        name: name(word),
        content: SavedContent {
            kind: ContentKind::Photo,
            html: "<b>%%% {first}</b> 'quoted' ö".into(),
            file_id: "AgAD".into(),
            buttons: vec![
                SavedButton { name: "a".into(), url: "https://example.org".into(), same_row: false },
                SavedButton { name: "b".into(), url: "https://example.com".into(), same_row: true },
            ],
        },
        flags: NoteFlags {
            is_admin_only: true,
            is_private_only: true,
            is_group_only: true,
            has_preview: true,
            is_protected: true,
            is_silent: true,
        },
    }
}

#[tokio::test]
async fn every_field_comes_back_on_and_off() {
    for world in worlds().await {
        let read = async |db: &Db| db.notes().get(CHAT, &name("привет")).await.unwrap();
        world.everybody_reads(read, None).await;
        assert_eq!(world.db.notes().add(CHAT, &full("привет")).await.unwrap(), AddNote::Added);
        world.everybody_reads(read, Some(full("привет"))).await;
        assert!(world.db.notes().update(CHAT, &note("привет", "")).await.unwrap());
        world.everybody_reads(read, Some(note("привет", ""))).await;
        assert!(world.db.notes().update(CHAT, &full("привет")).await.unwrap());
        world.everybody_reads(read, Some(full("привет"))).await;
    }
}

#[tokio::test]
async fn a_note_is_never_overwritten_by_chance_nor_brought_back() {
    for world in worlds().await {
        let notes = world.db.notes();
        let read = async |db: &Db| db.notes().get(CHAT, &name("tea")).await.unwrap();
        assert!(!notes.update(CHAT, &note("tea", "x")).await.unwrap(), "nothing to replace");
        world.everybody_reads(read, None).await;
        notes.add(CHAT, &note("tea", "first")).await.unwrap();
        assert_eq!(notes.add(CHAT, &note("tea", "second")).await.unwrap(), AddNote::Exists);
        world.everybody_reads(read, Some(note("tea", "first"))).await;
        assert!(notes.remove(CHAT, &name("#TEA")).await.unwrap());
        assert!(!notes.remove(CHAT, &name("tea")).await.unwrap());
        assert!(!notes.update(CHAT, &note("tea", "late")).await.unwrap());
        world.everybody_reads(read, None).await;
    }
}

#[tokio::test]
async fn a_full_chat_gets_no_new_note_but_may_replace_one() {
    for world in worlds().await {
        let notes = world.db.notes();
        for number in 0..MAX_NOTES {
            let added = notes.add(CHAT, &note(&format!("tea{number}"), "x")).await.unwrap();
            assert_eq!(added, AddNote::Added, "{number}");
        }
        assert_eq!(notes.add(CHAT, &note("one_more", "x")).await.unwrap(), AddNote::Full);
        assert_eq!(notes.get(CHAT, &name("one_more")).await.unwrap(), None);
        assert_eq!(notes.add(CHAT, &note("tea7", "new")).await.unwrap(), AddNote::Exists);
        assert!(notes.update(CHAT, &note("tea7", "new")).await.unwrap());
        assert_eq!(notes.add(OTHER_CHAT, &note("one_more", "x")).await.unwrap(), AddNote::Added);
        assert!(notes.remove(CHAT, &name("tea7")).await.unwrap());
        assert_eq!(notes.add(CHAT, &note("one_more", "x")).await.unwrap(), AddNote::Added);
        assert_eq!(notes.names(CHAT).await.unwrap().len(), MAX_NOTES);
    }
}

#[tokio::test]
async fn a_new_note_costs_two_statements() {
    for world in worlds().await {
        let before = world.db.queries();
        world.db.notes().add(CHAT, &note("tea", "x")).await.unwrap();
        assert_eq!(world.db.queries() - before, 2, "the row of the chat, and the note");
    }
}

#[tokio::test]
async fn the_list_is_sorted_and_follows_every_write() {
    for world in worlds().await {
        let notes = world.db.notes();
        let read = async |db: &Db| (*db.notes().names(CHAT).await.unwrap()).clone();
        let entry = |word: &str, is_admin_only| NoteEntry { name: name(word), is_admin_only };
        world.everybody_reads(read, vec![]).await;
        notes.add(CHAT, &note("b", "x")).await.unwrap();
        notes.add(CHAT, &note("a_z", "x")).await.unwrap();
        notes.add(CHAT, &full("ab")).await.unwrap();
        notes.add(OTHER_CHAT, &note("c", "x")).await.unwrap();
        world.everybody_reads(read, vec![entry("a_z", false), entry("ab", true), entry("b", false)]).await;
        notes.update(CHAT, &note("ab", "x")).await.unwrap();
        notes.remove(CHAT, &name("b")).await.unwrap();
        world.everybody_reads(read, vec![entry("a_z", false), entry("ab", false)]).await;
        assert!(notes.get(CHAT, &name("ab")).await.unwrap().is_some());
        assert_eq!(notes.remove_all(CHAT).await.unwrap(), 2);
        assert_eq!(notes.remove_all(CHAT).await.unwrap(), 0);
        world.everybody_reads(read, vec![]).await;
        world.everybody_reads(async |db: &Db| db.notes().get(CHAT, &name("ab")).await.unwrap(), None).await;
        assert_eq!(notes.names(OTHER_CHAT).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn unknown_names_cost_nothing_in_a_warm_chat() {
    for world in worlds().await {
        world.db.notes().add(CHAT, &note("tea", "x")).await.unwrap();
        world.db.notes().names(CHAT).await.unwrap();
        world
            .costs_nothing(async || {
                for word in ["one", "two", "three"] {
                    assert_eq!(world.db.notes().get(CHAT, &name(word)).await.unwrap(), None);
                }
            })
            .await;
    }
}

#[tokio::test]
async fn the_private_mode() {
    for world in worlds().await {
        let read = async |db: &Db| db.notes().is_private(CHAT).await.unwrap();
        world.everybody_reads(read, false).await;
        for private in [true, false, true] {
            world.db.notes().set_private(CHAT, private).await.unwrap();
            world.everybody_reads(read, private).await;
        }
    }
}
