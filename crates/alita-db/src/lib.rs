#![doc = include_str!("../README.md")]

mod config;
mod db;
mod error;

mod warns_repo;

mod activity_repo;
mod admin_repo;
mod approvals_repo;
mod backlog_repo;
mod channels_repo;
mod chats_move;
mod chats_repo;
mod connections_repo;
mod devs_repo;
mod disabling_repo;
mod jobs_repo;
mod languages_repo;
mod locks_repo;
mod notes_repo;
mod rules_repo;
mod users_repo;

mod outage;
mod pool;
mod redelivery;
mod server;
mod settings;
mod throttle;
mod upsert;
mod watch;
mod watched;

#[cfg(test)]
mod tests;

pub use activity_repo::{ActivityCounts, ActivityRepo, ChatDay, Swept, Windows};
pub use admin_repo::{AdminRepo, AdminSettings};
pub use approvals_repo::ApprovalsRepo;
pub use backlog_repo::BacklogRepo;
pub use channels_repo::ChannelsRepo;
pub use chats_repo::{Chat, ChatsRepo};
pub use config::DbConfig;
pub use connections_repo::ConnectionsRepo;
pub use db::Db;
pub use devs_repo::{DevsRepo, Team};
pub use disabling_repo::{Disabled, DisablingRepo};
pub use error::Error;
pub use jobs_repo::{JobState, JobsRepo, Retry, StoredJob};
pub use languages_repo::LanguagesRepo;
pub use locks_repo::LocksRepo;
pub use notes_repo::{AddNote, NoteEntry, NotesRepo};
pub use pool::PoolFigures;
pub use rules_repo::{Rules, RulesRepo};
pub use users_repo::UsersRepo;
pub use warns_repo::WarnsRepo;
