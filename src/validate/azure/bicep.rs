//! Bicep (learn.microsoft.com, “Bicep file structure and syntax”): declarations, and what they name.

use std::collections::HashSet;

use super::bicep_values::Names;
use super::meant::Given;
use crate::validate::Faults;
use crate::validate::cloud::Resource;
use crate::validate::parameters::Parameter;
use crate::validate::secrets::{names_a_place, names_a_secret};
use crate::validate::tokens::{Kind, Language, Quote, Token, Wrong, balanced, read, read_from};

pub(super) const LANGUAGE: Language = Language {
    // `#disable-next-line` and its like are for who looks at the file.
    comments: &["//", "#"],
    quotes: &[
        Quote { mark: "'''", escapes: false, code: &[], is_long: true },
        Quote { mark: "'", escapes: true, code: &["${"], is_long: false },
    ],
    has_here_documents: false,
    has_bare_code: false,
    letters: "",
};

/// What stands in place of names without one being declared.
const WORDS: &[&str] = &[
    "for", "in", "if", "true", "false", "null", "existing", "az", "sys", "string", "int", "bool", "array", "object",
    "any", "this", "as", "with", "from", "import",
];

/// What marks values that only running tells.
pub(super) const OPEN: &str = "expression";

/// What begins with a keyword, up to the end of its last line.
struct Declaration<'t> {
    keyword: &'t str,
    name: &'t str,
    line: usize,
    tokens: &'t [Token<'t>],
    /// Whether `@secure()` stands above it.
    is_secure: bool,
}

pub(in crate::validate) fn check(text: &str, faults: &mut Faults<'_>) {
    let tokens = match read(text, &LANGUAGE).and_then(|tokens| balanced(&tokens).map(|()| tokens)) {
        Ok(tokens) => tokens,
        Err((line, why)) => return faults.add("bicep-syntax", line, why),
    };
    let declarations = match declarations(&tokens) {
        Ok(declarations) => declarations,
        Err((line, why)) => return faults.add("bicep-syntax", line, why),
    };
    let mut names: HashSet<&str> = HashSet::new();
    for one in declarations.iter().filter(|one| !one.name.is_empty()) {
        if one.keyword != "output" && !names.insert(one.name) {
            faults.add("bicep-syntax", one.line, format!("{} is declared twice", one.name));
        }
    }
    names.extend(inner_names(&tokens));
    for one in &declarations {
        used(one.tokens, &names, 0, faults);
        declared(one, faults);
    }
    resources(&declarations, &Given::new(), faults);
}

/// Holds the resources of a file to the policies, with what its parameters are given.
pub(super) fn policies(text: &str, given: &Given, faults: &mut Faults<'_>) {
    let Ok(tokens) = read(text, &LANGUAGE) else { return };
    if let Ok(declarations) = declarations(&tokens) {
        resources(&declarations, given, faults);
    }
}

/// What a file puts out.
pub(in crate::validate) fn outputs(text: &str) -> Vec<String> {
    let tokens = read(text, &LANGUAGE).unwrap_or_default();
    let declarations = declarations(&tokens).unwrap_or_default();
    declarations.iter().filter(|one| one.keyword == "output").map(|one| one.name.to_owned()).collect()
}

/// A file of values (learn.microsoft.com, “Parameters file for Bicep”).
pub(in crate::validate) fn check_values(text: &str, faults: &mut Faults<'_>) {
    let tokens = match read(text, &LANGUAGE).and_then(|tokens| balanced(&tokens).map(|()| tokens)) {
        Ok(tokens) => tokens,
        Err((line, why)) => return faults.add("bicep-syntax", line, why),
    };
    let mut is_for_one = false;
    for part in statements(&tokens) {
        let kinds: Vec<&Kind<'_>> = part.iter().take(5).map(|token| &token.kind).collect();
        match kinds.as_slice() {
            [Kind::Word("using" | "extends"), ..] => is_for_one = true,
            [Kind::Word("param"), Kind::Word(name), Kind::Sign("="), Kind::Text(text)]
                if names_a_secret(name) && !names_a_place(name) && text.code.is_empty() && !text.raw.is_empty() =>
            {
                let message =
                    format!("the value of {name} is written down: az.getSecret(…), or readEnvironmentVariable('…')");
                faults.add("secret-in-file", part[3].line, message);
            }
            [Kind::Word("import" | "type" | "func") | Kind::Sign("@"), ..]
            | [Kind::Word("param" | "var"), Kind::Word(_), Kind::Sign("="), _, ..] => {}
            _ => faults.add("bicep-syntax", part[0].line, "a file of values holds using '…' and param name = value"),
        }
    }
    if !is_for_one {
        faults.add("bicep-syntax", None, "nothing says whose values these are: using './main.bicep'");
    }
}

/// What a file of values gives; none where another one gives more.
pub(super) fn given(text: &str) -> Option<Vec<(String, usize)>> {
    let tokens = read(text, &LANGUAGE).ok()?;
    let mut given = Vec::new();
    for part in statements(&tokens) {
        match part {
            [Token { kind: Kind::Word("extends"), .. }, ..] => return None,
            [Token { kind: Kind::Word("param"), line }, Token { kind: Kind::Word(name), .. }, ..] => {
                given.push(((*name).to_owned(), *line));
            }
            _ => {}
        }
    }
    Some(given)
}

