//! What detection says of small trees.

use super::*;

fn detect_files(files: &[(&str, &str)]) -> Detection {
    detect(&MemoryTree::new(files.iter().copied()))
}

fn only(files: &[(&str, &str)]) -> AppProfile {
    let found = detect_files(files);
    assert_eq!(found.apps.len(), 1, "{:#?}", found.apps);
    found.apps.into_iter().next().unwrap()
}

#[test]
fn an_empty_folder_holds_nothing() {
    let found = detect_files(&[]);
    assert_eq!(found, Detection::default());
    assert!(detect_files(&[("README.md", "# Hi")]).apps.is_empty());
}

#[test]
fn an_express_app_is_known_whole() {
    let app = only(&[
        (
            "package.json",
            r#"{"name": "@shop/api", "engines": {"node": "20.x"}, "scripts": {"start": "node server.js"},
            "dependencies": {"express": "^4.18.0", "pg": "^8"}}"#,
        ),
        ("package-lock.json", r#"{"lockfileVersion": 3, "packages": {"node_modules/express": {"version": "4.21.1"}}}"#),
        ("server.js", "require('express')().listen(process.env.PORT || 4000); process.env.API_KEY"),
    ]);
    assert_eq!((app.name.as_str(), app.path.as_str(), app.stack.as_str()), ("api", ".", "node"));
    let framework = app.framework.unwrap();
    assert_eq!((framework.name.as_str(), framework.version.as_deref()), ("express", Some("4.21.1")));
    assert_eq!(app.package_manager.as_deref(), Some("npm"));
    assert_eq!(app.runtime_version.as_deref(), Some("20"));
    assert_eq!(app.install_command.as_deref(), Some("npm ci"));
    assert_eq!(app.start_command.as_deref(), Some("npm run start"));
    assert_eq!(app.port, Some(4000));
    assert_eq!(app.services, ["postgres"]);
    assert_eq!(app.env, ["API_KEY"]);
    assert!(app.confidence > 0.8);
}

#[test]
fn a_malformed_manifest_is_a_warning_and_the_rest_stands() {
    let found = detect_files(&[("package.json", "{\n  \"name\": \n}"), ("pnpm-lock.yaml", ""), ("server.js", "")]);
    assert_eq!(found.apps[0].stack, "node");
    assert_eq!(found.apps[0].package_manager.as_deref(), Some("pnpm"));
    assert_eq!(found.warnings[0].file, "package.json");
    assert!(found.warnings[0].says.contains("line 3 column 1"), "{:?}", found.warnings);
}

/// Stack, framework, package manager, version, start command, port.
fn line(app: &AppProfile) -> String {
    let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let framework = app.framework.as_ref().map(|framework| framework.name.clone());
    let port = app.port.map_or_else(|| "-".to_owned(), |port| port.to_string());
    [
        app.stack.clone(),
        or(&framework),
        or(&app.package_manager),
        or(&app.runtime_version),
        or(&app.start_command),
        port,
    ]
    .join(" | ")
}

