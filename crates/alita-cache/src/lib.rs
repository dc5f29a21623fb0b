#![doc = include_str!("../README.md")]

mod built;
mod cache;
mod kind;
mod line;
mod state;
mod work;

mod flight;
mod memory;

mod instances;
mod pending;
mod redis;

mod breaker;
mod config;
mod counters;
mod encoding;
mod error;
mod keys;
mod local;
mod weight;

pub use built::{Built, Plan};
pub use cache::Cache;
pub use config::RedisConfig;
pub use counters::Counters;
pub use error::{Error, LoadError};
pub use kind::Kind;
pub use line::{Line, Listener};
pub use state::State;
pub use work::{Standing, Work};
