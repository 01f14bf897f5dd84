//! Builds: the source unpacked into a folder of its own, and the app's commands run in it.
//!
//! A build's folder is named by what went into it, so that the same build is found again. It is made where it
//! stays: many tools write absolute paths into what they install. A file beside it says that it is whole.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::process::Command;

use super::folder::{private_dir, write};
use super::{environment, error, shell};
use crate::model::{AppKey, EnvValue, LogStream, Plan, Serving};
use crate::os::clock;
use crate::os::process::run;
use crate::targets::{BuildJob, Report, TargetError};

/// The way in which builds are made: raised when builds made the old way should not be used any more.
const GENERATION: u32 = 1;

/// The file that says that a build is whole.
const WHOLE: &str = "built";

/// The folder below a build's in which the app lies.
const TREE: &str = "tree";

/// All builds of a data folder.
#[derive(Debug)]
pub(super) struct Builds {
    root: PathBuf,
}

impl Builds {
    pub(super) const fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Makes the build of a plan, or finds it, and returns its name.
    pub(super) async fn build(&self, job: &BuildJob<'_>, report: &dyn Report) -> Result<String, TargetError> {
        let image = format!("{}/{}", key_folder(&job.plan.key), digest(job));
        let folder = self.folder(&image).ok_or_else(|| TargetError::Unsupported(format!("“{image}” is no build")))?;
        if folder.join(WHOLE).is_file() {
            report.detail("unchanged, built before");
            return Ok(image);
        }
        self.clean(&job.plan.key).await?;
        if has_limits(job.plan) {
            report.line("", LogStream::Wharf, "the limits for cores and memory are not enforced on this target");
        }
        let half_built = HalfBuilt::new(folder.clone());
        let tree = folder.join(TREE);
        private_dir(&folder).map_err(|why| error("make the build's folder", &why))?;
        report.detail("unpacking the source");
        super::unpack(job.source, &tree, report).await?;
        let workdir = workdir(&tree, job.plan)?;
        let commands = commands(job.plan);
        let env = build_env(job.plan, &tree, &workdir);
        let total = commands.len() as u64;
        for (done, command) in commands.iter().enumerate() {
            report.progress(done as u64, total);
            report.detail(command);
            run_command(command, &workdir, &env, report).await?;
        }
        report.progress(total, total);
        write(&folder.join(WHOLE), job.source_digest.as_bytes()).map_err(|why| error("finish the build", &why))?;
        half_built.keep();
        report.detail(&match total {
            0 => "the source, as it is".to_owned(),
            1 => "1 command".to_owned(),
            _ => format!("{total} commands"),
        });
        Ok(image)
    }

    /// Whether a build is there, whole.
    pub(super) fn has(&self, image: &str) -> bool {
        self.folder(image).is_some_and(|folder| folder.join(WHOLE).is_file())
    }

    /// Where the app of a build lies.
    pub(super) fn tree(&self, image: &str) -> Option<PathBuf> {
        self.has(image).then(|| self.folder(image)).flatten().map(|folder| folder.join(TREE))
    }

    /// Removes a build.
    pub(super) async fn remove(&self, image: &str) -> Result<(), TargetError> {
        match self.folder(image) {
            Some(folder) => {
                let remove = move || {
                    discard(&folder)?;
                    // The app's own folder goes with the last build in it.
                    let _ = folder.parent().map(fs::remove_dir);
                    Ok(())
                };
                super::blocking(remove).await
            }
            None => Ok(()),
        }
        .map_err(|why| error("remove the build", &why))
    }

    /// Removes all builds of an app.
    pub(super) async fn remove_all(&self, key: &AppKey) -> Result<(), TargetError> {
        let folder = self.root.join(key_folder(key));
        super::blocking(move || discard(&folder)).await.map_err(|why| error("remove the builds", &why))
    }

    /// The folder of a build, if that is the name of one.
    fn folder(&self, image: &str) -> Option<PathBuf> {
        let (key, digest) = image.split_once('/')?;
        let plain = |part: &str| {
            !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
        };
        (plain(key) && plain(digest)).then(|| self.root.join(key).join(digest))
    }

    /// Removes what earlier builds of the app left half done. Its deployments run one after the other.
    async fn clean(&self, key: &AppKey) -> Result<(), TargetError> {
        let folder = self.root.join(key_folder(key));
        let clean = move || {
            let Ok(entries) = fs::read_dir(&folder) else { return Ok(()) };
            let paths = entries.flatten().map(|entry| entry.path());
            for path in paths.filter(|path| path.extension().is_some() || !path.join(WHOLE).is_file()) {
                remove_stubborn(&path)?;
            }
            Ok(())
        };
        super::blocking(clean).await.map_err(|why| error("remove a half-done build", &why))
    }
}

fn has_limits(plan: &Plan) -> bool {
    plan.compute.limits.cpus.is_some() || plan.compute.limits.memory_bytes.is_some()
}

/// The folder of a plan's app in an unpacked tree.
pub(super) fn workdir(tree: &Path, plan: &Plan) -> Result<PathBuf, TargetError> {
    let below = Path::new(&plan.compute.workdir);
    let stays =
        below.components().all(|part| matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir));
    let missing = || TargetError::Build { detail: format!("the source has no folder `{}`", plan.compute.workdir) };
    if !stays {
        return Err(missing());
    }
    // Rebuilt from its parts: `.` goes away.
    let folder: PathBuf = tree.join(below).components().collect();
    folder.is_dir().then_some(folder).ok_or_else(missing)
}

