//! The scripts of a `package.json` with which a project is tested, checked and developed.

use crate::detect::facts::Facts;
use crate::detect::manifests::package_json::PackageJson;
use crate::detect::project::Folder;

/// Scripts that run the tests, the usual one first.
const TESTS: &[&str] = &["test", "test:ci", "test:unit", "unit", "test:run", "tests"];

/// Scripts that look for faults.
const LINTS: &[&str] = &["lint", "lint:check", "lint:ci", "eslint", "check"];

/// Scripts that check types.
const TYPES: &[&str] = &["typecheck", "type-check", "types:check", "check-types", "check:types", "types", "check"];

/// Scripts that check the form.
const FORMATS: &[&str] = &["format:check", "fmt:check", "prettier:check", "check:format", "check-format"];

/// Scripts that serve while somebody develops …
const DEVELOPS: &[&str] = &["dev", "develop", "start:dev", "dev:server"];

/// … and those that do so only by what they run.
const MAY_DEVELOP: &[&str] = &["serve", "start", "watch"];

/// Commands that serve while somebody develops, beside those that are never meant for production.
const WATCHES: &[&str] = &[
    "ember s",
    "eleventy --serve",
    "stencil build --dev",
    "sanity dev",
    "sanity start",
    "docusaurus start",
    "vitepress dev",
    "vuepress dev",
    "hexo s",
    "meteor run",
];

/// Runners that fail where they find no test.
const PICKY: &[&str] = &["jest", "vitest", "mocha", "ava", "tap", "react-scripts", "craco", "ng", "jasmine", "node"];

/// Runners that drive a browser through the whole app.
const END_TO_END: &[&str] =
    &["playwright", "cypress", "wdio", "nightwatch", "testcafe", "detox", "codeceptjs", "cucumber-js"];

/// Programs that are there only where a package brings them.
const BROUGHT: &[&str] = &[
    "jest",
    "vitest",
    "mocha",
    "ava",
    "tap",
    "eslint",
    "tslint",
    "standard",
    "xo",
    "prettier",
    "biome",
    "oxlint",
    "stylelint",
    "tsc",
    "vue-tsc",
    "svelte-check",
];

/// What only sets the stage for another program.
const BEFORE: &[&str] = &["cross-env", "cross-env-shell", "npx", "env", "bunx", "dotenv", "env-cmd"];

/// Options that say where a program listens, those first that have no value of their own.
const PLACES: &[&str] = &["--open", "-o", "--host", "--port", "--hostname", "-p", "-H"];

/// Notes words for what the scripts are: `test.script` (beside `test.sure` where it passes without tests too),
/// `lint.script`, `types.script`, `format.script`, `dev.script`, and `dev.PROGRAM` for one that takes options.
pub(super) fn read(facts: &mut Facts, folder: Folder<'_>, manifest: &PackageJson, develops: fn(&str) -> bool) {
    let scripts = Scripts { folder, manifest, names: dependencies(folder, facts) };
    scripts.test(facts);
    scripts.checks(facts);
    scripts.develop(facts, develops);
}

/// All that the manifests from here upwards depend on.
fn dependencies(folder: Folder<'_>, facts: &Facts) -> Vec<String> {
    let above = folder.upwards().skip(1).filter_map(|above| above.value("package.json").and_then(PackageJson::new));
    let groups = ["dependencies", "devDependencies"];
    let names = |manifest: &PackageJson| {
        groups.iter().flat_map(|group| manifest.group(group)).map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
    };
    let own = facts.dependencies.iter().map(|one| one.name.clone());
    own.chain(above.flat_map(|manifest| names(&manifest))).collect()
}

struct Scripts<'a> {
    folder: Folder<'a>,
    manifest: &'a PackageJson,
    names: Vec<String>,
}

