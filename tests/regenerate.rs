//! Generating again over what a person made of the files since: nothing that anybody wrote is lost.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::pty::Pty;
use crate::support::wharf::{Ran, Wharf};

/// What happens to a file.
type Harm = fn(&Path);

/// A small Express app that files were generated for.
struct Shop {
    wharf: Wharf,
    root: PathBuf,
}

const NODE_22: &str = "FROM node:22-bookworm-slim AS base";

impl Shop {
    fn new() -> Self {
        let wharf = Wharf::new();
        let root = wharf.copy("demos/express-postgres", "shop");
        let shop = Self { wharf, root };
        shop.generate(&[], 0);
        shop
    }

    #[track_caller]
    fn generate(&self, args: &[&str], code: i32) -> Ran {
        self.wharf.run(&[&["generate", "shop"], args].concat()).exits(code)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap()
    }

    fn edit(&self, path: &str, from: &str, to: &str) {
        let before = self.read(path);
        assert!(before.contains(from), "{path} has no {from}: {before}");
        fs::write(self.root.join(path), before.replacen(from, to, 1)).unwrap();
    }

    /// The project asks for another version of Node.
    fn asks_for_node(&self, version: &str) {
        asks_for_node(&self.root, version);
    }

    fn states(&self) -> BTreeMap<String, String> {
        let listed = self.wharf.json(&["generate", "shop", "--dry-run"]);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        listed["files"].as_array().unwrap().iter().map(|file| (text(&file["path"]), text(&file["state"]))).collect()
    }
}

fn asks_for_node(root: &Path, version: &str) {
    let manifest = fs::read_to_string(root.join("package.json")).unwrap();
    let mut manifest: Value = serde_json::from_str(&manifest).unwrap();
    manifest["engines"] = serde_json::json!({ "node": version });
    fs::write(root.join("package.json"), manifest.to_string()).unwrap();
}

pub(crate) fn git(folder: &Path, args: &[&str]) {
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").current_dir(folder).args(identity).args(args).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Every file below a folder with what it says; git's own left out.
fn everything(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                folders.extend((path.file_name().unwrap() != ".git").then_some(path));
            } else {
                files.insert(path.clone(), String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).into_owned());
            }
        }
    }
    files
}

#[test]
fn edits_are_joined_on_a_second_machine_too() {
    let shop = Shop::new();
    shop.edit("Dockerfile", "USER node\n", "USER node\nENV GREETING=hello\n");
    git(&shop.root, &["init", "-q", "-b", "main"]);
    git(&shop.root, &["add", "-A"]);
    git(&shop.root, &["commit", "-q", "-m", "begin"]);

    // There the folder has another name, and there is no state of any engine.
    let other = Wharf::new();
    let clone = other.path("checkout");
    git(&shop.root, &["clone", "-q", ".", clone.to_str().unwrap()]);
    let unchanged = everything(&clone);
    other.run(&["generate", "checkout", "--check"]).exits(0);
    let again = other.run(&["generate", "checkout"]).exits(0);
    assert!(again.stdout.contains("left as it was edited"), "{}", again.stdout);
    assert_eq!(everything(&clone), unchanged);

    asks_for_node(&clone, "20");
    other.run(&["generate", "checkout", "--check"]).exits(1);
    other.run(&["generate", "checkout"]).exits(0);
    let joined = fs::read_to_string(clone.join("Dockerfile")).unwrap();
    assert!(joined.contains("FROM node:20-") && joined.contains("ENV GREETING=hello\n"), "{joined}");
    assert!(joined.contains("express-postgres of shop"), "the project keeps its name: {joined}");
    git(&clone, &["commit", "-q", "-a", "-m", "node 20"]);

    // And back.
    git(&shop.root, &["pull", "-q", "--ff-only", clone.to_str().unwrap(), "main"]);
    shop.generate(&["--check"], 0);
    assert_eq!(shop.read("Dockerfile"), joined);
}

#[test]
fn what_a_clone_would_lack_is_told() {
    let wharf = Wharf::new();
    let root = wharf.copy("demos/express-postgres", "shop");
    assert!(!wharf.run(&["generate", "shop"]).exits(0).stderr.contains(".gitignore"));
    fs::write(root.join(".gitignore"), ".*\n").unwrap();
    fs::remove_dir_all(root.join(".wharf")).unwrap();
    let told = wharf.run(&["generate", "shop"]).exits(0).stderr;
    assert!(told.contains(".gitignore keeps .wharf out"), "{told}");
}

