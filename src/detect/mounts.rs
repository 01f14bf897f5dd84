//! What the routes of a source answer below: groups, routers, blueprints, scopes and classes with a path of their own.
//!
//! *Invariant:* a path that cannot be told is none: a wrong one would be asked in vain.

use std::ops::Range;
use std::rc::Rc;

use super::rules::MountRule;
use super::sources::{Sources, is_of_tests};

/// Mounts lie in each other at most so deep.
const DEEP: usize = 6;

/// So many mounts of one kind are looked at in a file.
const MOUNTS: usize = 200;

/// What a mount holds is looked at so far, in bytes.
const REACH: usize = 16 << 10;

/// So many imports of one file by another are looked at.
const IMPORTS: usize = 8;

/// So many words of a mount's arguments are looked for in imports.
const WORDS: usize = 32;

/// Names of files that say less than the folder which they lie in.
const USUAL: &[&str] = &["index", "__init__", "mod", "routes", "router", "urls", "main", "views", "api"];

/// The sources of an app with the calls that mount.
pub(super) struct Mounts<'a> {
    rules: &'a [MountRule],
    texts: Vec<(&'a str, Rc<str>)>,
}

/// One call that mounts.
struct Mount<'r> {
    rule: &'r MountRule,
    at: usize,
    args: Range<usize>,
    /// Where what is written inside of it ends.
    end: usize,
    below: Below,
}

/// Routes that hang on a name in a file.
struct Hung<'t> {
    file: &'t str,
    text: &'t str,
    name: &'t str,
    /// Where what they stand in begins.
    origin: usize,
    /// No mount stands around them.
    free: bool,
}

/// What a mount puts before the routes in it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Below {
    Path(String),
    Nothing,
    Unknown,
}

impl<'a> Mounts<'a> {
    /// Only sources in which something is mounted are kept.
    pub(super) fn new(rules: &'a [MountRule], sources: &'a Sources<'_>) -> Self {
        let texts = sources.texts().filter(|(path, _)| !is_of_tests(path));
        let texts = texts.filter(|(_, text)| rules.iter().any(|rule| text.contains(rule.call.as_str()))).collect();
        Self { rules, texts }
    }

    /// The path on which a route answers that stands at `at` of a file; none where that cannot be told.
    pub(super) fn path(&self, file: &str, text: &str, at: usize, path: &str) -> Option<String> {
        let below = self.below(file, text, at, DEEP)?;
        Some(join(&self.everywhere()?, &join(&below, path)))
    }

    /// What is put before all routes, wherever they stand.
    pub(super) fn everywhere(&self) -> Option<String> {
        let all = self.rules.iter().filter(|rule| rule.all);
        for (rule, (path, text)) in all.flat_map(|rule| self.texts.iter().map(move |text| (rule, text))) {
            let name = path.rsplit('/').next().unwrap_or(path);
            let meant = rule.file.as_ref().is_none_or(|file| name.starts_with(file.as_str()));
            if let Some(mount) = found(rule, text).next().filter(|_| meant) {
                return mount.below.said();
            }
        }
        Some(String::new())
    }

    fn below(&self, file: &str, text: &str, at: usize, deep: usize) -> Option<String> {
        let deep = deep.checked_sub(1)?;
        let mounts: Vec<Mount<'_>> =
            self.rules.iter().filter(|rule| !rule.all).flat_map(|rule| found(rule, text)).collect();
        let mut prefix = String::new();
        if let Some(class) =
            mounts.iter().rfind(|mount| mount.rule.class && mount.args.end < at && of_class(text, mount))
        {
            prefix = class.below.said()?;
        }
        let mut around: Vec<&Mount<'_>> = mounts.iter().filter(|mount| !mount.rule.class && mount.holds(at)).collect();
        around.sort_by_key(|mount| mount.at);
        for mount in &around {
            prefix = join(&prefix, &mount.below.said()?);
        }
        let origin = around.first().map_or(at, |mount| mount.at);
        let Some(name) = receiver(text, origin) else {
            return if around.is_empty() && self.bare_are_moved() {
                self.handed_over(handler(text, at)?)
            } else {
                self.outside(file, false, &prefix, deep)
            };
        };
        let free = around.is_empty();
        self.hung(&Hung { file, text, name, origin, free }, &prefix, deep)
    }

