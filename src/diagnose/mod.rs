//! From the text of a log to what matters in it. Pure.

mod decisive;

pub use decisive::decisive_lines;