#[test]
fn two_branches_that_generated_come_together() {
    let shop = Shop::new();
    let commit = |message: &str| {
        git(&shop.root, &["add", "-A"]);
        git(&shop.root, &["commit", "-q", "-m", message]);
    };
    git(&shop.root, &["init", "-q", "-b", "main"]);
    commit("begin");
    git(&shop.root, &["checkout", "-q", "-b", "other"]);
    shop.edit("package.json", "\"express\":", "\"ioredis\": \"^5.0.0\",\n    \"express\":");
    shop.generate(&[], 0);
    commit("redis");
    git(&shop.root, &["checkout", "-q", "main"]);
    shop.asks_for_node("20");
    shop.edit("Dockerfile", "USER node\n", "USER node\nENV GREETING=hello\n");
    shop.generate(&[], 0);
    commit("node 20");
    // Whatever git makes of the record of both, with the marks of a conflict in it.
    let merge = Command::new("git")
        .current_dir(&shop.root)
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "merge", "-q", "other"])
        .output()
        .unwrap();
    assert!(merge.status.code().is_some());
    git(&shop.root, &["checkout", "-q", "--theirs", "package.json"]);
    shop.asks_for_node("20");
    shop.generate(&[], 0);
    let dockerfile = shop.read("Dockerfile");
    assert!(dockerfile.contains("FROM node:20-") && dockerfile.contains("ENV GREETING=hello\n"), "{dockerfile}");
    assert!(shop.read("compose.yaml").contains("redis:"));
    assert!(!shop.read(".wharf/written").contains("<<<<<<<"));
    shop.generate(&["--check"], 0);
}

#[test]
fn a_conflict_writes_nothing_and_each_way_out_of_it_is_the_last_question() {
    for (flag, first, greeting) in [
        ("--keep", "FROM node:22-alpine", true),
        ("--take", "FROM node:20-", true),
        ("--force", "FROM node:20-", false),
    ] {
        let shop = Shop::new();
        shop.edit("Dockerfile", "USER node\n", "USER node\nENV GREETING=hello\n");
        shop.edit("Dockerfile", NODE_22, "FROM node:22-alpine AS base");
        shop.asks_for_node("20");
        shop.edit("package.json", "\"express\":", "\"ioredis\":\"^5.0.0\",\"express\":");
        let before = everything(&shop.root);
        let refused = shop.generate(&[], 5);
        let sides = [&format!("|{NODE_22}"), "-FROM node:22-alpine AS base", "+FROM node:20-bookworm-slim AS base"];
        assert!(refused.stdout.contains(&sides.join("\n")), "{}", refused.stdout);
        assert_eq!(everything(&shop.root), before, "not the redis of compose.yaml either");
        assert_eq!(shop.generate(&["--json"], 5).json()["error"]["cause"], "artifact-conflict");

        let told = shop.generate(&[flag], 0).stdout;
        assert_eq!(told.contains("of yours gone"), flag != "--keep", "{told}");
        assert_eq!(told.contains("\n-ENV GREETING=hello\n"), !greeting, "{told}");
        let dockerfile = shop.read("Dockerfile");
        assert!(dockerfile.starts_with(first), "{flag}: {dockerfile}");
        assert_eq!(dockerfile.contains("ENV GREETING=hello"), greeting, "{flag}");
        assert!(shop.read("compose.yaml").contains("redis:"));
        let after = everything(&shop.root);
        shop.generate(&[], 0);
        shop.generate(&["--check"], 0);
        assert_eq!(everything(&shop.root), after, "{flag}");
    }
}

#[test]
fn where_somebody_is_there_a_conflict_is_asked_about() {
    for (answer, first, code) in
        [("t", "FROM node:20-", 0), ("k", "FROM node:22-alpine", 0), ("", "FROM node:22-alpine", 5)]
    {
        let shop = Shop::new();
        shop.edit("Dockerfile", NODE_22, "FROM node:22-alpine AS base");
        shop.asks_for_node("20");
        let mut terminal = Pty::start(&shop.wharf, &shop.root, &["generate"], (120, 40), &[]);
        terminal.shows("-FROM node:22-alpine AS base");
        terminal.shows("write nothing at all [N]");
        terminal.press(&format!("{answer}\r"));
        assert_eq!(terminal.ended().0.exit_code(), code, "{answer}");
        assert!(shop.read("Dockerfile").starts_with(first), "{answer}");
    }
}

