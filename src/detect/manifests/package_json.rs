//! `package.json` of npm, yarn, pnpm and bun.

use std::rc::Rc;

use serde_json::{Map, Value};

/// A package's manifest.
pub(in crate::detect) struct PackageJson(Rc<Value>);

impl PackageJson {
    pub(in crate::detect) fn new(value: Rc<Value>) -> Option<Self> {
        value.is_object().then_some(Self(value))
    }

    /// The text at a JSON pointer.
    pub(in crate::detect) fn text(&self, pointer: &str) -> Option<&str> {
        self.0.pointer(pointer).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
    }

    pub(in crate::detect) fn has(&self, key: &str) -> bool {
        self.0.get(key).is_some()
    }

    /// A script's command.
    pub(in crate::detect) fn script(&self, name: &str) -> Option<&str> {
        self.table("scripts")?.get(name)?.as_str().filter(|command| !command.trim().is_empty())
    }

    /// All scripts' names.
    pub(in crate::detect) fn scripts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.table("scripts")
            .into_iter()
            .flatten()
            .filter_map(|(name, command)| Some((name.as_str(), command.as_str()?)))
    }

    /// The packages of a group such as `dependencies`, with what is asked of each.
    pub(in crate::detect) fn group(&self, key: &str) -> impl Iterator<Item = (&str, &str)> {
        self.table(key).into_iter().flatten().map(|(name, asked)| (name.as_str(), asked.as_str().unwrap_or("*")))
    }

    /// The patterns of a workspace's members.
    pub(in crate::detect) fn workspaces(&self) -> Vec<String> {
        let listed = self.0.get("workspaces").map(|found| found.get("packages").unwrap_or(found));
        let patterns = listed.and_then(Value::as_array).into_iter().flatten();
        patterns.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// `packageManager`, or `devEngines.packageManager`: the name and the version.
    pub(in crate::detect) fn manager(&self) -> Option<(String, Option<String>)> {
        if let Some(says) = self.text("/packageManager") {
            let (name, version) = says.split_once('@').map_or((says, None), |(name, version)| (name, Some(version)));
            // A digest may follow the version: `pnpm@9.1.0+sha512.…`.
            let version = version.and_then(|version| version.split('+').next());
            return Some((name.to_owned(), version.map(str::to_owned)));
        }
        let (name, version) = self.dev_engines("packageManager").next()?;
        Some((name.to_owned(), version.map(str::to_owned)))
    }

    /// The entries of a kind of `devEngines`, one or a list: each a name and the version.
    pub(in crate::detect) fn dev_engines(&self, kind: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
        let found = self.0.pointer(&format!("/devEngines/{kind}"));
        let listed = found.and_then(Value::as_array).into_iter().flatten();
        let entries = found.filter(|found| found.is_object()).into_iter().chain(listed);
        entries.filter_map(|entry| Some((entry.get("name")?.as_str()?, entry.get("version").and_then(Value::as_str))))
    }

    /// A manager that `volta` pins, or that `engines` names beside the runtime, with the exact version where it is one:
    /// a hint, for many name several.
    pub(in crate::detect) fn manager_engine(&self) -> Option<(String, Option<String>)> {
        ["pnpm", "yarn", "bun"].iter().find_map(|name| {
            let says = self.text(&format!("/volta/{name}")).or_else(|| self.text(&format!("/engines/{name}")))?;
            let exact = says.starts_with(|c: char| c.is_ascii_digit()) && !says.contains(['x', '*', ' ', '|']);
            Some(((*name).to_owned(), exact.then(|| says.to_owned())))
        })
    }

    fn table(&self, key: &str) -> Option<&Map<String, Value>> {
        self.0.get(key)?.as_object()
    }
}
