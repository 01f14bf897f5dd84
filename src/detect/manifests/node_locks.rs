//! Exact versions from the lock files of npm, yarn, pnpm and bun.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

/// What a lock file pins.
#[derive(Default)]
pub(in crate::detect) struct Locked {
    /// The exact versions of direct dependencies, by name; a yarn lock also knows them by what is asked.
    versions: HashMap<String, String>,
    /// Every package with its version, and whether only development needs it.
    pub all: Vec<(String, String, bool)>,
}

impl Locked {
    pub(in crate::detect) fn version(&self, name: &str, asked: Option<&str>) -> Option<String> {
        let by_what_is_asked = asked.and_then(|asked| self.versions.get(&format!("{name}@{asked}")));
        by_what_is_asked.or_else(|| self.versions.get(name)).cloned()
    }

    /// `package-lock.json` or `npm-shrinkwrap.json`, of every version.
    pub(in crate::detect) fn npm(text: &str) -> Result<Self, String> {
        let malformed = |error| format!("malformed JSON: {error}");
        let lock: NpmLock = serde_json::from_str(text).map_err(malformed)?;
        let mut locked = Self::default();
        // Newer locks hold both forms; the nested one is for older readers.
        if lock.packages.is_empty() {
            let old: OldNpmLock = serde_json::from_str(text).map_err(malformed)?;
            let top = old.dependencies.iter().filter_map(|(name, it)| Some((name.clone(), it.version.clone()?)));
            locked.versions = top.collect();
            locked.nested(old.dependencies, NESTED);
        }
        for (path, package) in lock.packages {
            let Some((above, name)) = path.rsplit_once("node_modules/") else { continue };
            let Some(version) = package.version else { continue };
            if above.is_empty() {
                locked.versions.insert(name.to_owned(), version.clone());
            }
            locked.all.push((name.to_owned(), version, package.dev));
        }
        Ok(locked)
    }

    fn nested(&mut self, packages: HashMap<String, OldNpmPackage>, depth: usize) {
        for (name, package) in packages {
            if let Some(version) = package.version {
                self.all.push((name, version, package.dev));
            }
            if depth > 0 {
                self.nested(package.dependencies, depth - 1);
            }
        }
    }

    /// `yarn.lock`, of yarn 1 and later: `"name@asked, name@other":` with the version on a line below.
    pub(in crate::detect) fn yarn(text: &str) -> Self {
        let mut locked = Self::default();
        let mut keys: Vec<String> = Vec::new();
        for line in text.lines() {
            if !line.starts_with([' ', '#']) && line.ends_with(':') {
                let line = line.trim_end_matches(':');
                keys = line.split(',').map(|key| key.trim().trim_matches('"').replacen("@npm:", "@", 1)).collect();
            } else if let Some(version) = line.trim_start().strip_prefix("version") {
                let version = version.trim_start_matches(':').trim().trim_matches('"');
                // What lies in the repository itself is no package of a registry.
                let own = keys.iter().any(|key| key.contains("@workspace:"));
                let name = keys.first().and_then(|key| key.rsplit_once('@')).map(|(name, _)| name.to_owned());
                if let Some(name) = name.filter(|_| !own) {
                    locked.all.push((name, version.to_owned(), false));
                }
                for key in keys.drain(..) {
                    if let Some((name, _)) = key.rsplit_once('@') {
                        locked.versions.entry(name.to_owned()).or_insert_with(|| version.to_owned());
                    }
                    locked.versions.insert(key, version.to_owned());
                }
            }
        }
        locked
    }

