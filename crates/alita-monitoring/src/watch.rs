//! The bot looks at itself: statistics in the background, and what is done about too much load.

pub mod pool;
pub mod reading;
pub mod remedy;
pub mod stats;

pub use reading::{Pool, Reading};
pub use remedy::{Action, Hands, Limits, Remedy};
pub use stats::Stats;
