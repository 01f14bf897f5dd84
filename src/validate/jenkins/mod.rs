//! Jenkinsfiles (jenkins.io, “Pipeline syntax”), declarative ones: sections that are known where they stand, and no
//! secret or parameter in the text of a command.

#[cfg(test)]
pub(super) mod tests;

use super::scripts::Piece;
use super::secrets::{is_kept, names_a_place, names_a_secret};
use super::tokens::{Kind, Language, Quote, Text, Token, balanced, read};
use super::{Faults, images, variables, written};

const LANGUAGE: Language = Language {
    comments: &["//", "#!"],
    quotes: &[
        Quote { mark: "\"\"\"", escapes: true, code: &["${"], is_long: true },
        Quote { mark: "'''", escapes: true, code: &[], is_long: true },
        Quote { mark: "\"", escapes: true, code: &["${"], is_long: false },
        Quote { mark: "'", escapes: true, code: &[], is_long: false },
    ],
    has_here_documents: false,
    has_bare_code: true,
    letters: "",
};

const PIPELINE: &[&str] =
    &["agent", "stages", "post", "environment", "options", "parameters", "triggers", "tools", "libraries"];

const STAGE: &[&str] = &[
    "agent",
    "steps",
    "stages",
    "parallel",
    "matrix",
    "post",
    "environment",
    "options",
    "tools",
    "input",
    "when",
    "failFast",
];

const POST: &[&str] = &[
    "always",
    "changed",
    "fixed",
    "regression",
    "aborted",
    "failure",
    "success",
    "unstable",
    "unsuccessful",
    "cleanup",
];

pub(super) fn check(text: &str, faults: &mut Faults<'_>) {
    let tokens = match read(text, &LANGUAGE).and_then(|tokens| balanced(&tokens).map(|()| tokens)) {
        Ok(tokens) => tokens,
        Err((line, why)) => return faults.add("pipeline-syntax", line, why),
    };
    images(&tokens, faults);
    // It may stand in a function that a library or another file calls.
    let begins = |two: &[Token<'_>]| two[0].kind == Kind::Word("pipeline") && two[1].kind == Kind::Sign("{");
    let at = tokens.windows(2).position(begins);
    match at.and_then(|at| blocks(&tokens[at..]).into_iter().next()) {
        Some(pipeline) => self::pipeline(&pipeline, faults),
        // Of a scripted one, and of one that a library makes, only its commands are looked at.
        None if does_something(&tokens) => {}
        None => faults.add("pipeline-syntax", None, "there is no pipeline { … }"),
    }
    commands(&tokens, faults);
    written(&tokens, faults);
}

/// Whether something is called that is no section of a pipeline out of its place.
fn does_something(tokens: &[Token<'_>]) -> bool {
    let sections = [PIPELINE, STAGE, &["stage"]];
    let is_lost = |block: &Block<'_>| sections.iter().any(|words| words.contains(&block.name));
    let own = blocks(tokens);
    let held = |block: &Block<'_>| block.body.map(blocks).is_some_and(|inner| inner.iter().any(is_lost));
    !own.is_empty() && !own.iter().any(|block| is_lost(block) || block.name != "node" && held(block))
}

/// `name { … }`, `name('argument') { … }` or `name argument`, with what stands in it.
struct Block<'t> {
    name: &'t str,
    line: usize,
    /// The text it is called with.
    argument: Option<&'t str>,
    /// None where there are no braces.
    body: Option<&'t [Token<'t>]>,
    /// What stands behind the name, without braces.
    rest: &'t [Token<'t>],
}

/// What begins a line outside of inner brackets.
fn blocks<'t>(tokens: &'t [Token<'t>]) -> Vec<Block<'t>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let begins = at == 0 || matches!(tokens[at - 1].kind, Kind::LineEnd | Kind::Sign("}" | ";" | "{"));
        let Kind::Word(name) = tokens[at].kind else {
            at = behind(tokens, at);
            continue;
        };
        let line = tokens[at].line;
        let from = at + 1;
        let mut end = from;
        let mut body = None;
        while end < tokens.len() && !matches!(tokens[end].kind, Kind::LineEnd | Kind::Sign(";")) {
            let next = behind(tokens, end);
            if tokens[end].kind == Kind::Sign("{") {
                body = tokens.get(end + 1..next.saturating_sub(1));
                end = next;
                break;
            }
            end = next;
        }
        if begins {
            let rest = &tokens[from..end.min(tokens.len())];
            let argument = rest.iter().take(2).find_map(|token| match &token.kind {
                Kind::Text(text) => Some(text.raw),
                _ => None,
            });
            found.push(Block { name, line, argument, body, rest });
        }
        at = end.max(at + 1);
    }
    found
}

