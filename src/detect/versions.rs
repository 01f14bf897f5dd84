//! The version of a runtime that a project asks for.

use super::data::Text;
use super::facts::{Ask, Facts};
use super::project::Folder;
use super::rules::Versions;

/// What was found: the version to use and all that was asked for, the most binding first; that decides the version.
pub(super) struct Found {
    pub version: Option<String>,
    pub asks: Vec<Ask>,
    /// What keeps it from being a later one: a package with its version, and the last version that it runs with.
    pub limit: Option<(String, String)>,
    /// It is the language's own version that was asked for, not that of what runs it.
    pub of_language: bool,
}

/// Looks at all places in their order. The first that makes sense holds.
pub(super) fn find(folder: Folder<'_>, facts: &Facts, rules: &Versions) -> Found {
    let asks = rules.places.iter().filter_map(|place| Some((place, ask_at(place, folder, facts)?)));
    // Some other word asks for nothing.
    let resolved =
        asks.filter_map(|(place, ask)| Some((rules.instead.contains(place), resolve(&ask.says, rules)?, ask)));
    let mut asks: Vec<(bool, String, Ask)> = resolved.collect();
    if asks.iter().any(|(instead, ..)| !instead) {
        asks.retain(|(instead, ..)| !instead);
    }
    let of_language = asks.first().is_some_and(|(instead, ..)| *instead);
    let mut version = asks.first().map(|(_, version, ask)| raised(version.clone(), &ask.says, facts, rules));
    let open = asks.first().is_none_or(|(.., ask)| is_open(&ask.says));
    let meant = version.as_deref().unwrap_or(&rules.default);
    let limit = ceiling(facts, rules).filter(|(_, last)| open && numbers(last) < numbers(meant));
    if let Some((_, last)) = &limit {
        version = Some(last.clone());
    }
    Found { version, asks: asks.into_iter().map(|(.., ask)| ask).collect(), limit, of_language }
}

/// “At least this”, without an end.
pub(super) fn is_open(says: &str) -> bool {
    says.trim_start().starts_with('>') && !says.contains('<')
}

/// The earliest of the versions that packages in use do not outlive, with the package.
fn ceiling(facts: &Facts, rules: &Versions) -> Option<(String, String)> {
    let held = rules.ceilings.iter().filter_map(|(package, last)| {
        let used = facts.older(package)?;
        let (name, _) = package.rsplit_once('@')?;
        Some((format!("{name} {used}"), last.to_string()))
    });
    held.min_by_key(|(_, last)| numbers(last))
}

/// “At least this” was often written long ago: what the packages in use need raises it.
fn raised(version: String, says: &str, facts: &Facts, rules: &Versions) -> String {
    if !is_open(says) {
        return version;
    }
    let major = |text: &str| numbers(text.trim_start_matches(|c: char| !c.is_ascii_digit())).first().copied();
    let needed = rules.floors.iter().filter_map(|(package, floor)| {
        let (name, least) = package.rsplit_once('@')?;
        let used = major(facts.dependency(name)?.version.as_deref()?)?;
        (used >= least.parse().ok()?).then_some(floor)
    });
    let needed = needed.map(Text::as_str).chain(facts.plain("floor"));
    let highest = needed.max_by_key(|floor| numbers(floor)).filter(|floor| numbers(floor) > numbers(&version));
    highest.map_or(version, str::to_owned)
}

/// Since when the line of a version gets no fixes any more, where that is so, and the line.
pub(super) fn ended<'a>(version: &str, rules: &'a Versions) -> Option<(&'a str, &'a str)> {
    let version = numbers(version);
    let (line, since) = rules.ended.iter().find(|(line, _)| version.starts_with(&numbers(line)))?;
    Some((line, since))
}

