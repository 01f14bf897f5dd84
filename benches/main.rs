//! What has to be fast, measured.

fn main() {
    divan::main();
}
