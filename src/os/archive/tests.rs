use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use futures_util::StreamExt;
use tempfile::TempDir;

use super::*;
use crate::model::dockerignore::Ignore;

/// A folder with these files; a name that ends in `/` is a folder.
fn tree(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = root.path().join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }
    root
}

struct Snapshot {
    packed: Packed,
    path: PathBuf,
    folder: TempDir,
}

async fn snapshot(root: &Path, options: &PackOptions) -> Result<Snapshot, ArchiveError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("source.tar.zst");
    Ok(Snapshot { packed: pack(root, options, &path).await?, path, folder })
}

fn ignoring(ignore: &str) -> PackOptions {
    PackOptions { ignore: ignore.to_owned(), ..PackOptions::default() }
}

/// The names in a snapshot in their order.
fn names(archive: &Path) -> Vec<String> {
    let mut reader = super::unpack::open(archive).unwrap();
    reader.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string()).collect()
}

/// The files of a context with their contents; folders are empty text.
async fn read_context(context: BuildContext) -> std::io::Result<BTreeMap<String, String>> {
    let mut stream = Box::pin(context.stream());
    let mut bytes = Vec::new();
    while let Some(part) = stream.next().await {
        bytes.extend_from_slice(&part?);
    }
    let mut reader = tar::Archive::new(bytes.as_slice());
    let mut files = BTreeMap::new();
    for entry in reader.entries()? {
        let mut entry = entry?;
        let mut text = String::new();
        std::io::Read::read_to_string(&mut entry, &mut text)?;
        files.insert(entry.path()?.display().to_string(), text);
    }
    Ok(files)
}

fn context(archive: &Path, folder: &str) -> BuildContext {
    BuildContext {
        archive: archive.to_owned(),
        folder: folder.to_owned(),
        overlay: Vec::new(),
        ignore: Ignore::default(),
        keep: Vec::new(),
    }
}

