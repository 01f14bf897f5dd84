//! What pipelines and scripts call and name: other scripts, files for a command, services of compose files, outputs and
//! parameters of templates, objects of a cluster.

use std::collections::{BTreeMap, BTreeSet};

use super::commands::{Command, read};
use super::kinds::Kind;
use super::parameters::above;
use super::project::Project;
use super::tree::{self, Node};
use super::{Fault, Faults, azure, compose, folder, github, gitlab, jenkins, joined, kubernetes, terraform};

/// A piece of a script in a file.
pub(super) struct Piece<'p> {
    pub(super) text: String,
    /// What is run before it, elsewhere.
    pub(super) before: String,
    /// The line that a place of the text stands on.
    pub(super) line: Box<dyn Fn(usize) -> usize + 'p>,
    /// The folders it may be run in.
    pub(super) folders: Vec<String>,
}

/// Tells of what is not there.
pub(super) fn check(project: &Project<'_>, found: &mut Vec<Fault>) {
    let defined = Defined::new(project.files);
    for (path, text) in project.files {
        let mut faults = Faults { path, found: Vec::new() };
        let mut look = |pieces: &[Piece<'_>]| {
            for piece in pieces {
                self::piece(piece, project, &defined, &mut faults);
            }
        };
        match Kind::of(path, text) {
            Some(Kind::Script) => {
                let mut folders = vec![folder(path).to_owned(), String::new()];
                folders.dedup();
                let line = Box::new(|at: usize| 1 + text[..at].matches('\n').count());
                look(&[Piece { text: text.clone(), before: String::new(), line, folders }]);
            }
            Some(Kind::Workflow) => {
                if let Some(root) = first(text) {
                    look(&github::scripts(&root));
                }
            }
            Some(Kind::Pipeline) => {
                let documents = tree::read(text).unwrap_or_default();
                look(&documents.last().map(gitlab::scripts).unwrap_or_default());
            }
            Some(Kind::Jenkinsfile) => look(&jenkins::scripts(text)),
            _ => {}
        }
        found.extend(faults.found);
    }
}

fn first(text: &str) -> Option<Node> {
    tree::read(text).ok()?.into_iter().next()
}

fn piece(piece: &Piece<'_>, project: &Project<'_>, defined: &Defined<'_>, faults: &mut Faults<'_>) {
    let commands = read(&piece.text);
    let wrappers = wrappers(&piece.text);
    let mut made: BTreeSet<&str> = parts(&piece.before).collect();
    for command in &commands {
        let words = command.words();
        // From here on nobody knows where it is run: its own folder and the root are looked at all the same.
        if matches!(words.first(), Some(&("cd" | "pushd"))) && words.get(1).is_some_and(|to| !is_known(to)) {
            return;
        }
        let line = (piece.line)(command.at);
        let lacks = |file: &str| piece.folders.iter().all(|folder| project.lacks(&joined(folder, file)));
        for file in called(&words).into_iter().chain(files(command)) {
            let name = file.rsplit('/').next().unwrap_or(file);
            // What was written before is there.
            if !file.starts_with('/') && !made.contains(name) && lacks(file) {
                faults.add("unknown-file", line, format!("there is no {}", file.trim_start_matches("./")));
            }
        }
        defined.names(command, &wrappers, &piece.folders, line, faults);
        let runs = called(&words);
        let others = command.words.iter().filter(|word| runs != Some(word.as_str()));
        made.extend(others.flat_map(|word| parts(word)));
    }
}

/// What of a text can be the name of a file.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_')))
}

/// Whether it is told where a change of folders leads: to the script's own, or up to the root.
fn is_known(to: &str) -> bool {
    to.starts_with('$') || to.split('/').all(|part| matches!(part, "" | "." | ".."))
}

/// The script that a command runs.
fn called<'w>(words: &[&'w str]) -> Option<&'w str> {
    let first = *words.first()?;
    let shell = first.rsplit('/').next().unwrap_or(first);
    let file = if matches!(shell, "bash" | "sh" | "dash" | "zsh" | "ksh" | "source" | ".") {
        let mut rest = words[1..].iter().skip_while(|word| {
            matches!(**word, "-e" | "-u" | "-x" | "-eu" | "-ex" | "-eux" | "-euo" | "-l" | "-o" | "pipefail")
        });
        rest.next().copied()?
    } else {
        first
    };
    let is_script = file.rsplit('.').next().is_some_and(|ending| matches!(ending, "sh" | "bash")) && file.contains('.');
    let is_path = shell != first || file != first || file.contains('/');
    (is_path && (is_script || matches!(file, "./gradlew" | "./mvnw"))).then_some(file)
}

