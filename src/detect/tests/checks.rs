//! How projects are tested, checked and developed.

use super::only;
use crate::model::AppProfile;

/// The commands of the one app of these files: install for checks, test, lint, develop; `-` for none.
fn commands(files: &[(&str, &str)]) -> [String; 4] {
    let AppProfile { check_install_command, test_command, lint_command, develop_command, .. } = only(files);
    [check_install_command, test_command, lint_command, develop_command]
        .map(|command| command.unwrap_or_else(|| "-".to_owned()))
}

/// Files, the test command and the lint command.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

/// A package with these scripts and these packages to develop with.
fn node(scripts: &str, packages: &str) -> String {
    format!(r#"{{"scripts": {{{scripts}}}, "dependencies": {{"express": "4"}}, "devDependencies": {{{packages}}}}}"#)
}

#[test]
fn a_script_is_a_test_where_it_tests_something_and_ends() {
    let spec = ("src/a.test.js", "");
    for (scripts, packages, there, expected) in [
        (r#""test": "echo \"Error: no test specified\" && exit 1""#, "", true, "-"),
        (r#""test": "jest""#, r#""jest": "29""#, true, "npm run test"),
        (r#""test": "jest""#, r#""jest": "29""#, false, "-"),
        (r#""test": "jest --passWithNoTests""#, r#""jest": "29""#, false, "npm run test"),
        // Nobody brings the program.
        (r#""test": "jest""#, "", true, "-"),
        (r#""test": "vitest""#, r#""vitest": "3""#, true, "CI=true npm run test"),
        (r#""test": "vitest run""#, r#""vitest": "3""#, true, "npm run test"),
        (r#""test": "vitest --watch""#, r#""vitest": "3""#, true, "npx vitest run"),
        (r#""test": "react-scripts test""#, r#""react-scripts": "5""#, true, "CI=true npm run test"),
        (r#""test": "npm run test:unit", "test:unit": "vitest""#, r#""vitest": "3""#, true, "CI=true npm run test"),
        (r#""test": "playwright test", "test:unit": "mocha""#, r#""mocha": "11""#, true, "npm run test:unit"),
        (r#""test": "playwright test""#, r#""playwright": "1""#, true, "-"),
        (r#""start": "node a.js""#, r#""vitest": "3""#, true, "npx vitest run"),
        (r#""start": "node a.js""#, r#""vitest": "3""#, false, "-"),
    ] {
        let manifest = node(scripts, packages);
        let files = [("package.json", manifest.as_str()), ("index.js", "x.listen(1)"), spec];
        let [_, test, ..] = commands(if there { &files } else { &files[..2] });
        assert_eq!(test, expected, "{manifest}");
    }
}

#[test]
fn a_check_is_what_the_project_is_set_up_for() {
    let eslint = ("eslint.config.js", "");
    for (scripts, packages, expected) in [
        ("", r#""eslint": "9""#, "npx eslint ."),
        ("", "", "-"),
        (
            r#""lint": "eslint src", "typecheck": "tsc --noEmit""#,
            r#""eslint": "9", "typescript": "5""#,
            "npm run lint && npm run typecheck",
        ),
        (r#""lint": "eslint --fix .", "lint:check": "eslint .""#, r#""eslint": "9""#, "npm run lint:check"),
        (r#""lint": "eslint .""#, "", "-"),
        (r#""lint": "next lint""#, r#""eslint": "9", "next": "15.1.0""#, "npm run lint"),
        (r#""lint": "next lint""#, r#""eslint": "9", "next": "16.0.0""#, "npx eslint ."),
        (
            r#""check": "svelte-check", "format:check": "prettier --check .""#,
            r#""svelte-check": "4", "prettier": "3""#,
            "npm run check && npm run format:check",
        ),
        (r#""check": "npm run build && node dist/check""#, "", "-"),
    ] {
        let manifest = node(scripts, packages);
        let [_, _, lint, _] = commands(&[("package.json", &manifest), ("index.js", ""), eslint]);
        assert_eq!(lint, expected, "{manifest}");
    }
}

#[test]
fn what_develops_listens_where_it_is_told() {
    for (scripts, packages, expected) in [
        (r#""dev": "vite""#, r#""vite": "6""#, "npm run dev -- --host 0.0.0.0 --port $PORT"),
        (r#""dev": "vite --port 5000 --open""#, r#""vite": "6""#, "npx vite --host 0.0.0.0 --port $PORT"),
        (r#""dev": "next dev -p 3001 --turbo""#, r#""next": "15""#, "npx next dev --turbo -H 0.0.0.0 -p $PORT"),
        (r#""dev": "concurrently \"vite\" \"node api.js\"""#, r#""vite": "6""#, "npm run dev"),
        (r#""start": "node index.js""#, "", "node --watch index.js"),
        (r#""dev": "nodemon index.js""#, "", "npm run dev"),
    ] {
        let manifest = node(scripts, packages);
        let [.., develop] = commands(&[("package.json", &manifest), ("index.js", "x.listen(1)")]);
        assert_eq!(develop, expected, "{manifest}");
    }
    let manifest = node(r#""dev": "vite""#, r#""vite": "6""#);
    let [.., develop] = commands(&[("package.json", &manifest), ("index.js", ""), ("pnpm-lock.yaml", "")]);
    assert_eq!(develop, "pnpm run dev --host 0.0.0.0 --port $PORT");
}

#[test]
fn python_checks_run_within_what_the_manager_installs() {
    let project = "[project]\nname = \"a\"\ndependencies = [\"fastapi\", \"uvicorn\"]\n";
    let extras =
        format!("{project}[project.optional-dependencies]\ndev = [\"pytest\", \"ruff\"]\ndocs = [\"mkdocs\"]\n");
    let groups = format!("{project}[dependency-groups]\ndev = [\"pytest\"]\nlint = [\"ruff\"]\n");
    let (main, test) = (("main.py", "app = FastAPI()\n"), ("tests/test_a.py", "import pytest\n"));
    for (files, expected) in [
        (
            vec![("pyproject.toml", groups.as_str()), ("uv.lock", ""), main, test],
            ["uv sync --frozen --group lint", "uv run python -m pytest", "uv run ruff check ."],
        ),
        (
            vec![("pyproject.toml", extras.as_str()), main, test],
            ["pip install -e '.[dev]'", "python -m pytest", "ruff check ."],
        ),
        (
            vec![("requirements.txt", "fastapi\nuvicorn\n"), ("requirements-dev.txt", "pytest\nblack\n"), main, test],
            ["pip install -r requirements.txt -r requirements-dev.txt", "python -m pytest", "black --check ."],
        ),
        // Tests that ask for what no list names.
        (
            vec![("requirements.txt", "fastapi\nuvicorn\n"), main, test],
            ["pip install -r requirements.txt pytest", "python -m pytest", "-"],
        ),
        (
            vec![("requirements.txt", "flask\n"), main, ("tests/test_a.py", "import unittest\n")],
            ["pip install -r requirements.txt", "python -m unittest discover -s tests", "-"],
        ),
        (
            vec![("requirements.txt", "django\n"), ("manage.py", "import django"), ("shop/tests.py", "")],
            ["pip install -r requirements.txt", "python manage.py test", "-"],
        ),
    ] {
        let [install, test, lint, _] = commands(&files);
        assert_eq!([install, test, lint], expected, "{files:?}");
    }
}

#[test]
fn every_stack_has_a_way_to_test() {
    let pom = "<project><artifactId>a</artifactId><build><plugins><plugin><artifactId>maven-checkstyle-plugin</artifactId>\
               </plugin></plugins></build></project>";
    let main = ("src/main/java/A.java", "class A { public static void main(String[] a) {} }");
    let composer = r#"{"require": {"laravel/framework": "^12"}, "require-dev": {"nunomaduro/collision": "8", "laravel/pint": "1"}}"#;
    let cases: &[Case<'_>] = &[
        (
            &[("go.mod", "module a.b/c\n"), ("main.go", "package main\n"), ("a_test.go", "")],
            "go test ./...",
            "go vet ./...",
        ),
        (
            &[("go.mod", "module a.b/c\n"), ("main.go", "package main\n"), (".golangci.yml", "version: \"2\"\n")],
            "-",
            "go vet ./... && golangci-lint run",
        ),
        (
            &[("Cargo.toml", "[package]\nname = \"a\"\n"), ("src/main.rs", "#[test]\nfn a() {}\n"), ("Cargo.lock", "")],
            "cargo test --locked",
            "cargo fmt --check && cargo clippy --all-targets --locked",
        ),
        (
            &[("pom.xml", pom), main, ("mvnw", ""), ("src/test/java/ATest.java", "")],
            "./mvnw --batch-mode test",
            "./mvnw --batch-mode checkstyle:check",
        ),
        (
            &[("build.gradle", "plugins { id 'application' }\n"), main, ("src/test/java/ATest.java", "")],
            "gradle --no-daemon test",
            "-",
        ),
        (
            &[("composer.json", composer), ("artisan", ""), ("tests/Unit/ATest.php", "")],
            "php artisan test",
            "vendor/bin/pint --test",
        ),
        (
            &[
                ("Gemfile", "gem 'rails'\ngem 'rubocop-rails-omakase'\n"),
                ("config.ru", ""),
                ("test/models/a_test.rb", ""),
            ],
            "bundle exec rails test",
            "bundle exec rubocop",
        ),
        (
            &[("mix.exs", "[app: :a, mod: {A, []}]\n"), ("test/a_test.exs", ""), (".formatter.exs", "")],
            "mix test",
            "mix format --check-formatted",
        ),
        (
            &[("deno.json", "{\"lint\": {}}"), ("main.ts", "Deno.serve(() => {})"), ("main_test.ts", "")],
            "deno test --allow-all",
            "deno lint",
        ),
        (
            &[("bun.lock", "{}"), ("package.json", "{}"), ("index.ts", "Bun.serve({})"), ("a.test.ts", "")],
            "bun test",
            "-",
        ),
        (
            &[
                ("build.sbt", "scalaVersion := \"3.3.4\"\n"),
                ("src/main/scala/A.scala", "object A extends App\n"),
                ("src/test/scala/B.scala", ""),
            ],
            "sbt test",
            "-",
        ),
        (
            &[("gleam.toml", "name = \"a\"\n"), ("src/a.gleam", "pub fn main() { Nil }\n"), ("test/a_test.gleam", "")],
            "gleam test",
            "gleam format --check",
        ),
        (
            &[
                ("CMakeLists.txt", "project(a)\nadd_executable(a a.cpp)\nenable_testing()\n"),
                ("a.cpp", "int main() {}"),
            ],
            "cmake -S . -B build -DCMAKE_BUILD_TYPE=Debug && cmake --build build --parallel && ctest --test-dir build --output-on-failure",
            "-",
        ),
    ];
    for (files, test, lint) in cases {
        let [_, found, checked, _] = commands(files);
        assert_eq!([found.as_str(), checked.as_str()], [*test, *lint], "{files:?}");
    }
}

#[test]
fn the_project_that_tests_a_dotnet_project_is_found_beside_it() {
    let app = r#"<Project Sdk="Microsoft.NET.Sdk.Web"><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup></Project>"#;
    let tests = r#"<Project Sdk="Microsoft.NET.Sdk"><ItemGroup><PackageReference Include="Microsoft.NET.Test.Sdk" />
        <ProjectReference Include="..\..\src\Shop\Shop.csproj" /></ItemGroup></Project>"#;
    let files =
        [("src/Shop/Shop.csproj", app), ("src/Shop/Program.cs", ""), ("tests/Shop.Tests/Shop.Tests.csproj", tests)];
    let [install, test, lint, _] = commands(&files);
    assert_eq!(test, "dotnet test ../../tests/Shop.Tests/Shop.Tests.csproj");
    assert_eq!(install, "dotnet restore Shop.csproj && dotnet restore ../../tests/Shop.Tests/Shop.Tests.csproj");
    assert_eq!(lint, "-");
}
