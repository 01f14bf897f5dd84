//! What has to be fast, measured.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that fails ends by panicking")]

mod first_frame;
mod store;

fn main() {
    divan::main();
}
