//! What makes images large and builds slow.

use super::{Gain, Page, Proposal, is_for_development, name};

/// Images that have a smaller variant with `-slim` behind the version.
const SLIM: &[&str] = &["debian", "elixir", "erlang", "node", "perl", "python", "ruby", "swift"];

/// What installs dependencies, and the files that it reads.
const INSTALLS: &[(&str, &str)] = &[
    ("npm ci", "package*.json"),
    ("npm install", "package*.json"),
    ("yarn install", "package.json yarn.lock*"),
    ("pnpm install", "package.json pnpm-lock.yaml* pnpm-workspace.yaml*"),
    ("go mod download", "go.mod go.sum*"),
    ("bundle install", "Gemfile*"),
];

/// What compiles.
const COMPILERS: &[&str] =
    &["go build", "cargo build", "mvn ", "mvnw ", "gradle ", "gradlew ", "dotnet publish", "javac "];

/// An instruction and its lines, from 0.
struct Step {
    /// Where the comment above it begins.
    top: usize,
    first: usize,
    /// The line behind its last.
    end: usize,
    /// In upper case.
    word: String,
    rest: String,
    stage: usize,
}

impl Step {
    /// The command of a `RUN`, without its mounts.
    fn command(&self) -> Option<&str> {
        let mut rest = self.rest.as_str();
        while let Some(flag) = rest.strip_prefix("--") {
            rest = flag.split_once(' ').map_or("", |(_, rest)| rest).trim_start();
        }
        (self.word == "RUN" && !rest.starts_with('[')).then_some(rest)
    }

    /// Whether it copies all of the project to where work is done.
    fn copies_all(&self) -> bool {
        let words: Vec<&str> = self.rest.split_whitespace().filter(|word| !word.starts_with("--chown")).collect();
        matches!(self.word.as_str(), "COPY" | "ADD") && matches!(words[..], ["." | "./", "." | "./"])
    }

    fn is_copy_from_context(&self) -> bool {
        matches!(self.word.as_str(), "COPY" | "ADD") && !self.rest.contains("--from=")
    }
}

pub(super) fn review(path: &str, text: &str) -> Vec<Proposal> {
    let file = name(path);
    let is_dockerfile = file == "dockerfile" || file == "containerfile" || file.starts_with("dockerfile.");
    if !is_dockerfile || file.ends_with(".dockerignore") {
        return Vec::new();
    }
    let mut page = Page::new(path, text);
    let Some(steps) = read(&page.lines) else { return Vec::new() };
    let finals = final_stages(&steps);
    let in_image: Vec<&Step> = steps.iter().filter(|step| finals.contains(&step.stage)).collect();
    for step in &in_image {
        packages(step, &mut page);
        pip(step, text, &mut page);
    }
    base(&steps, &in_image, &mut page);
    one_stage_of_go(&steps, &mut page);
    sources(&steps, &mut page);
    if !is_for_development(path) {
        dev_dependencies(&in_image, text, &mut page);
    }
    for at in 0..steps.len() {
        order(&steps, at, &mut page);
        lists_apart(&steps, at, &mut page);
        late_packages(&steps, at, &mut page);
    }
    page.found
}

/// The instructions; none where the file uses what is not read here: here-documents, another escape.
fn read(lines: &[&str]) -> Option<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    let (mut goes_on, mut top, mut stage) = (false, 0, 0);
    for (at, line) in lines.iter().enumerate() {
        let line = line.trim();
        if line.contains("<<") || line.starts_with("# escape") {
            return None;
        }
        if line.is_empty() || line.starts_with('#') {
            // A comment belongs to what stands right below it.
            if line.is_empty() {
                top = at + 1;
            }
            continue;
        }
        let (says, more) = line.strip_suffix('\\').map_or((line, false), |says| (says.trim_end(), true));
        if let Some(step) = steps.last_mut().filter(|_| goes_on) {
            step.rest = format!("{} {says}", step.rest);
            step.end = at + 1;
        } else {
            let (word, rest) = says.split_once(char::is_whitespace).unwrap_or((says, ""));
            let word = word.to_ascii_uppercase();
            stage += usize::from(word == "FROM");
            steps.push(Step { top, first: at, end: at + 1, word, rest: rest.trim().to_owned(), stage });
        }
        goes_on = more;
        top = at + 1;
    }
    Some(steps)
}

