//! Dockerfiles (docs.docker.com, “Dockerfile reference”).

mod commands;

use std::collections::BTreeMap;

use super::secrets::names_a_secret;
use super::{Faults, images, variables};
use crate::model::dockerignore::Ignore;

const INSTRUCTIONS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// One instruction with what belongs to it on later lines.
#[derive(Clone)]
struct Instruction {
    line: usize,
    /// In upper case.
    word: String,
    rest: String,
    /// Its here-documents with the line that each begins on.
    documents: Vec<(usize, String)>,
}

impl Instruction {
    /// The same as a shell's line, where it is in exec form.
    fn plain(&self) -> Self {
        let rest = self.rest.strip_prefix("CMD").unwrap_or(&self.rest).trim();
        let words = serde_json::from_str::<Vec<String>>(rest);
        Self { rest: words.map_or_else(|_| self.rest.clone(), |words| words.join(" ")), ..self.clone() }
    }
}

/// What is known of the stages read so far.
#[derive(Default)]
struct Stages {
    names: Vec<String>,
    count: usize,
    /// What the stage being read runs as.
    who: Who,
    /// The same of earlier stages, by their names: a stage that begins with one goes on from there.
    earlier: Vec<(String, Who)>,
    /// What `ARG` and `ENV` have said so far.
    values: BTreeMap<String, String>,
}

/// Who a stage runs as.
#[derive(Clone, Default)]
struct Who {
    /// The user, and where it was said or the stage began.
    user: Option<(usize, String)>,
    /// Others that are root by another name.
    roots: Vec<String>,
    /// Where somebody may become root without a password.
    becomes_root: Option<usize>,
}

pub(super) fn check(text: &str, faults: &mut Faults<'_>) {
    frontend(text, faults);
    let instructions = read(text, faults);
    let mut stages = Stages::default();
    let mut has_args_only = true;
    for instruction in &instructions {
        if !INSTRUCTIONS.contains(&instruction.word.as_str()) {
            let message = format!("“{}” is no instruction of a Dockerfile", instruction.word);
            faults.add("dockerfile-syntax", instruction.line, message);
            continue;
        }
        if instruction.rest.is_empty() {
            faults.add("dockerfile-syntax", instruction.line, format!("{} says nothing", instruction.word));
            continue;
        }
        match instruction.word.as_str() {
            "FROM" => from(instruction, &mut stages, faults),
            word if stages.count == 0 && word != "ARG" => {
                if has_args_only {
                    faults.add("dockerfile-syntax", instruction.line, format!("{word} stands before the first FROM"));
                }
                has_args_only = false;
            }
            _ => self::instruction(instruction, &mut stages, faults),
        }
    }
    if stages.count == 0 {
        faults.add("dockerfile-syntax", None, "there is no FROM: nothing says what the image begins with");
        return;
    }
    root(&stages, instructions.iter().rev().find(|instruction| instruction.word == "FROM"), faults);
}

/// What stands in a stage.
fn instruction(instruction: &Instruction, stages: &mut Stages, faults: &mut Faults<'_>) {
    match instruction.word.as_str() {
        "ARG" | "ENV" => {
            secret(instruction, faults);
            stages.keep(instruction);
        }
        "LABEL" => secret(instruction, faults),
        "USER" => stages.who.user = Some((instruction.line, stages.filled(&instruction.rest))),
        "COPY" | "ADD" => {
            copy(instruction, stages, faults);
            commands::secrets(&Instruction { rest: String::new(), ..instruction.clone() }, faults);
        }
        "RUN" => {
            run(instruction, stages, faults);
            commands::secrets(instruction, faults);
            stages.who.roots.extend(commands::roots(instruction));
            if commands::gives_root(instruction) {
                stages.who.becomes_root = Some(instruction.line);
            }
        }
        "CMD" | "ENTRYPOINT" => {
            exec_form(instruction, faults);
            commands::secrets(&instruction.plain(), faults);
        }
        "HEALTHCHECK" => commands::secrets(&instruction.plain(), faults),
        "ONBUILD" => onbuild(instruction, stages, faults),
        _ => {}
    }
}

