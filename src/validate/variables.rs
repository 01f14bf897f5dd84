//! Variables of a shell in a text: `$NAME`, `${NAME}`, `${NAME:-what holds where nobody sets it}`.

/// So deep what stands behind variables has variables itself.
const DEEPEST: usize = 8;

/// The text with what its variables say; those that nobody knows, and no default stands behind, stay as they are. `$$` is
/// no variable.
pub(super) fn filled(text: &str, known: &dyn Fn(&str) -> Option<String>) -> String {
    within(text, known, 0)
}

fn within(text: &str, known: &dyn Fn(&str) -> Option<String>, depth: usize) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        filled.push_str(before);
        let (whole, value) = if from.starts_with("$$") { ("$$".len(), None) } else { variable(from, known, depth) };
        filled.push_str(value.as_deref().unwrap_or(&from[..whole]));
        rest = &from[whole..];
    }
    filled + rest
}

/// How long the variable is that a text begins with, and what it says.
fn variable(from: &str, known: &dyn Fn(&str) -> Option<String>, depth: usize) -> (usize, Option<String>) {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let Some(braced) = from.strip_prefix("${") else {
        let length = from[1..].find(|c| !is_letter(c)).map_or(from.len(), |end| end + 1);
        return (length, known(&from[1..length]).filter(|_| length > 1));
    };
    let Some(end) = closing(braced) else { return (2, None) };
    let inner = &braced[..end];
    let name = inner.find(|c| !is_letter(c)).unwrap_or(inner.len());
    let (name, operation) = inner.split_at(name);
    let usual = operation.strip_prefix(":-").or_else(|| operation.strip_prefix('-'));
    let is_its_own = !operation.starts_with([':', '+']) || usual.is_some() || operation.starts_with(":?");
    let own = known(name).filter(|own| is_its_own && !own.is_empty());
    let usual = || usual.map(|usual| if depth < DEEPEST { within(usual, known, depth + 1) } else { usual.to_owned() });
    ("${}".len() + end, own.or_else(usual))
}

/// Where the brace is closed that stands before a text, on the same line.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => open += 1,
            '}' if open == 0 => return Some(at),
            '}' => open -= 1,
            '\n' => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn variables_say_what_is_known_of_them() {
        let known = |name: &str| (name == "A").then(|| "1".to_owned());
        for (text, wanted) in [
            ("$A-${A}", "1-1"),
            ("${A:-2} ${B:-2} ${B-3} ${B:-${A}}", "1 2 3 1"),
            ("${B} $B ${A:?why} ${A:+x} ${B:?no}", "${B} $B 1 ${A:+x} ${B:?no}"),
            ("$$A $${A} ${A", "$$A $${A} ${A"),
            ("${{ A }} $(A) $", "${{ A }} $(A) $"),
        ] {
            assert_eq!(filled(text, &known), wanted, "{text}");
        }
        let deep = format!("{}x{}", "${B:-".repeat(500), "}".repeat(500));
        assert!(filled(&deep, &known).len() < deep.len());
    }
}
