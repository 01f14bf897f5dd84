//! Detection of the sample projects: what is said of each is written down under `snapshots/detect/` and reviewed.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::subsequence;
use wharf::detect::{MemoryTree, detect, settings};
use wharf::generate::settings_file;
use wharf::model::{AppProfile, Detection, Environment, FileTree};
use wharf::os::tree::DiskTree;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stacks")
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn detect_folder(path: &Path) -> Detection {
    detect(&DiskTree::open(path).unwrap())
}

/// A sample lies at `STACK/FRAMEWORK/`, or `STACK/FRAMEWORK+TOOL/` for a second one; one named as its stack is a plain
/// program.
#[test]
fn every_sample_is_what_its_path_says_and_what_was_reviewed() {
    let mut count = 0;
    for stack in folders(&fixtures()) {
        for sample in folders(&stack) {
            let (stack, framework) = (name(&stack), name(&sample));
            let mut found = detect_folder(&sample);
            // A lock file pins them by the hundred: the first tell how it is read.
            found.transitive.values_mut().for_each(|pinned| pinned.truncate(12));
            let app = found.apps.first().unwrap_or_else(|| panic!("{stack}/{framework}: no app"));
            assert_eq!(app.stack, stack, "{stack}/{framework}");
            let expected = framework.split('+').next().filter(|framework| *framework != stack);
            assert_eq!(app.framework.as_ref().map(|found| found.name.as_str()), expected, "{stack}/{framework}");
            assert_eq!(found.primary.as_deref(), Some(app.path.as_str()), "{stack}/{framework}");
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path("snapshots/detect");
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.bind(|| insta::assert_json_snapshot!(format!("{stack}-{framework}"), found));
            count += 1;
        }
    }
    assert!(count >= 33, "only {count} samples were found");
}

#[test]
fn every_demo_is_one_app_that_serves() {
    for demo in crate::support::demos() {
        let found = detect_folder(&demo);
        let paths: Vec<&str> = found.apps.iter().map(|app| app.path.as_str()).collect();
        assert_eq!(paths, ["."], "{}", demo.display());
        let app = &found.apps[0];
        assert!(app.port.is_some(), "{}", demo.display());
        assert!(app.start_command.is_some() || app.stack == "static", "{}", demo.display());
        assert!(found.warnings.is_empty(), "{:?}", found.warnings);
    }
}

/// All samples: a sample lies at `stacks/STACK/FRAMEWORK/` or `special/NAME/`.
pub(crate) fn samples() -> Vec<PathBuf> {
    let special = fixtures().parent().unwrap().join("special");
    folders(&fixtures()).iter().flat_map(|stack| folders(stack)).chain(folders(&special)).collect()
}

#[test]
fn what_init_writes_is_read_back_as_the_same_profile() {
    let mut count = 0;
    for sample in samples() {
        let tree = DiskTree::open(&sample).unwrap();
        let found = detect(&tree);
        let read = |path: &String| tree.read(path).ok().map(|bytes| (path.clone(), bytes));
        let files = tree.paths().iter().filter_map(read);
        let written = ("wharf.toml".to_owned(), settings_file(&found).into_bytes());
        let with = MemoryTree::new(files.chain([written]));
        let settings = settings(&with).unwrap_or_else(|problem| panic!("{}: {problem}", sample.display()));
        let again = settings.applied(&detect(&with), Environment::default());
        assert_eq!(again, found, "{}", sample.display());
        count += found.apps.len();
    }
    assert!(count >= 40, "only {count} apps were found");
}