fn ask_at(place: &str, folder: Folder<'_>, facts: &Facts) -> Option<Ask> {
    if let Some(ask) = facts.versions.get(place) {
        return Some(ask.clone());
    }
    if let Some(tool) = place.strip_prefix("tool:") {
        return of_tool(folder, tool);
    }
    if place.contains(' ') {
        return None;
    }
    folder.upwards().find_map(|above| {
        let text = above.text(place)?;
        let says = text.lines().map(without_comment).find(|line| !line.is_empty())?;
        Some(Ask { file: above.at(place), says: says.to_owned() })
    })
}

/// A line without what is said to people.
fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or("").split("//").next().unwrap_or("").trim()
}

/// What the nearest file for all tools says of one.
pub(super) fn of_tool(folder: Folder<'_>, tool: &str) -> Option<Ask> {
    folder.upwards().find_map(|above| asdf(above, tool).or_else(|| mise(above, tool)))
}

/// `.tool-versions`: a tool and its versions a line.
fn asdf(folder: Folder<'_>, tool: &str) -> Option<Ask> {
    let text = folder.text(".tool-versions")?;
    let says = text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some(tool)).then(|| words.next())?
    })?;
    Some(Ask { file: folder.at(".tool-versions"), says: says.to_owned() })
}

/// Where mise keeps its settings in a project, the most binding first.
const MISE: &[&str] = &[
    "mise.local.toml",
    "mise.toml",
    ".mise.toml",
    "mise/config.toml",
    ".mise/config.toml",
    ".config/mise.toml",
    ".config/mise/config.toml",
];

/// `mise.toml`: a version, a list of them, or a table with one.
fn mise(folder: Folder<'_>, tool: &str) -> Option<Ask> {
    MISE.iter().find_map(|file| {
        let value = folder.value(file)?;
        let entry = value.get("tools")?.get(tool)?;
        let entry = entry.get("version").or_else(|| entry.get(0)).unwrap_or(entry);
        let says = entry.as_str().map(str::to_owned).or_else(|| entry.as_number().map(ToString::to_string))?;
        Some(Ask { file: folder.at(file), says })
    })
}

/// One bound of what is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    Is,
    /// What is compatible with a version is of its line: `^20.11` is 20, `~3.9.1` is 3.9.
    Line,
    AtLeast,
    Below,
}

/// The version to use for what somebody wrote: an exact one stays as it is, a range becomes the known version that it
/// begins with, or the default where that lies in it. None where it is no version.
pub(super) fn resolve(says: &str, rules: &Versions) -> Option<String> {
    let says = says.trim().trim_matches(['"', '\'']).trim();
    if let Some(known) = rules.aliases.get(&says.to_ascii_lowercase()) {
        return Some(known.to_string());
    }
    match says.to_ascii_lowercase().as_str() {
        "latest" | "current" | "node" => {
            let known = std::iter::once(&rules.default).chain(&rules.known);
            return known.max_by_key(|known| numbers(known)).map(String::from);
        }
        // A channel of a compiler, with the date of a build of it: its own tool brings it.
        word if word.starts_with("nightly") || word.starts_with("beta") => return Some(says.to_owned()),
        "*" | "lts" | "stable" | "x" | "lts/*" => return Some(rules.default.to_string()),
        _ => {}
    }
    let first = says.split("||").next().unwrap_or(says).split(" | ").next().unwrap_or(says);
    let mut lower: Option<(Bound, &str)> = None;
    let mut upper = None;
    let spaced = first.replace(',', " ");
    for word in joined(&spaced) {
        let (bound, number) = bound_of(word);
        if numbers(number).is_empty() {
            continue;
        }
        let number = &first[first.find(number)?..][..number.len()];
        match bound {
            Bound::Below => upper = Some(numbers(number)),
            _ if lower.is_none() => lower = Some((bound, number)),
            _ => {}
        }
    }
    let (bound, number) = lower?;
    let asked = numbers(number);
    let depth = numbers(&rules.default).len().max(1);
    match bound {
        Bound::Is if !number.contains(['x', '*']) && asked.len() > depth => {
            Some(number.trim_end_matches('.').to_owned())
        }
        Bound::Is | Bound::Line => Some(whole(&asked, depth, rules)),
        _ => Some(at_least(&asked, upper.as_deref(), depth, rules)),
    }
}

