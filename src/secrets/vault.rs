//! Sealing values with a key that lies beside the store.
//!
//! A sealed value is one byte for the manner (1), a nonce of 24 bytes, and XChaCha20-Poly1305's output. The app and
//! the name go into the seal as associated data: a value that was moved to another name does not open.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

use crate::model::{AppKey, Problem, ProblemCode, Secret};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// How values are sealed now.
const MANNER: u8 = 1;

/// Seals and opens values.
#[derive(Clone)]
pub struct Vault {
    cipher: XChaCha20Poly1305,
    path: PathBuf,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Vault {
    /// Opens the vault of a data folder, which is there; makes its key where there is none yet. A key that others
    /// could read is refused.
    pub fn open(data_dir: &Path) -> Result<Self, Problem> {
        let path = data_dir.join("secrets.key");
        let key = match read_key(&path) {
            Err(KeyError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                make_key(&path).map_err(KeyError::Io).and_then(|()| read_key(&path))
            }
            other => other,
        };
        let key = key.map_err(|error| error.into_problem(&path))?;
        Ok(Self { cipher: XChaCha20Poly1305::new(&Key::from(key)), path })
    }

    /// Seals a value of an app under a name.
    pub fn seal(&self, key: &AppKey, name: &str, value: &Secret) -> Result<Vec<u8>, Problem> {
        let nonce: [u8; NONCE_BYTES] = chance().map_err(|error| {
            Problem::new(ProblemCode::Failed, "no-chance", format!("the secret {name} could not be sealed")).why(error)
        })?;
        let aad = bound_to(key, name);
        let payload = Payload { msg: value.reveal().as_bytes(), aad: &aad };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| {
            Problem::new(ProblemCode::Failed, "secret-too-long", format!("the secret {name} is too long to be sealed"))
        })?;
        Ok([&[MANNER], nonce.as_slice(), &sealed].concat())
    }

    /// Opens a sealed value; fails where it was sealed with another key or under another name, or was changed.
    pub fn unseal(&self, key: &AppKey, name: &str, sealed: &[u8]) -> Result<Secret, Problem> {
        self.open_seal(key, name, sealed).ok_or_else(|| {
            let message = format!("the secret {name} of {} cannot be opened", key.app);
            Problem::new(ProblemCode::Failed, "secret-sealed", message)
                .why(format!("it was sealed with another key than {}, or it is damaged", self.path.display()))
                .fix(format!("give it again with --secret {name}, or put the old key back"))
        })
    }

    fn open_seal(&self, key: &AppKey, name: &str, sealed: &[u8]) -> Option<Secret> {
        let (manner, rest) = sealed.split_first()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
        if *manner != MANNER {
            return None;
        }
        let payload = Payload { msg: sealed, aad: &bound_to(key, name) };
        let opened = self.cipher.decrypt(&XNonce::from(*nonce), payload).ok()?;
        String::from_utf8(opened).ok().map(Secret::new)
    }
}

/// What a value belongs to, each part behind its length.
fn bound_to(key: &AppKey, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in [key.project.as_str(), &key.app, key.environment.as_str(), name] {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part.as_bytes());
    }
    bytes
}

fn chance<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Why a key cannot be used.
enum KeyError {
    Io(io::Error),
    Open(u32),
    Length(usize),
}

impl KeyError {
    fn into_problem(self, path: &Path) -> Problem {
        let message = format!("the key of the secrets, {}, cannot be used", path.display());
        match self {
            Self::Io(error) => {
                let code = match error.kind() {
                    io::ErrorKind::PermissionDenied => ProblemCode::Refused,
                    _ => ProblemCode::Failed,
                };
                Problem::new(code, "secrets-key", message)
                    .why(error)
                    .fix("make it a file that this account owns and can read")
            }
            Self::Open(mode) => Problem::new(ProblemCode::Refused, "secrets-key", message)
                .why(format!("others may read it (mode {mode:03o})"))
                .fix(format!("chmod 600 {}, and think about who may have read it", path.display())),
            Self::Length(length) => Problem::new(ProblemCode::Failed, "secrets-key", message)
                .why(format!("it has {length} bytes instead of {KEY_BYTES}"))
                .fix("put the right one back from a backup; or move it away, and give all secrets again"),
        }
    }
}

