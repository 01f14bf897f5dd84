//! Expressions of GitHub Actions (docs.github.com, “Evaluate expressions in workflows and actions”).

/// So deep brackets stand in each other at most.
const DEEPEST: usize = 50;

const FUNCTIONS: [&str; 13] = [
    "always",
    "cancelled",
    "case",
    "contains",
    "endswith",
    "failure",
    "format",
    "fromjson",
    "hashfiles",
    "join",
    "startswith",
    "success",
    "tojson",
];

/// What stands in the `${{ }}` of a text, with where it begins; or where one is that does not end.
pub(super) fn embedded(text: &str) -> Result<Vec<(usize, &str)>, usize> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find("${{").map(|at| from + at) {
        let inner = &text[start + 3..];
        let end = end(inner).ok_or(start)?;
        found.push((start, &inner[..end]));
        from = start + 3 + end + 2;
    }
    Ok(found)
}

/// Where the `}}` of an expression stands that is in no text of it.
fn end(inner: &str) -> Option<usize> {
    let mut is_text = false;
    let bytes = inner.as_bytes();
    (0..bytes.len()).find(|index| {
        is_text ^= bytes[*index] == b'\'';
        !is_text && bytes[*index..].starts_with(b"}}")
    })
}

/// The contexts that an expression uses, each as the names on the way to its value in lower case; `*` is any.
pub(super) fn contexts(text: &str) -> Result<Vec<Vec<String>>, String> {
    Ok(read(text)?.into_iter().map(|found| found.path).collect())
}

/// Those whose values an expression can come to: what is only compared, negated or asked for is none.
pub(super) fn told(text: &str) -> Vec<Vec<String>> {
    read(text).unwrap_or_default().into_iter().filter(|found| found.is_told).map(|found| found.path).collect()
}

fn read(text: &str) -> Result<Vec<Found>, String> {
    let mut reader = Reader { rest: text.trim_start(), depth: 0, found: Vec::new() };
    reader.expression()?;
    if reader.rest.is_empty() { Ok(reader.found) } else { Err(reader.unexpected()) }
}

/// A context in an expression.
struct Found {
    path: Vec<String>,
    /// Whether its value can be the expression's.
    is_told: bool,
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
    found: Vec<Found>,
}

const COMPARED: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];

/// Functions that answer yes or no, whatever they are called with; a hash says nothing of what it is made from.
const ANSWERS: [&str; 4] = ["contains", "endswith", "hashfiles", "startswith"];

impl<'a> Reader<'a> {
    /// Of what was found from there on, only the truth is asked.
    fn asked(&mut self, from: usize) {
        self.found[from..].iter_mut().for_each(|found| found.is_told = false);
    }

    fn unexpected(&self) -> String {
        match self.rest.chars().next() {
            Some(c) => format!("“{c}” is not expected there"),
            None => "it ends too early".to_owned(),
        }
    }

