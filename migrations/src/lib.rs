#![doc = include_str!("../README.md")]

mod adoption;
mod m0001_users;
mod m0002_chats;
mod m0003_channels;
mod m0004_admin;
mod m0005_disabling;
mod m0006_connections;
mod m0007_warns;
mod m0008_locks;
mod m0009_notes;
mod m0010_approvals;
mod m0011_rules;
mod m0012_devs;
mod m0013_update_writes;
mod m0014_jobs;
mod m0015_activity;
mod m0016_backlog;
mod run;
mod schema;
#[cfg(test)]
mod tests;

use sea_orm_migration::prelude::*;

pub use adoption::TakenOver;
pub use run::{Change, Error, Outcome, Step, down, fresh, pending, preview, status, up};

/// The steps in the order in which they are applied.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_users::Migration),
            Box::new(m0002_chats::Migration),
            Box::new(m0003_channels::Migration),
            Box::new(m0004_admin::Migration),
            Box::new(m0005_disabling::Migration),
            Box::new(m0006_connections::Migration),
            Box::new(m0007_warns::Migration),
            Box::new(m0008_locks::Migration),
            Box::new(m0009_notes::Migration),
            Box::new(m0010_approvals::Migration),
            Box::new(m0011_rules::Migration),
            Box::new(m0012_devs::Migration),
            Box::new(m0013_update_writes::Migration),
            Box::new(m0014_jobs::Migration),
            Box::new(m0015_activity::Migration),
            Box::new(m0016_backlog::Migration),
        ]
    }

    fn migration_table_name() -> DynIden {
        "alita_migrations".into_iden()
    }
}
