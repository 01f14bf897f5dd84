//! Bicep, made of the ARM template that it stands for: so the two say the same. The template names its resources
//! (`languageVersion` 2.0), which become Bicep's symbols.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// The template as Bicep; as it is where it is no template.
pub(super) fn bicep(template: &str) -> String {
    let Ok(Value::Object(template)) = serde_json::from_str(template) else { return template.to_owned() };
    let mut out = String::new();
    if let Some(says) = template.get("metadata").and_then(|it| it.get("description")).and_then(Value::as_str) {
        let _ = writeln!(out, "// {}\n", super::escape::comment(says));
    }
    for (name, parameter) in members(&template, "parameters") {
        declare(&mut out, name, parameter);
    }
    out.push('\n');
    for (name, value) in members(&template, "variables") {
        let _ = writeln!(out, "var {name} = {}", expression(value, 0));
    }
    for (name, resource) in members(&template, "resources") {
        put_resource(&mut out, name, resource);
    }
    out.push('\n');
    for (name, output) in members(&template, "outputs") {
        let _ = writeln!(out, "output {name} {} = {}", text(output, "type"), expression(&output["value"], 0));
    }
    out
}

/// A template as its readers have it: no comma before what closes, two spaces a level. Why it is none where it is none.
pub(super) fn arm(template: &str) -> Result<String, serde_json::Error> {
    let mut strict = String::with_capacity(template.len());
    let (mut in_string, mut is_escaped) = (false, false);
    for c in template.chars() {
        if !in_string && matches!(c, '}' | ']') {
            let kept = strict.trim_end().trim_end_matches(',').len();
            strict.truncate(kept);
        }
        in_string ^= c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        strict.push(c);
    }
    serde_json::to_string_pretty(&serde_json::from_str::<Value>(&strict)?)
}

/// A string of a template that is no expression, whatever it begins with.
pub(super) fn arm_text(text: &str) -> String {
    super::escape::json(&if text.starts_with('[') { format!("[{text}") } else { text.to_owned() })
}

fn members<'a>(of: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    of.get(key).and_then(Value::as_object).into_iter().flatten()
}

fn text<'a>(of: &'a Value, key: &str) -> &'a str {
    of.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn declare(out: &mut String, name: &str, parameter: &Value) {
    let kind = text(parameter, "type").to_ascii_lowercase();
    if let Some(says) = parameter.get("metadata").and_then(|it| it.get("description")) {
        let _ = writeln!(out, "@description({})", expression(says, 0));
    }
    if let Some(allowed) = parameter.get("allowedValues") {
        let _ = writeln!(out, "@allowed({})", expression(allowed, 0));
    }
    if kind == "securestring" {
        out.push_str("@secure()\n");
    }
    let kind = if kind == "securestring" { "string" } else { &kind };
    let usual = parameter.get("defaultValue").map(|value| format!(" = {}", expression(value, 0))).unwrap_or_default();
    let _ = writeln!(out, "param {name} {kind}{usual}");
}

fn put_resource(out: &mut String, name: &str, resource: &Value) {
    let Some(resource) = resource.as_object() else { return };
    let word = |key: &str| resource.get(key).and_then(Value::as_str).unwrap_or_default();
    out.push('\n');
    if !word("comments").is_empty() {
        let _ = writeln!(out, "// {}", super::escape::comment(word("comments")));
    }
    let condition = resource.get("condition").map(|it| format!("if ({}) ", expression(it, 0))).unwrap_or_default();
    let _ = writeln!(out, "resource {name} '{}@{}' = {condition}{{", word("type"), word("apiVersion"));
    for (key, value) in resource {
        match (key.as_str(), value) {
            ("type" | "apiVersion" | "comments" | "condition", _) => {}
            ("dependsOn", Value::Array(symbols)) => {
                let symbols: Vec<String> =
                    symbols.iter().filter_map(Value::as_str).map(|symbol| format!("    {symbol}\n")).collect();
                let _ = write!(out, "  dependsOn: [\n{}  ]\n", symbols.concat());
            }
            _ => {
                let _ = writeln!(out, "  {}: {}", property(key), expression(value, 1));
            }
        }
    }
    out.push_str("}\n");
}