/// What an image that begins with this one does as it is built.
fn onbuild(instruction: &Instruction, stages: &mut Stages, faults: &mut Faults<'_>) {
    let (word, rest) = instruction.rest.split_once(char::is_whitespace).unwrap_or((&instruction.rest, ""));
    let inner = Instruction { word: word.to_ascii_uppercase(), rest: rest.trim().to_owned(), ..instruction.clone() };
    if !INSTRUCTIONS.contains(&inner.word.as_str()) || matches!(inner.word.as_str(), "ONBUILD" | "FROM" | "MAINTAINER")
    {
        faults.add("dockerfile-syntax", instruction.line, format!("ONBUILD {} is none that can wait", inner.word));
        return;
    }
    // Who it runs as, and what is copied, is the other image's.
    match inner.word.as_str() {
        "ARG" | "ENV" => secret(&inner, faults),
        "RUN" | "COPY" | "ADD" => {
            let who = stages.who.clone();
            self::instruction(&inner, stages, faults);
            stages.who = who;
        }
        _ => {}
    }
}

/// What reads the file is an image, too.
fn frontend(text: &str, faults: &mut Faults<'_>) {
    for (line, directive) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let Some((name, image)) = directive.trim().strip_prefix('#').and_then(|rest| rest.split_once('=')) else {
            return;
        };
        if name.trim().eq_ignore_ascii_case("syntax") {
            images::check(image.trim(), line + 1, faults);
        }
    }
}

/// The names of its stages, in their order.
pub(super) fn stages(text: &str) -> Vec<String> {
    let mut stages = Stages::default();
    let mut faults = Faults { path: "", found: Vec::new() };
    for instruction in read(text, &mut faults).iter().filter(|instruction| instruction.word == "FROM") {
        from(instruction, &mut stages, &mut faults);
    }
    stages.names
}

/// Splits the text into instructions: continued lines are joined, comments and here-documents skipped.
fn read(text: &str, faults: &mut Faults<'_>) -> Vec<Instruction> {
    let text = text.trim_start_matches('\u{feff}');
    let escape = escape(text);
    let mut instructions: Vec<Instruction> = Vec::new();
    let mut continued = false;
    let mut until: Vec<String> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if let (Some(end), Some(instruction)) = (until.first(), instructions.last_mut()) {
            if trimmed == end {
                until.remove(0);
                instruction.documents.push((index + 2, String::new()));
            } else if let Some((_, text)) = instruction.documents.last_mut() {
                text.push_str(line);
                text.push('\n');
            }
            continue;
        }
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        // What is escaped itself continues nothing.
        let (content, goes_on) = match trimmed.strip_suffix(escape) {
            Some(content) if !content.ends_with(escape) => (content.trim_end(), true),
            _ => (trimmed, false),
        };
        if continued && let Some(instruction) = instructions.last_mut() {
            instruction.rest.push(' ');
            instruction.rest.push_str(content);
        } else {
            let (word, rest) = content.split_once(char::is_whitespace).unwrap_or((content, ""));
            let (word, rest) = (word.to_ascii_uppercase(), rest.trim().to_owned());
            instructions.push(Instruction { line: index + 1, word, rest, documents: Vec::new() });
        }
        continued = goes_on;
        if !goes_on && let Some(instruction) = instructions.last_mut() {
            until = here_documents(instruction);
            if !until.is_empty() {
                instruction.documents.push((index + 2, String::new()));
            }
        }
    }
    if continued {
        faults.add("dockerfile-syntax", text.lines().count(), "the last line goes on and nothing follows");
    }
    if let Some(end) = until.first() {
        faults.add("dockerfile-syntax", text.lines().count(), format!("the text that {end} is to end does not end"));
    }
    instructions
}

/// What continues a line: the directive above all instructions says it, or it is a backslash.
fn escape(text: &str) -> char {
    let directives = text.lines().map_while(|line| line.trim().strip_prefix('#')?.split_once('='));
    let mut named = directives.filter(|(name, _)| name.trim().eq_ignore_ascii_case("escape"));
    named.next().and_then(|(_, value)| value.trim().chars().next()).unwrap_or('\\')
}

/// The words of a line that begin outside of quotes.
fn bare_words(text: &str) -> impl Iterator<Item = &str> {
    let mut quote = None;
    text.split_whitespace().filter(move |word| {
        let begins_bare = quote.is_none();
        for letter in word.chars() {
            match quote {
                None if matches!(letter, '"' | '\'') => quote = Some(letter),
                Some(open) if open == letter => quote = None,
                _ => {}
            }
        }
        begins_bare
    })
}

