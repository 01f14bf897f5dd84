//! Reads every `templates/stacks/NAME/stack.toml` while the program is built, and leaves all in one file, the evidence of
//! each apart from the whole: as the program starts only the evidence of all and the whole of a few is read. Of
//! `templates/services/NAME.toml` it leaves what detection reads.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

use rules::{EvidenceRule, Seen, Stack};

#[path = "src/detect/rules.rs"]
mod rules;

/// What the rules need of the program's model; a test holds both against each other.
mod model {
    #[derive(Clone, Copy, Debug, Default, serde::Deserialize, serde::Serialize)]
    #[serde(rename_all = "lowercase")]
    pub(crate) enum Serving {
        #[default]
        Server,
        Static,
        None,
    }
}

const STACKS: &str = "templates/stacks";
const SERVICES: &str = "templates/services";

/// A service's file, of which the rest is read by generation.
#[derive(serde::Deserialize)]
struct Service {
    seen: Seen,
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={STACKS}");
    println!("cargo::rerun-if-changed={SERVICES}");
    println!("cargo::rerun-if-changed=src/detect/rules.rs");
    link_at_a_fixed_address();
    link_the_unwinder();
    let mut stacks: BTreeMap<String, (Vec<EvidenceRule>, Vec<u8>)> = BTreeMap::new();
    for entry in fs::read_dir(STACKS)? {
        let folder = entry?;
        let file = folder.path().join("stack.toml");
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let stack: Stack = toml_edit::de::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        let name = folder.file_name().to_string_lossy().into_owned();
        let name = if stack.name.is_empty() { name } else { stack.name.clone() };
        stacks.insert(name, (stack.evidence.clone(), bincode::serialize(&stack)?));
    }
    let stacks: Vec<(&String, &Vec<EvidenceRule>, &[u8])> =
        stacks.iter().map(|(name, (evidence, whole))| (name, evidence, whole.as_slice())).collect();
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("stacks.bin"), bincode::serialize(&stacks)?)?;
    let mut services: BTreeMap<String, Seen> = BTreeMap::new();
    for entry in fs::read_dir(SERVICES)? {
        let file = entry?.path();
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let service: Service =
            toml_edit::de::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        services.insert(file.file_stem().unwrap_or_default().to_string_lossy().into_owned(), service.seen);
    }
    fs::write(Path::new(&out).join("services.bin"), bincode::serialize(&services)?)?;
    Ok(())
}

/// To move tens of thousands of pointers takes a fifth of what `wharf detect` does in all, at each start of the program.
fn link_at_a_fixed_address() {
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}

/// What unwinds a panic becomes part of the program: as a library of its own it would take a seventh of what `wharf
/// detect` does in all to find, map and bind it.
fn link_the_unwinder() {
    let is = |what: &str, value: &str| env::var(what).is_ok_and(|own| own == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
}
