//! Who was seen: throttled, changed, and by name.

use alita_model::Channel;
use sea_orm::{ColumnTrait, DbBackend, EntityTrait, QueryFilter};
use tokio::task::JoinSet;

use super::*;
use crate::throttle::INTERVAL;
use crate::{Chat, chats_repo, users_repo};

#[tokio::test]
async fn a_person_is_written_down_once_in_five_minutes() {
    for world in worlds().await {
        let users = world.db.users();
        let ada = person(ADA, "Ada", Some("Ada_L"));
        world.everybody_reads(async |db: &Db| db.users().get(ADA).await.unwrap(), None).await;
        assert!(users.seen(&ada).await.unwrap());
        world.costs_nothing(async || assert!(!users.seen(&ada).await.unwrap())).await;
        world.everybody_reads(async |db: &Db| db.users().get(ADA).await.unwrap(), Some(ada.clone())).await;

        let renamed = person(ADA, "Ada Lovelace", None);
        assert!(users.seen(&renamed).await.unwrap(), "a changed name is written at once");
        world
            .everybody_reads(async |db: &Db| db.users().get(ADA).await.unwrap(), Some(renamed.clone()))
            .await;
        world.everybody_reads(async |db: &Db| db.users().by_username("ada_l").await.unwrap(), None).await;

        world.clock.advance(INTERVAL);
        let before = world.db.transactions();
        assert!(users.seen(&renamed).await.unwrap());
        assert_eq!(world.db.transactions(), before, "the time alone is written behind");
        assert_eq!(world.db.activity().flush().await.unwrap(), 1);
        let row = users_repo::Entity::find().filter(users_repo::Column::UserId.eq(ADA.get()));
        let row = row.one(world.db.connection()).await.unwrap().unwrap();
        assert_eq!(row.last_activity, world.clock.now(), "the clock's time, to the microsecond");
        assert_eq!(row.created_at + INTERVAL, world.clock.now());

        let nameless = person(ADA, "", None);
        users.seen(&nameless).await.unwrap();
        assert_eq!(users.get(ADA).await.unwrap(), Some(renamed), "an empty name overwrites nothing");
    }
}

