//! Templates of a chart of Helm. What Helm is to read as an action is told apart from everything else, whatever a project
//! brings along: actions are put between two marks that no filter lets through, and all braces that are left are text.

use minijinja::{Environment, Error, ErrorKind, Value};

/// What stands for the beginning and the end of an action until the file is whole.
const MARKS: [char; 2] = ['\u{1}', '\u{2}'];

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_function("helm", action);
    environment.add_filter("helm_key", key);
}

/// An action: `.Values.name` becomes `{{ .Values.name }}`, `- end` becomes `{{- end }}`.
fn action(text: &str) -> Result<Value, Error> {
    if text.contains(|c: char| c.is_control()) || text.contains("{{") || text.contains("}}") {
        return Err(Error::new(ErrorKind::BadEscape, format!("{text:?} is no action of Helm")));
    }
    let [begin, end] = MARKS;
    let (before, after) = (if text.starts_with("- ") { "" } else { " " }, if text.ends_with(" -") { "" } else { " " });
    Ok(Value::from_safe_string(format!("{begin}{before}{text}{after}{end}")))
}

/// Whether a file is a template of a chart.
pub(super) fn is_template(path: &str) -> bool {
    path.split('/').any(|folder| folder == "helm") && path.contains("/templates/")
}

/// The file as Helm reads it: actions are what was marked as such, and other braces are printed as they are.
pub(super) fn written(content: &str) -> String {
    let [begin, end] = MARKS;
    let mut written = String::with_capacity(content.len() + 64);
    let mut letters = content.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            letter if letter == begin => written.push_str("{{"),
            letter if letter == end => written.push_str("}}"),
            '{' => {
                let mut braces = String::from(letter);
                while letters.next_if_eq(&'{').is_some() {
                    braces.push('{');
                }
                if braces.len() > 1 || letters.peek() == Some(&begin) {
                    braces = format!("{{{{ \"{braces}\" }}}}");
                }
                written.push_str(&braces);
            }
            letter => written.push(letter),
        }
    }
    written
}

/// A name of small letters, digits and hyphens as a key of values: `my-app` becomes `myApp`, and no two become one.
fn key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    let mut letters = name.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '-' => match letters.next() {
                Some(next) if next.is_ascii_alphabetic() => key.push(next.to_ascii_uppercase()),
                next => key.extend(std::iter::once('_').chain(next)),
            },
            letter => key.push(letter),
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_marked_is_an_action() {
        let marked = action(".Values.a").unwrap().to_string() + &action("- end -").unwrap().to_string();
        assert_eq!(written(&marked), "{{ .Values.a }}{{- end -}}");
        let text = "a {{ .Values.b }} {{- fail \"x\" }} {{{ } {x} }}";
        assert_eq!(written(text), "a {{ \"{{\" }} .Values.b }} {{ \"{{\" }}- fail \"x\" }} {{ \"{{{\" }} } {x} }}");
        assert_eq!(written(&format!("{{{marked}")), "{{ \"{\" }}{{ .Values.a }}{{- end -}}");
        for bad in ["a }} {{ b", "a\nb", "a\u{2}b"] {
            assert!(action(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_name_is_a_key_of_its_own() {
        assert_eq!(["api", "my-app", "a-1b", "a1b"].map(key), ["api", "myApp", "a_1b", "a1b"]);
    }

    #[test]
    fn templates_are_told_by_where_they_lie() {
        assert!(is_template("k8s/helm/shop/templates/NOTES.txt"));
        assert!(!is_template("k8s/helm/shop/values.yaml") && !is_template("app/templates/index.html"));
    }
}
