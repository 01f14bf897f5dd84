//! The environment variables that an app reads.

use std::collections::{BTreeMap, BTreeSet};

use super::data::Text;
use super::project::Folder;
use super::rules::{EnvRule, Stack};
use super::schemas;
use super::sources::{Sources, is_of_tests};
use super::text::places;
use crate::model::Evidence;

/// Names that the platform, the runtime or the shell gives.
const GIVEN: &[&str] = &[
    "PORT",
    "HOST",
    "HOSTNAME",
    "NODE_ENV",
    "ENV",
    "CI",
    "HOME",
    "PATH",
    "PWD",
    "USER",
    "SHELL",
    "TMPDIR",
    "TEMP",
    "TMP",
    "LANG",
    "TERM",
    "TZ",
    "DEBUG",
    "LOG_LEVEL",
    "RAILS_ENV",
    "RACK_ENV",
    "FLASK_ENV",
    "FLASK_APP",
    "FLASK_DEBUG",
    "APP_ENV",
    "APP_DEBUG",
    "DJANGO_SETTINGS_MODULE",
    "PYTHONPATH",
    "PYTHONUNBUFFERED",
    "WEB_CONCURRENCY",
    "RAILS_MAX_THREADS",
    "RAILS_LOG_TO_STDOUT",
    "RAILS_SERVE_STATIC_FILES",
    "PIDFILE",
    "BUNDLE_GEMFILE",
    "RUST_LOG",
    "RUST_BACKTRACE",
    "CARGO_MANIFEST_DIR",
    "CARGO_PKG_VERSION",
    "CARGO_PKG_NAME",
    "OUT_DIR",
    "GOPATH",
    "GIN_MODE",
    "JAVA_HOME",
    "ASPNETCORE_ENVIRONMENT",
    "ASPNETCORE_URLS",
    "DOTNET_ENVIRONMENT",
    "NODE_OPTIONS",
    "npm_package_version",
    "npm_lifecycle_event",
    "PUBLIC_URL",
    "BASE_URL",
    "MODE",
    "DEV",
    "PROD",
    "SSR",
    "VERCEL",
    "NEXT_RUNTIME",
    // Of CGI, and of the servers that took its words over.
    "PATH_INFO",
    "SCRIPT_NAME",
    "SERVER_SOFTWARE",
    "SERVER_PROTOCOL",
    "GATEWAY_INTERFACE",
    "REQUEST_METHOD",
    "REQUEST_URI",
    "QUERY_STRING",
    "REMOTE_ADDR",
    "DOCUMENT_ROOT",
    "CONTENT_TYPE",
    "CONTENT_LENGTH",
    // Of those who build and test.
    "TRAVIS",
    "CIRCLECI",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "APPVEYOR",
    "BUILDKITE",
    "JENKINS_URL",
    "TEAMCITY_VERSION",
    "TF_BUILD",
    "MVNW_USERNAME",
    "MVNW_PASSWORD",
    "MVNW_REPOURL",
    "MVNW_VERBOSE",
    // Of terminals and desktops.
    "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION",
    "COLORTERM",
    "NO_COLOR",
    "FORCE_COLOR",
    "COLUMNS",
    "LINES",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "DISPLAY",
    "LOGNAME",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "COMSPEC",
    "PATHEXT",
    "SYSTEMROOT",
    "WINDIR",
];

/// What such names begin with.
const GIVEN_BEGINNINGS: &[&str] = &["CARGO_", "XDG_", "LC_", "TRAVIS_", "GITHUB_ACTION_", "HTTP_X_", "HTTP_ACCEPT"];

/// Files in which people write down what their app reads.
const EXAMPLES: &[&str] = &[
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.dist",
    "env.example",
    ".env.defaults",
    ".env.local.example",
];

/// So many files are told of that names stand in, and so many names of each.
const TOLD: usize = 8;

