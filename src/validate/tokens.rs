//! The words, texts and signs of HCL, Bicep and Groovy: languages with brackets, comments, and texts that hold code.

/// So deep brackets and texts in texts stand in each other at most.
pub(super) const DEEPEST: usize = 60;

/// A line and what is wrong on it.
pub(super) type Wrong = (usize, String);

/// What stands in a program, with its line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) line: usize,
    pub(super) kind: Kind<'a>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind<'a> {
    Word(&'a str),
    Number(&'a str),
    Text(Text<'a>),
    Sign(&'a str),
    LineEnd,
}

/// A text as it is written, and the code in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Text<'a> {
    pub(super) raw: &'a str,
    /// What opens it.
    pub(super) quote: &'a str,
    /// Each piece of code with its line.
    pub(super) code: Vec<(usize, &'a str)>,
}

/// How a text is quoted.
pub(super) struct Quote {
    /// What it opens and closes with.
    pub(super) mark: &'static str,
    /// Whether `\` takes the next letter's meaning.
    pub(super) escapes: bool,
    /// Whether `${…}` in it is code, and what else begins like that.
    pub(super) code: &'static [&'static str],
    /// Whether it goes on over the end of a line.
    pub(super) is_long: bool,
}

/// How a language is written. Longer marks come first.
pub(super) struct Language {
    pub(super) comments: &'static [&'static str],
    pub(super) quotes: &'static [Quote],
    pub(super) has_here_documents: bool,
    /// Whether `$name` in a text is code, too.
    pub(super) has_bare_code: bool,
    /// Letters beside `_`, digits and letters that words have.
    pub(super) letters: &'static str,
}

const SIGNS: [&str; 17] =
    ["...", "===", "==", "!=", "<=", ">=", "&&", "||", "=>", "->", "?.", ".?", "??", "::", "=~", "!~", "+="];

/// Takes a text apart.
pub(super) fn read<'a>(text: &'a str, language: &Language) -> Result<Vec<Token<'a>>, Wrong> {
    read_from(text, 1, language)
}

/// Takes code apart that begins on a line further down.
pub(super) fn read_from<'a>(text: &'a str, line: usize, language: &Language) -> Result<Vec<Token<'a>>, Wrong> {
    let mut reader = Reader { text, at: 0, line, language };
    let mut tokens = Vec::new();
    while reader.at < text.len() {
        tokens.extend(reader.next(&tokens)?);
    }
    Ok(tokens)
}

