use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::change::FRESH;
use super::*;

fn says(text: &str) -> Found {
    Found::Text(text.to_owned())
}

fn change(path: &str, content: Option<&str>) -> FileChange {
    FileChange { path: path.to_owned(), content: content.map(str::to_owned), instead_of: None }
}

#[test]
fn what_was_written_is_read_again() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(look(root.path(), "a/b"), Found::Nothing);
    write(root.path(), "a/b", "text").unwrap();
    write(root.path(), "a/b", "other").unwrap();
    assert_eq!(look(root.path(), "a/b"), says("other"));
    assert_eq!(fs::read_dir(root.path().join("a")).unwrap().count(), 1);
    apply(root.path(), &[change("a/b", None), change("c", None)]).unwrap();
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0, "the folder is empty now");
}

#[test]
fn a_new_script_can_be_run_and_what_a_person_decided_stays() {
    let root = tempfile::tempdir().unwrap();
    let can_run = |name: &str| {
        write(root.path(), name, "#!/bin/sh\n").unwrap();
        fs::metadata(root.path().join(name)).unwrap().permissions().mode() & 0o111 != 0
    };
    write(root.path(), "text", "#\n").unwrap();
    assert_eq!((can_run("new.sh"), can_run("text")), (true, false));
}

#[test]
fn nothing_outside_is_touched() {
    let root = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    symlink(other.path(), root.path().join("out")).unwrap();
    symlink(other.path().join("x"), root.path().join("x")).unwrap();
    for path in ["../x", "/etc/x", "a/../../x", "out/x", "x"] {
        assert!(write(root.path(), path, "text").is_err(), "{path}");
        assert!(apply(root.path(), &[change(path, None)]).is_err(), "{path}");
    }
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0);
}

#[test]
fn what_lies_in_the_way_of_a_new_text_is_not_written_through() {
    let root = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let victim = other.path().join("victim");
    fs::write(&victim, "mine").unwrap();
    // Names that a text which is being written has had, for this process.
    for number in 0..4 {
        symlink(&victim, root.path().join(format!(".f.{}-{number}{FRESH}", std::process::id()))).unwrap();
    }
    write(root.path(), "f", "text").unwrap();
    assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
    assert!(fs::symlink_metadata(root.path().join("f")).unwrap().is_file());
}

#[test]
fn a_list_of_what_is_ignored_is_read_as_any_other_file() {
    let root = tempfile::tempdir().unwrap();
    let list = root.path().join(".gitignore");
    fs::write(&list, "[\n.wharf/\n").unwrap();
    assert!(is_ignored(root.path(), ".wharf/written") && !is_ignored(root.path(), "Dockerfile"));
    fs::remove_file(&list).unwrap();
    symlink("/dev/zero", &list).unwrap();
    assert!(!is_ignored(root.path(), ".wharf/written"));
}

#[test]
fn what_is_no_text_is_said_to_be() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    fs::create_dir(at("folder")).unwrap();
    symlink("folder", at("link")).unwrap();
    fs::write(at("bytes"), [0xff, 0xfe, 0]).unwrap();
    fs::write(at("long"), vec![b'a'; 2 << 20]).unwrap();
    for name in ["link", "bytes", "long"] {
        assert!(matches!(look(root.path(), name), Found::Other(_)), "{name}");
    }
    assert_eq!(look(root.path(), "folder"), Found::Folder);
    // Where a file stands in the way there is nothing behind it.
    assert_eq!(look(root.path(), "bytes/x"), Found::Nothing);
}

