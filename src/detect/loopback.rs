//! Programs that listen where only their own machine reaches them: in a container that is nobody.

use super::apps::App;
use super::docker::Docker;
use super::ports::OF_SERVICES;
use super::sources::is_of_tests;
use crate::model::Warning;

/// Hosts that are the machine itself.
const HOSTS: &[&str] = &["127.0.0.1", "localhost", "[::1]", "::1"];

/// How sources name them otherwise.
const NAMED: &[&str] = &["127, 0, 0, 1", "Ipv4Addr::LOCALHOST", "InternetAddress.loopbackIPv4"];

/// What a command says where it has the program listen elsewhere, or has it told by a variable.
const OPENS: &[&str] =
    &["0.0.0.0", "[::]", "--host", "--hostname", "-H ", "HOST", "ADDR", "--bind", "-b ", "--listen", "-addr"];

/// What stands before an address in commands.
const ADDRESSES: &[&str] = &["--host", "--hostname", "-H", "--bind", "-b", "--address", "--listen", "-S", "runserver"];

/// Servers that listen on loopback where they are not told otherwise, and what tells them.
const SHY: &[(&str, &[&str])] = &[
    ("uvicorn", &["--host", "--uds", "--fd", "UVICORN_HOST"]),
    ("hypercorn", &["--bind", "-b ", "--config", "-c "]),
    ("flask run", &["--host", "-h ", "FLASK_RUN_HOST"]),
    ("manage.py runserver", &["0.0.0.0", "[::]", " 0:"]),
];

/// Programs that listen for what they are pointed at: what its sources do when they are run themselves does not count.
const SERVERS: &[&str] = &[
    "gunicorn",
    "uvicorn",
    "hypercorn",
    "waitress-serve",
    "daphne",
    "granian",
    "flask",
    "fastapi",
    "uwsgi",
    "puma",
    "unicorn",
    "thin",
    "rackup",
    "streamlit",
];

/// How sources say that the address comes from elsewhere.
const TOLD: &[&str] = &[
    "env",
    "ENV",
    "getenv",
    "Getenv",
    "argv",
    "args",
    "Args",
    "config",
    "Config",
    "settings",
    "||",
    "??",
    " or ",
    "unwrap_or",
];

/// So much of what follows a call that listens is looked at.
const ARGUMENTS: usize = 400;

/// A warning where the start command, or all that its sources listen with, names this machine only.
pub(super) fn find(app: &App<'_>, start: Option<&str>, docker: &Docker) -> Option<Warning> {
    let scripts = app.facts.started.iter().map(String::as_str).filter(|_| docker.dockerfile.is_none());
    let commands: Vec<&str> = start.filter(|_| docker.dockerfile.is_none()).into_iter().chain(scripts).collect();
    if let Some(host) = commands.iter().find_map(|command| said_by(command)) {
        let file = app.start_file();
        return Some(warning(file, &format!("its start command has it listen on {host} only")));
    }
    let serves = |command: &&str| command.split_whitespace().any(|word| SERVERS.contains(&program(word)));
    if docker.opens || commands.iter().any(|command| opens(command) || serves(command)) {
        return None;
    }
    let shy = app.framework.as_ref().is_some_and(|framework| framework.rule.shy);
    let mut shut = None;
    for (path, text) in app.sources.texts().filter(|(path, _)| !is_of_tests(path)) {
        if !app.candidate.stack.binds.iter().any(|mark| text.contains(mark.as_str())) {
            continue;
        }
        for (at, mark) in app.candidate.stack.binds.iter().flat_map(|mark| text.match_indices(mark.as_str())) {
            match bound(&text, at, mark, shy) {
                Bound::Here(host) if shut.is_none() => {
                    let line = text[..at].matches('\n').count() + 1;
                    shut = Some(warning(path.to_owned(), &format!("at line {line} it listens on {host} only")));
                }
                // One that is reached is enough: others may be meant for its own machine.
                Bound::Anywhere => return None,
                Bound::Here(_) | Bound::Nothing => {}
            }
        }
    }
    shut
}

/// Whether a command says itself where its program listens.
pub(super) fn opens(command: &str) -> bool {
    OPENS.iter().any(|mark| command.contains(mark))
}

fn warning(file: String, says: &str) -> Warning {
    let says = format!("{says}, which nothing outside of a container reaches: let it listen on 0.0.0.0");
    Warning { file, says }
}

