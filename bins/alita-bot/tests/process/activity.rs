//! Activity of the real process: what is shown, and what is written although the bot leaves at once.

use alita_cache::Cache;
use alita_db::{Db, DbConfig};
use alita_runtime::Clock;
use alita_testkit::process::get;
use alita_testkit::{Member, NewChat, NewUser, Speaker};
use chrono::DateTime;

use crate::{LIMIT, whole};

#[tokio::test]
async fn what_waits_is_written_before_it_leaves() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    let chat = telegram.add_chat(NewChat::supergroup("Rust Tea"));
    let ada = telegram.add_user(NewUser::named("Ada"));
    telegram.set_member(chat, ada, Member::owner());
    telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
    for _ in 0..3 {
        telegram.say(chat, Speaker::User(ada), "hello");
    }
    tokio::time::timeout(LIMIT, telegram.settled()).await.expect("they are handled");
    assert_eq!(running.terminate(LIMIT).await.expect("it leaves in time").code(), Some(0));

    let clock = Clock::system();
    let url = format!("sqlite://{}", folder.path().join("alita.db").display());
    let db =
        Db::connect(DbConfig::new(&url), Cache::in_memory(clock.clone()), clock).await.expect("it opens");
    let days = db.activity().days(chat, DateTime::UNIX_EPOCH.date_naive()).await.expect("they can be read");
    // Midnight may lie between the messages.
    assert_eq!(days.iter().map(|day| day.messages).sum::<u64>(), 3);
    db.close().await.expect("it closes");

    // The next process counts at its start.
    let mut running = program.start().expect("it starts again");
    running.is_up(LIMIT).await.expect("it comes up");
    // The bot itself is among the people.
    let expected = [
        "alita_chats{state=\"all\"} 1",
        "alita_active_chats{window=\"day\"} 1",
        "alita_active_users{window=\"day\"} 2",
    ];
    let counted = async {
        loop {
            let (_, text) = get(program.port(), "/metrics").await.unwrap_or_default();
            if expected.iter().all(|line| text.contains(line)) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, counted).await.expect("it counts");
    assert_eq!(running.terminate(LIMIT).await.expect("it leaves in time").code(), Some(0));
}
