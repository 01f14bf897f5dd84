//! What is generated for each kind of project.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use wharf::detect::detect;
use wharf::generate::{Draft, Order, Reviewer as _, Rules, Templates, kinds};
use wharf::model::{AppProfile, Artifact, FileTree as _, Framework, Process, Settings};
use wharf::os::tree::DiskTree;
use wharf::validate::{Surroundings, check_all, check_project};

use crate::support::profiles::{self, With as _};

fn of(profile: &AppProfile) -> Vec<Artifact> {
    profiles::usual(profile).unwrap()
}

fn file<'a>(artifacts: &'a [Artifact], name: &str) -> &'a str {
    &artifacts.iter().find(|artifact| artifact.path.ends_with(name)).unwrap().content
}

#[test]
fn dockerfiles() {
    for (name, profile) in profiles::all() {
        insta::assert_snapshot!(format!("dockerfile-{name}"), file(&of(&profile), "Dockerfile"));
    }
}

#[test]
fn compose_files() {
    for (name, profile) in profiles::all() {
        if ["node-express", "php-laravel", "rust-rocket-workspace", "worker"].contains(&name) {
            let artifacts = of(&profile);
            insta::assert_snapshot!(format!("compose-{name}"), file(&artifacts, "compose.yaml"));
            insta::assert_snapshot!(format!("env-{name}"), file(&artifacts, ".env.example"));
        }
    }
}

#[test]
fn what_runs_beside_an_app_is_its_image_with_other_words() {
    let celery = |what: &str| format!("cd api && celery --app shop {what}");
    let process = |name: &str, develop: Option<&str>, single| Process {
        name: name.to_owned(),
        command: celery(name),
        develop_command: develop.map(celery),
        single,
    };
    let app = profiles::of("python", "gunicorn shop.wsgi").runtime("3.12", 8000).needs(&["redis"], &["REDIS_URL"], &[]);
    let app = AppProfile { processes: vec![process("beat", None, true), process("worker", Some("dev"), false)], ..app };
    let files = of(&AppProfile { develop_command: Some("flask run".to_owned()), ..app.clone() });
    for (name, kind) in [("compose.yaml", "development"), ("compose.production.yaml", "production")] {
        insta::assert_snapshot!(format!("compose-processes-{kind}"), file(&files, name));
    }
    // What has to be built runs as it is built, where nothing says how the sources are run.
    let built = AppProfile { stack: "node".to_owned(), develop_command: Some("npm run dev".to_owned()), ..app.clone() };
    let made = of(&built.build("npm run build"));
    let read: yaml_serde::Value = yaml_serde::from_str(file(&made, "compose.yaml")).unwrap();
    let services = &read["services"];
    assert!(services["web-beat"]["build"].get("target").is_none() && services["web-beat"].get("volumes").is_none());
    assert_eq!(services["web-worker"]["build"]["target"].as_str(), Some("dependencies"));
    // What only serves files has no image for them, and a sister's name is not taken.
    let site = AppProfile { processes: app.processes.clone(), ..profiles::of("node", "npx serve").serves("dist") };
    assert!(!file(&of(&site), "compose.yaml").contains("web-beat"));
    let sister = AppProfile { name: "web-beat".to_owned(), path: "beat".to_owned(), ..profiles::express() };
    let wanted = ["docker", "compose"].map(str::to_owned).into();
    let both = Order::new("shop", &[&app, &sister], &Settings::default()).artifacts(&wanted).unwrap();
    let compose = file(&both, "compose.yaml");
    assert!(compose.contains("\n  web-beat-process:\n") && compose.contains("\n  web-beat:\n"), "{compose}");
}

#[test]
fn programs_beside_a_program_are_in_its_image_where_their_commands_find_them() {
    for (stack, starts, folder) in [
        ("go", "./bin/web", "bin"),
        ("rust", "./target/release/web", "/target/release"),
        ("zig", "./zig-out/bin/web", "./zig-out/bin"),
        ("cpp", "./build/web", "./build"),
    ] {
        let worker = starts.replace("web", "worker");
        let app = profiles::of(stack, starts).build("make").runtime("1.90", 8080);
        let files = of(&app.beside("again", &format!("{starts} again")).beside("worker", &format!("{worker} on")));
        let dockerfile = file(&files, "Dockerfile");
        let copied = format!("/out/server \\\n && mkdir /out/bin && cp {folder}/worker /out/bin/ \\\n");
        assert!(dockerfile.replace(" ./bin/", " bin/").contains(&copied), "{dockerfile}");
        let compose: yaml_serde::Value = yaml_serde::from_str(file(&files, "compose.production.yaml")).unwrap();
        let words = |service: &str| compose["services"][service]["command"].clone();
        assert_eq!(words("web-worker"), yaml_serde::from_str::<yaml_serde::Value>("[/app/bin/worker, 'on']").unwrap());
        assert_eq!(words("web-again"), yaml_serde::from_str::<yaml_serde::Value>("[/app/server, again]").unwrap());
    }
    // A command that a shell has to read finds one.
    let app = profiles::of("go", "bin/web").build("make").beside("worker", "bin/worker --queue $QUEUE");
    assert!(file(&of(&app), "Dockerfile").contains("\nFROM debian:"));
}

