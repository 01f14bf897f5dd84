//! Ruby: `Gemfile`, its lock, `config.ru`.

use crate::detect::env;
use crate::detect::facts::{Facts, Role};
use crate::detect::manifests::gemfile;
use crate::detect::project::Folder;
use crate::detect::services;
use crate::detect::sources::Sources;
use crate::model::DependencyScope;

/// Files that start a program without `config.ru`.
const ENTRIES: &[&str] = &["app.rb", "server.rb", "main.rb", "application.rb", "web.rb", "index.rb", "bot.rb"];

/// What stands in a file that serves.
const SERVES: &[&str] =
    &["require 'sinatra'", "require \"sinatra\"", "TCPServer", "WEBrick", "Rack::Handler", "Rackup::Handler", "Puma::"];

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    for file in ["Gemfile", "gems.rb"] {
        let Some(text) = folder.text(file) else { continue };
        facts.files.push(file.to_owned());
        let read = gemfile::parse(&text);
        facts.ask("Gemfile ruby", folder, file, read.ruby.as_deref());
        for gem in read.gems {
            let scope = if gem.development { DependencyScope::Development } else { DependencyScope::Runtime };
            facts.depend(gem.name, gem.asked, scope);
        }
        break;
    }
    if let Some(text) = folder.text("Gemfile.lock") {
        facts.files.push("Gemfile.lock".to_owned());
        let lock = gemfile::parse_lock(&text);
        facts.ask("Gemfile.lock ruby", folder, "Gemfile.lock", lock.ruby.as_deref());
        facts.lock(|name, _| lock.versions.get(name).cloned());
        for (name, version) in lock.versions {
            facts.pin(name, version, DependencyScope::Runtime);
        }
        facts.manager = lock.bundler.map(|version| ("bundler".to_owned(), Some(version)));
    }
    if let Some(entry) = entry(folder) {
        facts.word("entry", entry);
    }
    if facts.depends_on("functions_framework")
        && let Some(name) = sources.word_behind(&["FunctionsFramework.http", "FunctionsFramework.cloud_event"])
    {
        facts.word("function", name);
    }
    database(&mut facts, folder);
    if !folder.has("config/database.yml") {
        facts.word("stores.nothing", "");
    }
    settings(&mut facts, folder);
    let tasks = folder.text("Rakefile").or_else(|| folder.text("rakefile")).unwrap_or_default();
    let default = tasks.lines().map(str::trim).find(|line| line.starts_with("task") && line.contains("default"));
    // A library's default task runs its tests.
    if default.is_some_and(|line| !["test", "spec", "rubocop"].iter().any(|word| line.contains(word))) {
        facts.word("rake", "");
    }
    let gem = folder.find("*.gemspec").is_some();
    facts.role = if folder.has("config.ru") || folder.has("bin/rails") || facts.words.contains_key("entry") {
        Role::App
    } else if gem {
        Role::Library
    } else {
        Role::Unknown
    };
    facts
}

/// The file that starts the program: a usual name, the only script, or the one that brings a server along.
fn entry(folder: Folder<'_>) -> Option<String> {
    if let Some(usual) = ENTRIES.iter().find(|file| folder.has(file)) {
        return Some((*usual).to_owned());
    }
    let mut scripts = folder.with_ending("rb");
    scripts.retain(|file| *file != "gems.rb");
    if let [only] = scripts.as_slice() {
        return Some((*only).to_owned());
    }
    let serves = |file: &&&str| {
        let text = folder.project().source(&folder.at(file));
        text.is_some_and(|text| SERVES.iter().any(|mark| text.contains(mark)))
    };
    scripts.iter().find(serves).map(|file| (*file).to_owned())
}

/// The adapter of `config/database.yml`, read as text: it is a template.
fn database(facts: &mut Facts, folder: Folder<'_>) {
    let Some(text) = folder.text("config/database.yml") else { return };
    let adapters = |text: &str| -> Vec<&'static str> {
        let named = text.lines().filter_map(|line| line.trim().strip_prefix("adapter:")).map(str::trim);
        named.filter_map(services::called).collect()
    };
    // What production says of its own holds there.
    let production = text.split_once("\nproduction:").map_or("", |(_, rest)| rest);
    let own: String = production
        .lines()
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with(' '))
        .collect::<Vec<_>>()
        .join("\n");
    let mut named = adapters(&own);
    if named.is_empty() {
        named = adapters(&text);
    }
    named.dedup();
    for service in &named {
        facts.services.push((*service).to_owned());
        facts.saw(folder, "config/database.yml", format!("connects to {service}"));
    }
    // A gem for another database is there for somebody else.
    if !named.is_empty() {
        let is_other = |service: &&str| !named.iter().any(|own| services::are_alike(own, service));
        let others = services::of_kind(services::SQL).filter(is_other);
        facts.not_services.extend(others.map(str::to_owned));
    }
}

/// The variables that the settings of Rails read: templates of YAML.
fn settings(facts: &mut Facts, folder: Folder<'_>) {
    let Some(config) = folder.folder("config") else { return };
    for (file, text) in config.with_ending("yml").into_iter().filter_map(|file| Some((file, config.text(file)?))) {
        let lines = || text.lines().filter(|line| !line.trim_start().starts_with('#'));
        for before in ["ENV[", "ENV.fetch("] {
            let reads = lines().flat_map(|line| line.split(before).skip(1));
            let names = reads.filter_map(|rest| rest.split(['"', '\'']).nth(1));
            names.filter(|name| env::is_own(name)).for_each(|name| facts.reads(config, file, name));
        }
    }
}
