//! How the parts are joined. Read it as a list.

use std::sync::Arc;
use std::time::Duration;

use alita_cache::{Cache, RedisConfig};
use alita_db::{Db, DbConfig};
use alita_dispatch::{Dispatcher, Me, Router, Services, members};
use alita_model::{Person, UserId};
use alita_modules::{AlitaApp, modules};
use alita_runtime::{Clock, TaskSet};
use alita_telegram::{AsyncTelegramApi, Client, ClientConfig, Error as TelegramError, RefusalKind};
use anyhow::{Context, bail};
use secrecy::ExposeSecret;

use crate::config::{Config, RedisPlace};
use crate::send_log::{FileLog, SharedLog};

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
            Err(error).context("Redis does not answer (set REDIS_OPTIONAL=true to start without it)")
        }
    }
}

/// Opens the database and brings its schema up to date, or says that somebody has to.
pub(crate) async fn database(config: &Config, cache: &Cache, clock: &Clock) -> anyhow::Result<Db> {
    let mut db_config = DbConfig::new(config.database_url.expose_secret());
    db_config.max_connections = config.pool.max_open;
    let db = Db::connect(db_config, cache.clone(), clock.clone()).await.context("DATABASE_URL")?;
    if config.migrates {
        for step in alita_migrations::up(db.connection(), None)
            .await
            .context("the schema could not be brought up to date")?
        {
            tracing::info!(step, "migrated");
        }
    } else {
        let pending =
            alita_migrations::pending(db.connection()).await.context("the schema could not be read")?;
        if !pending.is_empty() {
            bail!(
                "the database lacks {} step(s): run `alita-bot migrate`, or set AUTO_MIGRATE=true",
                pending.len()
            );
        }
    }
    Ok(db)
}

/// The Bot API, with the log that keeps a crash from saying things twice.
pub(crate) fn client(config: &Config, cache: &Cache) -> anyhow::Result<Client> {
    let log = FileLog::open(&config.data_dir).with_context(|| {
        format!("DATA_DIR: the folder {} cannot be written to", config.data_dir.display())
    })?;
    let log = SharedLog::new(log, config.redis.is_some().then(|| cache.state()));
    let client = ClientConfig::new(config.token.clone())
        .with_api_server(config.api_server.clone())
        .with_limits(config.limits)
        .with_send_log(Arc::new(log));
    Ok(Client::new(client)?)
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
    let services = Services {
        client: client.clone(),
        directory: members::directory(client, clock, me.id),
        state: cache.state(),
        clock: clock.clone(),
        tasks: tasks.clone(),
        me,
        app: AlitaApp::new(db.clone(), cache, config.settings.clone()),
    };
    Ok(Dispatcher::new(services, Router::new(modules())?, config.max_updates))
}