/// Image and name of what a `FROM` says.
fn from(step: &Step) -> (&str, &str) {
    let words: Vec<&str> = step.rest.split_whitespace().filter(|word| !word.starts_with("--")).collect();
    (words.first().copied().unwrap_or_default(), words.get(2).copied().unwrap_or_default())
}

/// The last stage and those that it begins with: all that stays in the image.
fn final_stages(steps: &[Step]) -> Vec<usize> {
    let mut stages = Vec::new();
    let mut next = steps.iter().rev().find(|step| step.word == "FROM");
    while let Some(step) = next {
        stages.push(step.stage);
        let (image, _) = from(step);
        let is_it =
            |one: &&Step| one.word == "FROM" && one.stage < step.stage && from(one).1.eq_ignore_ascii_case(image);
        next = steps.iter().find(is_it);
    }
    stages
}

/// A line with a flag behind a tool's subcommand.
fn with_flag(line: &str, tools: &[&str], subcommands: &[&str], flag: &str) -> String {
    let mut is_open = false;
    let mut words = Vec::new();
    for word in line.split(' ') {
        words.push(word);
        if tools.contains(&word.rsplit('/').next().unwrap_or(word)) {
            is_open = true;
        } else if is_open && subcommands.contains(&word) {
            words.push(flag);
            is_open = false;
        } else if !word.is_empty() && !word.starts_with('-') {
            is_open = false;
        }
    }
    words.join(" ")
}

fn flagged(step: &Step, page: &Page<'_>, tools: &[&str], subcommands: &[&str], flag: &str) -> Vec<String> {
    page.lines[step.first..step.end].iter().map(|line| with_flag(line, tools, subcommands, flag)).collect()
}

/// Debian's packages with what is only recommended, or with the lists that they were found in.
fn packages(step: &Step, page: &mut Page<'_>) {
    let Some(command) = step.command() else { return };
    let (before, tools) = (page.copy(step.first, step.end), ["apt-get", "apt"]);
    let mut after = flagged(step, page, &tools, &["install"], "--no-install-recommends");
    if after == before {
        return;
    }
    let mut lacks = vec!["it installs packages that are only recommended"];
    if command.contains("no-install-recommends") || command.contains("Install-Recommends") {
        after = before;
        lacks.clear();
    }
    if !step.rest.contains("/var/lib/apt")
        && !command.ends_with(';')
        && let Some(last) = after.last_mut()
    {
        *last = format!("{} \\", last.trim_end());
        after.push("    && rm -rf /var/lib/apt/lists/*".to_owned());
        lacks.push("the lists of packages stay in the layer");
    }
    if !lacks.is_empty() {
        let reason = format!("{}; name what is needed after all", lacks.join(", and "));
        page.propose("apt-leftovers", Gain::Size, (step.first, step.end), after, &reason);
    }
}

fn pip(step: &Step, text: &str, page: &mut Page<'_>) {
    let keeps_none =
        text.contains("PIP_NO_CACHE_DIR") || step.rest.contains("--no-cache") || step.rest.contains("type=cache");
    if step.command().is_none() || keeps_none {
        return;
    }
    let after = flagged(step, page, &["pip", "pip3"], &["install"], "--no-cache-dir");
    if after != page.copy(step.first, step.end) {
        let reason = "what pip downloaded stays in the layer, and nothing reads it again";
        page.propose("pip-cache", Gain::Size, (step.first, step.end), after, reason);
    }
}

