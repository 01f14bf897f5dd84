//! What commands print: tables that fit the terminal, colours only where somebody sees them, JSON for scripts.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::model::{DeploymentStatus, Problem, StepStatus, Timestamp};
use crate::os::clock;

/// Prints lines to standard output, of which parts may be styled. Whatever else would move a terminal is left out.
pub(super) fn print(text: &str) {
    raw(&visible(text));
}

/// Prints text to standard output as it is. Who closed it wants no more: the process ends quietly, as other programs do.
fn raw(text: &str) {
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush())
        && error.kind() == io::ErrorKind::BrokenPipe
    {
        std::process::exit(0);
    }
}

/// Prints a line to standard output.
pub(super) fn line(text: impl AsRef<str>) {
    raw(&format!("{}\n", one_line(text.as_ref())));
}

/// Prints a line to standard output, of which parts are styled.
pub(super) fn styled_line(text: impl AsRef<str>) {
    print(&format!("{}\n", text.as_ref()));
}

/// Prints a file: to a program every byte of it, to a person only what can be seen.
pub(super) fn file(text: &str) {
    if io::stdout().is_terminal() { print(text) } else { raw(text) }
}

/// Tells a person something beside the result, on one line.
pub(super) fn note(text: impl AsRef<str>) {
    tell(&one_line(text.as_ref()));
}

fn tell(text: &str) {
    // Where nobody reads it, nobody is told.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints a result as one JSON object.
pub fn json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => raw(&(text + "\n")),
        Err(error) => note(format!("error: the result cannot be written as JSON: {error}")),
    }
}

/// Prints a value as one line of JSON.
pub(super) fn json_line(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(text) => raw(&(text + "\n")),
        Err(error) => note(format!("error: the result cannot be written as JSON: {error}")),
    }
}

/// Tells what has to be known, though nothing that was asked for went wrong.
pub(super) fn warning(problem: &Problem) {
    let label = if colours_on(&io::stderr()) { "\x1b[1;33mwarning:\x1b[0m" } else { "warning:" };
    tell(&format!("{label} {}", words(problem)));
}

/// Tells what went wrong: to a person on standard error, and to a script on standard output.
pub fn problem(problem: &Problem, as_json: bool) {
    if as_json {
        json(&serde_json::json!({ "error": problem }));
    }
    let label = if colours_on(&io::stderr()) { "\x1b[1;31merror:\x1b[0m" } else { "error:" };
    tell(&format!("{label} {}", words(problem)));
}

/// A problem's words, each part where it belongs whatever names stand in it: a reason of several lines stays indented.
fn words(problem: &Problem) -> Problem {
    let why: Vec<String> = problem.why.lines().map(one_line).collect();
    Problem {
        message: one_line(&problem.message),
        why: why.join("\n       "),
        fix: one_line(&problem.fix),
        ..problem.clone()
    }
}

/// A colour or weight of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Strong,
    Faint,
    Good,
    Attention,
    Bad,
    Busy,
}

impl Style {
    const ALL: [Self; 7] = [Self::Plain, Self::Strong, Self::Faint, Self::Good, Self::Attention, Self::Bad, Self::Busy];

    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Good => "32",
            Self::Attention => "33",
            Self::Bad => "31",
            Self::Busy => "36",
        }
    }

    /// The style of a status.
    pub(super) const fn of_status(status: DeploymentStatus) -> Self {
        match status {
            DeploymentStatus::Healthy => Self::Good,
            DeploymentStatus::Queued | DeploymentStatus::Running => Self::Busy,
            DeploymentStatus::Degraded | DeploymentStatus::Cancelled => Self::Attention,
            DeploymentStatus::Unhealthy | DeploymentStatus::Failed => Self::Bad,
            DeploymentStatus::Stopped | DeploymentStatus::Deleted => Self::Faint,
        }
    }

    /// The style of a step.
    pub(super) const fn of_step(status: StepStatus) -> Self {
        match status {
            StepStatus::Done => Self::Good,
            StepStatus::Running => Self::Busy,
            StepStatus::Failed => Self::Bad,
            StepStatus::Cancelled => Self::Attention,
            StepStatus::Pending | StepStatus::Skipped => Self::Faint,
        }
    }
}

