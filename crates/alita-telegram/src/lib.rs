#![doc = include_str!("../README.md")]

mod backlog;
mod batch;
mod client;
mod config;
mod delivery;
mod download;
mod effects;
mod endpoint;
mod envelope;
mod error;
mod kinds;
mod load;
mod members;
mod method;
mod migration;
mod multipart;
mod polling;
mod refusal;
mod report;
mod send_log;
mod throttle;
mod transport;
mod watermark;
mod webhook;

pub use bytes::Bytes;
pub use frankenstein::response::MethodResponse;
pub use frankenstein::{self, AsyncTelegramApi, ParseMode, input_file, input_media, methods, types, updates};
pub use secrecy::SecretString;
pub use url::Url;

pub use backlog::{Backlog, BacklogError, Kept};
pub use client::Client;
pub use config::{ClientConfig, Limits};
pub use delivery::{Ack, Delivery, Receipt, UpdateSource, read_update};
pub use error::{Error, WireError, WireKind};
pub use load::Load;
pub use members::{MemberRecord, WireUser};
pub use multipart::Part;
pub use polling::{Polling, PollingConfig};
pub use refusal::{Refusal, RefusalKind};
pub use send_log::{Entry, SendLog};
pub use webhook::{Claimed, Claims, Webhook, WebhookConfig};
