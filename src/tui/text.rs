//! Text for cells: measured, cut, and free of whatever would move the terminal's cursor.

use std::borrow::Cow;
use std::time::Duration;

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::model::Timestamp;

const TAB: usize = 4;

/// How many cells a text takes.
pub(crate) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text without escape sequences and control characters; tabs become spaces. What could hide or turn around
/// other text (bidirectional overrides, invisible characters) goes as well.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\t' => {
                let column = width(&out);
                out.extend(std::iter::repeat_n(' ', TAB - column % TAB));
            }
            '\u{1b}' => skip_escape(&mut letters),
            '\u{9b}' => skip_until(&mut letters, |c| ('\u{40}'..='\u{7e}').contains(&c)),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut letters),
            _ if is_dangerous(letter) => {}
            _ => out.push(letter),
        }
    }
    Cow::Owned(out)
}

fn is_dangerous(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

type Letters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// After ESC: a control sequence, a string that ends with BEL or ST, or a short sequence.
fn skip_escape(letters: &mut Letters<'_>) {
    match letters.peek().copied() {
        Some('[') => {
            letters.next();
            skip_until(letters, |c| ('\u{40}'..='\u{7e}').contains(&c));
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            letters.next();
            skip_string(letters);
        }
        Some('\u{20}'..='\u{2f}') => skip_until(letters, |c| ('\u{30}'..='\u{7e}').contains(&c)),
        Some('\u{30}'..='\u{7e}') => {
            letters.next();
        }
        _ => {}
    }
}

fn skip_until(letters: &mut Letters<'_>, end: impl Fn(char) -> bool) {
    for letter in letters.by_ref() {
        if end(letter) {
            break;
        }
    }
}

fn skip_string(letters: &mut Letters<'_>) {
    while let Some(letter) = letters.next() {
        match letter {
            '\u{7}' | '\u{9c}' => break,
            '\u{1b}' => {
                letters.next_if_eq(&'\\');
                break;
            }
            _ => {}
        }
    }
}

/// The text cut to a width, with `ellipsis` where something is missing.
pub(crate) fn cut<'a>(text: &'a str, max: usize, ellipsis: &str) -> Cow<'a, str> {
    if width(text) <= max {
        return Cow::Borrowed(text);
    }
    let room = max.saturating_sub(width(ellipsis));
    let mut out = String::new();
    let mut taken = 0;
    for grapheme in Span::raw(text).styled_graphemes(ratatui::style::Style::new()) {
        let wide = width(grapheme.symbol);
        if taken + wide > room {
            break;
        }
        taken += wide;
        out.push_str(grapheme.symbol);
    }
    if max > 0 {
        out.push_str(ellipsis);
    }
    Cow::Owned(out)
}

/// The end of a text that fits, with `ellipsis` before it: for paths.
pub(crate) fn cut_start<'a>(text: &'a str, max: usize, ellipsis: &str) -> Cow<'a, str> {
    if width(text) <= max {
        return Cow::Borrowed(text);
    }
    let room = max.saturating_sub(width(ellipsis));
    let graphemes: Vec<_> = Span::raw(text)
        .styled_graphemes(ratatui::style::Style::new())
        .map(|grapheme| grapheme.symbol.to_owned())
        .collect();
    let mut taken = 0;
    let mut kept: Vec<String> = graphemes
        .into_iter()
        .rev()
        .take_while(|symbol| {
            taken += width(symbol);
            taken <= room
        })
        .collect();
    if max > 0 {
        kept.push(ellipsis.to_owned());
    }
    Cow::Owned(kept.into_iter().rev().collect())
}

/// The text cut or filled with spaces to exactly this width.
pub(crate) fn fill(text: &str, exact: usize, ellipsis: &str) -> String {
    let mut out = cut(text, exact, ellipsis).into_owned();
    let missing = exact.saturating_sub(width(&out));
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// A line that is clean and no wider than `max`.
pub(crate) fn fit<'a>(line: Line<'a>, max: usize, ellipsis: &str) -> Line<'a> {
    let style = line.style;
    let mut spans: Vec<Span<'a>> = Vec::with_capacity(line.spans.len());
    let mut taken = 0;
    for span in line.spans {
        let content: Cow<'a, str> = match span.content {
            Cow::Borrowed(text) => clean(text),
            Cow::Owned(text) => Cow::Owned(clean(&text).into_owned()),
        };
        let wide = width(&content);
        if taken + wide <= max {
            taken += wide;
            spans.push(Span::styled(content, span.style));
        } else {
            spans.push(Span::styled(cut(&content, max - taken, ellipsis).into_owned(), span.style));
            break;
        }
    }
    Line { spans, style, alignment: line.alignment }
}

