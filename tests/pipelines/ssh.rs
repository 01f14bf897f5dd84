//! `infra/ssh/deploy.sh`, run with stand-ins for ssh and Docker.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use wharf::model::Settings;

use super::{files, whole};

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
  *"config --images") echo "$REGISTRY/shop:$TAG" ;;
  *" up "*) [ "$TAG" != broken ] ;;
esac
"#;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = TempDir::new().unwrap();
        for (path, text) in files("ssh", "shop", &[&whole()], &Settings::default()) {
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
            .env("REGISTRY_USER", "you")
            .env("REGISTRY_PASSWORD", "hush")
            .output()
            .unwrap()
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