fn read_key(path: &Path) -> Result<[u8; KEY_BYTES], KeyError> {
    let mode = fs::metadata(path).map_err(KeyError::Io)?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Open(mode));
    }
    let bytes = fs::read(path).map_err(KeyError::Io)?;
    let length = bytes.len();
    bytes.try_into().map_err(|_| KeyError::Length(length))
}

/// Makes a key whole or not at all, and never over one that is there.
fn make_key(path: &Path) -> io::Result<()> {
    let [a, b, c, d, ..] = chance::<8>()?;
    let new = path.with_extension(format!("key.{a:02x}{b:02x}{c:02x}{d:02x}"));
    let made = (|| {
        let mut file: File = File::options().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(&chance::<KEY_BYTES>()?)?;
        file.sync_all()?;
        match fs::hard_link(&new, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    })();
    // Gone already where it could not be made.
    let _ = fs::remove_file(&new);
    made
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::model::{Environment, ProjectId};

    fn key(app: &str) -> AppKey {
        AppKey { project: ProjectId::from("p1"), app: app.to_owned(), environment: Environment::Production }
    }

    #[test]
    fn what_was_sealed_opens_after_opening_again_and_only_under_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let value = Secret::new("correct horse");
        let sealed = Vault::open(dir.path()).unwrap().seal(&key("web"), "TOKEN", &value).unwrap();
        assert!(!sealed.windows(7).any(|part| part == b"correct"));
        let vault = Vault::open(dir.path()).unwrap();
        assert_eq!(vault.unseal(&key("web"), "TOKEN", &sealed).unwrap(), value);
        assert_ne!(vault.seal(&key("web"), "TOKEN", &value).unwrap(), sealed, "each seal has a nonce of its own");
        for (app, name) in [("web", "OTHER"), ("api", "TOKEN"), ("webT", "OKEN")] {
            let problem = vault.unseal(&key(app), name, &sealed).unwrap_err();
            assert!(problem.cause == "secret-sealed" && !problem.to_string().contains("horse"), "{problem}");
        }
    }

    #[test]
    fn no_change_to_a_sealed_value_goes_unseen() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::open(dir.path()).unwrap();
        let sealed = vault.seal(&key("web"), "TOKEN", &Secret::new("x")).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(vault.unseal(&key("web"), "TOKEN", &changed).is_err());
            assert!(vault.unseal(&key("web"), "TOKEN", &sealed[..at]).is_err());
        }
    }

    #[test]
    fn the_key_is_private_and_an_open_or_cut_one_is_refused_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        Vault::open(dir.path()).unwrap();
        let path = dir.path().join("secrets.key");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let before = fs::read(&path).unwrap();

        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let problem = Vault::open(dir.path()).unwrap_err();
        assert!(problem.why.contains("640") && problem.fix.contains("chmod 600"), "{problem}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, &before[..9]).unwrap();
        assert!(Vault::open(dir.path()).unwrap_err().why.contains("9 bytes"));
        assert_eq!(fs::read(&path).unwrap(), before[..9]);
    }

    #[test]
    fn of_two_who_make_the_key_at_once_both_use_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let vaults: Vec<_> = std::thread::scope(|scope| {
            let opening: Vec<_> = (0..8).map(|_| scope.spawn(|| Vault::open(dir.path()).unwrap())).collect();
            opening.into_iter().map(|vault| vault.join().unwrap()).collect()
        });
        let sealed = vaults[0].seal(&key("web"), "TOKEN", &Secret::new("same")).unwrap();
        for vault in &vaults {
            assert_eq!(vault.unseal(&key("web"), "TOKEN", &sealed).unwrap(), Secret::new("same"));
        }
    }
}
