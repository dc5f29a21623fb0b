#![doc = include_str!("../README.md")]

mod clock;
pub mod jobs;
pub mod origin;
mod panics;
mod pause;
mod pool;
mod roll_call;
mod shutdown;
mod signals;
mod tasks;

pub use clock::Clock;
pub use panics::{Panicked, guarded};
pub use pause::Pause;
pub use pool::{Pool, PoolFull};
pub use roll_call::RollCall;
pub use shutdown::{BoxError, Exit, Report, Shutdown};
pub use signals::{Signal, Signals};
pub use tasks::{TaskSet, Ticked};
pub use tokio_util::sync::CancellationToken;
