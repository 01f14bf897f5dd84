//! The port that an app listens on.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::Value;

use super::apps::App;
use super::data::Text;
use super::docker::Docker;
use super::platforms;
use super::project::Folder;
use super::sources::{Sources, is_of_tests};
use super::text::places;
use crate::model::Evidence;

/// Ports of databases, caches, queues, mail and of the proxy in front: an app speaks to these, and listens on none.
pub(super) const OF_SERVICES: &[u16] = &[
    110, 143, 389, 443, 465, 587, 993, 1433, 1521, 2379, 3306, 5432, 5433, 5672, 6379, 6380, 9042, 9092, 9200, 11211,
    27017,
];

/// What the project says: its own Dockerfile, its configuration, its start command, its sources, its framework; the
/// usual one of its stack where it says nothing. With what says so, where that is not told anyhow.
pub(super) fn find(app: &App<'_>, docker: &Docker) -> Option<(u16, Option<Evidence>)> {
    let stack = app.candidate.stack;
    // Zero means any that is free.
    let some = |port: &u16| *port > 0;
    let by_platform = || {
        let told = |port| Evidence::new(app.folder().at("fly.toml"), format!("gives requests to port {port}"));
        platforms::port(app.folder()).map(|port| (port, Some(told(port))))
    };
    let told_by_reader = || app.facts.port.filter(some).map(|port| (port, None));
    let from_scripts =
        || {
            app.facts.started.iter().find_map(|script| in_script(script)).map(|port| {
                (port, Some(Evidence::new(app.manifest(), format!("its start script gives the port {port}"))))
            })
        };
    let from_configuration = || {
        let (file, port) = in_configuration(app)?;
        Some((port, Some(Evidence::new(file, format!("has it listen on {port}")))))
    };
    let from_sources = || {
        let (path, port) = from_sources(&app.sources, &stack.port_marks)?;
        Some((port, Some(Evidence::new(path, format!("listens on {port}")))))
    };
    let by_framework = || {
        let framework = app.framework.as_ref()?;
        let (port, name) = (framework.rule.port?, &framework.rule.name);
        Some((
            port,
            Some(Evidence::new(framework.file(), format!("{name} listens on {port}, where nothing says another"))),
        ))
    };
    let usual = || {
        let says = |port| format!("nothing says where it listens: {port} is usual");
        stack.port.map(|port| (port, Some(Evidence::new(app.manifest(), says(port)))))
    };
    let said = docker.port.filter(some).map(|port| (port, None));
    said.or_else(by_platform)
        .or_else(told_by_reader)
        .or_else(from_configuration)
        .or_else(from_scripts)
        .or_else(from_sources)
        .or_else(by_framework)
        .or_else(usual)
}

/// The port that a start script gives to its program.
fn in_script(script: &str) -> Option<u16> {
    ["--port ", "--port=", "-p ", "PORT=", "--bind 0.0.0.0:"].iter().find_map(|mark| after_mark(script, mark))
}

/// What a configuration file says at one of the stack's places, the most binding first.
fn in_configuration(app: &App<'_>) -> Option<(String, u16)> {
    let folder = app.folder();
    let below = app.facts.swallows.as_ref().and_then(|below| folder.folder(below));
    let folders: Vec<Folder<'_>> = below.into_iter().chain([folder]).collect();
    app.candidate.stack.port_places.iter().find_map(|place| {
        let (file, pointer) = place.split_once(' ')?;
        let keys: Vec<&str> = pointer.split('.').collect();
        let said = |folder: &Folder<'_>| Some((folder.at(file), below_keys(folder.value(file)?.as_ref(), &keys)?));
        folders.iter().filter(|folder| folder.has(file)).find_map(said)
    })
}

/// The port that stands where the keys lead to; `*` is any key. It may be the end of a URL, of which the first counts.
fn below_keys(value: &Value, keys: &[&str]) -> Option<u16> {
    match keys {
        [] => match value {
            Value::String(said) => number(said.split(';').find(|url| !url.starts_with("https:"))?),
            said => said.as_u64().and_then(|port| port.try_into().ok()),
        },
        ["*", keys @ ..] => value.as_object()?.values().find_map(|value| below_keys(value, keys)),
        [key, keys @ ..] => below_keys(value.get(key)?, keys),
    }
}

fn from_sources<'s>(sources: &'s Sources<'_>, marks: &[Text]) -> Option<(&'s str, u16)> {
    if marks.is_empty() {
        return None;
    }
    let own: Vec<(&str, Rc<str>)> = sources.texts().filter(|(path, _)| !is_of_tests(path)).collect();
    let first = |port: &dyn Fn(&str) -> Option<u16>| own.iter().find_map(|(path, text)| Some((*path, port(text)?)));
    let written = marks.iter().find_map(|mark| first(&|text| after_mark(text, mark)));
    written.or_else(|| {
        // What stands behind a mark may be the name of what holds the port.
        let mut names = BTreeSet::new();
        for (_, text) in &own {
            for mark in marks {
                names_behind(text, mark, &mut names);
            }
        }
        names.iter().find_map(|name| first(&|text| given(text, name)))
    })
}

