//! The client and the polling against a small server on loopback; the webhook without any.

#![expect(clippy::unwrap_used, reason = "a test may end at the first surprise")]

mod calls;
mod polling;
mod server;
mod webhook;