/// A value; one on lines of its own is indented so deep.
fn expression(value: &Value, depth: usize) -> String {
    let indent = "  ".repeat(depth + 1);
    let close = "  ".repeat(depth);
    match value {
        Value::String(text) => match text.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            Some(code) if !text.starts_with("[[") => translated(code),
            _ => quoted(text.strip_prefix('[').filter(|_| text.starts_with("[[")).unwrap_or(text)),
        },
        Value::Array(items) if items.is_empty() => "[]".to_owned(),
        Value::Array(items) => {
            let lines: Vec<String> =
                items.iter().map(|item| format!("{indent}{}\n", expression(item, depth + 1))).collect();
            format!("[\n{}{close}]", lines.concat())
        }
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let line = |(key, value): (&String, &Value)| {
                format!("{indent}{}: {}\n", property(key), expression(value, depth + 1))
            };
            format!("{{\n{}{close}}}", map.iter().map(line).collect::<String>())
        }
        plain => plain.to_string(),
    }
}

fn property(key: &str) -> String {
    if let Some(code) = key.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        return format!("'${{{}}}'", translated(code));
    }
    let is_word = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_word { key.to_owned() } else { quoted(key) }
}

/// A string in which nothing is filled in.
fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\'' | '\\' | '$' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}') => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// An expression of a template: parameters, variables and resources are called by their names.
fn translated(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    let calls = [("parameters('", ""), ("variables('", ""), ("reference('", ".properties"), ("''", "\\'")];
    while let Some((at, (call, after))) =
        calls.iter().filter_map(|it| Some((rest.find(it.0)?, *it))).min_by_key(|(at, _)| *at)
    {
        out.push_str(&rest[..at]);
        rest = &rest[at + call.len()..];
        if call == "''" {
            out.push_str(after);
            continue;
        }
        let (name, behind) = rest.split_once("')").unwrap_or((rest, ""));
        out.push_str(name);
        out.push_str(after);
        rest = behind;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_too_many_go_and_text_stays() {
        assert_eq!(
            arm("{\"a\": [1, 2,], \"b\": \",]\\\",}\",\n}").unwrap(),
            "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": \",]\\\",}\"\n}"
        );
        assert!(arm("{").is_err());
        assert_eq!(arm_text("[x]"), "\"[[x]\"");
    }

    #[test]
    fn a_template_becomes_the_same_in_bicep() {
        let template = r#"{
          "metadata": {"description": "a shop\n// x"},
          "parameters": {"size": {"type": "int", "defaultValue": 2}, "key": {"type": "secureString"}},
          "variables": {"name": "[format('{0}-x', parameters('size'))]"},
          "resources": {"site": {"type": "A.B/c", "apiVersion": "2024-01-01", "condition": "[equals(1, 1)]",
            "name": "[variables('name')]", "dependsOn": ["plan"],
            "properties": {"text": "it's ${x}\n", "a-b": [true, "[[1]"], "id": "[reference('plan').id]"}}},
          "outputs": {"host": {"type": "string", "value": "[reference('site').host]"}}
        }"#;
        let expected = "// a shop // x\n\nparam size int = 2\n@secure()\nparam key string\n\n\
            var name = format('{0}-x', size)\n\nresource site 'A.B/c@2024-01-01' = if (equals(1, 1)) {\n  name: name\n  \
            dependsOn: [\n    plan\n  ]\n  properties: {\n    text: 'it\\'s \\${x}\\n'\n    'a-b': [\n      true\n      '[1]'\n    \
            ]\n    id: plan.properties.id\n  }\n}\n\noutput host string = site.properties.host\n";
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&bicep(template)), sorted(expected), "{}", bicep(template));
    }
}
