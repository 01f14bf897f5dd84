//! What an app's container needs of whatever runs it: `templates/stacks/NAME/container.toml`, where a stack differs from
//! the usual.

use minijinja::{Value, context};
use serde::Deserialize;

use super::command::Start;
use super::develop::{Develop, Rules};
use super::docker;
use super::templates::Templates;
use super::view::without_runner;
use crate::model::{AppProfile, Problem};

/// A user for an image whose own is not known, as it is built by the project's Dockerfile.
const ANY_USER: u32 = 10001;
/// The user of images that say nothing else.
const USUAL_USER: u32 = 65532;

/// What a container needs.
#[derive(Clone, Debug)]
pub(super) struct Container {
    /// The number of the user that the image is made for: a runtime that refuses root cannot look names up.
    pub(super) user: u32,
    /// The folders that it writes into, each for as long as it runs.
    pub(super) writes: Vec<String>,
    /// Whether it writes nowhere else.
    pub(super) read_only: bool,
    /// Whether it holds files and the server for them, and nothing else.
    pub(super) is_site: bool,
    /// Where the image has what the build makes, with `{name}` for its name; none where it stays where it was made.
    program: Option<String>,
    /// Where it has the programs that the build makes beside that.
    programs: Option<String>,
    /// The same of an archive of Java.
    jar: Option<String>,
    /// How it runs from the sources; none where that is not known.
    pub(super) develop: Option<Develop>,
}

/// `container.toml`.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    user: Option<u32>,
    writes: Option<Vec<String>>,
    read_only: Option<bool>,
    program: Option<String>,
    programs: Option<String>,
    jar: Option<String>,
    /// What holds instead in the first case that is given.
    case: Vec<Case>,
    develop: Option<Rules>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// An expression over framework, language, package manager and start command.
    when: String,
    writes: Option<Vec<String>>,
    read_only: Option<bool>,
}

impl Container {
    /// The container of the image that this app's Dockerfile makes.
    pub(super) fn new(profile: &AppProfile, templates: &Templates) -> Result<Self, Problem> {
        let writes = vec!["/tmp".to_owned()];
        let usual = Self {
            user: USUAL_USER,
            writes,
            read_only: true,
            is_site: false,
            program: None,
            programs: None,
            jar: None,
            develop: None,
        };
        if profile.dockerfile.is_some() {
            return Ok(Self { user: ANY_USER, read_only: false, ..usual });
        }
        let is_site = docker::serves_files(profile, templates);
        let usual = Self { is_site, ..usual };
        let path = format!("stacks/{}/container.toml", docker::stack_of(profile));
        let Some(written) = templates.settings::<Written>(&path)? else { return Ok(usual) };
        let develop = written.develop.as_ref().map_or(Ok(None), |rules| rules.of(profile, templates, &path))?;
        if is_site {
            return Ok(Self { develop, ..usual });
        }
        let facts = facts(profile);
        let mut case = None;
        for one in written.case {
            if templates.holds(&path, &one.when, &facts)? {
                case = Some(one);
                break;
            }
        }
        let (writes, read_only) = case.map_or((None, None), |case| (case.writes, case.read_only));
        let home = match profile.path.as_str() {
            folder if docker::in_workspace(profile) => format!("/app/{folder}"),
            _ => "/app".to_owned(),
        };
        let writes = writes.or(written.writes).unwrap_or(usual.writes);
        Ok(Self {
            user: written.user.unwrap_or(usual.user),
            writes: writes.into_iter().map(|folder| folder.replace("{app}", &home)).collect(),
            read_only: read_only.or(written.read_only).unwrap_or(true) && !has_its_database(profile),
            develop,
            program: written.program,
            programs: written.programs,
            jar: written.jar,
            is_site: false,
        })
    }
}

impl Container {
    /// The words of what runs once before each new version, as the image has it.
    pub(super) fn release(&self, profile: &AppProfile) -> Option<Vec<String>> {
        Some(self.in_image(profile, profile.release_command.as_deref()?).into_words())
    }

    /// The words of a process that runs beside what starts, until a signal comes.
    pub(super) fn process(&self, profile: &AppProfile, command: &str) -> Vec<String> {
        self.in_image(profile, command).into_lasting_words()
    }

    /// A command as the image has what it runs.
    fn in_image(&self, profile: &AppProfile, command: &str) -> Start {
        let command = Start::parse(without_runner(command));
        let start = Start::parse(without_runner(profile.start_command.as_deref().unwrap_or_default()));
        let (Some(made), Some(starts)) = (command.built(), start.built()) else { return command };
        let place = match made.rsplit_once('.') {
            Some((_, "jar")) => self.jar.as_ref(),
            _ if lies_beside(made, starts) => self.programs.as_ref().or(self.program.as_ref()),
            _ => self.program.as_ref(),
        };
        let place =
            place.filter(|place| is_same(made, starts) || lies_beside(made, starts) && place.contains("{name}"));
        let name = made.rsplit('/').next().unwrap_or(made);
        match place {
            Some(place) => command.with(made, &place.replace("{name}", name)),
            None => command,
        }
    }
}

/// The programs that the build makes beside what starts, for what runs beside it and before it.
pub(super) fn programs_beside(profile: &AppProfile) -> Vec<String> {
    let start = Start::parse(profile.start_command.as_deref().unwrap_or_default());
    let Some(starts) = start.built() else { return Vec::new() };
    let commands = profile.processes.iter().map(|process| &process.command).chain(&profile.release_command);
    let made = commands.filter_map(|command| Start::parse(command).built().map(str::to_owned));
    let mut programs: Vec<String> = made.filter(|made| lies_beside(made, starts)).collect();
    programs.sort_unstable();
    programs.dedup_by(|one, other| is_same(one, other));
    programs
}

fn is_same(made: &str, starts: &str) -> bool {
    made.trim_start_matches("./") == starts.trim_start_matches("./")
}

/// What lies beside what starts was made with it.
fn lies_beside(made: &str, starts: &str) -> bool {
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.trim_start_matches("./").to_owned());
    !is_same(made, starts) && folder(made).is_some_and(|own| folder(starts) == Some(own))
}

fn facts(profile: &AppProfile) -> Value {
    context! {
        framework => profile.framework.as_ref().map_or("", |framework| &framework.name),
        language => profile.language.name.as_str(),
        package_manager => profile.package_manager.as_deref().unwrap_or_default(),
        start => profile.start_command.as_deref().unwrap_or_default(),
    }
}

/// Whether its database is a file, which lies in its own folder.
fn has_its_database(profile: &AppProfile) -> bool {
    let is_file = |name: &str| ["sqlite", "lowdb", "leveldb"].iter().any(|kind| name.contains(kind));
    profile.dependencies.iter().any(|dependency| is_file(&dependency.name))
}
