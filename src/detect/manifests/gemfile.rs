//! `Gemfile` and `Gemfile.lock`.

use std::collections::HashMap;

/// A gem asked for.
pub(in crate::detect) struct Gem {
    pub name: String,
    pub asked: Option<String>,
    /// Only for development or tests.
    pub development: bool,
}

/// What a Gemfile says.
#[derive(Default)]
pub(in crate::detect) struct Gemfile {
    pub gems: Vec<Gem>,
    pub ruby: Option<String>,
}

/// Reads a Gemfile line by line: it is a program, and only its plain statements are understood.
pub(in crate::detect) fn parse(text: &str) -> Gemfile {
    let mut read = Gemfile::default();
    // For each open block, whether it is a group of development only.
    let mut blocks: Vec<bool> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(rest) = statement(line, "gem") {
            let mut words = quoted(rest);
            if let Some(name) = words.next() {
                let asked =
                    words.next().filter(|word| word.starts_with(|c: char| c.is_ascii_digit() || "~><=!".contains(c)));
                let own = rest.contains("group: :development") || rest.contains("group: :test");
                let development = own || blocks.iter().any(|development| *development);
                read.gems.push(Gem { name: name.to_owned(), asked: asked.map(str::to_owned), development });
            }
        } else if let Some(rest) = statement(line, "ruby") {
            read.ruby =
                quoted(rest).next().filter(|word| word.contains(|c: char| c.is_ascii_digit())).map(str::to_owned);
        }
        if line.ends_with(" do") || line.contains(" do |") {
            let group = statement(line, "group");
            let for_running = |group: &str| {
                group.trim_end_matches(" do").split([',', ' ', '(']).filter(|name| name.starts_with(':')).any(|name| {
                    !matches!(name.trim_end_matches(')'), ":development" | ":test" | ":ci" | ":lint" | ":doc")
                })
            };
            blocks.push(group.is_some_and(|group| !for_running(group)));
        } else if line == "end" {
            blocks.pop();
        }
    }
    read
}

fn statement<'l>(line: &'l str, word: &str) -> Option<&'l str> {
    line.strip_prefix(word).filter(|rest| rest.starts_with([' ', '(']))
}

/// The words in quotes, in their order.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let at = rest.find(['"', '\''])?;
        let quote = rest[at..].chars().next()?;
        let (word, after) = rest[at + 1..].split_once(quote)?;
        rest = after;
        Some(word)
    })
}

/// What a Gemfile.lock says.
#[derive(Default)]
pub(in crate::detect) struct Lock {
    pub versions: HashMap<String, String>,
    pub ruby: Option<String>,
    pub bundler: Option<String>,
}

/// Reads a Gemfile.lock: gems stand four spaces deep under `specs:`.
pub(in crate::detect) fn parse_lock(text: &str) -> Lock {
    let mut read = Lock::default();
    let mut section = "";
    for line in text.lines() {
        if !line.starts_with(' ') {
            section = line.trim();
        } else if section == "RUBY VERSION" {
            let version = line.trim().trim_start_matches("ruby ");
            read.ruby = version.split(['p', ' ']).next().map(str::to_owned);
        } else if section == "BUNDLED WITH" {
            read.bundler = Some(line.trim().to_owned());
        } else if line.starts_with("    ") && !line.starts_with("     ") && section != "DEPENDENCIES" {
            let pair = line.trim().strip_suffix(')').and_then(|line| line.split_once(" ("));
            if let Some((name, version)) = pair {
                // The platform may follow: `pg (1.5.9-x86_64-linux)`.
                let version = version.split('-').next().unwrap_or(version);
                read.versions.entry(name.to_owned()).or_insert_with(|| version.to_owned());
            }
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gems_groups_and_ruby() {
        let text = "ruby '~> 3.3'\ngem 'rails', '~> 8.0'\ngem \"pg\"\ngroup :development, :test do\n  gem 'rspec'\nend\ngroup :production do\n  gem 'puma', require: false\nend\n# gem 'no'\n";
        let read = parse(text);
        assert_eq!(read.ruby.as_deref(), Some("~> 3.3"));
        let gems: Vec<_> =
            read.gems.iter().map(|gem| (gem.name.as_str(), gem.asked.as_deref(), gem.development)).collect();
        assert_eq!(
            gems,
            [("rails", Some("~> 8.0"), false), ("pg", None, false), ("rspec", None, true), ("puma", None, false)]
        );
        assert_eq!(parse("ruby file: \".ruby-version\"\n").ruby, None);
    }

    #[test]
    fn the_lock_knows_exact_versions() {
        let text = "GEM\n  specs:\n    pg (1.5.9-x86_64-linux)\n    rails (8.0.2)\n      railties (= 8.0.2)\n\nDEPENDENCIES\n  rails (~> 8)\n\nRUBY VERSION\n   ruby 3.4.2p100\n\nBUNDLED WITH\n   2.6.5\n";
        let lock = parse_lock(text);
        assert_eq!(lock.versions["rails"], "8.0.2");
        assert_eq!(lock.versions["pg"], "1.5.9");
        assert!(!lock.versions.contains_key("railties"));
        assert_eq!((lock.ruby.as_deref(), lock.bundler.as_deref()), (Some("3.4.2"), Some("2.6.5")));
    }
}
