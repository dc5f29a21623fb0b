//! Activity in the background: what is written behind, how many are active, and which groups fell silent.

use std::time::Duration;

use alita_db::{ActivityCounts, Db, Windows};
use alita_runtime::{Clock, Pause, TaskSet};
use chrono::TimeDelta;
use tracing::Instrument;

use crate::config::ActivityPlace;

/// How long a fact waits at most before it is written.
const ROUND: Duration = Duration::from_secs(5);

/// How often it is written down that the bot is alive.
const PULSE: Duration = Duration::from_secs(60);

/// Starts both: the writing, and the counting with its sweep, of which the first runs at once.
///
/// While `pause` is on the counting leaves out its turns. The writing goes on, for what waits to be written takes room.
pub(crate) fn watch(place: ActivityPlace, db: &Db, (clock, tasks): (&Clock, &TaskSet), pause: &Pause) {
    let writing = db.clone();
    tasks.every("activity writes", clock, ROUND, move || {
        let db = writing.clone();
        async move { write(&db).await }
    });
    tasks.spawn("activity overflow", write_when_full(db.clone(), tasks.clone()));
    let silence = TimeDelta::days(place.inactive_after_days.into());
    let living = db.clone();
    tasks.every("activity pulse", clock, PULSE, move || {
        let db = living.clone();
        async move { beat(silence, &db).await }
    });
    let (db, pause) = (db.clone(), pause.clone());
    tasks.at_once_and_every("activity", clock, place.interval, move || {
        let (db, pause) = (db.clone(), pause.clone());
        let job = tracing::debug_span!("task", otel.name = "task activity");
        async move { turn(place, silence, &db, &pause).await }.instrument(job)
    });
}

/// Writes what still waits; to be called when nothing is handled any more.
pub(crate) async fn close(db: &Db) {
    if let Err(error) = db.activity().flush().await {
        tracing::warn!(%error, waiting = db.activity().waiting(), "the last activity could not be written down");
    }
}

/// Writes, says whether that could be done, and keeps what could not for the next round.
async fn write(db: &Db) -> bool {
    let activity = db.activity();
    let written = activity.flush().await;
    if let Err(error) = &written {
        tracing::warn!(%error, waiting = activity.waiting(), "activity could not be written down");
    }
    metrics::gauge!("alita_activity_waiting").set(small(activity.waiting()));
    written.is_ok()
}

/// What comes in a rush does not wait for its round.
async fn write_when_full(db: Db, tasks: TaskSet) {
    let (activity, cancelled) = (db.activity(), tasks.cancelled());
    while cancelled.run_until_cancelled(activity.is_full()).await.is_some() {
        write(&db).await;
    }
}

async fn beat(silence: TimeDelta, db: &Db) -> bool {
    let beaten = db.activity().alive(silence).await;
    if let Err(error) = &beaten {
        tracing::warn!(%error, "it could not be written down that the bot is alive");
    }
    beaten.is_ok()
}

/// Says whether all was done; what is left out on purpose is no failure.
async fn turn(place: ActivityPlace, silence: TimeDelta, db: &Db, pause: &Pause) -> bool {
    if pause.is_on() {
        tracing::info!("activity is not looked at this time: there is too much load");
        return true;
    }
    look(place, silence, db).await
}

async fn look(place: ActivityPlace, silence: TimeDelta, db: &Db) -> bool {
    // Before anything else, or a bot that comes back after weeks would not know that it was away.
    if let Err(error) = db.activity().alive(silence).await {
        tracing::warn!(%error, "activity could not be looked at");
        return false;
    }
    let is_swept = !place.marks_inactive || sweep(place, silence, db).await;
    match db.activity().counts().await {
        Ok(counts) => {
            show(&counts);
            is_swept
        }
        Err(error) => {
            tracing::warn!(%error, "activity could not be counted");
            false
        }
    }
}

async fn sweep(place: ActivityPlace, silence: TimeDelta, db: &Db) -> bool {
    let period = TimeDelta::from_std(place.interval).unwrap_or(TimeDelta::hours(1));
    let swept = db.activity().sweep(silence, period).await;
    match &swept {
        Ok(Some(swept)) => {
            tracing::info!(
                marked = swept.marked,
                revived = swept.revived,
                "silent groups were marked as inactive"
            );
            if swept.is_too_early {
                tracing::info!(
                    days = place.inactive_after_days,
                    "no group is called silent yet: the bot has not listened for so many days in a row"
                );
            }
        }
        Ok(None) => tracing::debug!("another process looks for silent groups"),
        Err(error) => tracing::warn!(%error, "silent groups could not be marked"),
    }
    swept.is_ok()
}

fn show(counts: &ActivityCounts) {
    let gauge = |name: &'static str, label: &'static str, value: &'static str, number: u64| {
        metrics::gauge!(name, label => value).set(small(number));
    };
    for (name, Windows { day, week, month }) in
        [("alita_active_chats", counts.active_chats), ("alita_active_users", counts.active_users)]
    {
        gauge(name, "window", "day", day);
        gauge(name, "window", "week", week);
        gauge(name, "window", "month", month);
    }
    let chats = counts.chats;
    for (state, number) in [
        ("all", chats),
        ("inactive", counts.inactive_chats),
        ("active", chats.saturating_sub(counts.inactive_chats)),
    ] {
        gauge("alita_chats", "state", state, number);
    }
    // Nobody marks people, so those count as active who were seen within a month.
    let (users, active) = (counts.users, counts.active_users.month);
    for (state, number) in [("all", users), ("inactive", users.saturating_sub(active)), ("active", active)] {
        gauge("alita_users", "state", state, number);
    }
}

/// A number as a gauge shows it.
fn small(number: impl TryInto<u32>) -> u32 {
    number.try_into().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use alita_cache::Cache;
    use alita_db::DbConfig;

    use super::*;

    #[tokio::test]
    async fn under_too_much_load_a_turn_is_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::manual(Clock::system().now());
        let url = format!("sqlite://{}", folder.path().join("alita.db").display());
        let db = Db::connect(DbConfig::new(&url), Cache::in_memory(clock.clone()), clock.clone());
        let db = db.await.expect("it opens");
        alita_migrations::up(db.connection(), None).await.expect("it is migrated");
        let hour = Duration::from_secs(60 * 60);
        let place = ActivityPlace { interval: hour, marks_inactive: true, inactive_after_days: 30 };
        let (silence, pause) = (TimeDelta::days(30), Pause::new());
        pause.set(true);
        let before = db.queries();
        assert!(turn(place, silence, &db, &pause).await, "that is no failure");
        assert_eq!(db.queries(), before, "the database has enough to do");
        pause.set(false);
        assert!(turn(place, silence, &db, &pause).await && beat(silence, &db).await);
        assert!(db.queries() > before);
        db.close().await.expect("it closes");
        assert!(!turn(place, silence, &db, &pause).await, "a database that is away is a failure");
        assert!(!beat(silence, &db).await);
    }
}