/// Tells of a bracket that is not closed, closes another, or stands too deep.
pub(super) fn balanced(tokens: &[Token<'_>]) -> Result<(), Wrong> {
    let mut open: Vec<(&str, usize)> = Vec::new();
    for token in tokens {
        match token.kind {
            Kind::Sign(sign @ ("(" | "[" | "{")) => {
                if open.len() >= DEEPEST {
                    return Err((token.line, "it nests too deep".to_owned()));
                }
                open.push((sign, token.line));
            }
            Kind::Sign(sign @ (")" | "]" | "}")) => {
                let fits =
                    |(opened, _): &(&str, usize)| matches!((*opened, sign), ("(", ")") | ("[", "]") | ("{", "}"));
                if open.pop().is_none_or(|last| !fits(&last)) {
                    return Err((token.line, format!("“{sign}” closes nothing")));
                }
            }
            _ => {}
        }
    }
    open.pop().map_or(Ok(()), |(sign, line)| Err((line, format!("“{sign}” is not closed"))))
}

struct Reader<'a, 'l> {
    text: &'a str,
    at: usize,
    line: usize,
    language: &'l Language,
}

impl<'a> Reader<'a, '_> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip(&mut self, length: usize) {
        let end = (self.at + length).min(self.text.len());
        self.line += self.text[self.at..end].matches('\n').count();
        self.at = end;
    }

    fn next(&mut self, before: &[Token<'a>]) -> Result<Option<Token<'a>>, Wrong> {
        let (rest, line) = (self.rest(), self.line);
        let Some(first) = rest.chars().next() else { return Ok(None) };
        let token = |kind| Ok(Some(Token { line, kind }));
        if first == '\n' {
            self.skip(1);
            return token(Kind::LineEnd);
        }
        if first.is_whitespace() || first == '\u{feff}' {
            self.skip(first.len_utf8());
            return Ok(None);
        }
        if self.language.comments.iter().any(|mark| rest.starts_with(mark)) {
            self.skip(rest.find('\n').unwrap_or(rest.len()));
            return Ok(None);
        }
        if rest.starts_with("/*") {
            let end = rest.find("*/").ok_or_else(|| (line, "a comment does not end".to_owned()))?;
            self.skip(end + 2);
            return Ok(None);
        }
        let is_here = self.language.has_here_documents && rest.starts_with("<<");
        if let Some(text) = if is_here { self.here_document()? } else { None } {
            return token(Kind::Text(text));
        }
        if let Some(quote) = self.language.quotes.iter().find(|quote| rest.starts_with(quote.mark)) {
            let text = self.text(quote)?;
            return token(Kind::Text(text));
        }
        // A pattern between slashes stands where no value does that could be divided.
        let is_pattern = first == '/'
            && self.language.has_bare_code
            && matches!(before.last().map(|token| &token.kind), Some(Kind::Sign("=~" | "==~" | "(" | "," | "=" | "~")));
        if is_pattern && let Some(end) = rest[1..].lines().next().and_then(end_of_pattern) {
            self.skip(end + 2);
            return token(Kind::Text(Text { raw: &rest[1..=end], quote: "/", code: Vec::new() }));
        }
        let is_letter = |c: char| c.is_alphanumeric() || c == '_' || self.language.letters.contains(c);
        if first.is_ascii_digit() {
            let is_part = |(index, c): (usize, char)| {
                c.is_ascii_alphanumeric()
                    || c == '_'
                    || c == '.' && rest[index + 1..].starts_with(|c: char| c.is_ascii_digit())
            };
            let length = rest.char_indices().find(|part| !is_part(*part)).map_or(rest.len(), |(index, _)| index);
            self.skip(length);
            return token(Kind::Number(&rest[..length]));
        }
        if first.is_alphabetic() || first == '_' {
            let length = rest.find(|c| !is_letter(c)).unwrap_or(rest.len());
            self.skip(length);
            return token(Kind::Word(&rest[..length]));
        }
        let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign)).map_or(first.len_utf8(), |sign| sign.len());
        self.skip(sign);
        token(Kind::Sign(&rest[..sign]))
    }

    fn text(&mut self, quote: &Quote) -> Result<Text<'a>, Wrong> {
        let (rest, line) = (self.rest(), self.line);
        let mut code = Vec::new();
        let inner = &rest[quote.mark.len()..];
        let end = end_of_text(inner, quote, self.language, 0, &mut |at, length| {
            code.push((line + inner[..at].matches('\n').count(), &inner[at..at + length]));
        });
        let Some(end) = end.filter(|end| quote.is_long || !inner[..*end].contains('\n') || !code.is_empty()) else {
            return Err((line, "a text does not end".to_owned()));
        };
        let opened = &rest[..quote.mark.len()];
        self.skip(end + 2 * quote.mark.len());
        Ok(Text { raw: &inner[..end], quote: opened, code })
    }

    /// `<<WORD`, `<<-WORD`, and lines up to one that says the word alone.
    fn here_document(&mut self) -> Result<Option<Text<'a>>, Wrong> {
        let (rest, line) = (self.rest(), self.line);
        let after = rest[2..].trim_start_matches('-');
        let length = after.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(after.len());
        let word = &after[..length];
        let Some(start) = rest.find('\n').filter(|_| !word.is_empty()) else { return Ok(None) };
        let body = &rest[start + 1..];
        let mut at = 0;
        for one in body.split_inclusive('\n') {
            if one.trim() == word {
                let raw = &body[..at];
                let mut code = Vec::new();
                pieces(raw, &["${", "%{"], self.language, 0, &mut |from, length| {
                    code.push((line + 1 + raw[..from].matches('\n').count(), &raw[from..from + length]));
                });
                self.skip(start + 1 + at + one.trim_end().len());
                return Ok(Some(Text { raw, quote: "<<", code }));
            }
            at += one.len();
        }
        Err((line, format!("the text that {word} is to end does not end")))
    }
}

/// Where a pattern ends whose first slash was read; `\\/` is one in it.
fn end_of_pattern(inner: &str) -> Option<usize> {
    inner.match_indices('/').map(|(at, _)| at).find(|at| !inner[..*at].ends_with('\\'))
}

/// Where a text ends whose beginning was read; each piece of code in it is told with its place and length.
fn end_of_text(
    inner: &str,
    quote: &Quote,
    language: &Language,
    depth: usize,
    piece: &mut dyn FnMut(usize, usize),
) -> Option<usize> {
    let mut at = 0;
    while at < inner.len() {
        let rest = &inner[at..];
        let next = rest.chars().next()?;
        if rest.starts_with(quote.mark) {
            return Some(at);
        }
        if next == '\n' && !quote.is_long {
            return None;
        }
        if next == '\\' && quote.escapes {
            at += 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
        } else if let Some(length) = code_at(rest, quote.code, language, depth, true)? {
            if length > 0 {
                piece(at + 2, length.saturating_sub(3));
            }
            at += length.max(3);
        } else if language.has_bare_code && !quote.code.is_empty() && next == '$' {
            let name =
                rest[1..].find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len() - 1);
            if name > 0 {
                piece(at + 1, name);
            }
            at += 1 + name;
        } else {
            at += next.len_utf8();
        }
    }
    None
}

