//! The engine as a process: one a data folder, private, told who asks, ending politely.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::wharf::Wharf;

fn socket(wharf: &Wharf) -> PathBuf {
    wharf.data_dir().join("engine.sock")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn pid(wharf: &Wharf) -> u64 {
    wharf.json(&["engine", "status"])["pid"].as_u64().unwrap()
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// What the engine's log files say.
fn log(wharf: &Wharf) -> String {
    let folder = wharf.data_dir().join("logs/engine");
    fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

/// Runs an engine in the foreground and returns when it says that it answers.
fn foreground(wharf: &Wharf) -> Child {
    let mut child = wharf.spawn(&["engine", "run"]);
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let answers = lines.any(|line| line.unwrap().contains("the engine answers"));
    assert!(answers, "the engine ended before it answered");
    // The rest has to be read, or the engine would wait for it.
    std::thread::spawn(move || lines.for_each(drop));
    child
}

#[test]
fn many_starters_at_once_start_one_engine() {
    let wharf = Wharf::new();
    let starters: Vec<Child> = (0..8).map(|_| wharf.spawn(&["engine", "start", "--json"])).collect();
    let mut pids: Vec<u64> = starters
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["pid"].as_u64().unwrap()
        })
        .collect();
    pids.dedup();
    assert_eq!(pids, [pid(&wharf)]);
}

#[test]
fn the_first_command_that_needs_it_starts_it_and_stop_ends_it() {
    let wharf = Wharf::new();
    wharf.run(&["engine", "status"]).exits(4);
    wharf.run(&["list"]).exits(0);
    let first = pid(&wharf);
    wharf.run(&["engine", "stop"]).exits(0);
    wharf.run(&["engine", "status"]).exits(4);
    wharf.run(&["engine", "stop"]).exits(4);
    assert!(wharf.engine_pid().is_none());
    assert!(log(&wharf).contains("the engine has stopped"));
    wharf.run(&["projects", "list"]).exits(0);
    assert_ne!(pid(&wharf), first);
}

#[test]
fn all_that_it_makes_is_private() {
    let wharf = Wharf::new();
    fs::create_dir_all(wharf.data_dir()).unwrap();
    fs::set_permissions(wharf.data_dir(), fs::Permissions::from_mode(0o755)).unwrap();
    wharf.run(&["engine", "start"]).exits(0);
    assert_eq!(mode(&socket(&wharf)), 0o600);
    for folder in ["", "run", "logs", "logs/engine", "state", "sources", "deployments"] {
        assert_eq!(mode(&wharf.data_dir().join(folder)), 0o700, "{folder}");
    }
    assert_eq!(mode(&wharf.data_dir().join("run/engine.lock")), 0o600);
    assert_eq!(mode(&wharf.data_dir().join("secrets.key")), 0o600);
}

#[test]
fn a_second_engine_says_who_has_the_folder() {
    let wharf = Wharf::new();
    wharf.run(&["engine", "start"]).exits(0);
    let second = wharf.run(&["engine", "run"]).exits(5);
    assert!(second.stderr.contains("another engine runs for this data folder"), "{}", second.stderr);
    assert!(second.stderr.contains(&format!("process {}", pid(&wharf))), "{}", second.stderr);
}

#[test]
fn what_a_killed_engine_left_is_in_nobodys_way() {
    let wharf = Wharf::new();
    wharf.run(&["engine", "start"]).exits(0);
    let first = pid(&wharf);
    wharf.kill_engine();
    assert!(socket(&wharf).exists(), "a killed engine cannot remove its socket");
    wharf.run(&["engine", "status"]).exits(4);
    wharf.run(&["list"]).exits(0);
    assert_ne!(pid(&wharf), first);
}

#[test]
fn a_polite_signal_ends_it_politely() {
    for polite in [Signal::TERM, Signal::INT] {
        let wharf = Wharf::new();
        let mut engine = foreground(&wharf);
        assert_eq!(pid(&wharf), u64::from(engine.id()));
        signal(&engine, Signal::HUP);
        assert_eq!(pid(&wharf), u64::from(engine.id()), "a terminal that goes away ends no engine");
        signal(&engine, polite);
        assert!(engine.wait().unwrap().success());
        assert!(!socket(&wharf).exists());
        assert!(log(&wharf).contains("the engine has stopped"));
    }
}

#[test]
fn streams_are_closed_with_the_word_that_it_stops() {
    let wharf = Wharf::new();
    let mut engine = foreground(&wharf);
    let mut stream = UnixStream::connect(socket(&wharf)).unwrap();
    write!(
        stream,
        "GET /api/events HTTP/1.1\r\nHost: wharf\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 101");
    signal(&engine, Signal::TERM);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    // A close frame (RFC 6455, 5.5.1): its code, then its reason.
    let close = [&1001_u16.to_be_bytes()[..], b"the engine stops"].concat();
    assert!(rest.ends_with(&close), "{:?}", String::from_utf8_lossy(&rest));
    assert!(engine.wait().unwrap().success());
}

#[test]
fn an_engine_of_another_version_is_named_with_the_way_out() {
    let wharf = Wharf::new();
    fs::create_dir_all(wharf.data_dir()).unwrap();
    let listener = UnixListener::bind(socket(&wharf)).unwrap();
    let other = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let body = r#"{"api":999,"version":"9.9.9","pid":4242,"something":"new"}"#;
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        lines.by_ref().map_while(Result::ok).find(String::is_empty);
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    });
    let refused = wharf.run(&["list"]).exits(5);
    other.join().unwrap();
    for word in ["API 1", "9.9.9", "API 999", "4242", "wharf engine stop"] {
        assert!(refused.stderr.contains(word), "no “{word}” in {}", refused.stderr);
    }
}