/// Where a name stands, and what the file does with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin {
    /// The file, relative to the project.
    pub file: String,
    /// `reads`, `names` …
    pub does: &'static str,
}

/// Names of variables, each with the first place that it stands in.
pub(super) type Origins = BTreeMap<String, Origin>;

/// What an app reads.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// All names.
    pub read: Origins,
    /// Those without which it certainly fails as it starts.
    pub required: BTreeSet<String>,
    /// Those that the build writes into what it makes.
    pub inlined: BTreeSet<String>,
}

/// Where names come from: a line for each file.
pub(super) fn evidence(names: &Origins) -> Vec<Evidence> {
    let mut files: BTreeMap<&Origin, Vec<&str>> = BTreeMap::new();
    for (name, origin) in names {
        files.entry(origin).or_default().push(name);
    }
    let more = files.len().saturating_sub(TOLD);
    let told = files.into_iter().take(TOLD).enumerate().map(|(number, (origin, names))| {
        let left = names.len().saturating_sub(TOLD);
        let first = names[..names.len() - left].join(", ");
        let rest = if left > 0 { format!(" and {left} more") } else { String::new() };
        let others = more > 0 && number + 1 == TOLD;
        let others = if others { format!("; {more} more files name others") } else { String::new() };
        let says = format!("{} {first}{rest}{others}", origin.does);
        Evidence::new(origin.file.as_str(), says)
    });
    told.collect()
}

pub(super) fn find(sources: &Sources<'_>, stack: &Stack) -> Names {
    let mut names = Names::default();
    from_examples(sources.folder, &mut names);
    // Hidden folders are those of tools: `.mvn/wrapper`.
    let hidden = |path: &str| sources.relative(path).split('/').any(|part| part.starts_with('.'));
    for (path, text) in sources.texts().filter(|(path, _)| !hidden(path)) {
        for rule in &stack.env_schemas {
            schemas::scan(path, &text, rule, &mut names);
        }
        for rule in stack.env.iter().filter(|rule| rule.needs.as_ref().is_none_or(|mark| text.contains(mark.as_str())))
        {
            if rule.imported {
                imported(path, &text, rule, &mut names);
            } else {
                scan(path, &text, rule, &mut names);
            }
            if let Some(object) = &rule.taken_from {
                taken(path, &text, object, &mut names);
            }
        }
    }
    names
}

fn from_examples(folder: Folder<'_>, names: &mut Names) {
    for (file, text) in EXAMPLES.iter().filter_map(|file| Some((file, folder.text(file)?))) {
        let path = folder.at(file);
        for line in text.lines() {
            let line = line.trim().trim_start_matches("export ");
            if let Some((name, _)) = line.split_once('=') {
                note(&path, "names", name.trim(), names);
            }
        }
    }
}

fn scan(path: &str, text: &str, rule: &EnvRule, names: &mut Names) {
    for at in places(text, &rule.before) {
        let from = at + rule.before.len();
        // `myprocess.env.X` is not `process.env.X`.
        let begins_word = rule.before.starts_with(|c: char| c.is_alphanumeric());
        if begins_word && text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let mut rest = text[from..].trim_start();
        if rule.by_function {
            let Some(("", call)) = bare(rest).1.split_once('(') else { continue };
            rest = call.trim_start();
        }
        if let Some(name) = rule.implied.as_ref().filter(|_| rest.starts_with(')')) {
            note(path, "reads", name, names);
            continue;
        }
        let Some((name, after)) = (if rule.quoted { quoted(rest) } else { Some(bare(rest)) }) else { continue };
        let follows = |marks: &[Text]| marks.iter().any(|mark| after.starts_with(mark.as_str()));
        let unless = |mark: &Text| {
            let later = after.split_once([')', ']']).map_or(after, |(_, later)| later);
            after.trim_start().starts_with(mark.trim()) || later.trim_start().starts_with(mark.trim())
        };
        let guarded = rule.guards.iter().any(|guard| text[..at].ends_with(guard.as_str()))
            && after.trim_start().starts_with(')')
            && rule.fails.iter().any(|fail| shortly(after).contains(fail.as_str()))
            && at_top_level(text, at);
        let with = &rule.required_with;
        let known = with.is_empty() || with.iter().any(|mark| text.contains(mark.as_str()));
        let default = || text.contains(&format!("{name}=("));
        let follows = known && follows(&rule.required_before) && !rule.unless.iter().any(unless);
        let certain = guarded || follows && at_top_level(text, at) && !is_of_developers(path) && !default();
        // `env:"TOKEN,required"` says more than the name.
        let name = name.split(',').next().unwrap_or(name);
        if note(path, "reads", name, names) && certain {
            names.required.insert(name.to_owned());
        }
    }
}

