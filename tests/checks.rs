//! The commands that a pipeline runs, taken out of the generated one, of samples whose toolchains are here: they pass, and
//! a fault makes them fail.

use std::path::Path;
use std::process::{Command, Stdio};

use wharf::detect::detect;
use wharf::generate::Order;
use wharf::model::{AppProfile, Settings};
use wharf::os::tree::DiskTree;

use crate::support;
use crate::support::wharf::Wharf;

/// A sample, and the change with which its tests no longer hold.
struct Sample {
    path: &'static str,
    /// What its commands are run by.
    tools: &'static [&'static str],
    file: &'static str,
    right: &'static str,
    wrong: &'static str,
}

/// Samples whose tests need nothing that has to be fetched.
const OFFLINE: &[Sample] = &[
    Sample { path: "node/express", tools: &["node", "npm"], file: "src/line.js", right: "text.trim()", wrong: "text" },
    Sample { path: "python/starlette", tools: &["python"], file: "words.py", right: "count == 1", wrong: "count == 2" },
    Sample { path: "go/go", tools: &["go"], file: "main.go", right: "at.YearDay()", wrong: "at.YearDay() + 1" },
    Sample {
        path: "rust/rust",
        tools: &["cargo", "cargo-fmt", "cargo-clippy"],
        file: "src/main.rs",
        right: "% 745 < 373",
        wrong: "% 745 < 374",
    },
];

/// Samples whose packages come from registries.
const ONLINE: &[Sample] = &[
    Sample { path: "python/fastapi", tools: &["uv"], file: "weather/degrees.py", right: "+ 32", wrong: "+ 30" },
    Sample { path: "go/chi", tools: &["go"], file: "internal/amount/amount.go", right: "cents/100", wrong: "cents/10" },
    Sample {
        path: "java/javalin+maven",
        tools: &["mvn"],
        file: "src/main/java/example/Abacus.java",
        right: "one + other",
        wrong: "one - other",
    },
    Sample {
        path: "php/slim",
        tools: &["php", "composer"],
        file: "src/Received.php",
        right: "trim($name)",
        wrong: "$name",
    },
    Sample { path: "ruby/sinatra", tools: &["bundle"], file: "lib/quote.rb", right: "(#{author})", wrong: "#{author}" },
    Sample {
        path: "dotnet/aspnet",
        tools: &["dotnet"],
        file: "tests/Reservations.Tests/TableTests.cs",
        right: "Equal(4",
        wrong: "Equal(5",
    },
    Sample {
        path: "elixir/elixir",
        tools: &["mix"],
        file: "lib/ticker/application.ex",
        right: "{:ok, count}",
        wrong: "{:ok, count + 1}",
    },
];

#[test]
fn checks_pass_and_a_fault_makes_the_tests_fail() {
    for sample in OFFLINE {
        sample.proves_itself(false);
    }
}

/// Asks registries, and so runs only where `WHARF_REGISTRIES=1` allows it.
#[test]
fn checks_install_what_they_need() {
    if std::env::var("WHARF_REGISTRIES").as_deref() != Ok("1") {
        return support::skip("WHARF_REGISTRIES=1 has what samples are tested with fetched from their registries");
    }
    for sample in ONLINE {
        sample.proves_itself(true);
    }
}

impl Sample {
    fn proves_itself(&self, install: bool) {
        if let Some(tool) = self.tools.iter().find(|tool| !is_there(tool)) {
            return support::skip(&format!("{} is tested with {tool}, which is not here", self.path));
        }
        let wharf = Wharf::new();
        let folder = wharf.copy(&format!("tests/fixtures/stacks/{}", self.path), "app");
        let found = detect(&DiskTree::open(&folder).unwrap());
        let [app] = found.apps.as_slice() else { panic!("{}: {found:?}", self.path) };
        let steps = steps(app);
        let of = |name: &str| steps.iter().find(|step| step.0 == name).map(|step| step.1.as_str());
        let test = of("Test").unwrap_or_else(|| panic!("{} is not tested: {steps:?}", self.path));
        let before = of("Install").into_iter().filter(|_| install).chain(of("Lint"));
        for command in before.chain([test]).chain(of("Build")) {
            assert_eq!(run(command, &folder), Ok(()), "{}: {command}", self.path);
        }
        let file = folder.join(self.file);
        let whole = std::fs::read_to_string(&file).unwrap();
        assert!(whole.contains(self.right), "{}", self.path);
        std::fs::write(&file, whole.replace(self.right, self.wrong)).unwrap();
        assert!(run(test, &folder).is_err(), "{}: {test} does not see the fault", self.path);
    }
}

/// The commands of an app that GitHub's workflow runs, by the names of their steps. GitLab and Jenkins run the same.
fn steps(app: &AppProfile) -> Vec<(String, String)> {
    let kinds = ["github", "gitlab", "jenkins"].map(str::to_owned).into();
    let made = Order::new("shop", &[app], &Settings::default()).artifacts(&kinds).unwrap();
    let content = |path: &str| &made.iter().find(|artifact| artifact.path == path).unwrap().content;
    let workflow: yaml_serde::Value = yaml_serde::from_str(content(".github/workflows/ci.yml")).unwrap();
    let job =
        workflow["jobs"].as_mapping().unwrap().iter().find(|(name, _)| name.as_str().unwrap().starts_with("test-"));
    let steps = job.unwrap().1["steps"].as_sequence().unwrap().iter();
    let steps: Vec<_> =
        steps.filter_map(|step| Some((step["name"].as_str()?.to_owned(), step["run"].as_str()?.to_owned()))).collect();
    let (_, test) = steps.iter().find(|(name, _)| name == "Test").unwrap();
    assert!(content(".gitlab-ci.yml").contains(&format!("    - {test}\n")), "{test}");
    assert!(content("Jenkinsfile").contains(&format!("sh '{test}'\n")), "{test}");
    steps
}

fn is_there(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(tool).is_file())
}

/// What the command said, where it failed.
fn run(command: &str, folder: &Path) -> Result<(), String> {
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        // Its own target folder, whatever this crate is built into.
        .env_remove("CARGO_TARGET_DIR")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&said).into_owned()) }
}
