//! `CloudFormation` (docs.aws.amazon.com, “Template reference”), in YAML and in JSON.

mod between;
mod policies;
#[cfg(test)]
pub(super) mod tests;
mod values;

pub(super) use between::{check_all, check_values};
use values::Given;

use super::Faults;
use super::tree::{self, Entry, Node};

const TOP: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Resources",
    "Outputs",
    "Hooks",
];

const RESOURCE: &[&str] = &[
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "Metadata",
    "CreationPolicy",
    "UpdatePolicy",
    "DeletionPolicy",
    "UpdateReplacePolicy",
];

const TYPES: &[&str] = &["String", "Number", "List<Number>", "CommaDelimitedList"];

/// Parameters that every template has.
const PSEUDO: &[&str] = &[
    "AWS::AccountId",
    "AWS::NotificationARNs",
    "AWS::NoValue",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

pub(super) fn check(text: &str, faults: &mut Faults<'_>) {
    if text.trim_start().starts_with('{')
        && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text)
    {
        return faults.add("template-syntax", error.line().max(1), format!("it is no JSON: {error}"));
    }
    let root = match tree::read(text).map(|documents| documents.into_iter().next()) {
        Ok(Some(root)) if root.is_map() => root,
        Ok(_) => return faults.add("template-syntax", None, "there is no template: it has Resources"),
        Err((line, why)) => return faults.add("template-syntax", line, format!("it cannot be read: {why}")),
    };
    // Other files of the tools lie beside templates.
    if !root.entries().iter().any(|entry| TOP.contains(&entry.key.as_str())) {
        return;
    }
    let is_serverless = root.names_of("Transform").iter().any(|(_, name)| name.starts_with("AWS::Serverless-"));
    let is_known = |key: &str| TOP.contains(&key) || is_serverless && key == "Globals";
    for entry in root.entries().iter().filter(|entry| !is_known(&entry.key)) {
        faults.add("template-syntax", entry.line, format!("a template has no section “{}”", entry.key));
    }
    for parameter in root.entries_of("Parameters") {
        match parameter.node.text_of("Type") {
            None => faults.add("template-syntax", parameter.line, format!("{} has no Type", parameter.key)),
            Some(kind) if TYPES.contains(&kind) || kind.contains("AWS::") => {}
            Some(kind) => faults.add("template-syntax", parameter.line, format!("there is no type {kind}")),
        }
    }
    if root.entries_of("Resources").is_empty() {
        faults.add("template-syntax", root.entry("Resources").map(|entry| entry.line), "there are no Resources");
    }
    // What a macro puts there is not known.
    let is_made = |entry: &&Entry| entry.key.starts_with("Fn::") || entry.node.get("Fn::Transform").is_some();
    for resource in root.entries_of("Resources").iter().filter(|entry| !is_made(entry)) {
        self::resource(resource, faults);
    }
    let template = Template { root: &root, is_open: root.get("Transform").is_some() };
    template.references(faults);
    policies::check(&root, &Given::new(), faults);
}

fn resource(entry: &Entry, faults: &mut Faults<'_>) {
    if !entry.key.chars().all(|c| c.is_ascii_alphanumeric()) {
        faults.add("template-syntax", entry.line, format!("“{}” is no name: letters and digits alone", entry.key));
    }
    for key in entry.node.entries().iter().filter(|key| !RESOURCE.contains(&key.key.as_str())) {
        faults.add("template-syntax", key.line, format!("a resource has no key “{}”; Properties may have it", key.key));
    }
    match entry.node.text_of("Type") {
        None => faults.add("template-syntax", entry.line, format!("{} has no Type", entry.key)),
        Some(kind) => {
            let parts = kind.split("::").count();
            let is_known = parts == 3 && kind.starts_with("AWS::") || kind.starts_with("Custom::") || parts >= 3;
            if !is_known {
                faults.add("template-syntax", entry.line, format!("“{kind}” is no type: AWS::Service::Resource"));
            }
        }
    }
}

struct Template<'n> {
    root: &'n Node,
    /// Whether a macro may define more.
    is_open: bool,
}

/// What a function of `CloudFormation` is called with: `!Ref x`, `{Ref: x}`, `{"Fn::Sub": x}`.
pub(super) fn function(node: &Node) -> Option<(&str, &Node)> {
    if let Some(tag) = node.tag.as_deref() {
        return Some((tag, node));
    }
    let [entry] = node.entries() else { return None };
    match entry.key.as_str() {
        "Ref" => Some(("Ref", &entry.node)),
        "Condition" if entry.node.text().is_some() => Some(("Condition", &entry.node)),
        key => key.strip_prefix("Fn::").map(|name| (name, &entry.node)),
    }
}

