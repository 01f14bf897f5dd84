//! What several tests need.
#![allow(dead_code, reason = "helpers for tests that come one after the other")]

pub(crate) mod docker;
pub(crate) mod http;
pub(crate) mod proptest;
pub(crate) mod wharf;
