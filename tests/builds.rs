//! Generated Dockerfiles, built and run for real: healthy, not as root, ended by a signal, and built again with the
//! dependencies out of the cache.
//!
//! Packagist and the gems' registry are not reached from everywhere: the samples of PHP and Ruby have no packages, and
//! their dependency step installs an empty list.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::containers::{Process, Stopped, processes, stopped_by};
use crate::support::docker::{self, Turn};
use crate::support::images::{base_images, unlisted};
use crate::support::services::Service;
use crate::support::wharf::{ROOT, Wharf};
use crate::support::{eventually, http};

/// How long an app may take to end after a signal: an issue of the project says so.
const LAST_WORDS: f64 = 3.0;

/// What stands for a word of a test's own, which no build before has seen.
const MARK: &str = "{mark}";

/// A project, and what changes in it.
struct Sample {
    /// The project's folder.
    folder: &'static str,
    /// What a person has to give.
    set: &'static [&'static str],
    /// Part of the step that installs the dependencies. It stays in the cache when a source changes.
    installs: &'static str,
    /// Part of a step that a source decides. It does not.
    builds: &'static str,
    /// A source, a text of it, and what becomes of it.
    change: (&'static str, &'static str, &'static str),
    /// Where each app tells of it, in the order of the apps' names.
    tells: &'static [&'static str],
}

const EXPRESS: Sample = Sample {
    folder: "demos/express-postgres",
    set: &[],
    installs: "npm ci",
    builds: "COPY ",
    change: ("page.js", "<h1>Guest book", "<h1>{mark}"),
    tells: &["/"],
};

const NEXTJS: Sample = Sample {
    folder: "tests/fixtures/stacks/node/nextjs",
    set: &["STRIPE_ACCOUNT=acct_1"],
    installs: "pnpm install",
    builds: "pnpm run build",
    change: ("app/page.tsx", "products, paid", "products, {mark}, paid"),
    tells: &["/"],
};

const VITE_REACT: Sample = Sample {
    folder: "tests/fixtures/stacks/node/react",
    set: &[],
    installs: "yarn install",
    builds: "yarn run build",
    change: ("index.html", "<title>Dashboard", "<title>{mark}"),
    tells: &["/"],
};

const NESTJS: Sample = Sample {
    folder: "tests/fixtures/builds/nestjs",
    set: &[],
    installs: "npm ci",
    builds: "npm run build",
    change: ("src/app.module.ts", "high water at noon", "{mark}"),
    tells: &["/"],
};

const FASTAPI: Sample = Sample {
    folder: "demos/fastapi-redis",
    set: &[],
    installs: "pip install -r requirements.txt",
    builds: "COPY ",
    change: ("main.py", "\"/docs\"", "\"{mark}\""),
    tells: &["/"],
};

const DJANGO: Sample = Sample {
    folder: "tests/fixtures/stacks/python/django",
    set: &["DJANGO_SECRET_KEY=0123456789abcdef0123456789abcdef"],
    installs: "pip install -r requirements.txt",
    builds: "collectstatic",
    change: ("library/urls.py", "Books in", "{mark} in"),
    tells: &["/"],
};

const FLASK: Sample = Sample {
    folder: "tests/fixtures/stacks/python/flask",
    set: &[],
    installs: "pipenv install",
    builds: "COPY ",
    change: ("app.py", "votes for", "votes, {mark}, for"),
    tells: &["/"],
};

const GO: Sample = Sample {
    folder: "tests/fixtures/stacks/go/gorilla",
    set: &[],
    installs: "go mod download",
    builds: "go build",
    change: ("main.go", "[\"name\"]:", "[\"name\"] + \"{mark}\":"),
    tells: &["/lights/north"],
};

const AXUM: Sample = Sample {
    folder: "demos/axum",
    set: &[],
    installs: "cargo build --release",
    builds: "cargo build --release",
    change: ("src/main.rs", "from axum", "{mark}"),
    tells: &["/"],
};