/// Settings for those who write or test the app: what they need the deployed one may do without.
fn is_of_developers(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.split('.').next().unwrap_or(file);
    is_of_tests(path) || ["test", "tests", "testing", "local", "dev", "development", "ci"].contains(&stem)
}

/// The names that are taken out of an object at once: `const { A, B: b, C = "x" } = process.env`.
fn taken(path: &str, text: &str, object: &str, names: &mut Names) {
    for at in places(text, object) {
        let before = text[..at].trim_end();
        let after = &text[at + object.len()..];
        let whole = !after.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.' || c == '[');
        let Some(inside) = before.strip_suffix('=').and_then(|before| before.trim_end().strip_suffix('}')) else {
            continue;
        };
        let Some((_, list)) = inside.rsplit_once('{').filter(|_| whole) else { continue };
        for entry in list.split(',') {
            note(path, "reads", entry.split([':', '=']).next().unwrap_or(entry).trim(), names);
        }
    }
}

/// The names that are imported from a module: `import { A, B as b } from "$env/static/public"`.
fn imported(path: &str, text: &str, rule: &EnvRule, names: &mut Names) {
    for (at, _) in text.match_indices(rule.before.as_str()) {
        let before = text[..at].strip_suffix(['"', '\'']).map(str::trim_end);
        let list =
            before.and_then(|before| before.strip_suffix("from")?.trim_end().strip_suffix('}')?.rsplit_once('{'));
        for name in list.iter().flat_map(|(_, list)| list.split(',')).filter_map(|one| one.split_whitespace().next()) {
            if note(path, "reads", name, names) && rule.inlined {
                names.inlined.insert(name.to_owned());
            }
        }
    }
}

/// The beginning of a text: a line or two.
fn shortly(text: &str) -> &str {
    let end = text.char_indices().nth(120).map_or(text.len(), |(at, _)| at);
    let block = &text[..end];
    block.split_once('}').map_or(block, |(block, _)| block)
}

/// So many lines of `main` are looked at.
const MAIN: usize = 500;

/// So many lines of a constant's value.
const VALUE: usize = 100;

/// Only what runs as the program is loaded is certain: a line that is not indented, one of a constant's value, or one
/// right in `main`.
pub(super) fn at_top_level(text: &str, at: usize) -> bool {
    let begin = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line = &text[begin..at];
    let indent = line.len() - line.trim_start().len();
    if indent == 0 {
        return !["def ", "func ", "fn ", "#", "//"].iter().any(|word| line.starts_with(word));
    }
    if is_of_a_constant(&text[..at]) {
        return true;
    }
    if indent != 4 && !(line.starts_with('\t') && indent == 1) {
        return false;
    }
    let above = text[..begin].lines().rev().take(MAIN);
    let begins = above.into_iter().find(|line| !line.starts_with([' ', '\t', '}', ')']) && !line.is_empty());
    let mains = ["fn main(", "async fn main(", "pub fn main(", "func main("];
    begins.is_some_and(|line| mains.iter().any(|main| line.starts_with(main)))
}

/// Whether a text ends within the value of a constant, `DATABASES = {`, and in no function there.
fn is_of_a_constant(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().rev().take(VALUE).collect();
    let Some(begin) = lines.iter().position(|line| !line.is_empty() && !line.starts_with([' ', '\t'])) else {
        return false;
    };
    let opens = |value: &str| ["{", "[", "("].contains(&value.trim());
    let is_constant = lines[begin].split_once('=').is_some_and(|(name, value)| is_own(name.trim()) && opens(value));
    let functions = ["lambda", "->", "def ", "function"];
    is_constant && !lines[..begin].iter().any(|line| functions.iter().any(|function| line.contains(function)))
}

pub(super) fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|letter| matches!(letter, '"' | '\'' | '`'))?;
    text[1..].split_once(quote)
}