    fn eat(&mut self, sign: &str) -> bool {
        let rest = self.rest.strip_prefix(sign).map(str::trim_start);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn want(&mut self, sign: &str) -> Result<(), String> {
        if self.eat(sign) { Ok(()) } else { Err(format!("{}: “{sign}” is missing", self.unexpected())) }
    }

    fn expression(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("it nests too deep".to_owned());
        }
        let mut is_compared = false;
        loop {
            let from = self.found.len();
            let mut is_asked = is_compared;
            while !self.rest.starts_with("!=") && self.eat("!") {
                is_asked = true;
            }
            self.operand()?;
            is_compared = COMPARED.iter().any(|sign| self.eat(sign));
            let leads_on = !is_compared && self.eat("&&");
            if is_asked || is_compared || leads_on {
                self.asked(from);
            }
            if !is_compared && !leads_on && !self.eat("||") {
                break;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn operand(&mut self) -> Result<(), String> {
        let first = self.rest.chars().next().ok_or_else(|| self.unexpected())?;
        if first == '(' {
            self.eat("(");
            self.expression()?;
            self.want(")")?;
            return self.path(None);
        }
        if first == '\'' {
            return self.text().map(|_| ());
        }
        if first.is_ascii_digit() || matches!(first, '-' | '+' | '.') {
            let length = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
            let (number, rest) = self.rest.split_at(length.unwrap_or(self.rest.len()));
            let is_hex = number.starts_with("0x") && number[2..].chars().all(|c| c.is_ascii_hexdigit());
            if !is_hex && number.parse::<f64>().is_err() {
                return Err(format!("“{number}” is no number"));
            }
            self.rest = rest.trim_start();
            return Ok(());
        }
        let name = self.name()?;
        if self.eat("(") {
            if !FUNCTIONS.contains(&name.as_str()) {
                return Err(format!("there is no function {name}"));
            }
            let from = self.found.len();
            self.arguments()?;
            if ANSWERS.contains(&name.as_str()) {
                self.asked(from);
            }
            return self.path(None);
        }
        if matches!(name.as_str(), "true" | "false" | "null" | "nan" | "infinity") {
            return Ok(());
        }
        self.path(Some(vec![name]))
    }

    fn arguments(&mut self) -> Result<(), String> {
        if self.eat(")") {
            return Ok(());
        }
        loop {
            self.expression()?;
            if !self.eat(",") {
                return self.want(")");
            }
        }
    }

    /// What follows a value: `.name`, `.*` and `[…]`.
    fn path(&mut self, mut path: Option<Vec<String>>) -> Result<(), String> {
        loop {
            let part = if self.eat(".") {
                if self.eat("*") { "*".to_owned() } else { self.name()? }
            } else if self.eat("[") {
                let part = if self.rest.starts_with('\'') { self.text()?.to_ascii_lowercase() } else { "*".to_owned() };
                if part == "*" && !self.eat("*") {
                    self.expression()?;
                }
                self.want("]")?;
                part
            } else {
                self.found.extend(path.map(|path| Found { path, is_told: true }));
                return Ok(());
            };
            if let Some(path) = &mut path {
                path.push(part);
            }
        }
    }

    fn name(&mut self) -> Result<String, String> {
        let length = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'));
        let (name, rest) = self.rest.split_at(length.unwrap_or(self.rest.len()));
        if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return Err(self.unexpected());
        }
        self.rest = rest.trim_start();
        Ok(name.to_ascii_lowercase())
    }

    fn text(&mut self) -> Result<&'a str, String> {
        let inner = &self.rest[1..];
        let mut from = 0;
        loop {
            let quote = inner[from..].find('\'').ok_or("a text does not end")? + from;
            if inner[quote + 1..].starts_with('\'') {
                from = quote + 2;
                continue;
            }
            self.rest = inner[quote + 1..].trim_start();
            return Ok(&inner[..quote]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_found_wherever_they_stand() {
        let found =
            contexts(" !contains(github.event.*.name, 'it''s') && (matrix['os'] == -1.5 || steps.A-b.outputs.x)");
        let found: Vec<String> = found.unwrap().into_iter().map(|path| path.join(" ")).collect();
        assert_eq!(found, ["github event * name", "matrix os", "steps a-b outputs x"]);
        assert_eq!(contexts("fromJSON(needs.x.outputs.y)[0].z").unwrap().len(), 1);
    }

    #[test]
    fn what_is_only_asked_for_is_not_told() {
        let told = |text: &str| told(text).into_iter().map(|path| path.join(".")).collect::<Vec<_>>();
        assert_eq!(told("!a.b && format('{0}', a.c) || (a.d == 'x' && a.e)"), ["a.c", "a.e"]);
        assert_eq!(told("contains(a.b, 'x') && 'y' || a.c"), ["a.c"]);
        assert_eq!(told("'x' == a.b"), [""; 0]);
        assert_eq!(told("a.b || 'x'"), ["a.b"]);
    }

    #[test]
    fn what_is_no_expression_is_told() {
        let deep = "(".repeat(100);
        for text in ["", "a b", "\"x\"", "nope(1)", "a.", "a[", "'x", "(a", "1x", "a ==", "join(a,", "a..b", &deep] {
            assert!(contexts(text).is_err(), "{text}");
        }
    }

    #[test]
    fn expressions_end_outside_of_texts() {
        assert_eq!(embedded("a ${{ '}}' }} b ${{x}}"), Ok(vec![(2, " '}}' "), (16, "x")]));
        assert_eq!(embedded("ab ${{ x }"), Err(3));
    }
}
