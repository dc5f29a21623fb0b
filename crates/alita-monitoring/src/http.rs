//! The one HTTP port: health, metrics, and whatever route the binary adds.

mod access;
mod rate;
mod router;
mod routes;
mod server;
mod timed;

pub use access::Access;
pub use router::{Peer, Reply, Router, empty, json, text};
pub use routes::{DbMetrics, RATE, db_metrics, standard_routes};
pub use server::{Running, Server};

#[cfg(test)]
mod tests;
