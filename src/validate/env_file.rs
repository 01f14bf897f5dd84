//! `.env` files and their examples.

use std::collections::HashSet;

use super::{Faults, secrets::names_a_secret};

/// What placeholders hold.
const PLACEHOLDERS: [&str; 6] = ["change", "example", "placeholder", "your", "xxx", "<"];

/// From this length on a value of letters and digits is taken for a real secret.
const SUSPICIOUS: usize = 16;

pub(super) fn check(text: &str, faults: &mut Faults<'_>) {
    let mut seen: HashSet<&str> = HashSet::new();
    for (index, line) in text.lines().enumerate() {
        let (number, line) = (index + 1, line.trim());
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else {
            faults.add("env-syntax", number, "a line says NAME=value, or is a comment");
            continue;
        };
        let name = name.trim();
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            faults.add("env-syntax", number, format!("“{name}” is no name: use letters, digits and underscores"));
        } else if seen.contains(name) {
            faults.add("env-syntax", number, format!("{name} stands twice: the later value counts"));
        }
        seen.insert(name);
        let value = value.trim().trim_matches(['"', '\'']);
        let is_open = value.is_empty() || PLACEHOLDERS.iter().any(|word| value.to_ascii_lowercase().contains(word));
        if names_a_secret(name) && !is_open && value.len() >= SUSPICIOUS {
            let message = format!("{name} looks like a real secret in a file that everybody reads: put a placeholder");
            faults.add("secret-in-file", number, message);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use crate::validate::cases::Case;

    pub(in crate::validate) const CASES: &[Case] = &[Case {
        files: &[(".env.example", "# a\n\nA=1\nexport B='x y'\nDB_PASSWORD=change-me-before-anybody-sees\nTOKEN=\n")],
        breaks: &[
            ("A=1", "A", "env-syntax", 3),
            ("A=1", "1A=1", "env-syntax", 3),
            ("TOKEN=", "A=2", "env-syntax", 6),
            ("TOKEN=", "API_TOKEN=0123456789abcdef0123", "secret-in-file", 6),
        ],
    }];
}
