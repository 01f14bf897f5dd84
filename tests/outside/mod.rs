//! Everything that is generated, before the judges that each format has of its own. `scripts/validators` installs them;
//! without one its tests are skipped, each with a line that says so, and with `WHARF_REQUIRE_VALIDATORS=1` they fail.
//!
//! A file finds its judges by its path: a new kind of file in a place that is known here is judged without a change, and
//! a file in a place that is not fails `every_file_has_a_judge`.

mod azure;
mod cloudformation;
mod compose;
mod dockerfile;
mod findings;
mod generated;
mod kubernetes;
mod pipelines;
mod policies;
mod schema;
mod shell;
mod terraform;
mod tools;
