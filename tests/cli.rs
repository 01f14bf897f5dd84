//! The commands as a person or a script calls them: help, errors, exit codes.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use crate::regenerate::git;
use crate::support::wharf::{Ran, Wharf};

/// What a command told on standard error, without what differs from machine to machine.
fn told(wharf: &Wharf, ran: &Ran) -> String {
    let folder = wharf.path("").display().to_string();
    ran.stderr.replace(folder.trim_end_matches('/'), "TEMP")
}

#[test]
fn the_help_names_every_command() {
    let wharf = Wharf::new();
    insta::assert_snapshot!("help", wharf.run(&["--help"]).exits(0).stdout);
    insta::assert_snapshot!("help_deploy", wharf.run(&["deploy", "--help"]).exits(0).stdout);
    assert!(!wharf.data_dir().exists(), "help makes nothing");
}

#[test]
fn the_version_is_told_without_anything_else() {
    let wharf = Wharf::new();
    let ran = wharf.run(&["--version"]).exits(0);
    assert_eq!(ran.stdout, concat!("wharf ", env!("CARGO_PKG_VERSION"), "\n"));
    assert!(!wharf.data_dir().exists());
}

#[test]
fn wrong_usage_exits_2_before_anything_is_started() {
    let wharf = Wharf::new();
    let wrong: [&[&str]; 12] = [
        &["nonsense"],
        &["deploy", "--target", "moon"],
        &["deploy", "--env", "moon"],
        &["deploy", "--set", "NOVALUE"],
        &["deploy", "--set", "1BAD=x"],
        &["deploy", "--port", "70000"],
        &["deploy", "--port", "0"],
        &["deploy", "--json-stream", "--detach"],
        &["list", "--status", "moon"],
        &["ports", "reserve", "80"],
        &["logs", "--step", "moon"],
        &["rollback", "--to", "0"],
    ];
    for args in wrong {
        let ran = wharf.run(args).exits(2);
        assert!(ran.stderr.starts_with("error: "), "{args:?}: {}", ran.stderr);
        let ran = wharf.run(&[args, &["--json"]].concat()).exits(2);
        let (error, text) = (&ran.json()["error"], ran.stderr.lines().next().unwrap());
        assert_eq!(error["code"], "usage", "{args:?}");
        let message = error["message"].as_str().unwrap();
        assert!(!message.is_empty() && text.starts_with(&format!("error: {message}")), "{args:?}: {text}");
        assert!(!error["fix"].as_str().unwrap().is_empty(), "{args:?}");
    }
    assert!(!wharf.data_dir().exists());
}

#[test]
fn paths_that_lead_nowhere_are_told_with_the_way_out() {
    let wharf = Wharf::new();
    fs::write(wharf.path("file"), "").unwrap();
    for command in ["detect", "generate", "deploy"] {
        let missing = wharf.run(&[command, "./missing"]).exits(3);
        assert!(missing.stderr.contains("./missing") && missing.stderr.contains("try: "), "{}", missing.stderr);
        let file = wharf.run(&[command, "./file"]).exits(2);
        assert!(file.stderr.contains("is a file, not a folder"), "{}", file.stderr);
    }
    insta::assert_snapshot!("missing_path", told(&wharf, &wharf.run(&["deploy", "./missing"])));
    insta::assert_snapshot!("path_is_a_file", told(&wharf, &wharf.run(&["deploy", "./file"])));
    assert!(!wharf.data_dir().exists(), "no engine is started for what cannot be");
}

#[test]
fn a_folder_that_may_not_be_read_is_refused() {
    let wharf = Wharf::new();
    let closed = wharf.path("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&closed).is_ok() {
        let _ = writeln!(std::io::stderr(), "skipped: this account may read everything");
        return;
    }
    for command in ["detect", "generate", "deploy"] {
        let ran = wharf.run(&[command, "./closed"]).exits(5);
        assert!(ran.stderr.contains("chmod u+rx"), "{}", ran.stderr);
    }
}

