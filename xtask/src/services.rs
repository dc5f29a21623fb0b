//! A PostgreSQL and a Redis for one run of the tests: private, on free loopback ports, gone afterwards.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::cargo::heading;
use crate::install;
use crate::postgres::Postgres;
use crate::redis::Redis;

const POSTGRES_URL: &str = "ALITA_TEST_POSTGRES_URL";
const REDIS_URL: &str = "ALITA_TEST_REDIS_URL";

/// A free port may be taken by somebody else before a service listens on it.
const TRIES: u32 = 3;

/// What was started; dropping it stops it, the servers before the folder that they live in.
pub(crate) struct Services {
    postgres: Option<Postgres>,
    redis: Option<Redis>,
    _folder: TempDir,
}

impl Services {
    /// Starts what the environment does not name already.
    pub(crate) fn start() -> Result<Self> {
        let wants_postgres = std::env::var_os(POSTGRES_URL).is_none();
        let wants_redis = std::env::var_os(REDIS_URL).is_none();
        let programs = install::find_or_install(wants_postgres, wants_redis)?;
        let (folder, account) = private_folder()?;
        let account = account.as_ref();
        let mut services = Self { postgres: None, redis: None, _folder: folder };
        let home = services._folder.path().to_owned();
        if let Some(bin) = &programs.postgres {
            services.postgres = Some(Postgres::start(bin, &home, account)?);
        }
        if let Some(server) = &programs.redis {
            services.redis = Some(Redis::start(server, &home, account)?);
        }
        for (name, url) in services.variables() {
            heading(&format!("{name}={url}"));
        }
        Ok(services)
    }

    /// What the tests are told.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let postgres = self.postgres.as_ref().map(|server| (POSTGRES_URL, server.url()));
        let redis = self.redis.as_ref().map(|server| (REDIS_URL, server.url()));
        postgres.into_iter().chain(redis).collect()
    }
}

/// Whom the servers run as when we are root: PostgreSQL refuses to be root.
pub(crate) struct Account {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl Account {
    /// Makes the command run as this account.
    #[cfg(unix)]
    pub(crate) fn own(&self, command: &mut Command) {
        use std::os::unix::process::CommandExt;
        command.uid(self.user).gid(self.group);
    }

    /// Accounts are a Unix thing.
    #[cfg(not(unix))]
    pub(crate) fn own(&self, _command: &mut Command) {}
}

/// A command that runs in the folder, as the account if there is one.
pub(crate) fn command(program: &Path, home: &Path, account: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    // The language of the machine changes the messages and the sorting of PostgreSQL.
    command.current_dir(home).env("LC_ALL", "C");
    if let Some(account) = account {
        account.own(&mut command);
    }
    command
}

/// Starts something on a free port, and tries another port when that fails.
pub(crate) fn on_a_free_port<T>(mut start: impl FnMut(u16) -> Result<T>) -> Result<T> {
    let mut tries = 1;
    loop {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        match start(port) {
            Err(_) if tries < TRIES => tries += 1,
            outcome => return outcome,
        }
    }
}

/// The end of a server's log, for an error message.
pub(crate) fn end_of(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(10)..).unwrap_or_default().join("\n")
}

/// A folder that the servers may use, and the account that owns it when we are root.
#[cfg(unix)]
fn private_folder() -> Result<(TempDir, Option<Account>)> {
    use std::os::unix::fs::{MetadataExt, chown};

    let name = "alita-test-";
    let folder = tempfile::Builder::new().prefix(name).tempdir()?;
    if fs::metadata(folder.path())?.uid() != 0 {
        return Ok((folder, None));
    }
    // Root's own folder for temporary files may be closed to everybody else.
    let open = PathBuf::from("/tmp");
    let folder = if open.is_dir() { tempfile::Builder::new().prefix(name).tempdir_in(open)? } else { folder };
    let accounts = fs::read_to_string("/etc/passwd").context("the list of accounts cannot be read")?;
    let Some(account) = ["postgres", "nobody"].iter().find_map(|name| find_account(&accounts, name)) else {
        bail!("there is no account `postgres` or `nobody` to run the servers as; do not run this as root")
    };
    chown(folder.path(), Some(account.user), Some(account.group))?;
    Ok((folder, Some(account)))
}

#[cfg(not(unix))]
fn private_folder() -> Result<(TempDir, Option<Account>)> {
    Ok((tempfile::Builder::new().prefix("alita-test-").tempdir()?, None))
}

fn find_account(accounts: &str, name: &str) -> Option<Account> {
    let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut numbers = line.split(':').skip(2).map(|number| number.parse().ok());
    Some(Account { user: numbers.next()??, group: numbers.next()?? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_their_whole_name() {
        let accounts =
            "root:x:0:0:root:/root:/bin/sh\npostgresql:x:7:7::/:/bin/sh\npostgres:x:101:104::/:/bin/sh\n";
        let account = find_account(accounts, "postgres").expect("it is there");
        assert_eq!((account.user, account.group), (101, 104));
        assert!(find_account(accounts, "nobody").is_none());
    }

    #[test]
    fn another_port_is_tried_a_few_times() {
        let mut ports = Vec::new();
        let outcome: Result<()> = on_a_free_port(|port| {
            ports.push(port);
            bail!("taken")
        });
        assert_eq!((outcome.is_err(), ports.len()), (true, 3));
        assert!(on_a_free_port(Ok).is_ok_and(|port| port > 0));
    }
}
