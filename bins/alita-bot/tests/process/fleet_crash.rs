//! `kill -9` of one of two instances behind a webhook, with two hundred updates on their way: Telegram sends again what
//! was not answered with 200, and in the end everything has had its effect once.

use std::collections::BTreeSet;
use std::time::Duration;

use alita_testkit::process::until;

use crate::group::{ANSWERED, Groups};
use crate::instances::{Bot, Fleet};
use crate::servers::Server;
use crate::webhook::address;
use crate::{LIMIT, databases};

/// Four fleets at the same time, for whoever takes over from the dead waits ten seconds for their claims to end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_is_killed_at_any_moment_and_everything_has_its_effect_once() {
    let interrupted = tokio::join!(
        is_killed_after(Duration::from_millis(5), 0),
        is_killed_after(Duration::from_millis(20), 1),
        is_killed_after(Duration::from_millis(60), 0),
        is_killed_after(Duration::from_millis(150), 1),
    );
    let (Some(one), Some(two), Some(three), Some(four)) = interrupted else { return };
    assert!(one + two + three + four > 0, "no kill came in the middle of anything");
}

/// The load is under way for so long when one dies; it is started again at once, as its supervisor would.
///
/// Says how many updates it was at. Their groups, and so their Redis, are no other test's.
async fn is_killed_after(moment: Duration, victim: usize) -> Option<usize> {
    let (redis, database) = (Server::redis().await?, databases::postgres().await?);
    let mut fleet = Fleet::start(2, &database.url, &redis.url()).await;
    let mut groups = Groups::new(&fleet.telegram);
    fleet.settled().await;
    groups.speak_first();
    groups.speak();
    tokio::time::sleep(moment).await;
    let bot = &mut fleet.bots[victim];
    bot.running.kill().await.expect("it is killed");
    bot.running = bot.program.start().expect("it starts again");
    fleet.settled().await;
    for bot in &mut fleet.bots {
        bot.running.is_up(LIMIT).await.expect("it is up");
        let status = bot.running.terminate(LIMIT).await.expect("it leaves");
        assert_eq!(status.code(), Some(0), "{}", bot.program.stderr());
    }
    let interrupted = interrupted(&fleet, victim);
    let lost = lost(&fleet).await;
    assert_eq!(groups.answers() + lost, ANSWERED, "{lost} were just leaving:\n{}", fleet.logs());
    assert!(lost <= interrupted, "{lost} messages of {interrupted} updates are lost:\n{}", fleet.logs());
    assert_eq!(groups.links(), 0, "all links are gone");
    groups.are_banned(lost);
    groups.are_stored(&database.url).await;
    assert_eq!(fleet.telegram.faults_seen(), Vec::<String>::new());
    Some(interrupted)
}

/// How many requests to it broke off.
fn interrupted(fleet: &Fleet, victim: usize) -> usize {
    let to = address(&fleet.bots[victim].program);
    let attempts = fleet.telegram.webhook_attempts();
    attempts.iter().filter(|attempt| attempt.target == Some(to) && attempt.status == 502).count()
}

/// How many messages the logs have that never came to Telegram, when no instance runs any more.
async fn lost(fleet: &Fleet) -> usize {
    // What a dead process had written to the wire is still read; its connections close after that.
    until(LIMIT, "the end of the connections", || fleet.telegram.connections() == 0)
        .await
        .expect("they close");
    let came = fleet.telegram.call_counts().get("sendMessage").copied().unwrap_or_default();
    // Both have a line for what one began to send and the other left out for that reason.
    let left: BTreeSet<String> = fleet.bots.iter().flat_map(log).collect();
    left.len().checked_sub(usize::try_from(came).expect("not so many")).expect("no message without its line")
}

/// The messages in the log of one instance: each line begins with the update's number and the message's.
fn log(bot: &Bot) -> Vec<String> {
    let files = std::fs::read_dir(bot.program.folder().join("data")).expect("the folder is there");
    let logs = files.filter_map(Result::ok).filter(|file| {
        let name = file.file_name().to_string_lossy().into_owned();
        name.starts_with("sent-") && name.ends_with(".log")
    });
    let lines = logs.flat_map(|file| {
        let text = std::fs::read_to_string(file.path()).expect("a log");
        text.lines().map(|line| line.splitn(3, ' ').take(2).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    });
    lines.collect()
}
