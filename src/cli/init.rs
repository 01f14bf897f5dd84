//! `wharf init`: writes a `wharf.toml` that says what was detected. Done right here, without an engine.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::{Outcome, output, place};
use crate::detect::{self, SETTINGS_FILE};
use crate::generate;
use crate::model::{Problem, ProblemCode};
use crate::os::archive::ArchiveTree;
use crate::os::project_files;
use crate::os::tree::DiskTree;

/// What to look at, and whether to write.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// A folder
    #[arg(value_name = "PATH", default_value = ".")]
    path: String,
    /// Print the file and write nothing
    #[arg(long)]
    stdout: bool,
    /// Write over a wharf.toml that is there
    #[arg(long, conflicts_with = "stdout")]
    force: bool,
}

pub(super) fn run(args: &InitArgs, json: bool) -> Result<Outcome, Problem> {
    let root = folder(&args.path)?;
    let tree = DiskTree::open(&root)?.named_after_folder();
    let text = generate::settings_file(&detect::detect_afresh(&tree));
    if !args.stdout {
        if !args.force && root.join(SETTINGS_FILE).symlink_metadata().is_ok() {
            return Err(is_there(&root));
        }
        project_files::write(&root, SETTINGS_FILE, &text)?;
    }
    if json {
        output::json(&json!({ "path": SETTINGS_FILE, "written": !args.stdout, "content": text }));
    } else if args.stdout {
        output::file(&text);
    } else {
        output::line(format!("{}: written; `wharf detect` shows what holds", root.join(SETTINGS_FILE).display()));
    }
    Ok(Outcome::Done)
}

/// The folder to write to: what is elsewhere, or packed, has none.
fn folder(given: &str) -> Result<PathBuf, Problem> {
    let what = if place::git(given).is_some() {
        "a git address"
    } else if ArchiveTree::is_archive(Path::new(given)) && Path::new(given).is_file() {
        "an archive"
    } else {
        return place::folder(Path::new(given));
    };
    let (how, _) = given.split_once('#').unwrap_or((given, ""));
    let how = if what == "an archive" { "unpack it".to_owned() } else { format!("clone it (`git clone {how}`)") };
    Err(Problem::new(ProblemCode::Usage, "not-a-folder", format!("{given} is {what}, not a folder"))
        .why(format!("{SETTINGS_FILE} is written beside the code, to be kept with it"))
        .fix(format!("{how} and run `wharf init` in its folder; `wharf detect {given}` only looks at it")))
}

fn is_there(root: &Path) -> Problem {
    let message = format!("nothing was written: {} is there already", root.join(SETTINGS_FILE).display());
    Problem::new(ProblemCode::Refused, "artifact-conflict", message)
        .fix("look at what would be written with `--stdout`, or write over it with `--force`")
}