const ACTIX: Sample = Sample {
    folder: "tests/fixtures/builds/actix-web",
    set: &[],
    installs: "cargo build --release",
    builds: "cargo build --release",
    change: ("src/main.rs", "three moorings are free", "{mark}"),
    tells: &["/"],
};

const SPRING_BOOT: Sample = Sample {
    folder: "tests/fixtures/stacks/java/spring-boot",
    set: &[],
    installs: "-Dspring-boot.repackage.skip",
    builds: "-DskipTests package",
    change: ("src/main/java/com/example/payroll/Payroll.java", "Everybody has been paid", "{mark}"),
    tells: &["/"],
};

const PHP: Sample = Sample {
    folder: "demos/php",
    set: &[],
    installs: "composer install",
    builds: "COPY ",
    change: ("public/index.php", "<h1>What time is it?", "<h1>{mark}"),
    tells: &["/"],
};

const RUBY: Sample = Sample {
    folder: "demos/ruby",
    set: &[],
    installs: "bundle install",
    builds: "COPY ",
    change: ("app.rb", "<title>A poem", "<title>{mark}"),
    tells: &["/"],
};

/// Nothing is installed for files: it is what serves them that is not made again.
const STATIC: Sample = Sample {
    folder: "demos/static",
    set: &[],
    installs: "command -v caddy",
    builds: "COPY ",
    change: ("index.html", "<title>Harbour", "<title>{mark}"),
    tells: &["/"],
};

/// Two apps with a package of both, which changes.
const PNPM: Sample = Sample {
    folder: "tests/fixtures/builds/pnpm-workspace",
    set: &[],
    installs: "pnpm install",
    builds: "COPY ",
    change: ("packages/greeting/index.js", "Welcome to the harbour", "{mark}"),
    tells: &["/", "/main.js"],
};

/// With a Dockerfile of its own that does everything wrong.
const CARELESS: Sample = Sample {
    folder: "tests/fixtures/builds/careless",
    set: &[],
    installs: "install the dependencies",
    builds: "COPY ",
    change: ("server.py", "whatever", "{mark}"),
    tells: &["/"],
};

const SAMPLES: &[&Sample] = &[
    &EXPRESS,
    &NEXTJS,
    &VITE_REACT,
    &NESTJS,
    &FASTAPI,
    &DJANGO,
    &FLASK,
    &GO,
    &AXUM,
    &ACTIX,
    &SPRING_BOOT,
    &PHP,
    &RUBY,
    &STATIC,
    &PNPM,
];

#[test]
fn express() {
    EXPRESS.prove();
}

#[test]
fn nextjs() {
    NEXTJS.prove();
}

#[test]
fn vite_react() {
    VITE_REACT.prove();
}

#[test]
fn nestjs() {
    NESTJS.prove();
}

#[test]
fn fastapi() {
    FASTAPI.prove();
}

#[test]
fn django_with_postgres() {
    DJANGO.prove();
}

#[test]
fn flask() {
    FLASK.prove();
}

#[test]
fn go() {
    GO.prove();
}

#[test]
fn axum() {
    AXUM.prove();
}

#[test]
fn actix_web() {
    ACTIX.prove();
}

#[test]
fn spring_boot() {
    SPRING_BOOT.prove();
}

#[test]
fn php() {
    PHP.prove();
}

#[test]
fn ruby() {
    RUBY.prove();
}

#[test]
fn static_files() {
    STATIC.prove();
}

#[test]
fn pnpm_workspace_of_two_apps() {
    PNPM.prove();
}

/// The checks can fail.
#[test]
fn a_careless_dockerfile_is_found_out() {
    let Some(faults) = CARELESS.faults() else { return };
    let faults = faults.join("\n");
    for fault in ["was installed again", "root's", "is a shell", "did not end it"] {
        assert!(faults.contains(fault), "{fault}: {faults}");
    }
}

/// What the checks prepare is what the samples need.
#[test]
fn every_base_image_is_listed() {
    let wharf = Wharf::new();
    for sample in SAMPLES {
        let missing = unlisted(&wharf, &sample.original());
        assert!(missing.is_empty(), "{} needs {missing:?}: add to .ci/images", sample.folder);
    }
}

