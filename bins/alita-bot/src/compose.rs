//! How the parts are joined. Read it as a list.

use std::sync::Arc;
use std::time::Duration;

use alita_cache::{Cache, RedisConfig};
use alita_db::{Db, DbConfig};
use alita_dispatch::{Dispatcher, Me, Router, Services, members};
use alita_migrations::{Error as MigrationError, Outcome, TakenOver};
use alita_model::{Person, UserId};
use alita_modules::{AlitaApp, modules};
use alita_monitoring::{Health, Migrations, TraceConfig};
use alita_runtime::jobs::Jobs;
use alita_runtime::{Clock, TaskSet};
use alita_telegram::{AsyncTelegramApi, Client, ClientConfig, Error as TelegramError, RefusalKind};
use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};

use crate::admins;
use crate::config::{Config, RedisPlace};
use crate::send_log::{FileLog, SharedLog};

/// Which spans are kept, and where they go.
pub(crate) fn traces(config: &Config) -> TraceConfig {
    let place = &config.traces;
    TraceConfig {
        service: place.service.clone(),
        version: env!("CARGO_PKG_VERSION"),
        endpoint: place.endpoint.clone(),
        is_insecure: place.is_insecure,
        to_console: place.to_console,
        sample_rate: place.sample_rate,
    }
}

/// Opens the cache: memory alone, or memory in front of Redis.
pub(crate) async fn cache(config: &Config, clock: &Clock) -> anyhow::Result<Cache> {
    let Some(place) = &config.redis else { return Ok(Cache::in_memory(clock.clone())) };
    let cache = Cache::with_redis(clock.clone(), redis(place)).await.context("REDIS_ADDRESS or REDIS_URL")?;
    wait_for_redis(&cache, place, clock).await?;
    if place.is_cleared_at_start {
        match cache.clear_rebuildable().await {
            Ok(removed) => tracing::info!(removed, "the rebuildable part of the cache was cleared"),
            Err(error) => tracing::warn!(%error, "the cache could not be cleared"),
        }
    }
    Ok(cache)
}

fn redis(place: &RedisPlace) -> RedisConfig {
    let mut config = RedisConfig::new(&place.address);
    if let Some(database) = place.database {
        config = config.database(database);
    }
    match &place.password {
        Some(password) => config.password(password),
        None => config,
    }
}

async fn wait_for_redis(cache: &Cache, place: &RedisPlace, clock: &Clock) -> anyhow::Result<()> {
    for wait in [1, 2, 4, 8] {
        let Err(error) = cache.ping().await else { return Ok(()) };
        tracing::warn!(%error, "Redis does not answer; trying again in {wait} s");
        clock.sleep(Duration::from_secs(wait)).await;
    }
    match cache.ping().await {
        Ok(()) => Ok(()),
        Err(error) if place.is_optional => {
            tracing::error!(%error, "Redis does not answer; going on without it, as REDIS_OPTIONAL allows");
            Ok(())
        }
        Err(error) => {
            let why = "Redis does not answer (set REDIS_OPTIONAL=true to start without it)";
            Err(error).context(why).context("REDIS_ADDRESS or REDIS_URL")
        }
    }
}

/// Opens the database and brings its schema up to date, or says that somebody has to.
pub(crate) async fn database(
    config: &Config,
    cache: &Cache,
    clock: &Clock,
    health: &Health,
) -> anyhow::Result<Db> {
    let mut db_config = DbConfig::new(config.database_url.expose_secret());
    db_config.max_connections = config.pool.max_open;
    db_config.idle_timeout = config.pool.idle_time;
    db_config.max_lifetime = config.pool.lifetime;
    let variable = config.database_variable();
    let db = Db::connect(db_config, cache.clone(), clock.clone()).await.context(variable)?;
    compare_with_server(&db, config.pool.max_open).await;
    if config.migrates {
        match in_three_tries(clock, async || alita_migrations::up(db.connection(), None).await).await {
            Ok(outcome) => tell(&outcome),
            // A refusal is no step that failed: this build does not know what it would find in the tables.
            Err(error @ MigrationError::Database(_)) if config.migrates_softly => {
                tracing::error!(error = &error as &dyn std::error::Error, "the schema stays as it is");
                health.set_migrations(Migrations::Degraded);
                return Ok(db);
            }
            Err(error) => {
                return Err(error).context("the schema could not be brought up to date").context(variable);
            }
        }
    } else {
        let pending = alita_migrations::pending(db.connection())
            .await
            .context("the schema could not be read")
            .context(variable)?;
        if !pending.is_empty() {
            bail!(
                "the database lacks {} step(s): run `alita-bot migrate`, or set AUTO_MIGRATE=true",
                pending.len()
            );
        }
    }
    health.set_migrations(Migrations::Ok);
    Ok(db)
}

/// What may pass by itself, such as a lock that somebody holds, is tried three times.
async fn in_three_tries<T>(
    clock: &Clock,
    attempt: impl AsyncFn() -> Result<T, MigrationError>,
) -> Result<T, MigrationError> {
    for wait in [1, 2] {
        match attempt().await {
            Err(error) if may_pass(&error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the schema could not be changed; trying again in {wait} s");
            }
            outcome => return outcome,
        }
        clock.sleep(Duration::from_secs(wait)).await;
    }
    attempt().await
}

fn may_pass(error: &MigrationError) -> bool {
    matches!(error, MigrationError::Database(error) if alita_db::Error::from(error.clone()).is_unavailable())
}

fn tell(outcome: &Outcome) {
    for step in &outcome.steps {
        tracing::info!(step, "migrated");
    }
    for TakenOver { table, rows, of, .. } in &outcome.taken_over {
        tracing::info!(table, rows, of, "taken over from the Go bot");
    }
}

