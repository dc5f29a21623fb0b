//! An operator who comes from the Go bot keeps the database, and the group notices nothing.

use sea_orm::{ConnectionTrait, Database};

use crate::room::Room;
use crate::{LIMIT, databases, whole};

const GO: &str = include_str!("../../../../migrations/src/tests/go.sql");

#[tokio::test]
async fn the_database_of_the_go_bot_is_taken_over() {
    let Some(database) = databases::postgres().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let room = Room::new(telegram, program.env("DATABASE_URL", &database.url));
    let db = Database::connect(&database.url).await.expect("a connection");
    db.execute_unprepared(&GO.replace("-1001", &room.chat.to_string())).await.expect("the Go bot's tables");
    db.close().await.expect("the connection closes");

    let refused = room.program.run(LIMIT).await.expect("it ends");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("run `alita-bot migrate`"), "nothing is moved before somebody asks for it: {said}");
    let migrated = room.program.clone().arg("migrate").run(LIMIT).await.expect("it ends");
    let said = String::from_utf8_lossy(&migrated.stdout).into_owned();
    assert!(migrated.status.success(), "{said}");
    for line in ["applied: m0001_users", "taken over from the Go bot: notes, 3 of 6"] {
        assert!(said.lines().any(|other| other == line), "{line} is missing in {said}");
    }

    let running = room.start().await;
    // The group spoke Spanish, and delivered its notes in private.
    let told = room.is_told(room.ada, "#intro").await;
    assert_eq!(told, "Pulsa el botón y te muestro en privado la nota intro.");
    room.is_deleted(room.mallory, "see https://coins.example").await;
    let told = room.is_told(room.ada, "/warnings").await;
    assert!(told.contains('5'), "the group's own limit: {told}");
    room.ends_well(running).await;
}
