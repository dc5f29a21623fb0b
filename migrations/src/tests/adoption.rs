//! A database of the Go bot, with all that went wrong in it, becomes one of ours.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::{connect, databases, has_table, names};
use crate::{Change, Error, Outcome, down, fresh, pending, preview, up};

const GO: &str = include_str!("go.sql");

/// A database of the Go bot; none where there is no PostgreSQL.
async fn go_bot() -> Option<(databases::Empty, DatabaseConnection)> {
    let empty = databases::postgres().await?;
    let db = connect(&empty.url).await;
    db.execute_unprepared(GO).await.expect("the tables of the Go bot");
    Some((empty, db))
}

/// The rows of a query as one JSON text each.
async fn rows(db: &DatabaseConnection, query: &str) -> Vec<String> {
    let sql = format!("SELECT to_jsonb(found)::text AS row FROM ({query}) AS found");
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.expect("rows");
    rows.iter().map(|row| row.try_get("", "row").expect("a text")).collect()
}

async fn check(db: &DatabaseConnection, query: &str, expected: &[&str]) {
    assert_eq!(rows(db, query).await, expected, "{query}");
}

fn counts(outcome: &Outcome) -> Vec<(&str, u64, u64)> {
    outcome.taken_over.iter().map(|taken| (taken.table, taken.rows, taken.of)).collect()
}

const COUNTS: [(&str, u64, u64); 17] = [
    ("users", 3, 3),
    ("chats", 3, 3),
    ("chat_members", 4, 4),
    ("channels", 3, 3),
    ("admin", 2, 3),
    ("disable", 2, 4),
    ("disable_chat_settings", 1, 1),
    ("connection", 2, 2),
    ("connection_settings", 2, 2),
    ("warns_settings", 3, 3),
    ("warns_users", 5, 5),
    ("locks", 2, 3),
    ("notes", 3, 6),
    ("notes_settings", 2, 2),
    ("approved_users", 1, 1),
    ("rules", 1, 1),
    ("devs", 2, 2),
];

