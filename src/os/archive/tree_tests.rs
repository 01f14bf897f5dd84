//! Archives as people and enemies make them.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;

use super::tree::{ArchiveBounds, ArchiveTree};
use crate::model::{FileTree, ReadError};

/// A tar with these files; names go in as they are, whatever they lead to.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn link(builder: &mut tar::Builder<Vec<u8>>, kind: tar::EntryType, name: &str, aim: &str) {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(0);
    builder.append_link(&mut header, name, aim).unwrap();
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// An archive on disk, with the folder that holds it.
fn given(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn open(name: &str, bytes: &[u8], bounds: ArchiveBounds) -> ArchiveTree {
    ArchiveTree::open(&given(name, bytes).1, bounds).unwrap()
}

fn told(tree: &ArchiveTree) -> Vec<String> {
    tree.warnings().iter().map(|warning| format!("{}: {}", warning.file, warning.says)).collect()
}

const FILES: [(&str, &[u8]); 6] = [
    ("shop-1.0/package.json", b"{}"),
    ("shop-1.0/.gitignore", b"dist/\n*.log\n"),
    ("shop-1.0/dist/a.js", b"x"),
    ("shop-1.0/sub/b.log", b"x"),
    ("shop-1.0/node_modules/a/package.json", b"{}"),
    ("shop-1.0/logo.png", b"\x89PNG\0\0"),
];

#[test]
fn every_format_gives_the_tree_that_its_folder_would() {
    let bytes = tar(&FILES);
    let packed = zstd::encode_all(bytes.as_slice(), 1).unwrap();
    for (name, archive) in [
        ("x.tar", bytes.clone()),
        ("x.TGZ", gz(&bytes)),
        ("x.tar.gz", gz(&bytes)),
        ("x.tar.zst", packed),
        ("x.zip", zip(&FILES)),
    ] {
        let tree = open(name, &archive, ArchiveBounds::default());
        assert_eq!(tree.paths(), [".gitignore", "logo.png", "package.json"], "{name}");
        assert_eq!((tree.read("package.json").unwrap(), tree.name()), (b"{}".to_vec(), Some("shop-1.0")), "{name}");
        assert_eq!(tree.read("logo.png"), Err(ReadError::Refused("it is not text".to_owned())));
        assert_eq!(told(&tree), [""; 0]);
    }
}

#[test]
fn what_leads_out_is_left_out_and_told() {
    let evil: [(&str, &[u8]); 4] = [("../up", b"x"), ("/etc/x", b"x"), ("a/../../b", b"x"), ("good/a", b"x")];
    for (name, archive) in [("x.tar", tar(&evil)), ("x.zip", zip(&evil))] {
        let tree = open(name, &archive, ArchiveBounds::default());
        assert_eq!(tree.paths(), ["a"], "{name}");
        let says: Vec<String> =
            evil[..3].iter().map(|(path, _)| format!("{path}: leads out of the archive; it was left out")).collect();
        assert_eq!(told(&tree), says, "{name}");
    }
    let mut builder = tar::Builder::new(tar(&[("p/real", b"here"), ("p/other", b"x")]));
    builder.get_mut().truncate(2048);
    link(&mut builder, tar::EntryType::Symlink, "p/sub/in", "../real");
    link(&mut builder, tar::EntryType::Link, "p/hard", "p/real");
    link(&mut builder, tar::EntryType::Symlink, "p/out", "../../etc/passwd");
    link(&mut builder, tar::EntryType::Symlink, "p/root", "/etc/passwd");
    let tree = open("x.tar", &builder.into_inner().unwrap(), ArchiveBounds::default());
    assert_eq!(tree.paths(), ["hard", "other", "real", "sub/in"]);
    assert_eq!((tree.read("sub/in").unwrap(), tree.read("hard").unwrap()), (b"here".to_vec(), b"here".to_vec()));
    let says =
        ["p/out: links out of the archive; it was left out", "p/root: links out of the archive; it was left out"];
    assert_eq!(told(&tree), says);
}

#[test]
fn bounds_hold_and_what_was_read_stands() {
    let many: Vec<(String, Vec<u8>)> = (0..50).map(|n| (format!("f{n:02}"), vec![b'a'; 100])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let few = ArchiveBounds { entries: 10, ..ArchiveBounds::default() };
    let tree = open("x.tar.gz", &gz(&tar(&many)), few);
    assert_eq!(tree.paths().len(), 10);
    assert!(told(&tree)[0].contains("more than 10 entries"), "{:?}", told(&tree));
    let refused = ArchiveTree::open(&given("x.zip", &zip(&many)).1, few).unwrap_err();
    assert!(refused.why.contains("50 entries"), "{refused}");
    let small = ArchiveBounds { kept_bytes: 950, file_bytes: 99, ..ArchiveBounds::default() };
    assert_eq!(open("x.zip", &zip(&many), small).read("f00"), Err(ReadError::TooLarge { bytes: 100 }));
    let small = ArchiveBounds { kept_bytes: 950, ..ArchiveBounds::default() };
    let tree = open("x.zip", &zip(&many), small);
    assert_eq!(tree.paths().iter().filter(|path| tree.read(path).is_ok()).count(), 9);
    let deep = ["d"; 80].join("/");
    let tree = open("x.zip", &zip(&[(deep.as_str(), b"x"), ("a", b"")]), ArchiveBounds::default());
    assert_eq!((tree.paths(), told(&tree).len()), (&["a".to_owned()][..], 1));
}

#[test]
fn nobody_waits_for_what_a_pipe_may_bring() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("x.tar");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    assert!(ArchiveTree::open(&pipe, ArchiveBounds::default()).unwrap_err().why.contains("no file"));
}

#[test]
fn what_unpacks_without_end_is_ended() {
    let zeros = vec![b' '; 8 << 20];
    let bomb: Vec<(String, &[u8])> = (0..12).map(|n| (format!("p/{n}"), zeros.as_slice())).collect();
    let mut files: Vec<(&str, &[u8])> = vec![("p/package.json", b"{}")];
    files.extend(bomb.iter().map(|(name, bytes)| (name.as_str(), *bytes)));
    // 96 MiB out of less than half a MiB.
    let packed = gz(&tar(&files));
    assert!(packed.len() < 1 << 19);
    let tree = open("x.tgz", &packed, ArchiveBounds { ratio: 150, ..ArchiveBounds::default() });
    assert_eq!(tree.read("package.json").unwrap(), b"{}");
    assert!(told(&tree)[0].contains("unpacks to more"), "{:?}", told(&tree));
    // Entries of which none is kept are read all the same.
    let bounds = ArchiveBounds { unpacked_bytes: 3 << 20, kept_bytes: 2 << 20, ..ArchiveBounds::default() };
    let tree = open("x.zip", &zip(&files), bounds);
    assert_eq!(tree.read("package.json").unwrap(), b"{}");
    assert!(tree.paths().len() < 5 && told(&tree)[0].contains("unpacks to more"), "{:?}", told(&tree));
    // A name of 16 MiB.
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(16 << 20);
    header.set_cksum();
    let name = [header.as_bytes().as_slice(), &vec![b'n'; 16 << 20]].concat();
    let problem = ArchiveTree::open(&given("x.tar", &name).1, ArchiveBounds::default()).unwrap_err();
    assert!(problem.why.contains("header is too large"), "{problem}");
}

#[test]
fn what_is_no_archive_or_not_whole_is_told() {
    for (name, bytes) in
        [("x.zip", &b"hello"[..]), ("x.tgz", &[0x1F, 0x8B, 1, 2]), ("x.tar", b""), ("y.zip", b"PK\x03\x04")]
    {
        let problem = ArchiveTree::open(&given(name, bytes).1, ArchiveBounds::default()).unwrap_err();
        assert_eq!(problem.cause, "no-archive", "{name}");
    }
    let whole = gz(&tar(&FILES));
    let tree = open("x.tgz", &whole[..whole.len() - 20], ArchiveBounds::default());
    assert!(tree.paths().contains(&"package.json".to_owned()));
    let missing = ArchiveTree::open(&PathBuf::from("/nowhere/x.zip"), ArchiveBounds::default()).unwrap_err();
    assert_eq!(missing.code, crate::model::ProblemCode::NotFound);
    assert!(ArchiveTree::is_archive("a/b.tar.GZ".as_ref()) && !ArchiveTree::is_archive(".zip".as_ref()));
}