#[test]
fn an_edit_that_comes_while_somebody_thinks_is_not_lost() {
    let shop = Shop::new();
    shop.edit("Dockerfile", NODE_22, "FROM node:22-alpine AS base");
    shop.asks_for_node("20");
    let mut terminal = Pty::start(&shop.wharf, &shop.root, &["generate"], (120, 40), &[]);
    terminal.shows("write nothing at all [N]");
    shop.edit("Dockerfile", "USER node\n", "USER node\nENV GREETING=hello\n");
    terminal.press("t\r");
    terminal.shows("has changed");
    assert_eq!(terminal.ended().0.exit_code(), 5);
    assert!(shop.read("Dockerfile").contains("ENV GREETING=hello"));
}

#[test]
fn whoever_is_killed_comes_to_the_same_end_by_doing_it_again() {
    let prepared = || {
        let shop = Shop::new();
        shop.edit("Dockerfile", "USER node\n", "USER node\nENV GREETING=hello\n");
        shop.asks_for_node("20");
        shop.edit("package.json", "\"express\":", "\"ioredis\":\"^5.0.0\",\"express\":");
        shop
    };
    let relative = |shop: &Shop| -> BTreeMap<PathBuf, String> {
        let files = everything(&shop.root).into_iter();
        files.map(|(path, text)| (path.strip_prefix(&shop.root).unwrap().to_owned(), text)).collect()
    };
    let whole = prepared();
    whole.generate(&[], 0);
    let names = |folder: &Path| fs::read_dir(folder).unwrap().count();
    // As the first new text lies ready, as the first file is in place, as the first copy is.
    for moment in 0..9 {
        let shop = prepared();
        let (before, copies) = (names(&shop.root), shop.read(".wharf/base/Dockerfile"));
        let mut child = shop.wharf.spawn(&["generate", "shop"]);
        let is_reached = || match moment % 3 {
            0 => names(&shop.root) != before,
            1 => shop.read("Dockerfile").contains("node:20"),
            _ => shop.read(".wharf/base/Dockerfile") != copies,
        };
        while child.try_wait().unwrap().is_none() && !is_reached() {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        shop.generate(&[], 0);
        assert!(relative(&shop) == relative(&whole), "{:?}", relative(&shop).keys());
    }
}

#[test]
fn what_changes_in_a_project_is_a_small_difference() {
    let shop = Shop::new();
    let count = |difference: &str, sign: char| {
        difference
            .lines()
            .filter(|line| line.starts_with(sign) && !line.starts_with(&sign.to_string().repeat(3)))
            .count()
    };
    shop.asks_for_node("20");
    let told = shop.generate(&["--diff"], 0).stdout;
    assert_eq!((count(&told, '-'), count(&told, '+')), (1, 1), "{told}");
    shop.generate(&[], 0);
    shop.edit("package.json", "\"express\":", "\"ioredis\":\"^5.0.0\",\"express\":");
    let told = shop.generate(&["--diff"], 0).stdout;
    // Only what the cache is and needs: nothing of what was there moves.
    assert!(count(&told, '-') <= 2 && (5..40).contains(&count(&told, '+')), "{told}");
    assert!(!told.contains("--- Dockerfile"), "{told}");
    let before = everything(&shop.root);
    shop.generate(&["--dry-run"], 0);
    assert_eq!(everything(&shop.root), before);
}

#[test]
fn what_a_person_writes_into_generated_files_is_not_generated() {
    let shop = Shop::new();
    for file in ["Dockerfile", "compose.yaml", "compose.production.yaml", ".env.example", ".dockerignore"] {
        let text = shop.read(file);
        fs::write(shop.root.join(file), format!("# mine\n{text}")).unwrap();
    }
    shop.edit("Dockerfile", "EXPOSE 3000", "EXPOSE 4000");
    shop.edit("compose.yaml", "services:\n", "services:\n  cache:\n    image: redis:7-bookworm\n");
    let edited = everything(&shop.root);
    assert!(shop.states().values().all(|state| state == "edited"), "{:?}", shop.states());
    shop.generate(&[], 0);
    assert_eq!(everything(&shop.root), edited);
}

#[test]
fn a_removed_file_stays_away_until_it_is_asked_for() {
    let shop = Shop::new();
    fs::remove_file(shop.root.join("compose.yaml")).unwrap();
    let told = shop.generate(&[], 0).stdout;
    assert!(told.contains("left away as you removed it"), "{told}");
    shop.generate(&["--check"], 0);
    assert!(!shop.root.join("compose.yaml").exists());
    shop.generate(&["--force"], 0);
    assert!(shop.root.join("compose.yaml").exists());
}

#[test]
fn files_of_an_app_that_went_are_told_and_removed_only_on_request() {
    let wharf = Wharf::new();
    let root = wharf.path("two");
    for app in ["web", "jobs"] {
        wharf.copy("demos/express-postgres", &format!("two/{app}"));
    }
    wharf.run(&["generate", "two"]).exits(0);
    assert!(root.join("jobs/Dockerfile").exists() && root.join("web/Dockerfile").exists());
    let ignored = fs::read_to_string(root.join("jobs/.dockerignore")).unwrap();
    fs::write(root.join("jobs/.dockerignore"), format!("{ignored}notes\n")).unwrap();
    for file in ["package.json", "package-lock.json", "server.js", "notes.js", "page.js"] {
        fs::remove_file(root.join("jobs").join(file)).unwrap();
    }
    let before = everything(&root.join("jobs"));
    let told = wharf.run(&["generate", "two"]).exits(0).stdout;
    assert!(told.contains("nothing asks for it any more; --prune removes it"), "{told}");
    assert_eq!(everything(&root.join("jobs")), before);
    let checked = wharf.run(&["generate", "two", "--check"]).exits(1).stdout;
    assert!(checked.contains("jobs/Dockerfile: drift: nothing asks for it any more"), "{checked}");
    // A part of the project says nothing of its other parts.
    let part = wharf.run(&["generate", "two", "--app", "web"]);
    assert!(!part.stdout.contains("jobs"), "{}", part.stdout);

    let mut terminal = Pty::start(&wharf, &root, &["generate"], (120, 40), &[]);
    terminal.shows("any more; remove?");
    terminal.press("n\r");
    assert!(terminal.ended().0.success());
    assert_eq!(everything(&root.join("jobs")), before);
    wharf.run(&["generate", "two", "--prune"]).exits(0);
    let left: Vec<String> = everything(&root.join("jobs"))
        .into_keys()
        .map(|path| path.strip_prefix(&root).unwrap().display().to_string())
        .filter(|path| !path.ends_with(".gitignore"))
        .collect();
    assert_eq!(left, ["jobs/.dockerignore"], "what a person changed is the person's");
    assert!(!root.join(".wharf/base/jobs").exists());
    wharf.run(&["generate", "two", "--check"]).exits(0);
}

#[test]
fn a_check_names_rule_file_and_line_of_a_persons_edit() {
    let shop = Shop::new();
    shop.edit("Dockerfile", "USER node\n", "ENV API_KEY=abc\nUSER root\n");
    let told = shop.generate(&["--check"], 1).stdout;
    let line = |text: &str| shop.read("Dockerfile").lines().position(|line| line == text).unwrap() + 1;
    assert!(told.contains(&format!("Dockerfile:{}: secret-in-image: ", line("ENV API_KEY=abc"))), "{told}");
    assert!(told.contains(&format!("Dockerfile:{}: root-user: ", line("USER root"))), "{told}");
    let told = shop.generate(&["--check", "--json"], 1).json();
    assert_eq!(told["drift"], serde_json::json!([]));
    assert_eq!(told["faults"][0]["rule"], "secret-in-image");

    // A Dockerfile that Wharf never wrote is looked at as well.
    let wharf = Wharf::new();
    let own = wharf.copy("demos/express-postgres", "own");
    fs::write(own.join("Dockerfile"), "FROM node\nCOPY . .\nCMD [\"node\", \"server.js\"]\n").unwrap();
    wharf.run(&["generate", "own"]).exits(0);
    let told = wharf.run(&["generate", "own", "--check"]).exits(1).stdout;
    assert!(told.contains("Dockerfile:1: unpinned-image: "), "{told}");

    // So is one that a tool takes along with those that Wharf wrote.
    shop.generate(&["--force"], 0);
    let open = "services:\n  shop:\n    privileged: true\n    image: a:1\n";
    fs::write(shop.root.join("compose.override.yaml"), open).unwrap();
    let told = shop.generate(&["--check"], 1).stdout;
    assert!(told.contains("compose.override.yaml:3: host-access: "), "{told}");
}

#[test]
fn what_cannot_be_written_leaves_everything_as_it_was() {
    let hinder: [(&str, Harm); 4] = [
        ("is a symbolic link", |path| {
            fs::rename(path, path.with_extension("real")).unwrap();
            symlink(path.with_extension("real"), path).unwrap();
        }),
        ("is a folder", |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
        ("is not UTF-8", |path| fs::write(path, [b'F', 0xff, b'\n']).unwrap()),
        ("read-only", |path| fs::set_permissions(path, fs::Permissions::from_mode(0o444)).unwrap()),
    ];
    for (says, hinder) in hinder {
        let shop = Shop::new();
        hinder(&shop.root.join("Dockerfile"));
        shop.asks_for_node("20");
        shop.edit("package.json", "\"express\":", "\"ioredis\":\"^5.0.0\",\"express\":");
        let before = everything(&shop.root);
        for args in [&[] as &[&str], &["--force"]] {
            let refused = shop.generate(args, 5);
            assert!(refused.stderr.contains(says), "{says} {args:?}: {}", refused.stderr);
            assert_eq!(everything(&shop.root), before, "{says} {args:?}");
        }
        if says != "read-only" {
            shop.generate(&["--keep"], 0);
            assert_eq!(shop.states()["Dockerfile"], "edited", "{says}");
            assert!(shop.read("compose.yaml").contains("redis:"), "{says}");
            shop.generate(&[], 0);
        }
    }
}

#[test]
fn copies_that_are_gone_or_changed_lose_nobody_an_edit() {
    let harm: [fn(&Shop); 5] = [
        |shop| fs::remove_dir_all(shop.root.join(".wharf/base")).unwrap(),
        |shop| fs::remove_file(shop.root.join(".wharf/written")).unwrap(),
        |shop| fs::write(shop.root.join(".wharf/base/Dockerfile"), [0xff, 0xfe]).unwrap(),
        |shop| {
            fs::remove_file(shop.root.join(".wharf/base/Dockerfile")).unwrap();
            fs::create_dir(shop.root.join(".wharf/base/Dockerfile")).unwrap();
        },
        // As a replacement in all files does.
        |shop| fs::write(shop.root.join(".wharf/base/Dockerfile"), shop.read("Dockerfile")).unwrap(),
    ];
    for (index, harm) in harm.into_iter().enumerate() {
        let shop = Shop::new();
        shop.edit("Dockerfile", "USER node\n", "USER node\nENV GREETING=hello\n");
        harm(&shop);
        shop.asks_for_node("20");
        let edited = shop.read("Dockerfile");
        let refused = shop.generate(&[], 5);
        assert!(
            refused.stderr.contains("what Wharf wrote there last is not known any more"),
            "{index}: {}",
            refused.stderr
        );
        assert_eq!(shop.read("Dockerfile"), edited, "{index}");
        if shop.root.join(".wharf/base/Dockerfile").is_dir() {
            fs::remove_dir(shop.root.join(".wharf/base/Dockerfile")).unwrap();
        }
        shop.generate(&["--keep"], 0);
        assert_eq!(shop.read("Dockerfile"), edited, "{index}");
        shop.generate(&["--check"], 0);
    }
}

#[test]
fn files_with_the_line_ends_of_windows_keep_them() {
    let shop = Shop::new();
    git(&shop.root, &["init", "-q"]);
    // As git does it there: the copies too.
    for path in everything(&shop.root).into_keys() {
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace('\n', "\r\n")).unwrap();
    }
    shop.generate(&["--check"], 0);
    shop.edit("Dockerfile", "USER node\r\n", "USER node\r\nENV GREETING=hello\r\n");
    shop.asks_for_node("20");
    shop.generate(&[], 0);
    let dockerfile = shop.read("Dockerfile");
    assert!(dockerfile.starts_with("FROM node:20-") && dockerfile.contains("GREETING"), "{dockerfile}");
    assert!(dockerfile.split_inclusive('\n').all(|line| line.ends_with("\r\n")), "{dockerfile:?}");
}

#[test]
fn the_control_center_shows_a_conflict_and_writes_the_side_that_is_chosen() {
    let shop = Shop::new();
    shop.edit("Dockerfile", "USER node\n", "USER node\nENV GREETING=hello\n");
    shop.edit("Dockerfile", NODE_22, "FROM node:22-alpine AS base");
    shop.asks_for_node("20");
    let mut terminal = Pty::open(&shop.wharf, &shop.root, (140, 45), &[]);
    terminal.shows("not deployed");
    terminal.press("2");
    terminal.shows("conflict");
    terminal.shows("both changed the same place");
    terminal.shows("| FROM node:22-bookworm-slim AS base");
    terminal.shows("- FROM node:22-alpine AS base");
    terminal.shows("+ FROM node:20-bookworm-slim AS base");
    terminal.press("w");
    terminal.shows("your other changes stay");
    terminal.press("j\r");
    terminal.shows("edited");
    terminal.shows_no("conflict");
    let dockerfile = shop.read("Dockerfile");
    assert!(dockerfile.starts_with("FROM node:20-") && dockerfile.contains("ENV GREETING=hello\n"), "{dockerfile}");
    terminal.press("q");
    assert!(terminal.ended().1);
    shop.generate(&["--check"], 0);
}

#[test]
fn what_wharf_lost_sight_of_is_told_and_taken_on_again() {
    let shop = Shop::new();
    fs::remove_dir_all(shop.root.join(".wharf")).unwrap();
    shop.edit("Dockerfile", "USER node\n", "USER node\nENV GREETING=hello\n");
    let told = shop.generate(&[], 0);
    assert!(told.stdout.contains("Dockerfile") && told.stdout.contains("(differs from what"), "{}", told.stdout);
    assert!(told.stdout.contains("compose.yaml") && told.stdout.contains("(says what would"), "{}", told.stdout);
    assert!(told.stderr.contains("--adopt"), "{}", told.stderr);
    let listed = shop.wharf.json(&["generate", "shop", "--dry-run"]);
    assert!(listed["own"].as_array().unwrap().iter().any(|own| own["path"] == "Dockerfile" && own["alike"] == false));
    let before = everything(&shop.root);
    let shown = shop.generate(&["--adopt", "--diff"], 0).stdout;
    assert!(shown.contains("-ENV GREETING=hello") && !shown.contains("+++ compose.yaml"), "{shown}");
    shop.generate(&["--adopt"], 5);
    assert_eq!(everything(&shop.root), before);
    shop.generate(&["--adopt", "--keep"], 0);
    assert_eq!(shop.read("Dockerfile"), before[&shop.root.join("Dockerfile")]);
    assert_eq!((shop.states()["Dockerfile"].as_str(), shop.states()["compose.yaml"].as_str()), ("edited", "unchanged"));
    // From here on both sides are joined again.
    shop.asks_for_node("20");
    shop.generate(&[], 0);
    let joined = shop.read("Dockerfile");
    assert!(joined.contains("FROM node:20-") && joined.contains("GREETING=hello"), "{joined}");
}

#[test]
fn a_link_where_wharf_keeps_what_it_wrote_is_an_error_and_not_an_empty_project() {
    let shop = Shop::new();
    fs::remove_dir_all(shop.root.join(".wharf/base")).unwrap();
    symlink("..", shop.root.join(".wharf/base")).unwrap();
    for args in [&[] as &[&str], &["--check"], &["--force"]] {
        let told = shop.generate(args, 5).stderr;
        assert!(told.contains(".wharf/base") && told.contains("symbolic link"), "{told}");
    }
}

#[test]
fn what_no_template_makes_is_removed_for_no_record() {
    let shop = Shop::new();
    let record = shop.root.join(".wharf/written");
    let digest = |path: &str| {
        use sha2::{Digest as _, Sha256};
        format!("{:x}  {path}\n", Sha256::digest(shop.read(path)))
    };
    fs::create_dir_all(shop.root.join("k8s/production")).unwrap();
    fs::write(shop.root.join("k8s/production/old.yaml"), "kind: List\n").unwrap();
    let more = ["package.json", "server.js", "k8s/production/old.yaml"].map(digest).concat();
    fs::write(&record, fs::read_to_string(&record).unwrap() + &more).unwrap();
    let told = shop.generate(&["--prune"], 0).stdout;
    assert!(told.contains("old.yaml") && !told.contains("package.json"), "{told}");
    assert!(!shop.root.join("k8s").exists());
    assert!(shop.root.join("package.json").exists() && shop.root.join("server.js").exists());
}

#[test]
fn only_what_changed_is_listed() {
    let shop = Shop::new();
    assert_eq!(shop.generate(&[], 0).stdout, "shop/: 5 files as they should be\n");
    assert_eq!(shop.generate(&["--all"], 0).stdout.lines().count(), 6);
    shop.asks_for_node("20");
    let told = shop.generate(&["--dry-run"], 0).stdout;
    assert!(told.contains("Dockerfile") && !told.contains(".env.example"), "{told}");
    assert!(told.contains("4 files as they should be (--all lists them)"), "{told}");
}