#[test]
fn the_shape_of_a_project_decides_how_it_starts() {
    let cases: &[(&[(&str, &str)], &str)] = &[
        (
            &[
                ("requirements.txt", "flask\n"),
                ("shop/__init__.py", "from flask import Flask\n\ndef create_app():\n    app = Flask(__name__)\n"),
            ],
            "python | flask | pip | 3.12 | flask --app shop run --host 0.0.0.0 --port $PORT | 8000",
        ),
        (
            &[
                (
                    "pyproject.toml",
                    "[project]\nname='a'\nrequires-python='>=3.13'\ndependencies=['fastapi[standard]']\n",
                ),
                ("src/a/main.py", "api = FastAPI()\n"),
            ],
            "python | fastapi | pip | 3.13 | fastapi run src/a/main.py --host 0.0.0.0 --port $PORT | 8000",
        ),
        (
            &[("go.mod", "module a.b/c\ngo 1.23\n"), ("main.go", "package main\nhttp.ListenAndServe(\":9000\", nil)")],
            "go | - | gomod | 1.23 | ./bin/app | 9000",
        ),
        (
            &[("Gemfile", "gem 'sinatra'\n"), ("app.rb", "require 'sinatra'\nset :port, 4567\n")],
            "ruby | sinatra | bundler | 3.4 | bundle exec ruby app.rb -o 0.0.0.0 -p $PORT | 4567",
        ),
        (&[("index.php", "<?php phpinfo();")], "php | - | - | 8.3 | php -S 0.0.0.0:$PORT -t . | 8080"),
        (
            &[(
                "A.csproj",
                "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><PropertyGroup><TargetFramework>net9.0</TargetFramework><AssemblyName>Web</AssemblyName></PropertyGroup></Project>",
            )],
            "dotnet | aspnet | nuget | 9.0 | dotnet out/Web.dll --urls http://0.0.0.0:$PORT | 8080",
        ),
        (
            &[
                ("Cargo.toml", "[package]\nname = \"a\"\n[dependencies]\naxum = \"0.8\"\n"),
                ("src/main.rs", "bind(\"0.0.0.0:4000\")"),
            ],
            "rust | axum | cargo | 1.90 | ./target/release/a | 4000",
        ),
        (
            &[
                (
                    "build.gradle.kts",
                    "plugins {\n  id(\"org.springframework.boot\") version \"3.4.0\"\n}\nversion = \"1\"\n",
                ),
                ("settings.gradle.kts", "rootProject.name = \"a\"\n"),
                ("gradlew", ""),
                ("src/main/java/A.java", "@RestController\nclass A { public static void main(String[] a) {} }"),
            ],
            "java | spring-boot | gradle | 21 | java -jar build/libs/a-1.jar --server.port=$PORT | 8080",
        ),
        (&[("index.html", "<p>"), ("main.css", "")], "static | - | - | - | - | 8080"),
        (
            &[
                ("package.json", r#"{"scripts": {"start": "node x.js"}, "dependencies": {"express": "4"}}"#),
                ("Procfile", "web: node y.js\n"),
            ],
            "node | express | npm | 22 | node y.js | 3000",
        ),
        (
            &[("worker.py", "print('a')\n"), ("requirements.txt", "requests\n")],
            "python | - | pip | 3.12 | python worker.py | -",
        ),
    ];
    for (files, expected) in cases {
        assert_eq!(line(&only(files)), *expected);
    }
}

#[test]
fn the_stack_that_serves_wins_over_the_one_that_bundles() {
    let app = only(&[
        ("composer.json", r#"{"require": {"laravel/framework": "^12"}}"#),
        ("artisan", ""),
        (
            "package.json",
            r#"{"private": true, "scripts": {"build": "vite build"}, "devDependencies": {"vite": "6", "vue": "3"}}"#,
        ),
        ("public/index.php", ""),
    ]);
    assert_eq!((app.stack.as_str(), app.framework.unwrap().name.as_str()), ("php", "laravel"));
    assert!(
        app.evidence.iter().any(|evidence| evidence.says.contains("JavaScript lies here too")),
        "{:#?}",
        app.evidence
    );
}

#[test]
fn apps_of_a_monorepo_are_told_from_its_libraries_and_examples() {
    let found = detect_files(&[
        (
            "package.json",
            r#"{"private": true, "workspaces": ["apps/*", "packages/*"], "devDependencies": {"turbo": "2"}}"#,
        ),
        ("package-lock.json", "{}"),
        ("turbo.json", "{}"),
        ("apps/web/package.json", r#"{"name": "web", "dependencies": {"next": "15", "react": "19", "@me/ui": "*"}}"#),
        (
            "apps/api/package.json",
            r#"{"name": "api", "scripts": {"start": "node main.js"}, "dependencies": {"koa": "2"}}"#,
        ),
        (
            "packages/ui/package.json",
            r#"{"name": "@me/ui", "main": "index.js", "peerDependencies": {"react": "19"}, "exports": {}}"#,
        ),
        ("examples/demo/package.json", r#"{"name": "demo", "scripts": {"start": "node x.js"}}"#),
    ]);
    let paths: Vec<&str> = found.apps.iter().map(|app| app.path.as_str()).collect();
    assert_eq!(paths, ["apps/api", "apps/web"]);
    let monorepo = found.monorepo.unwrap();
    assert_eq!((monorepo.tool.as_str(), monorepo.packages.len()), ("turbo", 3));
    assert!(found.apps[1].config_files.contains(&"package-lock.json".to_owned()), "{:?}", found.apps[1].config_files);
    assert_eq!(found.apps[1].install_command.as_deref(), Some("npm ci"));
}

#[test]
fn apps_in_folders_stand_beside_each_other() {
    let found = detect_files(&[
        ("backend/go.mod", "module a/b\ngo 1.23\n"),
        ("backend/main.go", "package main\n"),
        ("frontend/package.json", r#"{"dependencies": {"react": "18"}, "devDependencies": {"vite": "6"}}"#),
        ("frontend/index.html", "<div>"),
        (
            "docker-compose.yml",
            "services:\n  db:\n    image: postgres:16\n  api:\n    build: ./backend\n    depends_on:\n      - db\n",
        ),
    ]);
    let seen: Vec<_> = found.apps.iter().map(|app| (app.path.as_str(), app.stack.as_str(), app.serving)).collect();
    assert_eq!(seen, [("backend", "go", Serving::None), ("frontend", "node", Serving::Static)]);
    assert_eq!(found.apps[0].services, ["postgres"]);
    assert!(found.apps[1].services.is_empty());
}

#[test]
fn an_existing_dockerfile_is_respected() {
    let app = only(&[
        ("main.py", "import os\nfrom flask import Flask\napp = Flask(__name__)\n"),
        ("requirements.txt", "flask\n"),
        ("Dockerfile", "FROM python:3.12\nEXPOSE 5001\n"),
    ]);
    assert_eq!((app.dockerfile.as_deref(), app.port), (Some("Dockerfile"), Some(5001)));
    let unknown = only(&[("Dockerfile", "FROM scratch\nEXPOSE 81\n"), ("server.f90", "")]);
    assert_eq!((unknown.stack.as_str(), unknown.port), ("other", Some(81)));
}

#[test]
fn manifests_in_other_encodings_are_read() {
    let mut utf16: Vec<u8> = vec![0xFF, 0xFE];
    utf16.extend("{\"dependencies\": {\"koa\": \"2\"}}".encode_utf16().flat_map(u16::to_le_bytes));
    let found = detect(&MemoryTree::new([("package.json", utf16)]));
    assert_eq!(found.apps[0].dependencies[0].name, "koa");
    let bom = detect(&MemoryTree::new([("Cargo.toml", "\u{FEFF}[package]\nname = \"x\"\n"), ("src/main.rs", "")]));
    assert_eq!(bom.apps[0].name, "x");
    let binary = detect(&MemoryTree::new([("package.json", vec![0, 1, 2, 0])]));
    assert_eq!(binary.warnings[0].says, "it is not text");
}

#[test]
fn what_is_malformed_is_told_with_its_place_for_every_format() {
    let cases = [
        ("pyproject.toml", "[project]\nname = \n", "line 2"),
        ("Cargo.toml", "[package\n", "line 1"),
        ("pom.xml", "<project>\n<a></b>\n</project>", "line 2"),
        ("A.csproj", "<Project>", "line 1"),
        ("composer.json", "{\"require\": {,}}", "line 1 column"),
        ("pnpm-workspace.yaml", "packages: [\n", "line"),
    ];
    for (file, text, place) in cases {
        let found = detect_files(&[(file, text), ("package.json", "{}"), ("src/main.rs", "")]);
        let told = found.warnings.iter().find(|warning| warning.file == file);
        assert!(told.is_some_and(|warning| warning.says.contains(place)), "{file}: {:?}", found.warnings);
    }
}

#[test]
fn a_dockerfile_or_compose_file_that_cannot_be_used_is_told() {
    let cases = [
        ("Dockerfile", "# build\nFORM debian\n", Some("“FORM” at line 2")),
        ("Dockerfile", "ARG TAG=12\nRUN true\n", Some("no FROM")),
        ("Dockerfile", "# nothing\n", Some("says nothing")),
        ("Dockerfile", "# escape=`\n\narg TAG=12\nfrom debian:$TAG\n", None),
        ("compose.yaml", "services: [\n", Some("malformed YAML")),
        ("compose.yaml", "just a text\n", Some("names no services")),
        ("compose.yaml", "services: {db: {image: postgres}}\n", None),
    ];
    for (file, text, told) in cases {
        let found = detect_files(&[(file, text), ("package.json", "{}"), ("index.js", "")]);
        let says = found.warnings.iter().find(|warning| warning.file == file).map(|warning| warning.says.as_str());
        assert_eq!(says.is_some(), told.is_some(), "{text}: {says:?}");
        assert!(says.unwrap_or_default().contains(told.unwrap_or_default()), "{text}: {says:?}");
    }
}

#[test]
fn every_stack_is_whole() {
    for stack in Registry::embedded().stacks() {
        assert!(!stack.language.is_empty(), "{}", stack.name);
        assert!(
            stack.name == "other" || stack.evidence.iter().any(|rule| rule.kind > rules::EvidenceKind::Hint),
            "{}",
            stack.name
        );
        assert!(stack.evidence.iter().all(|rule| rule.weight > 0.0 && rule.weight < 1.0), "{}", stack.name);
        let names: Vec<&str> = stack.frameworks.iter().map(|framework| framework.name.as_str()).collect();
        for framework in &stack.frameworks {
            assert!(names.iter().filter(|name| **name == framework.name).count() == 1, "{}", framework.name);
            // Generators of sites have no packages: their reader tells them by the form of a project.
            let told = !framework.dependencies.is_empty() || framework.file_proves || stack.name == "static";
            assert!(told, "{}", framework.name);
            assert!(!framework.beats.contains(&framework.name), "{}", framework.name);
        }
    }
}

#[test]
fn a_stack_from_outside_replaces_one_and_adds_others() {
    let registry = Registry::embedded();
    let cobol = "language = \"COBOL\"\nextensions = [\"cob\"]\nevidence = [{ file = \"*.cob\", weight = 0.6, kind = \"entry\" }]\nstart = [{ run = \"./run\" }]\n";
    let more = registry.overlaid([("cobol", cobol)]).unwrap();
    let found = detect_with(&MemoryTree::new([("a.cob", "")]), &more);
    assert_eq!((found.apps[0].stack.as_str(), found.apps[0].start_command.as_deref()), ("cobol", Some("./run")));
    let wrong = registry.overlaid([("x", "langauge = 1")]).unwrap_err();
    assert!(wrong.why.contains("langauge") && wrong.message.contains("x/stack.toml"), "{wrong}");
}

#[test]
fn larger_builds_are_built_from_where_they_begin() {
    let pom = |rest: &str| format!("<project><version>2</version>{rest}</project>");
    let parent = pom(
        "<artifactId>all</artifactId><packaging>pom</packaging><modules><module>lib</module><module>api</module></modules>",
    );
    let api = "<project><parent><groupId>g</groupId><artifactId>all</artifactId><version>2</version></parent><artifactId>api</artifactId>\
        <dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>";
    let lib = pom("<artifactId>lib</artifactId>");
    let main = "class A { public static void main(String[] a) {} }";
    let found = detect_files(&[
        ("pom.xml", &parent),
        ("mvnw", ""),
        ("api/pom.xml", api),
        ("api/src/main/java/A.java", main),
        ("lib/pom.xml", &lib),
        ("lib/src/main/java/L.java", "class L {}"),
    ]);
    assert_eq!(found.apps.len(), 1, "{:#?}", found.apps);
    let app = &found.apps[0];
    assert_eq!(
        app.build_command.as_deref(),
        Some("../mvnw --file ../pom.xml --projects api --also-make --batch-mode -DskipTests package")
    );
    assert_eq!(app.start_command.as_deref(), Some("java -jar target/api-2.jar --server.port=$PORT"));
    assert!(app.config_files.contains(&"pom.xml".to_owned()));
    assert_eq!(found.monorepo.unwrap().tool, "maven");
}

#[test]
fn what_only_bundles_is_served_as_files() {
    let app = only(&[
        ("package.json", r#"{"scripts": {"dev": "vite", "build": "vite build"}, "devDependencies": {"vite": "6"}}"#),
        ("index.html", "<p>"),
    ]);
    assert_eq!((app.stack.as_str(), app.serving, app.output_dir.as_deref()), ("node", Serving::Static, Some("dist")));
    assert_eq!(app.build_command.as_deref(), Some("npm run build"));
    assert_eq!(app.framework.map(|found| found.name).as_deref(), Some("vite"));
}

#[test]
fn a_bundler_is_named_only_where_nothing_else_is() {
    let manifest = r#"{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "6", "svelte": "5"}}"#;
    let app = only(&[("package.json", manifest), ("index.html", "<p>")]);
    assert_eq!(app.framework.map(|found| found.name).as_deref(), Some("svelte"));
    let library = only(&[("package.json", r#"{"main": "a.js", "devDependencies": {"vite": "6"}}"#), ("a.js", "")]);
    assert!(library.framework.is_none());
}

#[test]
fn members_of_a_workspace_take_over_what_its_root_says() {
    let found = detect_files(&[
        ("package.json", r#"{"workspaces": ["apps/*"], "engines": {"node": ">=20"}, "packageManager": "yarn@4.5.0"}"#),
        ("apps/web/package.json", r#"{"dependencies": {"next": "15.1.0"}}"#),
        ("apps/old/package.json", r#"{"dependencies": {"express": "4"}, "engines": {"node": "18.x"}}"#),
    ]);
    let of = |path: &str| found.apps.iter().find(|app| app.path == path).unwrap();
    assert_eq!(of("apps/web").runtime_version.as_deref(), Some("20"));
    assert_eq!(of("apps/web").package_manager_version.as_deref(), Some("4.5.0"));
    assert_eq!(of("apps/old").runtime_version.as_deref(), Some("18"));
}

#[test]
fn a_range_without_an_end_is_raised_to_what_the_packages_need() {
    let version = |next: &str| {
        let manifest = format!(r#"{{"engines": {{"node": ">=14"}}, "dependencies": {{"next": "{next}"}}}}"#);
        only(&[("package.json", &manifest)]).runtime_version.unwrap()
    };
    assert_eq!(version("^12.0.0"), "14");
    assert_eq!(version("^15.0.0"), "18");
    let locked = only(&[
        ("package.json", r#"{"engines": {"node": ">=8"}, "dependencies": {"express": "4"}}"#),
        ("package-lock.json", "{\n  \"lockfileVersion\": 3,\n  \"packages\": {}\n}"),
    ]);
    assert_eq!(locked.runtime_version.as_deref(), Some("16"));
}

#[test]
fn a_library_is_meant_before_what_tests_it() {
    let found = detect_files(&[
        ("package.json", r#"{"name": "lib", "main": "index.js", "files": ["index.js"], "bin": "index.js"}"#),
        ("index.js", ""),
        ("test/app/package.json", r#"{"dependencies": {"next": "15"}}"#),
    ]);
    assert_eq!(found.primary.as_deref(), Some("."));
}

#[test]
fn programs_without_usual_names_start() {
    let cases: &[(&[(&str, &str)], &str)] = &[
        (
            &[("Gemfile", "gem 'sinatra'\n"), ("mine.rb", "require 'sinatra'\n"), ("helper.rb", "")],
            "bundle exec ruby mine.rb -o 0.0.0.0 -p $PORT",
        ),
        (
            &[("serve-it.php", "<?php\nuse Swoole\\Http\\Server;\n$s = new Server('0.0.0.0', 9501);\n")],
            "php serve-it.php",
        ),
        (&[("web/app.php", "<?php"), ("composer.json", "{}")], "php -S 0.0.0.0:$PORT -t web web/app.php"),
        (
            &[
                ("package.json", r#"{"devDependencies": {"typescript": "5"}}"#),
                ("tsconfig.json", r#"{"compilerOptions": {"outDir": "./dist", "rootDir": "src"}}"#),
                ("src/server.ts", "createServer().listen(80)"),
            ],
            "node dist/server.js",
        ),
        (
            &[
                ("package.json", r#"{"dependencies": {"@google-cloud/functions-framework": "3"}}"#),
                ("index.js", "functions.http('hello', (req, res) => {})"),
            ],
            "npx functions-framework --target=hello",
        ),
        (
            &[("requirements.txt", "uvicorn\n"), ("app.py", "async def app(scope, receive, send):\n    pass\n")],
            "uvicorn app:app --host 0.0.0.0 --port $PORT",
        ),
        (&[("hello.cs", "Console.WriteLine(1);")], "dotnet run hello.cs"),
        (
            &[
                ("shop.dll", "x"),
                ("shop.runtimeconfig.json", r#"{"runtimeOptions": {"framework": {"name": "x", "version": "8.0.1"}}}"#),
            ],
            "dotnet shop.dll",
        ),
    ];
    for (files, expected) in cases {
        assert_eq!(only(files).start_command.as_deref(), Some(*expected), "{files:?}");
    }
}

#[test]
fn a_framework_shows_in_imports_where_no_manifest_names_it() {
    let framework = |file: &str, text: &str| only(&[(file, text)]).framework.map(|found| found.name);
    assert_eq!(framework("app.py", "from flask import Flask\n").as_deref(), Some("flask"));
    assert_eq!(framework("a.php", "<?php use Swoole\\Http\\Server;").as_deref(), Some("swoole"));
    let go = "package main\nimport \"github.com/gin-gonic/gin\"\nfunc main() {}\n";
    assert_eq!(framework("main.go", go).as_deref(), Some("gin"));
    assert_eq!(framework("app.py", "print(1)\n"), None);
}

#[test]
fn what_supports_another_app_is_not_meant_first() {
    let project = |sdk: &str, more: &str| {
        format!(
            "<Project Sdk=\"{sdk}\"><PropertyGroup><TargetFramework>net8.0</TargetFramework>{more}</PropertyGroup></Project>"
        )
    };
    let functions = project("Microsoft.NET.Sdk", "<AzureFunctionsVersion>v4</AzureFunctionsVersion>").replace(
        "</Project>",
        "<ItemGroup><PackageReference Include=\"Microsoft.Azure.Functions.Worker\"/></ItemGroup></Project>",
    );
    let found = detect_files(&[
        ("Api/Api.csproj", &functions),
        ("Client/Client.csproj", &project("Microsoft.NET.Sdk.BlazorWebAssembly", "")),
        ("Shared/Shared.csproj", &project("Microsoft.NET.Sdk", "")),
    ]);
    assert_eq!(found.apps.len(), 2);
    assert_eq!(found.primary.as_deref(), Some("Client"));
}

#[test]
fn what_a_lock_pins_is_told_apart_from_the_app_s_own_dependencies() {
    let found = detect_files(&[
        ("composer.json", r#"{"require": {"slim/slim": "^4"}}"#),
        (
            "composer.lock",
            r#"{"packages": [{"name": "slim/slim", "version": "4.1.0"}, {"name": "psr/log", "version": "v3.0.0"}],
                "packages-dev": [{"name": "a/test", "version": "1.0.0"}]}"#,
        ),
        ("api/go.mod", "module a.b/api\ngo 1.24\nrequire (\n\ta.b/c v1.0.0\n\ta.b/d v0.2.0 // indirect\n)\n"),
        ("api/main.go", "package main\n"),
        ("web/public/index.php", ""),
    ]);
    let told = |path: &str| -> Vec<String> {
        let pinned = found.transitive[path].iter();
        pinned.map(|it| format!("{} {} {:?}", it.name, it.version.as_deref().unwrap_or(""), it.scope)).collect()
    };
    assert_eq!(told("api"), ["a.b/d 0.2.0 Runtime"]);
    assert_eq!(told("."), ["a/test 1.0.0 Development", "psr/log 3.0.0 Runtime"]);
}

#[test]
fn a_django_project_below_its_requirements_is_one_app() {
    let app = only(&[
        ("requirements.txt", "Django\ngunicorn\n"),
        ("backend/manage.py", "import django"),
        ("backend/site/wsgi.py", ""),
        ("backend/site/settings.py", ""),
    ]);
    let start = "cd backend && gunicorn --bind 0.0.0.0:$PORT site.wsgi:application";
    assert_eq!((app.path.as_str(), app.start_command.as_deref()), (".", Some(start)));
}

#[test]
fn a_framework_that_renders_ahead_is_served_as_files_unless_it_has_a_server() {
    let of = |dependencies: &str| only(&[("package.json", &format!("{{\"dependencies\": {{{dependencies}}}}}"))]);
    let ahead = of(r#""astro": "5""#);
    assert_eq!((ahead.serving, ahead.output_dir.as_deref()), (Serving::Static, Some("dist")));
    let server = of(r#""astro": "5", "@astrojs/node": "9""#);
    assert_eq!(
        (server.serving, server.start_command.as_deref()),
        (Serving::Server, Some("node dist/server/entry.mjs"))
    );
    let angular = only(&[
        (
            "package.json",
            r#"{"scripts": {"build": "ng build", "start": "ng serve"}, "dependencies": {"@angular/core": "19"}}"#,
        ),
        (
            "angular.json",
            r#"{"projects": {"shop": {"architect": {"build": {"builder": "@angular/build:application"}}}}}"#,
        ),
    ]);
    assert_eq!((angular.serving, angular.output_dir.as_deref()), (Serving::Static, Some("dist/shop/browser")));
    assert_eq!(angular.build_command.as_deref(), Some("npm run build"));
}

#[test]
fn an_umbrella_is_one_app() {
    let part = |name: &str, more: &str| format!("[app: :{name}, {more} deps: [{{:phoenix, \"~> 1.7\"}}]]");
    let app = only(&[
        ("mix.exs", "[apps_path: \"apps\", releases: [\n  shop: [\n    applications: []\n  ]\n], deps: []]\n"),
        ("apps/web/mix.exs", &part("web", "mod: {Web, []},")),
        ("apps/core/mix.exs", &part("core", "")),
        ("apps/web/lib/web.ex", "defmodule Web do\nend\n"),
    ]);
    assert_eq!((app.path.as_str(), app.framework.unwrap().name.as_str()), (".", "phoenix"));
    assert_eq!(app.start_command.as_deref(), Some("PHX_SERVER=true _build/prod/rel/shop/bin/shop start"));
}

#[test]
fn a_module_of_gradle_without_a_main_class_is_a_part_of_another() {
    let found = detect_files(&[
        ("settings.gradle.kts", "rootProject.name = \"all\"\ninclude(\n    \":web\",\n    \":store\",\n)\n"),
        (
            "build.gradle.kts",
            "subprojects {\n  apply(plugin = \"org.jetbrains.kotlin.jvm\")\n  kotlin { jvmToolchain(17) }\n}\n",
        ),
        (
            "web/build.gradle.kts",
            "plugins {\n  application\n}\ndependencies {\n  implementation(project(\":store\"))\n  implementation(\"io.javalin:javalin:6.4.0\")\n}\n",
        ),
        ("web/src/main/kotlin/a/Web.kt", "package a\nfun main() {}\n"),
        ("store/build.gradle.kts", "dependencies {\n  implementation(\"org.springframework:spring-context:6.2\")\n}\n"),
        ("store/src/main/kotlin/a/Store.kt", "package a\nclass Store\n"),
    ]);
    let seen: Vec<String> = found.apps.iter().map(|app| format!("{} {}", app.path, line(app))).collect();
    assert_eq!(seen, ["web kotlin | javalin | gradle | 17 | ./build/install/web/bin/web | 7070"]);
    assert_eq!(found.monorepo.unwrap().packages, ["store", "web"]);
}

#[test]
fn java_8_is_called_as_the_project_calls_it() {
    let of = |file: &str, text: &str| {
        let app = only(&[
            ("build.gradle", "apply plugin: 'application'\n"),
            (file, text),
            ("src/main/java/A.java", "class A { public static void main(String[] a) {} }"),
        ]);
        app.runtime_version
    };
    assert_eq!(of("system.properties", "java.runtime.version=1.8\n").as_deref(), Some("1.8"));
    assert_eq!(of(".tool-versions", "java temurin-21.0.1+12.0.LTS\n").as_deref(), Some("21.0.1"));
    assert_eq!(of(".sdkmanrc", "java=17.0.9-tem\n").as_deref(), Some("17.0.9"));
}

mod builds;
mod checks;
mod conventions;
mod mounts;
mod names;
mod places;
mod processes;
mod reach;
mod reasons;
mod releases;
mod running;

#[test]
fn a_workspace_that_holds_none_of_the_apps_is_not_told() {
    let package = r#"{"name": "web", "dependencies": {"express": "4"}, "scripts": {"start": "node a.js"}}"#;
    let solution = "Project(\"{F}\") = \"Lib\", \"Lib/Lib.csproj\", \"{A}\"\nEndProject\n";
    let library = "<Project Sdk=\"Microsoft.NET.Sdk\"></Project>";
    let aside = [("app/package.json", package), ("win/net/All.sln", solution), ("win/net/Lib/Lib.csproj", library)];
    let found = detect(&MemoryTree::new(aside));
    assert_eq!(found.apps.iter().map(|app| app.path.as_str()).collect::<Vec<_>>(), ["app"]);
    assert_eq!(found.monorepo, None);
}

#[test]
fn a_version_is_told_as_that_of_what_it_is_of() {
    let package = r#"{"engines": {"node": "20"}, "dependencies": {"express": "4"}, "scripts": {"start": "node a.js"}}"#;
    let found = detect(&MemoryTree::new([("package.json", package)]));
    assert_eq!(
        (found.apps[0].language.version.as_deref(), found.apps[0].runtime_version.as_deref()),
        (None, Some("20"))
    );
    let sbt = "scalaVersion := \"3.4.2\"\nlibraryDependencies += \"com.typesafe.play\" %% \"play\" % \"3.0.0\"\n";
    let asked = |files: &[(&str, &str)]| {
        let found = detect(&MemoryTree::new(files.iter().copied()));
        found.apps[0].evidence.iter().find_map(|one| one.says.strip_prefix("asks for ").map(str::to_owned))
    };
    assert_eq!(asked(&[("build.sbt", sbt)]).as_deref(), Some("Scala 3.4.2"));
    let both = [("build.sbt", sbt), ("system.properties", "java.runtime.version=25\n")];
    assert_eq!(asked(&both).as_deref(), Some("Java 25"));
}

#[test]
fn a_start_of_files_that_are_served_is_not_told() {
    let package = r#"{"dependencies": {"react-scripts": "5", "react": "18"}, "scripts": {"start": "react-scripts start", "build": "react-scripts build"}}"#;
    let found = detect(&MemoryTree::new([("package.json", package), ("public/index.html", "")]));
    assert_eq!(found.apps[0].serving, crate::model::Serving::Static);
    assert!(found.apps[0].evidence.iter().all(|one| !one.says.starts_with("starts with")));
}

#[test]
fn an_open_range_says_which_of_it_is_used_and_what_else_it_allows() {
    let package =
        r#"{"engines": {"node": ">=16"}, "dependencies": {"express": "4"}, "scripts": {"start": "node a.js"}}"#;
    let found = detect(&MemoryTree::new([("package.json", package)]));
    let said = |words: &str| found.apps[0].evidence.iter().any(|one| one.says.contains(words));
    assert!(said("asks for Node.js >=16; the lowest that will do is used, 16"));
    assert!(said("has had no fixes since 2023-09-11; it allows 22, too"));
}
