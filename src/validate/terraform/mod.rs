//! Terraform (developer.hashicorp.com, “Configuration language”).

mod hcl;
mod policies;
mod references;
mod values;

#[cfg(test)]
pub(super) mod tests;

use hcl::Block;
pub(super) use references::{Folder, arguments, check_all};
use values::Values;

use super::Faults;
use super::secrets::{is_reference, names_a_secret};
use super::tree::{CHOICE, Node, Value};

pub(super) fn check(text: &str, faults: &mut Faults<'_>) {
    let file = match hcl::parse(text) {
        Ok(file) => file,
        Err((line, why)) => return faults.add("terraform-syntax", line, why),
    };
    if let Some(first) = file.attributes.first() {
        faults.add("terraform-syntax", first.line, format!("{} stands outside of every block", first.key));
    }
    for block in &file.blocks {
        self::block(block, faults);
    }
    let values = Values::of([&file].into_iter(), [].into_iter());
    policies::check(&values.filled(&file.blocks), faults);
}

/// What a file puts out.
pub(super) fn outputs(text: &str) -> Vec<String> {
    let blocks = hcl::parse(text).map(|file| file.blocks).unwrap_or_default();
    let outputs = blocks.into_iter().filter(|block| block.kind == "output");
    outputs.filter_map(|block| block.labels.into_iter().next()).collect()
}

/// Values of variables: names and values alone.
pub(super) fn check_values(text: &str, faults: &mut Faults<'_>) {
    let file = match hcl::parse(text) {
        Ok(file) => file,
        Err((line, why)) => return faults.add("terraform-syntax", line, why),
    };
    if let Some(block) = file.blocks.first() {
        faults.add("terraform-syntax", block.line, "a file of values holds name = value alone");
    }
    for entry in &file.attributes {
        if names_a_secret(&entry.key) && entry.node.text().is_some_and(|text| !is_reference(text)) {
            let message = format!("the value of {0} is written down: set TF_VAR_{0} where it runs", entry.key);
            faults.add("secret-in-file", entry.line, message);
        }
    }
}

fn block(block: &Block, faults: &mut Faults<'_>) {
    let labels = match block.kind.as_str() {
        "resource" | "data" | "ephemeral" => 2,
        "variable" | "output" | "module" | "provider" | "check" => 1,
        "terraform" | "locals" | "moved" | "import" | "removed" => 0,
        kind => return faults.add("terraform-syntax", block.line, format!("there is no block {kind}")),
    };
    if block.labels.len() != labels {
        let message = format!("{} takes {labels} names, not {}", block.kind, block.labels.len());
        return faults.add("terraform-syntax", block.line, message);
    }
    match block.kind.as_str() {
        "output" if block.body.get("value").is_none() => {
            faults.add("terraform-syntax", block.line, "an output has a value");
        }
        "module" => match block.body.get("source") {
            None => faults.add("terraform-syntax", block.line, "a module has a source"),
            Some(source) => pinned_module(block, source, faults),
        },
        "variable" => {
            let secret = block.labels.first().filter(|name| names_a_secret(name));
            let default =
                block.body.get("default").filter(|default| default.text().is_some_and(|text| !text.is_empty()));
            if let (Some(name), Some(default)) = (secret, default) {
                faults.add("secret-in-file", default.line, format!("{name} has a default: whoever calls gives it"));
            }
        }
        "terraform" => {
            for provider in block.body.get("required_providers").map(Node::entries).unwrap_or_default() {
                if provider.node.is_map() && provider.node.get("version").is_none() {
                    let message =
                        format!("the provider {} can be another one tomorrow: version = \"~> 1.2\"", provider.key);
                    faults.add("unpinned-provider", provider.line, message);
                }
            }
        }
        _ => {}
    }
}

fn pinned_module(block: &Block, source: &Node, faults: &mut Faults<'_>) {
    let Some(text) = source.text() else { return };
    let is_registry =
        !text.contains("::") && !text.contains("//") && text.matches('/').count() >= 2 && !text.starts_with('.');
    let is_git = text.starts_with("git::") || text.starts_with("github.com/");
    if is_registry && block.body.get("version").is_none() || is_git && !text.contains("?ref=") {
        let message = "the module can be another one tomorrow: name a version";
        faults.add("unpinned-provider", source.line, message);
    }
}

/// Whether a value can only be told by running it.
fn is_open(node: &Node) -> bool {
    node.tag.as_deref().is_some_and(|tag| !matches!(tag, "block" | "jsonencode" | "toset" | CHOICE))
        && !matches!(node.value, Value::Map(_))
}