/// The files that a command is to read.
fn files(command: &Command) -> Vec<&str> {
    let words = command.words();
    let is = |program: &str| words.first() == Some(&program);
    let mut files: Vec<&str> = command.flag(&["--template-file", "-var-file", "--var-file"]).collect();
    files.extend(words.iter().filter_map(|word| word.strip_prefix("file://")));
    let compose = is("docker-compose") || is("docker") && words.get(1) == Some(&"compose");
    if compose || is("kubectl") || is("docker") && words.contains(&"build") {
        files.extend(command.flag(&["-f", "--file", "--filename"]));
    }
    if is("kubectl") || is("kustomize") {
        files.extend(command.flag(&["-k", "--kustomize"]));
    }
    if is("helm") {
        files.extend(command.flag(&["-f", "--values"]));
    }
    files.retain(|file| !file.is_empty() && *file != "-" && !file.contains(['$', '*', ',', ':', '<']));
    files
}

/// What templates, compose files and manifests define.
struct Defined<'f> {
    /// Outputs by folders, of Terraform and of the clouds' own templates.
    terraform: BTreeMap<&'f str, BTreeSet<String>>,
    templates: BTreeMap<&'f str, (BTreeSet<String>, BTreeSet<String>)>,
    services: Option<BTreeSet<String>>,
    /// Kinds and names by folders.
    objects: BTreeMap<&'f str, BTreeSet<(String, String)>>,
}

/// What of a command's words stands for a value of the word before.
const VALUED: [&str; 22] = [
    "-e",
    "--env",
    "-u",
    "--user",
    "-w",
    "--workdir",
    "--index",
    "--tail",
    "-n",
    "--wait-timeout",
    "-t",
    "--timeout",
    "--scale",
    "--since",
    "--until",
    "--name",
    "-v",
    "--volume",
    "-p",
    "--publish",
    "--entrypoint",
    "--exit-code-from",
];

/// What a flag of Compose itself has behind it.
const OF_COMPOSE: [&str; 8] =
    ["-f", "--file", "-p", "--project-name", "--profile", "--env-file", "--project-directory", "--ansi"];

impl<'f> Defined<'f> {
    fn new(files: &'f BTreeMap<String, String>) -> Self {
        let mut all =
            Self { terraform: BTreeMap::new(), templates: BTreeMap::new(), services: None, objects: BTreeMap::new() };
        for (path, text) in files {
            let here = folder(path);
            match Kind::of(path, text) {
                Some(Kind::Terraform) => all.terraform.entry(here).or_default().extend(terraform::outputs(text)),
                Some(Kind::CloudFormation) => {
                    let Some(root) = first(text) else { continue };
                    let (outputs, parameters) = all.templates.entry(here).or_default();
                    let keys =
                        |key: &str| root.entries_of(key).iter().map(|entry| entry.key.clone()).collect::<Vec<_>>();
                    outputs.extend(keys("Outputs"));
                    parameters.extend(keys("Parameters"));
                }
                Some(Kind::Arm) => {
                    let Some(root) = first(text) else { continue };
                    let outputs = root.entries_of("outputs").iter().map(|entry| entry.key.clone());
                    all.templates.entry(here).or_default().0.extend(outputs);
                }
                Some(Kind::Bicep) => all.templates.entry(here).or_default().0.extend(azure::outputs(text)),
                Some(Kind::Compose) => {
                    all.services.get_or_insert_default().extend(compose::services(path, text, files));
                }
                Some(Kind::Manifest) => {
                    for root in above(path) {
                        all.objects.entry(root).or_default().extend(kubernetes::names(text));
                    }
                }
                _ => {}
            }
        }
        // What charts and prefixes are called, only filling them in tells.
        let renames = |path: &str, text: &str| match Kind::of(path, text) {
            Some(Kind::Chart) => true,
            Some(Kind::Kustomization) => text.contains("namePrefix") || text.contains("nameSuffix"),
            _ => false,
        };
        for root in files.iter().filter(|(path, text)| renames(path, text)).flat_map(|(path, _)| above(path)) {
            all.objects.remove(root);
        }
        all
    }

