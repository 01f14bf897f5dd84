//! Who listens on a port of this machine, where the system tells (Linux: `/proc`, see proc(5)).

use std::collections::HashMap;
use std::fmt;
use std::fs;

/// The state of a socket that listens, as `/proc/net/tcp` writes it.
const LISTENS: &str = "0A";

/// A program that listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its process; null where this account may not see it.
    pub pid: Option<u32>,
    /// What the process is called; empty where it is not seen.
    pub name: String,
    /// The number of the account that it belongs to.
    pub account: u32,
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "{} (process {pid})", self.name),
            None => write!(f, "a program of the account {}", self.account),
        }
    }
}

/// Who listens on a port, on whichever address; nobody where the system does not tell.
#[must_use]
pub fn on(port: u16) -> Vec<Listener> {
    let mut sockets: HashMap<String, u32> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| table.lines().filter_map(|line| listening(line, port)).collect::<Vec<_>>())
        .map(|(inode, account)| (format!("socket:[{inode}]"), account))
        .collect();
    if sockets.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut seen = Vec::new();
    for pid in processes() {
        let Some(socket) = held(pid, &sockets) else { continue };
        found.push(Listener { pid: Some(pid), name: name(pid), account: sockets[&socket] });
        seen.push(socket);
    }
    sockets.retain(|socket, _| !seen.contains(socket));
    found.extend(sockets.into_values().map(|account| Listener { pid: None, name: String::new(), account }));
    found
}

/// Whether a process is another or was started by it or by those below it.
#[must_use]
pub fn is_below(pid: u32, other: u32) -> bool {
    let mut at = pid;
    // A process may end while its line is followed: then there is no way further.
    while at != other {
        match parent(at) {
            Some(above) if above > 1 => at = above,
            _ => return false,
        }
    }
    true
}

/// The inode and account of the socket that a line of the table tells of, if it listens on the port.
fn listening(line: &str, port: u16) -> Option<(String, u32)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (_, at) = fields.get(1)?.rsplit_once(':')?;
    let is_it = *fields.get(3)? == LISTENS && u16::from_str_radix(at, 16) == Ok(port);
    let (account, inode) = (fields.get(7)?.parse().ok()?, (*fields.get(9)?).to_owned());
    is_it.then_some((inode, account))
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The first of the sockets that a process has open.
fn held(pid: u32, sockets: &HashMap<String, u32>) -> Option<String> {
    let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    open.filter_map(|file| fs::read_link(file.path()).ok()?.into_os_string().into_string().ok())
        .find(|aim| sockets.contains_key(aim))
}

fn name(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned()
}

/// The process that started another; the name in the line may hold anything, also brackets.
fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

    use super::*;

    #[test]
    fn who_listens_is_named() {
        let own = std::process::id();
        for address in [Ipv4Addr::LOCALHOST.into(), std::net::IpAddr::V6(Ipv6Addr::LOCALHOST)] {
            let Ok(listener) = TcpListener::bind((address, 0)) else { continue };
            let port = listener.local_addr().unwrap().port();
            let found = on(port);
            assert!(found.iter().any(|one| one.pid == Some(own) && !one.name.is_empty()), "{found:?}");
            assert!(found[0].to_string().contains(&own.to_string()));
            drop(listener);
            assert!(on(port).iter().all(|one| one.pid != Some(own)));
        }
    }

    #[test]
    fn a_line_of_the_table_is_understood() {
        let line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 48213 1";
        assert_eq!(listening(line, 8080), Some(("48213".to_owned(), 1000)));
        assert_eq!(listening(line, 8081), None);
        assert_eq!(listening(&line.replace(" 0A ", " 01 "), 8080), None);
        assert_eq!(listening("  sl  local_address rem_address   st", 8080), None);
    }

    #[test]
    fn children_are_below_their_parents() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let own = std::process::id();
        assert!(is_below(child.id(), own) && is_below(own, own) && !is_below(own, child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
