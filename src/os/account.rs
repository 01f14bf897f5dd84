//! The names of the machine's accounts.

use std::collections::HashMap;
use std::fs;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// Names that were looked up, by number; a machine's accounts hardly ever change.
static KNOWN: Mutex<Option<HashMap<u32, String>>> = Mutex::new(None);

/// The name of an account; its number where it has none. Looked up once in the life of the process.
#[must_use]
pub fn name(uid: u32) -> String {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    known.entry(uid).or_insert_with(|| look_up(uid)).clone()
}

fn look_up(uid: u32) -> String {
    let listed = fs::read_to_string("/etc/passwd").ok().and_then(|passwd| in_passwd(&passwd, uid));
    listed.or_else(|| from_directory(uid)).unwrap_or_else(|| uid.to_string())
}

fn in_passwd(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// Accounts of a directory service stand in no file; the system's own command knows them.
fn from_directory(uid: u32) -> Option<String> {
    let output = Command::new("id").args(["-un", &uid.to_string()]).output().ok()?;
    let name = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_the_list() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbroken\n";
        assert_eq!(in_passwd(passwd, 1000).as_deref(), Some("ann"));
        assert_eq!(in_passwd(passwd, 7), None);
        assert_eq!(name(u32::MAX - 7), (u32::MAX - 7).to_string());
    }
}
