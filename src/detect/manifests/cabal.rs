//! `NAME.cabal` of Haskell: sections of fields.

/// What a package says.
#[derive(Default)]
pub(in crate::detect) struct Cabal {
    pub name: Option<String>,
    /// Its programs, in their order.
    pub executables: Vec<String>,
    pub library: bool,
    /// What its library and programs are built with, for each anew, and what is asked of it.
    pub dependencies: Vec<(String, Option<String>)>,
    pub tested_with: Option<String>,
}

pub(in crate::detect) fn parse(text: &str) -> Cabal {
    let mut read = Cabal::default();
    let mut section = String::new();
    let mut field = String::new();
    for line in text.lines().filter(|line| !line.trim().starts_with("--")) {
        let words = line.trim();
        if words.is_empty() {
            continue;
        }
        if let Some((key, value)) = words.split_once(':').filter(|(key, _)| is_field(key)) {
            field = key.trim().to_ascii_lowercase();
            note(&mut read, &section, &field, value);
            if !line.starts_with([' ', '\t']) {
                section.clear();
            }
        } else if !line.starts_with([' ', '\t']) {
            field.clear();
            section = words.split_whitespace().next().unwrap_or("").to_ascii_lowercase();
            read.library |= section == "library";
            if section == "executable"
                && let Some(name) = words.split_whitespace().nth(1)
            {
                read.executables.push(name.to_owned());
            }
        } else {
            note(&mut read, &section, &field, words);
        }
    }
    read
}

fn is_field(key: &str) -> bool {
    !key.is_empty() && key.trim().chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn note(read: &mut Cabal, section: &str, field: &str, value: &str) {
    let aside = matches!(section, "test-suite" | "benchmark");
    match field {
        "build-depends" if !aside => {
            read.dependencies.extend(value.split(',').filter_map(dependency));
        }
        "name" if section.is_empty() => read.name = Some(value.trim().to_owned()),
        "tested-with" if read.tested_with.is_none() && !value.trim().is_empty() => {
            read.tested_with = Some(value.trim().to_owned());
        }
        _ => {}
    }
}

/// `servant-server >=0.20 && <0.21`.
pub(in crate::detect) fn dependency(text: &str) -> Option<(String, Option<String>)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(text.len());
    let (name, asked) = text.split_at(end);
    let asked = asked.trim().trim_start_matches("==").trim();
    (!name.is_empty()).then(|| (name.to_owned(), (!asked.is_empty()).then(|| asked.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_what_they_are_built_with() {
        let text = "cabal-version: 2.4\nname:   shop\ntested-with: GHC == 9.6.4\n\ncommon shared\n  build-depends: base >=4 && <5\n\n\
            library\n  hs-source-dirs: src\n  build-depends:\n      servant-server ==0.20.2\n    , warp\n\n\
            executable shop-web\n  main-is: Main.hs\n  build-depends: shop, warp\n\ntest-suite t\n  build-depends: hspec\n";
        let read = parse(text);
        assert_eq!((read.name.as_deref(), read.library), (Some("shop"), true));
        assert_eq!(read.executables, ["shop-web"]);
        let names: Vec<&str> = read.dependencies.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["base", "servant-server", "warp", "shop", "warp"]);
        assert_eq!(read.dependencies[1].1.as_deref(), Some("0.20.2"));
        assert_eq!(read.tested_with.as_deref(), Some("GHC == 9.6.4"));
    }
}
