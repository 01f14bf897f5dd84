//! What the commands of an image leave in it: secrets, users that are root by another name, and ways to become root.

use super::Instruction;
use crate::validate::Faults;
use crate::validate::commands;
use crate::validate::written;

/// Tells of secrets that an instruction writes out.
pub(super) fn secrets(instruction: &Instruction, faults: &mut Faults<'_>) {
    for written in written::in_commands(&instruction.rest) {
        tell(&written.name, instruction.line, faults);
    }
    for (line, text) in &instruction.documents {
        for written in written::in_settings(text) {
            tell(&written.name, line + written.line, faults);
        }
    }
}

fn tell(name: &str, line: usize, faults: &mut Faults<'_>) {
    let message =
        format!("the value of {name} stays in the image for everybody to read: --mount=type=secret, or at start");
    faults.add("secret-in-image", line, message);
}

/// What a command runs, with the texts that it is handed.
fn texts(instruction: &Instruction) -> impl Iterator<Item = &str> {
    [instruction.rest.as_str()].into_iter().chain(instruction.documents.iter().map(|(_, text)| text.as_str()))
}

/// Users that a command makes root by another name.
pub(super) fn roots(instruction: &Instruction) -> Vec<String> {
    let of = |text| {
        commands::read(text).into_iter().filter_map(|command| {
            let makes = ["useradd", "adduser", "usermod"].contains(&command.words.first()?.as_str());
            let is_root = command.flag(&["-u", "--uid"]).any(|id| id.parse() == Ok(0_u64))
                || command.words.iter().any(|word| matches!(word.as_str(), "-u0" | "-ou0"));
            let mut names = command.words.iter().skip(1).rev().filter(|word| !word.starts_with('-'));
            (makes && is_root).then(|| names.next().cloned()).flatten()
        })
    };
    texts(instruction).flat_map(of).collect()
}

/// Whether a command lets somebody be root without a password, for everything.
pub(super) fn gives_root(instruction: &Instruction) -> bool {
    texts(instruction).any(|text| {
        let text = text.replace(' ', "");
        text.contains("NOPASSWD:ALL")
    })
}