/// What the image begins with: more than is needed to run.
fn base(steps: &[Step], in_image: &[&Step], page: &mut Page<'_>) {
    let Some(step) = in_image.iter().find(|step| step.word == "FROM") else { return };
    let (image, _) = from(step);
    let Some((whole, tag)) = image.rsplit_once(':').filter(|_| !image.contains(['@', '$'])) else { return };
    let runs = |tools: &[&str]| {
        in_image.iter().filter_map(|step| step.command()).any(|run| tools.iter().any(|tool| run.contains(tool)))
    };
    let starts = |word: &str| {
        in_image.iter().any(|step| matches!(step.word.as_str(), "CMD" | "ENTRYPOINT") && step.rest.contains(word))
    };
    let is_version = tag.split('-').enumerate().all(|(at, part)| match at {
        0 => !part.is_empty() && (part.chars().all(|c| c.is_ascii_digit() || c == '.') || whole == "debian"),
        _ => matches!(part, "bookworm" | "bullseye" | "trixie" | "buster"),
    });
    let short = whole.strip_prefix("docker.io/").unwrap_or(whole).trim_start_matches("library/");
    let (rule, smaller, reason) = if SLIM.contains(&short) && is_version {
        let reason = "the full image holds compilers and headers, several hundred MB; what is compiled on installing needs \
                      them in an earlier stage";
        ("full-base-image", format!("{image}-slim"), reason)
    } else if short == "eclipse-temurin" && tag.contains("-jdk") && !runs(COMPILERS) && starts("java") {
        let reason = "a program that is built runs with a JRE; the JDK's compilers are twice its size";
        ("build-tools-in-image", image.replacen("-jdk", "-jre", 1), reason)
    } else if whole.ends_with("dotnet/sdk") && steps.len() > in_image.len() && !runs(&["dotnet "]) {
        let reason = "a program that is published runs without the SDK; it is several hundred MB";
        ("build-tools-in-image", image.replacen("dotnet/sdk", "dotnet/aspnet", 1), reason)
    } else {
        return;
    };
    let after = vec![page.lines[step.first].replacen(image, &smaller, 1)];
    page.propose(rule, Gain::Size, (step.first, step.first + 1), after, reason);
}

/// Go's compiler and the sources in the image, where one file is what runs.
fn one_stage_of_go(steps: &[Step], page: &mut Page<'_>) {
    let mut froms = steps.iter().filter(|step| step.word == "FROM");
    let (Some(first), None) = (froms.next(), froms.next()) else { return };
    let (image, name) = from(first);
    let build = steps.iter().rev().find(|step| step.command().is_some_and(|run| run.contains("go build")));
    let is_go = image.starts_with("golang:") && name.is_empty();
    let (true, Some(build), Some(start)) =
        (is_go, build, steps.iter().find(|step| matches!(step.word.as_str(), "CMD" | "ENTRYPOINT")))
    else {
        return;
    };
    let mut words = build.rest.split_whitespace().skip_while(|word| *word != "-o");
    // Only a whole path says for sure which file it is, and only what it is started by needs no shell.
    let Some(program) = words.nth(1).filter(|path| path.starts_with('/') && start.rest.starts_with('[')) else {
        return;
    };
    if !start.rest.contains(&format!("\"{program}\"")) || start.first < build.end {
        return;
    }
    let mut after = vec![format!("{} AS build", page.lines[first.first].trim_end()), "ENV CGO_ENABLED=0".to_owned()];
    after.extend(page.copy(first.end, build.end));
    after.extend([
        String::new(),
        "FROM gcr.io/distroless/static-debian12:nonroot".to_owned(),
        format!("COPY --from=build {program} {program}"),
    ]);
    let stays = |step: &&Step| {
        step.first >= build.end && !matches!(step.word.as_str(), "RUN" | "USER" | "WORKDIR" | "COPY" | "ADD")
    };
    for step in steps.iter().filter(stays) {
        after.extend(page.copy(step.first, step.end));
    }
    let end = steps.last().map_or(first.end, |step| step.end);
    let reason = "the compiler and the sources stay in the image, and one file is what runs; files that it reads beside \
                  itself have to be copied too";
    page.propose("build-tools-in-image", Gain::Size, (first.first, end), after, reason);
}

