//! Every setting: its default, on, off again, and both seen by everybody at once.

use std::collections::BTreeSet;

use alita_model::{LockSet, LockType, Punishment};

use super::*;
use crate::{AdminSettings, Disabled, Rules, Team};

#[tokio::test]
async fn languages() {
    for world in worlds().await {
        let languages = world.db.languages();
        let user = async |db: &Db| db.languages().user(ADA).await.unwrap();
        let chat = async |db: &Db| db.languages().chat(CHAT).await.unwrap();
        world.everybody_reads(user, None).await;
        world.everybody_reads(chat, None).await;
        languages.set_user(ADA, "es").await.unwrap();
        world.everybody_reads(user, Some("es".into())).await;
        world.everybody_reads(chat, None).await;
        languages.set_chat(CHAT, "ru").await.unwrap();
        world.everybody_reads(chat, Some("ru".into())).await;
        languages.set_user(ADA, "en").await.unwrap();
        languages.set_chat(CHAT, "").await.unwrap();
        world.everybody_reads(user, Some("en".into())).await;
        world.everybody_reads(chat, None).await;
    }
}

#[tokio::test]
async fn anonymous_admins() {
    for world in worlds().await {
        let read = async |db: &Db| db.admin().get(CHAT).await.unwrap();
        for anon_admin in [false, true, false, true] {
            world.db.admin().set_anon_admin(CHAT, anon_admin).await.unwrap();
            world.everybody_reads(read, AdminSettings { anon_admin }).await;
        }
        assert_eq!(world.db.admin().get(OTHER_CHAT).await.unwrap(), AdminSettings::default());
    }
}

#[tokio::test]
async fn disabled_commands() {
    for world in worlds().await {
        let disabling = world.db.disabling();
        let read = async |db: &Db| (*db.disabling().get(CHAT).await.unwrap()).clone();
        let disabled = |commands: &[&str], delete| Disabled {
            commands: commands.iter().map(ToString::to_string).collect::<BTreeSet<_>>(),
            delete,
        };
        world.everybody_reads(read, Disabled::default()).await;
        disabling.disable(CHAT, &["warns", "rules", "warns"]).await.unwrap();
        world.everybody_reads(read, disabled(&["rules", "warns"], false)).await;
        disabling.disable(CHAT, &["warns"]).await.unwrap();
        disabling.set_delete(CHAT, true).await.unwrap();
        world.everybody_reads(read, disabled(&["rules", "warns"], true)).await;
        disabling.enable(CHAT, &["warns", "never"]).await.unwrap();
        disabling.set_delete(CHAT, false).await.unwrap();
        world.everybody_reads(read, disabled(&["rules"], false)).await;
        disabling.disable(CHAT, &[]).await.unwrap();
        disabling.enable(CHAT, &[]).await.unwrap();
        world.everybody_reads(read, disabled(&["rules"], false)).await;
    }
}

#[tokio::test]
async fn connections() {
    for world in worlds().await {
        let connections = world.db.connections();
        let read = async |db: &Db| {
            (db.connections().of(ADA).await.unwrap(), db.connections().last(ADA).await.unwrap())
        };
        world.everybody_reads(read, (None, None)).await;
        assert!(!connections.disconnect(ADA).await.unwrap());
        connections.connect(ADA, CHAT).await.unwrap();
        world.everybody_reads(read, (Some(CHAT), Some(CHAT))).await;
        connections.connect(ADA, OTHER_CHAT).await.unwrap();
        world.everybody_reads(read, (Some(OTHER_CHAT), Some(OTHER_CHAT))).await;
        assert!(connections.disconnect(ADA).await.unwrap());
        assert!(!connections.disconnect(ADA).await.unwrap());
        world.everybody_reads(read, (None, Some(OTHER_CHAT))).await;

        let allows = async |db: &Db| db.connections().allows(CHAT).await.unwrap();
        world.everybody_reads(allows, true).await;
        for yes in [false, true] {
            connections.set_allows(CHAT, yes).await.unwrap();
            world.everybody_reads(allows, yes).await;
        }
    }
}