impl Template<'_> {
    fn has(&self, section: &str, name: &str) -> bool {
        self.root.get(section).is_some_and(|section| section.get(name).is_some())
    }

    fn references(&self, faults: &mut Faults<'_>) {
        let mut found = Vec::new();
        for section in ["Resources", "Outputs", "Conditions"] {
            if let Some(section) = self.root.get(section) {
                section.each(&mut |node| found.extend(function(node)));
            }
        }
        for (name, argument) in found {
            self.function(name, argument, faults);
        }
        for (section, entry) in ["Resources", "Outputs"]
            .iter()
            .flat_map(|section| self.root.entries_of(section).iter().map(move |entry| (section, entry)))
        {
            if let Some(condition) = entry.node.get("Condition")
                && let Some(name) = condition.text()
            {
                self.condition(name, condition.line, faults);
            }
            for (line, name) in entry.node.names_of("DependsOn").into_iter().filter(|_| *section == "Resources") {
                if !self.has("Resources", name) && !self.is_open {
                    faults.add(
                        "unknown-reference",
                        line,
                        format!("{} depends on {name}, which is not there", entry.key),
                    );
                }
            }
        }
    }

    fn function(&self, name: &str, argument: &Node, faults: &mut Faults<'_>) {
        match name {
            "Ref" => {
                if let Some(target) = argument.text() {
                    self.value(target, argument.line, faults);
                }
            }
            "GetAtt" => {
                let names = argument.names();
                let resource = names.first().map(|(_, name)| name.split('.').next().unwrap_or(name));
                let has_field = names.len() > 1 || names.first().is_some_and(|(_, name)| name.contains('.'));
                if let Some(resource) = resource.filter(|name| !self.has("Resources", name) && !self.is_open) {
                    faults.add("unknown-reference", argument.line, format!("there is no resource {resource}"));
                } else if !has_field
                    && !names.is_empty()
                    && !argument.items().iter().any(|item| function(item).is_some())
                {
                    faults.add("template-syntax", argument.line, "GetAtt takes a resource and an attribute of it");
                }
            }
            "Sub" => self.substitution(argument, faults),
            "If" => {
                if let Some((line, name)) = argument.names().into_iter().next().filter(|_| argument.is_list()) {
                    self.condition(name, line, faults);
                }
            }
            "Condition" => {
                if let Some(name) = argument.text() {
                    self.condition(name, argument.line, faults);
                }
            }
            "FindInMap" => {
                let Some(first) = argument.items().first().filter(|node| function(node).is_none()) else { return };
                if let Some(name) = first.text().filter(|name| !self.has("Mappings", name)) {
                    faults.add("unknown-reference", first.line, format!("there is no mapping {name}"));
                }
            }
            "Base64" | "Cidr" | "GetAZs" | "ImportValue" | "Join" | "Select" | "Split" | "Transform" | "And"
            | "Equals" | "Not" | "Or" | "Contains" | "Length" | "ToJsonString" | "ForEach" | "EachMemberEquals"
            | "EachMemberIn" | "RefAll" | "ValueOf" | "ValueOfAll" => {}
            name if name.starts_with("ForEach") => {}
            name => faults.add("template-syntax", argument.line, format!("there is no function {name}")),
        }
    }

    fn substitution(&self, argument: &Node, faults: &mut Faults<'_>) {
        let (text, own) = match argument.items() {
            [text, own, ..] => (text, Some(own)),
            [text] => (text, None),
            [] => (argument, None),
        };
        let Some(written) = text.text() else { return };
        for (at, _) in written.match_indices("${") {
            let rest = &written[at + 2..];
            let line = text.line_at(at);
            let Some(name) = rest.find('}').map(|end| rest[..end].trim()) else {
                return faults.add("template-syntax", line, "what begins with ${ does not end");
            };
            if name.starts_with('!') || own.is_some_and(|own| own.get(name).is_some()) {
                continue;
            }
            self.value(name.split('.').next().unwrap_or(name), line, faults);
        }
    }

    fn value(&self, name: &str, line: usize, faults: &mut Faults<'_>) {
        let is_there = self.has("Parameters", name) || self.has("Resources", name) || PSEUDO.contains(&name);
        if !is_there && !self.is_open {
            faults.add("unknown-reference", line, format!("there is no parameter and no resource {name}"));
        }
    }

    fn condition(&self, name: &str, line: usize, faults: &mut Faults<'_>) {
        if !self.has("Conditions", name) {
            faults.add("unknown-reference", line, format!("there is no condition {name}"));
        }
    }
}
