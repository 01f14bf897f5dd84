//! Profiles as detection makes them, one for each kind of project that generation tells apart.

use wharf::generate::Order;
use wharf::model::{AppProfile, Artifact, Dependency, Framework, Problem, Process, Serving, Settings};

/// What is generated for an app where nobody says what.
pub(crate) fn usual(profile: &AppProfile) -> Result<Vec<Artifact>, Problem> {
    let wanted = ["docker", "compose"].map(str::to_owned).into();
    Order::new("shop", &[profile], &Settings::default()).artifacts(&wanted)
}

/// The services that there are, by their names.
pub(crate) fn services() -> Vec<String> {
    let folder = std::path::Path::new(super::wharf::ROOT).join("templates/services");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = files.map(|file| file.trim_end_matches(".toml").to_owned()).collect();
    names.sort();
    names
}

/// Whether a service runs in production too.
pub(crate) fn is_in_production(service: &str) -> bool {
    let file = std::path::Path::new(super::wharf::ROOT).join(format!("templates/services/{service}.toml"));
    !std::fs::read_to_string(file).unwrap().contains("[stands_in]")
}

/// Beginning of a profile: a server of this stack at the project's root.
pub(crate) fn of(stack: &str, start: &str) -> AppProfile {
    AppProfile {
        path: ".".to_owned(),
        name: "web".to_owned(),
        stack: stack.to_owned(),
        start_command: Some(start.to_owned()),
        health_path: Some("/health".to_owned()),
        confidence: 0.9,
        ..AppProfile::default()
    }
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

/// What is told about a profile in words, without the noise of structs.
pub(crate) trait With: Sized {
    fn framework(self, name: &str) -> Self;
    fn manager(self, name: &str, install: &str) -> Self;
    fn build(self, command: &str) -> Self;
    fn runtime(self, version: &str, port: u16) -> Self;
    fn files(self, files: &[&str]) -> Self;
    fn needs(self, services: &[&str], env: &[&str], required: &[&str]) -> Self;
    fn depends(self, names: &[&str]) -> Self;
    fn packages(self, names: &[&str]) -> Self;
    fn serves(self, folder: &str) -> Self;
    fn at(self, path: &str) -> Self;
    fn beside(self, name: &str, command: &str) -> Self;
}

impl With for AppProfile {
    fn framework(mut self, name: &str) -> Self {
        self.framework = Some(Framework { name: name.to_owned(), version: None });
        self
    }

    fn manager(mut self, name: &str, install: &str) -> Self {
        self.package_manager = Some(name.to_owned());
        self.install_command = Some(install.to_owned());
        self
    }

    fn build(mut self, command: &str) -> Self {
        self.build_command = Some(command.to_owned());
        self
    }

    fn runtime(mut self, version: &str, port: u16) -> Self {
        self.runtime_version = Some(version.to_owned());
        self.port = Some(port);
        self
    }

    fn files(mut self, files: &[&str]) -> Self {
        self.config_files = words(files);
        self
    }

    fn needs(mut self, services: &[&str], env: &[&str], required: &[&str]) -> Self {
        (self.services, self.env, self.required_env) = (words(services), words(env), words(required));
        self
    }

    fn depends(mut self, names: &[&str]) -> Self {
        let dependency = |name: &&str| Dependency { name: (*name).to_owned(), ..Dependency::default() };
        self.dependencies = names.iter().map(dependency).collect();
        self
    }

    fn packages(mut self, names: &[&str]) -> Self {
        self.system_packages = words(names);
        self
    }

    fn serves(mut self, folder: &str) -> Self {
        self.serving = Serving::Static;
        self.output_dir = Some(folder.to_owned());
        self
    }

    fn beside(mut self, name: &str, command: &str) -> Self {
        let (name, command) = (name.to_owned(), command.to_owned());
        self.processes.push(Process { name, command, develop_command: None, single: false });
        self
    }

    fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }
}

