//! What is an app, how it is started, and where it answers.

use super::{detect_files, only};

type Files<'a> = &'a [(&'a str, &'a str)];

/// The paths of the apps that are found.
fn paths(files: Files<'_>) -> Vec<String> {
    detect_files(files).apps.into_iter().map(|app| app.path).collect()
}

#[test]
fn files_that_are_routes_by_their_place_tell_the_health_path() {
    let package = ("package.json", r#"{"dependencies": {"next": "15"}, "scripts": {"start": "next start"}}"#);
    for (file, path) in [
        ("app/api/health/route.ts", "/api/health"),
        ("src/pages/api/healthz.ts", "/api/healthz"),
        ("pages/health.tsx", "/health"),
        ("app/api/boats/route.ts", "/"),
    ] {
        let app = only(&[package, (file, "export function GET() {}")]);
        assert_eq!(app.health_path.as_deref(), Some(path), "{file}");
    }
}

#[test]
fn a_workspace_says_what_its_apps_are_whatever_they_are_called() {
    let next = r#"{"dependencies": {"next": "15"}, "scripts": {"build": "next build", "start": "next start"}}"#;
    let root = r#"{"private": true, "workspaces": ["apps/*", "packages/*"]}"#;
    let files = [
        ("package.json", root),
        ("turbo.json", "{}"),
        ("apps/web/package.json", next),
        ("apps/docs/package.json", next),
        ("packages/ui/package.json", r#"{"exports": "./a.js"}"#),
        ("examples/shop/package.json", next),
    ];
    assert_eq!(paths(&files), ["apps/docs", "apps/web"]);
    assert_eq!(detect_files(&files).primary.as_deref(), Some("apps/web"));
}

#[test]
fn of_a_cargo_workspace_what_it_builds_by_default_is_meant() {
    let root = "[workspace]\nmembers = [\"builder\", \"tool\"]\ndefault-members = [\"tool\"]\n";
    let package = |name: &str| format!("[package]\nname = \"{name}\"\n");
    let found = detect_files(&[
        ("Cargo.toml", root),
        ("builder/Cargo.toml", &package("builder")),
        ("builder/src/main.rs", "fn main() {}"),
        ("tool/Cargo.toml", &package("tool")),
        ("tool/src/main.rs", "fn main() {}"),
    ]);
    assert_eq!(found.primary.as_deref(), Some("tool"));
}

#[test]
fn servers_are_pointed_at_what_makes_an_app_in_their_own_way() {
    let factory = "from fastapi import FastAPI\n\ndef create_app():\n    app = FastAPI()\n    return app\n";
    let cases: &[(&str, Files<'_>, &str)] = &[
        ("fastapi\nuvicorn\n", &[], "uvicorn --factory shop:create_app --host 0.0.0.0 --port $PORT"),
        ("fastapi[standard]\n", &[], "uvicorn --factory shop:create_app --host 0.0.0.0 --port $PORT"),
        ("fastapi\nhypercorn\n", &[], "hypercorn \"shop:create_app()\" --bind 0.0.0.0:$PORT"),
        (
            "fastapi\ngunicorn\n",
            &[],
            "gunicorn --worker-class uvicorn.workers.UvicornWorker --bind 0.0.0.0:$PORT \"shop:create_app()\"",
        ),
        // Where a module has called it, that object is meant.
        (
            "fastapi\nuvicorn\n",
            &[("serve.py", "from shop import create_app\n\napi = create_app(debug=False)\n")],
            "uvicorn serve:api --host 0.0.0.0 --port $PORT",
        ),
        (
            "fastapi\nuvicorn\n",
            &[("run.py", "from shop import create_app\nif __name__ == '__main__':\n    app = create_app()\n")],
            "uvicorn --factory shop:create_app --host 0.0.0.0 --port $PORT",
        ),
    ];
    for (requirements, more, start) in cases {
        let mut files = vec![("requirements.txt", *requirements), ("shop.py", factory)];
        files.extend(more.iter().copied());
        assert_eq!(only(&files).start_command.as_deref(), Some(*start), "{requirements} {more:?}");
    }
}

#[test]
fn a_gradle_root_that_applies_nothing_is_no_app() {
    let groovy = "plugins {\n  id 'org.springframework.boot' version '3.4.0' apply false\n}\n";
    let kotlin = "plugins {\n  id(\"org.springframework.boot\") version \"3.4.0\" apply false\n}\n";
    let part = "plugins {\n  id(\"org.springframework.boot\")\n}\n";
    for (root, settings) in [(groovy, "settings.gradle"), (kotlin, "settings.gradle.kts")] {
        let build = settings.replace("settings", "build");
        let app = only(&[
            (settings, "include(\"api\")\n"),
            (&build, root),
            (&format!("api/{build}"), part),
            ("api/src/main/java/A.java", "class A { public static void main(String[] a) {} }"),
        ]);
        assert_eq!(app.path, "api", "{build}");
        assert_eq!(app.framework.unwrap().version.as_deref(), Some("3.4.0"));
    }
}

/// How it answers, at which port, at which path.
fn answers(files: Files<'_>) -> String {
    let app = only(files);
    let port = app.port.map_or_else(|| "-".to_owned(), |port| port.to_string());
    format!("{:?} {port} {}", app.serving, app.health_path.unwrap_or_else(|| "-".to_owned()))
}

#[test]
fn what_listens_nowhere_has_neither_port_nor_path() {
    let console = "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><OutputType>Exe</OutputType>\
        <TargetFramework>net8.0</TargetFramework></PropertyGroup></Project>";
    let cargo = ("Cargo.toml", "[package]\nname = \"a\"\n");
    let module = ("go.mod", "module a/b\ngo 1.25\n");
    let nothing = "None - -";
    for (files, expected) in [
        // A program of the terminal, with words in it that servers use as well.
        (vec![cargo, ("src/main.rs", "keymap.bind(key); lines.reserve(7); \"/status\" => x,")], nothing),
        (vec![cargo, ("src/main.rs", "TcpListener::bind(\"0.0.0.0:4000\")")], "Server 4000 -"),
        (vec![module, ("main.go", "package main\nfunc main() { app.Run() }"), ("a_test.go", "t.Run(\":1\")")], nothing),
        (vec![("A.csproj", console), ("Program.cs", "Thread.Sleep(1);"), ("Dockerfile", "FROM a\nRUN b\n")], nothing),
        (vec![("A.csproj", console), ("Program.cs", "x();"), ("Dockerfile", "FROM a\nEXPOSE 81\n")], "Server 81 -"),
        (
            vec![module, ("main.go", "package main"), ("fly.toml", "[http_service]\ninternal_port = 85\n")],
            "Server 85 -",
        ),
        (vec![module, ("main.go", "package main"), ("Procfile", "worker: bin/b\nrelease: x\n")], nothing),
    ] {
        assert_eq!(answers(&files), expected, "{files:?}");
    }
}

#[test]
fn ports_are_read_where_programs_fall_back_to_them() {
    let go = |line: &str| format!("package main\nfunc main() {{ {line}; http.ListenAndServe(addr, nil) }}");
    for (line, expected) in [
        ("addr := flag.String(\"addr\", \":8085\", \"where\")", 8085),
        ("flag.IntVar(&p, \"port\", 8086, \"\")", 8086),
        ("addr := getenv(\"LISTEN_ADDR\", \":6060\")", 6060),
        ("addr := cmp.Or(os.Getenv(\"ADDR\"), \"localhost:7070\")", 7070),
    ] {
        let app = only(&[("go.mod", "module a/b\n"), ("main.go", &go(line))]);
        assert_eq!(app.port, Some(expected), "{line}");
    }
    let package = ("package.json", r#"{"scripts": {"start": "node a.js"}}"#);
    for line in ["process.env.PORT||5050", "parseInt(process.env.PORT, 10) || 5050", "Number(process.env.PORT) ?? 5050"]
    {
        let app = only(&[package, ("a.js", &format!("app.listen({line})"))]);
        assert_eq!(app.port, Some(5050), "{line}");
    }
}

#[test]
fn a_dockerfile_alone_is_an_app_with_its_context() {
    let app = only(&[
        ("docker/Dockerfile", "FROM a\nCOPY run.rb /srv/\nEXPOSE 80/udp 8081\n"),
        ("run.txt", ""),
        ("run.rb", ""),
    ]);
    assert_eq!(app.stack, "ruby", "what lies there says more than a Dockerfile");
    let below = "FROM a\nCOPY conf /srv/\nEXPOSE 80/udp 8081\nHEALTHCHECK CMD curl http://localhost:8081/up\n";
    let app = only(&[("docker/Dockerfile", below), ("conf/a.txt", "")]);
    assert_eq!((app.path.as_str(), app.dockerfile.as_deref()), (".", Some("docker/Dockerfile")));
    assert_eq!((app.port, app.health_path.as_deref()), (Some(8081), Some("/up")));
    let app = only(&[("docker/Dockerfile", below), ("docker/conf/a.txt", "")]);
    assert_eq!((app.path.as_str(), app.dockerfile.as_deref()), ("docker", Some("docker/Dockerfile")));
    let app = only(&[("Dockerfile.prod", below), ("conf/a.txt", "")]);
    assert_eq!(app.dockerfile.as_deref(), Some("Dockerfile.prod"));
}

#[test]
fn a_version_is_no_comment_and_no_other_word() {
    let says = |text: &str| {
        let app = only(&[("main.py", "print(1)"), ("requirements.txt", ""), (".python-version", text)]);
        let asks = app.evidence.iter().any(|one| one.says.contains("asks for"));
        (app.runtime_version.unwrap(), asks)
    };
    assert_eq!(says("\n// ours\n# his\n3.11\n"), ("3.11".to_owned(), true));
    assert_eq!(says("my-virtualenv\n"), ("3.12".to_owned(), false));
}

#[test]
fn a_procfile_says_what_runs_and_its_platform_is_left_out() {
    let php = [
        ("composer.json", "{}"),
        ("public/index.php", "<?php"),
        ("Procfile", "web: heroku-php-apache2 public/\nworker: php a.php\nrelease: php m.php\n"),
    ];
    let app = only(&php);
    assert_eq!(app.start_command.as_deref(), Some("php -S 0.0.0.0:$PORT -t public"));
    let told: Vec<&str> =
        app.evidence.iter().filter(|one| one.file == "Procfile").map(|one| one.says.as_str()).collect();
    let expected = [
        "web starts with heroku-php-apache2 public/, which only that platform has",
        "worker starts with php a.php",
        "release runs, before each new version, php m.php",
    ];
    assert!(expected.iter().all(|says| told.contains(says)), "{told:?}");
    let app = only(&[
        ("Gemfile", "gem 'puma'\n"),
        ("config.ru", "run A"),
        ("Procfile", "web: bin/start-nginx bundle exec puma -p $PORT\n"),
    ]);
    assert_eq!(app.start_command.as_deref(), Some("bundle exec puma -p $PORT"));
}

#[test]
fn parts_of_a_workspace_are_no_apps_and_bring_what_they_need() {
    let root = r#"{"private": true, "workspaces": ["apps/*", "packages/*"]}"#;
    let api = r#"{"name": "api", "scripts": {"start": "node a.js"},
        "dependencies": {"express": "4", "@shop/db": "workspace:*"}}"#;
    let files = [
        ("package.json", root),
        ("apps/api/package.json", api),
        ("apps/api/a.js", "const { STRIPE_KEY } = process.env; app.listen(3000)"),
        ("packages/db/package.json", r#"{"name": "@shop/db", "dependencies": {"@prisma/client": "6"}}"#),
        ("packages/db/a.js", "process.env.STORE_SIZE"),
        ("packages/db/schema.prisma", "datasource db {\n  provider = \"postgresql\"\n  url = env(\"STORE_URL\")\n}\n"),
        ("packages/ui/package.json", r#"{"name": "@shop/ui", "dependencies": {"react": "18"}}"#),
        ("packages/ui/src/a.tsx", ""),
    ];
    let app = only(&files);
    assert_eq!(
        (app.path.as_str(), app.services, app.env),
        (
            "apps/api",
            vec!["postgres".to_owned()],
            ["STORE_SIZE", "STORE_URL", "STRIPE_KEY"].map(str::to_owned).to_vec(),
        )
    );
    let member = "[project]\nname = \"x\"\n";
    let main = "def main():\n    pass\n\nif __name__ == \"__main__\":\n    main()\n";
    let python = [
        ("pyproject.toml", "[tool.uv.workspace]\nmembers = [\"packages/*\"]\n"),
        ("packages/x/pyproject.toml", member),
        ("packages/x/src/x/__init__.py", main),
        ("packages/api/pyproject.toml", "[project]\nname = \"api\"\ndependencies = [\"fastapi\", \"uvicorn\"]\n"),
        ("packages/api/main.py", "app = FastAPI()\n"),
        ("packages/job/pyproject.toml", "[project]\nname = \"job\"\n"),
        ("packages/job/main.py", "print(1)\n"),
    ];
    assert_eq!(paths(&python), ["packages/api", "packages/job"]);
    let rust = [
        ("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]\n"),
        ("a/Cargo.toml", "[package]\nname = \"a\"\n[dependencies]\nb = { path = \"../b\" }\n"),
        ("a/src/main.rs", "fn main() { b::run() }"),
        ("b/Cargo.toml", "[package]\nname = \"b\"\n[dependencies]\naxum = \"0.8\"\n"),
        ("b/src/lib.rs", ""),
    ];
    assert_eq!(paths(&rust), ["a"]);
    assert_eq!(answers(&rust), "Server 8080 -", "what it is linked with answers");
}

#[test]
fn what_a_procfile_says_beside_the_program_that_runs_is_warned_of() {
    let app = |procfile: &str| {
        let files = [("requirements.txt", "flask\n"), ("app.py", "app = Flask(__name__)\n"), ("Procfile", procfile)];
        super::detect_files(&files).warnings
    };
    let warnings = app(
        "web: gunicorn app:app\ncss: npm run css\nworker: celery -A app worker\n# clock: x\nrelease: flask db upgrade\n",
    );
    let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert_eq!(warning.file, "Procfile");
    assert!(warning.says.starts_with("not run: css;"), "{}", warning.says);
    assert!(app("web: gunicorn app:app\n").is_empty());
    assert!(app("worker: celery -A app worker\n").is_empty(), "it is what starts, or nothing of it is");
}

#[test]
fn of_several_go_programs_one_is_meant_and_the_others_are_named() {
    let program = |name: &str| {
        format!("package main\nimport \"a.b/shop/internal/{name}\"\nfunc main() {{ os.Getenv(\"{name}\") }}\n")
            .replace(&format!("(\"{name}\")"), &format!("(\"{}_KEY\")", name.to_uppercase()))
    };
    let inside = |name: &str| format!("package {name}\nvar a = os.Getenv(\"{}_DEEP\")\n", name.to_uppercase());
    let (server, consumer) = (program("server"), program("consumer"));
    let (deep, other) = (inside("server"), inside("consumer"));
    let app = only(&[
        ("go.mod", "module a.b/shop\ngo 1.25\n"),
        ("cmd/server/main.go", &server),
        ("cmd/consumer/main.go", &consumer),
        ("internal/server/a.go", &deep),
        ("internal/consumer/a.go", &other),
    ]);
    assert_eq!(app.build_command.as_deref(), Some("go build -o bin/app ./cmd/server"));
    assert_eq!(app.env, ["SERVER_DEEP", "SERVER_KEY"]);
    let told = app.evidence.iter().find(|one| one.file == "cmd/consumer").unwrap();
    assert!(told.says.contains("go build -o bin/app ./cmd/consumer"), "{}", told.says);
}

#[test]
fn go_programs_go_where_the_commands_that_start_them_look() {
    let module = ("go.mod", "module a.b/hello\ngo 1.25\n");
    let of = |files: Files<'_>| {
        let app = only(&[&[module], files].concat());
        (app.build_command.unwrap(), app.start_command.unwrap(), app.env.join(" "))
    };
    let is = |build: &str, start: &str, env: &str| (build.to_owned(), start.to_owned(), env.to_owned());
    let web =
        ("cmd/web/main.go", "package main\nfunc main() { os.Getenv(\"WEB_KEY\"); http.ListenAndServe(\":1\", nil) }\n");
    let worker = ("cmd/worker/main.go", "package main\nfunc main() { os.Getenv(\"QUEUE_KEY\") }\n");
    let tool = ("cmd/tool/main.go", "package main\nfunc main() { os.Getenv(\"TOOL_KEY\") }\n");
    let procfile = ("Procfile", "web: bin/web\nworker: exec ./bin/worker -n 2\nrelease: bin/tool up\n");
    let both = "go build -o bin/web ./cmd/web && go build -o bin/worker ./cmd/worker";
    let all = format!("{both} && go build -o bin/tool ./cmd/tool");
    assert_eq!(of(&[web, worker, tool, procfile]), is(&all, "bin/web", "QUEUE_KEY TOOL_KEY WEB_KEY"));
    let beside = ("Procfile", "web: bin/web\nworker: bin/worker\n");
    assert_eq!(of(&[web, worker, tool, beside]), is(both, "bin/web", "QUEUE_KEY WEB_KEY"));
    // What a command names is meant, whatever else would fit better.
    let worker_first = ("Procfile", "web: ./bin/worker\n");
    assert_eq!(
        of(&[web, worker, worker_first]),
        is("go build -o bin/worker ./cmd/worker", "./bin/worker", "QUEUE_KEY")
    );
    // One program has any name; a module's own is called as the module.
    let main = ("main.go", "package main\nfunc main() {}\n");
    assert_eq!(of(&[main, ("Procfile", "web: bin/site\n")]), is("go build -o bin/site .", "bin/site", ""));
    let own = ("Procfile", "web: bin/hello\nworker: bin/worker\nother: bin/none\nscript: bin/sh.sh\n");
    let told = is("go build -o bin/hello . && go build -o bin/worker ./cmd/worker", "bin/hello", "QUEUE_KEY");
    assert_eq!(of(&[main, worker, own]), told);
    // What `wharf.toml` starts is built like that too.
    let settings = "[app]\nstart = \"bin/web -v\"\n[apps.hello.processes.worker]\ncommand = \"bin/worker\"\n\
                [apps.other.processes.tool]\ncommand = \"bin/tool\"\n";
    assert_eq!(of(&[web, worker, tool, ("wharf.toml", settings)]), is(both, "./bin/app", "QUEUE_KEY WEB_KEY"));
    // What lies there already is no program of the build.
    let script = ("Procfile", "web: scripts/run\n");
    assert_eq!(of(&[web, script, ("scripts/run", "#!/bin/sh\n")]).0, "go build -o bin/app ./cmd/web");
}

#[test]
fn settings_decide_between_the_databases_that_packages_allow() {
    let gems = ("Gemfile", "gem \"rails\"\ngem \"pg\"\ngem \"mysql2\"\n");
    let yml = "default: &default\n  adapter: mysql2\nproduction:\n  <<: *default\n  # <%= ENV[\"NOT_THIS\"] %>\n  url: <%= ENV.fetch(\"SHOP_URL\") %>\n";
    let app = only(&[gems, ("config.ru", "run A"), ("config/database.yml", yml)]);
    assert_eq!(app.services, ["mysql"]);
    assert_eq!(app.env, ["SECRET_KEY_BASE", "SHOP_URL"]);
    let own = format!("{yml}  adapter: postgresql\n");
    assert_eq!(only(&[gems, ("config.ru", "run A"), ("config/database.yml", &own)]).services, ["postgres"]);
    let sealed = only(&[gems, ("config.ru", "run A"), ("config/credentials.yml.enc", "x")]);
    assert_eq!(
        (sealed.env, sealed.required_env),
        (vec!["RAILS_MASTER_KEY".to_owned(), "SECRET_KEY_BASE".to_owned()], vec!["SECRET_KEY_BASE".to_owned()])
    );
    let celery = only(&[("requirements.txt", "fastapi\ncelery[redis]\n"), ("main.py", "app = FastAPI()\n")]);
    assert_eq!(celery.services, ["redis"]);
    let build = "plugins { id 'org.springframework.boot' version '3.4.0' }\ndependencies {\n  runtimeOnly 'com.h2database:h2'\n  runtimeOnly 'org.postgresql:postgresql'\n}\n";
    let spring = |settings: &str| {
        let main = ("src/main/java/A.java", "class A { public static void main(String[] a) {} }");
        let settings = ("src/main/resources/application.properties", settings);
        only(&[("settings.gradle", ""), ("build.gradle", build), main, settings]).services
    };
    assert!(spring("database=h2\n").is_empty());
    assert_eq!(spring("spring.datasource.url=jdbc:postgresql://db/a\n"), ["postgres"]);
}

#[test]
fn libraries_with_examples_of_their_use_are_no_apps() {
    let root = ("Cargo.toml", "[workspace]\nmembers = [\"core\", \"macros\"]\n");
    let core = ("core/Cargo.toml", "[package]\nname = \"core\"\n[dependencies]\nhyper = \"1\"\n");
    let macros = ("macros/Cargo.toml", "[package]\nname = \"macros\"\n");
    let sources = [("core/src/lib.rs", ""), ("macros/src/lib.rs", "")];
    let example = ("examples/hello/Cargo.toml", "[package]\nname = \"hello\"\n[dependencies]\ncore = \"1\"\n");
    let main = ("examples/hello/src/main.rs", "fn main() {}");
    let libraries = [&[root, core, macros, example, main][..], &sources[..]].concat();
    assert_eq!(paths(&libraries), ["."], "their workspace is the project, and nothing says how it is started");
    let tool = [("tool/Cargo.toml", "[package]\nname = \"tool\"\n"), ("tool/src/main.rs", "fn main() {}")];
    assert_eq!(paths(&[&libraries[..], &tool[..]].concat()), ["tool"]);
}

#[test]
fn the_program_that_others_are_called_after_is_meant() {
    let package = |name: &str, program: &str| {
        format!("[package]\nname = \"{name}\"\n[[bin]]\nname = \"{program}\"\npath = \"src/main.rs\"\n")
    };
    let found = detect_files(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"reef-*\"]\n"),
        ("reef-cli/Cargo.toml", &package("reef-cli", "rf")),
        ("reef-cli/src/main.rs", "fn main() {}"),
        ("reef-fm/Cargo.toml", &package("reef-fm", "reef")),
        ("reef-fm/src/main.rs", "fn main() {}"),
        ("reef-core/Cargo.toml", "[package]\nname = \"reef-core\"\n"),
        ("reef-core/src/lib.rs", ""),
    ]);
    assert_eq!(found.primary.as_deref(), Some("reef-fm"));
}

#[test]
fn a_function_in_go_gets_a_program_that_calls_it() {
    let framework = "github.com/GoogleCloudPlatform/functions-framework-go v1.9.0";
    let module = format!("module example.com/hello\n\ngo 1.23\n\nrequire {framework}\n");
    let source = "package hello\n\nfunc init() {\n\tfunctions.HTTP(\"Hello\", hello)\n}\n";
    let app = only(&[("go.mod", &module), ("function.go", source)]);
    let build = app.build_command.unwrap();
    assert!(build.contains(r"\175' example.com/hello Hello > cmd/serve-function/main.go && go build"), "{build}");
    assert_eq!(app.start_command.as_deref(), Some("./bin/app"));
    assert_eq!(app.port, Some(8080));
    let program = ("main.go", "package main\n\nfunc main() {}\n");
    let app = only(&[("go.mod", &module), program]);
    assert_eq!(app.build_command.as_deref(), Some("go build -o bin/app ."), "it has a program of its own");
    let app = only(&[("go.mod", &module), ("lib.go", "package hello\n")]);
    assert_eq!(app.start_command, None);
}

#[test]
fn programs_in_a_folder_called_bin_are_read() {
    let cargo = "[package]\nname = \"shop\"\n[dependencies]\naxum = \"0.8\"\n[[bin]]\nname = \"api\"\n\
        path = \"src/bin/web.rs\"\n[[bin]]\nname = \"old\"\npath = \"old/main.rs\"\n";
    let app = only(&[
        ("Cargo.toml", cargo),
        ("src/lib.rs", ""),
        ("src/bin/admin.rs", "fn main() { env::var(\"ADMIN_KEY\"); TcpListener::bind(\"0.0.0.0:4001\") }"),
        ("src/bin/web.rs", "fn main() { env::var(\"WEB_KEY\"); TcpListener::bind(\"0.0.0.0:4002\") }"),
        ("old/main.rs", "fn main() { env::var(\"OLD_KEY\"); }"),
    ]);
    assert_eq!(app.start_command.as_deref(), Some("./target/release/api"));
    assert_eq!((app.port, app.env.as_slice()), (Some(4002), &["WEB_KEY".to_owned()][..]));
    let bins = [("src/bin/api.rs", "fn main() {}"), ("src/bin/mail.rs", "fn main() {}")];
    let said = ("Procfile", "web: ./target/release/mail\nworker: target/release/api\n");
    let mail = only(&[&[("Cargo.toml", "[package]\nname = \"shop\"\n"), said], &bins[..]].concat());
    assert_eq!(mail.develop_command.as_deref(), Some("cargo run --bin mail"));
    let told: Vec<&str> =
        app.evidence.iter().filter(|one| one.says.contains("is the program")).map(|one| one.file.as_str()).collect();
    assert_eq!(told, ["old", "src/bin/admin.rs"]);

    let package = r#"{"dependencies": {"express": "4"}, "scripts": {"start": "node ./bin/www"}}"#;
    for file in ["bin/www", "bin/www.js"] {
        let script = "var port = normalizePort(process.env.PORT || '4003');\nprocess.env.WWW_KEY\n";
        let app = only(&[("package.json", package), ("app.js", "module.exports = express();"), (file, script)]);
        assert_eq!((app.port, app.env.as_slice()), (Some(4003), &["WWW_KEY".to_owned()][..]), "{file}");
    }
    let project = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><PropertyGroup><TargetFramework>net8.0</TargetFramework>\
        </PropertyGroup></Project>";
    let left = ("bin/Debug/Left.cs", "Environment.GetEnvironmentVariable(\"LEFT\")");
    assert!(only(&[("A.csproj", project), ("Program.cs", "WebApplication"), left]).env.is_empty());
}
