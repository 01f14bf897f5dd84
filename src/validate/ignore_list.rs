//! `.dockerignore`: history and secrets stay out of images.

use super::Faults;
use crate::model::dockerignore::Ignore;

pub(super) fn check(text: &str, faults: &mut Faults<'_>) {
    let patterns: Vec<&str> =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let list = Ignore::parse(text);
    for (wanted, why) in [(".git", "the whole history"), (".env", "secrets")] {
        let covers = |pattern: &&str| {
            let pattern = pattern
                .trim_start_matches("./")
                .trim_start_matches('/')
                .trim_start_matches("**/")
                .trim_end_matches('/');
            pattern == wanted || matches!(pattern, "*" | "**") || pattern == ".*" || pattern == format!("{wanted}*")
        };
        if !patterns.iter().any(covers) {
            faults.add("ignore-list", None, format!("it does not name {wanted}: {why} would go into the image"));
        } else if list.as_ref().is_ok_and(|list| !list.is_ignored(wanted)) {
            let back = text.lines().zip(1..).filter(|(line, _)| line.trim().starts_with('!')).last().map(|(_, at)| at);
            faults.add("ignore-list", back, format!("it takes {wanted} in again: {why} would go into the image"));
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use crate::validate::cases::Case;

    pub(in crate::validate) const CASES: &[Case] = &[
        Case {
            files: &[(".dockerignore", ".git\n**/.env\n")],
            breaks: &[
                (".git", "# .git", "ignore-list", 0),
                (".env", ".venv", "ignore-list", 0),
                (".env", ".env\n!**/.en?", "ignore-list", 3),
                (".git\n", ".git\n!.git\n", "ignore-list", 2),
            ],
        },
        Case {
            files: &[("api/Dockerfile.dockerignore", "**\n!src\n")],
            breaks: &[("**\n", ".env*\n", "ignore-list", 0)],
        },
    ];
}
