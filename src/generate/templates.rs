//! The templates: embedded in the binary, with the user's own over them.
//!
//! *Architecture invariant:* a template can print a value that is not plain (`A-Za-z0-9` and a few marks) only through
//! one of the filters of `escape.rs`; printing it bare is an error. So no value of a project ever becomes syntax.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Write};
use std::ops::Deref;
use std::sync::{LazyLock, OnceLock};

use include_dir::{Dir, include_dir};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, context};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::command::Start;
use super::kinds::Kind;
use super::{bicep, escape, hcl, helm, pipelines, secrets, version};
use crate::model::{Problem, ProblemCode};

/// So many steps of a template are taken, some hundred times what those in the program take for one app; and so many
/// bytes are printed by one. Whoever made a mistake in their own is told, and waits no longer.
const STEPS: u64 = 5_000_000;
const LONGEST: usize = 16 << 20;

/// So many characters of a value stand in an error.
const SHOWN: usize = 200;

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// The files below `templates/`, parsed when they are first used.
pub struct Templates {
    environment: Environment<'static>,
    own: BTreeMap<String, String>,
    kinds: OnceLock<Vec<Kind>>,
}

impl Templates {
    /// Those in the binary.
    #[must_use]
    pub fn embedded() -> &'static Self {
        static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| Templates::with_own(BTreeMap::new()));
        &TEMPLATES
    }

    /// Those in the binary with a user's over them: text by path below `templates/` (`stacks/node/Dockerfile.j2`).
    #[must_use]
    pub fn with_own(own: BTreeMap<String, String>) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(STEPS));
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
        environment.set_syntax(syntax.unwrap_or_default());
        environment.set_auto_escape_callback(|_| AutoEscape::Custom("plain".into()));
        environment.set_formatter(|output, state, value| {
            count(value)?;
            if value.kind() == ValueKind::Bool {
                return write!(output, "{}", value.is_true()).map_err(Error::from);
            }
            if value.is_safe() || is_plain(value) {
                return write!(output, "{value}").map_err(Error::from);
            }
            let shown: String = format!("{value:?}").chars().take(SHOWN).collect();
            let text = format!("{shown} is printed bare in {}: it needs a filter such as yaml or run", state.name());
            Err(Error::new(ErrorKind::BadEscape, text))
        });
        environment.set_loader({
            let own = own.clone();
            move |name| Ok(text_of(&own, name).map(str::to_owned))
        });
        add_filters(&mut environment);
        helm::add(&mut environment);
        pipelines::add(&mut environment, text_of(&own, pipelines::PINS).unwrap_or_default().to_owned());
        Self { environment, own, kinds: OnceLock::new() }
    }

    /// Those in the binary, with a user's over them where there are any.
    #[must_use]
    pub fn in_use(own: BTreeMap<String, String>) -> InUse {
        if own.is_empty() { InUse::Embedded(Self::embedded()) } else { InUse::Own(Box::new(Self::with_own(own))) }
    }

    /// The paths of all files, sorted, and whether each is the user's. What detection reads is not among them: it reads
    /// no other than those in the binary.
    #[must_use]
    pub fn all(&self) -> BTreeMap<String, bool> {
        let detections = |path: &&str| path.ends_with("/stack.toml");
        let embedded = embedded_paths(&EMBEDDED).into_iter().filter(|path| !detections(path));
        let mut found: BTreeMap<String, bool> = embedded.map(|path| (path.to_owned(), false)).collect();
        found.extend(self.own.keys().map(|path| (path.clone(), true)));
        found
    }

    /// The text of a file below `templates/` in the binary.
    #[must_use]
    pub fn embedded_text(path: &str) -> Option<&'static str> {
        EMBEDDED.get_file(path)?.contents_utf8()
    }

    /// The text of a file below `templates/`.
    pub fn text(&self, path: &str) -> Option<&str> {
        text_of(&self.own, path)
    }

    /// The names of the files in a folder below `templates/` that end so, sorted.
    pub(crate) fn names(&self, folder: &str, ending: &str) -> Vec<String> {
        let embedded =
            EMBEDDED.get_dir(folder).into_iter().flat_map(Dir::files).filter_map(|file| file.path().to_str());
        let inside = |path: &str| Some(path.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(ending)?.to_owned());
        let mut names: Vec<String> = embedded.chain(self.own.keys().map(String::as_str)).filter_map(inside).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The folders below `templates/` that hold such a file, sorted.
    pub(super) fn folders_with(&self, name: &str) -> BTreeSet<String> {
        let folder = |path: &str| Some(path.strip_suffix(name)?.strip_suffix('/')?.to_owned());
        let embedded = embedded_paths(&EMBEDDED).into_iter().filter_map(folder);
        embedded.chain(self.own.keys().filter_map(|path| folder(path))).collect()
    }

    /// The kinds that the templates make, read once.
    pub(super) fn kinds(&self, read: impl FnOnce() -> Result<Vec<Kind>, Problem>) -> Result<&[Kind], Problem> {
        if let Some(kinds) = self.kinds.get() {
            return Ok(kinds);
        }
        let kinds = read()?;
        Ok(self.kinds.get_or_init(|| kinds))
    }

    /// What a file of settings below `templates/` says; none where there is none.
    pub(super) fn settings<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Problem> {
        let read = |text| {
            toml_edit::de::from_str(text).map_err(|error| {
                Problem::new(ProblemCode::Failed, "template-failed", format!("the template {path} cannot be read"))
                    .why(error)
                    .fix(MEND)
            })
        };
        self.text(path).map(read).transpose()
    }

    /// Fills a template in.
    pub(crate) fn render(&self, path: &str, view: impl Serialize) -> Result<String, Problem> {
        self.fill(path, &Value::from(Serde(view)))
    }

    /// Fills a template in with values that several are filled in with.
    pub(super) fn fill(&self, path: &str, view: &Value) -> Result<String, Problem> {
        let mut text = Bounded(Vec::new());
        PRINTED.set(0);
        let template = self.environment.get_template(path);
        let rendered = template.and_then(|it| it.render_captured_to(view.clone(), &mut text));
        rendered.map_err(|error| problem(path, &error))?;
        Ok(tidy(&String::from_utf8_lossy(&text.0)))
    }

    /// Fills in a template of one line that stands in a file of settings.
    pub(super) fn line(&self, file: &str, template: &str, view: &Value) -> Result<String, Problem> {
        self.environment.render_named_str(file, template, view.clone()).map_err(|error| problem(file, &error))
    }

    /// Whether an expression that stands in a file of settings holds.
    pub(super) fn holds(&self, file: &str, expression: &str, view: &Value) -> Result<bool, Problem> {
        let value = self.environment.compile_expression(expression).and_then(|it| it.eval(view.clone()));
        value.map(|value| value.is_true()).map_err(|error| problem(file, &error))
    }
}

