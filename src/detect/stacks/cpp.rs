//! C and C++: `CMake`, Meson, make, or one file for a compiler.

use serde_json::Value;

use crate::detect::facts::{Facts, Role};
use crate::detect::project::Folder;
use crate::detect::sources::Sources;
use crate::detect::stacks::{between, ends_in};
use crate::model::DependencyScope;

/// Programs with a usual name.
const ENTRIES: &[&str] = &["main", "server", "app", "src/main", "src/server", "src/app"];

/// Endings of sources.
const ENDINGS: &[&str] = &["cpp", "cc", "cxx", "c"];

/// Libraries of servers, by what programs include.
const INCLUDED: &[(&str, &str)] = &[
    ("crow.h", "crow"),
    ("crow/", "crow"),
    ("drogon/", "drogon"),
    ("httplib.h", "cpp-httplib"),
    ("pistache/", "pistache"),
    ("oatpp/", "oatpp"),
    ("httpserver.hpp", "libhttpserver"),
    ("boost/beast", "boost-beast"),
    ("Poco/Net/", "poco"),
    ("restbed", "restbed"),
    ("userver/", "userver"),
    ("suil/", "suil"),
    ("libpq-fe.h", "libpq"),
    ("pqxx/", "libpqxx"),
    ("hiredis/", "hiredis"),
    ("mongocxx/", "mongocxx"),
    ("mysql/mysql.h", "mysqlclient"),
];

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    let is_part = folder.upwards().skip(1).any(|above| above.has("CMakeLists.txt") || above.has("meson.build"));
    packages(&mut facts, folder);
    included(&mut facts, sources);
    if let Some(text) = folder.text("CMakeLists.txt") {
        facts.files.push("CMakeLists.txt".to_owned());
        cmake(&mut facts, folder, &text);
    } else if let Some(text) = folder.text("meson.build") {
        if !is_c_family(&text) {
            facts.strength = -1.0;
            return facts;
        }
        facts.files.push("meson.build".to_owned());
        facts.word("build_tool", "meson");
        let plain = text.replace('\'', "\"");
        facts.name = plain.split_once("project(").map(|(_, rest)| between(rest, "\"", "\"").to_owned());
        for call in plain.split("dependency(").skip(1) {
            depend(&mut facts, between(call, "\"", "\""));
        }
        if let Some((_, call)) = plain.split_once("executable(") {
            facts.word("meson", between(call, "\"", "\""));
        }
    } else if let Some(text) = ["Makefile", "makefile", "GNUmakefile"].iter().find_map(|file| folder.text(file)) {
        facts.word("build_tool", "make");
        if let Some(program) = made(&text) {
            facts.word("make", program);
        }
    }
    let files = ENTRIES.iter().flat_map(|name| ENDINGS.iter().map(move |ending| format!("{name}.{ending}")));
    let usual = files.into_iter().find(|file| folder.has(file));
    let built = ["build_tool", "cmake", "meson", "make"].iter().any(|word| facts.words.contains_key(*word));
    if let Some(entry) = usual.or_else(|| if built { None } else { lone(folder) }) {
        let is_c = ends_in(&entry, &["c"]);
        facts.word("compiler", if is_c { "gcc" } else { "g++" });
        facts.word("entry", entry);
    }
    let texts = sources.files();
    if !texts.is_empty() && texts.iter().all(|file| ends_in(file, &["c", "h"])) {
        facts.language = Some("C".to_owned());
    }
    facts.role = role(&facts, folder, is_part);
    facts
}

/// The one source file that begins a program, where nothing else says how it is built.
fn lone(folder: Folder<'_>) -> Option<String> {
    let mut begins = folder.files().iter().filter(|file| {
        let text = ends_in(file, ENDINGS).then(|| folder.project().source(&folder.at(file))).flatten();
        text.is_some_and(|text| ["int main(", "int main ("].iter().any(|mark| text.contains(mark)))
    });
    let first = begins.next()?;
    begins.next().is_none().then(|| (*first).to_owned())
}

/// Meson builds other languages too: `project('shop', 'vala', 'c')`, where the first says what it is written in.
fn is_c_family(meson: &str) -> bool {
    let Some((_, call)) = meson.split_once("project(") else { return true };
    let call = call.split(')').next().unwrap_or(call);
    // The languages stand behind the name, before whatever has a keyword.
    let words = call.split(',').skip(1).take_while(|word| !word.contains(':'));
    let language =
        words.map(|word| word.trim().trim_matches(|c: char| "'\"[] \n".contains(c))).find(|word| !word.is_empty());
    language.is_none_or(|language| ["c", "cpp", "objc", "objcpp", "cuda", "fortran"].contains(&language))
}

