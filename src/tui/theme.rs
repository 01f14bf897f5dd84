//! Themes: styles by the role that they play. One file a theme, in `themes/`.

use std::collections::BTreeMap;
use std::str::FromStr;

use include_dir::{Dir, include_dir};
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/themes");

/// The theme where nothing else is asked for.
pub(crate) const DEFAULT: &str = "wharf-dark";
/// The theme where no colour is wanted.
pub(crate) const COLOURLESS: &str = "mono";

macro_rules! roles {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $role:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum $name { $($(#[$about])* $role,)* }

        impl $name {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$role,)*];

            /// The word in theme files.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$role => $word,)* }
            }
        }
    };
}

roles!(
    /// What a piece of the screen is.
    Role {
        Base = "base",
        Strong = "strong",
        Dim = "dim",
        Faint = "faint",
        Border = "border",
        Focus = "focus",
        Title = "title",
        Accent = "accent",
        Selected = "selected",
        Marked = "marked",
        Good = "good",
        Busy = "busy",
        Warn = "warn",
        Bad = "bad",
        Info = "info",
        Link = "link",
        Production = "production",
        Staging = "staging",
        Development = "development",
        Key = "key",
        Bar = "bar",
        Dialog = "dialog",
        Input = "input",
        Spark = "spark",
        Fill = "fill",
    }
);

roles!(
    /// What a piece of a file is.
    Token {
        Comment = "comment",
        Keyword = "keyword",
        String = "string",
        Number = "number",
        Constant = "constant",
        Function = "function",
        Type = "type",
        Property = "property",
        Variable = "variable",
        Punctuation = "punctuation",
    }
);

/// How many colours the terminal shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Depth {
    /// 24 bits.
    #[default]
    True,
    /// The 256 of xterm.
    Palette,
    /// The 16 that the terminal names.
    Named,
}

/// Styles for every role.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Theme {
    pub(crate) name: String,
    pub(crate) title: String,
    roles: Vec<Style>,
    tokens: Vec<Style>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    styles: BTreeMap<String, String>,
    syntax: BTreeMap<String, String>,
}

impl Theme {
    /// Reads a theme; says which role is missing, unknown or wrongly written.
    pub(crate) fn parse(name: &str, text: &str, depth: Depth) -> Result<Self, String> {
        let file: File = toml_edit::de::from_str(text).map_err(|error| format!("theme {name}: {error}"))?;
        let roles = styles(name, file.styles, Role::ALL.iter().map(|role| role.as_str()), depth)?;
        let tokens = styles(name, file.syntax, Token::ALL.iter().map(|token| token.as_str()), depth)?;
        Ok(Self { name: name.to_owned(), title: file.title, roles, tokens })
    }

    /// One that is built in.
    pub(crate) fn built_in(name: &str, depth: Depth) -> Option<Self> {
        let text = FILES.get_file(format!("{name}.toml"))?.contents_utf8()?;
        Self::parse(name, text, depth).ok()
    }

    /// The names of all that are built in, in their order.
    pub(crate) fn names() -> Vec<&'static str> {
        let mut names: Vec<_> = FILES.files().filter_map(|file| file.path().file_stem()?.to_str()).collect();
        names.sort_by_key(|name| (*name != DEFAULT, *name));
        names
    }

    /// A theme without any style: what is left when no file can be read.
    pub(crate) fn plain() -> Self {
        Self {
            name: "plain".to_owned(),
            title: "Plain".to_owned(),
            roles: vec![Style::new(); Role::ALL.len()],
            tokens: vec![Style::new(); Token::ALL.len()],
        }
    }

    pub(crate) fn style(&self, role: Role) -> Style {
        self.roles[role as usize]
    }

    pub(crate) fn token(&self, token: Token) -> Style {
        self.tokens[token as usize]
    }
}

