//! A start command is right when the app, built with it, listens: the samples are deployed as a user would, and asked.
//!
//! A sample is proved where the programs that its commands begin with are on the machine. `scripts/prove-starts` gets
//! those that packages bring, and then nothing may be left out; `cargo test` leaves out the long ones.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use wharf::detect::detect;
use wharf::model::AppProfile;
use wharf::os::process::find_program;
use wharf::os::tree::DiskTree;

use crate::support::images::{base_images, unlisted};
use crate::support::services::Service;
use crate::support::wharf::{ROOT, Wharf};
use crate::support::{docker, http, skip};

/// Samples that no check builds, and why. A name that ends in `/` is all of a stack.
const ELSEWHERE: &[(&str, &str)] = &[
    ("clojure/", "what it needs lies on Clojars"),
    ("cpp/crow", "the headers of Crow are no package of Debian"),
    ("crystal/", "what it needs lies on GitHub"),
    ("dart/", "no package brings Dart"),
    ("deno/fresh", "what it needs lies on JSR"),
    ("deno/oak", "what it needs lies on JSR"),
    ("dotnet/", "no package brings .NET"),
    ("elixir/", "what it needs lies on Hex"),
    ("gleam/", "no package brings Gleam"),
    ("haskell/", "what it needs lies on Hackage"),
    ("java/grails", "no package brings a Gradle that its plugin runs on"),
    ("java/javalin", "no package brings a Gradle that knows Java 17; `javalin+maven` is proved"),
    ("java/micronaut", "no package brings a Gradle that its plugin runs on; `micronaut+maven` is proved"),
    ("java/quarkus", "no package brings a Gradle that its plugin runs on; `quarkus+maven` is proved"),
    ("java/spring", "no package brings a Gradle that its wrapper asks for"),
    ("kotlin/hexagon", "no package brings a Gradle that its plugin runs on"),
    ("kotlin/http4k", "no package brings a Gradle that its plugin runs on"),
    ("kotlin/ktor", "no package brings a Gradle that its plugin runs on"),
    ("lua/", "what it needs lies on LuaRocks"),
    ("other/dream", "what it needs lies on OPAM"),
    ("other/plumber", "R is no program that the checks install"),
    ("other/scorper", "what it needs lies on GitHub"),
    ("php/drupal", "what it needs lies on Packagist"),
    ("php/laravel", "what it needs lies on Packagist"),
    ("php/slim", "what it needs lies on Packagist"),
    ("php/symfony", "what it needs lies on Packagist"),
    ("ruby/", "what it needs lies on RubyGems"),
    ("scala/", "no package brings sbt"),
    ("static/haunt", "no package brings Haunt"),
    ("static/zola", "no package brings Zola"),
    ("swift/", "no package brings Swift"),
    ("zig/", "what it needs lies on GitHub"),
];

/// Samples that are proved in Docker.
const ON_DOCKER: &[(&str, &str)] = &[
    ("go/chi", LISTENS_WHERE_IT_PLEASES),
    ("go/echo", LISTENS_WHERE_IT_PLEASES),
    ("java/dropwizard", LISTENS_WHERE_IT_PLEASES),
    ("java/helidon", LISTENS_WHERE_IT_PLEASES),
    ("java/undertow", LISTENS_WHERE_IT_PLEASES),
    ("java/vertx", LISTENS_WHERE_IT_PLEASES),
    ("java/spring-boot", "there it gets its database"),
    ("node/nestjs", "there it gets its database"),
    ("php/wordpress", "PHP is no program that the checks install"),
    ("python/pyramid", LISTENS_WHERE_IT_PLEASES),
    ("rust/warp", LISTENS_WHERE_IT_PLEASES),
];

/// A machine gives an app a port of its choice, a container the one that was detected.
const LISTENS_WHERE_IT_PLEASES: &str = "it takes no port from outside";

/// Samples that `cargo test` leaves out: they take longest, and others of their stack are proved.
const LONG: &[&str] = &[
    "node/angular",
    "node/gatsby",
    "node/nextjs",
    "node/nuxt",
    "python/streamlit",
    "rust/actix-web",
    "rust/rocket",
    "rust/warp",
];

/// Samples that are proved only where somebody installed what they need: `scripts/prove-starts` does not.
const WHERE_INSTALLED: &[&str] = &["other/mojolicious", "other/plack", "static/hugo", "static/jekyll"];

/// Variables that the samples keep something in that nobody may guess.
const SECRETS: &[&str] = &["DJANGO_SECRET_KEY", "SESSION_SECRET"];

