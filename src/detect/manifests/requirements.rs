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
    /// Another file to be read, relative to this one.
    Include(&'t str),
}

/// The lines of a `requirements.txt`; options and addresses are left out.
pub(in crate::detect) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.lines().map(str::trim).filter(|line| !line.starts_with('#')).filter_map(|line| {
        if let Some(file) = line.strip_prefix("-r").or_else(|| line.strip_prefix("--requirement")) {
            return Some(Line::Include(file.trim_start_matches(['=', ' ']).trim()));
        }
        if let Some((_, egg)) = line.split_once("#egg=") {
            return requirement(egg).map(Line::Package);
        }
        (!line.starts_with('-') && !line.contains("://")).then(|| requirement(line).map(Line::Package))?
    })
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
}
