//! The one way to the engine: HTTP and WebSockets on a Unix socket in the data folder.
//!
//! [`routes`], [`requests`] and [`rendezvous`] are what both sides must agree on; [`server`] is one call of an
//! engine's method for each route, [`client`] is the same methods from the other side.

pub mod client;
pub mod rendezvous;
pub mod requests;
pub mod routes;
pub mod server;
