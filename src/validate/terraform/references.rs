//! What the files of a folder name in each other: Terraform reads them as one.

use std::collections::BTreeSet;

use super::hcl::{self, Block, File};
use super::values::Values;
use crate::validate::parameters::{self, Parameter, Template, Way};
use crate::validate::secrets::names_a_secret;
use crate::validate::tree::Entry;
use crate::validate::{Fault, Faults, folder, joined};

/// What Terraform itself defines.
const OWN: [&str; 7] = ["each", "count", "path", "terraform", "self", "provider", "ephemeral"];

/// The files of a folder of Terraform, with what belongs to it.
pub(in crate::validate) struct Folder<'f> {
    /// Its files.
    pub(in crate::validate) files: Vec<(&'f str, &'f str)>,
    /// Files of values for it.
    pub(in crate::validate) values: Vec<(&'f str, &'f str)>,
    /// What it is called with as a module.
    pub(in crate::validate) given: Vec<Entry>,
}

/// What modules in folders of the project are called with, by their folders.
pub(in crate::validate) fn arguments(files: &[(&str, &str)]) -> Vec<(String, Vec<Entry>)> {
    let parsed: Vec<(&str, File)> =
        files.iter().filter_map(|(path, text)| Some((*path, hcl::parse(text).ok()?))).collect();
    let values = Values::of(parsed.iter().map(|(_, file)| file), [].into_iter());
    let calls =
        parsed.iter().flat_map(|(path, file)| values.filled(&file.blocks).into_iter().map(move |one| (*path, one)));
    let calls = calls.filter(|(_, block)| block.kind == "module").filter_map(|(path, block)| {
        let source = block.body.text_of("source").filter(|source| source.starts_with('.'))?;
        Some((joined(folder(path), source), block.body.entries().to_vec()))
    });
    calls.collect()
}

/// The folder, and every path that is known, for modules beside.
pub(in crate::validate) fn check_all(of: &Folder<'_>, paths: &BTreeSet<&str>, told: &[&str], found: &mut Vec<Fault>) {
    let parsed: Option<Vec<(&str, File)>> =
        of.files.iter().map(|(path, text)| Some((*path, hcl::parse(text).ok()?))).collect();
    let Some(parsed) = parsed else { return };
    let mut all = Names::default();
    for (path, file) in &parsed {
        let mut faults = Faults { path, found: Vec::new() };
        all.read(file, &mut faults);
        found.extend(faults.found);
    }
    let given: Vec<(&str, File)> =
        of.values.iter().filter_map(|(path, text)| Some((*path, hcl::parse(text).ok()?))).collect();
    let every = given.iter().flat_map(|(_, file)| &file.attributes).chain(&of.given);
    let meant = Values::of(parsed.iter().map(|(_, file)| file), every);
    for (path, file) in &parsed {
        let mut faults = Faults { path, found: Vec::new() };
        super::policies::check(&meant.filled(&file.blocks), &mut faults);
        // What is moved or let go is not there any more.
        let left = |block: &&Block| matches!(block.kind.as_str(), "moved" | "removed");
        let left = file.blocks.iter().filter(left).filter_map(|block| block.body.get("from"));
        let left: BTreeSet<usize> = left.map(|node| node.line).collect();
        for (line, names) in file.references.iter().filter(|(line, _)| !left.contains(line)) {
            if let Some(lacks) = all.lacks(names, file) {
                faults.add("unknown-reference", *line, lacks);
            }
        }
        for block in file.blocks.iter().filter(|block| block.kind == "module") {
            let Some(source) = block.body.get("source") else { continue };
            let Some(text) = source.text().filter(|text| text.starts_with('.')) else { continue };
            let wanted = joined(folder(path), text);
            if !paths.iter().any(|path| folder(path) == wanted) {
                faults.add("unknown-file", source.line, format!("there is no module in {text}"));
            }
        }
        found.extend(faults.found);
    }
    versions(&parsed, found);
    let blocks: Vec<_> =
        parsed.iter().flat_map(|(path, file)| file.blocks.iter().map(|block| (*path, block))).collect();
    for (path, line, name) in super::policies::open_buckets(&blocks) {
        let mut faults = Faults { path, found: Vec::new() };
        faults.add(
            "public-storage",
            line,
            format!("nothing closes {name} to the public: aws_s3_bucket_public_access_block"),
        );
        found.extend(faults.found);
    }
    let root = parsed.first().map_or("", |(path, _)| *path);
    let parameters: Vec<Parameter> = parsed.iter().flat_map(|(_, file)| &file.blocks).filter_map(variable).collect();
    let secret = |name: &str| names_a_secret(name) || parameters::is_told(told, name);
    let way = Way { word: "variable", has_small_and_capital: true, is_told: &secret };
    let given = given.iter().map(|(path, file)| {
        let names = file.attributes.iter().map(|entry| (entry.key.clone(), entry.line));
        parameters::Values { path, given: names.collect() }
    });
    parameters::check(&[Template { path: root, parameters }], &given.collect::<Vec<_>>(), &way, found);
}