    /// What is put before routes that hang on a name, and before `within`, which stands around them.
    fn hung(&self, hung: &Hung<'_>, within: &str, deep: usize) -> Option<String> {
        let deep = deep.checked_sub(1)?;
        let Hung { file, text, name, origin, free } = *hung;
        let mounts: Vec<Mount<'_>> =
            self.rules.iter().filter(|rule| !rule.all).flat_map(|rule| found(rule, text)).collect();
        let own = mounts.iter().any(|mount| !mount.rule.class && mount.moves());
        let mut prefix = within.to_owned();
        let bound = mounts.iter().rfind(|mount| mount.at < origin && bound(text, mount.at) == Some(name));
        if let Some(mount) = bound {
            prefix = join(&mount.below.said()?, &prefix);
        }
        let given = |mount: &&Mount<'_>| {
            let own = bound.is_some_and(|bound| bound.at == mount.at);
            mount.at != origin && !mount.holds(origin) && !own && names(&given_names(&text[mount.args.clone()]), name)
        };
        if let Some(mount) = mounts.iter().filter(|mount| !mount.rule.class).find(given) {
            let replaced = mount.rule.replaces && mount.moves() && free;
            let within = if replaced { mount.below.said()? } else { join(&mount.below.said()?, &prefix) };
            return Some(join(&self.below(file, text, mount.at, deep)?, &within));
        }
        if let Some(mount) = bound.filter(|mount| receiver(text, mount.at).is_some()) {
            return Some(join(&self.below(file, text, mount.at, deep)?, &prefix));
        }
        if let Some((file, text)) = self.made(file, text, name).filter(|_| bound.is_none()) {
            return self.hung(&Hung { file, text, name, origin: text.len(), free }, &prefix, deep);
        }
        let loose = is_loose(text, name);
        if loose && own && bound.is_none() && free && !self.is_spoken_of(file) {
            None
        } else {
            self.outside(file, loose, &prefix, deep)
        }
    }

    /// The file that makes what a source of Python imports by this name.
    fn made<'s>(&'s self, file: &str, text: &str, name: &str) -> Option<(&'s str, &'s str)> {
        let imports = text.lines().filter_map(|line| line.trim_start().strip_prefix("from ")?.split_once(" import "));
        let (module, _) = imports.into_iter().find(|(_, given)| !given.contains(" as ") && names(given, name))?;
        let path = module.trim().trim_start_matches('.');
        let levels = module.trim().len() - path.len();
        // A module's name without dots before it begins somewhere above.
        let above = (levels > 0).then(|| file.rsplitn(levels + 1, '/').nth(levels).unwrap_or(""));
        let path = path.replace('.', "/");
        let is_meant = |other: &str| {
            let below = match above {
                Some("") | None => Some(other),
                Some(above) => other.strip_prefix(above).and_then(|rest| rest.strip_prefix('/')),
            };
            let Some(below) = below.and_then(|below| below.strip_suffix(".py")) else { return false };
            let module = below.strip_suffix("__init__").map_or(below, |package| package.trim_end_matches('/'));
            module == path || above.is_none() && module.ends_with(&format!("/{path}"))
        };
        let makes = |text: &str| {
            let mounts = self.rules.iter().filter(|rule| !rule.all && !rule.class).flat_map(|rule| found(rule, text));
            mounts.into_iter().any(|mount| bound(text, mount.at) == Some(name))
        };
        let mut others = self.texts.iter().filter(|(other, _)| *other != file && is_meant(other));
        others.find(|(_, text)| makes(text)).map(|(other, text)| (*other, &**text))
    }

    /// What is put before the route of a function that is handed over by its name.
    fn handed_over(&self, function: &str) -> Option<String> {
        let of = |text| self.rules.iter().filter(|rule| rule.bare).flat_map(move |rule| found(rule, text));
        let mut nearest: Option<(&str, Mount<'_>)> = None;
        let mut plainly = false;
        for (_, text) in &self.texts {
            for mount in of(text) {
                let holds = &text[mount.args.start..mount.end.max(mount.args.end)];
                // Which functions another one hands over is told elsewhere.
                if mount.moves() && holds.contains("configure(") {
                    return None;
                }
                let length = |mount: &Mount<'_>| mount.end - mount.at;
                if names(&unquoted(holds), function)
                    && nearest.as_ref().is_none_or(|(_, known)| length(&mount) < length(known))
                {
                    nearest = Some((text, mount));
                }
            }
            plainly |= text.match_indices("service(").any(|(at, call)| {
                let start = at + call.len();
                let given = &text[start..closing(text, start)];
                given == function || given.ends_with(&format!("::{function}"))
            });
        }
        let Some((text, mount)) = nearest else { return plainly.then(String::new) };
        let mut around: Vec<Mount<'_>> = of(text).filter(|other| other.holds(mount.at)).collect();
        around.sort_by_key(|mount| mount.at);
        around.push(mount);
        around.iter().try_fold(String::new(), |path, mount| Some(join(&path, &mount.below.said()?)))
    }

    /// Something else than a receiver says what routes hang on, and that is not the root.
    fn bare_are_moved(&self) -> bool {
        let bare = self.rules.iter().filter(|rule| rule.bare);
        bare.flat_map(|rule| self.texts.iter().map(move |(_, text)| found(rule, text).any(|mount| mount.moves())))
            .any(|moved| moved)
    }

    /// What other files mount a file's routes below. Loose ones hang on something that comes from elsewhere.
    fn outside(&self, file: &str, loose: bool, prefix: &str, deep: usize) -> Option<String> {
        let mut mounted = false;
        for (other, text, mount, meant) in self.elsewhere(file) {
            mounted |= mount.moves();
            if meant {
                if mount.rule.replaces && mount.moves() && !prefix.is_empty() {
                    return None;
                }
                let below = join(&mount.below.said()?, prefix);
                return Some(join(&self.below(other, text, mount.at, deep)?, &below));
            }
        }
        (!(loose && mounted)).then(|| prefix.to_owned())
    }

    /// What other files mount, each with whether that is the file.
    fn elsewhere<'s>(&'s self, file: &'s str) -> impl Iterator<Item = (&'s str, &'s str, Mount<'a>, bool)> {
        let others = self.texts.iter().filter(move |(other, _)| *other != file);
        others.flat_map(move |(other, text)| {
            let named = Named::new(other, text, file);
            let rules = self.rules.iter().filter(|rule| !rule.all && !rule.class && !rule.makes());
            let mounts: Vec<Mount<'a>> = rules.flat_map(|rule| found(rule, text)).collect();
            mounts.into_iter().map(move |mount| {
                let meant = named.in_arguments(&text[mount.args.clone()], mount.rule);
                (*other, &**text, mount, meant)
            })
        })
    }

    fn is_spoken_of(&self, file: &str) -> bool {
        self.elsewhere(file).any(|(.., meant)| meant)
    }
}