/// The templates in the binary, or those with a user's over them.
#[derive(Debug)]
pub enum InUse {
    /// As they are in the binary.
    Embedded(&'static Templates),
    /// With a user's over them.
    Own(Box<Templates>),
}

impl Deref for InUse {
    type Target = Templates;

    fn deref(&self) -> &Templates {
        match self {
            Self::Embedded(templates) => templates,
            Self::Own(templates) => templates,
        }
    }
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Templates").field("own", &self.own.keys()).finish_non_exhaustive()
    }
}

/// The paths of all files in a folder of the binary and below it.
fn embedded_paths(folder: &Dir<'static>) -> Vec<&'static str> {
    let files = folder.files().filter_map(|file| file.path().to_str());
    files.chain(folder.dirs().flat_map(embedded_paths)).collect()
}

fn text_of<'a>(own: &'a BTreeMap<String, String>, path: &str) -> Option<&'a str> {
    own.get(path).map(String::as_str).or_else(|| Templates::embedded_text(path))
}

/// Numbers, and words that mean nothing but themselves in any of the formats.
fn is_plain(value: &Value) -> bool {
    match value.as_str() {
        Some(text) => text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./@+".contains(c)) && !text.starts_with('-'),
        None => value.is_number(),
    }
}

fn add_filters(environment: &mut Environment<'static>) {
    let filter = |escaped: fn(&str) -> String| move |text: String| Value::from_safe_string(escaped(&text));
    environment.add_filter("run", filter(escape::run_line));
    environment.add_filter("word", filter(escape::docker_word));
    environment.add_filter("shell", filter(escape::shell_word));
    environment.add_filter("comment", filter(escape::comment));
    environment.add_filter("yaml", filter(escape::yaml));
    environment.add_filter("json", filter(escape::json));
    environment.add_filter("inline", filter(escape::inline));
    environment.add_filter("path", filter(escape::path));
    environment.add_filter("quoted", filter(escape::quoted));
    environment.add_filter("label", |text: &str, length: usize| escape::label(text, length));
    environment.add_filter("compact", |text: &str, length: usize| escape::compact(text, length));
    environment.add_filter("groovy", filter(escape::groovy));
    environment.add_filter("gstring", |text: &str| escape::gstring(text));
    environment.add_filter("groovy_comment", filter(escape::groovy_comment));
    environment.add_filter("compose", |text: &str| escape::compose_text(text));
    // Kubernetes puts values in the place of `$(NAME)`, and takes a doubled sign for one, as Compose does.
    environment.add_filter("kubelet", |text: &str| escape::compose_text(text));
    environment.add_filter("slug", |text: &str| escape::slug(text));
    environment.add_filter("pascal", |text: &str| escape::pascal(text));
    environment.add_filter("arm_text", filter(bicep::arm_text));
    environment.add_filter("bicep", filter(bicep::bicep));
    environment.add_filter("arm", |template: &str| {
        bicep::arm(template)
            .map(Value::from_safe_string)
            .map_err(|why| Error::new(ErrorKind::BadSerialization, why.to_string()))
    });
    // Not safe by itself: what comes out goes through the filter for where it goes.
    environment.add_filter("fill", |text: &str, host: &str, port: Value, password: Option<&str>| {
        escape::fill(text, host, &port.to_string(), password.unwrap_or_default())
    });
    environment.add_filter("hcl", filter(hcl::text));
    environment.add_filter("hcl_name", |label: &str| hcl::name(label));
    environment.add_filter("hcl_fill", |value: &str, expressions: Kwargs| {
        let mut known = Vec::new();
        for name in expressions.args() {
            known.push((name, expressions.get::<&str>(name)?));
        }
        Ok::<_, Error>(Value::from_safe_string(hcl::fill(value, &known)))
    });
    environment.add_filter("cloudwatch_days", hcl::cloudwatch_days);
    environment.add_filter("dns_zone", hcl::dns_zone);
    environment.add_filter("ec2", hcl::ec2);
    environment.add_filter("fargate", |cpus: f64, memory_mb: u64| {
        let (units, memory) = hcl::fargate(cpus, memory_mb);
        vec![u64::from(units), memory]
    });
    environment.add_filter("start", |command: &str, built: Option<&str>, place: Option<&str>| {
        let start = Start::parse(command);
        let start = match (built, place) {
            (Some(built), Some(place)) => start.with(built, place),
            _ => start,
        };
        Value::from_safe_string(start.exec_form())
    });
    environment.add_filter("needs_shell", |command: &str| Start::parse(command).needs_shell());
    environment.add_filter("exec", |words: Vec<String>| Value::from_safe_string(escape::exec_form(&words)));
    environment.add_filter("compose", |text: &str| escape::compose_text(text));
    environment.add_filter("asked", |name: &str| escape::asked(name));
    environment.add_filter("reads", |name: &str, usual: u16| Value::from_safe_string(format!("${{{name}:-{usual}}}")));
    environment.add_filter("placeholder", |name: &str| secrets::placeholder(name));
    environment.add_filter("made_by", |name: &str| secrets::made_by(name));
    environment.add_filter("pin", |version: Option<String>, default: &str| version::pin(version.as_deref(), default));
    // An app on another version of its runtime.
    environment.add_filter("on", |app: Value, version: &str| context! { runtime => version, ..app });
    environment.add_filter("suite", |version: &str, since: &str| version::suite(version, since));
}