#[test]
fn an_empty_folder_is_no_error_to_look_at_and_one_to_deploy() {
    let wharf = Wharf::new();
    fs::create_dir(wharf.path("empty")).unwrap();
    let found = wharf.json(&["detect", "empty"]);
    assert_eq!((&found["apps"], &found["primary"]), (&serde_json::json!([]), &serde_json::Value::Null));
    let generated = wharf.run(&["generate", "./empty"]).exits(3);
    insta::assert_snapshot!("nothing_to_generate", told(&wharf, &generated));
    let deployed = wharf.run(&["deploy", "./empty", "--target", "process"]).exits(3);
    insta::assert_snapshot!("nothing_to_deploy", told(&wharf, &deployed));
}

#[test]
fn a_malformed_manifest_is_a_warning_and_malformed_settings_are_an_error() {
    let wharf = Wharf::new();
    let project = wharf.copy("tests/fixtures/special/malformed-package-json", "broken");
    let found = wharf.json(&["detect", project.to_str().unwrap()]);
    assert!(!found["warnings"].as_array().unwrap().is_empty(), "{found}");
    fs::write(project.join("wharf.toml"), "[app]\nprot = 3000\n").unwrap();
    for args in [&["detect", "broken"][..], &["deploy", "./broken", "--target", "process"]] {
        let ran = wharf.run(args).exits(2);
        assert!(ran.stderr.contains("wharf.toml, line 2"), "{}", ran.stderr);
    }
}

#[test]
fn init_writes_what_was_found_and_never_over_what_is_there() {
    let wharf = Wharf::new();
    let project = wharf.copy("tests/fixtures/special/monorepo-pnpm", "mono");
    let before = wharf.json(&["detect", "mono"]);
    let shown = wharf.run(&["init", "mono", "--stdout"]).exits(0).stdout;
    assert!(!project.join("wharf.toml").exists());
    wharf.run(&["init", "mono"]).exits(0);
    assert_eq!(fs::read_to_string(project.join("wharf.toml")).unwrap(), shown);
    assert_eq!(wharf.json(&["detect", "mono"]), before);
    let mended = shown.replace("port = 3001", "port = 4567");
    fs::write(project.join("wharf.toml"), &mended).unwrap();
    assert_eq!(wharf.json(&["detect", "mono"])["apps"][0]["port"], 4567);
    let refused = wharf.run(&["init", "mono"]).exits(5);
    assert!(refused.stderr.contains("--force"), "{}", refused.stderr);
    assert_eq!(fs::read_to_string(project.join("wharf.toml")).unwrap(), mended);
    assert_eq!(wharf.json(&["init", "mono", "--force"])["content"], shown);
    assert_eq!(fs::read_to_string(project.join("wharf.toml")).unwrap(), shown);
    assert!(!wharf.data_dir().exists());
}

#[test]
fn an_archive_is_looked_at_as_its_folder_would_be() {
    let wharf = Wharf::new();
    let project = wharf.copy("tests/fixtures/special/monorepo-pnpm", "mono");
    let folder = wharf.json(&["detect", "mono"]);
    let file = fs::File::create(wharf.path("mono.tar.gz")).unwrap();
    let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
    builder.append_dir_all("mono", &project).unwrap();
    builder.into_inner().unwrap().finish().unwrap();
    let before = fs::read_dir(wharf.path("")).unwrap().count();
    assert_eq!(wharf.json(&["detect", "mono.tar.gz"]), folder);
    assert_eq!(fs::read_dir(wharf.path("")).unwrap().count(), before);
    fs::write(wharf.path("bad.zip"), "no zip").unwrap();
    let bad = wharf.run(&["detect", "bad.zip", "--json"]).exits(1);
    assert_eq!(bad.json()["error"]["cause"], "no-archive");
    wharf.run(&["detect", "none.tgz"]).exits(3);
    assert!(!wharf.data_dir().exists());
}

