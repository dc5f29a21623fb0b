//! The client and the polling against a small server on loopback.

#![expect(clippy::unwrap_used, reason = "a test may end at the first surprise")]

mod calls;
mod polling;
mod server;