/// The sources beside what was compiled of them.
fn sources(steps: &[Step], page: &mut Page<'_>) {
    let last = steps.last().map_or(0, |step| step.stage);
    let compiles = |step: &Step| step.command().is_some_and(|run| COMPILERS.iter().any(|tool| run.contains(tool)));
    let is_compiled = steps.iter().any(|step| step.stage < last && compiles(step));
    let finals = || steps.iter().filter(|step| step.stage == last);
    let takes = finals().any(|step| step.word == "COPY" && step.rest.contains("--from="));
    if !is_compiled || !takes || finals().any(compiles) {
        return;
    }
    if let Some(step) = finals().find(|step| step.copies_all()) {
        let reason = "the sources lie beside the program that was compiled of them; files that it reads have to be copied by \
                      their names";
        page.propose("source-in-image", Gain::Size, (step.first, step.end), Vec::new(), reason);
    }
}

/// What only development needs, in an image that builds nothing.
fn dev_dependencies(in_image: &[&Step], text: &str, page: &mut Page<'_>) {
    let is_production = text.contains("NODE_ENV=production") || text.contains("NODE_ENV production");
    let needs_them = in_image.iter().any(|step| match step.word.as_str() {
        "RUN" => ["run ", "npx ", "yarn", "pnpm", "build", "tsc"].iter().any(|word| step.rest.contains(word)),
        "CMD" | "ENTRYPOINT" => ["dev", "nodemon", "ts-node", "tsx", "npx"].iter().any(|word| step.rest.contains(word)),
        _ => false,
    });
    if is_production || needs_them {
        return;
    }
    let installs = |command: &str| {
        let mut words = command.split_whitespace();
        let is_npm = words.next() == Some("npm") && matches!(words.next(), Some("ci" | "install" | "i"));
        let is_whole = |word: &str| word.starts_with('-') && !matches!(word, "-g" | "--global");
        is_npm && words.all(is_whole) && !["omit", "production", "only"].iter().any(|flag| command.contains(flag))
    };
    for step in in_image {
        if step.command().is_some_and(|run| run.split("&&").any(installs)) {
            let after = flagged(step, page, &["npm"], &["ci", "install", "i"], "--omit=dev");
            let reason = "devDependencies are in the image, and nothing is built with them there";
            page.propose("dev-dependencies", Gain::Size, (step.first, step.end), after, reason);
        }
    }
}

/// The files that installing reads, where a command begins with an install.
fn manifests(command: &str) -> Option<String> {
    let first = command.split("&&").next()?.trim();
    let known = INSTALLS.iter().find(|(install, _)| first.starts_with(install));
    if let Some((install, files)) = known {
        let adds = first[install.len()..].split_whitespace().any(|word| !word.starts_with('-'));
        return (!adds && !first.contains("-g")).then(|| (*files).to_owned());
    }
    let words: Vec<&str> = first.split_whitespace().filter(|word| !word.starts_with("--")).collect();
    match words[..] {
        ["pip" | "pip3", "install", "-r", list] if !list.contains(['/', '$']) => Some(list.to_owned()),
        _ => None,
    }
}