#[test]
fn detect_explains_what_it_weighed_and_what_disagrees() {
    let wharf = Wharf::new();
    let app = wharf.path("app");
    fs::create_dir(&app).unwrap();
    fs::write(app.join("package.json"), r#"{"engines": {"node": "22"}, "scripts": {"start": "node a.js"}}"#).unwrap();
    fs::write(app.join(".nvmrc"), "# ours\n18\n").unwrap();
    let told = wharf.run(&["detect", "app"]).exits(0).stdout;
    let line = |label: &str, rest: &str| {
        let fits = |line: &str| line.split_once(label).is_some_and(|(_, after)| after.contains(rest));
        assert!(told.lines().any(fits), "no “{label} {rest}” in\n{told}");
    };
    line("because", "package.json: speaks for JavaScript (");
    line("because", ".nvmrc: asks for Node.js 18");
    line("disagrees", "package.json: asks for Node.js 22; another file is more binding");
    assert!(!told.contains("the one meant"), "there is only one:\n{told}");
}

#[test]
fn of_many_variables_the_required_ones_are_told_first_and_the_rest_is_counted() {
    let wharf = Wharf::new();
    let app = wharf.path("app");
    fs::create_dir(&app).unwrap();
    fs::write(app.join("package.json"), r#"{"scripts": {"start": "node a.js"}}"#).unwrap();
    let read = |count: usize| {
        let lines: Vec<String> = (0..count).map(|number| format!("f(process.env.SOME_{number:02});\n")).collect();
        lines.concat()
    };
    let env = |count: usize| {
        let needed = "if (!process.env.ZZ_KEY) throw new Error('no key');\n";
        fs::write(app.join("a.js"), read(count) + needed).unwrap();
        let told = wharf.run(&["detect", "app"]).exits(0).stdout;
        let from = told.lines().skip_while(|line| !line.trim_start().starts_with("env "));
        from.take_while(|line| !line.contains("because")).map(str::trim).collect::<Vec<_>>().join(" ")
    };
    let many = env(90);
    assert!(many.contains("ZZ_KEY (required), SOME_00") && many.contains("SOME_19, and 70 more"), "{many}");
    assert!(!many.contains("SOME_20"), "{many}");
    let few = env(20);
    assert!(few.contains("SOME_19") && !few.contains("more"), "{few}");
    assert_eq!(wharf.json(&["detect", "app"])["apps"][0]["env"].as_array().unwrap().len(), 21);
}

#[test]
fn a_plan_says_where_an_app_is_reached() {
    let wharf = Wharf::new();
    let app = wharf.path("app");
    fs::create_dir(&app).unwrap();
    fs::write(app.join("package.json"), r#"{"scripts": {"start": "node a.js"}}"#).unwrap();
    fs::write(app.join("a.js"), "require('http').createServer(f).listen(4000)").unwrap();
    let told = wharf.run(&["plan", "app"]).exits(0).stdout;
    assert!(told.contains("4000 inside; outside the one that it has, or a free one"), "{told}");
    let told = wharf.run(&["plan", "app", "--port", "4100"]).exits(0).stdout;
    assert!(told.contains("4000 inside; 4100 outside"), "{told}");
}

#[test]
fn what_is_not_known_exits_3() {
    let wharf = Wharf::new();
    fs::create_dir(wharf.path("folder")).unwrap();
    for command in ["status", "logs", "stop", "restart", "rollback", "cancel", "delete"] {
        let name = wharf.run(&[command, "nothing"]).exits(3);
        assert!(name.stderr.contains("“nothing” is no project, no folder and no deployment"), "{}", name.stderr);
        let path = wharf.run(&[command, "./folder"]).exits(3);
        assert!(path.stderr.contains("is not a known project"), "{}", path.stderr);
    }
    wharf.run(&["projects", "remove", "nothing", "--yes"]).exits(3);
    wharf.run(&["ports", "release", "20000"]).exits(3);
    insta::assert_snapshot!("unknown_name", told(&wharf, &wharf.run(&["status", "nothing"])));
    insta::assert_snapshot!("unknown_project", told(&wharf, &wharf.run(&["status", "./folder"])));
}

#[test]
fn a_problem_is_json_for_scripts() {
    let wharf = Wharf::new();
    let ran = wharf.run(&["detect", "./missing", "--json"]).exits(3);
    assert_eq!(ran.json()["error"]["cause"], "no-such-folder");
    assert_eq!(ran.json()["error"]["code"], "notfound");
    let unknown = wharf.run(&["--json", "deplyo"]).exits(2).json();
    assert_eq!(unknown["error"]["cause"], "wrong-usage");
    assert!(unknown["error"]["fix"].as_str().unwrap().contains("deploy"), "{unknown}");
    for line in [["projects", "--json"], ["--json", "projects"]] {
        let missing = wharf.run(&line).exits(2).json();
        assert_eq!(missing["error"]["cause"], "wrong-usage", "{missing}");
    }
    assert!(wharf.run(&["--json", "--help"]).exits(0).stdout.contains("Usage: wharf"), "help is asked for as text");
}

#[test]
fn projects_are_added_listed_and_removed() {
    let wharf = Wharf::new();
    let site = wharf.copy("demos/static", "site");
    let added = wharf.json(&["projects", "add", "site"]);
    assert_eq!(added["name"], "site");
    assert_eq!(added["root"], site.canonicalize().unwrap().to_str().unwrap());
    assert_eq!(wharf.json(&["projects", "add", "./site"])["id"], added["id"], "the same folder is one project");
    assert_eq!(wharf.json(&["projects", "list"])["items"][0]["name"], "site");
    let refused = wharf.run(&["projects", "remove", "site"]).exits(5);
    assert!(refused.stderr.contains("--yes"), "{}", refused.stderr);
    wharf.run(&["projects", "remove", "site", "--yes"]).exits(0);
    assert_eq!(wharf.json(&["projects", "list"])["items"], serde_json::json!([]));
    assert!(site.is_dir());
}

#[test]
fn ports_are_reserved_and_released_by_hand() {
    let wharf = Wharf::new();
    let lease = wharf.json(&["ports", "reserve", "--note", "for the proxy"]);
    let port = lease["port"].to_string();
    let again = wharf.run(&["ports", "reserve", &port]).exits(5);
    assert!(again.stderr.contains("for the proxy") || again.stderr.contains("held"), "{}", again.stderr);
    assert!(wharf.run(&["ports"]).exits(0).stdout.contains("for the proxy"));
    wharf.run(&["ports", "release", &port]).exits(0);
    assert_eq!(wharf.json(&["ports", "list"]), serde_json::json!([]));
}

#[test]
fn generate_tells_what_detection_warns_of() {
    let wharf = Wharf::new();
    let project = wharf.path("shop");
    fs::create_dir_all(project.join("prisma/migrations/1")).unwrap();
    fs::write(project.join("prisma/migrations/1/migration.sql"), "").unwrap();
    fs::write(project.join("prisma/schema.prisma"), "datasource db {\n  provider = \"postgresql\"\n}\n").unwrap();
    let package = r#"{"name": "shop", "scripts": {"build": "next build"}, "dependencies": {"next": "15", "@prisma/client": "6"},
        "devDependencies": {"prisma": "6"}}"#;
    fs::write(project.join("package.json"), package).unwrap();
    fs::write(project.join("next.config.js"), "module.exports = { output: 'standalone' }\n").unwrap();
    let made = wharf.run(&["generate", "shop"]).exits(0);
    assert!(made.stderr.contains("warning: package.json: "), "{}", made.stderr);
    assert!(made.stderr.contains("so nothing migrates the database"), "{}", made.stderr);
    let as_json = wharf.run(&["generate", "shop", "--json"]).exits(0);
    assert!(as_json.json()["files"].is_array());
}

#[test]
fn generate_writes_once_and_never_over_a_persons_file() {
    let wharf = Wharf::new();
    let project = wharf.copy("demos/express-postgres", "shop");
    for file in ["Dockerfile", ".dockerignore", "compose.yaml", ".env.example"] {
        let _ = fs::remove_file(project.join(file));
    }
    let shown = wharf.run(&["generate", "shop", "--stdout"]).exits(0).stdout;
    assert!(shown.contains("FROM node:"), "{shown}");
    assert!(!project.join("Dockerfile").exists());
    wharf.run(&["generate", "shop"]).exits(0);
    let dockerfile = fs::read_to_string(project.join("Dockerfile")).unwrap();
    let again = wharf.json(&["generate", "shop"]);
    assert!(again["files"].as_array().unwrap().iter().all(|file| file["state"] == "unchanged"), "{again}");
    assert_eq!(again["files"].as_array().unwrap().len(), 5, "what it wrote itself is not taken for a person's");
    let edited = format!("{dockerfile}# mine\n");
    fs::write(project.join("Dockerfile"), &edited).unwrap();
    assert!(wharf.run(&["generate", "shop"]).exits(0).stdout.contains("left as it was edited"));
    // Both change the first line now.
    fs::write(project.join("Dockerfile"), edited.replacen("bookworm-slim", "alpine", 1)).unwrap();
    let manifest = fs::read_to_string(project.join("package.json")).unwrap();
    fs::write(project.join("package.json"), manifest.replacen('{', "{ \"engines\": { \"node\": \"20\" },", 1)).unwrap();
    let refused = wharf.run(&["generate", "shop"]).exits(5);
    assert!(
        refused.stdout.contains("\n|FROM node:22-bookworm-slim AS base\n-FROM node:22-alpine"),
        "{}",
        refused.stdout
    );
    assert!(refused.stdout.contains("\n+FROM node:20-bookworm-slim AS base\n"), "{}", refused.stdout);
    insta::assert_snapshot!("generate_conflict", told(&wharf, &refused));
    wharf.run(&["generate", "shop", "--force"]).exits(0);
    let forced = fs::read_to_string(project.join("Dockerfile")).unwrap();
    assert_eq!(forced, dockerfile.replacen("node:22", "node:20", 1));
}

#[test]
fn who_only_looks_at_a_project_leaves_nothing_behind() {
    let wharf = Wharf::new();
    let site = wharf.copy("demos/static", "site");
    git(&site, &["init", "-q", "-b", "main"]);
    git(&site, &["add", "."]);
    git(&site, &["commit", "-q", "-m", "first"]);
    let address = format!("file://{}", site.display());
    for place in ["site", address.as_str()] {
        let plan = wharf.json(&["plan", place, "--target", "process"]);
        assert_eq!(plan[0]["plan"]["project_name"], "site", "{place}");
        assert_eq!(wharf.json(&["vulns", place])["apps"][0]["path"], ".", "{place}");
        assert!(!wharf.json(&["generate", place, "--stdout"])["files"].as_array().unwrap().is_empty(), "{place}");
    }
    assert_eq!(wharf.json(&["projects", "list"])["total"], 0);
    // What is known is the same for whoever looks.
    let known = wharf.json(&["projects", "add", "site"]);
    let plan = wharf.json(&["plan", "site", "--target", "process"]);
    assert_eq!(plan[0]["plan"]["key"]["project"], known["id"]);
    assert_eq!(wharf.json(&["plan", &address, "--target", "process"])[0]["plan"]["project_name"], "site-2");
    let glances = || fs::read_dir(wharf.data_dir().join("glances")).map_or(0, Iterator::count);
    assert!(glances() > 0, "the newest are still there to be asked about");
    wharf.run(&["engine", "stop"]).exits(0);
    assert_eq!(glances(), 0, "and go with the engine");
}

#[test]
fn init_says_what_to_do_where_there_is_no_folder_to_write_to() {
    let wharf = Wharf::new();
    fs::write(wharf.path("site.zip"), "").unwrap();
    for (place, says, way) in [
        ("https://example.com/a.git#v1", "is a git address", "clone it (`git clone https://example.com/a.git`)"),
        ("site.zip", "is an archive", "unpack it and run `wharf init` in its folder"),
    ] {
        let told = wharf.run(&["init", place]).exits(2).stderr;
        assert!(told.contains(says) && told.contains("  why: ") && told.contains(way), "{told}");
    }
    wharf.run(&["init", "none.zip"]).exits(3);
}

#[test]
fn an_env_file_is_read_and_its_mistakes_are_told_by_line() {
    let wharf = Wharf::new();
    wharf.copy("demos/static", "site");
    fs::write(wharf.path("bad.env"), "A=1\n\nnonsense\n").unwrap();
    let bad = wharf.run(&["plan", "./site", "--target", "process", "--env-file", "bad.env"]).exits(2);
    assert!(bad.stderr.contains("bad.env:3: there is no “=”"), "{}", bad.stderr);
    wharf.run(&["plan", "./site", "--target", "process", "--env-file", "none.env"]).exits(3);
    fs::write(wharf.path("good.env"), "A=from-file\nB=from-file\nMY_TOKEN=hush\n").unwrap();
    let args = ["plan", "./site", "--target", "process", "--env-file", "good.env", "--set", "A=set"];
    let plan = wharf.json(&args);
    let env = plan[0]["plan"]["env"].as_array().unwrap();
    let value = |name: &str| env.iter().find(|one| one["name"] == name).map(|one| one["value"].clone());
    assert_eq!(value("A").unwrap()["plain"], "set");
    assert_eq!(value("B").unwrap()["plain"], "from-file");
    assert!(!plan.to_string().contains("hush"), "a secret stands in no plan");
}

#[test]
fn secrets_come_from_standard_input_one_line_each() {
    let wharf = Wharf::new();
    wharf.copy("demos/static", "site");
    let args = ["plan", "./site", "--target", "process", "--secret", "ONE", "--secret", "TWO", "--json"];
    let mut child =
        wharf.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"first value\nsecond value\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("\"ONE\"") && text.contains("\"TWO\""), "{text}");
    assert!(!text.contains("first value") && !text.contains("second value"), "{text}");
    let none = wharf.run(&["plan", "./site", "--target", "process", "--secret", "ONE"]).exits(2);
    assert!(none.stderr.contains("no value was given for the secret ONE"), "{}", none.stderr);
}

