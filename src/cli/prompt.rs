//! Asks for a secret: on a terminal without showing it, else one line of standard input each.

use std::io::{self, BufRead, IsTerminal, Write};

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, read};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use crate::model::{Problem, ProblemCode, Secret};

/// The value of a secret.
pub(super) fn secret(name: &str) -> Result<Secret, Problem> {
    let failed = |error: io::Error| {
        Problem::new(ProblemCode::Usage, "secret-not-given", format!("no value was given for the secret {name}"))
            .why(error)
            .fix(format!(
                "type it where it is asked for, or send it: `printf '%s\\n' VALUE | wharf deploy --secret {name}`"
            ))
    };
    let value = if io::stdin().is_terminal() { hidden(name) } else { line() }.map_err(failed)?;
    if value.is_empty() {
        return Err(failed(io::Error::new(io::ErrorKind::UnexpectedEof, "the line is empty")));
    }
    Ok(Secret::new(value))
}

fn line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Gives the terminal back as it was, whatever happens.
struct Raw;

impl Drop for Raw {
    fn drop(&mut self) {
        // There is nothing more that could be done for the terminal.
        let _ = disable_raw_mode();
        let _ = writeln!(io::stderr());
    }
}

fn hidden(name: &str) -> io::Result<String> {
    write!(io::stderr(), "{name} (not shown): ")?;
    io::stderr().flush()?;
    enable_raw_mode()?;
    let _raw = Raw;
    let mut value = String::new();
    loop {
        match read()? {
            Event::Key(key) if key.kind != KeyEventKind::Release => match key.code {
                KeyCode::Enter => return Ok(value),
                KeyCode::Backspace => {
                    value.pop();
                }
                KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                    return Err(io::Error::new(io::ErrorKind::Interrupted, "interrupted"));
                }
                KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => value.clear(),
                KeyCode::Char(letter) => value.push(letter),
                _ => {}
            },
            Event::Paste(text) => value.push_str(text.trim_end_matches(['\r', '\n'])),
            _ => {}
        }
    }
}
