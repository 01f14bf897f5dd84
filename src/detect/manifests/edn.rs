//! EDN and the plain data in Clojure programs: `project.clj`, `deps.edn`.

/// Forms within each other at most; deeper ones are left out.
const DEPTH: usize = 64;

/// A form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::detect) enum Form {
    /// A symbol, keyword or number, as it stands there.
    Word(String),
    Text(String),
    /// A list, vector or set.
    List(Vec<Form>),
    /// Pairs in their order.
    Map(Vec<(Form, Form)>),
}

impl Form {
    /// A word's or text's letters.
    pub(in crate::detect) fn letters(&self) -> Option<&str> {
        match self {
            Self::Word(letters) | Self::Text(letters) => Some(letters),
            _ => None,
        }
    }

    /// The forms in it; none for what holds none.
    pub(in crate::detect) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    pub(in crate::detect) fn pairs(&self) -> &[(Self, Self)] {
        match self {
            Self::Map(pairs) => pairs,
            _ => &[],
        }
    }

    /// The value of a key: of a map, or of a list such as `(defproject a "1" :key value)`.
    pub(in crate::detect) fn get(&self, key: &str) -> Option<&Self> {
        let is = |form: &Self| form == &Self::Word(key.to_owned());
        match self {
            Self::Map(pairs) => pairs.iter().find(|(name, _)| is(name)).map(|(_, value)| value),
            Self::List(items) => items.iter().position(is).and_then(|at| items.get(at + 1)),
            _ => None,
        }
    }
}

/// The forms of a text. What is malformed ends where the text does.
pub(in crate::detect) fn parse(text: &str) -> Vec<Form> {
    Reader { rest: text }.forms(None, 0)
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn forms(&mut self, close: Option<char>, depth: usize) -> Vec<Form> {
        let mut forms = Vec::new();
        while let Some(letter) = self.next_letter() {
            if matches!(letter, ')' | ']' | '}') {
                if close.is_some() {
                    break;
                }
                self.skip(1);
                continue;
            }
            if let Some(form) = self.form(depth) {
                forms.push(form);
            }
        }
        if close.is_some() {
            self.skip(1);
        }
        forms
    }

    /// One form; none for what says nothing: `#_`, `^metadata`.
    fn form(&mut self, depth: usize) -> Option<Form> {
        match self.next_letter()? {
            '"' => Some(Form::Text(self.text())),
            open @ ('(' | '[' | '{') => {
                self.skip(1);
                let forms = if depth < DEPTH { self.forms(Some(open), depth + 1) } else { self.leave_out() };
                Some(if open == '{' { Form::Map(pairs(forms)) } else { Form::List(forms) })
            }
            '^' => {
                self.skip(1);
                if depth < DEPTH {
                    self.form(depth + 1);
                }
                None
            }
            '#' => self.dispatched(depth),
            '\'' | '`' | '~' | '@' => {
                self.skip(1);
                None
            }
            '\\' => {
                // A letter by itself: `\(`.
                self.skip(1);
                let width = self.rest.chars().next().map_or(0, char::len_utf8);
                self.skip(width);
                None
            }
            ')' | ']' | '}' => None,
            _ => Some(Form::Word(self.word())),
        }
    }

    fn dispatched(&mut self, depth: usize) -> Option<Form> {
        self.skip(1);
        match self.rest.chars().next()? {
            '_' => {
                self.skip(1);
                if depth < DEPTH {
                    self.form(depth + 1);
                }
                None
            }
            '{' => {
                self.skip(1);
                Some(Form::List(if depth < DEPTH { self.forms(Some('{'), depth + 1) } else { self.leave_out() }))
            }
            '"' => Some(Form::Text(self.text())),
            '(' | '^' | '\'' | '=' | '?' => None,
            _ => {
                self.word();
                None
            }
        }
    }

    fn text(&mut self) -> String {
        self.skip(1);
        let mut text = String::new();
        let mut letters = self.rest.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return text;
                }
                '\\' => text.extend(letters.next().map(|(_, letter)| letter)),
                _ => text.push(letter),
            }
        }
        self.rest = "";
        text
    }

    fn word(&mut self) -> String {
        let end = self.rest.find(|c: char| c.is_whitespace() || "()[]{}\",;".contains(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    /// The next letter that is no space, comma or comment.
    fn next_letter(&mut self) -> Option<char> {
        loop {
            self.rest = self.rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            if !self.rest.starts_with(';') {
                return self.rest.chars().next();
            }
            self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
        }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or("");
    }

    /// Gives up on the rest.
    fn leave_out(&mut self) -> Vec<Form> {
        self.rest = "";
        Vec::new()
    }
}

fn pairs(forms: Vec<Form>) -> Vec<(Form, Form)> {
    let mut forms = forms.into_iter();
    std::iter::from_fn(|| Some((forms.next()?, forms.next()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_without_what_says_nothing() {
        let text = "; a comment\n(defproject me/shop \"1.0\" #_ [left out]\n :main ^:skip-aot shop.core ; here\n \
            :plugins [[lein-ring \"0.12\"]], :profiles {:uberjar {:aot :all}} :x #\"a\\\"b\")";
        let forms = parse(text);
        let project = &forms[0];
        assert_eq!(project.items()[1].letters(), Some("me/shop"));
        assert_eq!(project.get(":main").and_then(Form::letters), Some("shop.core"));
        assert_eq!(project.get(":plugins").unwrap().items()[0].items()[0].letters(), Some("lein-ring"));
        assert_eq!(project.get(":profiles").unwrap().get(":uberjar").unwrap().pairs().len(), 1);
        assert_eq!(project.get(":x").and_then(Form::letters), Some("a\"b"));
    }

    #[test]
    fn what_is_malformed_ends_somewhere() {
        for text in ["(((", ")))", "{:a", "\"", "#", "^", "\\", "#_", "{:a 1 :b}", "(a ^"] {
            parse(text);
        }
        parse(&"(".repeat(100_000));
        parse(&"^".repeat(100_000));
        parse(&"#_".repeat(100_000));
    }
}