/// Text broken into lines of at most `max` cells, at spaces where there are some.
pub(crate) fn wrap(text: &str, max: usize) -> Vec<String> {
    let max = max.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let paragraph = clean(paragraph);
        let indent: String = paragraph.chars().take_while(|letter| *letter == ' ').take(max / 2).collect();
        let mut line = indent.clone();
        for word in paragraph.split_whitespace() {
            let gap = usize::from(width(&line) > width(&indent));
            if width(&line) + gap + width(word) <= max {
                if gap == 1 {
                    line.push(' ');
                }
                line.push_str(word);
                continue;
            }
            if width(&line) > width(&indent) {
                lines.push(std::mem::replace(&mut line, indent.clone()));
            }
            for grapheme in Span::raw(word).styled_graphemes(ratatui::style::Style::new()) {
                if width(&line) + width(grapheme.symbol) > max && width(&line) > width(&indent) {
                    lines.push(std::mem::replace(&mut line, indent.clone()));
                }
                line.push_str(grapheme.symbol);
            }
        }
        lines.push(line);
    }
    lines
}

/// Bytes in binary units, three digits: `9.8 MiB`.
pub(crate) fn bytes(count: f64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = count.max(0.0);
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 || value >= 100.0 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// A span of time in at most two parts: `0.4 s`, `12 s`, `3m 05s`, `2h 10m`.
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d {:02}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// The same of something that goes on: whole seconds.
pub(crate) fn elapsed(time: Duration) -> String {
    if time.as_secs() < 10 { format!("{} s", time.as_secs()) } else { span(time) }
}

/// How long ago, in one part: `now`, `4m`, `3h`, `12d`.
pub(crate) fn age(since: Timestamp, now: Timestamp) -> String {
    match now.since(since).as_secs() {
        0..60 => "now".to_owned(),
        seconds @ 60..3600 => format!("{}m", seconds / 60),
        seconds @ 3600..86_400 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

/// `1 line`, `2 lines`.
pub(crate) fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_and_control_characters_are_gone() {
        assert_eq!(clean("\u{1b}[31mred\u{1b}[0m"), "red");
        assert_eq!(clean("a\u{1b}]0;title\u{7}b\u{1b}]8;;http://x\u{1b}\\c"), "abc");
        assert_eq!(clean("\u{1b}P1$r q\u{1b}\\x\u{9b}2Jy\u{1b}(Bz\u{1b}c"), "xyz");
        assert_eq!(clean("a\rb\u{8}\u{202e}c\u{0}"), "abc");
        assert_eq!(clean("a\tb\tc"), "a   b   c");
        assert_eq!(clean("\u{1b}[12;"), "");
        assert!(matches!(clean("plain — 文字 ✓"), Cow::Borrowed(_)));
    }

    #[test]
    fn cuts_by_cells_not_by_letters() {
        assert_eq!(cut("projects", 8, "…"), "projects");
        assert_eq!(cut("projects", 5, "…"), "proj…");
        assert_eq!(cut("日本語テキスト", 6, "…"), "日本…");
        assert_eq!(cut_start("/srv/apps/shop", 8, "…"), "…ps/shop");
        assert_eq!(fill("日本", 6, "…"), "日本  ");
        assert_eq!(cut("abc", 0, "…"), "");
    }

    #[test]
    fn wraps_at_spaces_and_breaks_what_is_too_long() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("a\n\n  b c", 4), ["a", "", "  b", "  c"]);
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(bytes(0.0), "0 B");
        assert_eq!(bytes(52.0 * 1024.0 * 1024.0), "52.0 MiB");
        assert_eq!(span(Duration::from_millis(430)), "0.4 s");
        assert_eq!(span(Duration::from_secs(185)), "3m 05s");
        assert_eq!(age(Timestamp::from_millis(0), Timestamp::from_millis(7_200_000)), "2h");
    }

    proptest! {
        #[test]
        fn what_is_shown_never_exceeds_its_room(text in any::<String>(), max in 0usize..40) {
            let clean = clean(&text);
            prop_assert!(!clean.chars().any(char::is_control));
            prop_assert!(width(&cut(&clean, max, "…")) <= max);
            prop_assert!(width(&cut_start(&clean, max, "…")) <= max);
            prop_assert_eq!(width(&fill("x", max, "…")), max);
            let line = fit(Line::from(vec![Span::raw(text.clone()), Span::raw(text)]), max, "…");
            prop_assert!(line.width() <= max);
        }
    }
}
