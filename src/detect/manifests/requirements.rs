//! `requirements.txt`, and the requirement strings of other Python manifests.

/// A requirement: the name as registries compare it, and what is asked of the version.
pub(in crate::detect) struct Requirement {
    pub name: String,
    pub asked: Option<String>,
    /// The parts of it that are asked for, as in `fastapi[standard]`.
    pub extras: Vec<String>,
}

/// Reads one requirement: `Django[argon2]>=5.2,<6 ; python_version >= "3.9"`.
pub(in crate::detect) fn requirement(text: &str) -> Option<Requirement> {
    let text = text.split(" #").next()?.split(';').next()?.trim();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let name = normalized(name);
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let rest = rest.trim_start();
    let (extras, rest) = match rest.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
        Some((extras, rest)) => (extras.split(',').map(|extra| extra.trim().to_owned()).collect(), rest),
        None => (Vec::new(), rest),
    };
    let asked = rest.trim().trim_matches(['(', ')']).trim();
    let asked =
        (!asked.is_empty() && !asked.starts_with('@')).then(|| asked.strip_prefix("==").unwrap_or(asked).to_owned());
    Some(Requirement { name, asked, extras })
}

/// The name as registries compare it: `Flask_SQLAlchemy` is `flask-sqlalchemy`.
pub(in crate::detect) fn normalized(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

/// A line of a `requirements.txt`.
pub(in crate::detect) enum Line<'t> {
    /// A requirement.
    Package(Requirement),
    /// What only other packages need, as a compiled list notes: `# via flask`.
    Pinned(Requirement),
    /// Another file to be read, relative to this one.
    Include(&'t str),
    /// A file that only bounds versions, relative to this one.
    Constraints(&'t str),
}

/// The lines of a `requirements.txt`; options and addresses are left out.
pub(in crate::detect) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let all: Vec<&str> = text.lines().map(str::trim).collect();
    (0..all.len()).filter_map(move |number| {
        let line = all[number];
        if line.starts_with('#') {
            return None;
        }
        let named = |short: &str, long: &str| {
            let rest = line.strip_prefix(long).or_else(|| line.strip_prefix(short))?;
            Some(rest.split(" #").next()?.trim_start_matches(['=', ' ']).trim())
        };
        if let Some(file) = named("-r", "--requirement") {
            return Some(Line::Include(file));
        }
        if let Some(file) = named("-c", "--constraint") {
            return Some(Line::Constraints(file));
        }
        if let Some((_, egg)) = line.split_once("#egg=") {
            return requirement(egg).map(Line::Package);
        }
        if line.starts_with('-') || line.contains("://") {
            return None;
        }
        let read = requirement(line)?;
        Some(if is_brought_along(line, &all[number + 1..]) { Line::Pinned(read) } else { Line::Package(read) })
    })
}

/// Whether the comments of a compiled list, on the line or right below it, name only packages that need this one. What
/// the project itself asks for has a file there: `# via -r requirements.in`.
fn is_brought_along(line: &str, below: &[&str]) -> bool {
    let hashes = below.iter().skip_while(|next| next.starts_with("--hash")).take_while(|next| next.starts_with('#'));
    let beside = line.split_once(" #").map(|(_, comment)| comment);
    let comments = beside.into_iter().chain(hashes.map(|next| &next[1..])).map(str::trim);
    let mut via = comments.skip_while(|comment| !comment.starts_with("via")).peekable();
    let own = |comment: &str| {
        let needs = comment.trim_start_matches("via").trim_start();
        needs.starts_with("-r") || needs.starts_with("-c") || needs.contains('(')
    };
    via.peek().is_some() && !via.any(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_as_people_write_them() {
        let cases = [
            ("Django==5.2", "django", Some("5.2")),
            ("uvicorn[standard]>=0.34", "uvicorn", Some(">=0.34")),
            ("python-dotenv==1.1.0 ; python_version >= \"3.9\"", "python-dotenv", Some("1.1.0")),
            ("redis>=5.2,<6  # for the cache", "redis", Some(">=5.2,<6")),
            ("Flask_SQLAlchemy", "flask-sqlalchemy", None),
            ("pkg @ https://example.com/x.whl", "pkg", None),
        ];
        for (text, name, asked) in cases {
            let read = requirement(text).unwrap();
            assert_eq!((read.name.as_str(), read.asked.as_deref()), (name, asked), "{text}");
        }
        assert!(requirement("").is_none());
    }

    #[test]
    fn a_compiled_list_tells_what_the_project_asks_for() {
        let text = "click==8.3.0\n    # via flask\nflask==3.1.3 \\\n    --hash=sha256:aa\n    # via\n    #   flask-cors\n    \
            #   -r requirements.in\nblinker==1.9.0  # via flask\ngevent==25.9.1\n    # via shop (pyproject.toml)\n# a note\n\
            plain==1\n";
        let (mut own, mut brought) = (Vec::new(), Vec::new());
        for line in lines(text) {
            match line {
                Line::Package(read) => own.push(read.name),
                Line::Pinned(read) => brought.push(read.name),
                Line::Include(_) | Line::Constraints(_) => {}
            }
        }
        assert_eq!(own, ["flask", "gevent", "plain"]);
        assert_eq!(brought, ["click", "blinker"]);
    }
}
