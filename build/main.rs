//! Reads what detection knows of stacks and services while the program is built, and leaves it as constants: every
//! `templates/stacks/NAME/stack.toml`, and of `templates/services/NAME.toml` the part `seen`. `linking` says how the
//! program is linked.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

use data::Table;
use literal::literal;
use rules::{Seen, Stack};
use serde::de::DeserializeOwned;

#[path = "../src/detect/data.rs"]
#[expect(dead_code, reason = "the program reads what is only written here")]
mod data;
mod linking;
mod literal;
#[path = "../src/detect/rules.rs"]
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
    for read in [STACKS, SERVICES, "src/detect/data.rs", "src/detect/rules.rs", "build"] {
        println!("cargo::rerun-if-changed={read}");
    }
    linking::tell()?;
    let mut stacks: BTreeMap<String, Stack> = BTreeMap::new();
    for entry in fs::read_dir(STACKS)? {
        let folder = entry?;
        let mut stack: Stack = read(&folder.path().join("stack.toml"))?;
        if stack.name.is_empty() {
            stack.name = folder.file_name().to_string_lossy().as_ref().into();
        }
        stacks.insert(stack.name.to_string(), stack);
    }
    let mut services: BTreeMap<_, Seen> = BTreeMap::new();
    for entry in fs::read_dir(SERVICES)? {
        let file = entry?.path();
        let service: Service = read(&file)?;
        services.insert(file.file_stem().unwrap_or_default().to_string_lossy().as_ref().into(), service.seen);
    }
    let stacks: Vec<String> = stacks.values().map(literal).collect::<Result<_, _>>()?;
    leave("stacks.rs", &format!("&[{}]", stacks.join(",\n")))?;
    leave("services.rs", &literal(&Table::from(services))?)
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T, Box<dyn Error>> {
    let named = |error: &dyn Error| format!("{}: {error}", file.display());
    let text = fs::read_to_string(file).map_err(|error| named(&error))?;
    Ok(toml_edit::de::from_str(&text).map_err(|error| named(&error))?)
}

fn leave(name: &str, text: &str) -> Result<(), Box<dyn Error>> {
    Ok(fs::write(Path::new(&env::var("OUT_DIR")?).join(name), text)?)
}