/// What a file of values is for, with its line.
pub(super) fn using(text: &str) -> Option<(usize, String)> {
    let tokens = read(text, &LANGUAGE).ok()?;
    tokens.windows(2).find_map(|two| match [&two[0].kind, &two[1].kind] {
        [Kind::Word("using"), Kind::Text(path)] if !path.raw.contains(':') => Some((two[1].line, path.raw.to_owned())),
        _ => None,
    })
}

/// What a file takes.
pub(super) fn parameters(text: &str) -> Vec<Parameter> {
    let Ok(tokens) = read(text, &LANGUAGE) else { return Vec::new() };
    let declarations = declarations(&tokens).unwrap_or_default();
    let parameters = declarations.iter().filter(|one| one.keyword == "param");
    let is_left = |one: &Declaration<'_>| one.tokens.iter().any(|token| matches!(token.kind, Kind::Sign("=" | "?")));
    parameters.map(|one| Parameter { name: one.name.to_owned(), is_required: !is_left(one) }).collect()
}

fn resources(declarations: &[Declaration<'_>], given: &Given, faults: &mut Faults<'_>) {
    let mut names = Names::new(given);
    for one in declarations.iter().filter(|one| matches!(one.keyword, "param" | "var")) {
        names.declare(one.name, one.keyword == "param", value(one));
    }
    for one in declarations.iter().filter(|one| one.keyword == "resource") {
        let Some(Kind::Text(kind)) = one.tokens.first().map(|token| &token.kind) else { continue };
        let Some((kind, _)) = kind.raw.split_once('@').filter(|(_, version)| !version.is_empty()) else { continue };
        let is_elsewhere = one.tokens.iter().take(3).any(|token| token.kind == Kind::Word("existing"));
        let body = value(one).and_then(|value| value.iter().position(|token| token.kind == Kind::Sign("{")));
        let (Some(value), Some(body), false) = (value(one), body, is_elsewhere) else { continue };
        let properties = names.read(&value[body..]);
        let resource = Resource { kind, name: one.name, line: one.line, properties: &properties };
        super::check(&resource, &|node| node.tag.as_deref() == Some(OPEN), faults);
    }
}

/// What stands behind the sign of equality.
fn value<'t>(one: &Declaration<'t>) -> Option<&'t [Token<'t>]> {
    one.tokens.iter().position(|token| token.kind == Kind::Sign("=")).map(|at| &one.tokens[at + 1..])
}

/// Where the modules of a file lie, with their lines.
pub(in crate::validate) fn modules(text: &str) -> Vec<(usize, String)> {
    let Ok(tokens) = read(text, &LANGUAGE) else { return Vec::new() };
    let modules = tokens.windows(3).filter_map(|three| match [&three[0].kind, &three[1].kind, &three[2].kind] {
        [Kind::Word("module"), Kind::Word(_), Kind::Text(path)]
            if path.raw.starts_with('.') || !path.raw.contains(':') =>
        {
            Some((three[2].line, path.raw.to_owned()))
        }
        _ => None,
    });
    modules.collect()
}

fn declarations<'t>(tokens: &'t [Token<'t>]) -> Result<Vec<Declaration<'t>>, Wrong> {
    let mut found = Vec::new();
    let mut is_secure = false;
    for part in statements(tokens) {
        let line = part[0].line;
        match &part[0].kind {
            Kind::Sign("@") => {
                is_secure |= matches!(part.get(1).map(|token| &token.kind), Some(Kind::Word("secure")));
                continue;
            }
            Kind::Word(
                keyword @ ("param" | "var" | "resource" | "module" | "output" | "type" | "func" | "metadata"),
            ) => {
                let Some(Kind::Word(name)) = part.get(1).map(|token| &token.kind) else {
                    return Err((line, format!("{keyword} says no name")));
                };
                let needs = |sign: &'static str| part.iter().any(|token| token.kind == Kind::Sign(sign));
                if *keyword != "param" && !needs("=") && *keyword != "func" {
                    return Err((line, format!("{keyword} {name} says nothing: “=” is missing")));
                }
                let is_text = matches!(part.get(2).map(|token| &token.kind), Some(Kind::Text(_)));
                if matches!(*keyword, "resource" | "module") && !is_text {
                    return Err((line, format!("{keyword} {name} does not say which: a text is missing")));
                }
                let name = if *keyword == "metadata" { "" } else { name };
                found.push(Declaration { keyword, name, line, tokens: &part[2..], is_secure });
            }
            Kind::Word("targetScope" | "import" | "using" | "extension" | "assert" | "provider") => {}
            _ => return Err((line, "a declaration begins with param, var, resource, module or output".to_owned())),
        }
        is_secure = false;
    }
    Ok(found)
}

/// Parts that end with a line outside of brackets.
fn statements<'t>(tokens: &'t [Token<'t>]) -> Vec<&'t [Token<'t>]> {
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0_usize, 0);
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Sign("(" | "[" | "{") => depth += 1,
            Kind::Sign(")" | "]" | "}") => depth = depth.saturating_sub(1),
            Kind::LineEnd if depth == 0 => {
                // A condition may go on with the next line.
                let next = tokens.get(index + 1).map(|token| &token.kind);
                if !matches!(next, Some(Kind::Sign("?" | ":" | "&&" | "||" | "??" | "."))) {
                    parts.push(&tokens[from..index]);
                    from = index + 1;
                }
            }
            _ => {}
        }
    }
    parts.push(&tokens[from..]);
    parts.retain(|part| !part.is_empty());
    parts
}