#[tokio::test]
async fn packs_in_one_order_and_leaves_git_and_ignored_out() {
    let root = tree(&[
        ("b.txt", "b"),
        ("a/z.txt", "z"),
        ("a/.git", "gitdir: elsewhere"),
        (".git/config", "secret"),
        ("node_modules/x/index.js", "x"),
        ("dist/private.js", "p"),
        ("dist/public/app.js", "a"),
        ("empty/", ""),
    ]);
    let snapshot = snapshot(root.path(), &ignoring("node_modules\ndist\n!dist/public\n")).await.unwrap();
    let expected = ["a", "a/z.txt", "b.txt", "dist", "dist/public", "dist/public/app.js", "empty"];
    assert_eq!(names(&snapshot.path).iter().map(|name| name.trim_end_matches('/')).collect::<Vec<_>>(), expected);
    assert_eq!((snapshot.packed.files, snapshot.packed.bytes), (3, 3));
    assert_eq!(fs::metadata(&snapshot.path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn what_is_kept_goes_in_though_it_is_ignored() {
    let root = tree(&[("Dockerfile", "FROM x"), ("deploy/web.Dockerfile", "FROM y"), ("deploy/other", "o")]);
    let keep = vec!["Dockerfile".to_owned(), "deploy/web.Dockerfile".to_owned()];
    let snapshot = snapshot(root.path(), &PackOptions { keep, ..ignoring("Dockerfile\ndeploy") }).await.unwrap();
    assert_eq!(names(&snapshot.path), ["Dockerfile", "deploy", "deploy/web.Dockerfile"]);
}

#[tokio::test]
async fn the_digest_follows_names_modes_contents_and_links_alone() {
    let digest = async |root: &TempDir| snapshot(root.path(), &PackOptions::default()).await.unwrap().packed.digest;
    let make = || tree(&[("a", "1"), ("b", "2")]);
    let (one, two) = (make(), make());
    let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    fs::File::options().write(true).open(two.path().join("a")).unwrap().set_modified(old).unwrap();
    let first = digest(&one).await;
    assert_eq!(first, digest(&two).await);
    assert_eq!(first.len(), 64);

    fs::set_permissions(two.path().join("a"), fs::Permissions::from_mode(0o755)).unwrap();
    let mode = digest(&two).await;
    fs::write(two.path().join("a"), "3").unwrap();
    let content = digest(&two).await;
    fs::rename(two.path().join("b"), two.path().join("c")).unwrap();
    let name = digest(&two).await;
    symlink("a", two.path().join("l")).unwrap();
    let link = digest(&two).await;
    fs::remove_file(two.path().join("l")).unwrap();
    symlink("c", two.path().join("l")).unwrap();
    let all = [first, mode, content, name, link, digest(&two).await];
    assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len());
}

#[tokio::test]
async fn sockets_and_pipes_are_left_out_with_a_warning() {
    let root = tree(&[("a", "1")]);
    let _socket = std::os::unix::net::UnixListener::bind(root.path().join("app.sock")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        root.path().join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let snapshot = snapshot(root.path(), &PackOptions::default()).await.unwrap();
    assert_eq!(names(&snapshot.path), ["a"]);
    assert_eq!(snapshot.packed.warnings.len(), 2);
    assert!(snapshot.packed.warnings[0].starts_with("app.sock: left out"));
}

#[tokio::test]
async fn too_much_is_refused_with_the_largest_folders() {
    let big = "x".repeat(5000);
    let root = tree(&[("src/main.rs", "fn"), ("data/big.bin", &big), ("data/more/big.bin", &big), ("assets/i", "1")]);
    let limit = PackOptions { max_bytes: 6000, ..PackOptions::default() };
    let error = snapshot(root.path(), &limit).await.err().unwrap();
    let problem = error.problem();
    assert!(problem.message.contains("5.9 KiB"), "{problem}");
    assert!(problem.why.contains("data (4.9 KiB), data/more (4.9 KiB)"), "{problem}");
    let limit = PackOptions { max_files: 2, ..PackOptions::default() };
    assert!(snapshot(root.path(), &limit).await.err().unwrap().to_string().contains("2 files"));
}

#[tokio::test]
async fn what_is_not_there_or_not_readable_is_named() {
    let error = snapshot(Path::new("/nonexistent/project"), &PackOptions::default()).await.err().unwrap();
    assert!(error.to_string().contains("/nonexistent/project"));
    let root = tree(&[("a", "1")]);
    let error = pack(root.path(), &PackOptions::default(), Path::new("/nonexistent/s.tar.zst")).await.unwrap_err();
    assert!(matches!(error, ArchiveError::Unwritable { .. }));
    let error = snapshot(root.path(), &ignoring("ok\n[z")).await.err().unwrap();
    assert!(error.problem().message.contains("line 2"));
}

#[tokio::test]
async fn unpacks_what_it_packed() {
    let long = "d/".repeat(80) + "file";
    let root = tree(&[("run.sh", "#!/bin/sh"), (&long, "deep"), ("sub/x", "x"), ("locked/in", "i")]);
    fs::set_permissions(root.path().join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(root.path().join("locked"), fs::Permissions::from_mode(0o555)).unwrap();
    symlink("../run.sh", root.path().join("sub/link")).unwrap();
    symlink("/etc/passwd", root.path().join("out")).unwrap();
    symlink("../../etc", root.path().join("sub/up")).unwrap();
    let snapshot = snapshot(root.path(), &PackOptions::default()).await.unwrap();
    let dest = snapshot.folder.path().join("work");
    let unpacked = unpack(&snapshot.path, &dest, 1 << 20).await.unwrap();
    assert_eq!(fs::read_to_string(dest.join(&long)).unwrap(), "deep");
    assert_eq!(fs::read_to_string(dest.join("sub/link")).unwrap(), "#!/bin/sh");
    assert_eq!(fs::metadata(dest.join("run.sh")).unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(fs::metadata(dest.join("locked")).unwrap().permissions().mode() & 0o777, 0o555);
    let time = |path: PathBuf| fs::metadata(path).unwrap().modified().unwrap().duration_since(std::time::UNIX_EPOCH);
    let seconds = |path: PathBuf| time(path).unwrap().as_secs();
    assert_eq!(seconds(dest.join("sub/x")), seconds(root.path().join("sub/x")));
    assert!(!dest.join("out").is_symlink() && !dest.join("sub/up").is_symlink());
    assert_eq!(unpacked.warnings.len(), 2, "{:?}", unpacked.warnings);
    assert!(matches!(unpack(&snapshot.path, &dest, 1 << 20).await, Err(ArchiveError::Unwritable { .. })));
    let error = unpack(&snapshot.path, &snapshot.folder.path().join("small"), 10).await.unwrap_err();
    assert!(matches!(error, ArchiveError::TooLarge { .. }));
    for folder in [root.path().join("locked"), dest.join("locked")] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// A snapshot of raw entries: path, kind, link target or content.
fn forged(entries: &[(&str, tar::EntryType, &str)]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forged.tar.zst");
    let file = zstd::Encoder::new(fs::File::create(&path).unwrap(), 1).unwrap().auto_finish();
    let mut tar = tar::Builder::new(file);
    for (name, kind, text) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        let content = if kind.is_symlink() {
            header.set_link_name_literal(text).unwrap();
            ""
        } else {
            text
        };
        header.set_size(content.len() as u64);
        header.set_cksum();
        tar.append(&header, content.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap();
    (folder, path)
}

#[tokio::test]
async fn nothing_is_written_outside() {
    use tar::EntryType::{Char, Regular, Symlink};
    let outside = tempfile::tempdir().unwrap();
    let aim = outside.path().to_str().unwrap();
    let absolute = format!("{aim}/absolute");
    let hostile: &[&[(&str, tar::EntryType, &str)]] = &[
        &[("../evil", Regular, "x")],
        &[("a/../../evil", Regular, "x")],
        &[(&absolute, Regular, "x")],
        &[("link", Symlink, aim), ("link/evil", Regular, "x"), ("link", Symlink, "x")],
        &[("dev", Char, "")],
        &[("twice", Regular, "1"), ("twice", Regular, "2")],
    ];
    for entries in hostile {
        let (folder, archive) = forged(entries);
        let dest = folder.path().join("dest");
        let _ = unpack(&archive, &dest, 1 << 20).await;
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0, "{entries:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "{entries:?}");
    }
    let (folder, archive) = forged(&[("../evil", Regular, "x")]);
    let error = unpack(&archive, &folder.path().join("dest"), 1 << 20).await.unwrap_err();
    assert!(matches!(error, ArchiveError::Damaged { .. }));
}

#[tokio::test]
async fn a_cut_snapshot_is_damaged() {
    let root = tree(&[("a", &"content ".repeat(10_000))]);
    let snapshot = snapshot(root.path(), &PackOptions::default()).await.unwrap();
    let bytes = fs::read(&snapshot.path).unwrap();
    fs::write(&snapshot.path, &bytes[..bytes.len() / 2]).unwrap();
    let error = unpack(&snapshot.path, &snapshot.folder.path().join("dest"), 1 << 20).await.unwrap_err();
    assert!(matches!(error, ArchiveError::Damaged { .. }), "{error}");
    assert!(read_context(context(&snapshot.path, "")).await.is_err());
    fs::write(&snapshot.path, "no archive").unwrap();
    assert!(read_entry(&snapshot.path, "a", 1 << 20).await.is_err());
}

#[tokio::test]
async fn a_context_is_a_folder_with_files_over_it() {
    let root = tree(&[
        ("apps/web/Dockerfile", "old"),
        ("apps/web/src/index.js", "js"),
        ("apps/web/secret/key", "k"),
        ("apps/api/main.go", "go"),
        ("README.md", "r"),
    ]);
    let snapshot = snapshot(root.path(), &PackOptions::default()).await.unwrap();
    let whole = read_context(context(&snapshot.path, ".")).await.unwrap();
    assert_eq!(whole["apps/api/main.go"], "go");

    let mut web = context(&snapshot.path, "apps/web");
    web.overlay = vec![("Dockerfile".to_owned(), b"new".to_vec()), ("conf/nginx.conf".to_owned(), b"conf".to_vec())];
    web.ignore = Ignore::parse("secret\nDockerfile").unwrap();
    let files = read_context(web).await.unwrap();
    assert_eq!(files["Dockerfile"], "new");
    assert_eq!(files["conf/nginx.conf"], "conf");
    assert_eq!(files["src/index.js"], "js");
    assert!(!files.contains_key("secret/key") && !files.contains_key("README.md"));

    let mut kept = context(&snapshot.path, "apps");
    kept.ignore = Ignore::parse("*").unwrap();
    kept.keep = vec!["web/Dockerfile".to_owned()];
    let files = read_context(kept).await.unwrap();
    assert_eq!(files.iter().filter(|(_, text)| !text.is_empty()).count(), 1);
    let error = read_context(context(&snapshot.path, "apps/nothing")).await.unwrap_err();
    assert!(error.to_string().contains("apps/nothing"));
}

#[tokio::test]
async fn a_large_context_comes_whole_and_in_parts() {
    let text = "0123456789abcdef".repeat(100_000);
    let root = tree(&[("big", &text)]);
    let snapshot = snapshot(root.path(), &PackOptions::default()).await.unwrap();
    let mut stream = Box::pin(context(&snapshot.path, "").stream());
    let mut largest = 0;
    let mut total = 0;
    while let Some(part) = stream.next().await {
        let part = part.unwrap();
        largest = largest.max(part.len());
        total += part.len();
    }
    assert!(largest <= 64 << 10);
    assert!(total > text.len());
    assert_eq!(read_context(context(&snapshot.path, "")).await.unwrap()["big"], text);
}

#[tokio::test]
async fn one_file_can_be_read() {
    let root = tree(&[("a/.dockerignore", "x"), ("b", "yy")]);
    let snapshot = snapshot(root.path(), &PackOptions::default()).await.unwrap();
    assert_eq!(read_entry(&snapshot.path, "a/.dockerignore", 10).await.unwrap().as_deref(), Some(&b"x"[..]));
    assert_eq!(read_entry(&snapshot.path, "b", 1).await.unwrap(), None);
    assert_eq!(read_entry(&snapshot.path, "a", 10).await.unwrap(), None);
    assert_eq!(read_entry(&snapshot.path, "c", 10).await.unwrap(), None);
}