    /// `pnpm-lock.yaml`: what it says of the package at `member`, `.` for the workspace itself.
    pub(in crate::detect) fn pnpm(text: &str, member: &str) -> Self {
        let mut locked = Self::default();
        let (mut inside, mut single, mut importer, mut name) = (false, false, None::<&str>, None::<&str>);
        let mut packages = false;
        for line in text.lines() {
            let depth = line.len() - line.trim_start().len();
            let content = line.trim();
            let key = content.trim_end_matches(':').trim_matches(['\'', '"']);
            if depth == 0 && !content.is_empty() {
                // Locks of a single package of old have no `importers`; their groups stand at the top.
                inside = matches!(content, "importers:" | "dependencies:" | "devDependencies:");
                single = content != "importers:";
                importer = single.then_some(".");
                packages = content == "packages:";
            } else if packages {
                if depth == 2 && content.ends_with(':') {
                    locked.all.extend(pnpm_package(key));
                } else if content == "dev: true"
                    && let Some(last) = locked.all.last_mut()
                {
                    last.2 = true;
                }
            } else if inside && depth == 2 && !single {
                importer = Some(key);
            } else if inside && importer == Some(member) {
                if let Some((before, version)) = content.split_once(": ") {
                    let version = version.trim().trim_matches(['\'', '"']);
                    let version = version.split(['(', '_']).next().unwrap_or(version);
                    match before {
                        "version" => {
                            if let Some(name) = name {
                                locked.versions.insert(name.to_owned(), version.to_owned());
                            }
                        }
                        "specifier" => {}
                        _ => {
                            let name = before.trim_matches(['\'', '"']).to_owned();
                            locked.versions.insert(name, version.to_owned());
                        }
                    }
                } else if content.ends_with(':') {
                    name = Some(key);
                }
            }
        }
        locked.versions.retain(|_, version| version.starts_with(|letter: char| letter.is_ascii_digit()));
        locked
    }

    /// `bun.lock`: JSON with trailing commas, `"packages": {"name": ["name@version", …]}`.
    pub(in crate::detect) fn bun(value: &Value) -> Self {
        let mut locked = Self::default();
        for (key, entry) in value.get("packages").and_then(Value::as_object).into_iter().flatten() {
            let Some((name, version)) = entry.get(0).and_then(Value::as_str).and_then(|it| it.rsplit_once('@')) else {
                continue;
            };
            locked.versions.insert(key.clone(), version.to_owned());
            if version.starts_with(|letter: char| letter.is_ascii_digit()) {
                locked.all.push((name.to_owned(), version.to_owned(), false));
            }
        }
        locked
    }
}

/// Packages of an old npm lock below each other at most.
const NESTED: usize = 32;

#[derive(Deserialize)]
struct NpmLock {
    #[serde(default)]
    packages: HashMap<String, NpmPackage>,
}

#[derive(Deserialize)]
struct NpmPackage {
    version: Option<String>,
    #[serde(default)]
    dev: bool,
}

#[derive(Deserialize)]
struct OldNpmLock {
    #[serde(default)]
    dependencies: HashMap<String, OldNpmPackage>,
}

#[derive(Deserialize)]
struct OldNpmPackage {
    version: Option<String>,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    dependencies: HashMap<String, OldNpmPackage>,
}

