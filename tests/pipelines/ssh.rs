//! `infra/ssh/deploy.sh`, run with stand-ins for ssh and Docker.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use wharf::model::{AppProfile, Settings};

use super::{files, read, whole};

/// Runs on the machine, which is a folder, what it is told.
const SSH: &str = r#"#!/bin/sh
shift 3
cd "$MACHINE" && exec sh -c "$*"
"#;

/// Notes what it is asked for; a version that is called broken never turns healthy.
const DOCKER: &str = r#"#!/bin/sh
echo "$* | ${TAG:-}" >> "$MACHINE/asked"
case "$*" in
  *" login "*) cat > "$MACHINE/password" ;;
  *"config --images") echo "$REGISTRY/shop:$TAG"; echo postgres:16 ;;
  *" run "*) [ "$TAG" != unfit ] ;;
  *" up "*) [ "$TAG" != broken ] ;;
esac
"#;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = TempDir::new().unwrap();
        let app = AppProfile { release_command: Some("npx prisma migrate deploy".to_owned()), ..whole() };
        for (path, text) in files("ssh", "shop", &[&app], &Settings::default()) {
            write(&place.path().join("project").join(path), &text);
        }
        for (name, text) in [("ssh", SSH), ("docker", DOCKER)] {
            let path = place.path().join("bin").join(name);
            write(&path, text);
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::create_dir(place.path().join("machine")).unwrap();
        Self(place)
    }

    fn deploy(&self, environment: &str, version: &str) -> Output {
        let path = format!("{}:{}", self.0.path().join("bin").display(), std::env::var("PATH").unwrap());
        Command::new("sh")
            .arg(self.0.path().join("project/infra/ssh/deploy.sh"))
            .args([environment, version])
            .env("PATH", path)
            .env("MACHINE", self.0.path().join("machine"))
            .env("DEPLOY_HOST", "deploy@machine")
            .env("DEPLOY_KEY", "a key")
            .env("REGISTRY", "registry.example.org/you/shop")
            .env("REGISTRY_USER", "robot$you; id")
            .env("REGISTRY_PASSWORD", "hush")
            .output()
            .unwrap()
    }

    /// What Docker was asked since the last time.
    fn asked(&self) -> String {
        let asked = self.on_machine("asked");
        fs::remove_file(self.0.path().join("machine/asked")).unwrap_or_default();
        asked
    }

    fn on_machine(&self, path: &str) -> String {
        fs::read_to_string(self.0.path().join("machine").join(path)).unwrap_or_default()
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn a_version_that_does_not_turn_healthy_gives_way_to_the_one_before() {
    let place = Place::new();
    let output = place.deploy("production", "1.0.0");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(place.on_machine("shop/production/version"), "1.0.0\n");
    assert!(place.on_machine("shop/production/compose.yaml").contains("name: shop-production"));
    let asked = place.on_machine("asked");
    assert!(asked.contains("compose --project-name shop-production --file compose.next.yaml up --detach"), "{asked}");
    assert!(asked.contains("pull --quiet registry.example.org/you/shop/shop:1.0.0"), "{asked}");
    assert!(asked.contains("login registry.example.org --username robot$you; id --password-stdin"), "{asked}");
    assert!(!asked.contains("hush") && place.on_machine("password") == "hush", "{asked}");

    let output = place.deploy("production", "broken");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("back to 1.0.0"), "{output:?}");
    assert_eq!(place.on_machine("shop/production/version"), "1.0.0\n");
    let asked = place.on_machine("asked");
    assert!(asked.lines().last().unwrap().ends_with("| 1.0.0"), "{asked}");

    let output = place.deploy("staging", "2.0.0");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(place.on_machine("shop/staging/version"), "2.0.0\n");
    assert_eq!(place.on_machine("shop/production/version"), "1.0.0\n");
}

#[test]
fn what_is_no_version_reaches_no_machine() {
    let place = Place::new();
    for (environment, version) in [("production", "$(id)"), ("production", ""), ("nowhere", "1.0.0"), ("", "")] {
        let output = place.deploy(environment, version);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
    assert_eq!(place.on_machine("asked"), "");
}

#[test]
fn a_migration_runs_once_before_a_version_that_never_ran() {
    let place = Place::new();
    assert!(place.deploy("production", "1.0.0").status.success());
    let asked = place.asked();
    let at =
        |part: &str| asked.lines().position(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {asked}"));
    assert!(at("pull --quiet") < at("run --rm -T web-release | 1.0.0"), "{asked}");
    assert!(at("run --rm -T web-release | 1.0.0") < at("up --detach --wait"), "{asked}");
    assert_eq!(asked.matches(" run ").count(), 1, "{asked}");

    let output = place.deploy("production", "unfit");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("it stays at 1.0.0"), "{output:?}");
    assert!(!place.asked().contains(" up "), "what ran goes on");
    assert_eq!(place.on_machine("shop/production/version"), "1.0.0\n");

    assert!(place.deploy("production", "2.0.0").status.success());
    assert!(place.asked().contains("web-release | 2.0.0"));
    assert!(place.deploy("production", "1.0.0").status.success());
    let asked = place.asked();
    assert!(asked.contains(" up ") && !asked.contains(" run "), "the way back changes no database: {asked}");
}

#[test]
fn images_go_once_nothing_can_go_back_to_them() {
    let place = Place::new();
    assert!(place.deploy("staging", "2").status.success());
    for version in 1..=8 {
        assert!(place.deploy("production", &version.to_string()).status.success());
    }
    let asked = place.asked();
    let removed: Vec<&str> = asked.lines().filter(|line| line.starts_with("image rm")).collect();
    assert_eq!(removed, ["image rm registry.example.org/you/shop/shop:1 | 8".replace("| 8", "| 7")], "{asked}");
    assert_eq!(place.on_machine("shop/production/versions"), "3\n4\n5\n6\n7\n8\n");
}

#[test]
fn environments_on_one_machine_share_nothing_but_the_definition() {
    let made = files("ssh", "shop", &[&whole()], &Settings::default());
    let [staging, production] = ["staging", "production"].map(|it| read(&made[&format!("compose.{it}.yaml")]));
    assert_eq!(
        (staging["name"].as_str(), production["name"].as_str()),
        (Some("shop-staging"), Some("shop-production"))
    );
    let (small, large) = (&staging["services"]["web"], &production["services"]["web"]);
    assert_eq!((small["mem_limit"].as_str(), large["mem_limit"].as_str()), (Some("512m"), Some("1024m")));
    let port = |it: &yaml_serde::Value| it["ports"][0].as_str().unwrap().to_owned();
    assert_eq!(port(small), "${BIND:-127.0.0.1}:${HOST_PORT:-13000}:3000");
    assert_eq!(port(large), "${BIND:-127.0.0.1}:${HOST_PORT:-3000}:3000");
    assert!(!made[".env.example"].contains("\nHOST_PORT="), "one for all would collide");
}

#[test]
fn a_project_with_its_own_compose_file_is_deployed_too() {
    let app = AppProfile { compose_file: Some("compose.yaml".to_owned()), ..whole() };
    let made = files("ssh", "shop", &[&app], &Settings::default());
    for file in ["compose.staging.yaml", "compose.production.yaml", "infra/ssh/deploy.sh"] {
        assert!(made.contains_key(file), "{:?}", made.keys());
    }
}
