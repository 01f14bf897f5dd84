//! Known vulnerabilities: what the OSV database answers, and what was imported of it.
//!
//! `osv` asks the database, `archive` keeps what was imported and looks into it; both give [`Advisory`], the few
//! facts of a record that matter here. `rating` says how bad one is, `order` which version comes before which,
//! `ecosystem` how names and versions are written where packages come from.
//!
//! *Architecture invariant:* nothing here decides whether the database may be asked; the engine does, before each
//! question.

mod advisory;
mod archive;
mod ecosystem;
mod order;
mod osv;
mod rating;
mod record;

pub use advisory::{Advisory, Affected, Bound, Rating, merged};
pub use archive::{Archive, ArchiveError};
pub use ecosystem::{Package, package};
pub use osv::{Answer, BATCH, DEFAULT_ADDRESS, Osv};