/// Names of loops, of lambdas, of functions' parameters, and of resources in resources.
fn inner_names<'t>(tokens: &'t [Token<'t>]) -> Vec<&'t str> {
    let mut names = Vec::new();
    let kind = |index: usize| tokens.get(index).map(|token| &token.kind);
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Word("for") => {
                let until = |kind: &&Token<'_>| kind.kind != Kind::Word("in");
                names.extend(tokens[index + 1..].iter().take(6).take_while(until).filter_map(word));
            }
            Kind::Word("resource" | "as") => names.extend(tokens.get(index + 1).and_then(word)),
            Kind::Sign("=>") => {
                let before = tokens[..index].iter().rev();
                if kind(index.wrapping_sub(1)) == Some(&Kind::Sign(")")) {
                    names.extend(
                        before.skip(1).take(40).take_while(|token| token.kind != Kind::Sign("(")).filter_map(word),
                    );
                } else {
                    names.extend(before.take(1).filter_map(word));
                }
            }
            Kind::Word("import") => {
                names.extend(
                    tokens[index + 1..].iter().take_while(|token| token.kind != Kind::Word("from")).filter_map(word),
                );
            }
            Kind::Word("func") => {
                let parameters = tokens[index + 1..].iter().take_while(|token| token.kind != Kind::Sign(")"));
                names.extend(parameters.filter_map(word));
            }
            _ => {}
        }
    }
    names
}

fn word<'t>(token: &'t Token<'t>) -> Option<&'t str> {
    match token.kind {
        Kind::Word(word) => Some(word),
        _ => None,
    }
}

/// Names that are used are declared.
fn used(tokens: &[Token<'_>], names: &HashSet<&str>, depth: usize, faults: &mut Faults<'_>) {
    let kind = |index: usize| tokens.get(index).map(|token| &token.kind);
    let mut brackets: Vec<&str> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match &token.kind {
            Kind::Sign(sign @ ("{" | "[" | "(")) => brackets.push(sign),
            Kind::Sign("}" | "]" | ")") => drop(brackets.pop()),
            Kind::Text(text) => {
                for (line, code) in &text.code {
                    match read_from(code, *line, &LANGUAGE) {
                        Ok(inner) if depth < 20 => used(&inner, names, depth + 1, faults),
                        Ok(_) => {}
                        Err((line, why)) => faults.add("bicep-syntax", line, why),
                    }
                }
            }
            Kind::Word(name) => {
                let before = index.checked_sub(1).and_then(kind);
                let is_field = matches!(before, Some(Kind::Sign("." | "?." | ".?" | "::" | "@" | "!")))
                    && !(before == Some(&Kind::Sign("!"))
                        && kind(index + 1) != Some(&Kind::Sign("("))
                        && names.contains(name));
                let begins = matches!(before, None | Some(Kind::LineEnd | Kind::Sign("{" | "," | "[")));
                let is_key = begins && kind(index + 1) == Some(&Kind::Sign(":")) && brackets.last() == Some(&"{");
                let is_call = kind(index + 1) == Some(&Kind::Sign("("));
                if !is_field
                    && !is_key
                    && !is_call
                    && !WORDS.contains(name)
                    && !names.contains(name)
                    && *name != "resource"
                {
                    faults.add("unknown-reference", token.line, format!("nothing declares {name}"));
                }
            }
            _ => {}
        }
    }
}

fn declared(one: &Declaration<'_>, faults: &mut Faults<'_>) {
    match one.keyword {
        "param" => {
            let is_text = matches!(one.tokens.first().map(|token| &token.kind), Some(Kind::Word("string")));
            let is_secret = is_text && names_a_secret(one.name) && !names_a_place(one.name);
            if is_secret && !one.is_secure {
                let message = format!("whoever looks at the deployment reads {}: @secure()", one.name);
                faults.add("secret-in-output", one.line, message);
            }
            if let Some([Token { kind: Kind::Text(text), line }]) = value(one)
                && (one.is_secure || is_secret)
                && !text.raw.is_empty()
                && text.code.is_empty()
            {
                faults.add("secret-in-file", *line, format!("{} has a default: whoever deploys gives it", one.name));
            }
        }
        "resource" => {
            if let Some(Kind::Text(kind)) = one.tokens.first().map(|token| &token.kind)
                && !kind.raw.contains('@')
            {
                let message = format!("{} does not say its version: 'Type@2024-01-01'", one.name);
                faults.add("bicep-syntax", one.line, message);
            }
        }
        _ => {}
    }
}