#[tokio::test]
async fn the_language_survives_being_seen() {
    for world in worlds().await {
        world.db.languages().set_user(ADA, "es").await.unwrap();
        world.db.languages().set_chat(CHAT, "ru").await.unwrap();
        world.db.users().seen(&person(ADA, "Ada", None)).await.unwrap();
        world.db.chats().seen(CHAT, "Rust Tea", Some(ADA)).await.unwrap();
        let read = async |db: &Db| {
            (db.languages().user(ADA).await.unwrap(), db.languages().chat(CHAT).await.unwrap())
        };
        world.everybody_reads(read, (Some("es".into()), Some("ru".into()))).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_at_once_write_once() {
    for world in worlds().await {
        let mut calls = JoinSet::new();
        for _ in 0..50 {
            let db = world.db.clone();
            calls.spawn(async move { db.users().seen(&person(ADA, "Ada", Some("ada"))).await.unwrap() });
        }
        let written = calls.join_all().await.into_iter().filter(|written| *written).count();
        assert_eq!((written, world.db.transactions()), (1, 1));

        let mut calls = JoinSet::new();
        for _ in 0..50 {
            let db = world.db.clone();
            calls.spawn(async move { db.chats().seen(CHAT, "Rust Tea", Some(ADA)).await.unwrap() });
        }
        // Who finds the group written but not the person in it writes the latter; together at most two do.
        let written = calls.join_all().await.into_iter().filter(|written| *written).count();
        assert!((1..=2).contains(&written), "{written}");
        assert_eq!(world.db.chats().members_seen(CHAT).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_username_belongs_to_whoever_was_seen_with_it_last() {
    for world in worlds().await {
        let users = world.db.users();
        let (ada, bob) = (person(ADA, "Ada", Some("TeaLover")), person(BOB, "Bob", Some("@tealover")));
        let by_name =
            async |db: &Db| db.users().by_username("@TEALOVER").await.unwrap().map(|person| person.id);
        world.everybody_reads(by_name, None).await;
        users.seen(&ada).await.unwrap();
        world.everybody_reads(by_name, Some(ADA)).await;
        users.seen(&bob).await.unwrap();
        world.everybody_reads(by_name, Some(BOB)).await;
        world
            .everybody_reads(async |db: &Db| db.users().get(ADA).await.unwrap().unwrap().username, None)
            .await;
        assert_eq!(users.by_username("@").await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fight_for_a_username_has_one_winner() {
    for world in worlds().await {
        let mut calls = JoinSet::new();
        for id in 1..=20 {
            let db = world.db.clone();
            calls.spawn(async move { db.users().seen(&person(UserId::new(id), "X", Some("prize"))).await });
        }
        let failed: Vec<_> = calls.join_all().await.into_iter().filter_map(Result::err).collect();
        // A transaction is run twice at most, so a crowd may send somebody away, to be written with the next message.
        assert!(failed.iter().all(crate::Error::is_unavailable), "{failed:?}");
        let rows = users_repo::Entity::find().filter(users_repo::Column::Username.eq("prize"));
        assert_eq!(rows.all(world.db.connection()).await.unwrap().len(), 1);
        let is_sqlite = world.db.connection().get_database_backend() == DbBackend::Sqlite;
        assert!(!is_sqlite || failed.is_empty(), "one writer at a time meets no other");
    }
}

#[tokio::test]
async fn groups_and_who_is_in_them() {
    for world in worlds().await {
        let chats = world.db.chats();
        let read = async |db: &Db| db.chats().get(CHAT).await.unwrap();
        let chat = |title: &str, is_inactive| Some(Chat { id: CHAT, title: title.into(), is_inactive });
        world.everybody_reads(read, None).await;
        assert!(!chats.mark_inactive(CHAT).await.unwrap());
        for message in 0..10 {
            assert_eq!(chats.seen(CHAT, "Rust Tea", Some(ADA)).await.unwrap(), message == 0);
        }
        world.costs_nothing(async || assert!(!chats.seen(CHAT, "Rust Tea", Some(ADA)).await.unwrap())).await;
        assert!(chats.seen(CHAT, "Rust Tea", Some(BOB)).await.unwrap());
        assert_eq!(chats.members_seen(CHAT).await.unwrap(), 2);
        world.everybody_reads(read, chat("Rust Tea", false)).await;

        assert!(chats.mark_inactive(CHAT).await.unwrap());
        assert!(!chats.mark_inactive(CHAT).await.unwrap());
        world.everybody_reads(read, chat("Rust Tea", true)).await;
        assert!(chats.seen(CHAT, "Rust Tea", Some(ADA)).await.unwrap(), "the next message makes it active");
        world.everybody_reads(read, chat("Rust Tea", false)).await;

        assert!(chats.seen(CHAT, "Go Tea", None).await.unwrap(), "a changed title is written at once");
        assert!(chats.seen(CHAT, "", None).await.unwrap());
        world.everybody_reads(read, chat("Go Tea", false)).await;
        world.clock.advance(INTERVAL);
        assert!(chats.seen(CHAT, "Go Tea", Some(ADA)).await.unwrap());
        assert_eq!(
            world.db.activity().flush().await.unwrap(),
            1,
            "the person; the title is not the last one"
        );
        let row = chats_repo::Entity::find().one(world.db.connection()).await.unwrap().unwrap();
        assert_eq!(row.last_activity, world.clock.now());
    }
}

#[tokio::test]
async fn channels() {
    for world in worlds().await {
        let channels = world.db.channels();
        let (news, fakes) = (ChatId::new(-1_001_000_000_777), ChatId::new(-1_001_000_000_778));
        let channel = |id, title: &str, username: Option<&str>| Channel {
            id,
            title: title.into(),
            username: username.map(str::to_owned),
        };
        let by_name = async |db: &Db| db.channels().by_username("@NEWS").await.unwrap();
        world.everybody_reads(by_name, None).await;
        assert!(channels.seen(&channel(news, "News", Some("News"))).await.unwrap());
        world
            .costs_nothing(async || {
                assert!(!channels.seen(&channel(news, "News", Some("news"))).await.unwrap())
            })
            .await;
        world.everybody_reads(by_name, Some(channel(news, "News", Some("news")))).await;
        assert!(channels.seen(&channel(fakes, "Fakes", Some("news"))).await.unwrap());
        world.everybody_reads(by_name, Some(channel(fakes, "Fakes", Some("news")))).await;
        let former = async |db: &Db| db.channels().get(news).await.unwrap();
        world.everybody_reads(former, Some(channel(news, "News", None))).await;
        assert!(channels.seen(&channel(fakes, "", None)).await.unwrap());
        world.everybody_reads(by_name, None).await;
        assert_eq!(channels.get(fakes).await.unwrap(), Some(channel(fakes, "Fakes", None)));
    }
}