/// The words that end the here-documents of an instruction.
fn here_documents(instruction: &Instruction) -> Vec<String> {
    if !matches!(instruction.word.as_str(), "RUN" | "COPY" | "ADD") || instruction.rest.contains('[') {
        return Vec::new();
    }
    let words = bare_words(&instruction.rest).filter_map(|word| word.strip_prefix("<<"));
    let names = words.map(|word| word.trim_start_matches('-').trim_matches(['"', '\'']).to_owned());
    names.filter(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).collect()
}

fn from(instruction: &Instruction, stages: &mut Stages, faults: &mut Faults<'_>) {
    stages.finish();
    let words: Vec<&str> = instruction.rest.split_whitespace().filter(|word| !word.starts_with("--")).collect();
    let image = stages.filled(words.first().copied().unwrap_or_default());
    let image = image.as_str();
    let earlier = stages.earlier.iter().find(|(name, _)| name.eq_ignore_ascii_case(image)).map(|(_, who)| who.clone());
    let name = match words.as_slice() {
        [_] => None,
        [_, word, name] if word.eq_ignore_ascii_case("as") => Some((*name).to_owned()),
        _ => {
            faults.add("dockerfile-syntax", instruction.line, "FROM takes an image, or an image, AS and a name");
            None
        }
    };
    if earlier.is_none() && image != "scratch" {
        images::check(image, instruction.line, faults);
    }
    let non_root = images::is_non_root(image).then(|| (instruction.line, "nonroot".to_owned()));
    // Whose image that is, only building tells.
    let unknown = image.contains('$').then(|| (instruction.line, image.to_owned()));
    stages.who = earlier.unwrap_or_else(|| Who { user: non_root.or(unknown), ..Who::default() });
    stages.count += 1;
    stages.names.push(name.unwrap_or_default());
}

impl Stages {
    /// A text with the values that are known in the place of variables; those that are not stay as they are.
    fn filled(&self, text: &str) -> String {
        variables::filled(text, &|name| self.values.get(name).cloned())
    }

    /// Keeps what `ARG` or `ENV` says.
    fn keep(&mut self, instruction: &Instruction) {
        for (name, value) in pairs(instruction) {
            let value = self.filled(&value);
            self.values.insert(name, value);
        }
    }

    /// What is taken from another stage is there, or is an image with a version.
    fn origin(&self, from: &str, line: usize, faults: &mut Faults<'_>) {
        let from = self.filled(from);
        let earlier = &self.names[..self.names.len().saturating_sub(1)];
        let is_earlier = earlier.iter().any(|name| name.eq_ignore_ascii_case(&from))
            || from.parse::<usize>().is_ok_and(|number| number + 1 < self.count);
        let is_image = from.contains([':', '/', '@', '$']);
        if !is_earlier && !is_image {
            let message = format!(
                "from={from} names no earlier stage: write FROM … AS {from} above it; an image has a version, {from}:1.2"
            );
            faults.add("unknown-stage", line, message);
        } else if is_image {
            images::check(&from, line, faults);
        }
    }

    /// Keeps the user of the stage that was read last.
    fn finish(&mut self) {
        if let Some(name) = self.names.last() {
            self.earlier.push((name.clone(), std::mem::take(&mut self.who)));
        }
    }
}

fn copy(instruction: &Instruction, stages: &Stages, faults: &mut Faults<'_>) {
    for source in sources(&instruction.rest) {
        let source = stages.filled(&source);
        let name = source.rsplit('/').next().unwrap_or(&source);
        let is_example = ["example", "sample", "template", "dist"].iter().any(|word| name.contains(word));
        let is_secret = [".env", "id_rsa", "id_ed25519"].iter().any(|secret| could_be(name, secret))
            || name.starts_with(".env.")
            || name.starts_with("id_rsa");
        if is_secret && !is_example {
            let message = format!("{name} stays in the image for everybody to read: give what it says at start");
            faults.add("secret-in-image", instruction.line, message);
        }
    }
    if let Some(from) = instruction.rest.split_whitespace().find_map(|word| word.strip_prefix("--from=")) {
        stages.origin(from, instruction.line, faults);
    }
}