    /// Holds the names of a command to what is defined.
    fn names(&self, command: &Command, wrappers: &[&str], folders: &[String], line: usize, faults: &mut Faults<'_>) {
        let words = command.words();
        let templates = || folders.iter().find_map(|folder| self.templates.get(folder.as_str()));
        let is_plain = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        match words.as_slice() {
            ["terraform", rest @ ..] if rest.contains(&"output") => {
                let moved = command.flag(&["-chdir"]).next();
                let here = folders.iter().map(|folder| moved.map_or_else(|| folder.clone(), |to| joined(folder, to)));
                let Some(known) = here.into_iter().find_map(|folder| self.terraform.get(folder.as_str())) else {
                    return;
                };
                let name =
                    rest.iter().skip_while(|word| **word != "output").skip(1).find(|word| !word.starts_with('-'));
                if let Some(name) = name.filter(|name| is_plain(name) && !known.contains(**name)) {
                    faults.add("unknown-reference", line, format!("nothing in that folder puts out {name}"));
                }
            }
            ["aws", "cloudformation", ..] => {
                let Some((outputs, parameters)) = templates() else { return };
                for word in &words {
                    for name in word.split("OutputKey==").skip(1).filter_map(|rest| rest.split(['\'', '`', '"']).nth(1))
                    {
                        if is_plain(name) && !outputs.contains(name) {
                            faults.add("unknown-reference", line, format!("no template here puts out {name}"));
                        }
                    }
                }
                let given = words.iter().skip_while(|word| **word != "--parameter-overrides").skip(1);
                for word in given.take_while(|word| !word.starts_with("--")) {
                    let Some((name, _)) = word.split_once('=') else { continue };
                    if is_plain(name) && !parameters.contains(name) {
                        faults.add("unknown-reference", line, format!("no template here has the parameter {name}"));
                    }
                }
            }
            ["az", ..] => {
                let Some((outputs, _)) = templates() else { return };
                for name in words.iter().flat_map(|word| word.split("properties.outputs.").skip(1)) {
                    let name =
                        name.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default();
                    if is_plain(name) && !outputs.contains(name) {
                        faults.add("unknown-reference", line, format!("no template here puts out {name}"));
                    }
                }
            }
            [wrapper, name, ..]
                if wrappers.contains(wrapper)
                    && is_plain(name)
                    && templates().is_some_and(|(outputs, _)| !outputs.contains(*name)) =>
            {
                faults.add("unknown-reference", line, format!("no template here puts out {name}"));
            }
            ["docker-compose", rest @ ..] | ["docker", "compose", rest @ ..] => {
                for name in services(rest).into_iter().filter(|name| is_plain(name)) {
                    if self.services.as_ref().is_some_and(|known| !known.contains(name)) {
                        faults.add("unknown-service", line, format!("no compose file has the service {name}"));
                    }
                }
            }
            ["kubectl", rest @ ..] => {
                let Some(known) = folders.iter().find_map(|folder| self.objects.get(folder.as_str())) else { return };
                for (kind, name) in rest.iter().filter_map(|word| word.split_once('/')) {
                    let Some(kind) = kubernetes::kind(kind).filter(|_| is_plain(name)) else { continue };
                    if known.iter().any(|(other, _)| other == kind)
                        && !known.contains(&(kind.to_owned(), name.to_owned()))
                    {
                        faults.add("unknown-reference", line, format!("there is no {kind} {name}"));
                    }
                }
            }
            _ => {}
        }
    }
}

/// Functions of a script that look up an output of a stack by its name.
fn wrappers(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut within = "";
    for line in text.lines() {
        if let Some((name, _)) = line.trim().split_once("()") {
            within = name.trim();
        }
        if line.contains("OutputKey==") && line.contains("$1") && !within.is_empty() {
            found.push(within);
        }
        if line.starts_with('}') {
            within = "";
        }
    }
    found
}