/// Where the bracket that opens here closes, or the next token.
fn behind(tokens: &[Token<'_>], at: usize) -> usize {
    if !matches!(tokens[at].kind, Kind::Sign("(" | "[" | "{")) {
        return at + 1;
    }
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match token.kind {
            Kind::Sign("(" | "[" | "{") => depth += 1,
            Kind::Sign(")" | "]" | "}") => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

fn known(inner: &[Block<'_>], words: &[&str], of: &str, faults: &mut Faults<'_>) {
    for block in inner.iter().filter(|block| !words.contains(&block.name)) {
        faults.add("pipeline-syntax", block.line, format!("{of} has no section “{}”", block.name));
    }
}

fn pipeline(block: &Block<'_>, faults: &mut Faults<'_>) {
    let inner = block.body.map(blocks).unwrap_or_default();
    known(&inner, PIPELINE, "a pipeline", faults);
    for wanted in ["agent", "stages"] {
        if !inner.iter().any(|section| section.name == wanted) {
            faults.add("pipeline-syntax", block.line, format!("the pipeline has no {wanted}"));
        }
    }
    if let Some(stages) = inner.iter().find(|section| section.name == "stages") {
        self::stages(stages, 0, faults);
    }
    let has_limit = inner
        .iter()
        .filter(|section| section.name == "options")
        .any(|options| options.body.is_some_and(|body| body.iter().any(|token| token.kind == Kind::Word("timeout"))));
    if !has_limit {
        faults.add(
            "no-timeout",
            block.line,
            "a run that hangs holds its agent: options { timeout(time: 1, unit: 'HOURS') }",
        );
    }
    sections(&inner, faults);
}

/// What pipelines and stages both have.
fn sections(inner: &[Block<'_>], faults: &mut Faults<'_>) {
    for section in inner {
        let body = section.body.map(blocks).unwrap_or_default();
        match section.name {
            "post" => known(&body, POST, "post", faults),
            "agent" => agent(section, faults),
            "environment" => environment(&body, faults),
            _ => {}
        }
    }
}

fn stages(block: &Block<'_>, depth: usize, faults: &mut Faults<'_>) {
    let inner = block.body.map(blocks).unwrap_or_default();
    let mut names: Vec<&str> = Vec::new();
    let stages: Vec<&Block<'_>> = inner.iter().filter(|stage| stage.name == "stage").collect();
    if stages.is_empty() {
        faults.add("pipeline-syntax", block.line, format!("{} has no stage", block.name));
    }
    for other in inner.iter().filter(|other| other.name != "stage") {
        faults.add("pipeline-syntax", other.line, format!("{} holds stages, not “{}”", block.name, other.name));
    }
    for one in stages {
        match one.argument {
            None => faults.add("pipeline-syntax", one.line, "a stage has a name: stage('Test')"),
            Some(name) if names.contains(&name) => {
                faults.add("pipeline-syntax", one.line, format!("two stages are called {name}"));
            }
            Some(name) => names.push(name),
        }
        stage(one, depth, faults);
    }
}

fn stage(block: &Block<'_>, depth: usize, faults: &mut Faults<'_>) {
    let inner = block.body.map(blocks).unwrap_or_default();
    let name = block.argument.unwrap_or("the stage");
    known(&inner, STAGE, "a stage", faults);
    let does = |wanted: &Block<'_>| matches!(wanted.name, "steps" | "stages" | "parallel" | "matrix");
    match inner.iter().filter(|section| does(section)).count() {
        0 => faults.add("pipeline-syntax", block.line, format!("{name} does nothing: steps {{ … }}")),
        1 => {}
        _ => {
            let message = format!("{name} has steps, or stages, or parallel: one of them");
            faults.add("pipeline-syntax", block.line, message);
        }
    }
    for section in inner.iter().filter(|section| matches!(section.name, "stages" | "parallel") && depth < 20) {
        stages(section, depth + 1, faults);
    }
    sections(&inner, faults);
}

fn agent(section: &Block<'_>, faults: &mut Faults<'_>) {
    let is_word = matches!(section.rest.first().map(|token| &token.kind), Some(Kind::Word("any" | "none")));
    if section.body.is_none() && !is_word {
        faults.add("pipeline-syntax", section.line, "agent is any, none, or { … }");
    }
}

/// Images that steps run in: `image 'node:22'`, `docker 'node:22'`, `docker.image('node:22')`.
fn images(tokens: &[Token<'_>], faults: &mut Faults<'_>) {
    for (index, token) in tokens.iter().enumerate() {
        if !matches!(token.kind, Kind::Word("image" | "docker")) {
            continue;
        }
        let behind = tokens[index + 1..].iter();
        let text = behind.skip_while(|token| matches!(token.kind, Kind::Sign("("))).map(|token| &token.kind);
        let argument: Vec<_> = text.take_while(|kind| !matches!(kind, Kind::LineEnd | Kind::Sign("}" | ")"))).collect();
        let image = match argument.as_slice() {
            [Kind::Text(text), ..] => variables::filled(&text.raw.replace("env.", ""), &|name| value(tokens, name)),
            [Kind::Word(name)] | [Kind::Word("env" | "params"), Kind::Sign("."), Kind::Word(name)] => {
                let Some(image) = value(tokens, name) else { continue };
                image
            }
            _ => continue,
        };
        images::check(&image, token.line, faults);
    }
}

/// The text that a name is given: a variable's, or what a parameter says where nobody sets it.
fn value(tokens: &[Token<'_>], name: &str) -> Option<String> {
    let plain = |text: &Text<'_>| text.code.is_empty().then(|| text.raw.to_owned());
    let given = tokens.windows(3).find_map(|three| match [&three[0].kind, &three[1].kind, &three[2].kind] {
        [Kind::Word(word), Kind::Sign("="), Kind::Text(text)] if *word == name => plain(text),
        _ => None,
    });
    given.or_else(|| {
        let is_it = |token: &Token<'_>| matches!(&token.kind, Kind::Text(text) if text.raw == name);
        let at = tokens.iter().position(is_it)?;
        let until = tokens[at..].iter().take(12).position(|token| token.kind == Kind::Sign(")"))?;
        tokens[at..at + until].windows(3).find_map(|three| match [&three[0].kind, &three[1].kind, &three[2].kind] {
            [Kind::Word("defaultValue"), Kind::Sign(":"), Kind::Text(text)] => plain(text),
            _ => None,
        })
    })
}

/// Secrets come from where Jenkins keeps them.
fn environment(body: &[Block<'_>], faults: &mut Faults<'_>) {
    for variable in body {
        let is_referred_to = variable.rest.iter().any(|token| token.kind == Kind::Word("credentials"));
        let text = variable.rest.iter().find_map(|token| match &token.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        });
        let is_written = |text: &Text<'_>| text.code.is_empty() && is_kept(variable.name, text.raw);
        if !is_referred_to && text.is_some_and(is_written) {
            let message = format!("the value of {0} is written down: {0} = credentials('…')", variable.name);
            faults.add("secret-in-file", variable.line, message);
        }
    }
}

/// The scripts of a pipeline, where they are run in the folder of the project.
pub(super) fn scripts(text: &str) -> Vec<Piece<'static>> {
    let tokens = read(text, &LANGUAGE).unwrap_or_default();
    if tokens.iter().any(|token| matches!(token.kind, Kind::Word("dir" | "ws" | "unstash" | "customWorkspace"))) {
        return Vec::new();
    }
    let mut pieces = Vec::new();
    for (index, _) in tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Word("sh")) {
        let argument = tokens[index + 1..].iter().take_while(|token| token.kind != Kind::LineEnd).take(4);
        for token in argument {
            if let Kind::Text(text) = &token.kind {
                let (first, raw) = (token.line, text.raw.to_owned());
                let line = Box::new(move |at: usize| first + raw[..at].matches('\n').count());
                let folders = vec![String::new()];
                pieces.push(Piece { text: text.raw.to_owned(), before: String::new(), line, folders });
            }
        }
    }
    pieces
}

/// Commands whose text Groovy puts together from secrets and parameters.
fn commands(tokens: &[Token<'_>], faults: &mut Faults<'_>) {
    let secrets = secrets(tokens);
    for (index, token) in tokens.iter().enumerate() {
        if !matches!(token.kind, Kind::Word("sh" | "bat" | "powershell" | "pwsh")) {
            continue;
        }
        // Up to the end of the line: sh "…", sh("…"), sh(script: "…").
        let argument = tokens[index + 1..].iter().take_while(|token| token.kind != Kind::LineEnd).take(8);
        for text in argument.filter_map(|token| match &token.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }) {
            self::text(text, &secrets, faults);
        }
    }
}

fn text(text: &Text<'_>, secrets: &[&str], faults: &mut Faults<'_>) {
    for (line, code) in &text.code {
        let code = code.trim();
        let root = code.split(['.', '(', '[', ' ']).next().unwrap_or_default();
        let last = code.strip_prefix("env.").unwrap_or(code);
        if secrets.contains(&last) || names_a_secret(last) {
            let message =
                format!("{last} stands in the command's text and in the log: single quotes, and $${last} in the shell");
            faults.add("secret-in-command", *line, message.replace("$$", "$"));
        } else if root == "params" || matches!(last, "BRANCH_NAME" | "CHANGE_BRANCH" | "CHANGE_TITLE" | "TAG_NAME") {
            let message =
                format!("whoever sets {code} can run commands here: single quotes, and the variable in the shell");
            faults.add("script-injection", *line, message);
        }
    }
}

/// Names of variables that hold credentials.
fn secrets<'t>(tokens: &'t [Token<'t>]) -> Vec<&'t str> {
    let mut names = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match (&token.kind, tokens.get(index + 1), tokens.get(index + 2)) {
            (Kind::Word(name), Some(sign), Some(call))
                if sign.kind == Kind::Sign("=") && call.kind == Kind::Word("credentials") =>
            {
                names.push(*name);
            }
            (Kind::Word(key), Some(sign), Some(Token { kind: Kind::Text(text), .. }))
                if sign.kind == Kind::Sign(":") && key.ends_with("Variable") =>
            {
                names.push(text.raw);
            }
            _ => {}
        }
    }
    names
}

/// Secrets that are given to variables of a script, in its commands, and in `withEnv(['NAME=…'])`.
fn given(tokens: &[Token<'_>], faults: &mut Faults<'_>) {
    let message = |name: &str| format!("the value of {name} is written down: use withCredentials");
    for (index, three) in tokens.windows(3).enumerate() {
        let [
            Token { kind: Kind::Word(name), .. },
            Token { kind: Kind::Sign("="), .. },
            Token { kind: Kind::Text(text), line },
        ] = three
        else {
            continue;
        };
        let before = index.checked_sub(1).map(|before| &tokens[before].kind);
        // What stands alone may be a setting of a library, which names where a secret is kept.
        let is_variable = matches!(before, Some(Kind::Word("def" | "String" | "final" | "static")))
            || matches!(before, Some(Kind::Sign("."))) && index > 1 && tokens[index - 2].kind == Kind::Word("env");
        if is_variable && text.code.is_empty() && is_kept(name, text.raw) && !names_a_place(name) {
            faults.add("secret-in-file", *line, message(name));
        }
    }
    for (token, text) in tokens.iter().filter_map(|token| match &token.kind {
        Kind::Text(text) => Some((token, text)),
        _ => None,
    }) {
        for secret in written::in_commands(text.raw) {
            faults.add("secret-in-file", token.line + secret.line, message(&secret.name));
        }
    }
}

/// Passwords as arguments of steps.
fn written(tokens: &[Token<'_>], faults: &mut Faults<'_>) {
    given(tokens, faults);
    for three in tokens.windows(3) {
        if let [
            Token { kind: Kind::Word(key), .. },
            Token { kind: Kind::Sign(":"), .. },
            Token { kind: Kind::Text(text), line },
        ] = three
            && matches!(key.to_ascii_lowercase().as_str(), "password" | "token" | "secret")
            && !text.raw.is_empty()
            && text.code.is_empty()
        {
            faults.add("secret-in-file", *line, format!("the value of {key} is written down: use withCredentials"));
        }
    }
}