/// What a block takes from outside, where it is a variable.
fn variable(block: &Block) -> Option<Parameter> {
    let name = block.labels.first().filter(|_| block.kind == "variable")?.clone();
    Some(Parameter { name, is_required: block.body.get("default").is_none() && !block.body.says("sensitive") })
}

/// What a folder defines.
#[derive(Default)]
struct Names {
    /// Kinds and names: `var.x`, `local.x`, `module.x`, `data.type.x`, `type.x`.
    names: BTreeSet<String>,
}

impl Names {
    fn read(&mut self, file: &File, faults: &mut Faults<'_>) {
        self.names.extend(file.inner_data.iter().cloned());
        for block in &file.blocks {
            let names: Vec<(usize, String)> = match (block.kind.as_str(), block.labels.as_slice()) {
                ("variable", [name]) => vec![(block.line, format!("var.{name}"))],
                ("module", [name]) => vec![(block.line, format!("module.{name}"))],
                ("output", [name]) => vec![(block.line, format!("output {name}"))],
                ("resource", [kind, name]) => vec![(block.line, format!("{kind}.{name}"))],
                ("data", [kind, name]) => vec![(block.line, format!("data.{kind}.{name}"))],
                ("locals", []) => {
                    block.body.entries().iter().map(|entry| (entry.line, format!("local.{}", entry.key))).collect()
                }
                _ => continue,
            };
            for (line, name) in names {
                if self.names.contains(&name) {
                    faults.add("terraform-syntax", line, format!("{name} is defined twice in this folder"));
                }
                self.names.insert(name);
            }
        }
    }

    /// What a path of names leads to that no file of the folder defines.
    fn lacks(&self, names: &[String], file: &File) -> Option<String> {
        let wanted = match names.first()?.as_str() {
            "data" => names.get(..3)?.join("."),
            "var" | "local" | "module" => names.get(..2)?.join("."),
            root if OWN.contains(&root) || file.local_names.iter().any(|name| name == root) => return None,
            // Types of resources have an underscore; a bare word may be a type or a name of a provider.
            root if root.contains('_') => names.get(..2)?.join("."),
            _ => return None,
        };
        (!self.names.contains(&wanted)).then(|| format!("nothing in this folder defines {wanted}"))
    }
}

/// Which Terraform and which providers are wanted is said once in a folder that makes something.
fn versions(files: &[(&str, File)], found: &mut Vec<Fault>) {
    let blocks = || files.iter().flat_map(|(path, file)| file.blocks.iter().map(move |block| (*path, block)));
    let settings: Vec<_> = blocks().filter(|(_, block)| block.kind == "terraform").collect();
    if let Some((path, block)) = settings.first()
        && !settings.iter().any(|(_, block)| block.body.get("required_version").is_some())
    {
        let mut faults = Faults { path, found: Vec::new() };
        faults.add("unpinned-provider", block.line, "any Terraform may run it: required_version = \">= 1.9\"");
        found.extend(faults.found);
    }
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (path, block) in blocks().filter(|(_, block)| block.kind == "resource") {
        let Some(provider) = block.labels.first().and_then(|kind| kind.split('_').next()) else { continue };
        let own = block.body.text_of("provider").and_then(|text| text.split('.').next());
        let is_named = settings.iter().any(|(_, block)| {
            let named = block.body.get("required_providers");
            named.is_some_and(|named| named.get(own.unwrap_or(provider)).is_some())
        });
        if !is_named && provider != "terraform" && seen.insert(provider) {
            let mut faults = Faults { path, found: Vec::new() };
            let message = format!("no required_providers says which version of {provider} it needs");
            faults.add("unpinned-provider", block.line, message);
            found.extend(faults.found);
        }
    }
}