/// Whether a pattern that begins as a name does means it, too.
fn could_be(pattern: &str, name: &str) -> bool {
    let begins = pattern.find(['*', '?', '[']).unwrap_or(pattern.len());
    begins > 1
        && name.starts_with(&pattern[..begins])
        && Ignore::parse(pattern).is_ok_and(|pattern| pattern.is_ignored(name))
}

/// What a Dockerfile copies out of what it is built from, by names alone, with its lines.
pub(super) fn copied(text: &str) -> Vec<(usize, String)> {
    let is_name = |source: &String| !source.contains(['*', '?', '[', '$', ':']) && !source.starts_with("git@");
    let mut copied = copied_or_matched(text);
    copied.retain(|(_, source)| is_name(source));
    copied
}

/// The same with patterns and addresses.
pub(super) fn copied_or_matched(text: &str) -> Vec<(usize, String)> {
    let mut nothing = Faults { path: "", found: Vec::new() };
    let (mut stages, mut found) = (Stages::default(), Vec::new());
    for instruction in read(text, &mut nothing) {
        match instruction.word.as_str() {
            "ARG" | "ENV" => stages.keep(&instruction),
            "COPY" | "ADD" if !instruction.rest.contains("--from=") && !instruction.rest.contains("<<") => {
                let sources = sources(&instruction.rest).into_iter().map(|source| stages.filled(&source));
                found.extend(sources.map(|source| (instruction.line, source)));
            }
            _ => {}
        }
    }
    found
}

/// What a `COPY` or `ADD` copies, without where it goes.
fn sources(rest: &str) -> Vec<String> {
    let words = rest.split_whitespace().filter(|word| !word.starts_with("--"));
    let list = rest.find('[').filter(|at| rest[..*at].split_whitespace().all(|word| word.starts_with("--")));
    let list = list.and_then(|at| serde_json::from_str::<Vec<String>>(&rest[at..]).ok());
    let mut sources = list.unwrap_or_else(|| words.map(|word| word.trim_matches(['"', '\'']).to_owned()).collect());
    sources.pop();
    sources
}

/// What a command mounts of other stages and images.
fn run(instruction: &Instruction, stages: &Stages, faults: &mut Faults<'_>) {
    let flags = instruction.rest.split_whitespace().take_while(|word| word.starts_with("--"));
    let mounts = flags.filter_map(|flag| flag.strip_prefix("--mount="));
    for from in mounts.flat_map(|mount| mount.split(',')).filter_map(|part| part.strip_prefix("from=")) {
        stages.origin(from, instruction.line, faults);
    }
}

/// What begins as exec form and is none is run by a shell as it stands.
fn exec_form(instruction: &Instruction, faults: &mut Faults<'_>) {
    let is_meant = instruction.rest.starts_with('[') && !instruction.rest.starts_with("[ ");
    if is_meant && serde_json::from_str::<Vec<String>>(&instruction.rest).is_err() {
        let message = format!("{} begins as exec form but is no JSON array of texts", instruction.word);
        faults.add("dockerfile-syntax", instruction.line, message);
    }
}

/// The names and values of an `ENV` or `ARG`.
fn pairs(instruction: &Instruction) -> Vec<(String, String)> {
    let mut words = instruction.rest.split_whitespace();
    let pairs: Vec<(&str, &str)> = if instruction.rest.split_whitespace().next().is_some_and(|word| word.contains('='))
    {
        words.filter_map(|word| word.split_once('=')).collect()
    } else {
        let name = words.next().unwrap_or_default();
        vec![(name, instruction.rest.strip_prefix(name).unwrap_or_default().trim())]
    };
    let unquoted = |value: &str| value.trim_matches(['"', '\'']).to_owned();
    pairs.into_iter().map(|(name, value)| (name.to_owned(), unquoted(value))).collect()
}

/// A value that stands in `ENV` or `ARG` stands in the image for everybody.
fn secret(instruction: &Instruction, faults: &mut Faults<'_>) {
    for (name, value) in pairs(instruction) {
        let usual = value.split_once(":-").is_some_and(|(_, usual)| !usual.trim_end_matches('}').is_empty());
        if names_a_secret(&name) && !value.is_empty() && (!value.starts_with('$') || usual) {
            let message = format!("the value of {name} stays in the image for everybody to read: give it at start");
            faults.add("secret-in-image", instruction.line, message);
        }
    }
}