/// All kinds, by name.
#[allow(clippy::too_many_lines, reason = "a table")]
pub(crate) fn all() -> Vec<(&'static str, AppProfile)> {
    vec![
        ("node-express", express()),
        (
            "node-nextjs-pnpm",
            of("node", "pnpm run start")
                .framework("nextjs")
                .manager("pnpm", "pnpm install --frozen-lockfile")
                .build("pnpm run build")
                .runtime("20", 3000),
        ),
        (
            "node-yarn-berry",
            AppProfile {
                package_manager_version: Some("4.5.0".to_owned()),
                ..of("node", "yarn run start")
                    .framework("nestjs")
                    .manager("yarn", "yarn install --immutable")
                    .build("yarn run build")
                    .runtime("22", 3000)
            },
        ),
        (
            "node-react-static",
            of("node", "npx vite preview")
                .framework("react")
                .manager("npm", "npm ci")
                .build("npm run build")
                .runtime("22", 8080)
                .serves("dist"),
        ),
        (
            "node-gatsby-static",
            of("node", "npx gatsby serve")
                .framework("gatsby")
                .manager("npm", "npm ci")
                .build("npm run build")
                .runtime("22", 8080)
                .serves("public"),
        ),
        (
            "node-workspace",
            of("node", "node dist/main.js")
                .manager("pnpm", "pnpm install --frozen-lockfile")
                .build("pnpm run build")
                .runtime("22", 3000)
                .files(&["apps/api/package.json", "pnpm-lock.yaml"])
                .at("apps/api"),
        ),
        (
            "python-fastapi",
            of("python", "uvicorn main:app --host 0.0.0.0 --port $PORT")
                .framework("fastapi")
                .manager("pip", "pip install -r requirements.txt")
                .runtime("3.12", 8000)
                .needs(&["redis"], &["REDIS_URL"], &[]),
        ),
        (
            "python-django-poetry",
            of("python", "poetry run gunicorn shop.wsgi --bind 0.0.0.0:$PORT")
                .framework("django")
                .manager("poetry", "poetry install --only main")
                .build("poetry run python manage.py collectstatic --noinput")
                .runtime("3.11", 8000)
                .packages(&["libpq-dev"])
                .needs(&["postgres"], &["DATABASE_URL"], &["SECRET_KEY"]),
        ),
        (
            "python-flask-uv",
            of("python", "uv run flask run --host 0.0.0.0")
                .framework("flask")
                .manager("uv", "uv sync --frozen --no-dev")
                .runtime("3.13", 5000),
        ),
        (
            "php-plain",
            of("php", "php -S 0.0.0.0:$PORT -t public public/index.php")
                .manager("composer", "composer install --no-dev")
                .runtime("8.2", 8000),
        ),
        (
            "php-laravel",
            of("php", "php artisan serve --host 0.0.0.0")
                .framework("laravel")
                .manager("composer", "composer install --no-dev")
                .runtime("8.3", 8000)
                .depends(&["ext-intl", "ext-json", "laravel/framework"])
                .needs(&["mysql", "redis"], &["APP_KEY"], &["APP_KEY"]),
        ),
        (
            "php-reactphp",
            of("php", "php server.php")
                .framework("reactphp")
                .manager("composer", "composer install --no-dev")
                .runtime("8.3", 8080),
        ),
        (
            "go-standard",
            of("go", "./bin/web")
                .manager("gomod", "go mod download")
                .build("go build -o bin/web .")
                .runtime("1.24", 8080),
        ),
        (
            "go-sqlite-shell",
            of("go", "./bin/web -listen :$PORT")
                .manager("gomod", "go mod download")
                .build("go build -o bin/web ./cmd/web")
                .runtime("1.23.4", 8080)
                .depends(&["github.com/mattn/go-sqlite3"]),
        ),
        (
            "go-processes",
            of("go", "bin/web")
                .manager("gomod", "go mod download")
                .build("go build -o bin/web ./cmd/web && go build -o bin/worker ./cmd/worker")
                .runtime("1.24", 8080)
                .beside("again", "./bin/web --again")
                .beside("worker", "bin/worker --patient"),
        ),
        (
            "ruby-plain",
            of("ruby", "ruby app.rb")
                .manager("bundler", "bundle install")
                .runtime("3.3", 3000)
                .files(&["Gemfile", "Gemfile.lock"]),
        ),
        (
            "ruby-rails",
            of("ruby", "bundle exec puma -C config/puma.rb")
                .framework("rails")
                .manager("bundler", "bundle install")
                .build("bundle exec rails assets:precompile")
                .runtime("3.4", 3000)
                .files(&["Gemfile", "Gemfile.lock"])
                .needs(&["postgres"], &["DATABASE_URL"], &["SECRET_KEY_BASE"]),
        ),
        (
            "java-maven",
            of("java", "java -jar target/demo-1.0.0.jar")
                .manager("maven", "mvn -B dependency:go-offline")
                .build("mvn -B -DskipTests package")
                .runtime("21", 8080),
        ),
        (
            "java-spring-gradle",
            of("java", "java -jar build/libs/app.jar")
                .framework("spring-boot")
                .manager("gradle", "")
                .build("./gradlew bootJar")
                .runtime("21", 8080)
                .needs(&["postgres"], &[], &[]),
        ),
        (
            "java-quarkus",
            of("java", "java -jar target/quarkus-app/quarkus-run.jar")
                .framework("quarkus")
                .manager("maven", "")
                .build("./mvnw -B package")
                .runtime("17", 8080),
        ),
        (
            "dotnet-aspnet",
            of("dotnet", "dotnet out/Demo.dll")
                .framework("aspnet")
                .manager("nuget", "dotnet restore")
                .build("dotnet publish -c Release -o out")
                .runtime("8.0", 8080),
        ),
        (
            "rust-axum",
            of("rust", "./target/release/axum-demo")
                .framework("axum")
                .manager("cargo", "cargo fetch")
                .build("cargo build --release --locked")
                .runtime("1.90", 3000),
        ),
        (
            "rust-rocket-workspace",
            of("rust", "../../target/release/api")
                .framework("rocket")
                .manager("cargo", "cargo fetch")
                .build("cargo build --release")
                .runtime("1.85", 8000)
                .files(&["crates/api/Cargo.toml", "Cargo.lock"])
                .at("crates/api")
                .packages(&["libpq5"]),
        ),
        ("static-plain", AppProfile { start_command: None, ..of("static", "") }.serves(".")),
        (
            "static-hugo",
            AppProfile { start_command: None, ..of("static", "") }
                .framework("hugo")
                .build("hugo --minify")
                .serves("public"),
        ),
        (
            "worker",
            AppProfile {
                serving: Serving::None,
                health_path: None,
                ..of("python", "python worker.py").manager("pip", "pip install -r requirements.txt").needs(
                    &["mongodb"],
                    &["MONGO_URL"],
                    &[],
                )
            },
        ),
    ]
}

/// Express with `PostgreSQL`: what most tests look at.
pub(crate) fn express() -> AppProfile {
    of("node", "node server.js").framework("express").manager("npm", "npm ci").runtime(">=20", 3000).needs(
        &["postgres"],
        &["DATABASE_URL", "LOG_LEVEL", "PORT"],
        &["SESSION_SECRET"],
    )
}