#[test]
fn the_api_describes_itself_and_names_every_route() {
    let wharf = Wharf::new();
    let description = wharf.json(&["api"]);
    assert!(description["openapi"].as_str().unwrap().starts_with("3."));
    for route in [
        "/api/deployments/detect",
        "/api/deployments/create",
        "/api/deployments/start",
        "/api/deployments/stop/{id}",
        "/api/deployments/restart/{id}",
        "/api/deployments/rollback/{id}",
        "/api/deployments/{id}",
        "/api/deployments/repo/{id}",
        "/api/deployments/{id}/logs",
        "/api/events",
        "/api/snapshot",
        "/api/engine",
    ] {
        assert!(description["paths"][route].is_object(), "no {route}");
    }
    let named = description.to_string();
    let references = named.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
    for name in references {
        assert!(description["components"]["schemas"][name].is_object(), "{name} is referred to and not described");
    }
}

#[test]
fn completions_are_made_for_every_shell() {
    let wharf = Wharf::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = wharf.run(&["completions", shell]).exits(0).stdout;
        assert!(script.contains("wharf"), "{shell}");
        let object = serde_json::json!({ "shell": shell, "script": script });
        assert_eq!(wharf.json(&["completions", shell]), object);
    }
}

#[test]
fn the_terms_of_what_others_made_are_told() {
    let wharf = Wharf::new();
    let told = wharf.run(&["licenses"]).exits(0).stdout;
    // One of the grammars, one of the themes.
    for part in ["syntaxes/01_Packages/Rust/LICENSE.txt", "Permission is hereby granted", "# Themes", "  tokio 1."] {
        assert!(told.contains(part), "no {part}");
    }
    assert!(wharf.json(&["licenses"])["highlighter"].as_str().unwrap().contains("# Syntaxes"));
    assert!(!wharf.data_dir().exists());
}