impl Sample {
    fn original(&self) -> PathBuf {
        Path::new(ROOT).join(self.folder)
    }

    fn prove(&self) {
        if let Some(faults) = self.faults() {
            assert!(faults.is_empty(), "{}", faults.join("\n"));
        }
    }

    /// What is wrong with the images of a project that comes up healthy, before and after a change; nothing where Docker is
    /// not there.
    fn faults(&self) -> Option<Vec<String>> {
        let wharf = Wharf::new();
        let images = base_images(&wharf, &self.original());
        if !docker::ready(&images.iter().map(String::as_str).collect::<Vec<_>>()) {
            return None;
        }
        let project = wharf.copy(self.folder, "project");
        let mark = wharf.mark();
        for app in self.deployed(&wharf, &project) {
            assert!(!app.says().contains(&mark));
            assert!(app.steps_with(self.installs).count() > 0, "no step has {}: {:#?}", self.installs, app.steps);
        }
        self.change(&project, &mark);
        let mut faults = Vec::new();
        for app in self.deployed(&wharf, &project) {
            let said = app.says();
            assert!(said.contains(&mark), "{} does not tell of the change: {said}", app.name);
            let found = self.what_was_built_too_often(&app).into_iter().chain(app.what_runs_wrong(&wharf));
            faults.extend(found.map(|fault| format!("{}: {fault}", app.name)));
        }
        Some(faults)
    }

    /// Deploys all apps; each is healthy by Wharf's own word.
    fn deployed(&self, wharf: &Wharf, project: &Path) -> Vec<App> {
        let mut command = vec!["deploy", project.to_str().unwrap(), "--target", "docker"];
        command.extend(self.set.iter().flat_map(|setting| ["--set", setting]));
        let told = {
            let _turn = Turn::take();
            wharf.json(&command)
        };
        let several = told["deployments"].as_array().cloned().unwrap_or_else(|| vec![told]);
        let mut apps: Vec<App> = several.iter().map(|told| App::of(wharf, told)).collect();
        apps.sort_by(|one, other| one.name.cmp(&other.name));
        assert_eq!(apps.len(), self.tells.len());
        for (app, path) in apps.iter_mut().zip(self.tells) {
            app.path = path;
        }
        apps
    }

    fn change(&self, project: &Path, mark: &str) {
        let (file, from, to) = self.change;
        let path = project.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{file}: {from}");
        fs::write(&path, text.replace(from, &to.replace(MARK, mark))).unwrap();
    }

    fn what_was_built_too_often(&self, app: &App) -> Vec<String> {
        // Where one command installs and builds, it does so in two steps.
        let one = self.installs == self.builds;
        let again: Vec<&Step> = app.steps_with(self.installs).filter(|step| !step.cached).collect();
        let kept = app.steps_with(self.installs).any(|step| step.cached);
        assert!(app.steps_with(self.builds).any(|step| !step.cached), "the change was not built: {:#?}", app.steps);
        if kept && (one || again.is_empty()) { Vec::new() } else { vec![format!("it was installed again: {again:#?}")] }
    }
}

/// An app that was deployed.
struct App {
    name: String,
    url: String,
    path: &'static str,
    container: String,
    steps: Vec<Step>,
}

/// A step of the build, as the builder told of it.
#[derive(Debug)]
struct Step {
    name: String,
    cached: bool,
}

impl App {
    fn of(wharf: &Wharf, told: &Value) -> Self {
        assert_eq!(told["status"], "healthy", "{told:#}");
        let id = told["id"].as_str().unwrap();
        let deployment = format!("label=wharf.deployment={id}");
        let mark = format!("label=wharf.data={}", wharf.mark());
        let filters = ["ps", "-q", "--no-trunc", "--filter", &mark, "--filter", &deployment];
        Self {
            name: told["app"].as_str().unwrap().to_owned(),
            url: told["url"].as_str().unwrap().to_owned(),
            path: "/",
            container: docker::stdout(&[&filters[..], &["--filter", "label=wharf.role=live"]].concat()),
            steps: steps(wharf, id),
        }
    }

