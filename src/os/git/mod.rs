//! Code from git, with the machine's own git: its credentials, its proxies, its settings.
//!
//! Git never asks anything here: where it would, it fails. Nothing that a repository says is run.

mod location;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use super::process::{self, Captured};
use crate::model::{Problem, ProblemCode};

pub use location::{location, name_of, without_credentials};

/// How long a fetch may take where nothing else is said.
pub const FETCH_TIMEOUT: Duration = Duration::from_mins(10);

/// How much of git's output is read.
const OUTPUT: usize = 64 * 1024;

/// Makes `folder` a clean checkout of a repository at `reference` (a branch, a tag, a commit; the default branch where
/// nothing is said), and returns the commit. Where there is a checkout already it is brought up to date, and what lies
/// there beside it is removed. Dropping it ends git; the next call goes on from whatever was left.
pub async fn checkout(url: &str, reference: Option<&str>, folder: &Path, timeout: Duration) -> Result<String, Problem> {
    let fetch = Fetch { url, reference, folder };
    fetch.check()?;
    let new = NewFolder::make(folder).map_err(|error| {
        Problem::new(ProblemCode::Failed, "git-folder", format!("{} cannot be made", folder.display())).why(error)
    })?;
    let commit = tokio::time::timeout(timeout, fetch.run()).await.map_err(|_| {
        Problem::new(ProblemCode::Failed, "git-timeout", fetch.failed())
            .why(format!("git did not finish in {} s", timeout.as_secs()))
            .fix("check the network and try again")
    })??;
    new.keep();
    Ok(commit)
}

/// The commit that a folder is at, where it belongs to a git repository.
pub async fn commit_of(folder: &Path) -> Option<String> {
    let mut command = git(folder);
    command.args(["rev-parse", "--verify", "-q", "HEAD"]);
    let said =
        tokio::time::timeout(Duration::from_secs(10), process::capture(&mut command, OUTPUT)).await.ok()?.ok()?;
    commit_in(&said)
}

fn commit_in(said: &Captured) -> Option<String> {
    let text = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    let is_commit = text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (said.status.success() && is_commit).then_some(text)
}

/// A git that asks nothing, runs nothing of the repository's, and knows nothing of a repository around the caller.
fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    let quiet = ["core.hooksPath=/dev/null", "core.fsmonitor=false", "gc.auto=0", "maintenance.auto=false"];
    for setting in quiet.into_iter().chain(["advice.detachedHead=false", "core.askPass="]) {
        command.args(["-c", setting]);
    }
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "SSH_ASKPASS"] {
        command.env_remove(name);
    }
    command.current_dir(folder).env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "").env("LC_ALL", "C");
    if std::env::var_os("GIT_SSH_COMMAND").is_none() {
        command.env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes -oConnectTimeout=20");
    }
    command
}

struct Fetch<'a> {
    url: &'a str,
    reference: Option<&'a str>,
    folder: &'a Path,
}

