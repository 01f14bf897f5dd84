//! What can be known of a shell command before it runs.

use std::path::Path;

use crate::os::process::find_program;

/// Words that the shell itself understands.
const OF_THE_SHELL: &[&str] = &[
    ".", ":", "[", "alias", "bg", "break", "case", "cd", "command", "continue", "echo", "eval", "exec", "exit",
    "export", "false", "for", "function", "if", "kill", "local", "printf", "pwd", "read", "return", "set", "shift",
    "source", "test", "time", "times", "trap", "true", "type", "ulimit", "umask", "unset", "until", "wait", "while",
    "!", "{",
];

/// What ends a command or begins another.
const SEVERAL: &[char] = &[';', '&', '|', '<', '>', '(', ')', '\n', '`', '#'];

/// The program that a command begins with; none where only the shell can tell.
fn program(command: &str) -> Option<&str> {
    let first = command.split_whitespace().find(|word| !is_assignment(word))?;
    let plain = first.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-./+:@%".contains(letter));
    (plain && !OF_THE_SHELL.contains(&first)).then_some(first)
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    })
}

/// The program that a command needs first and that is nowhere to be found.
pub(super) fn missing_program(command: &str, path: &str, folder: &Path) -> Option<String> {
    let program = program(command)?;
    find_program(program, path.as_ref(), folder).is_none().then(|| program.to_owned())
}

/// The arguments that run a command. Where it is a single one, the shell makes room for it: signals reach it, and
/// its end is told as it was.
pub(super) fn arguments(command: &str) -> Vec<String> {
    let single = !command.contains(SEVERAL)
        && program(command).is_some()
        && !command.split_whitespace().next().is_some_and(is_assignment);
    let line = if single { format!("exec {}", command.trim()) } else { command.to_owned() };
    vec!["/bin/sh".to_owned(), "-c".to_owned(), line]
}

/// The program that the shell said it does not know, from a line of its output.
pub(super) fn unknown_program(line: &str) -> Option<&str> {
    // dash: `/bin/sh: 1: npm: not found`; bash: `sh: line 1: npm: command not found`.
    let before = line.strip_suffix(": command not found").or_else(|| line.strip_suffix(": not found"))?;
    before.rsplit(": ").next().filter(|program| !program.contains(char::is_whitespace) && !program.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_program_is_known_where_it_can_be() {
        assert_eq!(program("npm run build"), Some("npm"));
        assert_eq!(program("NODE_ENV=production A=b ./bin/app --port $PORT"), Some("./bin/app"));
        assert_eq!(program("cd web && npm ci"), None);
        assert_eq!(program("$HOME/bin/tool"), None);
        assert_eq!(program(""), None);
        let path = std::env::var("PATH").unwrap();
        assert_eq!(missing_program("sh -c true", &path, Path::new("/")), None);
        assert_eq!(missing_program("no-such-tool x", &path, Path::new("/")).as_deref(), Some("no-such-tool"));
    }

    #[test]
    fn only_a_single_command_takes_the_shells_place() {
        assert_eq!(arguments("node server.js --port $PORT")[2], "exec node server.js --port $PORT");
        for command in ["a && b", "A=b node x", "cd x; y", "node x > log", "while true; do x; done"] {
            assert_eq!(arguments(command)[2], command);
        }
    }

    #[test]
    fn the_shells_words_for_an_unknown_program_are_understood() {
        assert_eq!(unknown_program("/bin/sh: 1: npm: not found"), Some("npm"));
        assert_eq!(unknown_program("sh: line 1: pnpm: command not found"), Some("pnpm"));
        assert_eq!(unknown_program("Error: page not found"), None);
    }
}