/// The pieces of code of a text without quotes.
fn pieces(raw: &str, marks: &[&str], language: &Language, depth: usize, piece: &mut dyn FnMut(usize, usize)) {
    let mut at = 0;
    while at < raw.len() {
        let rest = &raw[at..];
        match code_at(rest, marks, language, depth, true) {
            Some(Some(length)) => {
                if length > 0 {
                    piece(at + 2, length.saturating_sub(3));
                }
                at += length.max(3);
            }
            Some(None) => at += rest.chars().next().map_or(1, char::len_utf8),
            // It does not end: nothing behind it can be told apart.
            None => return,
        }
    }
}

/// The length of a piece of code that begins here with its marks; 0 where `$${` says that it is none. The outer
/// none is code that does not end.
#[allow(clippy::option_option, reason = "no code and code without an end are not the same")]
fn code_at(rest: &str, marks: &[&str], language: &Language, depth: usize, may_escape: bool) -> Option<Option<usize>> {
    if may_escape && marks.iter().any(|mark| rest.strip_prefix(&mark[..1]).is_some_and(|after| after.starts_with(mark)))
    {
        return Some(Some(0));
    }
    if !marks.iter().any(|mark| rest.starts_with(mark)) {
        return Some(None);
    }
    if depth > DEEPEST {
        return None;
    }
    let mut open = 0_usize;
    let mut at = 2;
    while at < rest.len() {
        let inner = &rest[at..];
        if let Some(quote) = language.quotes.iter().find(|quote| inner.starts_with(quote.mark)) {
            let from = quote.mark.len();
            at += 2 * from + end_of_text(&inner[from..], quote, language, depth + 1, &mut |_, _| {})?;
            continue;
        }
        let next = inner.chars().next()?;
        match next {
            '{' => open += 1,
            '}' if open == 0 => return Some(Some(at + 1)),
            '}' => open -= 1,
            _ => {}
        }
        at += next.len_utf8();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const HCL: Language = Language {
        comments: &["#", "//"],
        quotes: &[Quote { mark: "\"", escapes: true, code: &["${", "%{"], is_long: false }],
        has_here_documents: true,
        has_bare_code: false,
        letters: "-",
    };

    fn texts<'a>(tokens: &'a [Token<'a>]) -> Vec<(usize, &'a Text<'a>)> {
        let text = |token: &'a Token<'a>| match &token.kind {
            Kind::Text(text) => Some((token.line, text)),
            _ => None,
        };
        tokens.iter().filter_map(text).collect()
    }

    #[test]
    fn texts_hold_code_that_holds_texts() {
        let tokens =
            read("a = \"x ${f(\"}\", b)} \\\" $${no} %{ if c }\"\nb = <<-EOT\n  ${d}\n  EOT\nc = 1\n", &HCL).unwrap();
        let found = texts(&tokens);
        assert_eq!(found[0].1.code, [(1, "f(\"}\", b)"), (1, " if c ")]);
        assert_eq!((found[1].0, found[1].1.raw), (2, "  ${d}\n"));
        assert_eq!(found[1].1.code, [(3, "d")]);
    }

    #[test]
    fn words_numbers_and_signs_are_told_apart() {
        let tokens = read("a-b = 1.5 >= c.*.d # no\n/* x */ ...", &HCL).unwrap();
        let signs: Vec<_> = tokens.iter().map(|token| &token.kind).collect();
        assert_eq!(signs[..4], [&Kind::Word("a-b"), &Kind::Sign("="), &Kind::Number("1.5"), &Kind::Sign(">=")]);
        assert_eq!(signs.last(), Some(&&Kind::Sign("...")));
    }

    #[test]
    fn what_does_not_end_is_told() {
        for text in ["\"a", "\"a\nb\"", "\"${a\"", "/* a", "<<EOF\na\n", "\"${\"${\"${"] {
            assert!(read(text, &HCL).is_err(), "{text}");
        }
        for text in ["(", "(]", "}", &"[".repeat(100)] {
            assert!(balanced(&read(text, &HCL).unwrap()).is_err(), "{text}");
        }
    }
}
