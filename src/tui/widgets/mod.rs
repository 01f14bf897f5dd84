//! Small drawn things that several panes use.

pub(crate) mod draw;
pub(crate) mod frame;
pub(crate) mod spark;