/// What is run to build: the plan's commands, and before them what Python needs so that nothing is installed into
/// the machine's own packages.
fn commands(plan: &Plan) -> Vec<String> {
    let mut commands = plan.build.commands.clone();
    let python = plan.profile.stack == "python" && plan.profile.serving != Serving::Static;
    if python && !commands.iter().any(|command| command.contains("venv")) {
        commands.insert(0, virtual_env(plan.profile.runtime_version.as_deref()));
    }
    commands
}

/// The asked-for version of Python where the machine has it, else the one there is.
fn virtual_env(version: Option<&str>) -> String {
    let plain = |version: &&str| version.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    let Some(version) = version.filter(plain) else { return "python3 -m venv .venv".to_owned() };
    let minor: Vec<&str> = version.split('.').take(2).collect();
    let exact = format!("python{}", minor.join("."));
    format!("if {exact} -V >/dev/null 2>&1; then {exact} -m venv .venv; else python3 -m venv .venv; fi")
}

/// The environment of a build: no secrets.
fn build_env(plan: &Plan, tree: &Path, workdir: &Path) -> BTreeMap<String, String> {
    let mut env = environment::base(std::env::vars_os(), tree, workdir);
    env.extend(plain_env(plan).map(|(name, value)| (name.to_owned(), value.to_owned())));
    env
}

fn plain_env(plan: &Plan) -> impl Iterator<Item = (&str, &str)> {
    plan.env.iter().filter_map(|var| match &var.value {
        EnvValue::Plain(value) => Some((var.name.as_str(), value.as_str())),
        EnvValue::Secret(_) | EnvValue::Around { .. } => None,
    })
}

/// Runs one command of a build.
async fn run_command(
    command: &str,
    folder: &Path,
    env: &BTreeMap<String, String>,
    report: &dyn Report,
) -> Result<(), TargetError> {
    report.line("", LogStream::Wharf, &format!("$ {command}"));
    let path = env.get("PATH").map_or("", String::as_str);
    if let Some(program) = shell::missing_program(command, path, folder) {
        return Err(TargetError::ProgramMissing { program });
    }
    let last_words = Mutex::new(String::new());
    // Most tools have more to say after it.
    let full = Mutex::new(None);
    let each = |stream: LogStream, text: &str| {
        report.line("", stream, text);
        if text.contains("No space left on device") || text.contains("ENOSPC") {
            *full.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.to_owned());
        }
        if !text.trim().is_empty() {
            text.clone_into(&mut last_words.lock().unwrap_or_else(PoisonError::into_inner));
        }
    };
    let arguments = shell::arguments(command);
    let mut child = Command::new(&arguments[0]);
    child.args(&arguments[1..]).current_dir(folder).env_clear().envs(env);
    let status = run(&mut child, &each).await.map_err(|why| error(&format!("run `{command}`"), &why))?;
    if status.success() {
        return Ok(());
    }
    let last_words = last_words.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let (Some(127), Some(program)) = (status.code(), shell::unknown_program(&last_words)) {
        return Err(TargetError::ProgramMissing { program: program.to_owned() });
    }
    if let Some(detail) = full.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(TargetError::DiskFull { detail });
    }
    let how = {
        use std::os::unix::process::ExitStatusExt as _;
        super::state::describe(status.code(), status.signal(), false)
    };
    let said = if last_words.is_empty() { String::new() } else { format!("; its last words: {last_words}") };
    Err(TargetError::Build { detail: format!("`{command}` ended with {how}{said}") })
}

/// The folder of an app's builds.
fn key_folder(key: &AppKey) -> String {
    format!("{}-{}-{}", key.project, key.app, key.environment)
}

/// What a build depends on.
fn digest(job: &BuildJob<'_>) -> String {
    let plan = job.plan;
    let mut env: Vec<(&str, &str)> = plain_env(plan).collect();
    env.sort_unstable();
    let content = (GENERATION, job.source_digest, &plan.compute.workdir, commands(plan), env);
    let digest = Sha256::digest(serde_json::to_vec(&content).unwrap_or_default());
    digest.iter().take(10).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// A build's folder that goes again unless it is kept.
struct HalfBuilt(Option<PathBuf>);

impl HalfBuilt {
    fn new(folder: PathBuf) -> Self {
        Self(Some(folder))
    }

    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for HalfBuilt {
    fn drop(&mut self) {
        // Out of the way at once, so that the next build is not disturbed. What cannot be moved, that one removes.
        if let Some(aside) = self.0.take().and_then(|folder| put_aside(&folder).ok().flatten()) {
            // Large, and dropping must not wait.
            std::thread::spawn(move || remove_stubborn(&aside));
        }
    }
}

/// Removes a folder.
fn discard(folder: &Path) -> io::Result<()> {
    put_aside(folder)?.map_or(Ok(()), |aside| remove_stubborn(&aside))
}

/// Gives a folder a name that no build has, nor another one that was put aside; none where it is not there.
fn put_aside(folder: &Path) -> io::Result<Option<PathBuf>> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let aside = folder.with_extension(format!("{}-{}-{count}.removed", std::process::id(), clock::now().as_millis()));
    match fs::rename(folder, &aside) {
        Ok(()) => Ok(Some(aside)),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(why),
    }
}

/// Removes a folder that processes which are just being ended may still write to.
fn remove_stubborn(folder: &Path) -> io::Result<()> {
    let mut tries = 0;
    loop {
        match fs::remove_dir_all(folder) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(_) if tries < 20 => {
                tries += 1;
                make_writable(folder);
                std::thread::sleep(Duration::from_millis(50));
            }
            result => return result,
        }
    }
}

/// Some tools (Go's module cache) leave folders that nobody may write to.
fn make_writable(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_writable(&entry.path());
        }
    }
}