/// `/name@1.0.0`, `name@1.0.0(peer@2)`, and `/name/1.0.0_peer` of old.
fn pnpm_package(key: &str) -> Option<(String, String, bool)> {
    let key = key.trim_start_matches('/').split('(').next()?;
    let by_sign = key.rsplit_once('@').filter(|(name, _)| !name.is_empty());
    let (name, version) = by_sign.or_else(|| key.rsplit_once('/'))?;
    let version = version.split('_').next().unwrap_or(version);
    let digit = version.starts_with(|letter: char| letter.is_ascii_digit());
    digit.then(|| (name.to_owned(), version.to_owned(), false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn npm_of_both_forms() {
        let new = r#"{"packages": {"": {"version": "1.0.0"}, "node_modules/next": {"version": "15.1.0"},
            "node_modules/a/node_modules/next": {"version": "1.0.0"}}}"#;
        assert_eq!(Locked::npm(new).unwrap().version("next", Some("^15")).unwrap(), "15.1.0");
        let old = r#"{"lockfileVersion": 1, "dependencies": {"express": {"version": "4.18.2"}}}"#;
        assert_eq!(Locked::npm(old).unwrap().version("express", None).unwrap(), "4.18.2");
        assert!(Locked::npm("{").is_err());
    }

    #[test]
    fn yarn_tells_two_versions_of_one_package_apart() {
        let text = "# yarn lockfile v1\n\n\"@a/b@^1.0\", \"@a/b@^1.1\":\n  version \"1.2.0\"\n\nvue@^2:\n  version \"2.7.0\"\n\nvue@^3:\n  version \"3.4.0\"\n";
        let locked = Locked::yarn(text);
        assert_eq!(locked.version("@a/b", Some("^1.1")).unwrap(), "1.2.0");
        assert_eq!(locked.version("vue", Some("^3")).unwrap(), "3.4.0");
        let berry =
            "__metadata:\n  version: 8\n\n\"koa@npm:^2.0\":\n  version: 2.15.0\n  resolution: \"koa@npm:2.15.0\"\n";
        assert_eq!(Locked::yarn(berry).version("koa", Some("^2.0")).unwrap(), "2.15.0");
    }

    #[test]
    fn pnpm_of_old_and_new_by_member() {
        let new = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      next:\n        specifier: ^15\n        version: 15.1.0(react@19.0.0)\n  apps/web:\n    dependencies:\n      '@a/b':\n        specifier: 1\n        version: 1.0.1\n      ours:\n        specifier: workspace:*\n        version: link:../ours\n\npackages:\n\n  next@15.1.0:\n    resolution: {}\n";
        assert_eq!(Locked::pnpm(new, ".").version("next", None).unwrap(), "15.1.0");
        let web = Locked::pnpm(new, "apps/web");
        assert_eq!(web.version("@a/b", None).unwrap(), "1.0.1");
        assert_eq!(web.version("ours", None), None);
        assert_eq!(web.version("next", None), None);
        let old = "lockfileVersion: 5.4\n\nspecifiers:\n  koa: ^2\n\ndependencies:\n  koa: 2.13.4\n";
        assert_eq!(Locked::pnpm(old, ".").version("koa", None).unwrap(), "2.13.4");
    }

    #[test]
    fn all_packages_are_told_with_what_only_development_needs() {
        let all = |locked: Locked| {
            let mut all = locked.all;
            all.sort();
            all.into_iter().map(|(name, version, dev)| format!("{name} {version} {dev}")).collect::<Vec<_>>()
        };
        let npm = r#"{"packages": {"": {"dependencies": {"a": "1"}}, "node_modules/a": {"version": "1.0.0", "dependencies": {"@c/b": "^2"}},
            "node_modules/a/node_modules/@c/b": {"version": "2.0.0", "dev": true}}}"#;
        assert_eq!(all(Locked::npm(npm).unwrap()), ["@c/b 2.0.0 true", "a 1.0.0 false"]);
        let old = r#"{"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "requires": {"b": "1"},
            "dependencies": {"b": {"version": "1.2.0", "dev": true}}}}}"#;
        assert_eq!(all(Locked::npm(old).unwrap()), ["a 1.0.0 false", "b 1.2.0 true"]);
        let yarn = "\"@a/b@^1\":\n  version \"1.2.0\"\n\n\"own@workspace:.\":\n  version: 0.0.0-use.local\n";
        assert_eq!(all(Locked::yarn(yarn)), ["@a/b 1.2.0 false"]);
        let pnpm = "packages:\n\n  /@a/b@1.0.0(c@2.0.0):\n    dev: true\n\n  c@2.0.0:\n    resolution: {}\n\nsnapshots:\n\n  c@2.0.0: {}\n";
        assert_eq!(all(Locked::pnpm(pnpm, ".")), ["@a/b 1.0.0 true", "c 2.0.0 false"]);
    }

    #[test]
    fn bun_reads_its_packages() {
        let value = serde_json::json!({"packages": {"hono": ["hono@4.6.0", "", {}, "sha"]}});
        assert_eq!(Locked::bun(&value).version("hono", None).unwrap(), "4.6.0");
    }
}