/// Whether a version is among what somebody asks for; also where it is only a part of one that is.
pub(super) fn allows(says: &str, version: &str, rules: &Versions) -> bool {
    if resolve(says, rules).as_deref() == Some(version) {
        return true;
    }
    let version = numbers(version);
    says.trim().trim_matches(['"', '\'']).split("||").flat_map(|one| one.split(" | ")).any(|one| {
        let spaced = one.replace(',', " ");
        let mut bounds = joined(&spaced).map(bound_of).map(|(bound, number)| (bound, numbers(number))).peekable();
        bounds.peek().is_some()
            && bounds.all(|(bound, asked)| {
                let shared = asked.len().min(version.len());
                let order = version[..shared].cmp(&asked[..shared]);
                match bound {
                    _ if shared == 0 => true,
                    Bound::Is => order.is_eq(),
                    Bound::Line => version[0] == asked[0] && order.is_ge(),
                    Bound::AtLeast => order.is_ge(),
                    Bound::Below => order.is_lt() || order.is_eq() && asked.len() > version.len(),
                }
            })
    })
}

/// The words of a constraint, with a sign that stands alone joined to its number.
fn joined(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim_start();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let signs = rest.len() - rest.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '*').len();
        let end = rest[signs..].find(char::is_whitespace).map_or(rest.len(), |at| signs + at);
        let word = &rest[..end];
        rest = rest[end..].trim_start();
        Some(word)
    })
}

fn bound_of(word: &str) -> (Bound, &str) {
    let number = word.trim_start_matches(|c: char| !c.is_ascii_digit());
    let signs = &word[..word.len() - number.len()];
    let bound = match signs.trim() {
        sign if sign.starts_with('<') || sign.starts_with("!=") => Bound::Below,
        sign if sign.starts_with('>') => Bound::AtLeast,
        sign if sign.starts_with(['^', '~']) => Bound::Line,
        _ => Bound::Is,
    };
    (bound, number.split(['-', '+', '@', ' ']).next().unwrap_or(number))
}

fn numbers(text: &str) -> Vec<u32> {
    text.split('.').map_while(|part| part.trim().parse().ok()).collect()
}

fn shown(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
}

/// As many parts as versions of this runtime have, filled up from what is known.
fn whole(asked: &[u32], depth: usize, rules: &Versions) -> String {
    if asked.len() >= depth {
        return shown(&asked[..depth]);
    }
    let known = std::iter::once(&rules.default).chain(&rules.known);
    known.into_iter().find(|known| numbers(known).starts_with(asked)).map_or_else(|| shown(asked), String::from)
}