#[test]
fn the_doctor_says_what_is_there() {
    let wharf = Wharf::new();
    let checked = wharf.run(&["doctor", "--json"]);
    let found = checked.json();
    assert_eq!(checked.code, Some(i32::from(found["works"] != true)));
    let names: Vec<_> = found["checks"].as_array().unwrap().iter().map(|check| check["name"].clone()).collect();
    assert_eq!(names, ["data folder", "disk", "engine", "Docker", "toolchains", "ports", "git"]);
}

#[test]
fn docker_that_does_not_answer_is_told_with_the_other_way() {
    let wharf = Wharf::new();
    wharf.copy("demos/static", "site");
    let nowhere = format!("unix://{}", wharf.path("no-docker.sock").display());
    let output = wharf.command(["deploy", "./site"]).env("DOCKER_HOST", &nowhere).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("--target process") && told.contains("no-docker.sock"), "{told}");
}

#[test]
fn nothing_is_coloured_where_nobody_sees_it() {
    let wharf = Wharf::new();
    wharf.copy("demos/static", "site");
    for args in [&["detect", "site"][..], &["projects", "add", "site"], &["projects", "list"], &["status", "none"]] {
        let ran = wharf.run(args);
        assert!(!ran.stdout.contains('\x1b') && !ran.stderr.contains('\x1b'), "{args:?}");
    }
}