/// Whoever opens more than the server grants finds out under load; we would rather say it now.
async fn compare_with_server(db: &Db, max_open: u32) {
    match db.server_connections().await {
        Ok(Some(allowed)) if is_greedy(max_open, allowed) => tracing::warn!(
            max_open,
            allowed,
            "DB_MAX_OPEN_CONNS is more than 80 % of the server's max_connections, which others need too"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the server does not say how many connections it allows"),
    }
}

fn is_greedy(max_open: u32, allowed: u32) -> bool {
    u64::from(max_open) * 100 > u64::from(allowed) * 80
}

/// The Bot API, with the log that keeps a crash from saying things twice.
pub(crate) fn client(config: &Config, cache: &Cache, clock: &Clock) -> anyhow::Result<Client> {
    let log = FileLog::open(&config.data_dir, bot_id(&config.token), clock.clone()).with_context(|| {
        format!("DATA_DIR: the folder {} cannot be written to", config.data_dir.display())
    })?;
    let log = SharedLog::new(log, config.redis.is_some().then(|| cache.state()));
    let mut client = ClientConfig::new(config.token.clone())
        .with_api_server(config.api_server.clone())
        .with_limits(config.limits)
        .with_send_log(Arc::new(log));
    client.idle_connections = config.idle_connections;
    client.local_files.clone_from(&config.local_files);
    Ok(Client::new(client)?)
}

/// Telegram: a token begins with the id of its bot, which is no secret.
fn bot_id(token: &SecretString) -> i64 {
    token.expose_secret().split(':').next().and_then(|id| id.parse().ok()).unwrap_or_default()
}

/// Asks Telegram who we are, for as long as it takes; only a wrong token ends it.
pub(crate) async fn introduce(client: &Client, clock: &Clock) -> anyhow::Result<Me> {
    let mut wait = Duration::from_secs(1);
    loop {
        let error = match client.get_me().await {
            Ok(response) => {
                let me = response.result;
                let id = UserId::new(i64::try_from(me.id).unwrap_or_default());
                return Ok(Me { id, username: me.username.unwrap_or_default(), name: me.first_name });
            }
            Err(error) => error,
        };
        if matches!(error.kind(), Some(RefusalKind::Unauthorized)) || is_not_found(&error) {
            bail!("BOT_TOKEN: Telegram does not know this token");
        }
        tracing::warn!(%error, "Telegram cannot be reached; trying again in {} s", wait.as_secs());
        clock.sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(30));
    }
}

/// Telegram: a token of a wrong shape makes an address that does not exist.
fn is_not_found(error: &TelegramError) -> bool {
    matches!(error, TelegramError::Refused(refusal) if refusal.code == 404)
}

/// Joins everything that handles updates.
pub(crate) async fn dispatcher(
    config: &Config,
    (cache, db, client): (&Cache, &Db, &Client),
    (clock, tasks): (&Clock, &TaskSet),
    me: Me,
) -> anyhow::Result<Dispatcher<AlitaApp>> {
    let person = Person { id: me.id, name: me.name.clone(), username: Some(me.username.clone()) };
    db.users().seen(&person).await.context("the bot's own row could not be written")?;
    let directory = members::directory(client, clock, me.id);
    admins::join(&directory, cache);
    let services = Services {
        client: client.clone(),
        directory,
        state: cache.state(),
        clock: clock.clone(),
        tasks: tasks.clone(),
        jobs: Jobs::new(Arc::new(db.clone()), clock.clone()),
        me,
        app: AlitaApp::new(db.clone(), cache, config.settings.clone()),
    };
    Ok(Dispatcher::new(services, Router::new(modules())?, config.max_updates, config.asks))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::pin::pin;

    use chrono::DateTime;
    use sea_orm::DbErr;
    use sea_orm::error::ConnAcquireErr;

    use super::*;

    /// How often it is tried, and whether it succeeds in the end.
    async fn tries(outcomes: [Result<(), MigrationError>; 3]) -> (usize, bool) {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let outcomes = outcomes.map(|outcome| Cell::new(Some(outcome)));
        let count = Cell::new(0);
        let attempt = async || {
            let outcome = outcomes[count.get()].take().expect("a try that has not been made yet");
            count.set(count.get() + 1);
            outcome
        };
        let mut trying = pin!(in_three_tries(&clock, attempt));
        loop {
            tokio::select! {
                biased;
                outcome = &mut trying => return (count.get(), outcome.is_ok()),
                () = tokio::task::yield_now() => clock.advance(Duration::from_secs(1)),
            }
        }
    }

    #[tokio::test]
    async fn only_what_may_pass_is_tried_again() {
        let away = || Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout).into());
        let refused = || Err(DbErr::Custom("no such table".to_owned()).into());
        let newer = || Err(MigrationError::Newer(Vec::new()));
        assert_eq!(tries([Ok(()), Ok(()), Ok(())]).await, (1, true));
        assert_eq!(tries([away(), away(), Ok(())]).await, (3, true));
        assert_eq!(tries([away(), away(), away()]).await, (3, false));
        assert_eq!(tries([refused(), Ok(()), Ok(())]).await, (1, false));
        assert_eq!(tries([away(), newer(), Ok(())]).await, (2, false));
    }

    #[test]
    fn four_fifths_of_the_server_are_not_too_many() {
        for (max_open, allowed, expected) in
            [(80, 100, false), (81, 100, true), (50, 100, false), (200, 100, true)]
        {
            assert_eq!(is_greedy(max_open, allowed), expected, "{max_open} of {allowed}");
        }
    }
}
