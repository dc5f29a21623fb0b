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
    tasks.spawn("activity writes", write(db.clone(), clock.clone(), tasks.clone()));
    let (db, clock, cancelled, pause) = (db.clone(), clock.clone(), tasks.cancelled(), pause.clone());
    let silence = TimeDelta::days(place.inactive_after_days.into());
    tasks.spawn("activity pulse", {
        let (db, clock, cancelled) = (db.clone(), clock.clone(), cancelled.clone());
        async move {
            while cancelled.run_until_cancelled(clock.sleep(PULSE)).await.is_some() {
                if let Err(error) = db.activity().alive(silence).await {
                    tracing::warn!(%error, "it could not be written down that the bot is alive");
                }
            }
        }
    });
    tasks.spawn("activity", async move {
        loop {
            let job = tracing::debug_span!("task", otel.name = "task activity");
            turn(place, silence, &db, &pause).instrument(job).await;
            if cancelled.run_until_cancelled(clock.sleep(place.interval)).await.is_none() {
                return;
            }
        }
    });
}

/// Writes what still waits; to be called when nothing is handled any more.
pub(crate) async fn close(db: &Db) {
    if let Err(error) = db.activity().flush().await {
        tracing::warn!(%error, waiting = db.activity().waiting(), "the last activity could not be written down");
    }
}

async fn write(db: Db, clock: Clock, tasks: TaskSet) {
    let (activity, cancelled) = (db.activity(), tasks.cancelled());
    loop {
        tokio::select! {
            () = clock.sleep(ROUND) => {}
            () = activity.is_full() => {}
            () = cancelled.cancelled() => return,
        }
        // What cannot be written waits for the next round.
        if let Err(error) = activity.flush().await {
            tracing::warn!(%error, waiting = activity.waiting(), "activity could not be written down");
        }
        metrics::gauge!("alita_activity_waiting").set(small(activity.waiting()));
    }
}

async fn turn(place: ActivityPlace, silence: TimeDelta, db: &Db, pause: &Pause) {
    if pause.is_on() {
        tracing::info!("activity is not looked at this time: there is too much load");
    } else {
        look(place, silence, db).await;
    }
}

async fn look(place: ActivityPlace, silence: TimeDelta, db: &Db) {
    // Before anything else, or a bot that comes back after weeks would not know that it was away.
    if let Err(error) = db.activity().alive(silence).await {
        tracing::warn!(%error, "activity could not be looked at");
        return;
    }
    if place.marks_inactive {
        sweep(place, silence, db).await;
    }
    match db.activity().counts().await {
        Ok(counts) => show(&counts),
        Err(error) => tracing::warn!(%error, "activity could not be counted"),
    }
}

async fn sweep(place: ActivityPlace, silence: TimeDelta, db: &Db) {
    let period = TimeDelta::from_std(place.interval).unwrap_or(TimeDelta::hours(1));
    match db.activity().sweep(silence, period).await {
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
        turn(place, silence, &db, &pause).await;
        assert_eq!(db.queries(), before, "the database has enough to do");
        pause.set(false);
        turn(place, silence, &db, &pause).await;
        assert!(db.queries() > before);
        db.close().await.expect("it closes");
    }
}
