//! The one HTTP port: health, metrics, and whatever route the binary adds.

mod access;
mod router;
mod routes;
mod server;

pub use access::Access;
pub use router::{Peer, Reply, Router, empty, json};
pub use routes::standard_routes;
pub use server::{Running, Server};

#[cfg(test)]
mod tests;