fn program(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// The host of this machine that a command has its program listen on, or that its server takes by itself.
fn said_by(command: &str) -> Option<&'static str> {
    let words: Vec<&str> = command.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
    let after = words.windows(2).filter(|pair| ADDRESSES.contains(&pair[0])).map(|pair| pair[1]);
    let joined = words.iter().filter_map(|word| word.split_once('=')).filter(|(key, _)| {
        ADDRESSES.contains(key) || ["HOST", "HOSTNAME", "UVICORN_HOST", "FLASK_RUN_HOST"].contains(key)
    });
    let said = after.chain(joined.map(|(_, value)| value)).find_map(own_host);
    let shy = |(server, told): &&(&str, &[&str])| {
        let runs = if server.contains(' ') {
            command.contains(server)
        } else {
            words.iter().any(|word| program(word) == *server)
        };
        runs && !told.iter().any(|mark| command.contains(mark))
    };
    said.or_else(|| SHY.iter().find(shy).map(|_| HOSTS[0]))
}

/// The host of this machine that an address is, with or without a port.
fn own_host(address: &str) -> Option<&'static str> {
    HOSTS.iter().copied().find(|host| {
        address.strip_prefix(host).is_some_and(|rest| {
            let rest = rest.trim_end_matches('/');
            let port = |port: &str| port.starts_with('$') || port.bytes().all(|c| c.is_ascii_digit());
            rest.is_empty() || rest.strip_prefix(':').is_some_and(port) && !host.starts_with("::")
        })
    })
}

/// Where a call listens.
#[derive(Debug, PartialEq, Eq)]
enum Bound {
    /// On this machine only.
    Here(&'static str),
    /// Elsewhere too, or where a value says that is not known.
    Anywhere,
    /// It is no call that listens.
    Nothing,
}

/// Where the call behind a mark listens. What it calls back does not count. A framework that is `shy` listens here where
/// its options name no host.
fn bound(text: &str, at: usize, mark: &str, shy: bool) -> Bound {
    let begins_word = mark.starts_with(|c: char| c.is_alphanumeric());
    if begins_word && text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
        return Bound::Nothing;
    }
    let line = text[..at].rsplit('\n').next().unwrap_or("").trim_start();
    if line.starts_with("//") || line.starts_with('#') || line.starts_with('*') {
        return Bound::Nothing;
    }
    let arguments = arguments(&text[at + mark.len()..]);
    if let Some(host) = here(arguments, true) {
        return if TOLD.iter().any(|told| arguments.contains(told)) { Bound::Anywhere } else { Bound::Here(host) };
    }
    let mut names = arguments.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(is_name);
    if let Some(host) = names.find_map(|name| defined(text, name)) {
        return Bound::Here(host);
    }
    if shy && arguments.trim_start().starts_with('{') && !arguments.contains("host") && !arguments.contains("...") {
        return Bound::Here("localhost");
    }
    let is_port = |word: &str| word.parse::<u16>().is_ok_and(|port| port >= 80 && !OF_SERVICES.contains(&port));
    let lower = arguments.to_ascii_lowercase();
    let listens = ["port", "addr", "host", "listen", "bind", "0.0.0.0"].iter().any(|word| lower.contains(word))
        || arguments.split(|c: char| !c.is_alphanumeric()).any(is_port);
    if listens { Bound::Anywhere } else { Bound::Nothing }
}

/// What stands between the parentheses of a call, or on the rest of the line; not what it calls back.
fn arguments(rest: &str) -> &str {
    let end = rest.char_indices().nth(ARGUMENTS).map_or(rest.len(), |(at, _)| at);
    let rest = &rest[..end];
    let mut depth = 0_i32;
    let end = rest.char_indices().find(|(_, letter)| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth < 0 || *letter == ';' || *letter == '\n' && depth == 0 && !rest.starts_with(['\n', '{'])
    });
    let rest = end.map_or(rest, |(at, _)| &rest[..at]);
    let back =
        ["=>", "function", "func(", "lambda", "console.", "print"].iter().filter_map(|mark| rest.find(mark)).min();
    back.map_or(rest, |at| &rest[..at])
}

/// The host of this machine in quotes, alone or with a port; as an address with a scheme only right at the beginning.
fn here(text: &str, first: bool) -> Option<&'static str> {
    if NAMED.iter().any(|named| text.contains(named)) {
        return Some(HOSTS[0]);
    }
    let mut parts = text.split(['"', '\'', '`']);
    let before = parts.next().unwrap_or("");
    let mut quoted = parts.step_by(2);
    let begin = quoted.next();
    let address =
        |text: &'_ str| ["http://", "tcp://"].iter().find_map(|scheme| text.strip_prefix(scheme)).and_then(own_host);
    let with_scheme = begin.filter(|_| first && before.trim().is_empty()).and_then(address);
    with_scheme.or_else(|| begin.into_iter().chain(quoted).find_map(own_host))
}