/// Where nothing may be left out.
fn all() -> bool {
    std::env::var("WHARF_PROVE_STARTS").as_deref() == Ok("all")
}

#[test]
fn node() {
    prove("node");
}

#[test]
fn deno() {
    prove("deno");
}

#[test]
fn bun() {
    prove("bun");
}

#[test]
fn python() {
    prove("python");
}

#[test]
fn go() {
    prove("go");
}

#[test]
fn rust() {
    prove("rust");
}

#[test]
fn java() {
    prove("java");
}

#[test]
fn kotlin() {
    prove("kotlin");
}

#[test]
fn php() {
    prove("php");
}

#[test]
fn static_files() {
    prove("static");
}

#[test]
fn other() {
    prove("other");
}

/// Nothing is forgotten: what no test above proves stands in the list of what is not, and the lists name no other.
#[test]
fn every_sample_that_listens_is_proved_or_its_reason_told() {
    let proved = ["node", "deno", "bun", "python", "go", "rust", "java", "kotlin", "php", "static", "other"];
    let samples: Vec<Sample> = stacks().iter().flat_map(|stack| samples(stack)).collect();
    for sample in &samples {
        let stack = sample.name.split('/').next().unwrap();
        assert!(proved.contains(&stack) || sample.elsewhere().is_some(), "nothing proves {}", sample.name);
    }
    let is_one = |name: &str| samples.iter().any(|sample| names(name, &sample.name));
    for name in
        ELSEWHERE.iter().chain(ON_DOCKER).map(|(name, _)| *name).chain(LONG.iter().chain(WHERE_INSTALLED).copied())
    {
        assert!(is_one(name), "{name} is no sample that listens");
    }
    assert!(samples.len() >= 70, "only {} samples listen", samples.len());
}

/// What the checks prepare is what the samples need.
#[test]
fn every_base_image_is_listed() {
    let wharf = Wharf::new();
    let samples = stacks().into_iter().flat_map(|stack| samples(&stack));
    for sample in samples.filter(Sample::is_on_docker) {
        let missing = unlisted(&wharf, &sample.folder);
        assert!(missing.is_empty(), "{} needs {missing:?}: add to .ci/images", sample.name);
    }
}

/// Whether an entry of a list means a sample.
fn names(entry: &str, sample: &str) -> bool {
    entry == sample || entry.ends_with('/') && sample.starts_with(entry)
}

/// A sample with an app that listens.
struct Sample {
    name: String,
    folder: PathBuf,
    app: AppProfile,
}

fn stacks() -> Vec<String> {
    children(&Path::new(ROOT).join("tests/fixtures/stacks"))
}

fn samples(stack: &str) -> Vec<Sample> {
    let folder = Path::new(ROOT).join("tests/fixtures/stacks").join(stack);
    let sample = |name: String| {
        let folder = folder.join(&name);
        let app = detect(&DiskTree::open(&folder).unwrap()).apps.swap_remove(0);
        Sample { name: format!("{stack}/{name}"), folder, app }
    };
    children(&folder).into_iter().map(sample).filter(|sample| sample.app.port.is_some()).collect()
}

