//! Where Redis is.

use std::fmt;
use std::time::Duration;

use fred::clients::{Pool, SubscriberClient};
use fred::prelude::{Builder, Config, ReconnectPolicy};
use fred::types::RespVersion;

use crate::Error;

/// Connections for commands; the commands of all tasks share them and are pipelined.
const CONNECTIONS: usize = 4;
/// For commands that name no limit of their own.
const COMMAND_LIMIT: Duration = Duration::from_millis(500);
/// A connection that owes an answer for this long is opened anew.
const UNRESPONSIVE: Duration = Duration::from_secs(5);
/// Words of other instances that may wait to be heard; beyond that everything is dropped.
const MESSAGES: usize = 1024;

/// Where Redis is and how to be let in.
#[derive(Clone)]
#[must_use]
pub struct RedisConfig {
    address: String,
    password: Option<String>,
    database: Option<u8>,
}

impl RedisConfig {
    /// `host:port`, or an address beginning with `redis://`, or with `rediss://` for TLS.
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into(), password: None, database: None }
    }

    /// The password; it wins over one in the address, and an empty one means none.
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into()).filter(|password| !password.is_empty());
        self
    }

    /// The number of the database; it wins over the one in the address.
    pub fn database(mut self, database: u8) -> Self {
        self.database = Some(database);
        self
    }

    pub(crate) fn connections(self) -> Result<(Pool, SubscriberClient, u8), Error> {
        let has_scheme = self.address.contains("://");
        let url = if has_scheme { self.address } else { format!("redis://{}", self.address) };
        let mut config = Config::from_url(&url).map_err(|_may_hold_the_password| Error::Address)?;
        if self.password.is_some() {
            config.password = self.password;
        }
        if self.database.is_some() {
            config.database = self.database;
        }
        config.version = RespVersion::RESP3;
        // Without this a Redis that is down at the start would never be asked again.
        config.fail_fast = false;
        let database = config.database.unwrap_or(0);

        let mut builder = Builder::from_config(config);
        builder
            .with_performance_config(|performance| {
                performance.default_command_timeout = COMMAND_LIMIT;
                performance.broadcast_channel_capacity = MESSAGES;
            })
            .with_connection_config(|connection| {
                connection.max_command_attempts = 1;
                connection.max_command_buffer_len = 10_000;
                connection.unresponsive.max_timeout = Some(UNRESPONSIVE);
            })
            .set_policy(ReconnectPolicy::new_exponential(0, 50, 5_000, 2));
        let pool = builder.build_pool(CONNECTIONS).map_err(|_| Error::Address)?;
        let subscriber = builder.build_subscriber_client().map_err(|_| Error::Address)?;
        pool.connect_pool();
        Ok((pool, subscriber, database))
    }
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password too.
        f.debug_struct("RedisConfig").field("database", &self.database).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let config = RedisConfig::new("redis://:hunter2@localhost:6379").password("hunter3");
        assert!(!format!("{config:?}").contains("hunter"));
        let error = RedisConfig::new("redis://:hunter2@[").connections().expect_err("not an address");
        assert!(!format!("{error:?} {error}").contains("hunter"));
    }
}