fn root(stages: &Stages, last: Option<&Instruction>, faults: &mut Faults<'_>) {
    let (line, user) = match &stages.who.user {
        Some((line, user)) => {
            (Some(*line), user.split(':').next().unwrap_or_default().trim().trim_matches(['"', '\'']))
        }
        None => (last.map(|from| from.line), "root"),
    };
    let whole = stages.who.user.as_ref().map_or("", |(_, user)| user.as_str());
    let is_alternative =
        whole.split_once(":+").is_some_and(|(_, other)| matches!(other.trim_end_matches('}'), "root" | "0"));
    if user.is_empty()
        || user == "root"
        || user.parse() == Ok(0_u64)
        || is_alternative
        || stages.who.roots.iter().any(|root| root == user)
    {
        faults.add("root-user", line, "the image runs as root: end the last stage with USER and another user");
    } else if let Some(line) = stages.who.becomes_root {
        faults.add(
            "privilege-escalation",
            line,
            "its user may become root by sudo: name the commands, or leave it out",
        );
    }
}

#[cfg(test)]
pub(super) mod tests {
    use crate::validate::cases::Case;
    use crate::validate::check;

    const SOUND: &str = "ARG V=22
# a comment
FROM node:${V}-slim AS build
RUN a \\
  # still
  && b
RUN cat <<EOF
FROM x
EOF
FROM gcr.io/distroless/static:nonroot
COPY --from=build /a /b
COPY --from=0 /a /c
CMD [\"a\"]
";

    const SHORT: &str = "FROM a:1\nUSER app\nENV A=1\nRUN x\n";

    pub(in crate::validate) const CASES: &[Case] = &[
        Case {
            files: &[("Dockerfile", SOUND), (".dockerignore", "*\n")],
            breaks: &[
                ("node:${V}-slim", "node", "unpinned-image", 3),
                ("node:${V}-slim", "node:latest", "unpinned-image", 3),
                (":nonroot", ":debug", "root-user", 10),
                ("--from=build", "--from=built", "unknown-stage", 11),
                ("ARG V=22", "RUN x", "dockerfile-syntax", 1),
                ("CMD [\"a\"]", "RUN <<END", "dockerfile-syntax", 13),
            ],
        },
        Case {
            files: &[("apps/web/Dockerfile.worker", SHORT), ("apps/.dockerignore", "*\n")],
            breaks: &[
                ("USER app\n", "", "root-user", 1),
                ("USER app\n", "USER app\nUSER 0:0\n", "root-user", 3),
                ("USER app\n", "USER \"root\"\n", "root-user", 2),
                ("USER app\n", "USER 00\n", "root-user", 2),
                ("USER app\n", "USER :0\n", "root-user", 2),
                ("USER app\n", "ARG U=root\nUSER $U\n", "root-user", 3),
                ("USER app\n", "USER ${U:-root}\n", "root-user", 2),
                ("RUN x\n", "RUN x \\\\\nUSER root\n", "root-user", 5),
                ("RUN x\n", "RUN echo \" <<END \"\nUSER root\n", "root-user", 5),
                ("FROM a:1\n", "ARG T=latest\nFROM a:$T\n", "unpinned-image", 2),
                ("FROM a:1\n", "FROM a:${T:-latest}\n", "unpinned-image", 1),
                ("ENV A=1", "ENV DB_PASSWORD=${X:-hunter2}", "secret-in-image", 3),
                ("ENV A=1", "ENV A=1 DB_PASSWORD=x", "secret-in-image", 3),
                ("ENV A=1", "ENV API_KEY some thing", "secret-in-image", 3),
                ("RUN x", "COPY .env.production ./", "secret-in-image", 4),
                ("RUN x", "COPY --chown=a .env* ./", "secret-in-image", 4),
                ("RUN x", "ADD --chown=a --link [\".en?\", \"./\"]", "secret-in-image", 4),
                ("RUN x", "ARG E=.env\nCOPY conf/$E ./", "secret-in-image", 5),
                ("RUN x", "RUN --mount=type=bind,from=x:latest,target=/x x", "unpinned-image", 4),
                ("RUN x", "RUN --mount=from=build,target=/x x", "unknown-stage", 4),
                ("RUN x", "ARG X=x\nCOPY --from=$X:latest /a /b", "unpinned-image", 5),
                ("FROM a:1\n", "ARG T=latest\nARG I=a:$T\nFROM ${I}\n", "unpinned-image", 3),
                ("FROM a:1\n", "FROM ${I-a}\n", "unpinned-image", 1),
                ("FROM a:1\n", "ARG V=b\nFROM c AS b\nFROM $V\n", "unpinned-image", 2),
                ("FROM a:1", "FROM a@sha256:00", "bare-digest", 1),
                ("RUN x", "RUN export DB_PASSWORD=hunter2 && x", "secret-in-image", 4),
                ("RUN x", "RUN a \\\n  && git clone https://ci:hunter2@a.b/c", "secret-in-image", 4),
                ("RUN x", "RUN <<EOF\na\nexport API_TOKEN=abcdef\nEOF", "secret-in-image", 6),
                ("RUN x", "COPY <<A <<B /etc/\na\nA\npassword: hunter2\nB", "secret-in-image", 7),
                ("RUN x", "ONBUILD ENV DB_PASSWORD=hunter2", "secret-in-image", 4),
                ("RUN x", "ONBUILD RUN export DB_PASSWORD=hunter2", "secret-in-image", 4),
                ("RUN x", "ONBUILD FROM a:1", "dockerfile-syntax", 4),
                ("RUN x", "CMD [\"redis-server\", \"--requirepass\", \"hunter2\"]", "secret-in-image", 4),
                ("RUN x", "LABEL api.token=hunter2", "secret-in-image", 4),
                ("FROM a:1\n", "# syntax=docker/dockerfile:latest\nFROM a:1\n", "unpinned-image", 1),
                ("USER app\n", "RUN useradd -o -u 0 app\nUSER app\n", "root-user", 3),
                ("USER app\n", "USER ${A:+root}\n", "root-user", 2),
                ("RUN x", "RUN echo 'app ALL=(ALL) NOPASSWD: ALL' >> /etc/sudoers", "privilege-escalation", 4),
                ("RUN x", "CMD ['a']", "dockerfile-syntax", 4),
                ("RUN x", "RUM x", "dockerfile-syntax", 4),
                ("RUN x", "RUN x \\", "dockerfile-syntax", 4),
                ("FROM a:1", "FROM a:1 b", "dockerfile-syntax", 1),
            ],
        },
    ];

    #[test]
    fn lines_go_on_as_the_directive_says() {
        let rules = |text: &str| check("Dockerfile", text).into_iter().map(|f| (f.rule, f.line)).collect::<Vec<_>>();
        assert_eq!(rules("# escape=`\nFROM a:1\nUSER app\nRUN echo \\\nUSER root\n"), [("root-user", Some(5))]);
        assert_eq!(rules("\u{feff}FROM a:1\nUSER app\n"), []);
    }

    #[test]
    fn a_stage_has_the_user_of_the_one_it_begins_with() {
        let rules = |text: &str| check("Dockerfile", text).into_iter().map(|f| (f.rule, f.line)).collect::<Vec<_>>();
        assert_eq!(rules("FROM a:1 AS base\nUSER app\nFROM base\nRUN x\n"), []);
        assert_eq!(rules("FROM a:1 AS base\nRUN y\nFROM base\nRUN x\n"), [("root-user", Some(3))]);
        assert_eq!(rules("ARG V=base\nFROM a:1 AS base\nUSER app\nFROM ${V} AS last\n"), []);
        assert_eq!(rules("FROM nginxinc/nginx-unprivileged:1.27\n"), []);
        assert_eq!(rules("ARG IMAGE\nFROM ${IMAGE}\nCOPY --from=a:1 /b /c\n"), []);
        assert_eq!(rules("ARG TAG\nFROM ${TAG}:root\n"), []);
        let by_sudo = "FROM a:1 AS dev\nRUN echo 'a ALL=(ALL) NOPASSWD:ALL' >> /etc/sudoers\n";
        assert_eq!(rules(&format!("{by_sudo}FROM a:1\nUSER app\n")), []);
        assert_eq!(rules(&format!("{by_sudo}FROM dev\nUSER app\n")), [("privilege-escalation", Some(2))]);
    }
}