/// All sources before the install of dependencies: each change of a line installs them again.
fn order(steps: &[Step], at: usize, page: &mut Page<'_>) {
    let copy = &steps[at];
    if !copy.copies_all() {
        return;
    }
    let earlier = |step: &&Step| step.stage == copy.stage && step.first < copy.first && step.is_copy_from_context();
    let stays = |step: &&Step| {
        matches!(step.word.as_str(), "ENV" | "ARG" | "EXPOSE" | "LABEL") || step.command().is_some_and(is_of_system)
    };
    let mut later = steps[at + 1..].iter().skip_while(stays);
    let Some(run) = later.next().filter(|step| step.word == "RUN" && step.stage == copy.stage) else { return };
    let Some(command) = run.command().filter(|_| !steps.iter().any(|step| earlier(&step))) else { return };
    let Some(files) = manifests(command) else { return };
    let (install, rest) =
        command.split_once("&&").map_or((command, None), |(install, rest)| (install.trim_end(), Some(rest)));
    let mut above = page.copy(copy.end, run.first);
    above.push(format!("COPY {files} ./"));
    let mut below = page.copy(copy.first, copy.end);
    match rest {
        // In several lines it is more than an install and a build, and not taken apart.
        Some(_) if run.end > run.first + 1 => return,
        Some(rest) => {
            above.push(format!("RUN {}{install}", &run.rest[..run.rest.len() - command.len()]));
            below.push(format!("RUN {}", rest.trim()));
        }
        None => above.extend(page.copy(run.first, run.end)),
    }
    above.extend(below);
    let reason = "any change of a source installs all dependencies again: what the install reads is copied before it, the \
                  rest after; scripts of the install that read sources have to run behind that";
    page.propose("cache-order", Gain::Cache, (copy.first, run.end), above, reason);
}

/// Whether a command does nothing but get packages of the system.
fn is_of_system(command: &str) -> bool {
    let tools = ["apt-get ", "apt ", "apk ", "rm -rf /var/"];
    command.split("&&").map(str::trim).all(|part| tools.iter().any(|tool| part.starts_with(tool)))
}

/// Lists of packages in a layer of their own: that stays while the packages asked for change.
fn lists_apart(steps: &[Step], at: usize, page: &mut Page<'_>) {
    let [lists, install, ..] = &steps[at..] else { return };
    let apt =
        lists.command().and_then(|run| run.split_once(' ')).filter(|(tool, _)| matches!(*tool, "apt-get" | "apt"));
    let updates = apt.is_some_and(|(_, rest)| rest.split(' ').all(|word| word == "update" || word.starts_with('-')));
    let installs = install.rest.starts_with("apt-get install") || install.rest.starts_with("apt install");
    if !updates || install.word != "RUN" || !installs || install.stage != lists.stage || install.first != lists.end {
        return;
    }
    let mut after = page.copy(lists.first, lists.end - 1);
    after.push(format!("{} \\", page.lines[lists.end - 1].trim_end()));
    after.push(format!("    && {}", page.lines[install.first].trim_start()[3..].trim_start()));
    after.extend(page.copy(install.first + 1, install.end));
    let reason = "the lists come from the cache, however old, when other packages are asked for, and these are not found then; \
                  in one step both are made anew";
    page.propose("stale-package-lists", Gain::Cache, (lists.first, install.end), after, reason);
}

/// Packages of the system behind the project's files: each change of these installs them again.
fn late_packages(steps: &[Step], at: usize, page: &mut Page<'_>) {
    let run = &steps[at];
    let Some(command) = run.command() else { return };
    if !command.contains(" install") && !command.contains("apk add") || !is_of_system(command) {
        return;
    }
    let before = steps[..at].iter().filter(|step| step.stage == run.stage);
    let Some(copy) = before.clone().find(|step| step.is_copy_from_context()) else { return };
    let depends = |step: &&Step| match step.word.as_str() {
        "USER" | "SHELL" | "ARG" | "ENV" => step.first > copy.first,
        "RUN" => step.first > copy.first && (step.rest.contains("apt") || step.rest.contains("apk")),
        _ => false,
    };
    let is_of_package =
        copy.rest.contains(".deb") || copy.rest.contains("/etc/apt") || copy.rest.contains("sources.list");
    if is_of_package || before.clone().any(|step| depends(&step)) || command.contains("./") {
        return;
    }
    let mut after = page.copy(run.top, run.end);
    after.extend(page.copy(copy.top, run.top));
    let reason = "any change of a copied file installs the system's packages again: they stand above it";
    page.propose("packages-after-source", Gain::Cache, (copy.top, run.end), after, reason);
}