#[test]
fn a_project_is_removed_with_what_runs_of_it() {
    let wharf = Wharf::new();
    let site = wharf.path("site");
    fs::create_dir(&site).unwrap();
    fs::write(site.join("index.html"), "a site").unwrap();
    wharf.run(&["deploy", "./site", "--target", "process"]).exits(0);
    let refused = wharf.run(&["projects", "remove", "site", "--yes"]).exits(5);
    assert!(refused.stderr.contains("wharf delete"), "{}", refused.stderr);
    wharf.run(&["projects", "remove", "site", "--deployments", "--yes"]).exits(0);
    assert_eq!(wharf.json(&["projects", "list"])["total"], 0);
    assert_eq!(wharf.json(&["ports"]), serde_json::json!([]));
    assert_eq!(wharf.instances("process"), [""; 0]);
}

#[test]
fn whoever_starts_the_engine_hears_of_a_state_kept_aside() {
    let wharf = Wharf::new();
    wharf.run(&["engine", "start"]).exits(0);
    wharf.run(&["engine", "stop"]).exits(0);
    fs::write(wharf.data_dir().join("state/format"), "no version").unwrap();
    let told = wharf.run(&["list"]).exits(0).stderr;
    assert!(told.contains("warning:") && told.contains("state.corrupt-"), "{told}");
    assert_eq!(wharf.run(&["list"]).exits(0).stderr, "");
    let status = wharf.run(&["engine", "status"]).exits(0);
    assert!(status.stderr.contains("state.corrupt-"), "{}", status.stderr);
    assert_eq!(wharf.json(&["engine", "status"])["notice"]["cause"], "state-corrupt");
}