impl<'a> Scripts<'a> {
    /// What a script runs in the end, where it does something: one that only calls another stands for that.
    fn command(&self, name: &str) -> Option<&'a str> {
        let command = self.manifest.script(name)?;
        let words: Vec<&str> = command.split_whitespace().collect();
        let called = match words.as_slice() {
            ["npm" | "yarn" | "pnpm" | "bun", "run", other] | ["yarn" | "pnpm", other] => self.manifest.script(other),
            _ => None,
        };
        Some(called.unwrap_or(command)).filter(|command| !says_nothing(command) && self.is_there(command))
    }

    /// The program comes with a package, where it is one of those that only do.
    fn is_there(&self, command: &str) -> bool {
        let program = program(command);
        let brings = |name: &String| {
            name.contains(program) || name == "react-scripts" || program.ends_with("tsc") && name == "typescript"
        };
        !BROUGHT.contains(&program) || self.names.iter().any(brings)
    }

    fn test(&self, facts: &mut Facts) {
        let fits = |command: &str| !watches(command) && !END_TO_END.contains(&program(command));
        let found = TESTS.iter().find_map(|name| Some((*name, self.command(name).filter(|command| fits(command))?)));
        let Some((name, command)) = found else { return };
        let says_once = ["run", "--run", "--watch=false", "--watchAll=false"];
        let once = command.starts_with("CI=") || command.split_whitespace().any(|word| says_once.contains(&word));
        match program(command) {
            "ng" if !once && is_plain(command) && facts.depends_on("karma") => {
                facts.phrase("test.script", "{run} {}{args} --watch=false --browsers=ChromeHeadless", [name]);
            }
            "ng" if !once && is_plain(command) => facts.phrase("test.script", "{run} {}{args} --watch=false", [name]),
            "karma" if !command.contains("single") && is_plain(command) => {
                facts.phrase("test.script", "{run} {}{args} --single-run", [name]);
            }
            "vitest" | "react-scripts" | "craco" if !once => facts.phrase("test.script", "CI=true {run} {}", [name]),
            _ => facts.phrase("test.script", "{run} {}", [name]),
        }
        let is_there = |word: &str| self.folder.has(word.trim_start_matches("./"));
        let names_tests = command.split_whitespace().skip(1).any(is_there);
        let several = command.contains(['&', '|', ';']);
        if command.contains("assWithNoTests") || several || names_tests || !PICKY.contains(&program(command)) {
            facts.word("test.sure", "");
        }
    }

    fn checks(&self, facts: &mut Facts) {
        let lints = ["eslint", "biome", "oxlint", "tslint", "standard", "xo ", "prettier", "lint"];
        let types =
            ["tsc", "svelte-check", "astro check", "nuxi typecheck", "nuxt typecheck", "check-types", "typecheck"];
        let holds = |command: &str, words: &[&str]| words.iter().any(|word| command.contains(word));
        let find = |names: &[&'static str], words: &[&str]| {
            let fits = |name: &&str, command: &str| {
                !watches(command) && self.next_lints(command, facts) && (*name != "check" || holds(command, words))
            };
            let found = names.iter().filter_map(|name| Some((*name, self.command(name).filter(|it| fits(name, it))?)));
            // One that mends what it finds is no check, where there is another.
            let found: Vec<(&str, &str)> = found.collect();
            let mends = |command: &str| ["--fix", "--write"].iter().any(|word| command.contains(word));
            found.iter().find(|(_, command)| !mends(command)).or(found.first()).copied()
        };
        let lint = find(LINTS, &lints);
        let of_types = find(TYPES, &types).filter(|(name, _)| lint.is_none_or(|(lint, _)| lint != *name));
        let format = find(FORMATS, &[]);
        for (word, script) in [("lint.script", lint), ("types.script", of_types), ("format.script", format)] {
            if let Some((name, _)) = script {
                facts.phrase(word, "{run} {}", [name]);
            }
        }
    }

    /// `next lint` is no more since 16, and asks a person what to do where it has no settings.
    fn next_lints(&self, command: &str, facts: &Facts) -> bool {
        let settings = [".eslintrc*", ".eslintrc", "eslint.config.*"];
        let set = settings.iter().any(|file| self.folder.find(file).is_some()) || self.manifest.has("eslintConfig");
        !command.contains("next lint") || set && facts.older("next@16").is_some()
    }

    fn develop(&self, facts: &mut Facts, develops: fn(&str) -> bool) {
        let known = |command: &str| develops(command) || WATCHES.iter().any(|program| command.starts_with(program));
        let may = MAY_DEVELOP.iter().filter(|name| self.manifest.script(name).is_some_and(known));
        let found = DEVELOPS.iter().chain(may).find_map(|name| Some((*name, self.command(name)?)));
        let Some((name, command)) = found else {
            let start = self.manifest.script("start").filter(|start| is_plain(start));
            let lies_there =
                |rest: &&str| rest.split_whitespace().any(|word| self.folder.has(word.trim_start_matches("./")));
            if let Some(rest) = start.and_then(|start| start.strip_prefix("node ")).filter(lies_there) {
                facts.command("dev.start", &format!("node --watch {rest}"));
            }
            return;
        };
        facts.phrase("dev.script", "{run} {}", [name]);
        if !is_plain(command) {
            return;
        }
        let word = format!("dev.{}", program(command));
        let words: Vec<&str> = command.split_whitespace().collect();
        let placed = |word: &str| PLACES.contains(&word.split('=').next().unwrap_or(word));
        if words.iter().any(|word| placed(word)) {
            let begins = words.iter().position(|it| it.ends_with(program(command))).unwrap_or(0);
            facts.command("dev.unplaced", &unplaced(&words[begins..]).join(" "));
            facts.phrase(&word, "{exec} {dev.unplaced}", []);
        } else {
            facts.phrase(&word, "{run} {}{args}", [name]);
        }
    }
}

