//! Reads every `templates/stacks/NAME/stack.toml` while the program is built, and leaves each as JSON, its evidence also
//! apart: as the program starts only the evidence of all and the whole of a few is read, in a tenth of the time.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

use serde_json::Value;

const STACKS: &str = "templates/stacks";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={STACKS}");
    let mut stacks: BTreeMap<String, (String, String)> = BTreeMap::new();
    for entry in fs::read_dir(STACKS)? {
        let folder = entry?;
        let file = folder.path().join("stack.toml");
        if !file.is_file() {
            continue;
        }
        let text = fs::read_to_string(&file)?;
        let value: Value = toml_edit::de::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        let evidence = value.get("evidence").map_or_else(|| "[]".to_owned(), Value::to_string);
        let own_name = value.get("name").and_then(Value::as_str).map(str::to_owned);
        let name = own_name.unwrap_or_else(|| folder.file_name().to_string_lossy().into_owned());
        stacks.insert(name, (evidence, value.to_string()));
    }
    let entries: Vec<(&String, &String, &String)> =
        stacks.iter().map(|(name, (evidence, whole))| (name, evidence, whole)).collect();
    let out = env::var("OUT_DIR")?;
    // A tuple of texts prints as it is written in Rust.
    fs::write(Path::new(&out).join("stacks.rs"), format!("&{entries:?}"))?;
    Ok(())
}