/// The services that a command of Compose names.
fn services<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let plain = |words: &[&'w str], valued: &[&str]| {
        let mut is_value = false;
        let mut plain = Vec::new();
        for word in words {
            if word.starts_with(['<', '>']) {
                break;
            }
            let skip = std::mem::replace(&mut is_value, valued.contains(word));
            if !skip && !word.starts_with('-') {
                plain.push(*word);
            }
        }
        plain
    };
    let Some(at) = words.iter().position(|word| plain(words, &OF_COMPOSE).first() == Some(word)) else {
        return Vec::new();
    };
    let rest = plain(&words[at + 1..], &VALUED);
    match words[at] {
        "exec" | "run" => rest.into_iter().take(1).collect(),
        "up" | "build" | "restart" | "logs" | "stop" | "start" | "pull" | "push" | "kill" | "rm" | "create" => rest,
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_seen_where_they_are_called() {
        for (line, wanted) in [
            ("IMAGES=\"$R\" bash infra/a.sh staging", Some("infra/a.sh")),
            ("./a.sh", Some("./a.sh")),
            ("sh -eu a.sh", Some("a.sh")),
            (". scripts/env.sh", Some("scripts/env.sh")),
            ("./gradlew test", Some("./gradlew")),
            ("bash -c 'x.sh'", None),
            ("cat a.sh", None),
            ("docker run x sh a.sh", None),
            ("./build/app", None),
        ] {
            let found = read(line).iter().find_map(|command| called(&command.words()).map(str::to_owned));
            assert_eq!(found.as_deref(), wanted, "{line}");
        }
    }

    #[test]
    fn services_are_seen_behind_flags() {
        assert_eq!(services(&["-f", "x.yaml", "exec", "-u", "a", "db", "psql"]), ["db"]);
        assert_eq!(services(&["up", "--wait", "--wait-timeout", "30", "web", "db"]), ["web", "db"]);
        assert_eq!(services(&["config", "x"]), [""; 0]);
    }

    fn faults(path: &str, text: &str) -> Vec<(&'static str, Option<usize>, String)> {
        const TEMPLATE: &str = "Parameters:\n  Tag: {Type: String, Default: a}\nResources:\n  A: {Type: 'AWS::SNS::Topic'}\nOutputs:\n  Address: {Value: a}\n";
        const ARM: &str =
            "{\"$schema\": \"x\", \"contentVersion\": \"1\", \"resources\": [], \"outputs\": {\"host\": {}}}";
        let files = [
            ("infra/cloudformation/template.yaml", TEMPLATE),
            ("infra/terraform/main.tf", "output \"url\" {\n  value = 1\n}\n"),
            ("infra/arm/main.json", ARM),
            ("infra/ssh/deploy.sh", "#!/bin/sh\nset -eu\n"),
            ("compose.yaml", "services:\n  web: {image: 'a:1'}\n"),
            ("k8s/app.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {}\n"),
            (path, text),
        ];
        let files = files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
        let paths = crate::validate::project::paths(&["scripts/lint.sh", "web/run.sh", "test.tfvars"]);
        let around = crate::validate::Surroundings { paths: &paths, may_be: &|_| false };
        let found = crate::validate::check_project(&files, &around);
        found.into_iter().filter(|fault| fault.path == path).map(|one| (one.rule, one.line, one.message)).collect()
    }

    fn rules(path: &str, text: &str) -> Vec<(&'static str, Option<usize>)> {
        faults(path, text).into_iter().map(|one| (one.0, one.1)).collect()
    }

    /// A script of that folder that does that.
    fn script(folder: &str, lines: &str) -> Vec<(&'static str, Option<usize>)> {
        rules(&format!("{folder}/deploy-it.sh"), &format!("#!/bin/sh\nset -eu\n{lines}\n"))
    }

    const OUTPUT: &str = "output() {\n  aws cloudformation x --query \"O[?OutputKey=='$1']\"\n}\n";

    #[test]
    fn what_a_script_names_is_there() {
        let aws = "infra/cloudformation";
        for (folder, sound) in [
            ("infra", "sh scripts/lint.sh && ./ssh/deploy.sh"),
            ("infra", "curl -o get.sh x\nsh get.sh"),
            ("infra", "cat >made.sh <<EOF\nsh no.sh\nEOF\nsh made.sh"),
            (aws, "aws cloudformation deploy --template-file template.yaml --parameter-overrides Tag=$1"),
            (aws, &format!("{OUTPUT}output Address")),
            ("infra/terraform", "terraform plan -var-file=../../test.tfvars\necho \"$(terraform output -raw url)\""),
            ("infra/arm", "az x --query properties.outputs.host.value"),
            ("infra", "docker compose -f compose.yaml exec -u 1 web sh\ndocker compose up --wait"),
            ("k8s", "kubectl rollout status deployment/any\nkubectl get service/shop"),
        ] {
            assert_eq!(script(folder, sound), [], "{sound}");
        }
        for (folder, broken, rule, line) in [
            ("infra", "sh scripts/lin.sh", "unknown-file", 3),
            ("infra", "x\nif true; then ./ssh/deplo.sh; fi", "unknown-file", 4),
            (aws, "aws cloudformation deploy --template-file templ.yaml", "unknown-file", 3),
            (aws, "aws cloudformation deploy --parameter-overrides Tg=$1", "unknown-reference", 3),
            (aws, "aws cloudformation x --query \"O[?OutputKey=='Addres']\"", "unknown-reference", 3),
            (aws, &format!("{OUTPUT}echo \"$(output Addres)\""), "unknown-reference", 6),
            ("infra/terraform", "echo \"u: $(terraform output -raw ur)\"", "unknown-reference", 3),
            ("infra/terraform", "terraform plan -var-file=prod.tfvars", "unknown-file", 3),
            ("infra/arm", "az x --query properties.outputs.hos.value", "unknown-reference", 3),
            ("infra", "docker compose exec wb sh", "unknown-service", 3),
            ("infra", "docker compose -f compose.yml up", "unknown-file", 3),
            ("k8s", "kubectl get service/shp", "unknown-reference", 3),
            ("k8s", "kubectl apply -f ap.yaml", "unknown-file", 3),
        ] {
            assert_eq!(script(folder, broken), [(rule, Some(line))], "{broken}");
        }
    }

    #[test]
    fn what_a_workflow_calls_is_there() {
        const BEFORE: &str =
            "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: x\n    timeout-minutes: 5\n    steps:\n";
        let workflow = |steps: &str| rules(".github/workflows/a.yml", &format!("{BEFORE}{steps}"));
        for sound in [
            "      - run: bash infra/ssh/deploy.sh staging\n",
            "      - run: ./run.sh\n        working-directory: web\n",
            "      - run: cd web && ./x.sh\n",
            "      - run: echo x > y.sh\n      - run: sh y.sh\n",
        ] {
            assert_eq!(workflow(sound), [], "{sound}");
        }
        for (broken, line) in [
            ("      - run: bash infra/ssh/deplo.sh staging\n", 8),
            ("      - run: |\n          x\n          ./run.sh\n", 10),
            ("      - run: ./rn.sh\n        working-directory: web\n", 8),
            ("      - uses: ./.github/actions/x\n", 8),
        ] {
            assert_eq!(workflow(broken), [("unknown-file", Some(line))], "{broken}");
        }
    }

    #[test]
    fn what_other_files_name_is_there() {
        let stage = "sh 'bash infra/ssh/deplo.sh'\nsh \"\"\"\n x\n ./scripts/lint.sh\n ./scripts/lin.sh\n\"\"\"\n";
        let jenkins = format!(
            "pipeline {{\nagent any\noptions {{ timeout(time: 1) }}\nstages {{ stage('A') {{ steps {{\n{stage}}} }} }}\n}}\n"
        );
        for (path, text, line) in [
            (".gitlab-ci.yml", "include: ci/other.yml\na:\n  timeout: 1h\n  script: [a]\n", 1),
            (".gitlab-ci.yml", "a:\n  trigger:\n    include: [{local: /ci/other.yml}]\n", 3),
            (
                "compose.test.yaml",
                "services:\n  a:\n    image: a:1\n    env_file: [conf/a.env, {path: b.env, required: false}]\n",
                4,
            ),
            ("k8s/base/kustomization.yaml", "configMapGenerator:\n  - name: a\n    files: [b=conf/a]\n", 3),
        ] {
            assert_eq!(rules(path, text), [("unknown-file", Some(line))], "{path}");
        }
        assert_eq!(rules("Jenkinsfile", &jenkins), [("unknown-file", Some(5)), ("unknown-file", Some(9))]);
    }
}