thread_local! {
    /// How many bytes of values the template that is being filled in has printed, also where it keeps them for later.
    static PRINTED: Cell<usize> = const { Cell::new(0) };
}

fn count(value: &Value) -> Result<(), Error> {
    PRINTED.set(PRINTED.get() + value.as_str().map_or(0, str::len));
    if PRINTED.get() > LONGEST { Err(ErrorKind::WriteFailure.into()) } else { Ok(()) }
}

/// What a template prints, as long as there is an end to it.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One empty line at most between lines, one line end at the end.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut was_empty = true;
    for line in text.lines().map(str::trim_end) {
        if !(line.is_empty() && was_empty) {
            tidy.push_str(line);
            tidy.push('\n');
        }
        was_empty = line.is_empty();
    }
    tidy.truncate(tidy.trim_end().len());
    tidy.push('\n');
    tidy
}

fn problem(path: &str, error: &Error) -> Problem {
    let file = error.name().filter(|name| *name != "<expression>").unwrap_or(path);
    let at = error.line().map(|line| format!(", line {line}")).unwrap_or_default();
    let why = match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => format!("it comes to no end in {} million steps", STEPS / 1_000_000),
        (ErrorKind::WriteFailure, _) => format!("it prints more than {} MiB", LONGEST >> 20),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    };
    Problem::new(ProblemCode::Failed, "template-failed", format!("the template {file} cannot be filled in{at}"))
        .why(why)
        .fix(MEND)
}