fn bare(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    text.split_at(end)
}

/// A name that the project gives a meaning, not the platform or the runtime.
pub(super) fn is_own(name: &str) -> bool {
    let looks_right = name.len() >= 2
        && name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let given = GIVEN.contains(&name) || GIVEN_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning));
    looks_right && !given
}

/// Notes a name, where it is one of the project's own.
pub(super) fn note(path: &str, does: &'static str, name: &str, names: &mut Names) -> bool {
    let own = is_own(name);
    if own && !names.read.contains_key(name) {
        names.read.insert(name.to_owned(), Origin { file: path.to_owned(), does });
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::project::Project;
    use crate::detect::registry::Registry;
    use crate::detect::tree::MemoryTree;

    fn rule(before: &str, quoted: bool, required_before: &[&str], unless: &[&str]) -> EnvRule {
        EnvRule {
            before: before.into(),
            quoted,
            required_before: required_before.iter().copied().collect(),
            unless: unless.iter().copied().collect(),
            ..EnvRule::default()
        }
    }

    fn read(text: &str, rule: &EnvRule) -> (Vec<String>, Vec<String>) {
        let mut names = Names::default();
        scan("a.js", text, rule, &mut names);
        (names.read.into_keys().collect(), names.required.into_iter().collect())
    }

    #[test]
    fn bare_and_quoted_names_are_read() {
        let node = rule("process.env.", false, &[], &[]);
        let (read_names, _) = read("const a = process.env.API_KEY || process.env.PORT; myprocess.env.NOT", &node);
        assert_eq!(read_names, ["API_KEY"]);
    }

    #[test]
    fn functions_of_an_object_read_names_and_a_missing_default_makes_one_required() {
        let registry = Registry::embedded();
        let python = registry.stacks().find(|one| one.name == "python").unwrap();
        let read_all = |text: &str| {
            let mut names = Names::default();
            python.env.iter().for_each(|rule| scan("a.py", text, rule, &mut names));
            (names.read.into_keys().collect::<Vec<_>>(), names.required.into_iter().collect::<Vec<_>>())
        };
        let text = "import environ\nenv = environ.Env(SPARED=(str, ''))\nA = env.list(\"HOSTS\")\nB = env.db()\n\
                    C = env(\"KEY\")\nD = env(\"OTHER\", default=1)\nE = env(\"SPARED\")\n";
        let (names, required) = read_all(text);
        assert_eq!(names, ["DATABASE_URL", "HOSTS", "KEY", "OTHER", "SPARED"]);
        assert_eq!(required, ["HOSTS", "KEY"]);
        assert!(read_all("from mine import env\nC = env(\"KEY\")\n").1.is_empty(), "somebody's own function");
        assert!(!is_own("XDG_CONFIG_HOME") && !is_own("TRAVIS") && is_own("DATABASE_URL"));
    }

    #[test]
    fn what_lies_in_hidden_folders_is_of_tools() {
        let registry = Registry::embedded();
        let node = registry.stacks().find(|one| one.name == "node").unwrap();
        let tree = MemoryTree::new([(".tool/a.js", "process.env.NOT_OWN"), ("a.js", "process.env.OWN_ONE")]);
        let project = Project::new(&tree);
        let names = find(&Sources::new(project.folder("").unwrap(), node, std::rc::Rc::default()), node);
        assert_eq!(names.read.into_keys().collect::<Vec<_>>(), ["OWN_ONE"]);
    }

    #[test]
    fn names_are_taken_out_of_the_object_of_all() {
        let mut names = Names::default();
        let text = "const {\n  STRIPE_KEY,\n  MAIL_URL: url,\n  REGION = 'eu',\n} = process.env;\nconst { NO } = process.env.X;\n";
        taken("a.js", text, "process.env", &mut names);
        assert_eq!(names.read.into_keys().collect::<Vec<_>>(), ["MAIL_URL", "REGION", "STRIPE_KEY"]);
    }

    #[test]
    fn names_are_imported_from_a_module() {
        let registry = Registry::embedded();
        let node = registry.stacks().find(|one| one.name == "node").unwrap();
        let tree = MemoryTree::new([
            ("a.ts", "import {\n  PUBLIC_A,\n  PUBLIC_B as b,\n} from '$env/static/public';"),
            ("b.ts", "import { env } from \"$env/dynamic/public\";\nconst c = env.PUBLIC_C;"),
            ("c.ts", "import env from './mine';\nconst d = env.PUBLIC_D;"),
        ]);
        let project = Project::new(&tree);
        let names = find(&Sources::new(project.folder("").unwrap(), node, std::rc::Rc::default()), node);
        assert_eq!(names.read.into_keys().collect::<Vec<_>>(), ["PUBLIC_A", "PUBLIC_B", "PUBLIC_C"]);
        assert_eq!(names.inlined.into_iter().collect::<Vec<_>>(), ["PUBLIC_A", "PUBLIC_B"]);
    }

    #[test]
    fn only_a_read_that_must_fail_is_required() {
        let python = rule("os.environ[", true, &["]"], &["="]);
        let text =
            "A = os.environ[\"NEEDED\"]\nos.environ[\"SET\"] = \"1\"\ndef f():\n    return os.environ['LATER']\n";
        let (read_names, required) = read(text, &python);
        assert_eq!(read_names, ["LATER", "NEEDED", "SET"]);
        assert_eq!(required, ["NEEDED"]);
        let nested = "CACHES = {\n    'default': {\n        'AT': os.environ['CACHE_AT'],\n";
        assert_eq!(read(nested, &python).1, ["CACHE_AT"]);
        for other in ["if x:\n", "def f():\n", "CACHES = {\n}\nif x:\n", "CACHES = {\n  'a': lambda: {\n"] {
            assert_eq!(read(&format!("{other}        'AT': os.environ['CACHE_AT'],\n"), &python).1, [""; 0], "{other}");
        }
        let ruby = rule("ENV.fetch(", true, &[")"], &["{", "do"]);
        let (_, required) = read("a = ENV.fetch(\"KEY\")\nb = ENV.fetch('B') { 1 }\nc = ENV.fetch('C', 1)\n", &ruby);
        assert_eq!(required, ["KEY"]);
        let rust = rule("env::var(", true, &[").expect("], &[]);
        let text = "async fn main() {\n    let a = env::var(\"KEY_A\").expect(\"a\");\n    if b {\n        env::var(\"KEY_B\").expect(\"b\");\n    }\n}\nfn c() {\n    env::var(\"KEY_C\").expect(\"c\");\n}\n";
        assert_eq!(read(text, &rust).1, ["KEY_A"]);
        let mut node = rule("process.env.", false, &[], &[]);
        node.guards = ["if (!"].into_iter().collect();
        node.fails = ["throw "].into_iter().collect();
        let text = "if (!process.env.KEY_A) {\n  throw new Error('A');\n}\nif (!process.env.KEY_B) {\n  warn();\n}\nthrow x;\n";
        assert_eq!(read(text, &node).1, ["KEY_A"]);
    }
}
