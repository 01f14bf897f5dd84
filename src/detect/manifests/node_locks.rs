//! Exact versions from the lock files of npm, yarn, pnpm and bun.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

/// The exact versions of direct dependencies, by name; a yarn lock also knows them by what is asked.
pub(in crate::detect) struct Locked(HashMap<String, String>);

impl Locked {
    pub(in crate::detect) fn version(&self, name: &str, asked: Option<&str>) -> Option<String> {
        asked.and_then(|asked| self.0.get(&format!("{name}@{asked}"))).or_else(|| self.0.get(name)).cloned()
    }

    /// `package-lock.json` or `npm-shrinkwrap.json`, of every version.
    pub(in crate::detect) fn npm(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Lock {
            #[serde(default)]
            packages: HashMap<String, Package>,
            #[serde(default)]
            dependencies: HashMap<String, Package>,
        }
        #[derive(Deserialize)]
        struct Package {
            version: Option<String>,
        }
        let lock: Lock = serde_json::from_str(text).map_err(|error| format!("malformed JSON: {error}"))?;
        let new = lock.packages.into_iter().filter_map(|(path, package)| {
            let name = path.strip_prefix("node_modules/").filter(|name| !name.contains("/node_modules/"))?;
            Some((name.to_owned(), package.version?))
        });
        let old = lock.dependencies.into_iter().filter_map(|(name, package)| Some((name, package.version?)));
        Ok(Self(old.chain(new).collect()))
    }

    /// `yarn.lock`, of yarn 1 and later: `"name@asked, name@other":` with the version on a line below.
    pub(in crate::detect) fn yarn(text: &str) -> Self {
        let mut found = HashMap::new();
        let mut keys: Vec<String> = Vec::new();
        for line in text.lines() {
            if !line.starts_with([' ', '#']) && line.ends_with(':') {
                let line = line.trim_end_matches(':');
                keys = line.split(',').map(|key| key.trim().trim_matches('"').replacen("@npm:", "@", 1)).collect();
            } else if let Some(version) = line.trim_start().strip_prefix("version") {
                let version = version.trim_start_matches(':').trim().trim_matches('"');
                for key in keys.drain(..) {
                    if let Some((name, _)) = key.rsplit_once('@') {
                        found.entry(name.to_owned()).or_insert_with(|| version.to_owned());
                    }
                    found.insert(key, version.to_owned());
                }
            }
        }
        Self(found)
    }

    /// `pnpm-lock.yaml`: what it says of the package at `member`, `.` for the workspace itself.
    pub(in crate::detect) fn pnpm(text: &str, member: &str) -> Self {
        let mut found = HashMap::new();
        let (mut inside, mut single, mut importer, mut name) = (false, false, None::<&str>, None::<&str>);
        for line in text.lines() {
            let depth = line.len() - line.trim_start().len();
            let content = line.trim();
            let key = content.trim_end_matches(':').trim_matches(['\'', '"']);
            if depth == 0 && !content.is_empty() {
                // Locks of a single package of old have no `importers`; their groups stand at the top.
                inside = matches!(content, "importers:" | "dependencies:" | "devDependencies:");
                single = content != "importers:";
                importer = single.then_some(".");
            } else if inside && depth == 2 && !single {
                importer = Some(key);
            } else if inside && importer == Some(member) {
                if let Some((before, version)) = content.split_once(": ") {
                    let version = version.trim().trim_matches(['\'', '"']);
                    let version = version.split(['(', '_']).next().unwrap_or(version);
                    match before {
                        "version" => {
                            if let Some(name) = name {
                                found.insert(name.to_owned(), version.to_owned());
                            }
                        }
                        "specifier" => {}
                        _ => {
                            found.insert(before.trim_matches(['\'', '"']).to_owned(), version.to_owned());
                        }
                    }
                } else if content.ends_with(':') {
                    name = Some(key);
                }
            }
        }
        found.retain(|_, version| version.starts_with(|letter: char| letter.is_ascii_digit()));
        Self(found)
    }

    /// `bun.lock`: JSON with trailing commas, `"packages": {"name": ["name@version", …]}`.
    pub(in crate::detect) fn bun(value: &Value) -> Self {
        let packages = value.get("packages").and_then(Value::as_object).into_iter().flatten();
        let versions = packages.filter_map(|(name, entry)| {
            let (_, version) = entry.get(0)?.as_str()?.rsplit_once('@')?;
            Some((name.clone(), version.to_owned()))
        });
        Self(versions.collect())
    }
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
    fn bun_reads_its_packages() {
        let value = serde_json::json!({"packages": {"hono": ["hono@4.6.0", "", {}, "sha"]}});
        assert_eq!(Locked::bun(&value).version("hono", None).unwrap(), "4.6.0");
    }
}