const MEND: &str = "mend your copy of it, or remove the copy to use the one in the program";

#[cfg(test)]
mod tests {
    use super::*;
    use minijinja::context;

    fn own(text: &str) -> Templates {
        Templates::with_own(BTreeMap::from([("x.j2".to_owned(), text.to_owned())]))
    }

    #[test]
    fn a_value_that_is_not_plain_needs_a_filter() {
        let templates = own("RUN {{ command }}");
        assert_eq!(templates.render("x.j2", context! { command => "make" }).unwrap(), "RUN make\n");
        let problem = templates.render("x.j2", context! { command => "a\nUSER root" }).unwrap_err();
        assert_eq!(problem.message, "the template x.j2 cannot be filled in, line 1");
        assert!(problem.why.contains("needs a filter"), "{problem}");
        let escaped = own("RUN {{ command | run }}").render("x.j2", context! { command => "a\nUSER root" }).unwrap();
        assert_eq!(escaped, "RUN [\"/bin/sh\", \"-c\", \"a\\nUSER root\"]\n");
    }

    #[test]
    fn a_template_without_an_end_is_stopped_and_named_with_its_line() {
        let loops =
            "{% for a in range(99999) %}\n{% for b in range(99999) %}\n{% set c = a + b %}\n{% endfor %}{% endfor %}";
        let calls =
            "\n{% macro on(n) %}{% if n %}{{ on(n - 1) }}{{ on(n - 1) }}{% endif %}{% endmacro %}\n{{ on(60) }}";
        let prints = "\n\n{% for a in range(99999) %}\n{{ 'x' * 9999 }}{% endfor %}";
        let catches = "{% set all %}{% for a in range(99999) %}{{ 'x' * 999999 }}{% endfor %}{% endset %}{{ all }}";
        let told = [(loops, "5 million steps"), (calls, "5 million steps"), (prints, "16 MiB"), (catches, "16 MiB")];
        for (text, why) in told {
            let problem = own(text).render("x.j2", context! {}).unwrap_err();
            assert!(problem.message.contains("the template x.j2 cannot be filled in, line"), "{problem}");
            assert!(problem.why.contains(why), "{problem}");
        }
        let problem = own("{{ 'é' * 9999999 }}").render("x.j2", context! {}).unwrap_err();
        assert!(problem.why.len() < 1000, "{}", problem.why.len());
    }

    #[test]
    fn a_missing_value_is_named_with_its_line() {
        let problem = own("a\n{{ nothing }}").render("x.j2", context! {}).unwrap_err();
        assert_eq!(problem.message, "the template x.j2 cannot be filled in, line 2");
    }

    #[test]
    fn a_users_template_lies_over_the_embedded_one() {
        let own = BTreeMap::from([("stacks/node/dockerignore".to_owned(), "mine".to_owned())]);
        assert_eq!(Templates::with_own(own).text("stacks/node/dockerignore"), Some("mine"));
        assert_ne!(Templates::embedded().text("stacks/node/dockerignore"), Some("mine"));
        assert!(Templates::embedded().names("services", ".toml").contains(&"postgres".to_owned()));
    }

    #[test]
    fn every_embedded_template_parses() {
        for name in embedded_paths(&EMBEDDED).into_iter().filter(|path| path.strip_suffix(".j2").is_some()) {
            Templates::embedded().environment.get_template(name).unwrap();
        }
    }
}
