//! Why a profile says what it says, and what makes it less sure.

use super::{detect_files, only};
use crate::model::{AppProfile, Bearing};

/// The lines of the evidence that say something else than the profile.
fn against(app: &AppProfile) -> Vec<String> {
    let disagree = app.evidence.iter().filter(|one| one.bearing == Bearing::Disagrees);
    disagree.map(|one| format!("{}: {}", one.file, one.says)).collect()
}

fn says(app: &AppProfile, line: &str) -> bool {
    app.evidence.iter().any(|one| format!("{}: {}", one.file, one.says) == line)
}

#[test]
fn each_value_says_where_it_comes_from() {
    let app = only(&[
        ("package.json", r#"{"dependencies": {"express": "4", "pg": "8"}, "scripts": {"start": "node src/app.js"}}"#),
        ("src/app.js", "app.get('/health', f); app.listen(4000); process.env.TOKEN; process.env.MAIL_URL"),
        ("src/db.js", "process.env.DATABASE_URL; process.env.TOKEN"),
        (".env.example", "MAIL_URL=\n"),
    ]);
    for line in [
        "src/app.js: listens on 4000",
        "src/app.js: answers on /health",
        "package.json: depends on pg, which speaks to postgres",
        ".env.example: names MAIL_URL",
        "src/app.js: reads TOKEN",
        "src/db.js: reads DATABASE_URL",
    ] {
        assert!(says(&app, line), "no “{line}” in {:#?}", app.evidence);
    }
    let weights: Vec<_> = app.evidence.iter().filter_map(|one| Some((one.says.as_str(), one.weight?))).collect();
    assert!(weights.contains(&("depends on express 4", 0.9)), "{weights:?}");
    assert!(weights.contains(&("speaks for JavaScript", 0.8)), "{weights:?}");
    let app = only(&[("package.json", r#"{"dependencies": {"express": "4"}}"#), ("server.js", "app.listen(port)")]);
    assert!(says(&app, "package.json: nothing says where it listens: 3000 is usual"), "{:#?}", app.evidence);
}

#[test]
fn many_names_and_files_are_told_in_few_lines() {
    let names = (0..50).map(|number| format!("NAME_{number}=")).collect::<Vec<_>>().join("\n");
    let files: Vec<(String, String)> =
        (0..50).map(|number| (format!("src/f{number}.js"), format!("process.env.OTHER_{number}"))).collect();
    let mut all = vec![("package.json", r#"{"dependencies": {"express": "4"}}"#), (".env.example", names.as_str())];
    all.extend(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let app = only(&all);
    assert_eq!(app.env.len(), 100);
    let told: Vec<_> =
        app.evidence.iter().filter(|one| one.says.starts_with("names ") || one.says.starts_with("reads ")).collect();
    assert_eq!(told.len(), 8, "{told:#?}");
    assert!(told[0].says.ends_with("and 42 more"), "{told:#?}");
    assert!(told[7].says.ends_with("; 43 more files name others"), "{told:#?}");
}

/// Whatever it is about, each thing that says otherwise takes a tenth of how sure the profile is.
#[test]
fn what_disagrees_makes_less_sure_and_is_told() {
    let package = r#"{"dependencies": {"express": "4"}, "engines": {"node": "22"}}"#;
    let plain = [("package.json", package), ("package-lock.json", "{}")];
    let sure = |more: &[(&str, &str)]| only(&[&plain[..], more].concat());
    let agreed = sure(&[(".nvmrc", "22.1")]);
    assert_eq!(against(&agreed), Vec::<String>::new());
    let versions = sure(&[(".nvmrc", "18")]);
    assert_eq!(against(&versions), ["package.json: asks for Node.js 22; another file is more binding"]);
    let locks = only(&[plain[0], ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n"), ("yarn.lock", "")]);
    assert_eq!(against(&locks), ["yarn.lock: is read by yarn, and pnpm is what is used"]);
    let both = only(&[plain[0], ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n"), ("yarn.lock", ""), (".nvmrc", "18")]);
    assert_eq!(against(&both).len(), 2);
    assert!(versions.confidence < agreed.confidence * 0.92 && versions.confidence > agreed.confidence * 0.88);
    assert!(both.confidence < locks.confidence * 0.92, "{} {}", both.confidence, locks.confidence);
}

#[test]
fn a_stack_with_nearly_as_much_to_speak_for_it_disagrees() {
    let package = r#"{"dependencies": {"express": "4"}, "scripts": {"start": "node server.js"}}"#;
    let node = [("package.json", package), ("server.js", "app.listen(3000)")];
    let python = [("requirements.txt", "flask\n"), ("app.py", "app = Flask(__name__)\napp.run()\n")];
    let app = only(&[&node[..], &python[..]].concat());
    assert!(against(&app).iter().any(|line| line.contains("with nearly as much to speak for it")), "{app:#?}");
    assert!(app.confidence < only(&node).confidence, "{}", app.confidence);
    let app = only(&[&python[..], &[("package.json", r#"{"devDependencies": {"prettier": "3"}}"#)]].concat());
    assert_eq!(against(&app), Vec::<String>::new(), "what only helps does not");
}

#[test]
fn a_version_of_another_thing_disagrees_with_none() {
    let app = only(&[
        ("build.sbt", "scalaVersion := \"3.3.4\"\n"),
        ("system.properties", "java.runtime.version=17\n"),
        ("src/main/scala/Main.scala", "@main def run() = new java.net.ServerSocket(8080)\n"),
    ]);
    assert_eq!((app.runtime_version.as_deref(), against(&app).len()), (Some("17"), 0), "{app:#?}");
}

#[test]
fn a_dockerfile_says_what_it_starts() {
    let app = only(&[
        ("package.json", r#"{"dependencies": {"express": "4"}, "scripts": {"start": "node a.js"}}"#),
        ("Dockerfile", "FROM node:18-alpine\nEXPOSE 9000\nCMD [\"node\", \"b.js\"]\n"),
    ]);
    let line = "Dockerfile: builds the app from node:18-alpine, starts it with node b.js and exposes 9000";
    assert!(says(&app, line), "{:#?}", app.evidence);
}

#[test]
fn a_merge_that_was_left_unfinished_is_told_with_its_line_in_every_manifest() {
    let half = |one: &str, other: &str| format!("\n<<<<<<< HEAD\n{one}\n=======\n{other}\n>>>>>>> other\n");
    let package = ("package.json", r#"{"dependencies": {"express": "4"}}"#);
    let python = ("requirements.txt", "flask\n");
    for (manifest, file) in [
        (package, "yarn.lock"),
        (package, "pnpm-lock.yaml"),
        (package, "package-lock.json"),
        (package, "bun.lock"),
        (python, "poetry.lock"),
        (python, "uv.lock"),
        (python, "Pipfile.lock"),
        (("composer.json", r#"{"require": {"slim/slim": "4"}}"#), "composer.lock"),
        (("Gemfile", "gem 'sinatra'\n"), "Gemfile.lock"),
        (("Cargo.toml", "[package]\nname = \"a\"\n"), "Cargo.lock"),
        (("README.md", ""), "package.json"),
    ] {
        let found = detect_files(&[manifest, (file, &half("a", "b"))]);
        let told = found.warnings.iter().find(|warning| warning.file == file);
        let says = told.map(|warning| warning.says.as_str());
        assert_eq!(
            says,
            Some("a merge was left unfinished at line 2: finish it first"),
            "{file}: {:?}",
            found.warnings
        );
    }
    let heading = detect_files(&[package, ("yarn.lock", "# x\n=======\n<<<<<<<\n")]);
    assert_eq!(heading.warnings, []);
}