fn at_least(asked: &[u32], upper: Option<&[u32]>, depth: usize, rules: &Versions) -> String {
    let line = whole(asked, depth, rules);
    if rules.range_begins && rules.known.iter().any(|known| *known == line) {
        return line;
    }
    let fits = |version: &&Text| {
        let version = numbers(version);
        let begins = |upper: &[u32]| {
            let mut version = version.clone();
            version.resize(upper.len().max(version.len()), 0);
            version.as_slice() < upper
        };
        version.as_slice() >= &asked[..asked.len().min(depth)] && upper.is_none_or(begins)
    };
    let same_major = |version: &&Text| numbers(version).first() == asked.first();
    if rules.range_stays && upper.is_none() && !same_major(&&rules.default) {
        return rules.known.iter().filter(same_major).find(fits).unwrap_or(&rules.default).into();
    }
    // Without an end the nearest to what was asked is the surest.
    let known = std::iter::once(&rules.default).chain(rules.known.iter().filter(|_| upper.is_some()));
    known.into_iter().find(fits).map_or(line, String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> Versions {
        Versions {
            default: "22".into(),
            known: ["24", "22", "20", "18"].into_iter().collect(),
            aliases: [("lts/iron", "20".into())].into(),
            range_begins: true,
            ..Versions::default()
        }
    }

    fn python() -> Versions {
        Versions {
            default: "3.12".into(),
            known: ["3.13", "3.12", "3.11", "3.10", "3.9"].into_iter().collect(),
            ..Versions::default()
        }
    }

    #[test]
    fn what_people_write_becomes_a_version_to_use() {
        let cases = [
            ("20.11.1", "20.11.1"),
            ("v14.18.1", "14.18.1"),
            ("22.x", "22"),
            ("22.x.x", "22"),
            ("10", "10"),
            (">=18.0.0", "18"),
            (">= 0.10.21", "22"),
            ("^18.17 || ^20", "18"),
            (">=16.0.0 <18.0.0", "16"),
            ("^26.0.0", "26"),
            ("*", "22"),
            ("lts/iron", "20"),
            ("lts/*", "22"),
            ("latest", "24"),
            ("node", "24"),
            (">=18 <21", "18"),
        ];
        for (says, expected) in cases {
            assert_eq!(resolve(says, &node()).as_deref(), Some(expected), "{says}");
        }
        assert_eq!(resolve("some_invalid_version", &node()), None);
    }

    #[test]
    fn what_is_asked_for_elsewhere_only_disagrees_where_it_forbids_the_version() {
        for (says, version) in [
            ("18.x", "18"),
            (">=18.17", "20"),
            ("^20.11", "20"),
            ("16 || 18 || 20", "18"),
            (">=18 <21", "20"),
            ("9.0.203", "9.0"),
            (">=8.4", "8.4.1"),
            (">=16 <22.5", "22"),
            ("*", "22"),
        ] {
            assert!(allows(says, version, &node()), "{says} allows {version}");
        }
        for (says, version) in
            [("18.x", "16"), ("^20", "22"), (">=18 <21", "22"), ("16 || 18", "20"), ("<22", "22"), ("3.1.4", "3.2.2")]
        {
            assert!(!allows(says, version, &node()), "{says} does not allow {version}");
        }
    }

    #[test]
    fn a_line_that_has_ended_is_told_by_all_its_versions() {
        let rules = Versions { ended: [("3.9", "2025-10-31".into())].into(), ..python() };
        for version in ["3.9", "3.9.18"] {
            assert_eq!(ended(version, &rules), Some(("3.9", "2025-10-31")), "{version}");
        }
        for version in ["3.90", "3.10", "3", "no version"] {
            assert_eq!(ended(version, &rules), None, "{version}");
        }
    }

    #[test]
    fn an_open_range_stays_with_the_major_version_that_programs_were_written_for() {
        let php = Versions {
            default: "8.3".into(),
            known: ["8.4", "8.3", "7.4", "7.3", "5.6"].into_iter().collect(),
            range_stays: true,
            ..Versions::default()
        };
        for (says, expected) in [
            (">=7.1.3", "7.4"),
            (">=5.3.0", "5.6"),
            (">=8.1", "8.3"),
            (">=8.4", "8.4"),
            (">=4", "8.3"),
            ("^7.2 || ^8.0", "7.2"),
        ] {
            assert_eq!(resolve(says, &php).as_deref(), Some(expected), "{says}");
        }
    }

    #[test]
    fn python_has_two_parts() {
        let cases = [
            ("python-3.11.4", "3.11.4"),
            ("3.10", "3.10"),
            ("3", "3.12"),
            (">=3.8", "3.12"),
            (">=3.13", "3.13"),
            (">=3.8,<3.12", "3.11"),
            ("^3.9", "3.9"),
            ("~=3.10.0", "3.10"),
            ("==3.11.*", "3.11"),
            ("3.10-slim", "3.10"),
        ];
        for (says, expected) in cases {
            assert_eq!(resolve(says, &python()).as_deref(), Some(expected), "{says}");
        }
    }
}
