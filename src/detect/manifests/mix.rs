//! `mix.exs` and `mix.lock` of Elixir: a program, of which only the plain statements are understood.

use std::collections::HashMap;

/// A package asked for.
pub(in crate::detect) struct Package {
    pub name: String,
    pub asked: Option<String>,
    /// Only for development or tests.
    pub development: bool,
}

/// What a `mix.exs` says.
#[derive(Default)]
pub(in crate::detect) struct Mix {
    pub app: Option<String>,
    pub elixir: Option<String>,
    pub packages: Vec<Package>,
    /// The folder of an umbrella's applications.
    pub apps_path: Option<String>,
    /// It starts processes of its own.
    pub runs: bool,
    /// It is built into a script.
    pub escript: bool,
    /// The first release that it names itself.
    pub release: Option<String>,
    /// Names of its tasks.
    pub aliases: Vec<String>,
}

pub(in crate::detect) fn parse(text: &str) -> Mix {
    let mut read = Mix::default();
    let mut after_releases = false;
    for line in text.lines().map(|line| line.split(" #").next().unwrap_or("").trim()) {
        if line.starts_with('#') {
            continue;
        }
        let found = |key: &str| value(line, key).and_then(|value| value.split('"').nth(1)).map(str::to_owned);
        read.app = read.app.take().or_else(|| atom(line, "app"));
        read.elixir = read.elixir.take().or_else(|| found("elixir"));
        read.apps_path = read.apps_path.take().or_else(|| found("apps_path"));
        read.runs |= value(line, "mod").is_some_and(|value| value.starts_with('{'));
        read.escript |= value(line, "escript").is_some();
        if after_releases && read.release.is_none() {
            read.release = line.split_once(": [").map(|(name, _)| name.trim().to_owned()).filter(|name| is_name(name));
        }
        after_releases = value(line, "releases").is_some_and(|value| value == "[") || line == "defp releases do";
        if let Some(alias) = line.strip_prefix('"').and_then(|rest| rest.split_once("\":")) {
            read.aliases.push(alias.0.to_owned());
        }
        read.packages.extend(line.split('{').skip(1).filter_map(package));
    }
    read
}

/// What stands behind a key of a keyword list, wherever in the line.
fn value<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    line.match_indices(key).find_map(|(at, _)| {
        let begins = !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        let rest = line[at + key.len()..].strip_prefix(':').filter(|_| begins)?;
        rest.starts_with(' ').then(|| rest.trim())
    })
}

fn atom(line: &str, key: &str) -> Option<String> {
    let rest = value(line, key)?.strip_prefix(':')?;
    let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    is_name(name).then(|| name.to_owned())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `:phoenix, "~> 1.7", only: :dev}`.
fn package(text: &str) -> Option<Package> {
    let rest = text.strip_prefix(':')?;
    let (name, rest) = rest.split_at(rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?);
    let rest = rest.trim_start().strip_prefix(',')?.trim_start();
    let asked = rest.strip_prefix('"').and_then(|rest| rest.split('"').next()).map(str::to_owned);
    let is_dependency = asked.is_some()
        || ["git:", "github:", "path:", "in_umbrella:", "override:", "only:"].iter().any(|key| rest.starts_with(key));
    let only = rest.split_once("only:").map(|(_, only)| only.split(']').next().unwrap_or(only));
    let development = only.is_some_and(|only| !only.contains(":prod"));
    (is_name(name) && is_dependency).then(|| Package { name: name.to_owned(), asked, development })
}

/// Exact versions by name: `"phoenix": {:hex, :phoenix, "1.7.10", …`.
pub(in crate::detect) fn locked(text: &str) -> HashMap<String, String> {
    let entry = |line: &str| {
        let (name, rest) = line.trim().strip_prefix('"')?.split_once("\": {:hex,")?;
        Some((name.to_owned(), rest.split('"').nth(1)?.to_owned()))
    };
    text.lines().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_its_packages_and_its_tasks() {
        let text = "def project do\n  [\n    app: :shop,\n    # elixir: \"~> 1.1\",\n    elixir: \"~> 1.17\",\n    \
            releases: [\n      web: [\n        applications: []\n      ]\n    ]\n  ]\nend\n\
            def application, do: [mod: {Shop.Application, []}]\ndefp deps do\n  [{:phoenix, \"~> 1.7\"},\n  \
            {:credo, \"~> 1.0\", only: [:dev, :test], runtime: false},\n  {:heroicons, github: \"a/b\"}]\nend\n\
            defp aliases, do: [\n  \"assets.deploy\": [\"x\"]\n]\n";
        let read = parse(text);
        assert_eq!((read.app.as_deref(), read.elixir.as_deref()), (Some("shop"), Some("~> 1.17")));
        assert_eq!((read.release.as_deref(), read.runs, read.escript), (Some("web"), true, false));
        let packages: Vec<_> = read.packages.iter().map(|one| (one.name.as_str(), one.development)).collect();
        assert_eq!(packages, [("phoenix", false), ("credo", true), ("heroicons", false)]);
        assert_eq!(read.aliases, ["assets.deploy"]);
    }

    #[test]
    fn the_lock_knows_exact_versions() {
        let text = "%{\n  \"plug\": {:hex, :plug, \"1.16.1\", \"4\", [:mix]},\n  \"x\": {:git, \"https://a.b\", \"c\", []},\n}\n";
        let locked = locked(text);
        assert_eq!((locked["plug"].as_str(), locked.len()), ("1.16.1", 1));
    }
}