/// What a project of several parts, or one that is not in order, comes to: path, stack and framework of each app.
#[test]
fn special_samples_are_told_apart() {
    let seen = |name: &str| {
        let found = detect_folder(&fixtures().parent().unwrap().join("special").join(name));
        let line = |app: &AppProfile| {
            let framework = app.framework.as_ref().map_or("-", |framework| framework.name.as_str());
            format!("{} {} {framework}", app.path, app.stack)
        };
        (found.apps.iter().map(line).collect::<Vec<_>>(), found)
    };
    assert_eq!(seen("app-in-subfolder").0, ["services/orders python flask"]);
    assert_eq!(seen("bom-and-utf16").0, [". node koa", "jobs python flask"]);
    assert_eq!(seen("mixed-django-frontend").0, [". python django", "frontend node vue"]);
    assert_eq!(seen("mixed-rails-node").0, [". ruby rails"]);
    let (apps, found) = seen("monorepo-pnpm");
    assert_eq!(apps, ["apps/api node express", "apps/web node nextjs"]);
    assert_eq!(found.monorepo.unwrap().packages, ["apps/api", "apps/web", "packages/articles"]);
    let (apps, found) = seen("nx-projects");
    assert_eq!(apps, ["apps/api node nestjs", "apps/board node react"]);
    let app = &found.apps[0];
    assert_eq!(app.start_command.as_deref(), Some("node ../../dist/apps/api/main.js"));
    assert_eq!((app.port, app.health_path.as_deref()), (Some(3333), Some("/health")));
    assert_eq!(found.apps[1].output_dir.as_deref(), Some("../../dist/apps/board"));
    let (apps, found) = seen("malformed-package-json");
    assert_eq!(apps, [". node -"]);
    assert_eq!(found.warnings[0].file, "package.json");
    let (apps, found) = seen("own-compose");
    assert_eq!(apps, [". python flask"]);
    let app = &found.apps[0];
    assert_eq!((app.dockerfile.as_deref(), app.compose_file.as_deref()), (Some("Dockerfile"), Some("compose.yaml")));
    assert_eq!(app.services, ["redis"]);
    assert_eq!(seen("own-dockerfile").1.apps[0].port, Some(9090));
}

/// Marks of order, UTF-16, and comments in files that hold nothing but a version.
#[test]
fn what_editors_leave_in_files_changes_nothing() {
    let package = r#"{"dependencies": {"express": "4"}}"#;
    let wide = |text: &str| {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        [0xFF, 0xFE].into_iter().chain(units).collect::<Vec<u8>>()
    };
    let marked = |text: &str| [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    let bytes = |text: &str| text.as_bytes().to_vec();
    let cases = [
        (("package.json", wide(package)), (".nvmrc", marked("# pinned\r\n\r\n  v20.1 # for now\r\n")), "20.1"),
        (("requirements.txt", wide("flask==3.0\n")), (".python-version", bytes("# ours\n3.11\n")), "3.11"),
        (("Gemfile", marked("gem 'sinatra'\n")), (".ruby-version", wide("# ours\n3.2.2\n")), "3.2.2"),
        (("requirements.txt", marked("flask")), ("runtime.txt", bytes("# ours\npython-3.11.4\n")), "3.11.4"),
    ];
    for (manifest, version, expected) in cases {
        let found = detect(&MemoryTree::new([manifest, version]));
        let [app] = found.apps.as_slice() else { panic!("{found:?}") };
        assert!(app.framework.is_some(), "{app:?}");
        assert_eq!(app.runtime_version.as_deref(), Some(expected));
        assert_eq!(found.warnings, []);
    }
}

/// A few letters can stand for millions of values, and a small file for many times its size in memory.
#[test]
fn what_a_manifest_becomes_in_memory_has_a_bound() {
    let manifest = ("package.json", r#"{"dependencies": {"express": "4"}}"#.to_owned());
    let aliases = format!("a: &a [{}]\nservices: [{}]\n", "x,".repeat(9_000), "*a,".repeat(9_000));
    let values = format!("a = [{}]\n", "0,".repeat(1_100_000));
    let elements = format!("<Project>{}</Project>", "<a/>".repeat(300_000));
    for (file, text) in [
        ("compose.yaml", &aliases),
        ("pnpm-workspace.yaml", &aliases),
        ("pyproject.toml", &values),
        ("wharf.toml", &values),
        ("App.csproj", &elements),
    ] {
        let found = detect(&MemoryTree::new([manifest.clone(), (file, text.clone())]));
        let app = found.apps.iter().find(|app| app.stack == "node").unwrap_or_else(|| panic!("{file}: {found:?}"));
        assert_eq!(app.framework.as_ref().map(|found| found.name.as_str()), Some("express"), "{file}");
        let warning = found.warnings.iter().find(|warning| warning.file == file);
        let reason = if file == "wharf.toml" { "makes no sense" } else { "than are looked at" };
        assert!(warning.is_some_and(|warning| warning.says.contains(reason)), "{file}: {warning:?}");
    }
}

#[test]
fn zero_is_no_port() {
    for (file, text) in [("Dockerfile", "FROM a\nEXPOSE 0\n"), ("nginx.conf", "listen 0;\nlua_package_path x;\n")] {
        let found = detect(&MemoryTree::new([(file, text), ("package.json", "{}"), ("app.lua", "require 'a'")]));
        assert!(found.apps.iter().all(|app| app.port != Some(0)), "{file}: {found:?}");
    }
}

/// What is too much is told, and the rest of the profile stands.
#[test]
fn a_tree_that_is_too_much_is_told_and_the_rest_stands() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("server.js"), "").unwrap();
    fs::File::create(folder.path().join("package.json")).unwrap().set_len(1 << 30).unwrap();
    let deep = folder.path().join(["d"; 200].join("/"));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("package.json"), "{}").unwrap();
    fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"bad\xff.js")), "").unwrap();
    fs::write(folder.path().join("Cargo.toml"), format!("a = {}", "[".repeat(100_000))).unwrap();
    fs::write(folder.path().join("pom.xml"), "<a>".repeat(100_000)).unwrap();
    let found = detect_folder(folder.path());
    assert_eq!(found.apps.len(), 1);
    let says = |file: &str, what: &str| {
        found.warnings.iter().any(|warning| warning.file.starts_with(file) && warning.says.contains(what))
    };
    for (file, what) in [
        ("package.json", "too large"),
        ("d/d/", "64 folders deep"),
        ("bad", "not UTF-8"),
        ("Cargo.toml", "malformed TOML"),
        ("pom.xml", "malformed XML"),
    ] {
        assert!(says(file, what), "{file} {what}: {:?}", found.warnings);
    }
}

