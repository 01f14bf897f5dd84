//! `.dockerignore`: history and secrets stay out of images.

use super::Faults;

pub(super) fn check(text: &str, faults: &mut Faults<'_>) {
    let patterns: Vec<&str> =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    for (wanted, why) in [(".git", "the whole history"), (".env", "secrets")] {
        let covers = |pattern: &&str| {
            let pattern = pattern
                .trim_start_matches("./")
                .trim_start_matches('/')
                .trim_start_matches("**/")
                .trim_end_matches('/');
            pattern == wanted || pattern == "*" || pattern == ".*" || pattern == format!("{wanted}*")
        };
        if !patterns.iter().any(covers) {
            faults.add("ignore-list", None, format!("it does not name {wanted}: {why} would go into the image"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::check;

    #[test]
    fn history_and_secrets_must_be_named() {
        assert_eq!(check(".dockerignore", ".git\n**/.env\n").len(), 0);
        assert_eq!(check(".dockerignore", "*\n!src\n").len(), 0);
        assert_eq!(check(".dockerignore", "# .git\n.env*\n").len(), 1);
    }
}