#[test]
fn consoles_are_for_developing_and_services_are_started_as_they_ask() {
    let app = profiles::express().needs(&["minio", "rabbitmq"], &["AMQP_URL", "S3_ENDPOINT"], &[]);
    let files = of(&app);
    let read = |name: &str| yaml_serde::from_str::<yaml_serde::Value>(file(&files, name)).unwrap();
    let (development, production) = (read("compose.yaml"), read("compose.production.yaml"));
    for (service, console) in [("minio", "127.0.0.1:9001:9001"), ("rabbitmq", "127.0.0.1:15672:15672")] {
        assert_eq!(development["services"][service]["ports"][0].as_str(), Some(console));
        assert!(production["services"][service].get("ports").is_none());
    }
    assert_eq!(production["services"]["minio"]["command"][1].as_str(), Some("server"));
    assert_eq!(production["services"]["rabbitmq"]["healthcheck"]["timeout"].as_str(), Some("20s"));
    let env = &production["services"]["web"]["environment"];
    assert_eq!(env["S3_ENDPOINT"].as_str(), Some("http://minio:9000"));
    assert!(env["AMQP_URL"].as_str().unwrap().ends_with("@rabbitmq:5672"), "{env:?}");
}

#[test]
fn what_stands_in_for_something_is_no_part_of_production() {
    let app = profiles::express().needs(&["mailpit"], &["SMTP_HOST", "SMTP_PORT"], &["SMTP_PORT"]);
    let files = of(&app);
    let read = |name: &str| yaml_serde::from_str::<yaml_serde::Value>(file(&files, name)).unwrap();
    let (development, production) = (read("compose.yaml"), read("compose.production.yaml"));
    assert_eq!(development["services"]["web"]["environment"]["SMTP_HOST"].as_str(), Some("mailpit"));
    assert_eq!(development["services"]["mailpit"]["ports"][0].as_str(), Some("127.0.0.1:8025:8025"));
    assert!(development.get("volumes").is_none() && production["services"].get("mailpit").is_none());
    // There the app is told by .env, of what it cannot do without with a word about it.
    let env = &production["services"]["web"]["environment"];
    assert!(env.as_mapping().unwrap().contains_key("SMTP_HOST") && env["SMTP_HOST"].is_null());
    assert!(env["SMTP_PORT"].as_str().unwrap().starts_with("${SMTP_PORT:?"), "{env:?}");
    let example = file(&files, ".env.example");
    assert!(example.contains("# SMTP_HOST=\n") && example.contains("\nSMTP_PORT="), "{example}");
}

#[test]
fn ignore_lists() {
    let list = |name: &str| {
        let profile = profiles::all().into_iter().find(|(known, _)| *known == name).unwrap().1;
        let artifacts = of(&profile);
        artifacts.into_iter().find(|artifact| artifact.path.ends_with("dockerignore")).unwrap().content
    };
    insta::assert_snapshot!("ignore-python", list("python-fastapi"));
    insta::assert_snapshot!("ignore-workspace", list("node-workspace"));
}

#[test]
fn the_same_profile_makes_the_same_bytes() {
    for (name, profile) in profiles::all() {
        assert_eq!(of(&profile), of(&profile.clone()), "{name}");
    }
}

#[test]
fn an_image_judges_a_guessed_path_as_the_engine_does() {
    for (name, profile) in profiles::all() {
        let check = |guessed| {
            let profile = AppProfile { health_guessed: guessed, ..profile.clone() };
            let file = of(&profile).into_iter().find(|artifact| artifact.content.contains("HEALTHCHECK"))?.content;
            file.lines().skip_while(|line| !line.starts_with("HEALTHCHECK")).nth(1).map(str::to_owned)
        };
        let (Some(said), Some(guessed)) = (check(false), check(true)) else { continue };
        let judges = |check: &str, limit: u16| {
            ["<", "< ", "-lt ", ">= "].iter().any(|compares| check.contains(&format!("{compares}{limit}")))
        };
        let asks = said.contains("/health");
        assert_eq!((judges(&said, 400), judges(&guessed, 500)), (asks, asks), "{name}: {said}");
    }
}

