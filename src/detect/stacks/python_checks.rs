//! What a Python project is tested and checked with, and where it says so.

use serde_json::Value;

use crate::detect::facts::Facts;
use crate::detect::manifests::requirements::{Line, lines, normalized, requirement};
use crate::detect::project::Folder;
use crate::detect::sources::Sources;
use crate::model::DependencyScope;

/// Files of requirements for those who work on the project.
const REQUIREMENTS: &[&str] = &[
    "requirements-dev.txt",
    "requirements_dev.txt",
    "dev-requirements.txt",
    "requirements-test.txt",
    "requirements_test.txt",
    "requirements-tests.txt",
    "test-requirements.txt",
    "requirements/dev.txt",
    "requirements/development.txt",
    "requirements/local.txt",
    "requirements/test.txt",
    "requirements/tests.txt",
    "requirements/testing.txt",
    "requirements/ci.txt",
];

/// What tests and checks are made with.
const TOOLS: &[&str] =
    &["pytest", "ruff", "flake8", "black", "isort", "mypy", "pyright", "pytest-django", "tox", "nox"];

/// Names of groups of dependencies, and of extras, that are meant for them.
const GROUPS: &[&str] =
    &["dev", "develop", "development", "test", "tests", "testing", "lint", "linting", "check", "qa", "ci"];

/// Where pytest is set up.
const PYTEST: &[(&str, &str)] = &[
    ("pytest.ini", ""),
    (".pytest.ini", ""),
    ("conftest.py", ""),
    ("tests/conftest.py", ""),
    ("pyproject.toml", "[tool.pytest"),
    ("setup.cfg", "[tool:pytest]"),
    ("tox.ini", "[pytest]"),
];

/// Where Ruff is set up.
const RUFF: &[(&str, &str)] = &[("ruff.toml", ""), (".ruff.toml", ""), ("pyproject.toml", "[tool.ruff")];

/// Notes the tools, how each manager installs them (`groups.uv` …), and how the tests that need none run.
pub(super) fn read(facts: &mut Facts, sources: &Sources<'_>) {
    let folder = sources.folder;
    groups(facts, folder);
    let files: Vec<String> =
        REQUIREMENTS.iter().filter(|file| folder.has(file)).map(|file| (*file).to_owned()).collect();
    for file in &files {
        let text = folder.text(file).unwrap_or_default();
        facts.tools.extend(lines(&text).filter_map(|line| match line {
            Line::Package(read) => Some(read.name),
            _ => None,
        }));
    }
    facts.options("requirements.dev", "", &[(" -r {}", &files)]);
    let tests = sources.tests();
    let text_of = |path: &String| folder.project().source(path);
    let hold = |mark: &str| tests.iter().filter_map(text_of).any(|text| text.contains(mark));
    // Only pip puts beside the rest what no list names.
    let locks = ["uv.lock", "poetry.lock", "pdm.lock", "Pipfile"];
    let by_pip = facts.manager.is_none() && !folder.upwards().any(|above| locks.iter().any(|file| above.has(file)));
    let mut adds = Vec::new();
    if by_pip && !tests.is_empty() && (is_set(folder, PYTEST) || hold("import pytest") || hold("from pytest")) {
        adds.push("pytest");
    }
    if by_pip && is_set(folder, RUFF) {
        adds.push("ruff");
    }
    adds.retain(|tool| !facts.depends_on(tool) && !facts.tools.contains(*tool));
    let grouped = facts.dependencies.iter().filter(|one| by_pip && one.scope == DependencyScope::Development);
    let adds: Vec<String> = grouped.map(|one| one.name.clone()).chain(adds.into_iter().map(str::to_owned)).collect();
    facts.tools.extend(adds.iter().cloned());
    if !adds.is_empty() || !files.is_empty() {
        facts.word("adds.any", "");
    }
    facts.options("adds", "", &[(" {}", &adds)]);
    if hold("unittest") {
        unittest(facts, sources, tests);
    }
}

/// The runner that comes with Python looks below the folder of the tests where that is no package of its own.
fn unittest(facts: &mut Facts, sources: &Sources<'_>, tests: &[String]) {
    let folder = sources.folder;
    let below = |path: &String| sources.relative(path).rsplit_once('/').map(|(below, _)| below.to_owned());
    match tests.first().and_then(below) {
        Some(below) if !folder.has(&format!("{below}/__init__.py")) => {
            facts.phrase("unittest", "python -m unittest discover -s {}", [&below]);
        }
        _ => facts.phrase("unittest", "python -m unittest", []),
    }
}

/// The groups and extras of `pyproject.toml` that hold the tools, in the words of each manager.
fn groups(facts: &mut Facts, folder: Folder<'_>) {
    let value = folder.value("pyproject.toml");
    let table = |pointer: &str| value.as_ref().and_then(|value| value.pointer(pointer)?.as_object());
    let meant = |(name, list): &(&String, &Value)| {
        let listed = list.as_array().into_iter().flatten().filter_map(Value::as_str).filter_map(requirement);
        let mut named = listed.map(|read| read.name);
        let mut keys = list.get("dependencies").and_then(Value::as_object).into_iter().flatten();
        GROUPS.contains(&name.as_str())
            || named.any(|name| TOOLS.contains(&name.as_str()))
            || keys.any(|(name, _)| TOOLS.contains(&normalized(name).as_str()))
    };
    let names = |pointer: &str| -> Vec<String> {
        table(pointer).into_iter().flatten().filter(meant).map(|(name, _)| name.clone()).collect()
    };
    let extras = names("/project/optional-dependencies");
    // uv takes the group `dev` unasked.
    let asked: Vec<String> = names("/dependency-groups").into_iter().filter(|name| name != "dev").collect();
    facts.options("groups.uv", "", &[(" --extra {}", &extras), (" --group {}", &asked)]);
    let optional = |name: &String| {
        table("/tool/poetry/group").and_then(|groups| groups.get(name)?.get("optional")?.as_bool()) == Some(true)
    };
    let with: Vec<String> = names("/tool/poetry/group").into_iter().filter(optional).collect();
    facts.options("groups.poetry", "", &[(" --extras {}", &extras), (" --with {}", &with)]);
    facts.options("groups.pdm", "", &[(" -G {}", &extras)]);
    if !extras.is_empty() {
        facts.word("installable.extras", format!(".[{}]", extras.join(",")));
    }
}

fn is_set(folder: Folder<'_>, places: &[(&str, &str)]) -> bool {
    places.iter().any(|(file, mark)| folder.text(file).is_some_and(|text| text.contains(mark)))
}