    fn says(&self) -> String {
        let answer = http::get(&self.url, self.path).unwrap();
        assert_eq!(answer.status, 200, "{}: {answer:?}", self.path);
        answer.body
    }

    fn steps_with(&self, part: &str) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |step| step.name.contains(part))
    }

    /// As Wharf runs it, and the image by itself, as another would who gives it no init.
    fn what_runs_wrong(&self, wharf: &Wharf) -> Vec<String> {
        let mut faults = of_root(&processes(&self.container));
        faults.extend(self.alone(wharf));
        faults.extend(slow_to_end(&["stop", "--time", "20", &self.container], &self.container));
        faults
    }

    fn alone(&self, wharf: &Wharf) -> Vec<String> {
        let inspected: Value = serde_json::from_str(&docker::stdout(&["inspect", &self.container])).unwrap();
        let inspected = &inspected[0];
        let network = inspected["HostConfig"]["NetworkMode"].as_str().unwrap();
        let image = inspected["Config"]["Image"].as_str().unwrap();
        let port = docker::stdout(&["port", &self.container]).split('/').next().unwrap().parse().unwrap();
        let file = wharf.path(&format!("{}.env", self.name));
        let env: Vec<&str> = inspected["Config"]["Env"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        fs::write(&file, env.join("\n")).unwrap();
        let env_file = file.to_str().unwrap();
        let alone = Service::start(image, port, &["--network", network, "--env-file", env_file]).unwrap();
        let url = format!("http://127.0.0.1:{}", alone.port);
        eventually("the image answers by itself", || {
            http::get(&url, self.path).ok().filter(|answer| answer.status == 200)
        });
        let running = processes(&alone.id);
        let mut faults = of_root(&running);
        let first: usize = docker::stdout(&["inspect", "--format", "{{.State.Pid}}", &alone.id]).parse().unwrap();
        let first = running.iter().find(|process| process.id == first).unwrap();
        // It would keep the signal to itself.
        if ["sh", "bash", "dash"].contains(&first.program.as_str()) {
            faults.push(format!("the first process is a shell: {running:?}"));
        }
        faults.extend(slow_to_end(&["kill", "--signal", "TERM", &alone.id], &alone.id));
        faults
    }
}

fn of_root(running: &[Process]) -> Vec<String> {
    assert!(!running.is_empty());
    let is_root = running.iter().any(|process| process.user == 0);
    if is_root { vec![format!("a process is root's: {running:?}")] } else { Vec::new() }
}

/// A docker command that ends a container has to do so in time, with one signal.
fn slow_to_end(command: &[&str], container: &str) -> Option<String> {
    let Some(Stopped { seconds, signals, code }) = stopped_by(command, container) else {
        return Some(format!("`docker {}` did not end it", command[0]));
    };
    let told = format!("`docker {}` ended it after {seconds:.2} s with exit code {code}, {signals:?}", command[0]);
    println!("{told}");
    (seconds >= LAST_WORDS || signals.len() != 1 || code == 137).then_some(told)
}

/// The steps of a deployment's build, from its log: `[build 3/7] RUN npm ci (from the cache)`.
fn steps(wharf: &Wharf, deployment: &str) -> Vec<Step> {
    let log = wharf.run(&["logs", deployment, "--step", "build", "-n", "100000", "--json"]).exits(0).stdout;
    let mut steps: Vec<Step> = Vec::new();
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = line["text"].as_str().unwrap();
        let name = text.strip_suffix(" (from the cache)").unwrap_or(text);
        let Some((stage, _)) = name.strip_prefix('[').and_then(|rest| rest.split_once("] ")) else { continue };
        if !stage.ends_with(|letter: char| letter.is_ascii_digit()) {
            continue;
        }
        let cached = name != text;
        match steps.iter_mut().find(|step| step.name == name) {
            // Begun first, then found.
            Some(step) => step.cached |= cached,
            None => steps.push(Step { name: name.to_owned(), cached }),
        }
    }
    steps
}