fn colours_on(stream: &impl IsTerminal) -> bool {
    let unset = |name: &str| std::env::var_os(name).is_none_or(|value| value.is_empty());
    stream.is_terminal() && unset("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Text in a style, where standard output shows colours.
pub(super) fn styled(text: &str, style: Style) -> String {
    let text: String = text.chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }).collect();
    if style == Style::Plain || !colours_on(&io::stdout()) {
        return text;
    }
    format!("\x1b[{}m{text}\x1b[0m", style.code())
}

/// Text with no control characters but line ends, tabs and the styles of [`styled`].
fn visible(text: &str) -> Cow<'_, str> {
    let is_harmful = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let colours = colours_on(&io::stdout());
    let mut seen = String::with_capacity(text.len());
    for (number, part) in text.split('\x1b').enumerate() {
        let code = part.strip_prefix('[').and_then(|rest| rest.split_once('m')).map_or("", |(code, _)| code);
        let is_style =
            colours && (code == "0" || Style::ALL.iter().any(|style| !code.is_empty() && style.code() == code));
        if number > 0 {
            seen.push(if is_style { '\x1b' } else { ' ' });
        }
        seen.extend(part.chars().map(|c| if is_harmful(c) { ' ' } else { c }));
    }
    Cow::Owned(seen)
}

/// The width of the terminal; none where standard output is not one.
fn terminal_width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    crossterm::terminal::size().ok().map(|(columns, _)| usize::from(columns).max(40))
}

/// Whether a person sits at both ends.
pub(super) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// A table: a row of headings and rows of cells, the widest cut where the terminal is too narrow.
#[derive(Debug)]
pub(super) struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<(String, Style)>>,
}

impl Table {
    pub(super) fn new(headings: impl IntoIterator<Item = &'static str>) -> Self {
        Self { headings: headings.into_iter().collect(), rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = (String, Style)>) {
        self.rows.push(cells.into_iter().map(|(text, style)| (one_line(&text), style)).collect());
    }

    pub(super) fn print(&self) {
        print(&self.render(terminal_width()));
    }

    fn render(&self, room: Option<usize>) -> String {
        let widths = self.widths(room);
        let heading = self.headings.iter().map(|text| ((*text).to_owned(), Style::Faint)).collect();
        let mut out = String::new();
        for row in std::iter::once(&heading).chain(&self.rows) {
            let cells = row.iter().zip(&widths).enumerate().map(|(at, ((text, style), width))| {
                let text = cut(text, *width);
                let pad = if at + 1 == widths.len() { 0 } else { width.saturating_sub(text.width()) };
                format!("{}{}", styled(&text, *style), " ".repeat(pad))
            });
            out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
            out.push('\n');
        }
        out
    }

    fn widths(&self, room: Option<usize>) -> Vec<usize> {
        let column = |at: usize| self.rows.iter().filter_map(move |row| row.get(at)).map(|(text, _)| text.width());
        let mut widths: Vec<usize> =
            self.headings.iter().enumerate().map(|(at, text)| column(at).fold(text.width(), usize::max)).collect();
        let Some(room) = room else { return widths };
        let gaps = 2 * widths.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > room {
            // The identifiers and words in narrow columns stay whole as long as there is something wider to cut.
            match widths.iter_mut().max() {
                Some(widest) if *widest > 8 => *widest -= 1,
                _ => break,
            }
        }
        widths
    }
}

/// Text without line ends and control characters, which could move a terminal's cursor.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// Text from an app for a terminal: tabs stay, all other control characters go.
pub(super) fn harmless(text: &str) -> String {
    text.chars().filter(|letter| *letter == '\t' || !letter.is_control()).collect()
}

/// `1 package`, `2 packages`.
pub(super) fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// Text in lines of at most `width` columns, broken between words; a longer word has a line of its own.
pub(super) fn folded(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').flat_map(|word| pieces(word, width)) {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A word in parts that each have room in a line, broken behind a slash where there is one.
fn pieces(word: &str, width: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = word;
    while rest.width() > width {
        let mut used = 0;
        let fits = |(at, letter): (usize, char)| {
            used += letter.width().unwrap_or(0);
            (used <= width).then_some(at + letter.len_utf8())
        };
        let Some(end) = rest.char_indices().map_while(fits).last() else { break };
        let end = rest[..end].rfind('/').map_or(end, |slash| slash + 1);
        let (piece, later) = rest.split_at(end);
        pieces.push(piece);
        rest = later;
    }
    pieces.push(rest);
    pieces
}

/// Text of at most `width` columns, with `…` where something was cut.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 0;
    let kept: String = text
        .chars()
        .take_while(|letter| {
            used += letter.width().unwrap_or(0);
            used < width
        })
        .collect();
    format!("{kept}…")
}

/// How long ago something was: `12 s`, `3 min`, `5 h`, `2 d`.
pub(super) fn age(at: Timestamp) -> String {
    span(clock::now().since(at).as_secs())
}

fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Seconds as people write them: `0.4 s`, `12.3 s`, `2 min 5 s`.
pub(super) fn seconds(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    // Far below 2^52: a deployment does not take longer than a century.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
    let whole = seconds.round().max(0.0) as u64;
    format!("{} min {} s", whole / 60, whole % 60)
}

/// A moment in the machine's time zone.
pub(super) fn local_time(at: Timestamp) -> String {
    at.to_jiff().to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(["NAME", "WHERE", "ID"]);
        table.row([
            ("shop".to_owned(), Style::Strong),
            ("/home/ann/work/shop/of/things".to_owned(), Style::Plain),
            ("01jx".to_owned(), Style::Faint),
        ]);
        table.row([
            ("日本".to_owned(), Style::Plain),
            ("x\ty".to_owned(), Style::Plain),
            (String::new(), Style::Plain),
        ]);
        table
    }

