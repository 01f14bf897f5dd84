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
    serde_json::to_string_pretty(&serde_json::from_str::<Value>(&strict)?).map(|text| super::escape::seen(&text))
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
            c if super::escape::is_unseen(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// An expression of a template in Bicep: parameters, variables and resources are called by their names, and what Bicep
/// has an operator for is no function there.
fn translated(code: &str) -> String {
    Reader { rest: code }.expression().text
}

/// What is left of an expression.
struct Reader<'a> {
    rest: &'a str,
}

/// An expression of Bicep.
struct Term {
    text: String,
    /// Whether it needs brackets where it is a part of another one.
    is_open: bool,
}

impl Term {
    fn closed(text: String) -> Self {
        Self { text, is_open: false }
    }

    fn part(&self) -> String {
        if self.is_open { format!("({})", self.text) } else { self.text.clone() }
    }
}

impl<'a> Reader<'a> {
    fn expression(&mut self) -> Term {
        self.rest = self.rest.trim_start();
        let mut term = if self.ate('\'') {
            Term::closed(quoted(&self.string()))
        } else {
            let name = self.word();
            if self.ate('(') { called(name, &self.arguments()) } else { Term::closed(name.to_owned()) }
        };
        loop {
            if self.ate('.') {
                term = Term::closed(format!("{}.{}", term.part(), self.word()));
            } else if self.ate('[') {
                let index = self.expression().text;
                self.ate(']');
                term = Term::closed(format!("{}[{index}]", term.part()));
            } else {
                return term;
            }
        }
    }

    fn arguments(&mut self) -> Vec<Term> {
        let mut arguments = Vec::new();
        while !self.rest.is_empty() && !self.ate(')') {
            arguments.push(self.expression());
            self.rest = self.rest.trim_start();
            if !self.ate(',') && !self.rest.starts_with(')') {
                return arguments;
            }
        }
        arguments
    }

    /// Behind the quote that opens it; two of them are one.
    fn string(&mut self) -> String {
        let mut text = String::new();
        while let Some((before, behind)) = self.rest.split_once('\'') {
            text.push_str(before);
            self.rest = behind;
            if !self.ate('\'') {
                return text;
            }
            text.push('\'');
        }
        text.push_str(std::mem::take(&mut self.rest));
        text
    }

    fn word(&mut self) -> &'a str {
        let length =
            self.rest.find(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        word
    }

    fn ate(&mut self, wanted: char) -> bool {
        let behind = self.rest.strip_prefix(wanted);
        self.rest = behind.unwrap_or(self.rest);
        behind.is_some()
    }
}

/// A call of a function of templates.
fn called(name: &str, arguments: &[Term]) -> Term {
    let symbol = |term: &Term| term.text.trim_matches('\'').to_owned();
    match (name, arguments) {
        ("parameters" | "variables", [of]) => Term::closed(symbol(of)),
        ("reference", [of]) => Term::closed(format!("{}.properties", symbol(of))),
        ("not", [it]) => Term::closed(format!("!{}", it.part())),
        ("equals", [one, other]) => Term { text: format!("{} == {}", one.part(), other.part()), is_open: true },
        ("greater", [one, other]) => Term { text: format!("{} > {}", one.part(), other.part()), is_open: true },
        ("if", [when, then, other]) => {
            let text = format!("{} ? {} : {}", when.part(), then.part(), other.part());
            Term { text, is_open: true }
        }
        _ => {
            let arguments: Vec<&str> = arguments.iter().map(|it| it.text.as_str()).collect();
            Term::closed(format!("{name}({})", arguments.join(", ")))
        }
    }
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
    fn functions_with_an_operator_are_operators() {
        for (code, expected) in [
            ("greater(parameters('most'), parameters('least'))", "most > least"),
            ("not(empty(parameters('key')))", "!empty(key)"),
            ("not(equals(variables('a'), ''))", "!(a == '')"),
            (
                "if(empty(parameters('key')), '', format('@({0}), it''s ${x}', take('a', 2)))",
                r"empty(key) ? '' : format('@({0}), it\'s \${x}', take('a', 2))",
            ),
            (
                "listKeys(resourceId('A/b', 'c'), '2024-11-01').keys[0].value",
                "listKeys(resourceId('A/b', 'c'), '2024-11-01').keys[0].value",
            ),
            ("resourceGroup().id", "resourceGroup().id"),
        ] {
            assert_eq!(translated(code), expected);
        }
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
            var name = format('{0}-x', size)\n\nresource site 'A.B/c@2024-01-01' = if (1 == 1) {\n  name: name\n  \
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