#[tokio::test]
async fn warn_policies() {
    for world in worlds().await {
        let warns = world.db.warns();
        let read = async |db: &Db| {
            let policy = db.warns().policy(CHAT).await.unwrap();
            (policy.limit(), policy.punishment)
        };
        world.everybody_reads(read, (3, Punishment::Mute)).await;
        warns.set_limit(CHAT, 5).await.unwrap();
        world.everybody_reads(read, (5, Punishment::Mute)).await;
        for punishment in Punishment::ALL {
            warns.set_punishment(CHAT, punishment).await.unwrap();
            world.everybody_reads(read, (5, punishment)).await;
        }
        warns.set_limit(CHAT, 1).await.unwrap();
        world.everybody_reads(read, (1, Punishment::Mute)).await;
        warns.set_punishment(OTHER_CHAT, Punishment::Kick).await.unwrap();
        assert_eq!(
            warns.policy(OTHER_CHAT).await.unwrap().limit(),
            3,
            "one setter leaves the other's default"
        );
        assert!(!warns.set_limit(CHAT, 0).await.unwrap_err().is_unavailable());
        world.everybody_reads(read, (1, Punishment::Mute)).await;
    }
}

#[tokio::test]
async fn locks() {
    for world in worlds().await {
        let read = async |db: &Db| db.locks().of(CHAT).await.unwrap();
        let set = |types: &[LockType]| types.iter().copied().collect::<LockSet>();
        world.everybody_reads(read, LockSet::EMPTY).await;
        world.db.locks().set(CHAT, &[LockType::Url, LockType::Rtl, LockType::Url], true).await.unwrap();
        world.everybody_reads(read, set(&[LockType::Url, LockType::Rtl])).await;
        world.db.locks().set(CHAT, &[LockType::Url, LockType::Bots], false).await.unwrap();
        world.everybody_reads(read, set(&[LockType::Rtl])).await;
        world.db.locks().set(CHAT, LockType::ALL, true).await.unwrap();
        world.everybody_reads(read, set(LockType::ALL)).await;
        world.db.locks().set(CHAT, &[], false).await.unwrap();
        world.everybody_reads(read, set(LockType::ALL)).await;
    }
}

#[tokio::test]
async fn approvals() {
    for world in worlds().await {
        let read = async |db: &Db| db.approvals().is_approved(CHAT, ADA).await.unwrap();
        world.everybody_reads(read, false).await;
        assert!(world.db.approvals().approve(CHAT, ADA, BOB, "helps").await.unwrap());
        assert!(!world.db.approvals().approve(CHAT, ADA, ADA, "").await.unwrap());
        world.everybody_reads(read, true).await;
        assert!(world.db.approvals().remove(CHAT, ADA).await.unwrap());
        assert!(!world.db.approvals().remove(CHAT, ADA).await.unwrap());
        world.everybody_reads(read, false).await;
    }
}

#[tokio::test]
async fn rules() {
    for world in worlds().await {
        let rules = world.db.rules();
        let read = async |db: &Db| db.rules().get(CHAT).await.unwrap();
        world.everybody_reads(read, None).await;
        rules.set_button(CHAT, Some("Read me")).await.unwrap();
        rules.set_private(CHAT, true).await.unwrap();
        world.everybody_reads(read, None).await;
        rules.set(CHAT, "<b>Be kind</b>").await.unwrap();
        let mut expected =
            Rules { html: "<b>Be kind</b>".into(), button: Some("Read me".into()), is_private: true };
        world.everybody_reads(read, Some(expected.clone())).await;
        rules.set_button(CHAT, None).await.unwrap();
        rules.set_private(CHAT, false).await.unwrap();
        expected = Rules { button: None, is_private: false, ..expected };
        world.everybody_reads(read, Some(expected)).await;
        rules.set(CHAT, "").await.unwrap();
        world.everybody_reads(read, None).await;
    }
}

#[tokio::test]
async fn the_team() {
    for world in worlds().await {
        let devs = world.db.devs();
        let read = async |db: &Db| db.devs().get(ADA).await.unwrap();
        world.everybody_reads(read, Team::default()).await;
        devs.set_dev(ADA, true).await.unwrap();
        world.everybody_reads(read, Team { is_dev: true, is_sudo: false }).await;
        devs.set_sudo(ADA, true).await.unwrap();
        devs.set_dev(ADA, false).await.unwrap();
        world.everybody_reads(read, Team { is_dev: false, is_sudo: true }).await;
        devs.set_sudo(ADA, false).await.unwrap();
        world.everybody_reads(read, Team::default()).await;
    }
}