/// The words of a command without those that say where it listens.
fn unplaced<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let mut kept = Vec::new();
    let mut rest = words.iter().peekable();
    while let Some(word) = rest.next() {
        if !PLACES.contains(&word.split('=').next().unwrap_or(word)) {
            kept.push(*word);
        } else if !word.contains('=') && rest.peek().is_some_and(|next| !next.starts_with('-')) {
            rest.next();
        }
    }
    kept
}

/// What npm writes where there is no test yet, and what else only talks.
fn says_nothing(command: &str) -> bool {
    let talks = |part: &str| ["echo", "exit", "true", ":"].contains(&part.split_whitespace().next().unwrap_or("true"));
    command.contains("no test specified") || command.split(['&', '|', ';']).all(talks)
}

/// A single program, whose options can stand at the end.
fn is_plain(command: &str) -> bool {
    !command.contains(['&', '|', ';', '"', '\'', '`', '$', '>', '<', '(']) && !command.contains(" -- ")
}

/// The program that a command runs, without its folder.
fn program(command: &str) -> &str {
    let words = command.split_whitespace();
    let own = |word: &&str| !word.contains('=') && !word.starts_with('-') && !BEFORE.contains(word);
    words.into_iter().find(own).and_then(|word| word.rsplit('/').next()).unwrap_or("")
}

/// It does not end by itself.
fn watches(command: &str) -> bool {
    let words = ["--watch", "--watchAll", "--watch=true", "--ui", "watch", "nodemon", "-w"];
    command.split_whitespace().any(|word| words.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_from_what_stands_before_them() {
        for (command, expected) in [
            ("vitest", "vitest"),
            ("cross-env NODE_ENV=test ./node_modules/.bin/jest --ci", "jest"),
            ("npx playwright test", "playwright"),
            ("", ""),
        ] {
            assert_eq!(program(command), expected, "{command}");
        }
        assert!(says_nothing("echo \"Error: no test specified\" && exit 1") && says_nothing("echo ok"));
        assert!(!says_nothing("echo start && jest"));
    }

    #[test]
    fn where_a_program_listens_is_taken_off() {
        let words = ["next", "dev", "-p", "3001", "--turbo", "--host", "--port=1"];
        assert_eq!(unplaced(&words), ["next", "dev", "--turbo"]);
    }
}