fn children(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Deploys all samples of a stack that can be, one after the other, and fails for all that do not answer.
fn prove(stack: &str) {
    let wharf = Wharf::new();
    let services = Services::default();
    let mut failed = Vec::new();
    for sample in samples(stack) {
        if let Some(why) = sample.elsewhere() {
            skip(&format!("{}: {why}", sample.name));
        } else if LONG.contains(&sample.name.as_str()) && !all() {
            skip(&format!("{}: scripts/prove-starts proves it", sample.name));
        } else if let Err(why) = sample.prove(&wharf, &services) {
            failed.push(format!("{}: {why}", sample.name));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

impl Sample {
    fn elsewhere(&self) -> Option<&'static str> {
        ELSEWHERE.iter().find(|(entry, _)| names(entry, &self.name)).map(|(_, why)| *why)
    }

    fn is_on_docker(&self) -> bool {
        ON_DOCKER.iter().any(|(entry, _)| names(entry, &self.name))
    }

    /// Deploys it and asks it where it was detected to answer.
    fn prove(&self, wharf: &Wharf, services: &Services) -> Result<(), String> {
        let target = if self.is_on_docker() { "docker" } else { "process" };
        let Some(settings) = self.ready(wharf, services, target) else { return Ok(()) };
        let folder = self.folder.to_str().unwrap();
        let mut command = vec!["deploy", folder, "--target", target, "--json"];
        command.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        let ran = wharf.run(&command);
        let deployed: Value = serde_json::from_str(&ran.stdout).map_err(|_| format!("{}{}", ran.stdout, ran.stderr))?;
        let id = deployed["id"].as_str().ok_or_else(|| deployed.to_string())?;
        let answer = self.answers(wharf, target, &deployed);
        let told = wharf.run(&["logs", id, "-n", "40"]).stdout;
        wharf.run(&["delete", id, "--yes"]).exits(0);
        answer.map_err(|why| format!("{why}\n{told}"))
    }

    fn answers(&self, wharf: &Wharf, target: &str, deployed: &Value) -> Result<(), String> {
        if deployed["status"] != "healthy" {
            return Err(deployed["error"].to_string());
        }
        let port = self.app.port.unwrap();
        if target == "docker" {
            let instances = wharf.instances("docker");
            let name = instances.first().and_then(|line| line.split_whitespace().last()).ok_or("no container")?;
            let published = docker::stdout(&["port", name]);
            if !published.starts_with(&format!("{port}/tcp")) {
                return Err(format!("{port} was detected, {published} is published"));
            }
        }
        let url = deployed["url"].as_str().ok_or("no address")?;
        let path = self.app.health_path.as_deref();
        let answer = http::get(url, path.unwrap_or("/")).map_err(|error| format!("{url}: {error}"))?;
        // Where no path is known to be there, any answer shows who listens.
        if path.is_none() || answer.status < 400 { Ok(()) } else { Err(format!("{path:?}: {answer:?}")) }
    }

    /// What it is to be told, if all that it needs is there.
    fn ready(&self, wharf: &Wharf, services: &Services, target: &str) -> Option<Vec<String>> {
        if target == "docker" {
            let images = base_images(wharf, &self.folder);
            // Says so itself, or fails where Docker must be there.
            if !docker::ready(&images.iter().map(String::as_str).collect::<Vec<_>>()) {
                return None;
            }
        } else if let Some(program) = self.missing_program() {
            let may_be_missing = WHERE_INSTALLED.contains(&self.name.as_str());
            assert!(!all() || may_be_missing, "no {program}, which {} needs", self.name);
            skip(&format!("no {program}, which {} needs", self.name));
            return None;
        }
        let mut settings = Vec::new();
        for name in self.app.env.iter().map(String::as_str) {
            let value = match target {
                _ if SECRETS.contains(&name) => Some("0123456789abcdef0123456789abcdef".to_owned()),
                // There Wharf brings the services along.
                "docker" => None,
                _ => services.value(name).ok()?,
            };
            settings.extend(value.map(|value| format!("{name}={value}")));
        }
        if self.app.stack == "rust" && target == "process" {
            // What all of them are made of is built once.
            settings.push(format!("CARGO_BUILD_BUILD_DIR={}/starts", env!("CARGO_TARGET_TMPDIR")));
        }
        Some(settings)
    }

    /// A program that its commands begin with and that is not there.
    fn missing_program(&self) -> Option<String> {
        let app = &self.app;
        let mut commands = vec![&app.install_command, &app.build_command];
        if commands.iter().all(|command| command.is_none()) {
            commands.push(&app.start_command);
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let parts = commands.into_iter().flatten().flat_map(|command| command.split("&&"));
        let program = |part: &str| part.split_whitespace().find(|word| !word.contains('=')).map(str::to_owned);
        parts.filter_map(program).find(|program| find_program(program, &path, &self.folder).is_none())
    }
}

/// Services for samples that run as processes, each started once it is asked for.
#[derive(Default)]
struct Services {
    postgres: OnceCell<Option<(Service, String)>>,
    redis: OnceCell<Option<(Service, String)>>,
}

impl Services {
    /// What a variable is to be set to, if it is; an error where that is not to be had.
    fn value(&self, variable: &str) -> Result<Option<String>, NoService> {
        let address =
            |kept: &Option<(Service, String)>| kept.as_ref().map(|(_, url)| Some(url.clone())).ok_or(NoService);
        match variable {
            "DATABASE_URL" => address(self.postgres.get_or_init(Service::postgres)),
            "REDIS_URL" => address(self.redis.get_or_init(Service::redis)),
            // Its clients only connect when they are asked something.
            "MONGO_URL" | "MONGODB_URI" => Ok(Some("mongodb://127.0.0.1:1/test".to_owned())),
            _ => Ok(None),
        }
    }
}

/// Docker, or an image, is not there; that was told.
struct NoService;