/// A word that may be the name of a value.
fn is_name(word: &&str) -> bool {
    word.len() > 1 && word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The host of this machine that a name is given in the same file, and nothing else.
fn defined(text: &str, name: &str) -> Option<&'static str> {
    let mut host = None;
    for (at, _) in text.match_indices(name) {
        let rest = &text[at + name.len()..];
        let inside = text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
        let line = rest.lines().next().unwrap_or("");
        let Some((kind, value)) = line.split_once('=').filter(|_| !inside) else { continue };
        let typed = kind.trim_end_matches(':').trim();
        if value.starts_with(['=', '>']) || !(typed.is_empty() || typed.starts_with(':')) {
            continue;
        }
        if TOLD.iter().any(|told| value.contains(told)) {
            return None;
        }
        match here(value, false) {
            Some(found) => host = Some(found),
            None => return None,
        }
    }
    host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_says_where_it_listens() {
        for (command, host) in [
            ("next start -H localhost", Some("localhost")),
            ("gunicorn --bind 127.0.0.1:8000 a:b", Some("127.0.0.1")),
            ("php -S localhost:8000 -t public", Some("localhost")),
            ("hypercorn a:b -b 127.0.0.1:$PORT", Some("127.0.0.1")),
            ("uvicorn main:app --host=127.0.0.1", Some("127.0.0.1")),
            ("uvicorn main:app --port $PORT", Some("127.0.0.1")),
            ("python -m flask run", Some("127.0.0.1")),
            ("HOST=127.0.0.1 node .", Some("127.0.0.1")),
            ("uvicorn main:app --host 0.0.0.0", None),
            ("gunicorn -k uvicorn.workers.UvicornWorker a:b", None),
            ("DATABASE_URL=postgres://localhost:5432/x node .", None),
            ("node server.js", None),
        ] {
            assert_eq!(said_by(command), host, "{command}");
        }
    }

    #[test]
    fn a_call_listens_here_where_it_or_what_it_is_given_says_so() {
        for (text, mark) in [
            ("app.listen(3000, '127.0.0.1', () => {})", ".listen("),
            ("app.listen({ port: 3000, host: 'localhost' })", ".listen("),
            (
                "const hostname = '127.0.0.1';\nserver.listen(port, hostname, () => {\n  console.log('x');\n});",
                ".listen(",
            ),
            ("http.ListenAndServe(\"localhost:8080\", nil)", "ListenAndServe("),
            ("uvicorn.run(app, host=\"127.0.0.1\", port=8000)", "uvicorn.run("),
            ("HttpServer::new(|| App::new()).bind((\"127.0.0.1\", 8080))?", ".bind("),
            ("let addr = SocketAddr::from(([127, 0, 0, 1], 3000));\nTcpListener::bind(&addr)", "TcpListener::bind("),
            ("let addr: SocketAddr = \"127.0.0.1:3000\".parse()?;\nTcpListener::bind(addr)", "TcpListener::bind("),
            ("app.Run(\"http://localhost:5000\");", "app.Run("),
            ("  Addr: \"127.0.0.1:8080\",", "Addr:"),
            ("set :bind, 'localhost'", "set :bind,"),
        ] {
            let at = text.rfind(mark).unwrap();
            assert!(
                matches!(bound(text, at, mark, false), Bound::Here(_)),
                "{text}: {:?}",
                bound(text, at, mark, false)
            );
        }
    }

    #[test]
    fn a_call_that_is_told_or_listens_elsewhere_does_not() {
        for (text, mark) in [
            ("app.listen(3000, () => console.log('http://localhost:3000'))", ".listen("),
            ("app.listen(3000, console.log(\"on localhost:3000\"))", ".listen("),
            ("app.listen(3000, process.env.HOST || '127.0.0.1')", ".listen("),
            ("const host = process.env.HOST ?? 'localhost';\napp.listen(3000, host)", ".listen("),
            ("http.ListenAndServe(\":8080\", nil)", "ListenAndServe("),
            ("app.run(host=os.environ.get('HOST', '127.0.0.1'), port=1234)", "app.run("),
            ("let host = env::var(\"HOST\").unwrap_or(\"127.0.0.1\".into());\nx.bind((host, 8080))", ".bind("),
        ] {
            let at = text.rfind(mark).unwrap();
            assert_eq!(bound(text, at, mark, false), Bound::Anywhere, "{text}");
        }
        let options = |text: &str| bound(text, 3, ".listen(", true);
        assert_eq!(options("app.listen({ port: process.env.PORT || 3000 }, done)"), Bound::Here("localhost"));
        assert_eq!(options("app.listen({ port: 3000, host: '0.0.0.0' })"), Bound::Anywhere);
        assert_eq!(options("app.listen(3000, hosts)"), Bound::Anywhere);
        for (text, mark) in [
            ("subprocess.run(cmd)", ".run("),
            ("// app.listen(3000, 'localhost')", ".listen("),
            ("reuvicorn.run('localhost')", "uvicorn.run("),
        ] {
            let at = text.rfind(mark).unwrap();
            assert_eq!(bound(text, at, mark, false), Bound::Nothing, "{text}");
        }
    }
}