/// So many names are looked for.
const NAMES: usize = 20;

/// The names on the lines behind a mark that speak of a port or an address.
fn names_behind(text: &str, mark: &str, names: &mut BTreeSet<String>) {
    for rest in text.split(mark).skip(1) {
        let line = rest.lines().next().unwrap_or("");
        for word in line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let lower = word.to_ascii_lowercase();
            if names.len() < NAMES && ["port", "addr"].iter().any(|part| lower.contains(part)) {
                names.insert(word.to_owned());
            }
        }
    }
}

/// The port that a text gives to a name: `const appPort = "3000"`, `DEFAULT_PORT: u16 = 3000`.
fn given(text: &str, name: &str) -> Option<u16> {
    let begins = |at: usize| !text[..at].ends_with(|letter| is_of_name(letter) || letter == '-');
    places(text, name).filter(|at| begins(*at)).find_map(|at| {
        let rest = &text[at + name.len()..];
        number(expression(assigned(rest)?))
    })
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The number behind a mark: `listen(3000`, `port: 8080`, `("0.0.0.0:8000"`. A mark that ends in an operator,
/// `PORT ||`, stands for all ways to write what it falls back to: `parseInt(process.env.PORT, 10)||3000`. One that
/// ends in ` = ` stands for all ways to write that, and what it is given may fall back to a port.
fn after_mark(text: &str, mark: &str) -> Option<u16> {
    let operator = mark.rsplit_once(' ').filter(|(_, operator)| matches!(*operator, "||" | "??"));
    let gives = mark.strip_suffix(" = ").or_else(|| mark.strip_suffix(" =")).or_else(|| mark.strip_suffix(" := "));
    let word = operator.map_or(gives.unwrap_or(mark), |(word, _)| word);
    places(text, word).find_map(|at| {
        let rest = &text[at + word.len()..];
        let line = rest.lines().next().unwrap_or("");
        let begins_word = word.starts_with(|c: char| c.is_alphanumeric());
        if begins_word && text[..at].ends_with(|c: char| c.is_alphanumeric()) {
            return None;
        }
        match operator {
            Some((_, operator)) => number(fallback(line)?.strip_prefix(operator)?),
            None if gives.is_some() => {
                let value = expression(assigned(rest)?);
                number(value).or_else(|| fallen_back(value))
            }
            None if mark.ends_with(": ") => number(line).or_else(|| fallen_back(expression(rest))),
            None => number(line),
        }
    })
}

/// What a name is given right behind it, whatever its type and however it is aligned: ` = 1`, `: u16 = 1`, ` := 1`.
fn assigned(rest: &str) -> Option<&str> {
    let (kind, value) = rest.split_once('=')?;
    let plain = kind.len() < 40 && kind.chars().all(|c| c.is_ascii_alphanumeric() || " \t:_<>?&'".contains(c));
    let words = kind.split([' ', '\t', ':']).filter(|word| !word.is_empty()).count();
    (plain && words <= 1 && !kind.ends_with(['<', '>']) && !value.starts_with(['=', '>'])).then_some(value)
}

/// So many letters of a value are looked at.
const VALUE: usize = 300;

/// A value with the calls that are chained to it, to where it ends.
fn expression(text: &str) -> &str {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' | ',' | ';' if depth == 0 => return &text[..at],
            ')' | ']' | '}' => depth -= 1,
            '\n' if depth == 0 && !text[at..].trim_start().starts_with(['.', '|', '?']) => return &text[..at],
            _ if at > VALUE => return &text[..at],
            _ => {}
        }
    }
    text
}

/// What stands before the port that a value falls back to where nothing gives another.
const FALLBACKS: &[&str] = &["||", "??", "?:", " or ", "unwrap_or(", "getOrElse(", ".default(", "default=", " : "];

fn fallen_back(value: &str) -> Option<u16> {
    FALLBACKS.iter().find_map(|mark| number(value.rsplit_once(mark)?.1))
}

/// What follows a value that is read and perhaps made a number of: from the operator on.
fn fallback(line: &str) -> Option<&str> {
    let closing = |c: char| " )]\"'`!".contains(c);
    let rest = line.trim_start_matches(closing);
    let rest = rest.strip_prefix(',').map_or(rest, |radix| {
        radix.trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit()).trim_start_matches(closing)
    });
    rest.starts_with(['|', '?']).then_some(rest)
}