impl Below {
    fn said(&self) -> Option<String> {
        match self {
            Self::Path(path) => Some(path.clone()),
            Self::Nothing => Some(String::new()),
            Self::Unknown => None,
        }
    }
}

impl Mount<'_> {
    /// A place is inside of it, and is not its own path.
    fn holds(&self, at: usize) -> bool {
        at > self.args.start + "'/".len() && at < self.end
    }

    /// It puts something before its routes.
    fn moves(&self) -> bool {
        match &self.below {
            Below::Path(path) => !path.trim_matches('/').is_empty(),
            Below::Nothing => false,
            Below::Unknown => true,
        }
    }
}

/// One path below another.
fn join(above: &str, path: &str) -> String {
    match (above.trim_end_matches('/'), path.trim_start_matches('/')) {
        ("", "") if above.is_empty() && path.is_empty() => String::new(),
        (above, "") if path.is_empty() => above.to_owned(),
        (above, path) => format!(
            "{}/{path}",
            if above.is_empty() { String::new() } else { format!("/{}", above.trim_start_matches('/')) }
        ),
    }
}

/// The calls of a rule in a text.
fn found<'r>(rule: &'r MountRule, text: &str) -> impl Iterator<Item = Mount<'r>> {
    let word = rule.call.starts_with(|c: char| c.is_ascii_alphanumeric());
    text.match_indices(rule.call.as_str())
        .take(MOUNTS)
        .filter_map(move |(at, call)| {
            if word && text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
                return None;
            }
            let start = at + call.len();
            let args = start..if call.ends_with('(') { closing(text, start) } else { line_end(text, start) };
            let said = &text[args.clone()];
            if rule.with.as_ref().is_some_and(|with| !said.contains(with.as_str())) {
                return None;
            }
            let below = rule.below(said);
            Some(Mount { rule, at, end: inside(text, at, &args, rule.chained), args, below })
        })
        .collect::<Vec<_>>()
        .into_iter()
}

