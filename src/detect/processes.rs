//! What runs beside an app, of the same code: workers of queues and schedulers. Somebody told a platform of them, or a tool
//! is there and the sources show that it is used.

use std::collections::BTreeMap;

use super::apps::App;
use super::commands::Choice;
use super::data::Text;
use super::names::label;
use super::platforms::{self, Said};
use super::rules::ProcessRule;
use super::services;
use super::stacks;
use super::words::Word;
use crate::model::{AppProfile, Evidence, Process, Serving};

/// So many processes are told of at most.
const MOST: usize = 10;

/// Names of processes that do something at a given time, which would happen twice where two of them ran.
const CLOCKS: &[&str] = &["beat", "celerybeat", "celery-beat", "clock", "cron", "scheduler"];

/// Names of processes that only somebody's own machine has, as programs for one Procfile start them all.
const OF_DEVELOPMENT: &[&str] =
    &["assets", "css", "js", "guard", "livereload", "vite", "webpack", "webpacker", "tailwind"];

/// Words of commands that run no part of the app in production.
const WATCHES: &[&str] = &["--watch", "watch", "dev", "nodemon"];

/// Programs that are services, which run otherwise.
const SERVICES: &[&str] =
    &["redis-server", "postgres", "mysqld", "mongod", "memcached", "elasticsearch", "mailhog", "mailcatcher", "minio"];

/// Services beside databases that keep what is to be done.
const QUEUES: [&str; 3] = ["mongodb", "rabbitmq", "redis"];

/// The processes with where they come from, where that is not told elsewhere.
#[derive(Default)]
pub(super) struct Found {
    pub processes: Vec<Process>,
    pub by: Vec<Evidence>,
}

/// What platforms are told to run beside the app, and what its tools need beside it.
pub(super) fn find(app: &App<'_>, choice: &Choice<'_>, profile: &AppProfile) -> Found {
    let mut search = Search { app, choice, profile, found: Found::default() };
    if profile.serving != Serving::Static {
        for (name, said) in platforms::others(app.folder()) {
            search.said(&name, said);
        }
        search.tools();
    }
    search.found.processes.sort_by(|one, other| one.name.cmp(&other.name));
    search.found
}

struct Search<'a> {
    app: &'a App<'a>,
    choice: &'a Choice<'a>,
    profile: &'a AppProfile,
    found: Found,
}