/// A port right at the beginning, or behind a host in quotes.
fn number(text: &str) -> Option<u16> {
    let text = text.trim_start_matches([' ', '\t', '"', '\'', '`', '(', '=', '{', '[']);
    let text = text.rfind_host().map_or(text, |rest| rest);
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if !(2..=5).contains(&digits) || text[digits..].starts_with(|c: char| c.is_alphanumeric() || c == '.') {
        return None;
    }
    text[..digits].parse().ok().filter(|port| *port >= 80 && !OF_SERVICES.contains(port))
}

/// Takes a host and its colon off: `0.0.0.0:`, `localhost:`, `:`.
trait Host {
    fn rfind_host(&self) -> Option<&Self>;
}

impl Host for str {
    fn rfind_host(&self) -> Option<&Self> {
        let hosts = ["0.0.0.0:", "127.0.0.1:", "localhost:", "[::]:", "*:", "+:", ":"];
        let text = ["tcp://", "http://"].iter().find_map(|scheme| self.strip_prefix(scheme)).unwrap_or(self);
        hosts.iter().find_map(|host| text.strip_prefix(host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::project::Project;
    use crate::detect::registry::Registry;
    use crate::detect::tree::MemoryTree;

    #[test]
    fn numbers_behind_marks_are_ports_and_others_are_not() {
        assert_eq!(after_mark("app.listen(4000, () => {})", ".listen("), Some(4000));
        for read in [
            "process.env.PORT || 5050",
            "process.env.PORT||5050",
            "parseInt(process.env.PORT, 10) || 5050",
            "Number(process.env['PORT'])|| '5050'",
            "Number(process.env.PORT || 5050)",
            "+process.env.PORT! || 5050",
        ] {
            assert_eq!(after_mark(read, "PORT ||"), Some(5050), "{read}");
        }
        assert_eq!(after_mark("Number(process.env.PORT)??5050", "PORT ??"), Some(5050));
        assert_eq!(after_mark("process.env.PORT, 5050 || 1", "PORT ||"), None);
        assert_eq!(after_mark("flag.String(\"addr\", \":8085\", \"\")", "\"addr\", "), Some(8085));
        assert_eq!(after_mark("http.ListenAndServe(\":9000\", nil)", "ListenAndServe("), Some(9000));
        assert_eq!(after_mark("bind(\"0.0.0.0:8081\")", "bind("), Some(8081));
        assert_eq!(after_mark("port: 5432.5", "port:"), None);
        assert_eq!(after_mark("support: 8080", "port:"), None);
        assert_eq!(after_mark("listen(port)", "listen("), None);
        for (text, mark) in [
            ("const (\n\tport       = \":5050\"\n)", "port = "),
            ("let port: u16 = 5050;", "port = "),
            ("val port = System.getenv(\"P\")?.toInt() ?: 5050", "port = "),
            ("PORT: z.coerce\n  .number()\n  .default(5050),", "PORT: "),
            ("c.get('HTTP_PORT', 5050)", "PORT', "),
        ] {
            assert_eq!(after_mark(text, mark), Some(5050), "{text}");
        }
        assert_eq!(after_mark("if port == 5050 {", "port = "), None);
        assert_eq!(after_mark("{ port: a.port, time: b || 5000 }", "port: "), None);
        assert_eq!(in_script("next start -p 4000"), Some(4000));
        assert_eq!(in_script("PORT=8081 node ."), Some(8081));
        assert_eq!(in_script("next start -p $PORT"), None);
    }

    #[test]
    fn a_name_behind_a_mark_stands_for_the_port_that_it_is_given() {
        for (stack, file, text) in [
            ("go", "main.go", "const appPort = \"5050\"\nfunc main() { app.Listen(\":\" + appPort) }"),
            ("go", "main.go", "const defaultAddr = \":5050\"\nif addr == \"\" {\n\taddr = defaultAddr\n}"),
            ("rust", "src/main.rs", "const DEFAULT_PORT: u16 = 5050;\nlet p = x.unwrap_or(DEFAULT_PORT);"),
        ] {
            let registry = Registry::embedded();
            let stack = registry.stacks().find(|one| one.name == stack).unwrap();
            let tree = MemoryTree::new([(file, text)]);
            let project = Project::new(&tree);
            let sources = Sources::new(project.folder("").unwrap(), stack, std::rc::Rc::default());
            assert_eq!(from_sources(&sources, &stack.port_marks), Some((file, 5050)), "{text}");
        }
        assert_eq!(given("myPort = 5050", "Port"), None);
        assert_eq!(given("# node app.js --port=5050", "port"), None);
    }

    #[test]
    fn keys_lead_to_the_port_of_a_configuration() {
        let urls = r#"{"Kestrel": {"Endpoints": {"A": {"Url": "https://*:5051"}, "B": {"Url": "http://*:5050"}}}}"#;
        let value = serde_json::from_str(urls).unwrap();
        assert_eq!(below_keys(&value, &["Kestrel", "Endpoints", "*", "Url"]), Some(5050));
        assert_eq!(below_keys(&value, &["Urls"]), None);
    }
}