impl MountRule {
    /// It makes what is mounted elsewhere: `Blueprint(`, `new Router(`.
    fn makes(&self) -> bool {
        self.call.trim_start_matches("new ").starts_with(|c: char| c.is_ascii_uppercase())
    }

    fn below(&self, args: &str) -> Below {
        for key in &self.keys {
            for (at, _) in args.match_indices(key.as_str()) {
                let rest = args[at + key.len()..].trim_start();
                let value =
                    rest.strip_prefix('=').or_else(|| rest.strip_prefix(':')).filter(|rest| !rest.starts_with('='));
                if let Some(value) =
                    value.filter(|_| !args[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
                {
                    return literal(value.trim_start_matches([' ', '>', '{', '[']))
                        .map_or(Below::Unknown, |(below, _)| below);
                }
            }
        }
        let first = args.trim_start();
        if !self.first {
            return Below::Nothing;
        }
        match literal(first) {
            Some((below, _)) => below,
            None if first.is_empty() || first.starts_with("func") => Below::Nothing,
            // `use(prefix, router)`, but `use(cors(), router)`.
            None if self.optional => {
                let name =
                    first.find(|c: char| !c.is_ascii_alphanumeric() && !"_.$".contains(c)).unwrap_or(first.len());
                if first[name..].starts_with(',') || first.starts_with(['`', '$']) {
                    Below::Unknown
                } else {
                    Below::Nothing
                }
            }
            None => Below::Unknown,
        }
    }
}

/// The path in quotes that a text begins with, or a symbol of Ruby's, and where it ends.
fn literal(text: &str) -> Option<(Below, usize)> {
    if let Some(symbol) = text.strip_prefix(':') {
        let end = symbol.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(symbol.len());
        return (end > 0).then(|| (Below::Path(symbol[..end].to_owned()), end + 1));
    }
    let quote = text.chars().next().filter(|c| "\"'`".contains(*c))?;
    let end = text[1..].find(quote)? + 1;
    let path = &text[1..end];
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "/_-.~".contains(c));
    Some((if plain { Below::Path(path.to_owned()) } else { Below::Unknown }, end + 1))
}

fn line_end(text: &str, from: usize) -> usize {
    text[from..].find('\n').map_or(text.len(), |at| from + at)
}

/// Where the bracket closes that was opened right before.
fn closing(text: &str, from: usize) -> usize {
    let (mut depth, mut quote) = (1_usize, None);
    let far = text.floor_char_boundary(from + REACH);
    let mut letters = text[from..far].char_indices();
    while let Some((at, letter)) = letters.next() {
        match (letter, quote) {
            ('\\', Some(_)) => drop(letters.next()),
            (letter, Some(open)) if letter == open => quote = None,
            // What is no text after all: a lifetime, an apostrophe.
            ('\n', Some('"' | '\'')) => quote = None,
            ('"' | '\'' | '`', None) => quote = Some(letter),
            ('(' | '[' | '{', None) => depth += 1,
            (')' | ']' | '}', None) => {
                depth -= 1;
                if depth == 0 {
                    return from + at;
                }
            }
            _ => {}
        }
    }
    far
}

/// Where the block or the chain of calls ends that hangs on a mount.
fn inside(text: &str, at: usize, args: &Range<usize>, chained: bool) -> usize {
    let line = &text[line_start(text, at)..line_end(text, args.end)];
    if line.trim_end().ends_with(" do") || line.contains(" do |") {
        let indent = line.len() - line.trim_start().len();
        let ends = format!("\n{}end", &line[..indent]);
        return text[args.end..].find(&ends).map_or(text.len(), |end| args.end + end);
    }
    let mut end = args.end;
    loop {
        let rest = text.get(end + 1..).unwrap_or("");
        let next = rest.trim_start();
        let skipped = rest.len() - next.len();
        let opens = if next.starts_with('{') && !rest[..skipped].contains('\n') {
            Some(1)
        } else if chained && (next.starts_with('.') || next.starts_with("->")) {
            next.find('(').filter(|open| !next[..*open].contains(['\n', ';', '{', '}', '=', ')'])).map(|open| open + 1)
        } else {
            None
        };
        let Some(opens) = opens else { return end };
        end = closing(text, end + 1 + skipped + opens);
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// Where the statement begins whose lines go on with a dot.
fn statement(text: &str, at: usize) -> usize {
    let mut start = line_start(text, at);
    while start > 0 && text[start..].trim_start_matches([' ', '\t']).starts_with(['.', '-']) {
        start = line_start(text, start - 1);
    }
    start
}

/// The name that the value of the statement at a place is given.
fn bound(text: &str, at: usize) -> Option<&str> {
    let before = text.get(statement(text, at)..at)?;
    let (left, _) = before.split_once(":=").or_else(|| before.split_once('='))?;
    let left = left.split(':').next()?.trim_end();
    let name = left.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '$').next()?;
    (!name.is_empty()).then_some(name)
}

/// What the call is made on that holds a place: `api` in `api.get("/x")`.
fn receiver(text: &str, at: usize) -> Option<&str> {
    let start = statement(text, at);
    let lines = text.get(start..at)?;
    if start < line_start(text, at) {
        // A chain is of what its first line makes, or begins with.
        return bound(text, start + lines.find('\n').unwrap_or(lines.len())).or_else(|| head(lines));
    }
    let opened = lines.trim_end_matches(['/', ' ']);
    let opened = opened.strip_suffix("GET").unwrap_or(opened).trim_end_matches(['"', '\'', '`', '(', ' ']);
    let method = opened.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let on = method.strip_suffix('.').or_else(|| method.strip_suffix("->")).or_else(|| {
        // A mount begins at its dot.
        text[at..].starts_with(['.', '-']).then_some(opened)
    })?;
    if on.ends_with(')') {
        return bound(text, at).or_else(|| head(lines));
    }
    let name = on.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '$').next()?;
    (!name.is_empty()).then_some(name)
}

/// The first name of a statement.
fn head(lines: &str) -> Option<&str> {
    let lines = lines.trim_start().trim_start_matches(['@', '$']);
    let end = lines.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(lines.len());
    (end > 0).then(|| &lines[..end])
}

/// The function of Rust that the attribute around a place stands before.
fn handler(text: &str, at: usize) -> Option<&str> {
    let is_attribute = text[line_start(text, at)..at].trim_start().starts_with("#[");
    let (_, rest) = text[line_end(text, at)..].split_once("fn ").filter(|_| is_attribute)?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    (end > 0).then(|| &rest[..end])
}

/// What is handed over by its name: not what stands in quotes, nor in a function that is written there.
fn given_names(args: &str) -> String {
    let functions = ["func", "=>", "{", "|", "lambda"];
    let end = functions.iter().filter_map(|begins| args.find(begins)).min().unwrap_or(args.len());
    unquoted(&args[..end])
}

fn unquoted(text: &str) -> String {
    let mut quote = None;
    let mut keep = |letter: char| {
        if let Some(open) = quote {
            quote = Some(open).filter(|open| letter != *open);
            return false;
        }
        quote = Some(letter).filter(|letter| "\"'`".contains(*letter));
        quote.is_none()
    };
    text.chars().filter(|letter| keep(*letter)).collect()
}

/// A name stands in a text as a word of its own.
fn names(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| !text[..at].ends_with(part) && !text[at + name.len()..].starts_with(part))
}