fn styles(
    theme: &str,
    mut given: BTreeMap<String, String>,
    wanted: impl Iterator<Item = &'static str>,
    depth: Depth,
) -> Result<Vec<Style>, String> {
    let read = wanted
        .map(|role| {
            let text = given.remove(role).ok_or_else(|| format!("theme {theme}: “{role}” is missing"))?;
            style(&text, depth)
                .map_err(|wrong| format!("theme {theme}: {role}: “{wrong}” is no colour and no attribute"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    match given.into_keys().next() {
        Some(unknown) => Err(format!("theme {theme}: “{unknown}” is no role")),
        None => Ok(read),
    }
}

/// Reads `COLOUR on COLOUR ATTRIBUTE …`; gives back the word that makes no sense.
fn style(text: &str, depth: Depth) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        style = match word {
            "on" => {
                let colour = words.next().unwrap_or_default();
                style.bg(reduce(Color::from_str(colour).map_err(|_| colour.to_owned())?, depth))
            }
            "bold" => style.add_modifier(Modifier::BOLD),
            "dim" => style.add_modifier(Modifier::DIM),
            "italic" => style.add_modifier(Modifier::ITALIC),
            "underlined" => style.add_modifier(Modifier::UNDERLINED),
            "reversed" => style.add_modifier(Modifier::REVERSED),
            colour => style.fg(reduce(Color::from_str(colour).map_err(|_| colour.to_owned())?, depth)),
        };
    }
    Ok(style)
}

/// The nearest colour that the terminal can show.
fn reduce(colour: Color, depth: Depth) -> Color {
    match (colour, depth) {
        (Color::Rgb(r, g, b), Depth::Palette) => Color::Indexed(nearest((r, g, b), 16..=255)),
        (Color::Rgb(r, g, b), Depth::Named) => Color::Indexed(nearest((r, g, b), 0..=15)),
        _ => colour,
    }
}

/// The eye sees differences of green best, of blue least.
fn nearest(wanted: (u8, u8, u8), among: std::ops::RangeInclusive<u8>) -> u8 {
    let distance = |index: u8| {
        let shown = xterm(index);
        let part = |one: u8, other: u8| i32::from(one.abs_diff(other)).pow(2);
        part(wanted.0, shown.0) * 3 + part(wanted.1, shown.1) * 4 + part(wanted.2, shown.2) * 2
    };
    among.min_by_key(|index| distance(*index)).unwrap_or(7)
}

/// xterm's palette: 16 names, a cube of 6 levels, 24 greys.
fn xterm(index: u8) -> (u8, u8, u8) {
    const NAMED: [(u8, u8, u8); 16] = [
        (0, 0, 0),
        (205, 0, 0),
        (0, 205, 0),
        (205, 205, 0),
        (0, 0, 238),
        (205, 0, 205),
        (0, 205, 205),
        (229, 229, 229),
        (127, 127, 127),
        (255, 0, 0),
        (0, 255, 0),
        (255, 255, 0),
        (92, 92, 255),
        (255, 0, 255),
        (0, 255, 255),
        (255, 255, 255),
    ];
    let level = |step: u8| if step == 0 { 0 } else { 55 + step * 40 };
    match index {
        0..=15 => NAMED[usize::from(index)],
        16..=231 => {
            let cube = index - 16;
            (level(cube / 36), level(cube / 6 % 6), level(cube % 6))
        }
        _ => {
            let grey = 8 + (index - 232) * 10;
            (grey, grey, grey)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_theme_is_complete() {
        let names = Theme::names();
        assert!(names.len() >= 4 && names[0] == DEFAULT, "{names:?}");
        for name in names {
            let text = FILES.get_file(format!("{name}.toml")).unwrap().contents_utf8().unwrap();
            for depth in [Depth::True, Depth::Palette, Depth::Named] {
                if let Err(error) = Theme::parse(name, text, depth) {
                    panic!("{error}");
                }
            }
        }
    }

    #[test]
    fn the_colourless_theme_has_no_colour() {
        let theme = Theme::built_in(COLOURLESS, Depth::True).unwrap();
        for style in theme.roles.iter().chain(&theme.tokens) {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }

    #[test]
    fn a_theme_says_what_is_wrong_with_it() {
        let missing = Theme::parse("x", "title = 'x'\n[styles]\n[syntax]", Depth::True).unwrap_err();
        assert_eq!(missing, "theme x: “base” is missing");
        assert_eq!(style("bold #12345", Depth::True), Err("#12345".to_owned()));
    }

    #[test]
    fn colours_come_down_to_what_the_terminal_shows() {
        assert_eq!(reduce(Color::Rgb(255, 0, 0), Depth::Palette), Color::Indexed(196));
        assert_eq!(reduce(Color::Rgb(8, 8, 8), Depth::Palette), Color::Indexed(232));
        assert_eq!(reduce(Color::Rgb(250, 250, 250), Depth::Named), Color::Indexed(15));
        assert_eq!(reduce(Color::Red, Depth::Named), Color::Red);
    }
}