impl Fetch<'_> {
    fn check(&self) -> Result<(), Problem> {
        if !location::is_git_url(self.url) {
            return Err(Problem::new(ProblemCode::Usage, "git-url", format!("“{}” is no git URL", self.shown()))
                .why("http, https, ssh, git and file are known")
                .fix("write it as https://HOST/PATH or as git@HOST:PATH"));
        }
        match self.reference {
            Some(reference) if !location::is_reference(reference) => {
                let message = format!("“{reference}” is no branch, tag or commit");
                Err(Problem::new(ProblemCode::Usage, "git-reference", message)
                    .fix("write the name of one behind the #, as in https://HOST/PATH#main"))
            }
            _ => Ok(()),
        }
    }

    fn shown(&self) -> String {
        without_credentials(self.url)
    }

    fn failed(&self) -> String {
        let of = self.reference.map(|reference| format!("{reference} of ")).unwrap_or_default();
        format!("{of}{} could not be fetched", self.shown())
    }

    async fn run(&self) -> Result<String, Problem> {
        self.git(&["init", "-q", "--template="]).await?;
        self.remove_stale_locks();
        self.fetch().await?;
        self.git(&["clean", "-ffdxq"]).await?;
        if self.folder.join(".gitmodules").exists() {
            self.git(&["submodule", "--quiet", "sync", "--recursive"]).await?;
            self.git(&["submodule", "--quiet", "update", "--init", "--recursive", "--force", "--depth", "1"]).await?;
        }
        let said = self.git(&["rev-parse", "--verify", "HEAD"]).await?;
        commit_in(&said).ok_or_else(|| {
            Problem::new(ProblemCode::Failed, "git-failed", self.failed())
                .why("git names no commit for what it fetched")
        })
    }

    /// Fetches as little as there is to fetch: one commit, or everything where a commit is only known by the
    /// beginning of its name.
    async fn fetch(&self) -> Result<(), Problem> {
        let wanted = self.reference.unwrap_or("HEAD");
        let shallow = ["fetch", "-q", "--depth", "1", "--no-tags", "--force", "--", self.url, wanted];
        match self.git(&shallow).await {
            Ok(_) => self.git(&["checkout", "-q", "--force", "--detach", "FETCH_HEAD"]).await.map(drop),
            Err(problem) if problem.cause == "git-reference" && location::is_commit(wanted) => {
                let mut all = vec!["fetch", "-q", "--force"];
                if self.folder.join(".git/shallow").exists() {
                    all.push("--unshallow");
                }
                all.extend(["--", self.url, "+refs/heads/*:refs/wharf/heads/*", "+refs/tags/*:refs/wharf/tags/*"]);
                self.git(&all).await?;
                self.git(&["checkout", "-q", "--force", "--detach", wanted, "--"]).await.map(drop)
            }
            Err(problem) => Err(problem),
        }
    }

    /// What a git that was ended in the middle left behind. Nobody else works in this folder.
    fn remove_stale_locks(&self) {
        for name in ["index.lock", "shallow.lock", "HEAD.lock", "config.lock", "packed-refs.lock"] {
            // Most often there is none.
            let _ = fs::remove_file(self.folder.join(".git").join(name));
        }
    }

    async fn git(&self, arguments: &[&str]) -> Result<Captured, Problem> {
        let mut command = git(self.folder);
        // A repository must not name files of this machine as its submodules; one that is on it may.
        let protocols = if self.url.starts_with("file:") { "file" } else { "http:https:ssh:git" };
        command.env("GIT_ALLOW_PROTOCOL", protocols).args(arguments);
        // Not the repository around the folder, should its own be gone.
        command.env("GIT_CEILING_DIRECTORIES", self.folder.parent().unwrap_or(self.folder));
        match process::capture(&mut command, OUTPUT).await {
            Ok(said) if said.status.success() => Ok(said),
            Ok(said) => Err(self.explained(&String::from_utf8_lossy(&said.stderr))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Problem::new(ProblemCode::Failed, "git-missing", self.failed())
                    .why("there is no git on this machine")
                    .fix("install it: apt-get install git, apk add git"))
            }
            Err(error) => Err(Problem::new(ProblemCode::Failed, "git-failed", self.failed()).why(error)),
        }
    }

    /// What git's words mean.
    fn explained(&self, said: &str) -> Problem {
        let said = said.replace(self.url, &self.shown());
        let has = |marks: &[&str]| marks.iter().any(|mark| said.to_lowercase().contains(mark));
        let (code, cause, fix) = if has(&[
            "couldn't find remote ref",
            "did not match any",
            "not a valid",
            "reference is not a tree",
            "invalid reference",
            "not our ref",
        ]) {
            (ProblemCode::NotFound, "git-reference", "name a branch, tag or commit that is there")
        } else if has(&[
            "could not read username",
            "could not read password",
            "authentication failed",
            "permission denied",
            "host key verification",
            "access denied",
            "error: 403",
            "error: 401",
        ]) {
            (
                ProblemCode::Refused,
                "git-credentials",
                "give this account access: a credential helper, or a key that needs no passphrase",
            )
        } else if has(&[
            "could not resolve host",
            "connection refused",
            "timed out",
            "unable to access",
            "no route to host",
            "unreachable",
        ]) && !has(&["error: 404", "not found"])
        {
            (ProblemCode::Unreachable, "git-unreachable", "check the address and the network")
        } else if has(&[
            "not found",
            "does not appear to be a git repository",
            "does not exist",
            "error: 404",
            "no such file",
        ]) {
            (
                ProblemCode::NotFound,
                "git-repository",
                "check the address; a private repository that may not be seen looks the same",
            )
        } else if has(&["no space left"]) {
            (ProblemCode::Failed, "no-disk", "make room on the disk")
        } else {
            (ProblemCode::Failed, "git-failed", "try the same with git itself")
        };
        let why: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).take(4).collect();
        Problem::new(code, cause, self.failed()).why(why.join("; ")).fix(fix)
    }
}

/// A folder that goes again unless it is kept, if it was made here.
struct NewFolder(Option<PathBuf>);

impl NewFolder {
    fn make(folder: &Path) -> io::Result<Self> {
        if folder.is_dir() {
            return Ok(Self(None));
        }
        fs::create_dir_all(folder)?;
        Ok(Self(Some(folder.to_path_buf())))
    }

    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if let Some(folder) = &self.0
            && let Err(error) = fs::remove_dir_all(folder)
        {
            tracing::warn!(folder = %folder.display(), %error, "a folder that was fetched in part could not be removed");
        }
    }
}

#[cfg(test)]
mod tests;