#[test]
fn why_it_does_not_start_is_told_to_who_asked() {
    let wharf = Wharf::new();
    let refused = wharf.command(["list"]).env("WHARF_LOG", "[").output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(told.contains("WHARF_LOG says “[”"), "{told}");
    fs::remove_dir_all(wharf.data_dir()).unwrap();
    fs::write(wharf.data_dir(), "").unwrap();
    let refused = wharf.run(&["list"]);
    assert!(refused.stderr.contains("cannot be used"), "{}", refused.stderr);
    fs::remove_file(wharf.data_dir()).unwrap();
}

#[test]
fn a_client_that_is_killed_changes_nothing() {
    let wharf = Wharf::new();
    wharf.run(&["engine", "start"]).exits(0);
    let before = pid(&wharf);
    let project = wharf.copy("demos/static", "site");
    wharf.run(&["projects", "add", project.to_str().unwrap()]).exits(0);
    let mut client = wharf
        .command(["deploy", "site", "--target", "process", "--json-stream"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(client.stdout.take().unwrap()).read_line(&mut first).unwrap();
    client.kill().unwrap();
    client.wait().unwrap();
    assert!(first.starts_with('{'), "{first}");
    // Deployments of one app run one after the other: when the second is over, so is the one that nobody watched.
    wharf.run(&["deploy", "site", "--target", "process", "--json"]).exits(0);
    let releases = wharf.json(&["rollback", "site", "--list"]);
    assert_eq!(releases[0]["releases"].as_array().unwrap().len(), 2, "{releases}");
    assert_eq!(pid(&wharf), before);
}

#[test]
fn old_log_files_are_removed() {
    let wharf = Wharf::new();
    let folder = wharf.data_dir().join("logs/engine");
    fs::create_dir_all(&folder).unwrap();
    for day in 1..=28 {
        fs::write(folder.join(format!("engine.2020-01-{day:02}.log")), "old\n").unwrap();
    }
    wharf.run(&["engine", "start"]).exits(0);
    let kept = fs::read_dir(&folder).unwrap().count();
    assert!((1..=14).contains(&kept), "{kept} files");
    assert!(log(&wharf).contains("the engine answers"));
}

#[test]
fn the_api_says_what_is_wrong_with_a_method_and_needs_no_body_to_roll_back() {
    let wharf = Wharf::new();
    wharf.copy("demos/static", "site");
    for _ in 0..2 {
        wharf.run(&["deploy", "./site", "--target", "process"]).exits(0);
    }
    let newest = wharf.json(&["list"])["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/deployments/rollback/{newest}");
    let (head, body) = ask(&wharf, "GET", &path);
    assert!(head.starts_with("HTTP/1.1 405") && head.to_lowercase().contains("allow: post"), "{head}");
    assert_eq!(body["cause"], "no-such-method");
    let (head, body) = ask(&wharf, "POST", &path);
    assert!(head.starts_with("HTTP/1.1 200"), "{head}\n{body}");
    assert_eq!(body["action"]["rollback"]["release"], 1, "{body}");
    wharf.run(&["cancel", body["id"].as_str().unwrap()]);
}

/// One request without a body: the answer's head, and its body.
fn ask(wharf: &Wharf, method: &str, path: &str) -> (String, serde_json::Value) {
    let mut stream = UnixStream::connect(socket(wharf)).unwrap();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: wharf\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}")))
}