impl<'a> Search<'a> {
    fn rules(&self) -> &'a [ProcessRule] {
        &self.app.candidate.stack.processes
    }

    /// What a platform is told to run under a name.
    fn said(&mut self, name: &str, said: Said) {
        let name = short(&label(name));
        let own = [&self.profile.start_command, &self.profile.release_command];
        let known = own.into_iter().flatten().any(|command| *command == said.command) || self.has(&name);
        if known || name.is_empty() || !is_of_the_app(&name, &said.command) {
            return;
        }
        let does_alike = |rule: &ProcessRule| rule.single && runs(&said.command, &rule.like);
        let begins_at_times = said.command.split_whitespace().any(|word| word == "-B" || word == "--beat");
        let single = CLOCKS.contains(&name.as_str()) || begins_at_times || self.rules().iter().any(does_alike);
        // Each process of a Procfile is told of already.
        if said.file != "Procfile" {
            let says = format!("runs {name} beside the app with {}", said.command);
            self.found.by.push(Evidence::new(self.app.folder().at(said.file), says));
        }
        self.add(Process { name, command: said.command, develop_command: None, single });
    }

    fn has(&self, name: &str) -> bool {
        self.found.processes.iter().any(|process| process.name == name)
    }

    fn add(&mut self, process: Process) {
        if self.found.processes.len() < MOST {
            self.found.processes.push(process);
        }
    }

    /// What the tools of the stack need beside the app.
    fn tools(&mut self) {
        let mut unclear: Vec<&ProcessRule> = Vec::new();
        let mut done: Vec<(&Text, &Option<Text>)> = Vec::new();
        for rule in self.rules() {
            let key = (&rule.name, &rule.needs);
            if done.contains(&key) || !self.is_used(rule) || self.runs_already(rule) {
                continue;
            }
            match self.process(rule) {
                Some((process, by)) => {
                    done.push(key);
                    unclear.retain(|other| (&other.name, &other.needs) != key);
                    self.found.by.push(by);
                    self.add(process);
                }
                None if rule.needs.is_some() => unclear.push(rule),
                None => {}
            }
        }
        unclear.dedup_by(|one, other| (&one.name, &one.needs) == (&other.name, &other.needs));
        for rule in unclear {
            self.warn(rule);
        }
    }

    /// Whether the app as it runs has the tool, and its sources show that it is used.
    fn is_used(&self, rule: &ProcessRule) -> bool {
        let choice = Choice { running: true, ..*self.choice };
        let depends = rule.needs.as_ref().is_none_or(|needed| choice.depends(needed))
            && !rule.without.as_ref().is_some_and(|other| choice.depends(other));
        depends
            && (rule.holds.is_empty() || self.holds(rule, &rule.holds))
            && (rule.made.is_empty() || !self.files_with(&rule.made).is_empty())
            && !self.holds(rule, &rule.unless)
    }

    /// Whether the app itself, or a process that is known, does the same.
    fn runs_already(&self, rule: &ProcessRule) -> bool {
        let own = self.profile.start_command.iter().chain(&self.app.facts.started);
        let others = self.found.processes.iter().map(|process| &process.command);
        let mut all = own.chain(others);
        !rule.like.is_empty() && all.any(|command| runs(command, &rule.like))
    }

    fn process(&self, rule: &ProcessRule) -> Option<(Process, Evidence)> {
        if rule.shared && !self.is_shared() || self.is_left_behind() {
            return None;
        }
        let mut words = self.choice.words.clone();
        words.extend(self.words(rule));
        let choice = Choice { running: true, words: &words, ..*self.choice };
        let command = choice.first(&rule.run)?;
        let name = match rule.name.as_str() {
            name if !self.has(name) => name.to_owned(),
            name => short(&label(&format!("{}-{name}", rule.needs.as_deref().unwrap_or_default()))),
        };
        let develop_command = choice.first(&rule.develop).filter(|develop| *develop != command);
        let says = format!("needs {name} beside the app: {command}");
        let file = self.files_with(if rule.made.is_empty() { &rule.holds } else { &rule.made });
        let file = file.first().map_or_else(|| self.app.manifest(), |file| (*file).to_owned());
        Some((Process { name, command, develop_command, single: rule.single }, Evidence::new(file, says)))
            .filter(|(process, _)| !self.has(&process.name))
    }

    /// Some service is seen by all containers of the app.
    fn is_shared(&self) -> bool {
        services::of_kind(services::SQL).chain(QUEUES).any(|name| self.profile.services.iter().any(|one| one == name))
    }

    /// Of what is gathered in one folder nothing else comes into the image.
    fn is_left_behind(&self) -> bool {
        let gathered = self.profile.start_command.as_ref().is_some_and(|start| start.contains(".output/server/"));
        self.app.facts.bundle.is_some() || gathered
    }

    /// What the sources add to the words of commands.
    fn words(&self, rule: &ProcessRule) -> BTreeMap<String, Word> {
        let sources = &self.app.sources;
        let files = self.files_with(if rule.made.is_empty() { &rule.holds } else { &rule.made });
        let files: Vec<&str> = files.iter().map(|file| sources.relative(file)).collect();
        let mut words = stacks::points(&self.app.candidate.stack.name, sources, &self.app.facts, &rule.made, &files);
        if let [only] = files.as_slice() {
            words.insert("marked".to_owned(), Word::Plain((*only).to_owned()));
        }
        for name in &self.app.names().read {
            words.insert(format!("reads.{}", name.0), Word::default());
        }
        words
    }

    fn holds(&self, rule: &ProcessRule, marks: &[Text]) -> bool {
        if rule.within.is_empty() {
            return !marks.is_empty() && !self.files_with(marks).is_empty();
        }
        let texts = rule.within.iter().filter_map(|file| self.app.folder().text(file));
        texts.into_iter().any(|text| stands_in(&text, marks))
    }

    /// The sources, tests aside, in which one of the marks stands.
    fn files_with(&self, marks: &[Text]) -> Vec<&str> {
        if marks.is_empty() {
            return Vec::new();
        }
        self.app.sources.own_with(|text| stands_in(text, marks))
    }

    /// Warns of a tool that is used and not run.
    fn warn(&self, rule: &ProcessRule) {
        let name = &rule.name;
        let why = if rule.shared && !self.is_shared() {
            "what it works on is in no service that another container sees"
        } else if self.is_left_behind() {
            "its code is not there beside the files that the build gathers"
        } else {
            "nothing shows how it is started"
        };
        let tool = rule.needs.as_deref().unwrap_or(name);
        let says =
            format!("{tool} is used, and {why}, so no {name} is run: [app.processes.{name}] in wharf.toml can say it");
        self.app.folder().project().warn(&self.app.manifest(), says);
    }
}

/// Whether a process of a Procfile is a part of the app as it runs elsewhere too.
fn is_of_the_app(name: &str, command: &str) -> bool {
    let mut words = command.split_whitespace();
    let program = words.clone().find(|word| !word.contains('=')).and_then(|word| word.rsplit('/').next()).unwrap_or("");
    !OF_DEVELOPMENT.contains(&name)
        && !SERVICES.contains(&program)
        && !command.contains("$PORT")
        && !words.any(|word| WATCHES.contains(&word))
}

/// Whether all these words stand in a command, as programs, scripts or modules.
fn runs(command: &str, words: &[Text]) -> bool {
    let is_there = |wanted: &Text| {
        let is_it = |word: &str| {
            let (before, behind) = (word.strip_suffix(wanted.as_str()), word.strip_prefix(wanted.as_str()));
            before.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                || behind.is_some_and(|rest| rest.starts_with('.'))
        };
        let own = |word: &str| word.trim_matches(['"', '\'']).rsplit('/').next().is_some_and(is_it);
        command.split_whitespace().any(own)
    };
    !words.is_empty() && words.iter().all(is_there)
}

/// One of the marks stands in a line that is no comment, at its end where the mark says so.
fn stands_in(text: &str, marks: &[Text]) -> bool {
    let is_comment = |line: &str| ["#", "//", "*", "/*", "--"].iter().any(|mark| line.trim_start().starts_with(mark));
    let has = |line: &str, mark: &Text| match mark.strip_suffix('\n') {
        Some(end) => line.trim_end().ends_with(end),
        None => line.contains(mark.as_str()),
    };
    marks.iter().any(|mark| text.contains(mark.trim_end()))
        && text.lines().any(|line| !is_comment(line) && marks.iter().any(|mark| has(line, mark)))
}

fn short(name: &str) -> String {
    name[..name.len().min(Process::LONGEST_NAME)].trim_end_matches('-').to_owned()
}
