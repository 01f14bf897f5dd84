//! How the program is put together, so that it starts at once.

use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs, io};

/// The functions that `wharf detect` runs, those that all projects need first; written by `scripts/order`.
const ORDER: &str = "build/order.txt";

/// Set where a released program is to hold the names of its functions.
const NAMES: &str = "WHARF_NAMES";

/// What separates arguments in a variable that cargo sets.
const UNIT: char = '\u{1f}';

/// Tells cargo what to hand to the linker.
pub(crate) fn tell() -> io::Result<()> {
    println!("cargo::rerun-if-changed={ORDER}");
    link_at_a_fixed_address();
    link_the_unwinder();
    leave_names_out();
    put_in_order()
}

/// To move tens of thousands of pointers takes a fifth of what `wharf detect` does in all, at each start of the program.
fn link_at_a_fixed_address() {
    if is("CARGO_CFG_TARGET_OS", "linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}

/// What unwinds a panic becomes part of the program: as a library of its own it would take a seventh of what `wharf
/// detect` does in all to find, map and bind it.
fn link_the_unwinder() {
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
}

/// A released program holds no names of functions; `scripts/order` asks for them. Cargo's own setting would call the
/// functions otherwise, in all packages, with names and without.
fn leave_names_out() {
    println!("cargo::rerun-if-env-changed={NAMES}");
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") && env::var_os(NAMES).is_none() {
        println!("cargo::rustc-link-arg-bins=-s");
    }
}

/// What is run at the start lies together. Spread over all of the program it would touch twice the pages, and to map
/// those takes a quarter of what `wharf detect` does in all. Names that the program does not have are passed over.
fn put_in_order() -> io::Result<()> {
    let order = Path::new(&told("CARGO_MANIFEST_DIR")).join(ORDER);
    let argument = format!("-Wl,--no-warn-symbol-ordering,--symbol-ordering-file={}", order.display());
    if is("PROFILE", "release") && !argument.contains(' ') && links_with(&argument)? {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
    Ok(())
}

/// Whether the linker knows an argument: only LLVM's knows an order, and which one links is the builder's choice.
fn links_with(argument: &str) -> io::Result<bool> {
    let folder = told("OUT_DIR");
    let source = Path::new(&folder).join("linked.rs");
    fs::write(&source, "fn main() {}\n")?;
    let mut compiler = Command::new(told("RUSTC"));
    compiler.args(["--target", &told("TARGET"), "--out-dir", &folder, "-C", &format!("link-arg={argument}")]);
    compiler.args(told("CARGO_ENCODED_RUSTFLAGS").split(UNIT).filter(|flag| !flag.is_empty()));
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        compiler.arg(format!("-Clinker={linker}"));
    }
    let ended = compiler.arg(source).stdout(Stdio::null()).stderr(Stdio::null()).status();
    Ok(ended.is_ok_and(|status| status.success()))
}

fn is(what: &str, value: &str) -> bool {
    told(what) == value
}

/// What cargo says of this build; nothing where it says none.
fn told(what: &str) -> String {
    env::var(what).unwrap_or_default()
}
