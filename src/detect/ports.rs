//! The port that an app listens on.

use super::apps::App;
use super::docker::Docker;
use super::platforms;
use super::sources::{Sources, is_of_tests};
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
        .or_else(from_scripts)
        .or_else(from_sources)
        .or_else(by_framework)
        .or_else(usual)
}

/// The port that a start script gives to its program.
fn in_script(script: &str) -> Option<u16> {
    ["--port ", "--port=", "-p ", "PORT=", "--bind 0.0.0.0:"].iter().find_map(|mark| after_mark(script, mark))
}

fn from_sources<'s>(sources: &'s Sources<'_>, marks: &[String]) -> Option<(&'s str, u16)> {
    if marks.is_empty() {
        return None;
    }
    let own = || sources.texts().filter(|(path, _)| !is_of_tests(path));
    marks.iter().find_map(|mark| own().find_map(|(path, text)| Some((path, after_mark(&text, mark)?))))
}

/// The number behind a mark: `listen(3000`, `port: 8080`, `("0.0.0.0:8000"`. A mark that ends in an operator,
/// `PORT ||`, stands for all ways to write what it falls back to: `parseInt(process.env.PORT, 10)||3000`.
fn after_mark(text: &str, mark: &str) -> Option<u16> {
    let operator = mark.rsplit_once(' ').filter(|(_, operator)| matches!(*operator, "||" | "??"));
    let word = operator.map_or(mark, |(word, _)| word);
    text.match_indices(word).find_map(|(at, _)| {
        let line = text[at + word.len()..].lines().next().unwrap_or("");
        let begins_word = word.starts_with(|c: char| c.is_alphanumeric());
        if begins_word && text[..at].ends_with(|c: char| c.is_alphanumeric()) {
            return None;
        }
        match operator {
            Some((_, operator)) => number(fallback(line)?.strip_prefix(operator)?),
            None => number(line),
        }
    })
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
        let hosts = ["0.0.0.0:", "127.0.0.1:", "localhost:", "[::]:", "*:", ":"];
        let text = ["tcp://", "http://"].iter().find_map(|scheme| self.strip_prefix(scheme)).unwrap_or(self);
        hosts.iter().find_map(|host| text.strip_prefix(host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(in_script("next start -p 4000"), Some(4000));
        assert_eq!(in_script("PORT=8081 node ."), Some(8081));
        assert_eq!(in_script("next start -p $PORT"), None);
    }
}