#[test]
fn all_or_nothing_is_written() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    write(root.path(), "a", "old").unwrap();
    write(root.path(), "fixed", "old").unwrap();
    fs::set_permissions(at("fixed"), fs::Permissions::from_mode(0o444)).unwrap();
    fs::create_dir(at("folder")).unwrap();
    for hindrance in ["fixed", "folder", "a/b", "../x"] {
        let changes = [change("a", Some("new")), change("new/deep/b", Some("new")), change("new/c", Some("new"))];
        assert!(apply(root.path(), &[&changes[..], &[change(hindrance, Some("new"))]].concat()).is_err());
        assert_eq!(look(root.path(), "a"), says("old"), "{hindrance}");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 3, "{hindrance}");
    }
}

#[test]
fn what_came_meanwhile_stays() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "a", "seen").unwrap();
    let instead_of = |path, seen| FileChange { instead_of: Some(seen), ..change(path, Some("new")) };
    let both = [instead_of("a", says("seen")), instead_of("b", Found::Nothing)];
    write(root.path(), "b", "came").unwrap();
    assert_eq!(apply(root.path(), &both).unwrap_err().cause, "file-changed");
    assert_eq!((look(root.path(), "a"), look(root.path(), "b")), (says("seen"), says("came")));
    apply(root.path(), &both[..1]).unwrap();
    assert_eq!(look(root.path(), "a"), says("new"));
}

#[test]
fn what_a_killed_process_left_goes() {
    let root = tempfile::tempdir().unwrap();
    // No process has that number: it is above what Linux gives.
    fs::write(root.path().join(".a.999999999-0.wharf-new"), "half").unwrap();
    let own = format!(".a.{}-0.wharf-new", rustix::process::Pid::INIT.as_raw_nonzero());
    fs::write(root.path().join(&own), "of another").unwrap();
    write(root.path(), "a", "text").unwrap();
    let mut names: Vec<_> = fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [own.as_str(), "a"]);
}

#[test]
fn what_was_left_of_another_file_goes_too() {
    let root = tempfile::tempdir().unwrap();
    let left = ["a/.b.yaml.999999999-3-0badcafe.wharf-new", ".wharf/base/a/.b.yaml.999999999-4-0badcafe.wharf-new"];
    let kept = ["a/.b.yaml.wharf-new", "a/b.999999999-3.wharf-new", "a/.b.yaml.999999999-3.new"];
    for path in left.iter().chain(&kept) {
        write(root.path(), path, "half").unwrap();
    }
    clear(root.path(), ["a/other", ".wharf/base/a/other", "none/x", "../x"]);
    assert!(left.iter().all(|path| look(root.path(), path) == Found::Nothing));
    assert!(kept.iter().all(|path| look(root.path(), path) == says("half")));
}

#[test]
fn a_folder_that_changes_places_with_a_link_leads_no_change_out() {
    let other = tempfile::tempdir().unwrap();
    let outside = |name: &str| other.path().join(name);
    fs::create_dir(outside("deep")).unwrap();
    for name in ["file", "deep/file"] {
        fs::write(outside(name), "theirs").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    fs::create_dir(root.join("d")).unwrap();
    // A folder that is left empty would be removed.
    fs::write(root.join("d/kept"), "").unwrap();
    symlink(other.path(), root.join("swap")).unwrap();
    let (stop, mut written, mut turns) = (AtomicBool::new(false), 0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                renameat_with(CWD, root.join("d"), CWD, root.join("swap"), RenameFlags::EXCHANGE).unwrap();
            }
        });
        // The folder may be the link in each of many turns.
        while turns < 500 || written == 0 && turns < 50_000 {
            turns += 1;
            let new =
                [change("d/file", Some("ours")), change("d/deep/file", Some("ours")), change("d/a/b", Some("ours"))];
            written += u32::from(apply(&root, &new).is_ok());
            let gone = new.map(|change| FileChange { content: None, ..change });
            let _ = apply(&root, &gone);
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(written > 0, "nothing was written where it may be");
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 2);
    assert_eq!(fs::read_dir(outside("deep")).unwrap().count(), 1);
    for name in ["file", "deep/file"] {
        assert_eq!(fs::read_to_string(outside(name)).unwrap(), "theirs");
    }
}
