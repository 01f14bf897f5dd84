//! Compose files, judged by the schema of their format and by Compose itself.

use std::fs;
use std::path::Path;

use super::findings::{Finding, settle};
use super::generated::{self, base, has_ending};
use super::schema::{self, Schema};
use super::tools::{ready, run, sample, tool};

pub(super) fn is_compose(name: &str) -> bool {
    has_ending(name, "yaml") && base(name).starts_with("compose")
}

#[test]
fn compose_reads_its_files() {
    if ready(&["docker-compose"]) {
        let files = generated::files(|file| is_compose(&file.name));
        let found = files.iter().filter_map(|file| compose(&file.path));
        settle("docker-compose", found.collect());
    }
}

#[test]
fn bad_compose_files_are_seen() {
    if ready(&["check-jsonschema", "docker-compose"]) {
        assert_eq!(schema::check(Schema::Compose, &[sample("bad-schema.compose.yaml")]).len(), 1);
        let found = compose(&sample("bad-reference.compose.yaml")).unwrap();
        assert!(found.says.contains("undefined service"), "{found:?}");
        let found = compose(&sample("bad-variable.compose.yaml")).unwrap();
        assert!(found.says.contains("variable is not set"), "{found:?}");
    }
}

/// A warning is a fault too: Compose warns of a variable that nobody sets. A list of variables of the project's own,
/// which is not ours to change, may lack those that the file asks for by their name.
fn compose(file: &Path) -> Option<Finding> {
    let given = file.with_file_name(".env");
    let copied = fs::copy(file.with_file_name(".env.example"), &given).is_ok();
    let mut command = tool("docker-compose");
    command.arg("--file").arg(file).args(["config", "--quiet"]);
    if !copied {
        let text = fs::read_to_string(file).unwrap();
        let asked = text.split("${").skip(1).filter_map(|rest| rest.split_once(":?"));
        command.envs(asked.map(|(name, _)| (name, "given")));
    }
    let judged = run(&mut command);
    if copied {
        fs::remove_file(given).unwrap();
    }
    let clean = judged.passed && judged.stderr.trim().is_empty();
    (!clean).then(|| Finding::new("config", file, 0, judged.stderr.trim()))
}