/// What the routes of a name hang on comes from elsewhere, or is made to be mounted.
fn is_loose(text: &str, name: &str) -> bool {
    let made = text.match_indices(name).find_map(|(at, _)| {
        let rest = text[at + name.len()..].trim_start();
        let value =
            rest.strip_prefix(":=").or_else(|| rest.strip_prefix('=').filter(|rest| !rest.starts_with(['=', '>'])))?;
        Some(&value[..line_end(value, 0)])
    });
    made.is_none_or(|value| value.contains("outer(") || value.contains("lueprint("))
}

/// An annotation of a class, not of a method.
fn of_class(text: &str, mount: &Mount<'_>) -> bool {
    let rest = &text[mount.args.end..];
    let head = &rest[..rest.find('{').unwrap_or(rest.len())];
    [" class ", "\nclass ", " interface "].iter().any(|word| head.contains(word))
}

/// How a file is named in another: by its path, or by what a line with its path imports.
struct Named<'t> {
    stem: &'t str,
    folder: &'t str,
    /// The other file lies in the same folder.
    beside: bool,
    imports: Vec<&'t str>,
}

impl<'t> Named<'t> {
    fn new(other: &str, text: &'t str, file: &'t str) -> Self {
        let above = |path: &str| path.rsplit_once('/').map(|(above, _)| above.to_owned());
        let mut parts = file.rsplit('/');
        let stem = parts.next().and_then(|name| name.split('.').next()).unwrap_or("");
        let folder = parts.next().unwrap_or("");
        let mut named = Self { stem, folder, beside: above(other) == above(file), imports: Vec::new() };
        let imports = text.lines().filter(|line| line.contains("import") || line.contains("require"));
        named.imports = imports.filter(|line| named.is_meant(line)).take(IMPORTS).collect();
        named
    }

    fn is_meant(&self, line: &str) -> bool {
        let by_name = || names(line, self.stem);
        if !USUAL.contains(&self.stem) {
            return !self.stem.is_empty() && by_name();
        }
        let silent = matches!(self.stem, "index" | "__init__" | "mod");
        let in_folder = !self.folder.is_empty() && names(line, self.folder) && (silent || by_name());
        in_folder || self.beside && !silent && by_name()
    }

    /// What is mounted with these arguments is the file, or a name that an import of it gives.
    fn in_arguments(&self, args: &str, rule: &MountRule) -> bool {
        let path = if rule.first { literal(args).map_or(0, |(_, end)| end) } else { 0 };
        let args = &args[path..];
        let words = args.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let mut words = words.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic())).take(WORDS);
        self.is_meant(args) || words.any(|word| self.imports.iter().any(|line| names(line, word)))
    }
}