/// `add_executable(NAME`, in this file or in those of the folders below; without, what the project is called.
fn cmake(facts: &mut Facts, folder: Folder<'_>, text: &str) {
    facts.word("build_tool", "cmake");
    let called = text.split_once("project(").map(|(_, rest)| first_word(rest));
    facts.name = called.map(str::to_owned).filter(|name| !name.contains('$') && !name.is_empty());
    for call in text.split("find_package(").skip(1) {
        depend(facts, first_word(call));
    }
    let below =
        folder.subfolders().filter_map(|child| Some((format!("{}/", child.name()), child.text("CMakeLists.txt")?)));
    let texts: Vec<(String, std::rc::Rc<str>)> =
        std::iter::once((String::new(), std::rc::Rc::from(text))).chain(below).collect();
    let program = texts.iter().find_map(|(path, text)| {
        let (_, call) = text.split_once("add_executable(")?;
        let name = first_word(call);
        let name = if name.contains("PROJECT_NAME") { facts.name.clone()? } else { name.to_owned() };
        let aside = ["test", "example", "bench"].iter().any(|word| path.starts_with(word));
        (!name.contains('$') && !aside).then(|| format!("{path}{name}"))
    });
    // A macro of a framework's may make the program.
    let own = || facts.name.clone().filter(|_| !text.contains("add_library(") && !text.contains("add_subdirectory("));
    if let Some(program) = program.or_else(own) {
        facts.word("cmake", program);
    }
}

fn first_word(call: &str) -> &str {
    let call = call.trim_start();
    call.split(|c: char| c.is_whitespace() || c == ')').next().unwrap_or("").trim_matches('"')
}

/// `vcpkg.json` and `conanfile.txt`.
fn packages(facts: &mut Facts, folder: Folder<'_>) {
    if let Some(vcpkg) = folder.value("vcpkg.json") {
        facts.files.push("vcpkg.json".to_owned());
        for entry in vcpkg.get("dependencies").and_then(Value::as_array).into_iter().flatten() {
            depend(facts, entry.as_str().or_else(|| entry.get("name").and_then(Value::as_str)).unwrap_or(""));
        }
    }
    if let Some(conan) = folder.text("conanfile.txt") {
        facts.files.push("conanfile.txt".to_owned());
        let lines = conan.lines().skip_while(|line| line.trim() != "[requires]").skip(1);
        for line in lines.take_while(|line| !line.starts_with('[')) {
            let (name, version) = line.trim().split_once('/').unwrap_or((line.trim(), ""));
            if !name.is_empty() {
                let version = version.split(['@', '#']).next().filter(|version| !version.is_empty());
                facts.depend(name.to_lowercase(), version.map(str::to_owned), DependencyScope::Runtime);
            }
        }
    }
}

fn included(facts: &mut Facts, sources: &Sources<'_>) {
    for (_, text) in sources.texts() {
        for (include, name) in INCLUDED {
            if text.contains(&format!("#include <{include}")) || text.contains(&format!("#include \"{include}")) {
                depend(facts, name);
            }
        }
    }
}

fn depend(facts: &mut Facts, name: &str) {
    let name = name.to_lowercase();
    if !name.is_empty() && !name.contains('$') {
        facts.depend_once(&name, None, DependencyScope::Runtime);
    }
}

/// What a Makefile calls its program: a variable, or what stands behind `-o`.
fn made(text: &str) -> Option<String> {
    let plain = |name: &str| {
        let fits =
            name.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c)) && !ends_in(name, &["o", "so"]);
        (fits && !name.is_empty()).then(|| name.trim_start_matches("./").to_owned())
    };
    let variables = ["TARGET", "PROGRAM", "BIN", "EXEC", "EXECUTABLE", "NAME"];
    let variable = text.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        let name = name.trim().trim_end_matches([':', '?']).trim_end();
        variables.contains(&name).then(|| plain(value.trim()))?
    });
    let given = || text.split(" -o ").skip(1).find_map(|rest| plain(rest.split_whitespace().next().unwrap_or("")));
    // `-o $@` names the target: the first of those that `all` asks for.
    let asked = || {
        let all = text.lines().find_map(|line| line.strip_prefix("all:"))?;
        let built =
            |name: &&str| text.lines().any(|line| line.strip_prefix(*name).is_some_and(|rest| rest.starts_with(':')));
        all.split_whitespace().find(built).and_then(plain)
    };
    variable.or_else(given).or_else(|| text.contains(" -o $@").then(asked).flatten())
}

fn role(facts: &Facts, folder: Folder<'_>, is_part: bool) -> Role {
    let builds = ["cmake", "meson", "make"].iter().any(|word| facts.words.contains_key(*word));
    if is_part {
        Role::Shell
    } else if builds || facts.words.contains_key("entry") {
        // Below another project it is more often a part of that than something of its own.
        if folder.path().is_empty() || facts.words.contains_key("entry") { Role::App } else { Role::Unknown }
    } else if facts.files.is_empty() {
        Role::Unknown
    } else {
        Role::Library
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_makefile_names_its_program() {
        assert_eq!(made("TARGET := shop\nall: $(TARGET)\n").as_deref(), Some("shop"));
        assert_eq!(made("all:\n\tg++ -O2 -o ./bin/shop main.cpp\n").as_deref(), Some("bin/shop"));
        assert_eq!(made("all:\n\tgcc -c x.c -o x.o\n"), None);
        assert_eq!(made("all: shop admin\n\nshop: a.o\n\t$(CC) -o $@ $^\n").as_deref(), Some("shop"));
    }
}
