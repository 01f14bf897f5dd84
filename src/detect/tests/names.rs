//! What a project calls its files, folders and packages never becomes shell code of a command.

use std::process::Command;

use super::{detect_files, only};
use crate::model::AppProfile;

/// Names that say `P2WN` where a shell reads them.
const NAMES: [&str; 6] = [
    "my x; echo P$((1+1))WN #",
    "x'; echo P$((1+1))WN #",
    "x\"; echo P$((1+1))WN #",
    "x$(echo P$((1+1))WN >&2)",
    "x`echo P$((1+1))WN >&2`",
    "x\\'; echo P$((1+1))WN #",
];

/// A string in JSON, which TOML and YAML read alike.
fn said(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// Small projects that are called so where their stack looks for a name.
fn called(name: &str) -> Vec<Vec<(String, String)>> {
    let (json, xml) = (said(name), quick_xml::escape::escape(name).into_owned());
    let tree = |files: &[(&str, &str)]| files.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect();
    let scripts = said(&format!("{name}.js"));
    vec![
        tree(&[(&format!("{name}.cob"), "       IDENTIFICATION DIVISION.\n       PROGRAM-ID. X.\n")]),
        tree(&[("requirements.txt", "fastapi\nuvicorn\n"), (&format!("{name}.py"), "app = FastAPI()\n")]),
        tree(&[("requirements.txt", "flask\n"), (&format!("{name}.py"), "def make():\n    app = Flask(__name__)\n")]),
        tree(&[("requirements.txt", "sanic\n"), (&format!("src/{name}.py"), "app = Sanic('a')\n")]),
        tree(&[("requirements.txt", "streamlit\n"), (&format!("{name}.py"), "import streamlit as st\n")]),
        tree(&[
            ("requirements.txt", "django\ngunicorn\n"),
            (&format!("{name}/manage.py"), "import django\n"),
            (&format!("{name}/{name}/wsgi.py"), "application = 1\n"),
        ]),
        tree(&[("pyproject.toml", &format!("[project]\nname = \"x\"\n[project.scripts]\n{json} = \"x:y\"\n"))]),
        tree(&[
            ("go.mod", "module a/b\ngo 1.25\n"),
            (
                &format!("cmd/{name}/main.go"),
                "package main\nimport \"net/http\"\nfunc main() { http.ListenAndServe() }\n",
            ),
        ]),
        tree(&[("pubspec.yaml", "name: x\n"), (&format!("bin/{name}.dart"), "void main() {}\n")]),
        tree(&[
            ("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n"),
            ("a/Cargo.toml", &format!("[package]\nname = {json}\n[dependencies]\naxum = \"1\"\n")),
            ("a/src/main.rs", "fn main() {}"),
        ]),
        tree(&[("shard.yml", &format!("name: x\ntargets:\n  {json}:\n    main: src/x.cr\n")), ("src/x.cr", "")]),
        tree(&[("package.json", &format!("{{\"main\": {scripts}}}")), (&format!("{name}.js"), "x.listen(1)")]),
        tree(&[
            (
                "project.json",
                &format!("{{\"name\": {json}, \"targets\": {{\"build\": {{\"executor\": \"@nx/js:tsc\"}}}}}}"),
            ),
            ("nx.json", "{}"),
            ("package.json", "{}"),
            ("src/main.ts", "x.listen(1)"),
        ]),
        tree(&[("composer.json", "{}"), (&format!("{name}.php"), "<?php\n")]),
        tree(&[
            (
                "pom.xml",
                &format!(
                    "<project><artifactId>{xml}</artifactId><version>1</version><build><plugins><plugin><artifactId>maven-jar-plugin</artifactId><configuration><archive><manifest><mainClass>{xml}</mainClass></manifest></archive></configuration></plugin></plugins></build></project>"
                ),
            ),
            ("src/main/java/A.java", "class A { public static void main(String[] a) {} }\n"),
        ]),
        tree(&[
            ("pom.xml", &format!("<project><artifactId>{xml}</artifactId><version>1</version></project>")),
            ("src/main/java/A.java", "class A { public static void main(String[] a) {} }\n"),
        ]),
        tree(&[
            ("build.gradle", "plugins { id 'application' }\n"),
            ("settings.gradle", &format!("rootProject.name = {json}\n")),
            ("src/main/java/A.java", "class A { public static void main(String[] a) {} }\n"),
        ]),
        tree(&[
            ("build.sbt", &format!("name := {json}\n")),
            ("project/plugins.sbt", "addSbtPlugin(\"com.eed3si9n\" % \"sbt-assembly\" % \"2.0\")\n"),
            ("src/main/scala/A.scala", "object A extends App\n"),
        ]),
        tree(&[("project.clj", &format!("(defproject x \"1\" :main x.core :uberjar-name {json})"))]),
        tree(&[(
            &format!("{name}.csproj"),
            &format!(
                "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><PropertyGroup><TargetFramework>net9.0</TargetFramework><AssemblyName>{xml}</AssemblyName></PropertyGroup></Project>"
            ),
        )]),
        tree(&[
            (
                "Package.swift",
                &format!("let package = Package(name: {json}, targets: [.executableTarget(name: {json})])"),
            ),
            ("Sources/x/main.swift", ""),
        ]),
        tree(&[
            ("mix.exs", &format!("def project do [app: :x, releases: [{json}: []]] end")),
            (&format!("{name}/x.ex"), ""),
        ]),
        tree(&[("dune-project", ""), (&format!("{name}/dune"), "(executable (name main))")]),
        tree(&[(&format!("{name}.nimble"), &format!("bin = @[{json}]\n")), ("src/x.nim", "")]),
        tree(&[("rebar.config", ""), (&format!("src/{name}.app.src"), "")]),
        tree(&[("CMakeLists.txt", &format!("project(x C)\nadd_executable({json} main.c)\n")), ("main.c", "")]),
        tree(&[("build.zig", &format!("b.addExecutable(.{{ .name = {json} }});"))]),
        tree(&[("x.cabal", &format!("name: x\nexecutable {name}\n  main-is: Main.hs\n"))]),
        tree(&[("Project.toml", ""), (&format!("{name}.jl"), "")]),
        tree(&[("cpanfile", ""), (&format!("{name}.psgi"), "")]),
        tree(&[(&format!("{name}.rockspec"), ""), ("main.lua", "")]),
    ]
}

fn commands(app: &AppProfile) -> impl Iterator<Item = &String> {
    [&app.install_command, &app.build_command, &app.start_command].into_iter().flatten()
}

#[test]
fn no_name_is_read_by_the_shell() {
    let there = tempfile::tempdir().unwrap();
    let mut with_name = 0;
    for name in NAMES {
        for tree in called(name) {
            let files: Vec<(&str, &str)> = tree.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
            for app in detect_files(&files).apps {
                with_name += usize::from(commands(&app).any(|command| command.contains("P$")));
                for command in commands(&app) {
                    // Without programs there is only the shell itself, and what it reads.
                    let ran = Command::new("/bin/sh")
                        .args(["-c", command])
                        .env_clear()
                        .env("PATH", "")
                        .current_dir(there.path())
                        .output()
                        .unwrap();
                    let told = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
                    assert!(!told.contains("P2WN"), "{command}\n{told}\n{files:?}");
                    assert!(!told.to_lowercase().contains("syntax"), "{command}\n{told}");
                }
            }
        }
    }
    assert!(with_name > 100, "only {with_name} commands hold the names at all");
}

#[test]
fn spaces_in_names_are_kept() {
    let app = only(&[("my prog.cob", "       IDENTIFICATION DIVISION.\n")]);
    assert_eq!(app.build_command.unwrap(), "mkdir -p bin && cobc -x -o bin/'my prog' 'my prog.cob'");
    assert_eq!(app.start_command.unwrap(), "./bin/'my prog'");
    let project = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>";
    let app = only(&[("My App.csproj", project), ("Program.cs", "")]);
    assert_eq!(app.build_command.unwrap(), "dotnet publish 'My App.csproj' -c Release -o out");
}

#[test]
fn a_file_that_cannot_be_a_module_is_pointed_at_by_no_server() {
    let start = |file: &str| {
        only(&[("requirements.txt", "fastapi\nuvicorn\n"), (file, "app = FastAPI()\n")])
            .start_command
            .unwrap_or_default()
    };
    assert_eq!(start("shop.py"), "uvicorn shop:app --host 0.0.0.0 --port $PORT");
    assert_eq!(start("my-shop.py"), "uvicorn my-shop:app --host 0.0.0.0 --port $PORT");
    for file in ["x; touch PWN #.py", "a.b.py", "my shop.py", "a:b.py"] {
        assert!(!start(file).contains(":app"), "{}", start(file));
    }
}

#[test]
fn a_line_end_in_a_name_makes_no_command() {
    for name in ["x\ny", "x\u{1b}[31m", "x\ry"] {
        let app = only(&[(&format!("{name}.cob"), "       IDENTIFICATION DIVISION.\n")]);
        assert_eq!((app.build_command, app.start_command), (None, None));
    }
}

#[test]
fn a_word_that_only_says_that_something_is_so_keeps_its_command() {
    let app = only(&[("package.json", r#"{"packageManager": "yarn@4.1.0"}"#), ("yarn.lock", ""), ("server.js", "")]);
    assert_eq!(app.install_command.unwrap(), "yarn install --immutable");
    let app = only(&[
        (
            "build.gradle.kts",
            "plugins { id(\"io.ktor.plugin\") version \"3.0.0\" }\n\
         application {\n    mainClass.set(\"io.ktor.server.netty.EngineMain\")\n}\n\
         dependencies { implementation(\"io.ktor:ktor-server-netty\") }\n",
        ),
        ("src/main/kotlin/A.kt", "fun main() {}\n"),
    ]);
    assert!(app.start_command.as_deref().is_some_and(|start| start.contains("-port=$PORT")), "{app:?}");
}
