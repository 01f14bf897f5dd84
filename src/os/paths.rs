//! Where Wharf keeps things.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use sha2::{Digest, Sha256};

use crate::model::{Problem, ProblemCode};

/// The longest path that a socket's address holds on every Unix that Wharf runs on; Linux has 108 bytes with the
/// closing zero, macOS 104.
const SOCKET_PATH_MAX: usize = 103;

/// The engine's data folder, made absolute: `given` (`--data-dir`), else `WHARF_DATA_DIR`, else the usual place of
/// the account. Nothing is created.
pub fn data_dir(given: Option<&Path>) -> Result<PathBuf, Problem> {
    let from_env = || std::env::var_os("WHARF_DATA_DIR").filter(|value| !value.is_empty()).map(PathBuf::from);
    let dir = match given.map(Path::to_path_buf).or_else(from_env) {
        Some(dir) => dir,
        None => project_dirs()?.data_dir().to_path_buf(),
    };
    std::path::absolute(&dir).map_err(|error| {
        Problem::new(ProblemCode::Usage, "data-dir", format!("“{}” cannot be the data folder", dir.display()))
            .why(error)
            .fix("give an absolute path with --data-dir")
    })
}

/// The user's folder for settings, themes and stacks of their own: `WHARF_CONFIG_DIR`, else the usual place of the
/// account. Nothing is created.
pub fn config_dir() -> Result<PathBuf, Problem> {
    match std::env::var_os("WHARF_CONFIG_DIR").filter(|value| !value.is_empty()) {
        Some(dir) => Ok(PathBuf::from(dir)),
        None => Ok(project_dirs()?.config_dir().to_path_buf()),
    }
}

fn project_dirs() -> Result<ProjectDirs, Problem> {
    ProjectDirs::from("", "", "wharf").ok_or_else(|| {
        Problem::new(ProblemCode::Usage, "no-home", "Wharf does not know where to keep its data")
            .why("this account has no home folder")
            .fix("set HOME, or give a folder with --data-dir")
    })
}

/// Makes sure that a folder is there and that only its owner can look into it (0700).
pub fn private_dir(dir: &Path) -> Result<(), Problem> {
    make_private(dir).map_err(|error| {
        let code = match error.kind() {
            io::ErrorKind::PermissionDenied => ProblemCode::Refused,
            _ => ProblemCode::Failed,
        };
        Problem::new(code, "data-dir", format!("the folder {} cannot be used", dir.display()))
            .why(error)
            .fix("make it a folder that this account owns and can write to, or choose another with --data-dir")
    })
}

fn make_private(dir: &Path) -> io::Result<()> {
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(dir)?;
    let real = if found.is_symlink() { fs::metadata(dir)? } else { found };
    if !real.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotADirectory, "something else has this name"));
    }
    if real.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another account"));
    }
    if real.mode() & 0o077 != 0 {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Where the engine of a data folder listens: in the folder, or, where that path is too long for a socket's
/// address, in the account's own folder under `/tmp`, by a digest of it. Nothing else decides: all clients of an
/// account must come to the same place, from a login, a job of cron or a service. The socket's own folder is to be
/// made with [`private_dir`].
#[must_use]
pub fn socket_path(data_dir: &Path) -> PathBuf {
    socket_path_of(data_dir, rustix::process::geteuid().as_raw())
}

fn socket_path_of(data_dir: &Path, uid: u32) -> PathBuf {
    let beside = data_dir.join("engine.sock");
    if beside.as_os_str().len() <= SOCKET_PATH_MAX {
        return beside;
    }
    let digest = Sha256::digest(data_dir.as_os_str().as_bytes());
    let name = digest.first_chunk().map_or(0, |head| u64::from_be_bytes(*head));
    PathBuf::from(format!("/tmp/wharf-{uid}/{name:016x}.sock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_lies_in_the_data_folder_where_the_path_fits() {
        let path = socket_path_of(Path::new("/home/ann/.local/share/wharf"), 7);
        assert_eq!(path, Path::new("/home/ann/.local/share/wharf/engine.sock"));
    }

    #[test]
    fn a_long_data_folder_gets_a_short_socket_of_its_own() {
        let long = PathBuf::from(format!("/{}", "a/".repeat(80)));
        let other = PathBuf::from(format!("/{}", "b/".repeat(80)));
        let path = socket_path_of(&long, 7);
        assert!(path.starts_with("/tmp/wharf-7") && path.as_os_str().len() <= SOCKET_PATH_MAX);
        assert_ne!(path, socket_path_of(&other, 7));
    }

    #[test]
    fn a_private_folder_is_closed_to_others_even_where_it_was_open() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("deep/data");
        private_dir(&dir).unwrap();
        assert_eq!(fs::metadata(&dir).unwrap().mode() & 0o777, 0o700);
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        private_dir(&dir).unwrap();
        assert_eq!(fs::metadata(&dir).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_file_in_the_place_of_the_folder_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("data");
        fs::write(&file, "").unwrap();
        let problem = private_dir(&file).unwrap_err();
        assert_eq!(problem.cause, "data-dir");
        assert!(problem.message.contains(file.to_str().unwrap()));
    }

    #[test]
    fn a_given_data_folder_is_made_absolute() {
        assert!(data_dir(Some(Path::new("some/where"))).unwrap().is_absolute());
    }
}
