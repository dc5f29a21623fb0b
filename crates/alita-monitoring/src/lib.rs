#![doc = include_str!("../README.md")]

mod error;
mod health;
pub mod http;
mod in_trace;
mod labels;
pub mod logs;
mod metric_names;
mod panics;
mod process;
mod recorder;
mod redact;
mod sink;
mod throttle;
pub mod traces;
mod troubles;
pub mod watch;

pub use error::Error;
pub use health::{Checks, Health, Liveness, Migrations, Report, Status};
pub use http::Access;
pub use labels::Labels;
pub use logs::{LogConfig, LogFormat};
pub use metric_names::{Kind, METRICS, Metric};
pub use recorder::Metrics;
pub use redact::{MARK, Redactor};
pub use sink::RedactingWriter;
pub use traces::{TraceConfig, Traces};
pub use troubles::{Trouble, Troubles};
