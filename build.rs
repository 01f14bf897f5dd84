//! Reads every `templates/stacks/NAME/stack.toml` while the program is built, and leaves them as one JSON document:
//! reading that as the program starts takes a tenth of the time.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

use serde_json::Value;

const STACKS: &str = "templates/stacks";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={STACKS}");
    let mut stacks: BTreeMap<String, Value> = BTreeMap::new();
    for entry in fs::read_dir(STACKS)? {
        let folder = entry?;
        let file = folder.path().join("stack.toml");
        if !file.is_file() {
            continue;
        }
        let text = fs::read_to_string(&file)?;
        let value = toml_edit::de::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        stacks.insert(folder.file_name().to_string_lossy().into_owned(), value);
    }
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("stacks.json"), serde_json::to_string(&stacks)?)?;
    Ok(())
}