/// A technology as a few files: bare, and with all that speaks for it.
#[derive(Clone, Debug)]
struct Technology {
    stack: &'static str,
    framework: Option<&'static str>,
    bare: &'static [(&'static str, &'static str)],
    more: &'static [(&'static str, &'static str)],
}

const TECHNOLOGIES: &[Technology] = &[
    Technology {
        stack: "node",
        framework: Some("express"),
        bare: &[("package.json", r#"{"scripts": {"start": "node a.js"}, "dependencies": {"express": "^4"}}"#)],
        more: &[("package-lock.json", r#"{"packages": {}}"#), (".nvmrc", "20")],
    },
    Technology {
        stack: "node",
        framework: Some("nextjs"),
        bare: &[("package.json", r#"{"dependencies": {"next": "15", "react": "19", "express": "4"}}"#)],
        more: &[("pnpm-lock.yaml", "lockfileVersion: '9.0'\n"), ("tsconfig.json", "{}"), ("next.config.ts", "")],
    },
    Technology {
        stack: "python",
        framework: Some("django"),
        bare: &[("requirements.txt", "Django==5.2\n")],
        more: &[("manage.py", ""), ("site/wsgi.py", ""), (".python-version", "3.13\n")],
    },
    Technology {
        stack: "python",
        framework: Some("fastapi"),
        bare: &[("pyproject.toml", "[project]\nname = \"a\"\ndependencies = [\"fastapi\", \"uvicorn\"]\n")],
        more: &[("main.py", "app = FastAPI()\n"), ("uv.lock", "")],
    },
    Technology {
        stack: "php",
        framework: Some("laravel"),
        bare: &[("composer.json", r#"{"require": {"laravel/framework": "^12"}}"#)],
        more: &[("artisan", ""), ("composer.lock", r#"{"packages": []}"#), ("public/index.php", "")],
    },
    Technology {
        stack: "go",
        framework: Some("gin"),
        bare: &[
            ("go.mod", "module a.b/c\n\ngo 1.23\n\nrequire github.com/gin-gonic/gin v1.10.0\n"),
            ("cmd/c/main.go", "package main\n"),
        ],
        more: &[("go.sum", "")],
    },
    Technology {
        stack: "ruby",
        framework: Some("rails"),
        bare: &[("Gemfile", "gem 'rails'\n")],
        more: &[("Gemfile.lock", "GEM\n"), ("config.ru", ""), ("bin/rails", "")],
    },
    Technology {
        stack: "java",
        framework: Some("spring-boot"),
        bare: &[
            (
                "pom.xml",
                "<project><artifactId>a</artifactId><version>1</version><parent><groupId>org.springframework.boot\
                 </groupId><artifactId>spring-boot-starter-parent</artifactId><version>3.4.0</version></parent></project>",
            ),
            ("src/main/java/a/A.java", "package a;\nclass A { public static void main(String[] a) {} }"),
        ],
        more: &[("mvnw", ""), ("system.properties", "java.runtime.version=21")],
    },
    Technology {
        stack: "dotnet",
        framework: Some("aspnet"),
        bare: &[(
            "A.csproj",
            "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><PropertyGroup><TargetFramework>net9.0</TargetFramework>\
             </PropertyGroup></Project>",
        )],
        more: &[("Program.cs", ""), ("appsettings.json", "{}")],
    },
    Technology {
        stack: "rust",
        framework: Some("axum"),
        bare: &[("Cargo.toml", "[package]\nname = \"a\"\n\n[[bin]]\nname = \"a\"\n\n[dependencies]\naxum = \"0.8\"\n")],
        more: &[("Cargo.lock", ""), ("src/main.rs", "fn main() {}")],
    },
    Technology {
        stack: "kotlin",
        framework: Some("ktor"),
        bare: &[
            (
                "build.gradle.kts",
                "plugins {\n  kotlin(\"jvm\") version \"2.1.0\"\n  application\n}\ndependencies {\n  \
                 implementation(\"io.ktor:ktor-server-netty:3.1.0\")\n}\n",
            ),
            ("src/main/kotlin/A.kt", "fun main() {}\n"),
        ],
        more: &[("settings.gradle.kts", "rootProject.name = \"a\"\n"), ("gradlew", "")],
    },
    Technology {
        stack: "scala",
        framework: Some("http4s"),
        bare: &[
            (
                "build.sbt",
                "scalaVersion := \"3.3.4\"\nlibraryDependencies += \"org.http4s\" %% \"http4s-ember-server\" % \"0.23\"\n",
            ),
            ("src/main/scala/A.scala", "object A extends IOApp\n"),
        ],
        more: &[("project/build.properties", "sbt.version=1.10.7\n"), ("project/plugins.sbt", "")],
    },
    Technology {
        stack: "clojure",
        framework: Some("pedestal"),
        bare: &[(
            "project.clj",
            "(defproject a \"1\" :dependencies [[io.pedestal/pedestal.jetty \"0.7\"]] :main a.core)",
        )],
        more: &[("src/a/core.clj", "(ns a.core)"), ("system.properties", "java.runtime.version=21")],
    },
    Technology {
        stack: "elixir",
        framework: Some("phoenix"),
        bare: &[(
            "mix.exs",
            "[app: :a, elixir: \"~> 1.17\", mod: {A, []}, deps: [{:phoenix, \"~> 1.7\"}, {:plug, \"~> 1.1\"}]]\n",
        )],
        more: &[("mix.lock", "%{}"), ("lib/a.ex", "defmodule A do\nend\n"), (".formatter.exs", "[]")],
    },
    Technology {
        stack: "gleam",
        framework: Some("wisp"),
        bare: &[("gleam.toml", "name = \"a\"\n[dependencies]\nwisp = \"1\"\nmist = \"5\"\n")],
        more: &[("manifest.toml", ""), ("src/a.gleam", "pub fn main() { Nil }\n")],
    },
    Technology {
        stack: "haskell",
        framework: Some("servant"),
        bare: &[("a.cabal", "name: a\n\nexecutable a\n  build-depends: base, servant-server, warp\n")],
        more: &[("stack.yaml", "resolver: lts-22.0\n"), ("Setup.hs", "")],
    },
    Technology {
        stack: "static",
        framework: None,
        bare: &[("index.html", "<p>")],
        more: &[("style.css", ""), ("Staticfile", "")],
    },
];

/// Folders that none lies below another, some of them deep.
const PLACES: &[&str] =
    &["web", "api", "services/one", "services/two", "apps/site", "x/y/z", "backend", "frontend", "admin", "jobs", "q"];

fn mixes() -> impl Strategy<Value = Vec<(usize, &'static str)>> {
    (1..=TECHNOLOGIES.len()).prop_flat_map(|count| {
        let chosen = subsequence((0..TECHNOLOGIES.len()).collect::<Vec<_>>(), count);
        (chosen, Just(PLACES.to_vec()).prop_shuffle())
            .prop_map(|(chosen, places)| chosen.into_iter().zip(places).collect())
    })
}

fn tree_of(mix: &[(usize, &str)], whole: bool) -> MemoryTree {
    let files = mix.iter().flat_map(|(which, place)| {
        let technology = &TECHNOLOGIES[*which];
        let more = technology.more.iter().filter(move |_| whole);
        technology.bare.iter().chain(more).map(move |(path, text)| (format!("{place}/{path}"), *text))
    });
    MemoryTree::new(files)
}

fn at<'d>(found: &'d Detection, place: &str) -> Option<&'d AppProfile> {
    found.apps.iter().find(|app| app.path == place)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    // Feature: deployment-automation, Property 1: in any mix of stacks every technology present is found, with
    // confidences that order rightly
    #[test]
    fn every_technology_of_a_mix_is_found(mix in mixes()) {
        let (bare, whole) = (detect(&tree_of(&mix, false)), detect(&tree_of(&mix, true)));
        prop_assert_eq!(bare.apps.len(), mix.len());
        prop_assert_eq!(whole.apps.len(), mix.len());
        for (which, place) in &mix {
            let technology = &TECHNOLOGIES[*which];
            for found in [&bare, &whole] {
                let app = at(found, place).expect(place);
                prop_assert_eq!(&app.stack, technology.stack);
                prop_assert_eq!(app.framework.as_ref().map(|framework| framework.name.as_str()), technology.framework);
                prop_assert!(app.confidence > 0.0 && app.confidence <= 1.0);
            }
            let (little, much) = (at(&bare, place).unwrap().confidence, at(&whole, place).unwrap().confidence);
            prop_assert!(little <= much, "{}: {little} with little, {much} with much", technology.stack);
        }
        prop_assert!(bare.primary.is_some_and(|primary| mix.iter().any(|(_, place)| *place == primary)));
    }

    #[test]
    fn no_bytes_whatever_in_manifests_do_harm(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        text in "[\\[\\]{}\"':=,.#<>/a-z0-9 \\n]{0,200}",
    ) {
        const MANIFESTS: &[&str] = &[
            "package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "pnpm-workspace.yaml", "bun.lock",
            "pyproject.toml", "requirements.txt", "Pipfile", "Pipfile.lock", "poetry.lock", "setup.py", "environment.yml",
            "composer.json", "composer.lock", "go.mod", "go.work", "Gemfile", "Gemfile.lock", "pom.xml",
            "build.gradle.kts", "settings.gradle", "A.csproj", "A.sln", "global.json", "Cargo.toml", "Cargo.lock",
            "Dockerfile", "compose.yaml", ".env.example", "Procfile", ".tool-versions", "mise.toml", ".nvmrc",
            "mix.exs", "mix.lock", "gleam.toml", "manifest.toml", "project.clj", "deps.edn", "build.clj", "build.sbt",
            "project/plugins.sbt", "project/build.properties", "conf/application.conf", "a.cabal", "package.yaml",
            "stack.yaml", "cabal.project", "pom.yml", "gradle/libs.versions.toml", "META-INF/MANIFEST.MF",
            "src/main/kotlin/A.kt", "src/main/scala/A.scala", "system.properties", ".sdkmanrc",
            "main.py", "main.go", "src/main.rs", "config.ru", "app.rb", "index.js", "index.php", "production.ini",
        ];
        for content in [bytes, text.into_bytes()] {
            let found = detect(&MemoryTree::new(MANIFESTS.iter().map(|path| (*path, content.clone()))));
            prop_assert!(!found.apps.is_empty());
        }
    }
}