    #[test]
    fn a_table_takes_the_room_it_needs() {
        assert_eq!(
            table().render(None),
            "NAME  WHERE                          ID\n\
             shop  /home/ann/work/shop/of/things  01jx\n\
             日本  x y\n"
        );
    }

    #[test]
    fn a_table_fits_a_narrow_terminal() {
        let narrow = table().render(Some(24));
        assert!(narrow.lines().all(|line| line.width() <= 24), "{narrow}");
        assert!(narrow.contains("shop  /home/ann/w…  01jx"), "{narrow}");
    }

    #[test]
    fn no_name_moves_the_terminal() {
        let name = "x\u{1b}]0;PWNED\u{7}\u{1b}[31m\r\u{9b}2J\ny";
        let is_harmful = |c: char| c.is_control() && c != '\n';
        for shown in [styled(name, Style::Strong), visible(name).into_owned(), one_line(name)] {
            assert!(!shown.contains(is_harmful), "{shown:?}");
        }
        assert!(!styled(name, Style::Strong).contains('\n'));
        assert_eq!(visible("a\tb\n"), "a\tb\n");
    }

    #[test]
    fn a_problem_keeps_its_parts_apart_whatever_stands_in_it() {
        let problem = Problem::new(crate::model::ProblemCode::NotFound, "x", "there is no a\n  try: rm\u{1b}[31m")
            .why("one\n  try: two\u{7}")
            .fix("mend\nit");
        assert_eq!(
            words(&problem).to_string(),
            "there is no a   try: rm [31m\n  why: one\n         try: two \n  try: mend it"
        );
    }

    #[test]
    fn times_are_short() {
        assert_eq!(seconds(0.44), "0.4 s");
        assert_eq!(seconds(125.4), "2 min 5 s");
        assert_eq!([span(59), span(61), span(7200), span(200_000)], ["59 s", "1 min", "2 h", "2 d"]);
    }

    #[test]
    fn what_is_too_long_for_a_line_is_broken_behind_a_slash() {
        assert_eq!(folded("at some/long/path/of/one: x", 12), ["at", "some/long/", "path/of/one:", "x"]);
        assert_eq!(folded("日本日本", 4), ["日本", "日本"]);
        assert_eq!(folded("ab 日", 1), ["a", "b", "日"], "what is wider than the line is not lost");
    }
}
