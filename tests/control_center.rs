//! The control center in a terminal, as a person uses it.

use std::fs;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::app::{App, IMAGE, LAST_WORDS};
use crate::support::pty::Pty;
use crate::support::wharf::Wharf;
use crate::support::{self, docker};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (140, 45);
const ESCAPE: &str = "\x1b";

/// A control center on an empty folder.
fn empty(wharf: &Wharf, size: (u16, u16), env: &[(&str, &str)]) -> Pty {
    let folder = wharf.path("empty");
    fs::create_dir_all(&folder).unwrap();
    Pty::open(wharf, &folder, size, env)
}

#[test]
fn leaves_the_terminal_as_it_was() {
    let wharf = Wharf::new();
    for keys in ["q", "\x03", "?\x03", "a\x03"] {
        let mut pty = empty(&wharf, SMALL, &[]);
        pty.shows("Projects");
        pty.press(keys);
        let (status, is_clean) = pty.ended();
        assert!(status.success() && is_clean, "{keys:?}: {status:?}");
    }
}

#[test]
fn signals_leave_the_terminal_as_it_was() {
    let wharf = Wharf::new();
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let pty = empty(&wharf, SMALL, &[]);
        pty.shows("Projects");
        kill_process(Pid::from_raw(pty.pid().cast_signed()).unwrap(), signal).unwrap();
        let (_, is_clean) = pty.ended();
        assert!(is_clean, "{signal:?}");
    }
}

#[test]
fn follows_the_size_of_the_terminal() {
    let wharf = Wharf::new();
    let mut pty = empty(&wharf, SMALL, &[]);
    pty.shows("1 Stack");
    pty.resize((50, 10));
    pty.shows("Make it larger");
    for width in 60..160 {
        pty.resize((width, 20 + width % 30));
    }
    pty.resize(LARGE);
    pty.shows_no("Make it larger");
    pty.shows("4 Logs");
    pty.press("?");
    pty.shows("Everywhere");
    pty.press(ESCAPE);
    pty.shows_no("Everywhere");
    pty.press("q");
    assert!(pty.ended().1);
}

#[test]
fn garbage_as_input_breaks_nothing() {
    let wharf = Wharf::new();
    let mut pty = empty(&wharf, SMALL, &[]);
    pty.shows("Projects");
    for garbage in
        ["\x1b[", "\x1b[<0;", "\u{9b}999;999R", "\x1b]0;x", "\x1b[200~pasted\x1b[201~", "\x1bP", "日本", "\0\x01\x02"]
    {
        pty.press(garbage);
    }
    pty.press("\x1b\x1b\x1b");
    pty.resize(LARGE);
    pty.shows("4 Logs");
    pty.press("\x03");
    assert!(pty.ended().1);
}

#[test]
fn no_color_is_honoured() {
    let wharf = Wharf::new();
    let mut pty = empty(&wharf, LARGE, &[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]);
    pty.shows("4 Logs");
    assert!(!pty.has_colour());
    pty.press("q");
    assert!(pty.ended().1);
}

#[test]
fn a_plain_locale_gets_plain_characters() {
    let wharf = Wharf::new();
    let mut pty = empty(&wharf, LARGE, &[("LANG", "C"), ("LC_CTYPE", "C")]);
    pty.shows("4 Logs");
    assert!(pty.raw().is_ascii());
    pty.press("q");
    assert!(pty.ended().1);
}

#[test]
fn from_start_to_healthy_on_docker() {
    if docker::ready(&[IMAGE]) {
        whole_life("docker", &[]);
    }
}

#[test]
fn from_start_to_healthy_without_docker() {
    if Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success()) {
        whole_life("process", &[("DOCKER_HOST", "unix:///nowhere/docker.sock")]);
    } else {
        support::skip("no node on this machine");
    }
}

/// Detected, deployed, watched, broken, explained, mended, stopped and deleted, all with the keyboard.
fn whole_life(target: &str, env: &[(&str, &str)]) {
    let wharf = Wharf::new();
    let app = App::create(&wharf.path("tides"));
    let mut pty = Pty::open(&wharf, &app.0, LARGE, env);
    pty.shows("node server.js");
    pty.shows("not deployed");
    let deploy = |pty: &mut Pty| {
        pty.press("d");
        if target == "process" {
            pty.shows("Docker does not answer");
            pty.press("y");
        }
    };
    deploy(&mut pty);
    pty.shows("is healthy at http://");
    pty.press("4");
    pty.shows("version 1 listens");
    pty.press("5");
    pty.shows("takes connections");
    app.breaks();
    pty.press("d");
    pty.press("6");
    pty.shows("The step “health” failed");
    pty.shows("still serves and answers");
    pty.shows(LAST_WORDS);
    app.becomes(2);
    pty.press("d");
    pty.shows("is healthy at http://");
    pty.press("s");
    pty.shows("Stop tides in development");
    pty.press("y");
    pty.shows("stopped");
    pty.press("x");
    pty.shows("is removed");
    pty.press("y");
    pty.shows("not deployed");
    pty.press("q");
    assert!(pty.ended().1);
}