#[tokio::test]
async fn what_has_a_place_is_copied_and_made_right() {
    let Some((_empty, db)) = go_bot().await else { return };
    assert_eq!(pending(&db).await.unwrap(), names());
    let outcome = up(&db, None).await.unwrap();
    assert_eq!(outcome.steps, names());
    assert_eq!(counts(&outcome), COUNTS);

    check(
        &db,
        "SELECT user_id, username, name, language FROM users ORDER BY user_id",
        &[
            r#"{"name": "Ada <3", "user_id": 1, "language": "es", "username": "Ada"}"#,
            r#"{"name": "Ada the Former", "user_id": 2, "language": "en", "username": null}"#,
            r#"{"name": "", "user_id": 3, "language": "", "username": null}"#,
            r#"{"name": "", "user_id": 66, "language": "", "username": null}"#,
            r#"{"name": "", "user_id": 77, "language": "", "username": null}"#,
            r#"{"name": "", "user_id": 88, "language": "", "username": null}"#,
            r#"{"name": "", "user_id": 99, "language": "", "username": null}"#,
        ],
    )
    .await;
    check(
        &db,
        "SELECT chat_id, chat_name, language, is_inactive FROM chats ORDER BY chat_id DESC",
        &[
            r#"{"chat_id": -1001, "language": "es", "chat_name": "Rust Tea", "is_inactive": false}"#,
            r#"{"chat_id": -1002, "language": "", "chat_name": "", "is_inactive": false}"#,
            r#"{"chat_id": -1003, "language": "", "chat_name": "Odd", "is_inactive": true}"#,
            r#"{"chat_id": -1999, "language": "", "chat_name": "", "is_inactive": false}"#,
        ],
    )
    .await;
    let members = "SELECT user_id FROM chat_members ORDER BY user_id";
    check(
        &db,
        members,
        &[r#"{"user_id": 1}"#, r#"{"user_id": 2}"#, r#"{"user_id": 3}"#, r#"{"user_id": 77}"#],
    )
    .await;
    check(
        &db,
        "SELECT chat_id, username FROM channels ORDER BY chat_id DESC",
        &[
            r#"{"chat_id": -1005, "username": "news"}"#,
            r#"{"chat_id": -1006, "username": null}"#,
            r#"{"chat_id": -1007, "username": null}"#,
        ],
    )
    .await;
    check(
        &db,
        "SELECT chat_id, command, disabled FROM disable ORDER BY chat_id DESC",
        &[
            r#"{"chat_id": -1001, "command": "ban", "disabled": true}"#,
            r#"{"chat_id": -1999, "command": "id", "disabled": true}"#,
        ],
    )
    .await;
    check(
        &db,
        "SELECT chat_id, warn_limit, warn_mode FROM warns_settings ORDER BY chat_id DESC",
        &[
            r#"{"chat_id": -1001, "warn_mode": "ban", "warn_limit": 5}"#,
            r#"{"chat_id": -1002, "warn_mode": "mute", "warn_limit": 3}"#,
            r#"{"chat_id": -1003, "warn_mode": "mute", "warn_limit": 3}"#,
        ],
    )
    .await;
    check(
        &db,
        "SELECT user_id, num_warns, warns FROM warns_users ORDER BY chat_id DESC, user_id",
        &[
            r#"{"warns": ["spam", "more <b>spam</b>"], "user_id": 1, "num_warns": 2}"#,
            r#"{"warns": ["only one", "", ""], "user_id": 2, "num_warns": 3}"#,
            r#"{"warns": [], "user_id": 3, "num_warns": 0}"#,
            r#"{"warns": ["{\"reason\": \"odd\"}"], "user_id": 99, "num_warns": 1}"#,
            r#"{"warns": ["", ""], "user_id": 1, "num_warns": 2}"#,
        ],
    )
    .await;
    check(
        &db,
        "SELECT lock_type, locked FROM locks ORDER BY lock_type",
        &[r#"{"locked": false, "lock_type": "sticker"}"#, r#"{"locked": true, "lock_type": "url"}"#],
    )
    .await;
    check(
        &db,
        "SELECT note_name, note_content, msg_type, jsonb_array_length(buttons) AS buttons, admin_only, web_preview \
         FROM notes ORDER BY note_name",
        &[
            r#"{"buttons": 0, "msg_type": 4, "note_name": "how_to_ask", "admin_only": false, "web_preview": true, "note_content": ""}"#,
            r#"{"buttons": 2, "msg_type": 1, "note_name": "intro", "admin_only": true, "web_preview": false, "note_content": "Hello <b>you</b>"}"#,
            r#"{"buttons": 0, "msg_type": 1, "note_name": "stray", "admin_only": false, "web_preview": true, "note_content": "x"}"#,
        ],
    )
    .await;
    check(
        &db,
        "SELECT rules, rules_btn, private FROM rules",
        &[r#"{"rules": "Be <i>kind</i>", "private": false, "rules_btn": ""}"#],
    )
    .await;
}

#[tokio::test]
async fn what_has_no_place_yet_stays_as_it_was() {
    let Some((_empty, db)) = go_bot().await else { return };
    up(&db, None).await.unwrap();
    assert!(!has_table(&db, "filters").await);
    check(&db, "SELECT length(keyword) FROM go_alita.filters", &[r#"{"length": 2000}"#]).await;
    check(&db, "SELECT count(*) FROM go_alita.notes", &[r#"{"count": 6}"#]).await;

    assert_eq!(up(&db, None).await.unwrap(), Outcome::default(), "a second run is a no-op");
    assert_eq!(counts(&fresh(&db).await.unwrap()), COUNTS, "and all can be taken over anew");
    down(&db, None).await.unwrap();
    let partly = up(&db, Some(1)).await.unwrap();
    assert_eq!(counts(&partly), COUNTS[..1], "a step takes what it has a place for");
    assert_eq!(counts(&up(&db, None).await.unwrap()), COUNTS[1..]);
}

#[tokio::test]
async fn a_preview_shows_it_and_two_at_once_do_it_once() {
    let Some((empty, db)) = go_bot().await else { return };
    let told = preview(&db, Change::Up(None)).await.unwrap();
    for needle in ["CREATE SCHEMA go_alita", "ALTER TABLE notes SET SCHEMA go_alita", "INSERT INTO notes ("] {
        assert!(told.iter().any(|sql| sql.contains(needle)), "{needle} is missing in {told:#?}");
    }
    assert!(has_table(&db, "schema_migrations").await, "it was only looked at");

    let other = connect(&empty.url).await;
    let (one, two) = tokio::join!(up(&db, None), up(&other, None));
    let mut taken_over = [counts(&one.unwrap()).len(), counts(&two.unwrap()).len()];
    taken_over.sort_unstable();
    assert_eq!(taken_over, [0, COUNTS.len()]);
}

#[tokio::test]
async fn one_that_is_too_old_or_broken_is_left_alone() {
    let Some((_empty, db)) = go_bot().await else { return };
    db.execute_unprepared("ALTER TABLE antiraid_settings RENAME TO antiraid").await.unwrap();
    let refusal = up(&db, None).await;
    let Err(Error::OldGoBot(missing)) = &refusal else { panic!("{refusal:?}") };
    assert_eq!(*missing, ["antiraid_settings"]);
    assert!(has_table(&db, "warns_users").await && !has_table(&db, "alita_migrations").await);

    db.execute_unprepared("ALTER TABLE antiraid RENAME TO antiraid_settings").await.unwrap();
    db.execute_unprepared("ALTER TABLE notes DROP COLUMN no_notif").await.unwrap();
    let failure = up(&db, None).await;
    assert!(matches!(failure, Err(Error::Database(_))), "{failure:?}");
    assert!(has_table(&db, "warns_users").await && !has_table(&db, "alita_migrations").await);
    check(&db, "SELECT count(*) FROM notes", &[r#"{"count": 6}"#]).await;
}