#[test]
fn an_app_that_nothing_starts_is_told_so() {
    let profile = AppProfile { start_command: None, ..profiles::express() };
    let problem = profiles::usual(&profile).unwrap_err();
    assert_eq!(problem.cause, "no-start-command");
    let profile = profiles::of("fortran", "./x");
    assert_eq!(profiles::usual(&profile).unwrap_err().cause, "no-template");
}

#[test]
fn no_line_ends_where_it_should_not() {
    let every = profiles::services();
    let every: Vec<&str> = every.iter().map(String::as_str).collect();
    for (name, profile) in profiles::all() {
        for artifact in of(&profile.needs(&every, &[], &["A"])) {
            let text = &artifact.content;
            assert!(text.ends_with('\n') && !text.ends_with("\n\n") && !text.contains("\n\n\n"), "{name}: {text}");
            assert!(text.lines().all(|line| line == line.trim_end()), "{name}: {text}");
        }
    }
}

/// Every sample of detection and every demo: what is generated for it stands the checks, and leaves the reviewer nothing
/// to propose.
#[test]
fn everything_generated_stands_the_checks() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let samples = subfolders(&root.join("tests/fixtures/stacks")).into_iter().flat_map(|folder| {
        let below = subfolders(&folder);
        if below.is_empty() { vec![folder] } else { below }
    });
    let mut apps: Vec<(String, AppProfile, Option<DiskTree>)> =
        profiles::all().into_iter().map(|(name, profile)| (name.to_owned(), profile, None)).collect();
    for folder in samples.chain(crate::support::demos()) {
        let detection = detect(&DiskTree::open(&folder).unwrap());
        let name = folder.strip_prefix(root).unwrap().display().to_string();
        assert!(!detection.apps.is_empty(), "{name}: {:?}", detection.warnings);
        let tree = || Some(DiskTree::open(&folder).unwrap());
        apps.extend(detection.apps.into_iter().map(|profile| (name.clone(), profile, tree())));
    }
    assert!(apps.len() > 50, "{}", apps.len());
    let all: BTreeSet<String> = kinds(Templates::embedded()).unwrap().iter().map(|kind| kind.name.clone()).collect();
    let settings = Settings::default();
    let (mut unstarted, mut proposed) = (Vec::new(), Vec::new());
    for (name, profile, tree) in apps {
        let made = match Order::new("shop", &[&profile], &settings).artifacts(&all) {
            Ok(made) => made,
            // A library, or what only a server of another kind starts.
            Err(problem) if problem.cause == "no-start-command" => {
                unstarted.push(name);
                continue;
            }
            Err(problem) => panic!("{name} {}: {problem}\n{profile:#?}", profile.path),
        };
        let mut files: BTreeMap<String, String> =
            made.into_iter().map(|artifact| (artifact.path, artifact.content)).collect();
        if let Some(own) = &profile.dockerfile {
            files.insert(own.clone(), "FROM own:1\nUSER app\n".to_owned());
            files.entry(".dockerignore".to_owned()).or_insert_with(|| "*\n".to_owned());
        }
        let proposals = Rules.review(&Draft { files: files.clone() });
        proposed.extend(proposals.into_iter().map(|one| format!("{name}: {}:{}: {}", one.path, one.line, one.rule)));
        let faults = match &tree {
            None => check_all(&files),
            // What is copied and called lies there.
            Some(tree) => {
                let paths = tree.paths().iter().cloned().collect();
                let may_be = |path: &str| tree.root().join(path).exists();
                check_project(&files, &Surroundings { paths: &paths, may_be: &may_be })
            }
        };
        let text = faults.first().map(|fault| &files[&fault.path]);
        assert!(faults.is_empty(), "{name}: {faults:#?}\n{}", text.unwrap());
    }
    assert!(unstarted.is_empty(), "{unstarted:?}");
    assert!(proposed.is_empty(), "{proposed:#?}");
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

