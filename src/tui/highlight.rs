//! Files to tokens, so that a theme can colour them. Slow on its first use: not for the thread that draws.

use std::ops::Range;
use std::sync::OnceLock;

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

use super::theme::Token;

/// The tokens of one line, by their bytes, in order and without overlap.
pub(crate) type TokenLine = Vec<(Token, Range<usize>)>;

/// Lines longer than this are not looked into.
const LONGEST_LINE: usize = 2000;
/// Nor are files with more lines than this.
const MOST_LINES: usize = 5000;

/// The beginnings of scopes and what they mean; the first that fits counts.
const MEANINGS: &[(&str, Token)] = &[
    ("comment", Token::Comment),
    ("punctuation.definition.comment", Token::Comment),
    ("constant.numeric", Token::Number),
    ("constant.language", Token::Constant),
    ("constant.character.escape", Token::Constant),
    ("constant", Token::Constant),
    ("string", Token::String),
    ("punctuation.definition.string", Token::String),
    ("entity.name.tag", Token::Property),
    ("support.type.property-name", Token::Property),
    ("meta.mapping.key", Token::Property),
    ("entity.name.function", Token::Function),
    ("support.function", Token::Function),
    ("variable.function", Token::Function),
    ("entity.name", Token::Type),
    ("support.type", Token::Type),
    ("support.class", Token::Type),
    ("storage.type", Token::Keyword),
    ("storage", Token::Keyword),
    ("keyword.operator", Token::Punctuation),
    ("keyword", Token::Keyword),
    ("variable", Token::Variable),
    ("entity.other.attribute-name", Token::Property),
    ("punctuation", Token::Punctuation),
];

struct Highlighter {
    syntaxes: SyntaxSet,
    meanings: Vec<(Scope, Token)>,
}

fn highlighter() -> &'static Highlighter {
    static HIGHLIGHTER: OnceLock<Highlighter> = OnceLock::new();
    HIGHLIGHTER.get_or_init(|| Highlighter {
        syntaxes: two_face::syntax::extra_newlines(),
        meanings: MEANINGS.iter().filter_map(|(name, token)| Some((Scope::new(name).ok()?, *token))).collect(),
    })
}

impl Highlighter {
    fn syntax(&self, path: &str, text: &str) -> &SyntaxReference {
        let name = path.rsplit('/').next().unwrap_or(path);
        let ending = name.rsplit('.').next().unwrap_or(name);
        let by_kind = match name {
            _ if name.starts_with("Dockerfile") => self.syntaxes.find_syntax_by_name("Dockerfile"),
            _ if name.starts_with(".env") => self.syntaxes.find_syntax_by_name("DotENV"),
            _ if name.ends_with("ignore") => self.syntaxes.find_syntax_by_name("Git Ignore"),
            _ if name.starts_with("Jenkinsfile") => self.syntaxes.find_syntax_by_extension("groovy"),
            _ => None,
        };
        by_kind
            .or_else(|| self.syntaxes.find_syntax_by_extension(name))
            .or_else(|| self.syntaxes.find_syntax_by_extension(ending))
            .or_else(|| self.syntaxes.find_syntax_by_first_line(text))
            .unwrap_or_else(|| self.syntaxes.find_syntax_plain_text())
    }

    fn meaning(&self, stack: &ScopeStack) -> Option<Token> {
        let of = |scope: &Scope| self.meanings.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope));
        stack.as_slice().iter().rev().find_map(of).map(|(_, token)| *token)
    }
}

/// The tokens of each line of a file; its path decides the language.
pub(crate) fn highlight(path: &str, text: &str) -> Vec<TokenLine> {
    let highlighter = highlighter();
    let mut state = ParseState::new(highlighter.syntax(path, text));
    let mut stack = ScopeStack::new();
    text.split_inclusive('\n').take(MOST_LINES).map(|line| tokens(highlighter, &mut state, &mut stack, line)).collect()
}

fn tokens(highlighter: &Highlighter, state: &mut ParseState, stack: &mut ScopeStack, line: &str) -> TokenLine {
    if line.len() > LONGEST_LINE {
        return TokenLine::new();
    }
    let Ok(operations) = state.parse_line(line, &highlighter.syntaxes) else { return TokenLine::new() };
    let end = line.trim_end_matches(['\n', '\r']).len();
    let mut found = TokenLine::new();
    let mut from = 0;
    for (at, operation) in operations {
        add(&mut found, highlighter.meaning(stack), from..at.min(end));
        from = at.min(end);
        // A grammar's own mistake costs the colours of the rest, nothing else.
        if stack.apply(&operation).is_err() {
            break;
        }
    }
    add(&mut found, highlighter.meaning(stack), from..end);
    found
}

fn add(found: &mut TokenLine, token: Option<Token>, range: Range<usize>) {
    let Some(token) = token.filter(|_| !range.is_empty()) else { return };
    match found.last_mut() {
        Some((last, before)) if *last == token && before.end == range.start => before.end = range.end,
        _ => found.push((token, range)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words<'a>(path: &str, text: &'a str) -> Vec<(Token, &'a str)> {
        let lines = highlight(path, text);
        let of =
            |(line, tokens): (&'a str, TokenLine)| tokens.into_iter().map(|(t, r)| (t, &line[r])).collect::<Vec<_>>();
        text.split_inclusive('\n').zip(lines).flat_map(of).collect()
    }

    #[test]
    fn knows_the_files_that_are_generated() {
        let dockerfile = words("Dockerfile", "# base\nFROM node:22 AS build\nRUN echo \"hi\"\n");
        assert!(dockerfile.contains(&(Token::Comment, "# base")), "{dockerfile:?}");
        assert!(dockerfile.contains(&(Token::Keyword, "FROM")), "{dockerfile:?}");
        assert!(
            dockerfile.iter().any(|(token, text)| *token == Token::String && text.contains("hi")),
            "{dockerfile:?}"
        );
        let yaml = words("compose.yaml", "services:\n  web:\n    image: nginx # x\n");
        assert!(yaml.contains(&(Token::Property, "services")), "{yaml:?}");
        assert!(words(".env.example", "A=b\n# why\n").iter().any(|(token, _)| *token == Token::Comment));
        assert!(!words("a.toml", "[x]\ny = 1\n").is_empty());
        assert!(!words("main.tf", "resource \"x\" \"y\" {\n}\n").is_empty());
    }

    #[test]
    fn any_text_passes() {
        assert_eq!(highlight("x.unknown", "").len(), 0);
        assert_eq!(highlight("compose.yaml", &format!("a: {}\n", "x".repeat(5000)))[0], TokenLine::new());
        for line in highlight("Dockerfile", "FROM 日本 \u{0} \\\n\t`\n\"") {
            assert!(line.is_sorted_by_key(|(_, range)| range.start));
        }
    }
}