#[test]
fn no_name_of_a_project_moves_the_terminal_or_makes_a_line_of_its_own() {
    let wharf = Wharf::new();
    let name = "x\u{1b}]0;PWNED\u{7}\u{1b}[31m\r\u{9b}2J\nRUN touch PWN";
    let app = wharf.path(name).join(name);
    fs::create_dir_all(&app).unwrap();
    fs::write(app.join("package.json"), r#"{"name": "a", "scripts": {"start": "node server.js"}}"#).unwrap();
    fs::write(app.join("server.js"), "require('http').createServer().listen(3000)").unwrap();
    let top = wharf.path(name).display().to_string();
    let missing = format!("{top}.tar.gz");
    let runs: [(&[&str], i32); 9] = [
        (&["detect", &top], 0),
        (&["detect", &missing], 3),
        (&["detect", &format!("{top}/none")], 3),
        (&["init", &top], 0),
        (&["generate", &top, "--stdout"], 0),
        (&["generate", &top, "--dry-run"], 0),
        (&["generate", &top, "--diff"], 0),
        (&["generate", &top, "--check"], 1),
        (&["generate", &top], 0),
    ];
    for (args, code) in runs {
        let ran = wharf.run(args).exits(code);
        for told in [&ran.stdout, &ran.stderr] {
            assert!(!told.contains(|c: char| c.is_control() && c != '\n'), "{args:?}: {told:?}");
            assert!(!told.lines().any(|line| line.starts_with("RUN touch")), "{args:?}: {told}");
        }
    }
    let found = wharf.run(&["detect", &top, "--json"]).exits(0).json();
    assert_eq!(found["apps"][0]["path"], name, "what a script gets stays as it is");
}