#[test]
fn all_lists_of_requirements_are_there_as_they_are_installed() {
    let app = profiles::of("python", "python app.py").manager("pip", "pip install -r requirements.txt").files(&[
        "requirements.txt",
        "deps/prod.txt",
        "deps/bounds.txt",
        "more.in",
    ]);
    let artifacts = of(&app);
    let dockerfile = file(&artifacts, "Dockerfile");
    assert!(dockerfile.contains("COPY *.txt ./\nCOPY deps ./deps\nCOPY more.in ./more.in\n"), "{dockerfile}");
}

/// The Dockerfile of a profile.
fn dockerfile(profile: &AppProfile) -> String {
    file(&of(profile), "Dockerfile").to_owned()
}

#[test]
fn a_server_that_its_build_gathers_comes_alone() {
    let next =
        profiles::of("node", "npm run start").framework("nextjs").manager("npm", "npm ci").build("npm run build");
    let text = dockerfile(&next);
    assert!(text.contains("npm prune") && text.contains("COPY --from=build --chown=node:node /app /app\n"), "{text}");
    let text = dockerfile(&AppProfile { output_dir: Some(".next/standalone".to_owned()), ..next });
    assert!(text.contains("COPY --from=build --chown=node:node \"/app/.next/standalone\" /app\n"), "{text}");
    assert!(text.ends_with("CMD [\"node\", \"server.js\"]\n") && !text.contains("npm prune"), "{text}");
    let gathered = profiles::of("node", "node .output/server/index.mjs").framework("nuxt").manager("npm", "npm ci");
    let text = dockerfile(&gathered.build("npm run build"));
    assert!(text.contains("COPY --from=build --chown=node:node \"/app/.output\" \"/app/.output\"\n"), "{text}");
}

#[test]
fn spring_boot_is_taken_apart_since_it_can_be() {
    let boot = |version: &str| {
        let profile = profiles::of("java", "java -jar target/a.jar").manager("maven", "").build("mvn package");
        let framework = Framework { name: "spring-boot".to_owned(), version: Some(version.to_owned()) };
        dockerfile(&AppProfile { framework: Some(framework), ..profile })
    };
    for (version, layered) in [("2.7.18", false), ("3.2.5", false), ("3.3.0", true), ("4.0.1", true)] {
        let text = boot(version);
        assert_eq!(text.contains("-Djarmode=tools -jar /app.jar extract --layers"), layered, "{version}: {text}");
        assert_eq!(
            text.contains("COPY --from=build --chown=10001:10001 /out/dependencies/ ./\n"),
            layered,
            "{version}"
        );
    }
}

#[test]
fn ruby_is_the_one_that_bundler_takes() {
    for (asked, tag) in [("3.3.6", "3.3.6"), ("3.2", "3.2"), ("", "3.3"), ("3", "3.3")] {
        let made = dockerfile(&profiles::of("ruby", "bundle exec puma").runtime(asked, 3000));
        assert!(made.starts_with(&format!("FROM ruby:{tag}-slim-bookworm AS base\n")), "{asked}\n{made}");
    }
}

#[test]
fn php_runs_behind_the_server_that_its_start_names() {
    let of = |start: &str| dockerfile(&profiles::of("php", start).runtime("8.3", 8080).files(&["public/index.php"]));
    assert!(of("php -S 0.0.0.0:$PORT -t public").contains("FROM php:8.3-apache-bookworm\n"));
    let fpm = of("php-fpm");
    assert!(fpm.contains("FROM php:8.3-fpm-bookworm\n") && fpm.contains("root * /var/www/html/public"), "{fpm}");
    assert!(fpm.contains("'\tphp_fastcgi 127.0.0.1:9000'"), "{fpm}");
    let franken = of("frankenphp run");
    assert!(franken.contains("FROM dunglas/frankenphp:1-php8.3-bookworm\n"), "{franken}");
    assert!(franken.contains("'\tphp_server'") && !franken.contains("caddy:2"), "{franken}");
}

#[test]
fn what_a_package_json_bundles_comes_along() {
    let files = ["package.json", "yarn.lock", "requirements.txt", "public/index.php"];
    let python = profiles::of("python", "flask run").manager("pip", "pip install -r requirements.txt").files(&files);
    let php = profiles::of("php", "php -S 0.0.0.0:$PORT -t public").files(&files);
    for text in [dockerfile(&python), dockerfile(&php)] {
        assert!(text.contains(" AS assets\n") && text.contains("yarn@1 install --frozen-lockfile"), "{text}");
        assert!(text.contains("COPY --from=assets --chown="), "{text}");
    }
}
