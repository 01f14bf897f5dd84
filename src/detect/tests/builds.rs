//! What a build leaves, and that it is this which is started or served.

use super::only;
use crate::model::Serving;

/// A project of Node.js: its build script, its dependencies, its other files.
fn built(script: &str, dependencies: &str, more: &[(&str, &str)]) -> crate::model::AppProfile {
    let manifest = format!(r#"{{"scripts": {{"build": "{script}"}}, "dependencies": {{{dependencies}}}}}"#);
    let mut files = vec![("package.json", manifest.as_str())];
    files.extend(more.iter().copied());
    only(&files)
}

#[test]
fn files_are_served_from_where_the_build_leaves_them_and_it_is_told_why() {
    let vite = ("vite.config.ts", "export default { build: { outDir: 'site' } }");
    let page = ("index.html", "");
    let export = ("next.config.js", "module.exports = { output: 'export', distDir: 'pages' }");
    let webpack = ("webpack.config.js", "module.exports = { output: { path: path.resolve(__dirname, 'public') } }");
    let kit = r#""@sveltejs/kit": "2", "@sveltejs/adapter-static": "3", "vite": "6""#;
    for (script, dependencies, more, folder, file) in [
        ("vite build", kit, &[("vite.config.ts", "plugins: [sveltekit()]")][..], "build", "package.json"),
        ("vite build", kit, &[("svelte.config.js", "adapter({ pages: 'out' })")][..], "out", "svelte.config.js"),
        ("vite build", r#""vite": "6""#, &[page][..], "dist", "package.json"),
        ("vite build", r#""vite": "6""#, &[page, vite][..], "site", "vite.config.ts"),
        ("tsc && vite build --outDir web", r#""vite": "6", "react": "19""#, &[page, vite][..], "web", "package.json"),
        ("docusaurus build --out-dir x", r#""@docusaurus/core": "3""#, &[][..], "x", "package.json"),
        ("astro build", r#""astro": "5""#, &[("astro.config.mjs", "outDir: './o'")][..], "o", "astro.config.mjs"),
        ("next build", r#""next": "15", "react": "19""#, &[export][..], "pages", "next.config.js"),
        ("webpack", r#""webpack": "5", "react": "19""#, &[webpack][..], "public", "webpack.config.js"),
        ("nuxt generate", r#""nuxt": "^3.1""#, &[][..], ".output/public", "package.json"),
        ("nuxt generate", r#""nuxt": "2.15""#, &[][..], "dist", "package.json"),
    ] {
        let app = built(script, dependencies, more);
        assert_eq!((app.serving, app.output_dir.as_deref()), (Serving::Static, Some(folder)), "{script} {more:?}");
        let told = app.evidence.iter().any(|one| one.file == file && one.says.ends_with(folder))
            || app.evidence.iter().any(|one| one.file == file && one.says.contains(&format!("in {folder},")));
        assert!(told, "{script}: {:?}", app.evidence);
    }
    assert_eq!(built("nuxt build", r#""nuxt": "3.1""#, &[]).serving, Serving::Server);
}

#[test]
fn gradle_starts_what_it_built() {
    let main = ("src/main/java/a/Main.java", "package a;\nclass Main { static void main(String[] a) {} }");
    let named = ("settings.gradle", "rootProject.name = 'shop'\n");
    let build = |plugins: &str| format!("plugins {{\n{plugins}}}\napplication {{\n  mainClass = 'a.Main'\n}}\n");
    let (application, shadow) = ("  id 'application'\n", "  id 'com.gradleup.shadow' version '8.3.8'\n");
    let both = format!("{application}{shadow}");
    let micronaut = "implementation 'io.micronaut:micronaut-http-server-netty:4'\n";
    let installed = "./build/install/shop/bin/shop";
    for (text, is_named, task, start) in [
        (build(application), true, "installDist", installed),
        (build(&both), true, "installDist", installed),
        (build(shadow), true, "shadowJar", "java -jar build/libs/*-all.jar"),
        (build(&both), false, "shadowJar", "java -jar build/libs/*-all.jar"),
        (build(application), false, "installDist", "java -cp \"$(echo build/install/*/lib)/*\" a.Main"),
        (build(&both) + micronaut, true, "installDist", installed),
        (build(&both) + micronaut, false, "shadowJar", "java -jar build/libs/*-all.jar"),
    ] {
        let mut files = vec![main, ("build.gradle", text.as_str())];
        files.extend(is_named.then_some(named));
        let app = only(&files);
        assert_eq!(app.build_command, Some(format!("gradle --no-daemon {task}")), "{text}");
        let started = app.start_command.unwrap();
        assert_eq!(started.trim_start_matches("MICRONAUT_SERVER_PORT=$PORT "), start, "{text}");
    }
}

#[test]
fn adonis_starts_from_what_it_builds() {
    for (version, script, start) in [
        ("5.9", "node build/server.js", "npm run start"),
        ("5.9", "node server.js", "node build/server.js"),
        ("6.2", "node bin/server.js", "node build/bin/server.js"),
    ] {
        let manifest = format!(
            r#"{{"scripts": {{"build": "node ace build", "start": "{script}"}},
            "dependencies": {{"@adonisjs/core": "^{version}"}}}}"#
        );
        let app = only(&[("package.json", manifest.as_str()), ("server.ts", "import '@adonisjs/core'")]);
        assert_eq!(app.start_command.as_deref(), Some(start), "{version} {script}");
    }
}

#[test]
fn an_older_rails_gets_a_ruby_that_it_runs_with() {
    let lock = |rails: &str| format!("GEM\n  specs:\n    rails ({rails})\n    sprockets-rails (3.2)\n");
    let gems = "gem 'rails'\ngem 'sprockets-rails'\n";
    for (rails, ruby, version, task) in [
        ("4.2.6", "", "2.6", "SECRET_KEY_BASE=unused bundle exec rake"),
        ("4.2.6", "ruby '2.4.1'\n", "2.4.1", "SECRET_KEY_BASE=unused bundle exec rake"),
        ("6.0.3", "ruby '>= 2.5'\n", "2.7", "SECRET_KEY_BASE=unused bundle exec rails"),
        ("7.0.8", "", "3.3", "SECRET_KEY_BASE=unused bundle exec rails"),
        ("8.0.2", "", "3.4", "SECRET_KEY_BASE_DUMMY=1 bundle exec rails"),
    ] {
        let gemfile = format!("{ruby}{gems}");
        let app = only(&[
            ("Gemfile", gemfile.as_str()),
            ("Gemfile.lock", lock(rails).as_str()),
            ("config/application.rb", ""),
            ("app/assets/a.css", ""),
        ]);
        assert_eq!(app.runtime_version.as_deref(), Some(version), "{rails} {ruby}");
        assert_eq!(app.build_command, Some(format!("{task} assets:precompile")), "{rails}");
        let limited =
            app.evidence.iter().any(|one| one.says == format!("rails {rails} runs with Ruby {version} at most"));
        assert_eq!(limited, ruby != "ruby '2.4.1'\n" && rails != "8.0.2", "{rails} {ruby}");
    }
}

#[test]
fn packages_of_the_system_are_those_that_running_needs() {
    let node =
        |group: &str| only(&[("package.json", &format!(r#"{{"{group}": {{"puppeteer": "24"}}}}"#)), ("index.js", "")]);
    assert_eq!(node("dependencies").system_packages, ["chromium"]);
    assert_eq!(node("devDependencies").system_packages, [""; 0]);
    let python = only(&[("requirements.txt", "playwright\n"), ("main.py", "")]);
    assert_eq!(python.system_packages, ["chromium"]);
    let ruby = only(&[("Gemfile", "gem 'sinatra'\ngem 'uglifier'\ngem 'image_processing'\n"), ("app.rb", "")]);
    assert_eq!(ruby.system_packages, ["libvips42", "nodejs"]);
}

#[test]
fn requirements_are_followed_wherever_they_lie() {
    let app = only(&[
        ("requirements.txt", "-r deps/prod.txt  # all\n--constraint=deps/bounds.txt\n-r ../outside.txt\n"),
        ("deps/prod.txt", "-r ../more.in\nflask==3.0\n"),
        ("deps/bounds.txt", "redis==5\n"),
        ("more.in", "gunicorn\n"),
        ("app.py", "app = Flask(__name__)\n"),
    ]);
    let names: Vec<&str> = app.dependencies.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["flask", "gunicorn"]);
    for file in ["deps/bounds.txt", "deps/prod.txt", "more.in"] {
        assert!(app.config_files.iter().any(|known| known == file), "{file}: {:?}", app.config_files);
    }
}

#[test]
fn spring_boot_without_a_server_listens_nowhere() {
    let pom = |starter: &str| {
        format!(
            "<project><artifactId>a</artifactId><dependencies><dependency><groupId>org.springframework.boot</groupId>\
            <artifactId>spring-boot-starter{starter}</artifactId></dependency></dependencies></project>"
        )
    };
    let main = "@SpringBootApplication\nclass A { public static void main(String[] a) {} }";
    let answers = "@RestController\nclass B {}";
    let settings = ("src/main/resources/application.properties", "server.port=8081\n");
    for (starter, more, serving) in [
        ("", ("x", ""), Serving::None),
        ("-batch", ("x", ""), Serving::None),
        ("-web", ("x", ""), Serving::Server),
        ("-webflux", ("x", ""), Serving::Server),
        ("", ("src/main/java/B.java", answers), Serving::Server),
        ("", settings, Serving::Server),
        ("", ("Dockerfile", "FROM eclipse-temurin\nEXPOSE 8080\n"), Serving::Server),
    ] {
        let app = only(&[("pom.xml", pom(starter).as_str()), ("src/main/java/A.java", main), more]);
        assert_eq!((app.serving, app.port.is_some()), (serving, serving == Serving::Server), "{starter} {more:?}");
        assert_eq!(app.framework.unwrap().name, "spring-boot");
    }
}

#[test]
fn meteor_says_its_own_version() {
    let manifest = r#"{"dependencies": {"meteor-node-stubs": "^1.2.5"}, "scripts": {"start": "meteor run"}}"#;
    let app = only(&[("package.json", manifest), (".meteor/release", "METEOR@3.0-rc.4\n")]);
    assert_eq!(app.framework.and_then(|found| found.version).as_deref(), Some("3.0-rc.4"));
}

#[test]
fn a_dockerfile_at_the_root_is_that_of_the_only_app_below() {
    let project = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><PropertyGroup><TargetFramework>net8.0</TargetFramework>\
        </PropertyGroup></Project>";
    let tool =
        "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><OutputType>Exe</OutputType></PropertyGroup></Project>";
    let solution = "Project(\"{F}\") = \"A\", \"src\\A\\A.csproj\"\nProject(\"{F}\") = \"b\", \"build\\b.csproj\"\n";
    let files = |dockerfile: &str| {
        let dockerfile = dockerfile.to_owned();
        only(&[
            ("A.sln", solution),
            ("src/A/A.csproj", project),
            ("src/A/Program.cs", "WebApplication"),
            ("build/b.csproj", tool),
            ("build/Program.cs", "x();"),
            ("Dockerfile", dockerfile.as_str()),
        ])
    };
    let app = files("FROM a\nCOPY . .\nEXPOSE 8085\n");
    assert_eq!((app.path.as_str(), app.dockerfile.as_deref(), app.port), ("src/A", Some("Dockerfile"), Some(8085)));
    assert_eq!(files("FROM a\nCOPY docs/ /docs\n").dockerfile, None);
}

/// What builds an app of a workspace that needs `@me/ui`, which needs `@me/core`; `more` makes it the manager's.
fn in_workspace(root: &str, own: &str, more: &[(&str, &str)]) -> Option<String> {
    let root = format!(r#"{{"private": true, "workspaces": ["apps/*", "packages/*"], {root}}}"#);
    let app = format!(
        r#"{{"name": "web", {own} "dependencies": {{"express": "4", "@me/ui": "*", "@me/config": "*"}},
        "devDependencies": {{"@me/tests": "*"}}}}"#
    );
    let library = |name: &str, needs: &str| {
        format!(
            r#"{{"name": "@me/{name}", "exports": {{}}, "scripts": {{"build": "tsc"}}, "dependencies": {{{needs}}}}}"#
        )
    };
    let (core, ui) = (library("core", ""), library("ui", r#""@me/core": "*", "web": "*""#));
    let (unused, tests) = (library("unused", ""), library("tests", ""));
    let mut files = vec![
        ("package.json", root.as_str()),
        ("apps/web/package.json", app.as_str()),
        ("apps/web/server.js", "require('express')().listen(3000)"),
        ("packages/ui/package.json", ui.as_str()),
        ("packages/core/package.json", core.as_str()),
        ("packages/unused/package.json", unused.as_str()),
        ("packages/tests/package.json", tests.as_str()),
        ("packages/config/package.json", r#"{"name": "@me/config", "exports": {}}"#),
    ];
    files.extend(more.iter().copied());
    let app = super::detect_files(&files).apps.into_iter().find(|app| app.path == "apps/web").unwrap();
    let told = app
        .evidence
        .iter()
        .any(|one| one.says == "depends on @me/core, @me/ui, @me/tests of the workspace, built before it");
    assert!(told, "{:?}", app.evidence);
    app.build_command
}

#[test]
fn what_an_app_needs_of_its_workspace_is_built_before_it() {
    let script = r#""scripts": {"build": "tsc"},"#;
    let turbo = r#""devDependencies": {"turbo": "2"}"#;
    let ordered = ("turbo.json", r#"{"tasks": {"build": {"dependsOn": ["^build"]}}}"#);
    let workspace = ("pnpm-workspace.yaml", "packages: ['apps/*', 'packages/*']");
    let with = |command: &str| {
        ["core", "ui", "tests"].map(|name| command.replace("{}", &format!("../../packages/{name}"))).join(" && ")
    };
    let npm = with("npm --prefix {} run build");
    for (root, own, more, expected) in [
        (r#""name": "r""#, script, &[][..], format!("{npm} && npm run build")),
        (r#""name": "r""#, "", &[][..], npm.clone()),
        (r#""name": "r""#, script, &[("yarn.lock", "")][..], with("yarn --cwd {} run build") + " && yarn run build"),
        (r#""name": "r""#, script, &[("bun.lock", "{}")][..], with("bun run --cwd {} build") + " && bun run build"),
        (r#""name": "r""#, script, &[workspace][..], "pnpm --filter web... run build".to_owned()),
        (turbo, script, &[ordered][..], "npx turbo run build --filter=web...".to_owned()),
        (
            turbo,
            script,
            &[ordered, ("yarn.lock", "")][..],
            "yarn --cwd ../.. run turbo run build --filter=web...".to_owned(),
        ),
        (turbo, script, &[ordered, workspace][..], "pnpm exec turbo run build --filter=web...".to_owned()),
        // Without an order of tasks, or where nothing installs it, Turborepo does not do it.
        (turbo, script, &[("turbo.json", r#"{"tasks": {"build": {}}}"#)][..], format!("{npm} && npm run build")),
        (r#""name": "r""#, script, &[ordered][..], format!("{npm} && npm run build")),
    ] {
        assert_eq!(in_workspace(root, own, more), Some(expected), "{root} {own} {more:?}");
    }
    // Another script than `build` builds it.
    let own = r#""scripts": {"gcp-build": "tsc"},"#;
    let filtered = "pnpm --filter web^... run build && pnpm run gcp-build";
    assert_eq!(in_workspace(r#""name": "r""#, own, &[workspace]).as_deref(), Some(filtered));
}

#[test]
fn what_comes_from_a_registry_is_not_built_first() {
    let found = super::detect_files(&[
        ("package.json", r#"{"name": "lib", "exports": {}, "scripts": {"build": "tsc"}}"#),
        ("demo/package.json", r#"{"name": "demo", "scripts": {"start": "node a.js"}, "dependencies": {"lib": "^1"}}"#),
        ("demo/a.js", "require('http').createServer().listen(3000)"),
    ]);
    let demo = found.apps.iter().find(|app| app.path == "demo").unwrap();
    assert_eq!(demo.build_command, None);
}

#[test]
fn what_a_bundler_writes_into_what_it_makes_is_the_builds() {
    let reads = "const a = import.meta.env.VITE_A, b = process.env.NEXT_PUBLIC_B, c = process.env.CC,\n\
                 d = process.env.NUXT_PUBLIC_D, e = process.env.DATABASE_URL, f = import.meta.env.PUBLIC_F;";
    let page = ("index.html", "");
    for (script, dependencies, more, expected) in [
        ("vite build", r#""react-router": "7", "@react-router/node": "7", "vite": "6""#, None, &["VITE_A"][..]),
        ("next build", r#""next": "15", "react": "19""#, None, &["NEXT_PUBLIC_B"][..]),
        ("nuxt build", r#""nuxt": "3.1""#, None, &[][..]),
        ("tsc", r#""express": "5""#, None, &[][..]),
        ("astro build", r#""astro": "5", "@astrojs/node": "9""#, None, &["PUBLIC_F"][..]),
        // Files read nothing.
        (
            "vite build",
            r#""vite": "6", "react": "19""#,
            Some(page),
            &["CC", "NEXT_PUBLIC_B", "NUXT_PUBLIC_D", "PUBLIC_F", "VITE_A"][..],
        ),
    ] {
        let files: Vec<_> = [("src/a.ts", reads)].into_iter().chain(more).collect();
        let app = built(script, dependencies, &files);
        assert_eq!(app.build_env, expected, "{dependencies}");
        assert!(app.build_env.iter().all(|name| app.env.contains(name)));
    }
}

#[test]
fn what_sounds_secret_goes_into_no_build_unless_it_is_said_to_be_none() {
    use crate::detect::{MemoryTree, detect, settings};
    use crate::model::Environment::Production;
    let found = |said: &'static str| {
        let tree = MemoryTree::new([
            ("package.json", r#"{"scripts": {"build": "vite build"}, "dependencies": {"vite": "6", "vue": "3"}}"#),
            ("index.html", ""),
            ("src/a.ts", "import.meta.env.VITE_MAPS_TOKEN + import.meta.env.VITE_URL"),
            ("wharf.toml", said),
        ]);
        let (found, settings) = (detect(&tree), settings(&tree).unwrap());
        let app = settings.applied_to(&found.apps[0], Production);
        (app.build_env, app.env, found.warnings)
    };
    let (built, read, warnings) = found("");
    assert_eq!((built, read), (vec!["VITE_URL".to_owned()], vec!["VITE_URL".to_owned()]));
    assert!(warnings[0].says.starts_with("VITE_MAPS_TOKEN sounds secret"), "{warnings:?}");
    let (built, _, warnings) = found("[app.env]\nVITE_MAPS_TOKEN = \"pk.1\"\n");
    assert_eq!((built.len(), warnings.len()), (2, 0), "{warnings:?}");
}

#[test]
fn an_app_names_the_packages_of_its_project() {
    use crate::detect::{MemoryTree, detect};
    let tree = MemoryTree::new([
        ("package.json", r#"{"workspaces": ["apps/*", "packages/*"]}"#),
        ("apps/web/package.json", r#"{"name": "web", "scripts": {"start": "node ."}, "dependencies": {"a": "*"}}"#),
        ("apps/web/index.js", "require('http').createServer().listen(1)"),
        ("packages/a/package.json", r#"{"name": "a", "dependencies": {"b": "*"}, "devDependencies": {"c": "*"}}"#),
        ("packages/b/package.json", r#"{"name": "b"}"#),
        ("packages/c/package.json", r#"{"name": "c"}"#),
    ]);
    assert_eq!(detect(&tree).apps[0].packages, ["packages/a", "packages/b"]);
}
