//! With real repositories and the machine's git.

use std::process::Command as Blocking;

use super::*;

/// A repository with one file, and its URL.
struct Upstream(tempfile::TempDir);

impl Upstream {
    fn new() -> Self {
        let upstream = Self(tempfile::tempdir().unwrap());
        upstream.git(&["init", "-q", "-b", "main"]);
        upstream
    }

    fn git(&self, arguments: &[&str]) -> String {
        let settings = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false"];
        let output = Blocking::new("git").current_dir(self.0.path()).args(settings).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self, text: &str) -> String {
        fs::write(self.0.path().join("file"), text).unwrap();
        self.git(&["add", "."]);
        self.git(&["commit", "-q", "-m", text]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn url(&self) -> String {
        format!("file://{}", self.0.path().display())
    }
}

async fn fetched(upstream: &Upstream, reference: Option<&str>, folder: &Path) -> Result<String, Problem> {
    checkout(&upstream.url(), reference, folder, FETCH_TIMEOUT).await
}

#[tokio::test]
async fn branches_tags_and_commits_are_checked_out_and_followed() {
    let upstream = Upstream::new();
    let first = upstream.commit("one");
    upstream.git(&["tag", "v1"]);
    let second = upstream.commit("two");
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("code");
    let text = || fs::read_to_string(folder.join("file")).unwrap();

    assert_eq!(fetched(&upstream, None, &folder).await.unwrap(), second);
    assert_eq!(text(), "two");
    for reference in ["v1", first.as_str(), &first[..8]] {
        assert_eq!(fetched(&upstream, Some(reference), &folder).await.unwrap(), first, "{reference}");
        assert_eq!(text(), "one");
    }
    let third = upstream.commit("three");
    fs::write(folder.join("file"), "changed by hand").unwrap();
    fs::write(folder.join("left over"), "").unwrap();
    fs::write(folder.join(".git/index.lock"), "").unwrap();
    assert_eq!(fetched(&upstream, Some("main"), &folder).await.unwrap(), third);
    assert_eq!(text(), "three");
    assert!(!folder.join("left over").exists());
    assert_eq!(commit_of(&folder).await, Some(third));
}

#[tokio::test]
async fn what_is_not_there_is_named_and_leaves_nothing_behind() {
    let upstream = Upstream::new();
    upstream.commit("one");
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("code");
    let problem = fetched(&upstream, Some("no-such-branch"), &folder).await.unwrap_err();
    assert_eq!((problem.code, problem.cause.as_str()), (ProblemCode::NotFound, "git-reference"), "{problem}");
    let problem = fetched(&upstream, Some("dead0000"), &folder).await.unwrap_err();
    assert_eq!(problem.cause, "git-reference", "{problem}");
    let url = format!("file://{}/none", dir.path().display());
    let problem = checkout(&url, None, &folder, FETCH_TIMEOUT).await.unwrap_err();
    assert_eq!(problem.cause, "git-repository", "{problem}");
    assert!(!folder.exists());
    assert_eq!(commit_of(dir.path()).await, None);
}

#[tokio::test]
async fn nothing_but_a_url_and_a_name_reaches_git() {
    let dir = tempfile::tempdir().unwrap();
    for (url, reference) in [
        ("--upload-pack=touch", None),
        ("ext::sh -c true", None),
        ("file:///x", Some("--upload-pack=touch")),
        ("file:///x", Some("a:b")),
    ] {
        let problem = checkout(url, reference, &dir.path().join("code"), FETCH_TIMEOUT).await.unwrap_err();
        assert_eq!(problem.code, ProblemCode::Usage, "{problem}");
    }
}

#[tokio::test]
async fn a_password_in_the_url_is_in_no_message_and_not_kept() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("code");
    fs::create_dir(&folder).unwrap();
    let url = format!("http://ann:s3cret@{address}/x.git");
    let problem = checkout(&url, None, &folder, FETCH_TIMEOUT).await.unwrap_err();
    assert_eq!(problem.cause, "git-unreachable", "{problem}");
    assert!(!problem.to_string().contains("s3cret"), "{problem}");
    let kept = Blocking::new("grep").args(["-r", "s3cret"]).arg(&folder).output().unwrap();
    assert!(kept.stdout.is_empty());
}

#[tokio::test]
async fn the_hooks_of_a_repository_do_not_run() {
    let upstream = Upstream::new();
    upstream.commit("one");
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("code");
    fetched(&upstream, None, &folder).await.unwrap();
    let hooks = folder.join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    fs::write(hooks.join("post-checkout"), "#!/bin/sh\ntouch \"$(dirname \"$0\")/ran\"\n").unwrap();
    fs::set_permissions(hooks.join("post-checkout"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    upstream.commit("two");
    fetched(&upstream, None, &folder).await.unwrap();
    assert!(!hooks.join("ran").exists());
}

#[tokio::test]
async fn a_repository_that_does_not_answer_ends_with_the_time() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x.git", listener.local_addr().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("code");
    let problem = checkout(&url, None, &folder, Duration::from_millis(300)).await.unwrap_err();
    assert_eq!(problem.cause, "git-timeout");
    assert!(!folder.exists());
}
